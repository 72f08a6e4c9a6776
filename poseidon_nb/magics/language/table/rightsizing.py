"""`%do rightsize`: which droplets could be smaller, and what that would save."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.magics.language.table.parts import AS_FAR_AS_KEPT, DROPLETS_OR_ALL, ONLY_BY_TAG, PLOT, last
from poseidon_nb.magics.language.words import Group, Option, Verb


def _percent(field: str, name: str, help: str, default: str) -> Option:  # noqa: A002  # the word of the table
    return Option(field=field, name=name, help=help, kind="number", shows="PERCENT", default=default)


#: Fields are those of `poseidon_nb.analysis.rightsizing.Rule`.
_RULE = (
    _percent("cpu_headroom", "cpu-headroom", "of the vCPUs, to be free in 19 of 20 readings", "30"),
    _percent("memory_headroom", "memory-headroom", "of the memory, to be free at the fullest reading", "20"),
    _percent("disk_headroom", "disk-headroom", "of the disk, to be free", "10"),
    _percent("transfer_headroom", "transfer-headroom", "of the included traffic, to be left", "10"),
    _percent("burst", "burst", "of the vCPUs that the busiest reading may ask for: at 200 it takes twice as long", "200"),
    Option(field="least_hours", help="hours of readings without which nothing is advised", kind="number", shows="HOURS",
           default="72"),
    Option(field="least_saving_usd_month", name="least-saving", help="USD a month for which a restart is worth it",
           kind="number", shows="USD", default="1"),
    Option(field="same_family", kind="flag", help="only sizes whose slugs begin alike: s, g, gd, m3 ..."),
    Option(field="shared_cpu", kind="flag", help="dedicated vCPUs may become shared ones"),
    Option(field="regular_cpu", kind="flag", help="premium vCPUs may become regular ones"),
)  # fmt: skip

RIGHTSIZE = Group(
    name="rightsize",
    help="which droplets could be smaller, and what that saves",
    aliases=("rightsizing",),
    default="rightsize",
    verbs=(
        Verb(
            name="rightsize",
            help="show the cheapest size that holds each droplet, by what it used, and what that saves;"
            " help(po.analysis.rightsizing.Rule) tells when a size holds one, and how sure that is",
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
                last("14d", AS_FAR_AS_KEPT),
                *_RULE,
                replace(PLOT, help="draw the savings: gives a plotly figure instead of the table"),
            ),
            table="rightsizing",
            example="%do rightsize --tag web --last 14d",
        ),
    ),
)
