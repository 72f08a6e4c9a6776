"""VPCs, their members, and VPC peerings, each managed on its own or through one of its two VPCs.

From the specification: a region's first VPC is its default. The default VPC and one with members cannot be deleted (403
both). Making another VPC the default unsets the previous one. A new peering is ``PROVISIONING`` and later ``ACTIVE``; a
deleted one answers 202 and is ``DELETING`` until it is gone.

Not documented, chosen here: the messages of 422s. A VPC with peerings or partner attachments cannot be deleted. NAT
gateways, file shares and their access points are members too, with URNs named after their paths. The default range of a
region is the /16 of its droplets' private addresses, if no other VPC overlaps it. Ranges that DigitalOcean reserves are
not refused. Two VPCs have at most one peering. A peering that is being deleted can be deleted again, which changes
nothing, but not renamed.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.call import optional_field, required_field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import forbidden, not_found, unprocessable
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_VPC_NAME = re.compile(r"[a-zA-Z0-9\-.]+")
_MAX_DESCRIPTION_LENGTH = 255
_PRIVATE_RANGES = (IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))
_MIN_PREFIX, _MAX_PREFIX = 16, 28
#: Where a free range is searched if none is requested, and the length of its prefix.
_FREE_RANGES, _PREFIX = IPv4Network("10.128.0.0/9"), 20
#: Droplets in a region's default range have lower addresses. Other members get addresses from here on.
_FIRST_FREE_OFFSET = 250 * 256 + 1
_PEERING_NAME = re.compile(r"[a-zA-Z0-9\-]+")
_PEER_COUNT = 2
#: The stores whose resources are members of VPCs, with their types in URNs and the scopes to see them.
_MEMBERS = {
    "droplets": ("droplet", "droplet:read"),
    "apps": ("app", "app:read"),
    "load_balancers": ("loadbalancer", "load_balancer:read"),
    "databases": ("dbaas", "database:read"),
    "databases.replicas": ("dbaas", "database:read"),
    "kubernetes_clusters": ("kubernetes", "kubernetes:read"),
    "vpc_nat_gateways": ("vpc_nat_gateway", "nat_gateway:read"),
    "nfs_shares": ("nfs", "nfs:read"),
    "dedicated_inferences": ("dedicated_inference", "dedicated_inference:read"),
    "nfs_access_points": ("nfs_access_point", "nfs:read"),
}


_VPCS = Resource("vpcs")
#: The seconds are not published, and chosen here.
_PEERINGS = Resource(
    "vpc_peerings", states=States(first=(("PROVISIONING", 30.0),), ready="ACTIVE", deleting=("DELETING", 30.0))
)


def find_vpc_in_region(world: World, id_: str, region: str) -> StoredObject | None:
    """Return the VPC with this id, or None if it is not in the region."""
    vpc = world.vpcs.get(id_)
    return vpc if vpc is not None and vpc["region"] == region else None


def requested_vpc(call: Call, wanted: str | None, region: str, refusal: str) -> StoredObject | None:
    """Return the VPC that a body asks for, or None for no VPC; raise 422 with these words if it is not in the region."""
    if not wanted:
        return None
    call.require_scopes("vpc:read")
    vpc = find_vpc_in_region(call.world, wanted, region)
    if vpc is None:
        raise unprocessable(refusal)
    return vpc


def ensure_default_vpc(world: World, region: str, at: float) -> StoredObject:
    """Return the default VPC of a region, and create it if necessary."""
    known = world.vpcs.get(objects.default_vpc_id(world, region))
    if known is not None:
        return known
    wanted = IPv4Network(objects.default_ip_range(world, region))
    range_ = _free_range(world) if _find_overlap(world, wanted) else wanted
    return _add_vpc(world, f"default-{region}", region, range_, at)


def _add_vpc(
    world: World, name: str, region: str, range_: IPv4Network, at: float, description: str = ""
) -> StoredObject:
    default = not any(vpc["region"] == region for vpc in world.vpcs.all())
    id_ = objects.default_vpc_id(world, region) if default else rng.uuid(world.seed, "vpc", world.next_number("vpcs"))
    vpc = StoredObject(
        {
            "id": id_,
            "urn": f"do:vpc:{id_}",
            "name": name,
            "description": description,
            "region": region,
            "ip_range": str(range_),
            "created_at": format_time(at),
            "default": default,
        }
    )
    world.vpcs.put(id_, vpc)
    return vpc


def has_default_range(world: World, vpc: StoredObject) -> bool:
    """Return whether droplets in a VPC get their private addresses from `objects.networks`."""
    return bool(vpc["ip_range"] == objects.default_ip_range(world, vpc["region"]))


def free_addresses(world: World, vpc: StoredObject, number: int) -> list[str]:
    """Return free addresses of a VPC, or raise 422 if there are too few."""
    range_ = IPv4Network(vpc["ip_range"])
    # The first address is the gateway's.
    first = _FIRST_FREE_OFFSET if has_default_range(world, vpc) else 2
    used = {*_used_addresses(world, vpc["id"])}
    free: list[str] = []
    for offset in range(first, range_.num_addresses - 1):
        address = str(range_[offset])
        if address not in used:
            free.append(address)
            if len(free) == number:
                return free
    raise unprocessable(f"The VPC {vpc['name']} has no free addresses left.")


def _used_addresses(world: World, vpc_id: str) -> Iterator[str]:
    for droplet in world.droplets.all():
        if droplet.public["vpc_uuid"] == vpc_id and "private_ip" in droplet.internal:
            yield droplet.internal["private_ip"]
    for balancer in world.load_balancers.all():
        if balancer.public.get("vpc_uuid") == vpc_id:
            yield balancer.internal["ip"]
    for gateway in world.store("vpc_nat_gateways").all():
        yield from (vpc["gateway_ip"] for vpc in gateway["vpcs"] if vpc["vpc_uuid"] == vpc_id)
    for share in world.store("nfs_shares").all():
        yield from share.internal["hosts"]


def replace_private_address(world: World, networks: dict[str, Any], vpc_id: str, address: str) -> dict[str, Any]:
    """Return a droplet's networks with its private address replaced by one of its VPC."""
    range_ = IPv4Network(world.vpcs[vpc_id]["ip_range"])
    private = {
        "ip_address": address,
        "netmask": str(range_.netmask),
        "gateway": str(range_[1]),
        "type": "private",
    }
    return {**networks, "v4": [one for one in networks["v4"] if one["type"] != "private"] + [private]}


