"""VPC peerings: two networks joined into one, asked for on their own or by way of one of the two.

A new one is ``PROVISIONING`` and later ``ACTIVE``; a deleted one is ``DELETING`` and later gone, and answers 202. Not settled by
any source, chosen here: the texts of 422s; two VPCs have one peering at most; one that goes already can be deleted again, which
changes nothing, and not be renamed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poseidon_nb.sandbox import bodies, chance
from poseidon_nb.sandbox.durations import settling_s
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import not_found, unprocessable
from poseidon_nb.sandbox.services.vpcs import find_vpc
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9\-]+")
_PEERS = 2


def _find(call: Call) -> Record:
    peering = call.world.vpc_peerings.get(call.names["vpc_peering_id"])
    if peering is None:
        raise not_found()
    return peering


def list_peerings(call: Call) -> Reply:
    """Answer ``vpcPeerings_list``, oldest first; with a ``region``, those that have an end in it."""
    region, vpcs = call.query.get("region"), call.world.vpcs
    shown = call.world.vpc_peerings.listed()
    if region:
        shown = [one for one in shown if any(vpcs[id_]["region"] == region for id_ in one["vpc_ids"])]
    return call.page("vpc_peerings", "vpc_peering", shown)


def list_peerings_of_vpc(call: Call) -> Reply:
    """Answer ``vpcs_list_peerings``."""
    id_ = find_vpc(call)["id"]
    return call.page(
        "peerings", "vpc_peering", [one for one in call.world.vpc_peerings.listed() if id_ in one["vpc_ids"]]
    )


def get_peering(call: Call) -> Reply:
    """Answer ``vpcPeerings_get``."""
    return call.one("vpc_peering", _find(call))


def create_peering(call: Call) -> Reply:
    """Answer ``vpcPeerings_create``."""
    return call.one("vpc_peering", _created(call, bodies.required(call.body, "vpc_ids", "array")), status=202)


def create_peering_of_vpc(call: Call) -> Reply:
    """Answer ``vpcs_create_peerings``: the other end comes in the body."""
    vpc = find_vpc(call)
    other = bodies.required(call.body, "vpc_id", "string")
    return call.one("peering", _created(call, [vpc["id"], other]), status=202)


def _created(call: Call, vpc_ids: list[str]) -> Record:
    world = call.world
    name = _checked_name(world, bodies.required(call.body, "name", "string"), "")
    if len(vpc_ids) != _PEERS or len({*vpc_ids}) != _PEERS:
        raise unprocessable("vpc_ids must hold the ids of two different VPCs.")
    for id_ in vpc_ids:
        if id_ not in world.vpcs:
            raise unprocessable(f"There is no VPC {id_} in your account.")
    if any({*one["vpc_ids"]} == {*vpc_ids} for one in world.vpc_peerings.listed()):
        raise unprocessable("The two VPCs have a peering.")
    now = world.now()
    id_ = chance.uuid(world.seed, "vpc_peering", world.count("vpc_peerings"))
    shown = {"id": id_, "name": name, "vpc_ids": vpc_ids, "created_at": stamp(now), "status": "PROVISIONING"}
    peering = Record(shown)
    world.vpc_peerings.put(id_, peering)
    _later(world, "vpc_peering.active", id_)
    return peering


def _checked_name(world: World, name: str, own_id: str) -> str:
    if not _NAME.fullmatch(name):
        raise unprocessable("Name may only contain alphanumeric characters and dashes.")
    if any(one["name"] == name and one["id"] != own_id for one in world.vpc_peerings.listed()):
        raise unprocessable(f"There is a VPC peering named {name} in your account.")
    return name


def rename_peering(call: Call) -> Reply:
    """Answer ``vpcPeerings_patch``."""
    return call.one("vpc_peering", _renamed(call, _find(call)))


def rename_peering_of_vpc(call: Call) -> Reply:
    """Answer ``vpcs_patch_peerings``; a peering of other VPCs is not found."""
    vpc, peering = find_vpc(call), _find(call)
    if vpc["id"] not in peering["vpc_ids"]:
        raise not_found()
    return call.one("peering", _renamed(call, peering))


def _renamed(call: Call, peering: Record) -> Record:
    name = _checked_name(call.world, bodies.required(call.body, "name", "string"), peering["id"])
    if peering["status"] == "DELETING":
        raise unprocessable("The VPC peering is being deleted.")
    renamed = peering.showing(name=name)
    call.world.vpc_peerings.put(peering["id"], renamed)
    return renamed


def delete_peering(call: Call) -> Reply:
    """Answer ``vpcPeerings_delete``."""
    peering = _find(call)
    if peering["status"] != "DELETING":
        peering = peering.showing(status="DELETING")
        call.world.vpc_peerings.put(peering["id"], peering)
        _later(call.world, "vpc_peering.gone", peering["id"])
    return call.one("vpc_peering", peering, status=202)


# --- what happens over time ------------------------------------------------------------------------------------------
def _later(world: World, effect: str, id_: str) -> None:
    after_s = settling_s("vpc_peering", speed=world.speed, draw=(world.seed, effect, id_))
    world.schedule(world.now() + after_s, effect, id_)


def _become_active(world: World, _at: float, id_: str) -> None:
    peering = world.vpc_peerings.get(id_)
    if peering is not None and peering["status"] == "PROVISIONING":
        world.vpc_peerings.put(id_, peering.showing(status="ACTIVE"))


def _disappear(world: World, _at: float, id_: str) -> None:
    world.vpc_peerings.remove(id_)


OPERATIONS = {
    "vpcPeerings_list": list_peerings,
    "vpcPeerings_get": get_peering,
    "vpcPeerings_create": create_peering,
    "vpcPeerings_patch": rename_peering,
    "vpcPeerings_delete": delete_peering,
    "vpcs_list_peerings": list_peerings_of_vpc,
    "vpcs_create_peerings": create_peering_of_vpc,
    "vpcs_patch_peerings": rename_peering_of_vpc,
}
EFFECTS: dict[str, Callable[..., None]] = {
    "vpc_peering.active": _become_active,
    "vpc_peering.gone": _disappear,
}
