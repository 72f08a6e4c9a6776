"""Reserved IPv4 and IPv6 addresses, their assignment to droplets, and their actions.

Floating IPs are reserved IPs under their old name: the state is the same, and responses use the name of the request.
The droplet in a response is looked up on each request. As in the specification's examples, an address is ``locked``
during an assignment, and its droplet appears when the assignment has ended. In the account's list of actions the
resource type is ``reserved_ip``; under the old name it is ``floating_ip``.

Not documented, chosen here: the messages of 422s. An assigned address can be assigned to another droplet at once, as
in the control panel. An assignment keeps the droplet busy too. A droplet has at most one reserved IP, an assigned IPv4
address can be deleted, and an unknown droplet answers 404. An assigned IPv6 address cannot be deleted, which may be
the 422 of ``reservedIPv6_delete``; there is no limit to their number. An IPv6 address is too long for a
``resource_id``, so its actions have a number of the sandbox's own. An address of a BYOIP prefix can be assigned, too.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects
from poseidon_nb.sandbox.actions import (
    begin_action,
    find_action,
    is_action_on,
    is_busy,
    list_actions,
    pending_event,
    raise_if_busy,
)
from poseidon_nb.sandbox.call import optional_field, required_field
from poseidon_nb.sandbox.history import remove_billed, with_change
from poseidon_nb.sandbox.responses import HTTPResponse, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.byoip import brought_ip
from poseidon_nb.sandbox.services.projects import requested_project
from poseidon_nb.sandbox.store import StoredObject, to_json
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import SharedObject
    from poseidon_nb.sandbox.world import World

RESERVED, FLOATING, RESERVED_IPV6 = "reserved_ip", "floating_ip", "reserved_ipv6"
#: The stores of the two kinds of addresses, by the resource type of their actions.
_STORES = {RESERVED: "reserved_ips", RESERVED_IPV6: "reserved_ipv6s"}
_INVALID_REGION_TEXT = "You specified an invalid region."
#: Parts of addresses that no droplet has; see `objects.networks`.
_SECONDS, _THIRDS, _HOSTS = (18, 19), range(250, 256), range(4, 254)


def _with_droplet(world: World, kind: str, address: StoredObject) -> StoredObject:
    """Return an address in the format of the API, with its droplet's present state."""
    droplet = world.droplets.get(address.internal["droplet_id"])
    public = {**address.public, "droplet": None if droplet is None else droplet.public}
    if kind == RESERVED:
        public["locked"] = is_busy(world, kind, address["ip"])
    return StoredObject(public)


def _check_assignable(world: World, kind: str, droplet: StoredObject) -> None:
    """Raise 422 if a droplet is busy or already has an address of this kind."""
    raise_if_busy(world, "droplet", droplet["id"])
    if any(address.internal["droplet_id"] == droplet["id"] for address in world.store(_STORES[kind]).all()):
        raise unprocessable("The Droplet already has a reserved address of this kind.")


def _start_requested_action(
    call: Call, kind: str, address: StoredObject, resource_id: int, *, word: str
) -> StoredObject:
    """Start the action that a body asks for. The word is the request's name for the address."""
    world = call.world
    type_ = required_field(call.body, "type", "string")
    if type_ not in {"assign", "unassign"}:
        raise unprocessable(f"{type_} is not a valid action type.")
    if is_busy(world, kind, address["ip"]):
        raise pending_event(word)
    if type_ == "assign":
        droplet = objects.requested_droplet(call)
        _check_assignable(world, kind, droplet)
        if _region_of(world, address)["slug"] != droplet["region"]["slug"]:
            raise unprocessable("The address and the Droplet must be in the same region.")
        return _begin_assign(world, kind, address, droplet, resource_id)
    droplet_id = address.internal["droplet_id"]
    if droplet_id is None:
        raise unprocessable("The address is not assigned to a Droplet.")
    raise_if_busy(world, "droplet", droplet_id)
    return _begin_ip_action(world, "unassign_ip", kind, address, droplet_id, resource_id)


