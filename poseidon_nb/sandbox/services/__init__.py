"""The simulated services, a file for each resource.

To add one: write ``volumes.py`` with its functions and two tables, ``OPERATIONS`` (operationId to function) and, if
things happen in it over time, ``EFFECTS`` (name to function); then name the module in `SERVICES`. Routing, the 501 of
everything else and ``/_sandbox/coverage`` are all made from these tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox import activity
from poseidon_nb.sandbox.services import (
    account,
    actions,
    alert_policies,
    backups,
    billing,
    cdn,
    certificates,
    custom_images,
    domain_records,
    domains,
    droplet_actions,
    droplet_changes,
    droplet_creation,
    droplet_destruction,
    droplet_metrics,
    droplets,
    firewalls,
    image_actions,
    images,
    invoices,
    keys,
    load_balancers,
    projects,
    regions,
    reserved_ip_actions,
    reserved_ip_assignment,
    reserved_ips,
    reserved_ipv6s,
    sizes,
    snapshots,
    tags,
    uptime,
    uptime_alerts,
    volume_actions,
    volume_snapshots,
    volumes,
    vpc_peerings,
    vpcs,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply

SERVICES = (
    account,
    actions,
    alert_policies,
    billing,
    cdn,
    certificates,
    custom_images,
    domain_records,
    domains,
    droplet_actions,
    droplet_creation,
    droplet_destruction,
    droplet_metrics,
    droplets,
    firewalls,
    image_actions,
    images,
    invoices,
    keys,
    load_balancers,
    projects,
    regions,
    reserved_ip_actions,
    reserved_ips,
    reserved_ipv6s,
    sizes,
    snapshots,
    tags,
    uptime,
    uptime_alerts,
    volume_actions,
    volume_snapshots,
    volumes,
    vpc_peerings,
    vpcs,
)

#: What answers an operation, by operationId.
OPERATIONS: dict[str, Callable[[Call], Reply]] = {
    operation: function for service in SERVICES for operation, function in service.OPERATIONS.items()
}

#: What happens over time, by name; an action ends with the effect ``RESOURCE.TYPE``.
EFFECTS: dict[str, Callable[..., None]] = {
    name: function
    for part in (activity, backups, droplet_changes, reserved_ip_assignment, *SERVICES)
    for name, function in vars(part).get("EFFECTS", {}).items()
}
