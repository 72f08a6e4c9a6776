"""The simulated services: one module or package for each group of resources.

To add an operation to a resource, write a function in its module and a line in the module's table ``OPERATIONS``. To add a
resource:

1. Write a module. Its docstring names the source of each fact, and says which values are fabricated. What nothing documents
   follows after "Not documented, chosen here:".
2. Declare a `Resource` with its fields, states and price, as `resources`, `fields` and `states` describe. Prices belong in
   ``catalogue/prices.py``, and longer tables in ``data/``.
3. Write the functions that are peculiar to it, and two tables: ``OPERATIONS`` with the function of each operationId, and
   ``EFFECTS`` with the functions for what happens later or when other resources change. `states` has the names of effects.
4. Add the module to `SERVICES`. Routing, the 501 of all other operations and ``/_sandbox/coverage`` follow from the tables.
5. If the resource can be in a project or a VPC or have tags, add its store to the table in `projects`, `vpcs` or `tags`.
6. If a field of a body needs a further scope, add it to the table in `access`.

These functions read what many bodies name: `objects.require_region`, `objects.requested_droplet`, `vpcs.requested_vpc`,
`projects.requested_project`, `tags.requested_tags` and `images.find_image`. `objects.free_address` and
`vpcs.free_addresses` return addresses, and `droplet_creation.create_for_service` creates droplets for a service.
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
    droplet_destruction,
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
    droplet_destruction,
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
