"""VPCs: the private networks of a region, and what is in them.

From the specification: a region's first VPC is its default, which cannot be deleted; neither can one with members (403 both).
Making another one the default takes it from the one that was. Not settled by any source, chosen here: the texts of 422s; a VPC
with peerings cannot be deleted either; a region's first range is the /16 that its droplets' private addresses are from, if no
other VPC has it; ranges that DigitalOcean keeps for itself are not refused.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from poseidon_nb.sandbox import bodies, chance, objects
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import Refusal, no_content, not_found, unprocessable
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9\-.]+")
_DESCRIPTION_MOST = 255
_PRIVATE = (IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))
_PREFIX_LEAST, _PREFIX_MOST = 16, 28
#: Where a range is looked for when none is asked for, and how long its prefix is.
_GENERATED, _PREFIX = IPv4Network("10.128.0.0/9"), 20
#: Droplets of a region's first range have addresses below these; what else joins it gets one of them.
_OFFSET_OF_OTHERS = 250 * 256 + 1


def find_vpc(call: Call) -> Record:
    """Give the VPC that a path names."""
    vpc = call.world.vpcs.get(call.names["vpc_id"])
    if vpc is None:
        raise not_found()
    return vpc


def vpc_of(world: World, id_: str, region: str) -> Record | None:
    """Give the VPC with this id if it is in the region."""
    vpc = world.vpcs.get(id_)
    return vpc if vpc is not None and vpc["region"] == region else None


def ensure_default(world: World, region: str, at: float) -> Record:
    """Give the network that new things of a region join; make it if there is none."""
    known = world.vpcs.get(objects.default_vpc(world, region))
    if known is not None:
        return known
    wanted = IPv4Network(objects.private_range(world, region))
    range_ = _generated(world) if _overlapping(world, wanted) else wanted
    return _put_new(world, f"default-{region}", region, range_, at)


def _put_new(world: World, name: str, region: str, range_: IPv4Network, at: float, description: str = "") -> Record:
    default = not any(vpc["region"] == region for vpc in world.vpcs.listed())
    id_ = objects.default_vpc(world, region) if default else chance.uuid(world.seed, "vpc", world.count("vpcs"))
    vpc = Record(
        {
            "id": id_,
            "urn": f"do:vpc:{id_}",
            "name": name,
            "description": description,
            "region": region,
            "ip_range": str(range_),
            "created_at": stamp(at),
            "default": default,
        }
    )
    world.vpcs.put(id_, vpc)
    return vpc


# --- addresses -------------------------------------------------------------------------------------------------------
def has_first_range(world: World, vpc: Record) -> bool:
    """Say whether the private addresses of a VPC's droplets are those that `objects.networks` gives."""
    return bool(vpc["ip_range"] == objects.private_range(world, vpc["region"]))


def free_addresses(world: World, vpc: Record, number: int) -> list[str]:
    """Give addresses of a VPC that nothing has, or refuse."""
    range_ = IPv4Network(vpc["ip_range"])
    # The first one is the gateway's.
    first = _OFFSET_OF_OTHERS if has_first_range(world, vpc) else 2
    taken = {*_taken(world, vpc["id"])}
    free: list[str] = []
    for offset in range(first, range_.num_addresses - 1):
        address = str(range_[offset])
        if address not in taken:
            free.append(address)
            if len(free) == number:
                return free
    raise unprocessable(f"The VPC {vpc['name']} has no free addresses left.")


def _taken(world: World, vpc_id: str) -> Iterator[str]:
    for droplet in world.droplets.listed():
        if droplet.shown["vpc_uuid"] == vpc_id and "private_ip" in droplet.kept:
            yield droplet.kept["private_ip"]
    for balancer in world.load_balancers.listed():
        if balancer.shown.get("vpc_uuid") == vpc_id:
            yield balancer.kept["ip"]


def with_private_address(world: World, networks: dict[str, Any], vpc_id: str, address: str) -> dict[str, Any]:
    """Give a droplet's networks with an address of its VPC in the place of the private one."""
    range_ = IPv4Network(world.vpcs[vpc_id]["ip_range"])
    private = {
        "ip_address": address,
        "netmask": str(range_.netmask),
        "gateway": str(range_[1]),
        "type": "private",
    }
    return {**networks, "v4": [one for one in networks["v4"] if one["type"] != "private"] + [private]}


def _overlapping(world: World, range_: IPv4Network) -> Record | None:
    return next((vpc for vpc in world.vpcs.listed() if range_.overlaps(IPv4Network(vpc["ip_range"]))), None)


def _generated(world: World) -> IPv4Network:
    for range_ in _GENERATED.subnets(new_prefix=_PREFIX):
        if not _overlapping(world, range_):
            return range_
    raise unprocessable("There is no free range of addresses left for a VPC.")


def _checked_range(world: World, text: str) -> IPv4Network:
    try:
        range_ = IPv4Network(text)
    except ValueError:
        raise unprocessable(f"{text} is not a range of addresses such as 10.10.10.0/24.") from None
    if not any(range_.subnet_of(private) for private in _PRIVATE):
        raise unprocessable("ip_range must be within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.")
    if not _PREFIX_LEAST <= range_.prefixlen <= _PREFIX_MOST:
        raise unprocessable(f"ip_range must be from /{_PREFIX_LEAST} to /{_PREFIX_MOST}.")
    other = _overlapping(world, range_)
    if other is not None:
        raise unprocessable(
            f"This range/size overlaps with another VPC network in your account: {other['name']} ({other['ip_range']})."
        )
    return range_


