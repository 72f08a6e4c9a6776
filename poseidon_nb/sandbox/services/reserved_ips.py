"""Reserved IPs, and floating IPs, which are the same under their old name: one state, answered in the words of the request.

The droplet of an answer is looked up when it is asked for, so it is as it is now. From the specification's examples: while
an assignment is in progress the address is ``locked``, and its droplet shows when it has ended. Not settled by any source,
chosen here: the texts of 422s; a droplet has one reserved IP; one that is assigned can be deleted, and is then assigned no
more; an unknown droplet answers 404.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from poseidon_nb.sandbox import activity, bodies, lifetimes, objects
from poseidon_nb.sandbox.records import Record, render
from poseidon_nb.sandbox.replies import Reply, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.reserved_ip_assignment import assign, droplet_named, refuse_unless_assignable, view

if TYPE_CHECKING:
    from typing import Any

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Shared
    from poseidon_nb.sandbox.world import World

RESERVED, FLOATING = "reserved_ip", "floating_ip"
#: The networks that no droplet's address is from, see `objects.networks`.
_SECONDS, _THIRDS, _HOSTS = (18, 19), range(250, 256), range(4, 254)


def word_of(call: Call) -> str:
    """Give the word that a request has for a reserved IP."""
    return FLOATING if call.operation.startswith("floatingIPs") else RESERVED


def find_ip(call: Call) -> Record:
    """Give the reserved IP that a path names."""
    address = call.world.reserved_ips.get(call.names[word_of(call)])
    if address is None:
        raise not_found()
    return address


def number_of(address: Record) -> int:
    """Give an address as a number, which is the ``resource_id`` of its actions as the specification's example has it."""
    return int(ipaddress.IPv4Address(address["ip"]))


def list_ips(call: Call) -> Reply:
    """Answer ``reservedIPs_list`` and ``floatingIPs_list``, oldest first."""
    shown = [view(call.world, RESERVED, address) for address in call.world.reserved_ips.listed()]
    return call.page(f"{word_of(call)}s", RESERVED, shown)


def get_ip(call: Call) -> Reply:
    """Answer ``reservedIPs_get`` and ``floatingIPs_get``."""
    return _one(call, view(call.world, RESERVED, find_ip(call)))


def create_ip(call: Call) -> Reply:
    """Answer ``reservedIPs_create`` and ``floatingIPs_create``: assigned to a droplet or reserved to a region."""
    world, word = call.world, word_of(call)
    droplet_id = bodies.optional(call.body, "droplet_id", "integer")
    slug = bodies.optional(call.body, "region", "string")
    if (droplet_id is None) == (not slug):
        raise unprocessable("Either droplet_id or region is required.")
    project_id = bodies.optional(call.body, "project_id", "string") or objects.default_project(world)
    if project_id != objects.default_project(world) and project_id not in world.projects:
        raise unprocessable("You specified an invalid project.")
    droplet = None if droplet_id is None else droplet_named(call)
    if droplet is None:
        region = world.figures.regions.get(slug)
        if region is None or not region["available"]:
            raise unprocessable("You specified an invalid region.")
    else:
        region = droplet["region"]
        refuse_unless_assignable(world, RESERVED, droplet)
    if len(world.reserved_ips) >= world.state.account["floating_ip_limit"]:
        called = word.replace("_ip", " IP")
        raise unprocessable(f"creating this {called} will exceed your {called} limit")
    address = make_ip(world, region, project_id)
    if droplet is None:
        return _one(call, view(world, RESERVED, address), links={}, status=202)
    action = assign(world, RESERVED, address, droplet, number_of(address))
    links = {
        "droplets": [_link(call, "droplets", droplet["id"], "droplet")],
        "actions": [_link(call, "actions", action["id"], "assign_ip")],
    }
    return _one(call, view(world, RESERVED, address), links=links, status=202)


def make_ip(world: World, region: Shared, project_id: str, droplet_id: int | None = None) -> Record:
    """Reserve one more address."""
    address = Record(
        {"ip": _free_address(world), "region": region, "project_id": project_id},
        {"droplet_id": droplet_id, "since": world.now()},
    )
    world.reserved_ips.put(address["ip"], address)
    return address


def _free_address(world: World) -> str:
    while True:
        rest, host = divmod(world.count("reserved_ips") - 1, len(_HOSTS))
        second, third = divmod(rest % (len(_SECONDS) * len(_THIRDS)), len(_THIRDS))
        ip = f"198.{_SECONDS[second]}.{_THIRDS[third]}.{_HOSTS[host]}"
        # After thousands the first ones come again, and some of them may have been kept.
        if ip not in world.reserved_ips:
            return ip


def _one(call: Call, shown: Record, *, links: dict[str, Any] | None = None, status: int = 200) -> Reply:
    tail = b"" if links is None else b',"links":%b' % render(links)
    return Reply(status, b'{"%b":%b%b}' % (word_of(call).encode(), call.rendered(RESERVED, shown), tail))


def _link(call: Call, collection: str, id_: int, rel: str) -> dict[str, Any]:
    return {"id": id_, "rel": rel, "href": f"{call.base_url}/v2/{collection}/{id_}"}


def delete_ip(call: Call) -> Reply:
    """Answer ``reservedIPs_delete`` and ``floatingIPs_delete``."""
    address = find_ip(call)
    if activity.is_busy(call.world, RESERVED, address["ip"]):
        raise activity.pending(word_of(call))
    lifetimes.close(call.world, "reserved_ips", address["ip"])
    call.world.reserved_ips.remove(address["ip"])
    return no_content()


OPERATIONS = {
    f"{prefix}_{verb}": function
    for prefix in ("reservedIPs", "floatingIPs")
    for verb, function in {"list": list_ips, "get": get_ip, "create": create_ip, "delete": delete_ip}.items()
}
