"""The verbs of `%do actions` that reckon: what happened, and how long it takes."""

from __future__ import annotations

from poseidon_nb.magics.words import Argument, Option, Verb

_LAST = Option(field="last", help="how far back: 24h, 7d, 2w", shows="TIME", default="7d")

TIMELINE_VERBS = (
    Verb(
        name="timeline",
        help="show what was done to each droplet when, newest first",
        operations=("actions_list", "droplets_list"),
        arguments=(
            Argument(
                name="droplets",
                shows="DROPLET",
                help="ids or names; without any, all, also those that are deleted",
                source="droplets",
                many=True,
                required=False,
            ),
        ),
        options=(
            _LAST,
            Option(
                field="tag_name",
                name="tag",
                aliases=("tag-name",),
                help="only droplets with this tag",
                shows="TAG",
                source="tags",
            ),
            Option(field="plot", kind="flag", help="draw it: gives a plotly figure instead of the table"),
        ),
        table="spans",
        example="%do actions timeline --last 7d --plot",
    ),
    Verb(
        name="durations",
        help="show how long actions take, by type, and how many fail",
        operations=("actions_list",),
        options=(_LAST,),
        table="durations",
        example="%do actions durations --last 30d",
    ),
)