def _find_overlap(world: World, range_: IPv4Network) -> StoredObject | None:
    return next((vpc for vpc in world.vpcs.all() if range_.overlaps(IPv4Network(vpc["ip_range"]))), None)


def _free_range(world: World) -> IPv4Network:
    # Each range is read once: comparing every candidate with every VPC takes seconds with a few hundred of them.
    shift, taken = 32 - _PREFIX, set[int]()
    for vpc in world.vpcs.all():
        range_ = IPv4Network(vpc["ip_range"])
        taken.update(range(int(range_[0]) >> shift, (int(range_[-1]) >> shift) + 1))
    for number in range(int(_FREE_RANGES[0]) >> shift, (int(_FREE_RANGES[-1]) >> shift) + 1):
        if number not in taken:
            return IPv4Network((number << shift, _PREFIX))
    raise unprocessable("No free IP range is left for a VPC.")


def _parse_range(world: World, text: str) -> IPv4Network:
    try:
        range_ = IPv4Network(text)
    except ValueError:
        raise unprocessable(f"{text} is not an IP range. Use for example 10.10.10.0/24.") from None
    if not any(range_.subnet_of(private) for private in _PRIVATE_RANGES):
        raise unprocessable("ip_range must be within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.")
    if not _MIN_PREFIX <= range_.prefixlen <= _MAX_PREFIX:
        raise unprocessable(f"ip_range must be from /{_MIN_PREFIX} to /{_MAX_PREFIX}.")
    other = _find_overlap(world, range_)
    if other is not None:
        raise unprocessable(
            f"This range/size overlaps with another VPC network in your account: {other['name']} ({other['ip_range']})."
        )
    return range_


