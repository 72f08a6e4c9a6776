"""All tables by name: the columns of API resources and of derived tables.

Pure data, cheap to import, because help, completion and the README read it. Column names are the API's names, flattened.
Units and meanings are only defined here. The first column identifies an object, unless the table is not `distinct`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.frames.tables import (
    account,
    droplets,
    forecasts,
    networking,
    options,
    plans,
    pricing,
    savings,
    services,
    usage,
)

if TYPE_CHECKING:
    from poseidon_nb.frames.columns import Table

#: Tables by resource. Other resources become frames by the general rules in `builders`.
TABLES: dict[str, Table] = {
    table.resource: table
    for table in (
        droplets.DROPLETS,
        droplets.KERNELS,
        droplets.BACKUPS,
        droplets.BACKUP_POLICIES,
        droplets.SUPPORTED_BACKUP_POLICIES,
        droplets.REGIONS,
        droplets.SIZES,
        droplets.IMAGES,
        droplets.SNAPSHOTS,
        droplets.VOLUMES,
        networking.DOMAINS,
        networking.RECORDS,
        networking.FIREWALLS,
        networking.RESERVED_IPS,
        networking.RESERVED_IPV6,
        networking.LOAD_BALANCERS,
        networking.VPCS,
        networking.VPC_MEMBERS,
        networking.VPC_PEERINGS,
        networking.CERTIFICATES,
        networking.CDN_ENDPOINTS,
        account.ACCOUNT,
        account.KEYS,
        account.TAGS,
        account.ACTIONS,
        account.PROJECTS,
        account.PROJECT_RESOURCES,
        services.UPTIME_CHECKS,
        services.UPTIME_ALERTS,
        services.ALERT_POLICIES,
        account.BALANCE,
        account.BILLING_HISTORY,
        account.INVOICES,
        account.INVOICE_ITEMS,
        services.DATABASES,
        services.KUBERNETES,
        services.NODE_POOLS,
        services.APPS,
        services.DEPLOYMENTS,
        services.APP_EVENTS,
        services.INSTANCE_SIZES,
        services.REGISTRIES,
        services.REPOSITORIES,
        services.REPOSITORY_TAGS,
        services.MANIFESTS,
    )
}

#: Tables that no operation returns as they are: results of `poseidon_nb.analysis`, plans, and the options of new resources.
DERIVED_TABLES: dict[str, Table] = {
    table.resource: table
    for table in (
        pricing.COST_LINES,
        pricing.COST_BY,
        pricing.COST_TOTAL,
        pricing.COST_RECONCILIATION,
        pricing.COST_HISTORY,
        forecasts.COST_FORECAST,
        forecasts.COST_BUDGET,
        forecasts.COST_CHANGES,
        forecasts.COST_ALLOCATION,
        forecasts.COST_TRANSFER,
        pricing.SIZE_PRICES,
        pricing.AVAILABLE_SIZES,
        account.NAMED_ACTIONS,
        usage.SPANS,
        usage.DURATIONS,
        usage.SERIES,
        usage.METRICS,
        usage.USE,
        usage.RIGHTSIZING,
        savings.RETENTION,
        savings.IDLE,
        plans.PLAN,
        plans.PLAN_OUTCOMES,
        plans.UNFINISHED_PLANS,
        plans.LEASES,
        plans.FROZEN,
        options.DATABASE_OPTIONS,
        options.KUBERNETES_OPTIONS,
        options.REGISTRY_OPTIONS,
    )
}

#: The resource that each operation returns. The response key does not tell: ``tags`` of a registry are not the account's.
RESOURCES: dict[str, str] = {
    operation: table.resource for table in TABLES.values() for operation in (table.operation, *table.also)
}
#: The derived table that the response of an operation is made into.
_DERIVED_FROM: dict[str, str] = {
    operation: table.resource
    for table in DERIVED_TABLES.values()
    for operation in (table.operation, *table.also)
    if operation
}

#: Column names of doctl's ``--format`` that differ from ours in more than case and underscores.
ALIASES: dict[str, tuple[str, ...]] = {
    "sizeslug": ("size",),
    "volumes": ("volume_ids",),
    "created": ("created_at",),
    "mindisk": ("min_disk_size",),
    "size": ("size_gigabytes",),
    "domain": ("name",),
    "team": ("team_name",),
    "updated": ("updated_at",),
    "storagemib": ("storage_size_mib",),
    "hacontrolplane": ("ha",),
    "stickysessions": ("sticky_sessions_type",),
    "spec.name": ("name",),
    "activedeployment.id": ("active_deployment_id",),
    "inprogressdeployment.id": ("in_progress_deployment_id",),
}


def table_of(operation_id: str) -> str:
    """Return the name of the table of an operation's responses; empty if they become a frame by the general rules."""
    return RESOURCES.get(operation_id) or _DERIVED_FROM.get(operation_id, "")


def get_table(name: str) -> Table:
    """Return the table of a resource, or a derived table."""
    return DERIVED_TABLES.get(name) or TABLES[name]
