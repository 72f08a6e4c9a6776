"""The command `%do idle`."""

from __future__ import annotations

from types import MappingProxyType

from poseidon_nb.catalogue import idle, rightsizing
from poseidon_nb.commands.shared_spec import last
from poseidon_nb.language.spec import Group, Option, Verb

LAST = f"{rightsizing.WINDOW_DAYS}d"
OLDER_THAN = f"{idle.OLD_DAYS}d"

IDLE = Group(
    name="idle",
    help="find what the account pays for and nothing uses",
    aliases=("waste", "unused"),
    default="idle",
    verbs=(
        Verb(
            name="idle",
            help="list droplets, storage, addresses, load balancers, checks and managed services that cost money and are not used;"
            " each with the evidence and the command that ends the cost; help(po.analysis.idle.Rule) explains the rules",
            run="idle.run:idle",
            reads="idle.run:list_reads",
            operations=(
                *("droplets_list", "sizes_list", "volumes_list", "snapshots_list", "images_list"),
                *("reservedIPs_list", "reservedIPv6_list", "loadBalancers_list", "uptime_list_checks"),
                *("kubernetes_list_clusters", "databases_list_clusters", "apps_list", "registries_list"),
                *("vpcnatgateways_list", "nfs_list"),
            ),
            fixed=MappingProxyType({"private": True}),
            options=(
                Option(field="older_than", help="age from which snapshots and images are old", metavar="TIME", default=OLDER_THAN),
                last(LAST),
                Option(
                    field="metrics",
                    type="flag",
                    negated=True,
                    help="do not read metrics, which takes up to six requests for each droplet; unused droplets are not found",
                ),
            ),
            table="idle",
            notes=(
                "idle = %do idle                                    the table, to filter in pandas",
                'sure = idle[idle["confidence"] == "high"]',
                "%do apply {sure} --plan                            shows what would be ended",
                "%do apply {sure}                                   asks, and ends it",
            ),
            example="%do idle --older-than 180d",
        ),
    ),
)  # fmt: skip
