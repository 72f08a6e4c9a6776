"""The verbs of `%do metrics`: what droplets did, a verb for each kind, so that the kinds are words of the language."""

from __future__ import annotations

from poseidon_nb.magics.language.table.parts import AS_FAR_AS_KEPT, BY_TAG, PLOT, SOME_DROPLETS, last
from poseidon_nb.magics.language.words import Group, Option, Verb

_OPTIONS = (
    BY_TAG,
    last("24h", AS_FAR_AS_KEPT),
    Option(field="start", help="from when, instead: 2026-11-23T12:00:00Z, Unix seconds, or 3d ago", shows="TIME"),
    Option(field="end", help="until when", shows="TIME", default="now"),
)


def _kind(
    name: str,
    help: str,  # noqa: A002  # the word of the table
    *operations: str,
    aliases: tuple[str, ...],
    example: str,
    options: tuple[Option, ...] = (PLOT,),
    table: str = "metrics",
) -> Verb:
    return Verb(
        name=name,
        help=help,
        operations=tuple(f"monitoring_get_{word}Metrics" for word in operations),
        arguments=(SOME_DROPLETS,),
        options=(*_OPTIONS, *options),
        aliases=aliases,
        at_most_one_of=(("last", "start"),),
        table=table,
        example=f"%do metrics {name} {example}",
    )


METRICS = Group(
    name="metrics",
    help="what droplets did, over time: percentages, loads and Mbit/s",
    aliases=("metric",),
    verbs=(
        _kind(
            "cpu",
            "show how busy the vCPUs were, in percent of all of them",
            "DropletCpu",
            aliases=("cpus", "processor"),
            options=(Option(field="modes", kind="flag", help="what the time went to: user, steal, iowait ..."), PLOT),
            example="web-1 web-2 --last 7d --plot",
        ),
        _kind(
            "memory",
            "show how much of the memory was in use, in percent",
            *("dropletMemoryTotal", "dropletMemoryAvailable"),
            aliases=("mem", "ram"),
            example="--tag db",
        ),
        _kind(
            "load",
            "show the load averages of 1, 5 and 15 minutes",
            *("dropletLoad1", "dropletLoad5", "dropletLoad15"),
            aliases=("loads", "load-average"),
            example="web-1 --last 2h",
        ),
        _kind(
            "filesystem",
            "show how full the filesystems were, in percent",
            *("dropletFilesystemSize", "dropletFilesystemFree"),
            aliases=("filesystems", "disk", "fs"),
            example="db-1 --last 7d",
        ),
        _kind(
            "bandwidth",
            "show the traffic by interface and direction, in Mbit/s",
            "dropletBandwidth",
            aliases=("network", "net", "traffic"),
            example="web-1 --start 2d --end 1d",
        ),
        _kind(
            "use",
            "sum up what each droplet uses, in a row: percentiles of cpu and memory, disk, traffic",
            *("DropletCpu", "dropletMemoryTotal", "dropletMemoryAvailable"),
            *("dropletFilesystemSize", "dropletFilesystemFree", "dropletBandwidth"),
            aliases=(),
            options=(),
            table="use",
            example="--tag web --last 14d",
        ),
    ),
)
