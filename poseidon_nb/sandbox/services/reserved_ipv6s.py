"""Reserved IPv6 addresses: reserved to a region, then assigned to a droplet and taken from it.

Not settled by any source, chosen here: one that is assigned cannot be deleted, which is what the 422 of
``reservedIPv6_delete`` may be for; there is no limit to their number; the ``resource_id`` of their actions is a number of
the sandbox's own, an address being too long for one.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from poseidon_nb.sandbox import activity, bodies, objects
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import no_content, not_found, unprocessable
from poseidon_nb.sandbox.services import reserved_ip_assignment
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply

KIND = "reserved_ipv6"


def _asked_for(call: Call) -> Record:
    try:
        # However it is written: with zeros or without, in capitals or not.
        ip = str(ipaddress.IPv6Address(call.names["reserved_ipv6"]))
    except ValueError:
        raise not_found() from None
    address = call.world.reserved_ipv6s.get(ip)
    if address is None:
        raise not_found()
    return address


def list_ipv6s(call: Call) -> Reply:
    """Answer ``reservedIPv6_list``, oldest first."""
    shown = [reserved_ip_assignment.view(call.world, KIND, address) for address in call.world.reserved_ipv6s.listed()]
    return call.page("reserved_ipv6s", KIND, shown)


def get_ipv6(call: Call) -> Reply:
    """Answer ``reservedIPv6_get``."""
    return call.one(KIND, reserved_ip_assignment.view(call.world, KIND, _asked_for(call)))


def create_ipv6(call: Call) -> Reply:
    """Answer ``reservedIPv6_create``."""
    world = call.world
    slug = bodies.required(call.body, "region_slug", "string")
    region = world.figures.regions.get(slug)
    if region is None or not region["available"]:
        raise unprocessable("You specified an invalid region.")
    serial = world.count("reserved_ipv6s")
    ip = objects.reserved_ipv6(world, slug, serial)
    address = Record(
        {"ip": ip, "region_slug": slug, "reserved_at": stamp(world.now())}, {"droplet_id": None, "serial": serial}
    )
    world.reserved_ipv6s.put(ip, address)
    return call.one(KIND, address, status=201)


def delete_ipv6(call: Call) -> Reply:
    """Answer ``reservedIPv6_delete``."""
    address = _asked_for(call)
    activity.refuse_if_busy(call.world, KIND, address["ip"])
    if address.kept["droplet_id"] is not None:
        raise unprocessable("The reserved IPv6 is assigned to a Droplet. Please unassign it first before deleting.")
    call.world.reserved_ipv6s.remove(address["ip"])
    return no_content()


def start_action(call: Call) -> Reply:
    """Answer ``reservedIPv6Actions_post``."""
    address = _asked_for(call)
    action = reserved_ip_assignment.start(call, KIND, address, address.kept["serial"], word=KIND)
    return call.one("action", action, status=201)


OPERATIONS = {
    "reservedIPv6_list": list_ipv6s,
    "reservedIPv6_get": get_ipv6,
    "reservedIPv6_create": create_ipv6,
    "reservedIPv6_delete": delete_ipv6,
    "reservedIPv6Actions_post": start_action,
}
