"""The command `%do apply`."""

from __future__ import annotations

from poseidon_nb.language.spec import Argument, Group, Option, Verb

APPLY = Group(
    name="apply",
    help="make the account like an edited DataFrame or a file, or execute a plan",
    default="apply",
    verbs=(
        Verb(
            name="apply",
            help="change the account to what an edited DataFrame or a file says, or execute a plan of --plan",
            run="apply.run:APPLY",
            arguments=(
                Argument(
                    name="frames",
                    metavar="{FRAME}",
                    help="DataFrames or a Plan in braces, or .csv, .yaml and .parquet files",
                    type="object",
                    source="files",
                    many=True,
                ),
            ),
            options=(
                Option(
                    field="tag_name",
                    name="tag",
                    aliases=("tag-name",),
                    help="the frame is about the resources with this tag",
                    metavar="TAG",
                    source="tags",
                ),
                Option(field="delete", help="delete what is in the scope but not in the frame", type="flag"),
                Option(field="restart", help="restart running droplets whose size changes", type="flag"),
                Option(
                    field="as_written",
                    help="also apply cells that the account has changed since they were listed",
                    type="flag",
                ),
                Option(
                    field="max_changes",
                    help="how much of the scope may change",
                    metavar="PERCENT",
                    default="30%",
                ),
            ),
            columns=("chain", "step", "id", "name", "action", "status", "error"),
            waits=True,
            example="%do apply {fleet} --plan",
        ),
    ),
)
