"""Addresses assigned to droplets and taken from them: the same for reserved IPs and reserved IPv6s.

Not settled by any source, chosen here: an address that is assigned can be assigned elsewhere without being unassigned first,
as the control panel does it; an assignment keeps the droplet busy too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import activity, bodies, lifetimes
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import not_found, unprocessable

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Collection, Shared
    from poseidon_nb.sandbox.world import World

#: The two kinds of addresses: what their actions and busy keys call them, and the collections that they are in.
KINDS = {"reserved_ip": "reserved_ips", "reserved_ipv6": "reserved_ipv6s"}


def _addresses(world: World, kind: str) -> Collection:
    collection: Collection = getattr(world, KINDS[kind])
    return collection


def view(world: World, kind: str, address: Record) -> Record:
    """Give an address as the API shows it, with the droplet as it is now."""
    droplet = world.droplets.get(address.kept["droplet_id"])
    shown = {**address.shown, "droplet": None if droplet is None else droplet.shown}
    if kind == "reserved_ip":
        shown["locked"] = activity.is_busy(world, kind, address["ip"])
    return Record(shown)


def droplet_named(call: Call) -> Record:
    """Give the droplet that a body names."""
    droplet = call.world.droplets.get(bodies.required(call.body, "droplet_id", "integer"))
    if droplet is None:
        raise not_found()
    return droplet


def refuse_unless_assignable(world: World, kind: str, droplet: Record) -> None:
    """Refuse a droplet that is busy or has an address of this kind."""
    activity.refuse_if_busy(world, "droplet", droplet["id"])
    if any(address.kept["droplet_id"] == droplet["id"] for address in _addresses(world, kind).listed()):
        raise unprocessable("The Droplet already has a reserved address of this kind.")


def start(call: Call, kind: str, address: Record, resource_id: int, *, word: str) -> Record:
    """Start the action on an address that a body asks for; the word is what the request calls the address."""
    world = call.world
    type_ = bodies.required(call.body, "type", "string")
    if type_ not in {"assign", "unassign"}:
        raise unprocessable(f"{type_} is not a valid action type.")
    if activity.is_busy(world, kind, address["ip"]):
        raise activity.pending(word)
    if type_ == "assign":
        droplet = droplet_named(call)
        refuse_unless_assignable(world, kind, droplet)
        if _region(world, address)["slug"] != droplet["region"]["slug"]:
            raise unprocessable("The address and the Droplet must be in the same region.")
        return assign(world, kind, address, droplet, resource_id)
    droplet_id = address.kept["droplet_id"]
    if droplet_id is None:
        raise unprocessable("The address is not assigned to a Droplet.")
    activity.refuse_if_busy(world, "droplet", droplet_id)
    return _begin(world, "unassign_ip", kind, address, droplet_id, resource_id)


def assign(world: World, kind: str, address: Record, droplet: Record, resource_id: int) -> Record:
    """Start the assignment of an address that nothing forbids, and give the action."""
    return _begin(world, "assign_ip", kind, address, droplet["id"], resource_id)


def _begin(world: World, type_: str, kind: str, address: Record, droplet_id: int, resource_id: int) -> Record:
    return activity.begin(
        world,
        type_,
        resource_type=kind,
        resource_id=resource_id,
        target=address["ip"],
        droplet_id=droplet_id,
        region=_region(world, address),
        arguments={"droplet_id": droplet_id},
    )


def _region(world: World, address: Record) -> Shared:
    shown = address.shown
    return world.figures.regions[shown["region"]["slug"] if "region" in shown else shown["region_slug"]]


# --- what happens over time ------------------------------------------------------------------------------------------
def _of_droplet(address: Record, at: float, droplet_id: int | None) -> Record:
    changed = lifetimes.changed(address, "droplet_id", at, droplet_id, address.kept["droplet_id"])
    return changed.keeping(droplet_id=droplet_id)


def _assigned(kind: str) -> Callable[..., None]:
    def effect(world: World, at: float, ip: str, arguments: dict[str, Any]) -> None:
        address = _addresses(world, kind).get(ip)
        if address is not None and arguments["droplet_id"] in world.droplets:
            _addresses(world, kind).put(ip, _of_droplet(address, at, arguments["droplet_id"]))

    return effect


def _unassigned(kind: str) -> Callable[..., None]:
    def effect(world: World, at: float, ip: str, _arguments: dict[str, Any]) -> None:
        address = _addresses(world, kind).get(ip)
        if address is not None:
            _addresses(world, kind).put(ip, _of_droplet(address, at, None))

    return effect


def _release(world: World, at: float, droplet_id: int) -> None:
    for kind in KINDS:
        for address in _addresses(world, kind).listed():
            if address.kept["droplet_id"] == droplet_id:
                _addresses(world, kind).put(address["ip"], _of_droplet(address, at, None))


EFFECTS: dict[str, Callable[..., None]] = {
    **{f"{kind}.assign_ip": _assigned(kind) for kind in KINDS},
    **{f"{kind}.unassign_ip": _unassigned(kind) for kind in KINDS},
    "droplet.gone.addresses": _release,
}
