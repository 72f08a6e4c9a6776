"""What the account costs: by the things in it, and by the bills."""

from __future__ import annotations

from types import MappingProxyType

from poseidon_nb.magics.language.table.parts import PLOT
from poseidon_nb.magics.language.words import LIST_WORDS, Group, Option, Verb

#: What has to be read to know all that costs; of the images only one's own.
_READS = (
    *("droplets_list", "droplets_list_backup_policies", "sizes_list", "snapshots_list", "images_list", "volumes_list"),
    *("loadBalancers_list", "reservedIPs_list", "reservedIPv6_list", "databases_list_clusters"),
    *("kubernetes_list_clusters", "registries_get_subscription", "apps_list", "nfs_list", "vpcnatgateways_list"),
    *("projects_list", "projects_list_resources"),
)
_OWN_IMAGES = MappingProxyType({"private": True})
#: As `analysis.cost.KEYS`, which is not imported here because pandas comes with it.
COST_KEYS = ("kind", "tag", "region", "size", "project", "droplet")

COST = Group(
    name="cost",
    help="what the account costs, by tag, region, size, project, droplet or kind of thing",
    aliases=("costs",),
    default="sums",
    verbs=(
        Verb(
            name="sums",
            help="add up what everything costs a month and an hour; what has no price is counted and told",
            operations=_READS,
            fixed=_OWN_IMAGES,
            options=(
                Option(
                    field="by",
                    help="what to add up by; a thing with two tags is counted under each",
                    shows="WHAT",
                    suggests=COST_KEYS,
                    closed=True,
                    default="kind",
                ),
                PLOT,
            ),
            aliases=("sum",),
            table="cost_by",
            example="%do cost --by tag",
        ),
        Verb(
            name="lines",
            help="show a line for each thing that costs, with where its price is from or why it has none",
            operations=_READS,
            fixed=_OWN_IMAGES,
            aliases=LIST_WORDS,
            table="cost_lines",
            example="%do cost lines",
        ),
        Verb(
            name="reconcile",
            help="hold what there is against the balance and this month's invoice, and show the difference",
            operations=(*_READS, "balance_get", "invoices_list", "invoices_get_byUUID"),
            fixed=_OWN_IMAGES,
            table="cost_reconciled",
            example="%do cost reconcile",
        ),
        Verb(
            name="history",
            help="show what each month cost, and how much more than the one before",
            operations=("invoices_list",),
            options=(PLOT,),
            table="cost_history",
            example="%do cost history",
        ),
    ),
)
