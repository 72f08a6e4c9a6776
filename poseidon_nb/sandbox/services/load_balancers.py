"""Load balancers, their forwarding rules, and the droplets behind them, by id or by tag.

A new load balancer is ``new`` without an address, and later ``active`` with one. Droplets by tag are looked up on each
request: those with the tag in its VPC. An update resets missing fields, except for its region, VPC, project and type.

Not documented, chosen here: the messages of 422s. Droplets must be in the same VPC. A global load balancer has no
region. Not enforced: a load balancer can be resized only once an hour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.actions import transition_s
from poseidon_nb.sandbox.call import optional_field, required_field
from poseidon_nb.sandbox.history import remove_billed, with_change
from poseidon_nb.sandbox.invoices import node_count
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import respond, unprocessable
from poseidon_nb.sandbox.services import load_balancer_settings as settings
from poseidon_nb.sandbox.services.droplets import droplets_with_tag
from poseidon_nb.sandbox.services.firewalls import remove_load_balancer
from poseidon_nb.sandbox.services.projects import requested_project
from poseidon_nb.sandbox.services.vpcs import ensure_default_vpc, free_addresses, requested_vpc
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.store import SharedObject
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.\-]{0,254}")
_MAX_LOAD_BALANCERS = 100
_GLOBAL, _INTERNAL, _DUALSTACK = "GLOBAL", "INTERNAL", "DUALSTACK"


def with_tagged_droplets(world: World, balancer: StoredObject) -> StoredObject:
    """Return a load balancer with the droplets that have its tag now."""
    tag = balancer["tag"]
    if not tag:
        return balancer
    vpc = balancer.public.get("vpc_uuid")
    ids = [droplet["id"] for droplet in droplets_with_tag(world, tag) if vpc in {None, droplet["vpc_uuid"]}]
    return balancer.with_public(droplet_ids=ids)


_BALANCERS = Resource("load_balancers", show=lambda call, balancer: with_tagged_droplets(call.world, balancer))


def create_load_balancer(call: Call) -> HTTPResponse:
    """Handle ``loadBalancers_create``."""
    body, world = call.body, call.world
    kind = {name: settings.read_immutable(body, name) for name in settings.IMMUTABLE_FIELDS}
    region = _requested_region(world, body, needed=kind["type"] != _GLOBAL)
    slug = region["slug"] if region else ""
    fields = {
        "name": _validated_name(body),
        **settings.read_settings(world, body, slug, is_global=kind["type"] == _GLOBAL),
        **kind,
    }
    if region is None or kind["type"] == _GLOBAL:
        fields |= _global_settings(world, body)
        vpc = None
    else:
        vpc = _requested_vpc(call, slug)
        fields |= {"region": region, "vpc_uuid": vpc["id"]}
    fields |= _requested_droplets(call, vpc)
    fields["project_id"] = requested_project(world, body.get("project_id"))
    if len(world.load_balancers) >= _MAX_LOAD_BALANCERS:
        raise unprocessable("creating this load balancer will exceed your load balancer limit")
    balancer = add_load_balancer(world, world.now(), fields)
    after_s = transition_s("load_balancer", speed=world.speed, draw=(world.seed, "load_balancer", balancer["id"]))
    world.schedule(world.now() + after_s, "load_balancer.active", balancer["id"])
    return respond(call, with_tagged_droplets(world, balancer))


def add_load_balancer(world: World, at: float, fields: dict[str, Any]) -> StoredObject:
    """Add a load balancer without checking it. It is ``new`` until `activate`."""
    number = world.next_number("load_balancers")
    id_ = rng.uuid(world.seed, "load_balancer", number)
    vpc = world.vpcs.get(fields.get("vpc_uuid"))
    internal = fields["network"] == _INTERNAL and vpc is not None
    used = {balancer.internal["ip"] for balancer in world.load_balancers.all()}
    public_ip = objects.free_address(objects.LOAD_BALANCER_RANGE, used)
    ip = free_addresses(world, vpc, 1)[0] if internal and vpc is not None else public_ip
    public = {"id": id_, "ip": "", "status": "new", "created_at": format_time(at), **fields}
    balancer = StoredObject(public, {"ip": ip, "number": number})
    world.load_balancers.put(id_, balancer)
    return balancer


def activate(world: World, _at: float, id_: str) -> None:
    """Set a load balancer to ``active`` and show its address."""
    balancer = world.load_balancers.get(id_)
    if balancer is None:
        return
    public = {"status": "active", "ip": balancer.internal["ip"]}
    if balancer["network_stack"] == _DUALSTACK:
        public["ipv6"] = f"2001:db8:1b::{balancer.internal['number']:x}"
    world.load_balancers.put(id_, balancer.with_public(**public))


def _update(call: Call, balancer: StoredObject) -> StoredObject:
    body, world = call.body, call.world
    slug = balancer["region"]["slug"] if "region" in balancer.public else ""
    if slug and required_field(body, "region", "string") != slug:
        raise unprocessable("The region of a load balancer cannot be changed.")
    immutable = {name: balancer[name] for name in settings.IMMUTABLE_FIELDS} | {
        "vpc_uuid": balancer.public.get("vpc_uuid")
    }
    for name, value in immutable.items():
        if optional_field(body, name, "string") not in {None, "", value}:
            raise unprocessable(f"The {name} of a load balancer cannot be changed.")
    is_global = balancer["type"] == _GLOBAL
    fields = {"name": _validated_name(body), **settings.read_settings(world, body, slug, is_global=is_global)}
    if is_global:
        fields |= _global_settings(world, body)
    fields |= _requested_droplets(call, world.vpcs.get(balancer.public.get("vpc_uuid")))
    fields["project_id"] = requested_project(world, body.get("project_id"), balancer["project_id"])
    before, after = node_count(balancer.public), node_count(fields)
    if after != before:
        balancer = with_change(balancer, "size_unit", world.now(), after, before)
    return _BALANCERS.put(world, balancer.without("size").with_public(**fields))


def remove_balancer(world: World, id_: str) -> None:
    """Remove a load balancer, also from firewalls and global load balancers."""
    remove_billed(world, "load_balancers", id_)
    remove_load_balancer(world, id_)
    for other in world.load_balancers.all():
        if id_ in other.public.get("target_load_balancer_ids", ()):
            rest = [target for target in other["target_load_balancer_ids"] if target != id_]
            world.load_balancers.put(other["id"], other.with_public(target_load_balancer_ids=rest))


def _delete_cache(_call: Call, balancer: StoredObject) -> None:
    if balancer["type"] != _GLOBAL:
        raise unprocessable("Only a global load balancer has a cache.")


def _validated_name(body: dict[str, Any]) -> str:
    name: str = required_field(body, "name", "string")
    if not _NAME.fullmatch(name):
        raise unprocessable("Name may only contain letters, digits, periods and dashes.")
    return name


def _requested_region(world: World, body: dict[str, Any], *, needed: bool) -> SharedObject | None:
    read = required_field if needed else optional_field
    slug = read(body, "region", "string")
    refusal = "You specified an invalid region for load balancer creation."
    return objects.require_region(world, slug, refusal) if slug else None


def _requested_vpc(call: Call, region: str) -> StoredObject:
    vpc_id = optional_field(call.body, "vpc_uuid", "string")
    vpc = requested_vpc(call, vpc_id, region, f"VPC {vpc_id} not found in {region}.")
    return vpc or ensure_default_vpc(call.world, region, call.world.now())


def _global_settings(world: World, body: dict[str, Any]) -> dict[str, Any]:
    targets = optional_field(body, "target_load_balancer_ids", "array") or []
    for id_ in targets:
        target = world.load_balancers.get(id_)
        if target is None or target["type"] == _GLOBAL:
            raise unprocessable(f"Regional load balancer {id_} not found.")
    return {"target_load_balancer_ids": targets, **settings.read_global_settings(world, body)}


def _requested_droplets(call: Call, vpc: StoredObject | None) -> dict[str, Any]:
    """Return the droplets of a body, by id or by tag."""
    tag, world = optional_field(call.body, "tag", "string") or "", call.world
    ids = optional_field(call.body, "droplet_ids", "array") or []
    if tag and ids:
        raise unprocessable("droplet_ids and tag cannot be combined.")
    if tag:
        known = world.tags.get(tag.lower())
        if known is None:
            raise unprocessable(f"Tag {tag} not found.")
        tag = known["name"]
    return {"tag": tag, "droplet_ids": _validated_ids(world, ids, vpc)}


def _validated_ids(world: World, ids: list[int], vpc: StoredObject | None) -> list[int]:
    for id_ in ids:
        droplet = world.droplets.get(id_)
        if droplet is None:
            raise unprocessable(f"Droplet {id_} not found.")
        if vpc is not None and droplet["vpc_uuid"] != vpc["id"]:
            raise unprocessable(f"Droplet {id_} is not in the VPC of the load balancer.")
    return [*dict.fromkeys(ids)]


def _require_no_tag(balancer: StoredObject) -> None:
    if balancer["tag"]:
        raise unprocessable(
            "The load balancer selects Droplets by tag. Single Droplets can be neither added nor removed."
        )


def _add_droplets(call: Call, balancer: StoredObject) -> None:
    _require_no_tag(balancer)
    vpc = call.world.vpcs.get(balancer.public.get("vpc_uuid"))
    added = _validated_ids(call.world, required_field(call.body, "droplet_ids", "array"), vpc)
    _BALANCERS.change(call.world, balancer, droplet_ids=[*dict.fromkeys([*balancer["droplet_ids"], *added])])


def _remove_droplets(call: Call, balancer: StoredObject) -> None:
    _require_no_tag(balancer)
    removed = required_field(call.body, "droplet_ids", "array")
    _BALANCERS.change(call.world, balancer, droplet_ids=[id_ for id_ in balancer["droplet_ids"] if id_ not in removed])


def _add_rules(call: Call, balancer: StoredObject) -> None:
    combined = [*balancer["forwarding_rules"], *settings.read_rules(call.world, call.body)]
    _BALANCERS.change(call.world, balancer, forwarding_rules=settings.check_rules(combined))


def _remove_rules(call: Call, balancer: StoredObject) -> None:
    """Remove the rules that match by protocol and port of both ends."""
    removed = settings.read_rule_keys(call.body)
    rest = [rule for rule in balancer["forwarding_rules"] if settings.rule_key(rule) not in removed]
    _BALANCERS.change(call.world, balancer, forwarding_rules=settings.check_rules(rest))


def _remove_droplet(world: World, _at: float, droplet_id: int) -> None:
    for balancer in world.load_balancers.all():
        if droplet_id in balancer["droplet_ids"]:
            rest = [id_ for id_ in balancer["droplet_ids"] if id_ != droplet_id]
            world.load_balancers.put(balancer["id"], balancer.with_public(droplet_ids=rest))


def _remove_tag(world: World, _at: float, folded: str) -> None:
    for balancer in world.load_balancers.all():
        if balancer["tag"].lower() == folded:
            world.load_balancers.put(balancer["id"], balancer.with_public(tag=""))


OPERATIONS = {
    "loadBalancers_list": _BALANCERS.list(),
    "loadBalancers_get": _BALANCERS.get(),
    "loadBalancers_create": create_load_balancer,
    "loadBalancers_update": _BALANCERS.on(_update),
    "loadBalancers_delete": _BALANCERS.on(lambda call, balancer: remove_balancer(call.world, balancer["id"])),
    "loadBalancers_delete_cache": _BALANCERS.on(_delete_cache),
    "loadBalancers_add_droplets": _BALANCERS.on(_add_droplets),
    "loadBalancers_remove_droplets": _BALANCERS.on(_remove_droplets),
    "loadBalancers_add_forwardingRules": _BALANCERS.on(_add_rules),
    "loadBalancers_remove_forwardingRules": _BALANCERS.on(_remove_rules),
}
EFFECTS: dict[str, Callable[..., None]] = {
    "load_balancer.active": activate,
    "droplet.deleted.load_balancers": _remove_droplet,
    "tag.deleted.load_balancers": _remove_tag,
}