# --- operations ------------------------------------------------------------------------------------------------------
def list_vpcs(call: Call) -> Reply:
    """Answer ``vpcs_list``, oldest first."""
    return call.page("vpcs", "vpc", call.world.vpcs.listed())


def get_vpc(call: Call) -> Reply:
    """Answer ``vpcs_get``."""
    return call.one("vpc", find_vpc(call))


def create_vpc(call: Call) -> Reply:
    """Answer ``vpcs_create``."""
    body, world = call.body, call.world
    name = _checked_name(world, bodies.required(body, "name", "string"), "")
    description = _checked_description(body)
    slug = bodies.required(body, "region", "string")
    region = world.figures.regions.get(slug)
    if region is None or not region["available"]:
        raise unprocessable("You specified an invalid region for VPC creation.")
    asked = bodies.optional(body, "ip_range", "string")
    range_ = _checked_range(world, asked) if asked else _generated(world)
    return call.one("vpc", _put_new(world, name, slug, range_, world.now(), description), status=201)


def _checked_name(world: World, name: str, own_id: str) -> str:
    if not _NAME.fullmatch(name):
        raise unprocessable("Name may only contain alphanumeric characters, dashes, and periods.")
    if any(vpc["name"] == name and vpc["id"] != own_id for vpc in world.vpcs.listed()):
        raise unprocessable(f"There is a VPC named {name} in your account.")
    return name


def _checked_description(body: dict[str, Any]) -> str:
    description: str = bodies.optional(body, "description", "string") or ""
    if len(description) > _DESCRIPTION_MOST:
        raise unprocessable(f"Description is too long (maximum is {_DESCRIPTION_MOST} characters)")
    return description


def update_vpc(call: Call) -> Reply:
    """Answer ``vpcs_update``: a description that is left out becomes empty."""
    vpc = find_vpc(call)
    bodies.required(call.body, "name", "string")
    return _changed(call, vpc, {"description": "", **call.body})


def patch_vpc(call: Call) -> Reply:
    """Answer ``vpcs_patch``: what is left out stays as it is."""
    return _changed(call, find_vpc(call), call.body)


def _changed(call: Call, vpc: Record, body: dict[str, Any]) -> Reply:
    world = call.world
    changes: dict[str, Any] = {}
    if body.get("name") is not None:
        changes["name"] = _checked_name(world, body["name"], vpc["id"])
    if body.get("description") is not None:
        changes["description"] = _checked_description(body)
    default = bodies.optional(body, "default", "boolean")
    if default is False and vpc["default"]:
        raise unprocessable("The default VPC of a region stays it until another one becomes it.")
    if default:
        changes["default"] = True
        for other in world.vpcs.listed():
            if other["default"] and other["region"] == vpc["region"]:
                world.vpcs.put(other["id"], other.showing(default=False))
    changed = vpc.showing(**changes)
    world.vpcs.put(vpc["id"], changed)
    return call.one("vpc", changed)


def delete_vpc(call: Call) -> Reply:
    """Answer ``vpcs_delete``."""
    vpc = find_vpc(call)
    if vpc["default"]:
        raise Refusal(403, "forbidden", "Can not delete default VPCs")
    if next(_members(call.world, vpc["id"], None, ""), None) is not None:
        raise Refusal(403, "forbidden", "Can not delete VPC with members")
    if any(vpc["id"] in peering["vpc_ids"] for peering in call.world.vpc_peerings.listed()):
        raise Refusal(403, "forbidden", "Can not delete VPC with peerings")
    call.world.vpcs.remove(vpc["id"])
    return no_content()


def list_members(call: Call) -> Reply:
    """Answer ``vpcs_list_members``; of a ``resource_type`` that the sandbox does not have there are none."""
    wanted = call.query.get("resource_type") or ""
    return call.page("members", "vpc_member", [*_members(call.world, find_vpc(call)["id"], call.scopes, wanted)])


def _members(world: World, vpc_id: str, scopes: frozenset[str] | None, wanted: str) -> Iterator[Record]:
    """Give what is in a VPC, of one type or all, as far as the scopes let it be seen."""
    for type_, scope, collection in (
        ("droplet", "droplet:read", world.droplets),
        ("loadbalancer", "load_balancer:read", world.load_balancers),
    ):
        if wanted in {"", type_} and (scopes is None or scope in scopes):
            for record in collection.listed():
                shown = record.shown
                if shown.get("vpc_uuid") == vpc_id:
                    urn = f"do:{type_}:{shown['id']}"
                    yield Record({"urn": urn, "name": shown["name"], "created_at": shown["created_at"]})


OPERATIONS = {
    "vpcs_list": list_vpcs,
    "vpcs_get": get_vpc,
    "vpcs_create": create_vpc,
    "vpcs_update": update_vpc,
    "vpcs_patch": patch_vpc,
    "vpcs_delete": delete_vpc,
    "vpcs_list_members": list_members,
}
