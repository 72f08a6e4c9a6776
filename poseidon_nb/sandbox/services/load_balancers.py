"""Load balancers: what they forward, and the droplets behind them, by id or by tag.

A new one is ``new`` and has no address; later it is ``active`` and has one. Those behind it by tag are looked up when they are
asked for: the droplets with the tag in its VPC. An update resets what it leaves out, but for the place, the project and the kind.
Not settled by any source, chosen here: the texts of 422s; droplets are of the same VPC; a global load balancer shows no region.
Not enforced: that one is resized at most once an hour.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies, chance, lifetimes, objects
from poseidon_nb.sandbox.bills import nodes_of
from poseidon_nb.sandbox.durations import settling_s
from poseidon_nb.sandbox.records import Record, Shared
from poseidon_nb.sandbox.replies import no_content, not_found, unprocessable
from poseidon_nb.sandbox.services import load_balancer_settings as settings
from poseidon_nb.sandbox.services.droplets import tagged
from poseidon_nb.sandbox.services.firewalls import forget_load_balancer
from poseidon_nb.sandbox.services.vpcs import ensure_default, free_addresses, vpc_of
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.\-]{0,254}")
_MOST = 100
#: Never routed (RFC 5737), and no droplet's or reserved IP's.
_PUBLIC = tuple(IPv4Network(range_) for range_ in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
_GLOBAL, _INTERNAL, _DUALSTACK = "GLOBAL", "INTERNAL", "DUALSTACK"


def _find(call: Call) -> Record:
    balancer = call.world.load_balancers.get(call.names["lb_id"])
    if balancer is None:
        raise not_found()
    return balancer


def _view(world: World, balancer: Record) -> Record:
    """Give a load balancer with the droplets that have its tag now."""
    tag = balancer["tag"]
    if not tag:
        return balancer
    vpc = balancer.shown.get("vpc_uuid")
    ids = [droplet["id"] for droplet in tagged(world, tag) if vpc in {None, droplet["vpc_uuid"]}]
    return balancer.showing(droplet_ids=ids)


def list_load_balancers(call: Call) -> Reply:
    """Answer ``loadBalancers_list``, oldest first."""
    shown = [_view(call.world, balancer) for balancer in call.world.load_balancers.listed()]
    return call.page("load_balancers", "load_balancer", shown)


def get_load_balancer(call: Call) -> Reply:
    """Answer ``loadBalancers_get``."""
    return call.one("load_balancer", _view(call.world, _find(call)))


def create_load_balancer(call: Call) -> Reply:
    """Answer ``loadBalancers_create``."""
    body, world = call.body, call.world
    region = world.figures.regions.get(bodies.required(body, "region", "string"))
    if region is None or not region["available"]:
        raise unprocessable("You specified an invalid region for load balancer creation.")
    kind = {name: settings.lasting(body, name) for name in settings.LASTING}
    fields = {"name": _checked_name(body), **settings.read_settings(world, body, region["slug"]), **kind}
    if kind["type"] == _GLOBAL:
        fields |= _global_settings(world, body)
        vpc = None
    else:
        vpc = _vpc(call, region["slug"])
        fields |= {"region": region, "vpc_uuid": vpc["id"]}
    fields |= _behind(call, vpc)
    fields["project_id"] = _project(world, body, objects.default_project(world))
    if len(world.load_balancers) >= _MOST:
        raise unprocessable("creating this load balancer will exceed your load balancer limit")
    balancer = make_load_balancer(world, world.now(), fields)
    after_s = settling_s("load_balancer", speed=world.speed, draw=(world.seed, "load_balancer", balancer["id"]))
    world.schedule(world.now() + after_s, "load_balancer.active", balancer["id"])
    return call.one("load_balancer", _view(world, balancer), status=202)


def make_load_balancer(world: World, at: float, fields: dict[str, Any]) -> Record:
    """Put up a load balancer that nothing forbids; it is new until `become_active`."""
    number = world.count("load_balancers")
    id_ = chance.uuid(world.seed, "load_balancer", number)
    vpc = world.vpcs.get(fields.get("vpc_uuid"))
    internal = fields["network"] == _INTERNAL and vpc is not None
    ip = free_addresses(world, vpc, 1)[0] if internal and vpc is not None else _free_public_address(world)
    shown = {"id": id_, "ip": "", "status": "new", "created_at": stamp(at), **fields}
    balancer = Record(shown, {"ip": ip, "number": number})
    world.load_balancers.put(id_, balancer)
    return balancer


def _free_public_address(world: World) -> str:
    # Fewer load balancers are possible than there are addresses, so one is free.
    taken = {balancer.kept["ip"] for balancer in world.load_balancers.listed()}
    return next(str(ip) for range_ in _PUBLIC for ip in range_.hosts() if str(ip) not in taken)


def become_active(world: World, _at: float, id_: str) -> None:
    """Let a load balancer have its address, and work."""
    balancer = world.load_balancers.get(id_)
    if balancer is None:
        return
    shown = {"status": "active", "ip": balancer.kept["ip"]}
    if balancer["network_stack"] == _DUALSTACK:
        shown["ipv6"] = f"2001:db8:1b::{balancer.kept['number']:x}"
    world.load_balancers.put(id_, balancer.showing(**shown))


def update_load_balancer(call: Call) -> Reply:
    """Answer ``loadBalancers_update``."""
    balancer, body, world = _find(call), call.body, call.world
    slug = balancer["region"]["slug"] if "region" in balancer.shown else ""
    if slug and bodies.required(body, "region", "string") != slug:
        raise unprocessable("The region of a load balancer cannot be changed.")
    lasting = {name: balancer[name] for name in settings.LASTING} | {"vpc_uuid": balancer.shown.get("vpc_uuid")}
    for name, value in lasting.items():
        if bodies.optional(body, name, "string") not in {None, value}:
            raise unprocessable(f"The {name} of a load balancer cannot be changed.")
    fields = {"name": _checked_name(body), **settings.read_settings(world, body, slug)}
    if balancer["type"] == _GLOBAL:
        fields |= _global_settings(world, body)
    fields |= _behind(call, world.vpcs.get(balancer.shown.get("vpc_uuid")))
    fields["project_id"] = _project(world, body, balancer["project_id"])
    shown = {name: value for name, value in balancer.shown.items() if name != "size"}
    before, after = nodes_of(balancer.shown), nodes_of(fields)
    if after != before:
        balancer = lifetimes.changed(balancer, "size_unit", world.now(), after, before)
    changed = Record({**shown, **fields}, balancer.kept)
    world.load_balancers.put(balancer["id"], changed)
    return call.one("load_balancer", _view(world, changed))


def delete_load_balancer(call: Call) -> Reply:
    """Answer ``loadBalancers_delete``: it leaves firewalls and global load balancers too."""
    id_, world = _find(call)["id"], call.world
    lifetimes.close(world, "load_balancers", id_)
    world.load_balancers.remove(id_)
    forget_load_balancer(world, id_)
    for other in world.load_balancers.listed():
        if id_ in other.shown.get("target_load_balancer_ids", ()):
            rest = [target for target in other["target_load_balancer_ids"] if target != id_]
            world.load_balancers.put(other["id"], other.showing(target_load_balancer_ids=rest))
    return no_content()


def delete_cache(call: Call) -> Reply:
    """Answer ``loadBalancers_delete_cache``: only a global load balancer has a cache."""
    if _find(call)["type"] != _GLOBAL:
        raise unprocessable("Only a global load balancer has a cache.")
    return no_content()


# --- what a body says ------------------------------------------------------------------------------------------------
def _checked_name(body: dict[str, Any]) -> str:
    name: str = bodies.required(body, "name", "string")
    if not _NAME.fullmatch(name):
        raise unprocessable("Name may only contain letters, digits, periods and dashes.")
    return name


def _vpc(call: Call, region: str) -> Record:
    asked = bodies.optional(call.body, "vpc_uuid", "string")
    if not asked:
        return ensure_default(call.world, region, call.world.now())
    call.need("vpc:read")
    vpc = vpc_of(call.world, asked, region)
    if vpc is None:
        raise unprocessable(f"There is no VPC {asked} in {region}.")
    return vpc


def _project(world: World, body: dict[str, Any], default: str) -> str:
    project_id = bodies.optional(body, "project_id", "string") or default
    if project_id != default and project_id not in world.projects:
        raise unprocessable(f"There is no project {project_id} in your account.")
    return str(project_id)


def _global_settings(world: World, body: dict[str, Any]) -> dict[str, Any]:
    targets = bodies.optional(body, "target_load_balancer_ids", "array") or []
    for id_ in targets:
        target = world.load_balancers.get(id_)
        if target is None or target["type"] == _GLOBAL:
            raise unprocessable(f"There is no regional load balancer {id_} in your account.")
    domains = bodies.optional(body, "domains", "array") or []
    for domain in domains:
        bodies.required(domain, "name", "string")
    return {
        "target_load_balancer_ids": targets,
        "domains": domains,
        "glb_settings": Shared(bodies.optional(body, "glb_settings", "object") or {}),
    }


def _behind(call: Call, vpc: Record | None) -> dict[str, Any]:
    """Give the droplets of a body, by id or by tag."""
    tag, world = bodies.optional(call.body, "tag", "string") or "", call.world
    ids = bodies.optional(call.body, "droplet_ids", "array") or []
    if tag and ids:
        raise unprocessable("droplet_ids and tag cannot be combined.")
    if tag:
        known = world.tags.get(tag.lower())
        if known is None:
            raise unprocessable(f"There is no tag {tag} in your account.")
        tag = known["name"]
    return {"tag": tag, "droplet_ids": _checked_ids(world, ids, vpc)}


def _checked_ids(world: World, ids: list[int], vpc: Record | None) -> list[int]:
    for id_ in ids:
        droplet = world.droplets.get(id_)
        if droplet is None:
            raise unprocessable(f"There is no Droplet {id_} in your account.")
        if vpc is not None and droplet["vpc_uuid"] != vpc["id"]:
            raise unprocessable(f"Droplet {id_} is not in the VPC of the load balancer.")
    return [*dict.fromkeys(ids)]


# --- parts of a load balancer ----------------------------------------------------------------------------------------
def _with_own_droplets(call: Call) -> Record:
    balancer = _find(call)
    if balancer["tag"]:
        raise unprocessable(
            "The load balancer has its Droplets by tag, so single ones can be neither added nor removed."
        )
    return balancer


def add_droplets(call: Call) -> Reply:
    """Answer ``loadBalancers_add_droplets``."""
    balancer = _with_own_droplets(call)
    vpc = call.world.vpcs.get(balancer.shown.get("vpc_uuid"))
    added = _checked_ids(call.world, bodies.required(call.body, "droplet_ids", "array"), vpc)
    return _changed(call, balancer, droplet_ids=[*dict.fromkeys([*balancer["droplet_ids"], *added])])


def remove_droplets(call: Call) -> Reply:
    """Answer ``loadBalancers_remove_droplets``."""
    balancer = _with_own_droplets(call)
    taken = bodies.required(call.body, "droplet_ids", "array")
    return _changed(call, balancer, droplet_ids=[id_ for id_ in balancer["droplet_ids"] if id_ not in taken])


def add_rules(call: Call) -> Reply:
    """Answer ``loadBalancers_add_forwardingRules``."""
    balancer = _find(call)
    together = [*balancer["forwarding_rules"], *settings.read_rules(call.world, call.body)]
    return _changed(call, balancer, forwarding_rules=settings.checked_rules(together))


def remove_rules(call: Call) -> Reply:
    """Answer ``loadBalancers_remove_forwardingRules``: a rule goes if both its ends are the same."""
    balancer = _find(call)
    taken = settings.read_places(call.body)
    rest = [rule for rule in balancer["forwarding_rules"] if settings.place_of(rule) not in taken]
    return _changed(call, balancer, forwarding_rules=settings.checked_rules(rest))


def _changed(call: Call, balancer: Record, **changes: Any) -> Reply:
    call.world.load_balancers.put(balancer["id"], balancer.showing(**changes))
    return no_content()


# --- what goes -------------------------------------------------------------------------------------------------------
def _forget_droplet(world: World, _at: float, droplet_id: int) -> None:
    for balancer in world.load_balancers.listed():
        if droplet_id in balancer["droplet_ids"]:
            rest = [id_ for id_ in balancer["droplet_ids"] if id_ != droplet_id]
            world.load_balancers.put(balancer["id"], balancer.showing(droplet_ids=rest))


def _forget_tag(world: World, _at: float, folded: str) -> None:
    for balancer in world.load_balancers.listed():
        if balancer["tag"].lower() == folded:
            world.load_balancers.put(balancer["id"], balancer.showing(tag=""))


OPERATIONS = {
    "loadBalancers_list": list_load_balancers,
    "loadBalancers_get": get_load_balancer,
    "loadBalancers_create": create_load_balancer,
    "loadBalancers_update": update_load_balancer,
    "loadBalancers_delete": delete_load_balancer,
    "loadBalancers_delete_cache": delete_cache,
    "loadBalancers_add_droplets": add_droplets,
    "loadBalancers_remove_droplets": remove_droplets,
    "loadBalancers_add_forwardingRules": add_rules,
    "loadBalancers_remove_forwardingRules": remove_rules,
}
EFFECTS: dict[str, Callable[..., None]] = {
    "load_balancer.active": become_active,
    "droplet.gone.load_balancers": _forget_droplet,
    "tag.gone.load_balancers": _forget_tag,
}
