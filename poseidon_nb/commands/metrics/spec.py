"""The commands `%do metrics`: one verb for each type of metrics, so that completion and help list them."""

from __future__ import annotations

from poseidon_nb.commands.shared_spec import BY_TAG, PLOT, SOME_DROPLETS, last
from poseidon_nb.language.spec import Group, Option, Verb

_OPTIONS = (
    BY_TAG,
    last("24h"),
    Option(
        field="start", help="start of the time range: 2026-11-23T12:00:00Z, Unix seconds, or 3d (ago)", metavar="TIME"
    ),
    Option(field="end", help="end of the time range", metavar="TIME", default="now"),
)


def _verb(
    name: str,
    help: str,  # noqa: A002  # the word of the spec
    *operations: str,
    aliases: tuple[str, ...],
    example: str,
    options: tuple[Option, ...] = (PLOT,),
    table: str = "metrics",
) -> Verb:
    return Verb(
        name=name,
        help=help,
        run="metrics.run:show_use" if table == "use" else "metrics.run:show_metrics",
        reads="metrics.run:list_reads",
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
    help="metrics of droplets over time: percentages, load averages and Mbit/s",
    aliases=("metric",),
    verbs=(
        _verb(
            "cpu",
            "show the CPU usage in percent of all vCPUs",
            "DropletCpu",
            aliases=("cpus", "processor"),
            options=(Option(field="modes", type="flag", help="split by mode: user, steal, iowait ..."), PLOT),
            example="web-1 web-2 --last 7d --plot",
        ),
        _verb(
            "memory",
            "show the memory usage in percent",
            *("dropletMemoryTotal", "dropletMemoryAvailable"),
            aliases=("mem", "ram"),
            example="--tag db",
        ),
        _verb(
            "load",
            "show the load averages of 1, 5 and 15 minutes",
            *("dropletLoad1", "dropletLoad5", "dropletLoad15"),
            aliases=("loads", "load-average"),
            example="web-1 --last 2h",
        ),
        _verb(
            "filesystem",
            "show the disk usage of each file system in percent",
            *("dropletFilesystemSize", "dropletFilesystemFree"),
            aliases=("filesystems", "disk", "fs"),
            example="db-1 --last 7d",
        ),
        _verb(
            "bandwidth",
            "show the bandwidth by interface and direction in Mbit/s",
            "dropletBandwidth",
            aliases=("network", "net", "traffic"),
            example="web-1 --start 2d --end 1d",
        ),
        _verb(
            "use",
            "summarize each droplet in a row: percentiles of CPU and memory usage, disk usage, transfer",
            *("DropletCpu", "dropletMemoryTotal", "dropletMemoryAvailable"),
            *("dropletFilesystemSize", "dropletFilesystemFree", "dropletBandwidth"),
            aliases=(),
            options=(),
            table="use",
            example="--tag web --last 14d",
        ),
    ),
)