def create_vpc(call: Call) -> HTTPResponse:
    """Handle ``vpcs_create``."""
    body, world = call.body, call.world
    name = _validated_vpc_name(world, required_field(body, "name", "string"), "")
    description = _validated_description(body)
    slug = required_field(body, "region", "string")
    objects.require_region(world, slug, "You specified an invalid region for VPC creation.")
    requested = optional_field(body, "ip_range", "string")
    range_ = _parse_range(world, requested) if requested else _free_range(world)
    return call.respond("vpc", _add_vpc(world, name, slug, range_, world.now(), description), status=201)


def _validated_vpc_name(world: World, name: str, own_id: str) -> str:
    if not _VPC_NAME.fullmatch(name):
        raise unprocessable("Name may only contain alphanumeric characters, dashes, and periods.")
    if any(vpc["name"] == name and vpc["id"] != own_id for vpc in world.vpcs.all()):
        raise unprocessable(f"A VPC named {name} already exists.")
    return name


def _validated_description(body: dict[str, Any]) -> str:
    description: str = optional_field(body, "description", "string") or ""
    if len(description) > _MAX_DESCRIPTION_LENGTH:
        raise unprocessable(f"Description is too long (maximum is {_MAX_DESCRIPTION_LENGTH} characters)")
    return description


def _update(call: Call, vpc: StoredObject) -> StoredObject:
    """Change a VPC. A missing description becomes empty."""
    required_field(call.body, "name", "string")
    return _apply_changes(call, vpc, {"description": "", **call.body})


def _apply_changes(call: Call, vpc: StoredObject, body: dict[str, Any]) -> StoredObject:
    world = call.world
    changes: dict[str, Any] = {}
    if body.get("name") is not None:
        changes["name"] = _validated_vpc_name(world, body["name"], vpc["id"])
    if body.get("description") is not None:
        changes["description"] = _validated_description(body)
    default = optional_field(body, "default", "boolean")
    if default is False and vpc["default"]:
        raise unprocessable("The default VPC of a region cannot be unset. Make another VPC the default instead.")
    if default:
        changes["default"] = True
        for other in world.vpcs.all():
            if other["default"] and other["region"] == vpc["region"]:
                world.vpcs.put(other["id"], other.with_public(default=False))
    return _VPCS.change(world, vpc, **changes)


def _delete(call: Call, vpc: StoredObject) -> None:
    if vpc["default"]:
        raise forbidden("Can not delete default VPCs")
    if next(_members(call.world, vpc["id"], None, ""), None) is not None:
        raise forbidden("Can not delete VPC with members")
    for kind, words in (("vpc_peerings", "peerings"), ("partner_attachments", "partner attachments")):
        if any(vpc["id"] in one["vpc_ids"] for one in call.world.store(kind).all()):
            raise forbidden(f"Can not delete VPC with {words}")
    _VPCS.remove(call.world, vpc)


def list_members(call: Call) -> HTTPResponse:
    """Handle ``vpcs_list_members``. The list is empty for a ``resource_type`` that the sandbox does not simulate."""
    wanted = call.query.get("resource_type") or ""
    return call.respond_page(
        "members", "vpc_member", [*_members(call.world, _VPCS.find(call)["id"], call.scopes, wanted)]
    )


def _members(world: World, vpc_id: str, scopes: frozenset[str] | None, wanted: str) -> Iterator[StoredObject]:
    """Yield a VPC's members, of one type or all, as far as the scopes allow."""
    for kind, (type_, scope) in _MEMBERS.items():
        if wanted in {"", type_} and (scopes is None or scope in scopes):
            for record in world.store(kind).all():
                public = record.public
                if vpc_id in vpc_ids_of(public):
                    urn = f"do:{type_}:{public['id']}"
                    name = public["name"] if "name" in public else public["spec"]["name"]
                    yield StoredObject({"urn": urn, "name": name, "created_at": public["created_at"]})


def vpc_ids_of(public: dict[str, Any]) -> tuple[str, ...]:
    """Return the ids of a resource's VPCs. Each kind has them in another field."""
    one = public.get("vpc_uuid") or public.get("vpc_id") or public.get("private_network_uuid")
    one = one or public.get("vpc", {}).get("id")
    return (one,) if one else (*public.get("vpc_ids", ()), *(vpc["vpc_uuid"] for vpc in public.get("vpcs", ())))


