"""The simulated services, one module for each kind of resource.

To add one, write a module with its declarations (`resources.Resource`), the functions that are peculiar to it, and two
tables: ``OPERATIONS`` (operationId to function) and, if something happens over time, ``EFFECTS`` (name to function). Then
add the module to `SERVICES`. Routing, the 501 of all other
operations and ``/_sandbox/coverage`` are derived from these tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox import actions, states
from poseidon_nb.sandbox.services import (
    account,
    addons,
    apps,
    autoscale_pools,
    backups,
    billing,
    byoip,
    cdn,
    certificates,
    container_images,
    container_registries,
    databases,
    dedicated_inference,
    domains,
    droplet_actions,
    droplet_creation,
    droplets,
    firewalls,
    functions,
    genai,
    image_transfers,
    images,
    kubernetes_clusters,
    kubernetes_nodes,
    kubernetes_tools,
    load_balancers,
    log_sinks,
    metrics,
    monitoring,
    nat_gateways,
    nfs,
    organizations,
    partner_network,
    projects,
    reserved_ips,
    security,
    snapshots,
    spaces_keys,
    tags,
    uptime,
    vector_databases,
    volumes,
    vpcs,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse

SERVICES = (
    account,
    addons,
    apps,
    autoscale_pools,
    billing,
    byoip,
    cdn,
    certificates,
    container_images,
    container_registries,
    databases,
    dedicated_inference,
    domains,
    droplet_actions,
    droplet_creation,
    droplets,
    firewalls,
    functions,
    image_transfers,
    genai,
    images,
    kubernetes_clusters,
    kubernetes_nodes,
    kubernetes_tools,
    load_balancers,
    log_sinks,
    metrics,
    monitoring,
    nat_gateways,
    nfs,
    organizations,
    partner_network,
    projects,
    reserved_ips,
    security,
    snapshots,
    spaces_keys,
    tags,
    uptime,
    vector_databases,
    volumes,
    vpcs,
)

#: The function that answers each operation, by operationId.
OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    operation: function for service in SERVICES for operation, function in service.OPERATIONS.items()
}

#: The functions that scheduled events call, by name. An action ends with the effect ``RESOURCE.TYPE``.
EFFECTS: dict[str, Callable[..., None]] = {
    name: function
    for part in (actions, backups, states, *SERVICES)
    for name, function in vars(part).get("EFFECTS", {}).items()
}
