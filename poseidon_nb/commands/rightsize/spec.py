"""The command `%do rightsize`."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.catalogue import rightsizing
from poseidon_nb.commands.shared_spec import DROPLETS_OR_ALL, ONLY_BY_TAG, PLOT, last
from poseidon_nb.language.spec import Group, Option, Verb

LAST = f"{rightsizing.WINDOW_DAYS}d"


def _percent(field: str, help: str, default: float) -> Option:  # noqa: A002  # the word of the spec
    return Option(field=field, help=help, type="number", metavar="PERCENT", default=f"{default:g}")


#: The fields of `analysis.rightsizing.Rule`.
_RULE = (
    _percent("cpu_headroom", "vCPU capacity that must be free in 19 of 20 readings", rightsizing.CPU_HEADROOM),
    _percent("memory_headroom", "memory that must be free at the highest reading", rightsizing.MEMORY_HEADROOM),
    _percent("disk_headroom", "disk space that must be free", rightsizing.DISK_HEADROOM),
    _percent("transfer_headroom", "included transfer that must remain unused", rightsizing.TRANSFER_HEADROOM),
    _percent("burst", "CPU that the highest reading may need, relative to the smaller size; at 200, such a peak takes twice as long", rightsizing.BURST),
    Option(field="min_hours", help="minimum hours of readings for a recommendation", type="number",
           metavar="HOURS", default=f"{rightsizing.MIN_HOURS:g}", aliases=("least-hours",)),
    Option(field="min_saving_usd_month", name="min-saving", help="minimum saving, in USD a month", type="number",
           metavar="USD", default=f"{rightsizing.MIN_SAVING_USD_MONTH:g}", aliases=("least-saving",)),
    Option(field="same_family", type="flag", help="only sizes with the same slug prefix: s, g, gd, m3 ..."),
    Option(field="shared_cpu", type="flag", help="allow shared vCPUs instead of dedicated ones"),
    Option(field="regular_cpu", type="flag", help="allow regular vCPUs instead of premium ones"),
)  # fmt: skip

RIGHTSIZE = Group(
    name="rightsize",
    help="find droplets that could be smaller, and what that saves",
    aliases=("rightsizing",),
    default="rightsize",
    verbs=(
        Verb(
            name="rightsize",
            help="show the cheapest size that fits each droplet, based on its metrics, and what it saves;"
            " help(po.analysis.rightsizing.Rule) explains the rules",
            run="rightsize.run:rightsize",
            reads="rightsize.run:list_reads",
            operations=(
                "droplets_list",
                "sizes_list",
                "monitoring_get_DropletCpuMetrics",
                "monitoring_get_dropletMemoryTotalMetrics",
                "monitoring_get_dropletMemoryAvailableMetrics",
                "monitoring_get_dropletFilesystemSizeMetrics",
                "monitoring_get_dropletFilesystemFreeMetrics",
                "monitoring_get_dropletBandwidthMetrics",
            ),
            arguments=(DROPLETS_OR_ALL,),
            options=(
                ONLY_BY_TAG,
                last(LAST),
                *_RULE,
                replace(PLOT, help="return a plotly chart of the savings instead of the table"),
            ),
            table="rightsizing",
            example="%do rightsize --tag web --last 14d",
        ),
    ),
)
