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
                    source="frames",
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
                Option(
                    field="delete",
                    help="delete what has the tag, or is in the domain, and is not in the frame",
                    type="flag",
                ),
                Option(field="restart", help="restart running droplets whose size changes", type="flag"),
                Option(
                    field="as_written",
                    help="also apply cells that the account has changed since they were listed",
                    type="flag",
                ),
                Option(
                    field="max_changes",
                    help="how much of what has the tag, or of all, may change",
                    metavar="PERCENT",
                    default="30%",
                ),
            ),
            columns=("chain", "step", "id", "name", "action", "status", "error"),
            waits=True,
            notes=(
                "fleet = %do droplets list --tag web     a frame to edit in pandas",
                'fleet.loc[fleet["name"] == "web-1", "size"] = "s-4vcpu-8gb"',
                "%do apply {fleet} --plan                shows what would change",
                "%do apply {fleet} --restart             asks, and changes it",
                "",
                "Rows with an id change that resource. Rows without one are new, unless exactly one",
                "resource has their name. Rows that are missing are only deleted with --delete.",
                "Empty cells change nothing; [] clears a list.",
                "",
                "droplets      name, size, tags, project (of list --with project), and backups and ipv6",
                "              in features; new rows also need an image, and can have monitoring in",
                "              features, ssh_keys, user_data and vpc_uuid",
                "records       name, data, ttl, priority, port, weight, flags, tag; the data can be",
                "              <address of web-1>; new rows of a file need a column domain",
                "firewalls     name, inbound_rules, outbound_rules, tags, droplet_ids",
                "volumes       size_gigabytes (it can only grow), droplet_ids (ids or names), tags",
                "reserved_ips  droplet_id: an id, a name, or empty",
                "tags          new rows, and missing ones with --delete",
                "",
                "Lists in a .csv file are written a;b or as JSON, or as --save writes them. A .yaml file",
                "is a list of rows, or has several types: droplets: [...], records: [...]",
            ),
            example="%do apply {fleet} --plan",
        ),
    ),
)