def _begin_assign(
    world: World, kind: str, address: StoredObject, droplet: StoredObject, resource_id: int
) -> StoredObject:
    """Start the assignment of an address without checking it, and return the action."""
    return _begin_ip_action(world, "assign_ip", kind, address, droplet["id"], resource_id)


def _begin_ip_action(
    world: World, type_: str, kind: str, address: StoredObject, droplet_id: int, resource_id: int
) -> StoredObject:
    return begin_action(
        world,
        type_,
        resource_type=kind,
        resource_id=resource_id,
        target=address["ip"],
        droplet_id=droplet_id,
        region=_region_of(world, address),
        arguments={"droplet_id": droplet_id},
    )


def _region_of(world: World, address: StoredObject) -> SharedObject:
    public = address.public
    return world.reference_data.regions[public["region"]["slug"] if "region" in public else public["region_slug"]]


def _with_droplet_id(address: StoredObject, at: float, droplet_id: int | None) -> StoredObject:
    changed = with_change(address, "droplet_id", at, droplet_id, address.internal["droplet_id"])
    return changed.with_internal(droplet_id=droplet_id)


def _assign_effect(kind: str) -> Callable[..., None]:
    def effect(world: World, at: float, ip: str, arguments: dict[str, Any]) -> None:
        address = world.store(_STORES[kind]).get(ip)
        if address is not None and arguments["droplet_id"] in world.droplets:
            world.store(_STORES[kind]).put(ip, _with_droplet_id(address, at, arguments["droplet_id"]))

    return effect


def _unassign_effect(kind: str) -> Callable[..., None]:
    def effect(world: World, at: float, ip: str, _arguments: dict[str, Any]) -> None:
        address = world.store(_STORES[kind]).get(ip)
        if address is not None:
            world.store(_STORES[kind]).put(ip, _with_droplet_id(address, at, None))

    return effect


def _release_from_droplet(world: World, at: float, droplet_id: int) -> None:
    for name in _STORES.values():
        store = world.store(name)
        for address in store.all():
            if address.internal["droplet_id"] == droplet_id:
                store.put(address["ip"], _with_droplet_id(address, at, None))


def _api_name(call: Call) -> str:
    """Return the name that a request uses for a reserved IP."""
    return FLOATING if call.operation.startswith("floatingIPs") else RESERVED


def _requested_ip(call: Call) -> StoredObject:
    """Return the reserved IP of the path, or raise 404."""
    address = call.world.reserved_ips.get(call.path_params[_api_name(call)])
    if address is None:
        raise not_found()
    return address


def address_number(address: StoredObject) -> int:
    """Return an address as an integer, the ``resource_id`` of its actions as in the specification's example."""
    return int(ipaddress.IPv4Address(address["ip"]))


def list_ips(call: Call) -> HTTPResponse:
    """Handle ``reservedIPs_list`` and ``floatingIPs_list``, oldest first."""
    addresses = [_with_droplet(call.world, RESERVED, address) for address in call.world.reserved_ips.all()]
    return call.respond_page(f"{_api_name(call)}s", RESERVED, addresses)


def get_ip(call: Call) -> HTTPResponse:
    """Handle ``reservedIPs_get`` and ``floatingIPs_get``."""
    return _respond_ip(call, _with_droplet(call.world, RESERVED, _requested_ip(call)))


