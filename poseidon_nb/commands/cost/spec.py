"""The commands `%do cost`."""

from __future__ import annotations

from types import MappingProxyType

from poseidon_nb.commands.shared_spec import PLOT
from poseidon_nb.frames.tables.pricing import COST_KEYS
from poseidon_nb.language.spec import LIST_ALIASES, Group, Option, Verb

#: The operations that are read for costs. Of the images, only the account's own are read.
_READS = (
    *("droplets_list", "droplets_list_backup_policies", "sizes_list", "snapshots_list", "images_list", "volumes_list"),
    *("loadBalancers_list", "reservedIPs_list", "reservedIPv6_list", "databases_list_clusters"),
    *("kubernetes_list_clusters", "registries_get_subscription", "apps_list", "nfs_list", "vpcnatgateways_list"),
    *("projects_list", "projects_list_resources"),
)
_OWN_IMAGES = MappingProxyType({"private": True})
#: What `sums` adds up by.
DEFAULT_KEY = "resource_type"

COST = Group(
    name="cost",
    help="cost of the account by tag, region, size, project, droplet or resource type",
    aliases=("costs",),
    default="sums",
    verbs=(
        Verb(
            name="sums",
            help="show the monthly and hourly cost of all resources, and count those without a known price",
            run="cost.run:show_sums",
            reads="dry_run:list_reads",
            operations=_READS,
            fixed=_OWN_IMAGES,
            options=(
                Option(
                    field="by",
                    help="what to group by; a resource with two tags counts under both",
                    metavar="KEY",
                    suggests=COST_KEYS,
                    closed=True,
                    default=DEFAULT_KEY,
                ),
                PLOT,
            ),
            aliases=("sum",),
            table="cost_by",
            example="%do cost --by tag",
        ),
        Verb(
            name="lines",
            help="list each resource that costs money, with the source of its price or why it has none",
            run="cost.run:show_lines",
            reads="dry_run:list_reads",
            operations=_READS,
            fixed=_OWN_IMAGES,
            aliases=LIST_ALIASES,
            table="cost_lines",
            example="%do cost lines",
        ),
        Verb(
            name="reconcile",
            help="compare the cost of the resources with the balance and this month's invoice",
            run="cost.run:reconcile",
            reads="dry_run:list_reads",
            operations=(*_READS, "balance_get", "invoices_list", "invoices_get_byUUID"),
            fixed=_OWN_IMAGES,
            table="cost_reconciliation",
            example="%do cost reconcile",
        ),
        Verb(
            name="history",
            help="show what each month cost, and the change from the month before",
            run="cost.run:show_history",
            reads="dry_run:list_reads",
            operations=("invoices_list",),
            options=(PLOT,),
            table="cost_history",
            example="%do cost history",
        ),
    ),
)