def list_peerings(call: Call) -> HTTPResponse:
    """Handle ``vpcPeerings_list``, oldest first, optionally for peerings with one end in a ``region``."""
    region, vpcs = call.query.get("region"), call.world.vpcs
    peerings = call.world.vpc_peerings.all()
    if region:
        peerings = [one for one in peerings if any(vpcs[id_]["region"] == region for id_ in one["vpc_ids"])]
    return call.respond_page("vpc_peerings", "vpc_peering", peerings)


def _list_own_peerings(call: Call, vpc: StoredObject) -> list[StoredObject]:
    return [one for one in _PEERINGS.all(call.world) if vpc["id"] in one["vpc_ids"]]


def create_peering(call: Call) -> HTTPResponse:
    """Handle ``vpcPeerings_create``."""
    return call.respond("vpc_peering", _create_peering(call, required_field(call.body, "vpc_ids", "array")), status=202)


def create_vpc_peering(call: Call) -> HTTPResponse:
    """Handle ``vpcs_create_peerings``; the body has the other VPC."""
    vpc = _VPCS.find(call)
    other = required_field(call.body, "vpc_id", "string")
    return call.respond("peering", _create_peering(call, [vpc["id"], other]), status=202)


def _create_peering(call: Call, vpc_ids: list[str]) -> StoredObject:
    world = call.world
    name = _validated_peering_name(world, required_field(call.body, "name", "string"), "")
    if len(vpc_ids) != _PEER_COUNT or len({*vpc_ids}) != _PEER_COUNT:
        raise unprocessable("vpc_ids must contain the ids of two different VPCs.")
    for id_ in vpc_ids:
        if id_ not in world.vpcs:
            raise unprocessable(f"VPC {id_} not found.")
    if any({*one["vpc_ids"]} == {*vpc_ids} for one in world.vpc_peerings.all()):
        raise unprocessable("These VPCs already have a peering.")
    return _PEERINGS.add(world, {"name": name, "vpc_ids": vpc_ids}, world.now())


def _validated_peering_name(world: World, name: str, own_id: str) -> str:
    if not _PEERING_NAME.fullmatch(name):
        raise unprocessable("Name may only contain alphanumeric characters and dashes.")
    if any(one["name"] == name and one["id"] != own_id for one in world.vpc_peerings.all()):
        raise unprocessable(f"A VPC peering named {name} already exists.")
    return name


def rename_vpc_peering(call: Call) -> HTTPResponse:
    """Handle ``vpcs_patch_peerings``. A peering of other VPCs is not found."""
    vpc, peering = _VPCS.find(call), call.world.vpc_peerings.get(call.path_params["vpc_peering_id"])
    if peering is None or vpc["id"] not in peering["vpc_ids"]:
        raise not_found()
    return call.respond("peering", _rename_peering(call, peering))


def _rename_peering(call: Call, peering: StoredObject) -> StoredObject:
    name = _validated_peering_name(call.world, required_field(call.body, "name", "string"), peering["id"])
    if peering["status"] == "DELETING":
        raise unprocessable("The VPC peering is being deleted.")
    return _PEERINGS.change(call.world, peering, name=name)


def _delete_peering(call: Call, peering: StoredObject) -> StoredObject:
    _PEERINGS.begin_deletion(call.world, peering)
    return call.world.vpc_peerings[peering["id"]]


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "vpcs_list": _VPCS.list(),
    "vpcs_get": _VPCS.get(),
    "vpcs_create": create_vpc,
    "vpcs_update": _VPCS.on(_update),
    # Missing fields stay.
    "vpcs_patch": _VPCS.on(lambda call, vpc: _apply_changes(call, vpc, call.body)),
    "vpcs_delete": _VPCS.on(_delete),
    "vpcs_list_members": list_members,
    "vpcPeerings_list": list_peerings,
    "vpcPeerings_get": _PEERINGS.get(),
    "vpcPeerings_create": create_peering,
    "vpcPeerings_patch": _PEERINGS.on(_rename_peering),
    "vpcPeerings_delete": _PEERINGS.on(_delete_peering),
    "vpcs_list_peerings": _VPCS.on(_list_own_peerings),
    "vpcs_create_peerings": create_vpc_peering,
    "vpcs_patch_peerings": rename_vpc_peering,
}