def create_ip(call: Call) -> HTTPResponse:
    """Handle ``reservedIPs_create`` and ``floatingIPs_create``, for a droplet or a region."""
    world, word = call.world, _api_name(call)
    droplet_id = optional_field(call.body, "droplet_id", "integer")
    slug = optional_field(call.body, "region", "string")
    if (droplet_id is None) == (not slug):
        raise unprocessable("Either droplet_id or region is required.")
    project_id = requested_project(world, optional_field(call.body, "project_id", "string"))
    droplet = None if droplet_id is None else objects.requested_droplet(call)
    if droplet is None:
        region = objects.require_region(world, slug, _INVALID_REGION_TEXT)
    else:
        region = droplet["region"]
        _check_assignable(world, RESERVED, droplet)
    if len(world.reserved_ips) >= world.state.account["floating_ip_limit"]:
        display_name = word.replace("_ip", " IP")
        raise unprocessable(f"creating this {display_name} will exceed your {display_name} limit")
    address = add_reserved_ip(world, region, project_id)
    if droplet is None:
        return _respond_ip(call, _with_droplet(world, RESERVED, address), links={}, status=202)
    action = _begin_assign(world, RESERVED, address, droplet, address_number(address))
    links = {
        "droplets": [_link(call, "droplets", droplet["id"], "droplet")],
        "actions": [_link(call, "actions", action["id"], "assign_ip")],
    }
    return _respond_ip(call, _with_droplet(world, RESERVED, address), links=links, status=202)


def add_reserved_ip(world: World, region: SharedObject, project_id: str, droplet_id: int | None = None) -> StoredObject:
    """Add a reserved IP."""
    address = StoredObject(
        {"ip": _free_address(world), "region": region, "project_id": project_id},
        {"droplet_id": droplet_id, "since": world.now()},
    )
    world.reserved_ips.put(address["ip"], address)
    return address


def _free_address(world: World) -> str:
    while True:
        rest, host = divmod(world.next_number("reserved_ips") - 1, len(_HOSTS))
        second, third = divmod(rest % (len(_SECONDS) * len(_THIRDS)), len(_THIRDS))
        ip = f"198.{_SECONDS[second]}.{_THIRDS[third]}.{_HOSTS[host]}"
        # After some thousands the sequence repeats, and some of its addresses may still be in use.
        if ip not in world.reserved_ips:
            return ip


def _respond_ip(
    call: Call, address: StoredObject, *, links: dict[str, Any] | None = None, status: int = 200
) -> HTTPResponse:
    tail = b"" if links is None else b',"links":%b' % to_json(links)
    return HTTPResponse(status, b'{"%b":%b%b}' % (_api_name(call).encode(), call.to_json(RESERVED, address), tail))


def _link(call: Call, collection: str, id_: int, rel: str) -> dict[str, Any]:
    return {"id": id_, "rel": rel, "href": f"{call.base_url}/v2/{collection}/{id_}"}


def delete_ip(call: Call) -> HTTPResponse:
    """Handle ``reservedIPs_delete`` and ``floatingIPs_delete``."""
    address = _requested_ip(call)
    if is_busy(call.world, RESERVED, address["ip"]):
        raise pending_event(_api_name(call))
    remove_billed(call.world, "reserved_ips", address["ip"])
    return no_content()


def start_ip_action(call: Call) -> HTTPResponse:
    """Handle ``reservedIPsActions_post`` and ``floatingIPsAction_post``."""
    # An address of a BYOIP prefix becomes a reserved IP when it is assigned.
    address = brought_ip(call.world, call.path_params[_api_name(call)]) or _requested_ip(call)
    action = _start_requested_action(call, RESERVED, address, address_number(address), word=_api_name(call))
    call.world.reserved_ips.put(address["ip"], address)
    return _respond_action(call, address, action, status=201)


def list_ip_actions(call: Call) -> HTTPResponse:
    """Handle ``reservedIPsActions_list`` and ``floatingIPsAction_list``, newest first."""
    actions = list_actions(call.world, _action_test(_requested_ip(call)))
    return call.respond_page(
        "actions", "action", [action.with_public(resource_type=_api_name(call)) for action in actions]
    )


def get_ip_action(call: Call) -> HTTPResponse:
    """Handle ``reservedIPsActions_get`` and ``floatingIPsAction_get``. An action of another address is not found."""
    address = _requested_ip(call)
    return _respond_action(call, address, find_action(call, _action_test(address)))


