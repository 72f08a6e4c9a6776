"""The commands `%do cost`."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from poseidon_nb.commands.shared_spec import BY_TAG, PLOT, last
from poseidon_nb.frames.tables.pricing import COST_KEYS
from poseidon_nb.language.spec import LIST_ALIASES, Argument, Group, Option, Verb

#: The operations that are read for costs. Of the images, only the account's own are read.
_READS = (
    *("droplets_list", "droplets_list_backup_policies", "sizes_list", "snapshots_list", "images_list", "volumes_list"),
    *("loadBalancers_list", "reservedIPs_list", "reservedIPv6_list", "databases_list_clusters"),
    *("databases_list_replicas", "kubernetes_list_clusters", "registries_get_subscription", "apps_list"),
    *("apps_list_instanceSizes", "nfs_list", "vpcnatgateways_list", "projects_list", "projects_list_resources"),
)
_OWN_IMAGES = MappingProxyType({"private": True})
#: What `sums` adds up by.
DEFAULT_KEY = "resource_type"
#: How far back changes are looked for.
CHANGES_LAST = "7d"
#: How far back the cost over time goes.
ALLOCATION_LAST = "90d"
_BILLED = ("invoices_list", "invoices_get_byUUID")
_BY = Option(
    field="by",
    help="what to group by; a resource with two tags counts under both",
    metavar="KEY",
    suggests=COST_KEYS,
    closed=True,
    default=DEFAULT_KEY,
)

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
                _BY,
                Option(
                    field="last",
                    help="show the cost over time instead, as %do cost allocation",
                    metavar="TIME",
                    selects="allocation",
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
        Verb(
            name="allocation",
            help="show what each group cost over time: by day up to 14d, by week up to 120d, else by month",
            run="cost.run:show_allocation",
            reads="dry_run:list_reads",
            operations=(*_READS, *_BILLED),
            fixed=_OWN_IMAGES,
            options=(_BY, last(ALLOCATION_LAST), PLOT),
            table="cost_allocation",
            example="%do cost allocation --by tag --last 90d",
        ),
        Verb(
            name="forecast",
            help="forecast this month's invoice: low, likely (if nothing changes) and high, and how it was reckoned",
            run="cost.forecasts:show_forecast",
            reads="dry_run:list_reads",
            operations=(*_READS, "balance_get", *_BILLED),
            fixed=_OWN_IMAGES,
            options=(_BY,),
            table="cost_forecast",
            example="%do cost forecast",
        ),
        Verb(
            name="budget",
            help="compare this month's cost and forecast with a budget, which is kept on this machine for the account",
            run="cost.forecasts:run_budget",
            reads="cost.forecasts:list_budget_reads",
            operations=(*_READS, "balance_get", *_BILLED),
            fixed=_OWN_IMAGES,
            arguments=(
                Argument(
                    name="action",
                    metavar="ACTION",
                    help="set, clear or show; default: show",
                    suggests=("show", "set", "clear"),
                    closed=True,
                    required=False,
                ),
                Argument(name="usd_month", metavar="USD", help="for set: USD a month", type="number", required=False),
            ),
            options=(
                Option(
                    field="by",
                    help="the budget of each tag instead of the account",
                    metavar="tag",
                    suggests=("tag",),
                    closed=True,
                ),
                replace(BY_TAG, help="the budget of this tag"),
                Option(
                    field="limit",
                    help="compare with this instead of the budget that is set, such as in a scheduled run elsewhere",
                    type="number",
                    metavar="USD",
                ),
                Option(
                    field="check",
                    help="raise an error if the budget is exceeded or will be, so that a scheduled notebook fails",
                    type="flag",
                ),
            ),
            table="cost_budget",
            example="%do cost budget set 500",
        ),
        Verb(
            name="changes",
            help="list what was created, deleted and resized, in USD a month",
            run="cost.run:show_changes",
            reads="dry_run:list_reads",
            operations=(*_READS, *_BILLED, "actions_list"),
            fixed=_OWN_IMAGES,
            options=(last(CHANGES_LAST),),
            table="cost_changes",
            example="%do cost changes --last 7d",
        ),
        Verb(
            name="transfer",
            help="compare this month's outbound transfer with the account's allowance, and show the overage",
            run="cost.run:show_transfer",
            reads="cost.run:list_transfer_reads",
            operations=("droplets_list", "sizes_list", *_BILLED, "monitoring_get_dropletBandwidthMetrics"),
            table="cost_transfer",
            example="%do cost transfer",
        ),
    ),
)
