"""What the columns of each resource are called, what they hold, and where in the API's objects they come from.

Pure data: help pages, completion and the README read these tables, so nothing is imported that costs anything.
Names are the API's own words, flattened; units and meanings live in the tables and nowhere else. The first column of a
table is what tells two objects apart, but where the table says that nothing does. This is the door: `columns` says what
a table is made of, and the package `tables` has a module for each room.
"""

from __future__ import annotations

from poseidon_nb.frames.columns import DTYPES, Column, Table
from poseidon_nb.frames.findings import cost, metrics, rightsizing, sizes, timeline
from poseidon_nb.frames.findings import plans as changes
from poseidon_nb.frames.tables import (
    account,
    apps,
    billing,
    databases,
    domains,
    droplets,
    images,
    kubernetes,
    monitoring,
    networking,
    plans,
    volumes,
    web,
)

__all__ = ["ALIASES", "DTYPES", "FINDINGS", "RESOURCES", "TABLES", "Column", "Table", "table_named"]

#: Every resource with a table of its own, by name. Anything else becomes a frame by the rule in `general`.
TABLES: dict[str, Table] = {
    table.resource: table
    for table in (
        droplets.DROPLETS,
        droplets.KERNELS,
        droplets.BACKUPS,
        droplets.BACKUP_POLICIES,
        droplets.SUPPORTED_BACKUP_POLICIES,
        plans.REGIONS,
        plans.SIZES,
        images.IMAGES,
        images.SNAPSHOTS,
        volumes.VOLUMES,
        domains.DOMAINS,
        domains.RECORDS,
        networking.FIREWALLS,
        networking.RESERVED_IPS,
        networking.RESERVED_IPV6,
        networking.LOAD_BALANCERS,
        networking.VPCS,
        networking.VPC_MEMBERS,
        networking.VPC_PEERINGS,
        web.CERTIFICATES,
        web.CDN_ENDPOINTS,
        account.ACCOUNT,
        account.KEYS,
        account.TAGS,
        account.ACTIONS,
        account.PROJECTS,
        account.PROJECT_RESOURCES,
        monitoring.UPTIME_CHECKS,
        monitoring.UPTIME_ALERTS,
        monitoring.ALERT_POLICIES,
        billing.BALANCE,
        billing.BILLING_HISTORY,
        billing.INVOICES,
        billing.INVOICE_ITEMS,
        databases.DATABASES,
        kubernetes.KUBERNETES,
        kubernetes.NODE_POOLS,
        apps.APPS,
        apps.DEPLOYMENTS,
    )
}

#: What `poseidon_nb.analysis` finds out and what plans consist of, by name: tables that no operation serves.
FINDINGS: dict[str, Table] = {
    table.resource: table
    for table in (
        cost.COST_LINES,
        cost.COST_BY,
        cost.COST_TOTAL,
        cost.COST_RECONCILED,
        cost.COST_HISTORY,
        sizes.SIZE_PRICES,
        sizes.SIZES_ON_SALE,
        timeline.SPANS,
        timeline.DURATIONS,
        metrics.SERIES,
        metrics.METRICS,
        metrics.USE,
        rightsizing.RIGHTSIZING,
        changes.PLAN,
        changes.OUTCOMES,
        changes.UNENDED,
    )
}

#: Whose answers have which table. Never by the answer's key: what ``tags`` holds in a registry is no tag of the account.
RESOURCES: dict[str, str] = {
    operation: table.resource for table in TABLES.values() for operation in (table.operation, *table.also)
}

#: Words of doctl's ``--format`` that differ from ours in more than letter case and underscores.
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


def table_named(name: str) -> Table:
    """Return the table of a resource, or of what an analysis finds."""
    return FINDINGS.get(name) or TABLES[name]