def _action_test(address: StoredObject) -> Callable[[StoredObject], bool]:
    return lambda action: is_action_on(action, RESERVED, address["ip"])


def _respond_action(call: Call, address: StoredObject, action: StoredObject, *, status: int = 200) -> HTTPResponse:
    public = {**action.public, "resource_type": _api_name(call)}
    if call.scopes is None or "project:read" in call.scopes:
        # Only the responses with one action have it, the lists do not.
        public["project_id"] = address["project_id"]
    return call.respond("action", StoredObject(public), status=status)


def _requested_ipv6(call: Call) -> StoredObject:
    try:
        # Any spelling is accepted: with or without zeros, in either case.
        ip = str(ipaddress.IPv6Address(call.path_params["reserved_ipv6"]))
    except ValueError:
        raise not_found() from None
    address = call.world.reserved_ipv6s.get(ip)
    if address is None:
        raise not_found()
    return address


def list_ipv6s(call: Call) -> HTTPResponse:
    """Handle ``reservedIPv6_list``, oldest first."""
    addresses = [_with_droplet(call.world, RESERVED_IPV6, address) for address in call.world.reserved_ipv6s.all()]
    return call.respond_page("reserved_ipv6s", RESERVED_IPV6, addresses)


def get_ipv6(call: Call) -> HTTPResponse:
    """Handle ``reservedIPv6_get``."""
    return call.respond(RESERVED_IPV6, _with_droplet(call.world, RESERVED_IPV6, _requested_ipv6(call)))


def create_ipv6(call: Call) -> HTTPResponse:
    """Handle ``reservedIPv6_create``."""
    world = call.world
    slug = required_field(call.body, "region_slug", "string")
    objects.require_region(world, slug, _INVALID_REGION_TEXT)
    serial = world.next_number("reserved_ipv6s")
    ip = objects.reserved_ipv6_address(world, slug, serial)
    address = StoredObject(
        {"ip": ip, "region_slug": slug, "reserved_at": format_time(world.now())}, {"droplet_id": None, "serial": serial}
    )
    world.reserved_ipv6s.put(ip, address)
    return call.respond(RESERVED_IPV6, address, status=201)


def delete_ipv6(call: Call) -> HTTPResponse:
    """Handle ``reservedIPv6_delete``."""
    address = _requested_ipv6(call)
    raise_if_busy(call.world, RESERVED_IPV6, address["ip"])
    if address.internal["droplet_id"] is not None:
        raise unprocessable("The reserved IPv6 is assigned to a Droplet. Please unassign it first before deleting.")
    call.world.reserved_ipv6s.remove(address["ip"])
    return no_content()


def start_ipv6_action(call: Call) -> HTTPResponse:
    """Handle ``reservedIPv6Actions_post``."""
    address = _requested_ipv6(call)
    action = _start_requested_action(call, RESERVED_IPV6, address, address.internal["serial"], word=RESERVED_IPV6)
    return call.respond("action", action, status=201)


EFFECTS: dict[str, Callable[..., None]] = {
    **{f"{kind}.assign_ip": _assign_effect(kind) for kind in _STORES},
    **{f"{kind}.unassign_ip": _unassign_effect(kind) for kind in _STORES},
    "droplet.deleted.addresses": _release_from_droplet,
}


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    **{
        f"{prefix}_{verb}": function
        for prefix in ("reservedIPs", "floatingIPs")
        for verb, function in {"list": list_ips, "get": get_ip, "create": create_ip, "delete": delete_ip}.items()
    },
    **{
        f"{prefix}_{verb}": function
        for prefix in ("reservedIPsActions", "floatingIPsAction")
        for verb, function in {"post": start_ip_action, "list": list_ip_actions, "get": get_ip_action}.items()
    },
    "reservedIPv6_list": list_ipv6s,
    "reservedIPv6_get": get_ipv6,
    "reservedIPv6_create": create_ipv6,
    "reservedIPv6_delete": delete_ipv6,
    "reservedIPv6Actions_post": start_ipv6_action,
}
