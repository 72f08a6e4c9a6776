"""Firewalls, their rules, and the droplets that they protect, by id or by tag.

A change that affects droplets is ``waiting`` with its ``pending_changes`` and later ``succeeded``; a change that
affects no droplet succeeds at once. A droplet that gets a firewall's tag is protected from then on. In rules, all
ports are ``"0"``. ICMP has no ports: its rules keep those that are sent, and have ``"0"`` otherwise. Tags must exist,
says the specification.

The limits are from DigitalOcean's page on firewall limits (read in 2026). A name in use answers 409 "duplicate name"
(seen in harmony-one/harmony-ops issue 390), and "invalid address" is from terraform-provider-digitalocean issue 33.
Not documented, chosen here: the other messages. Adding what exists and removing what does not changes nothing and
answers 204. The last rule cannot be removed.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.actions import transition_s
from poseidon_nb.sandbox.call import MAX_PORT, check_type, convert, optional_field, required_field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import conflict, respond, unprocessable
from poseidon_nb.sandbox.services.droplets import DROPLETS
from poseidon_nb.sandbox.store import StoredObject, to_json
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

#: The two lists of rules, and the name of the other side in the rules of each.
SIDES = {"inbound_rules": "sources", "outbound_rules": "destinations"}
_MAX_RULES = 50
_PROTOCOLS = ("tcp", "udp", "icmp")
#: What a side may refer to, with the type of its items.
_TARGETS = {
    "addresses": "string",
    "droplet_ids": "integer",
    "load_balancer_uids": "string",
    "kubernetes_ids": "string",
    "tags": "string",
}
_ALL_PORTS = "0"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.\-]+")
_MAX_DROPLETS, _MAX_TAGS = 10, 5
_CLUSTERS = "kubernetes_clusters"


def read_rules(world: World, body: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Parse both lists of rules of a body, or raise 422 if it has no rule."""
    rules = {
        key: [_parse_rule(world, rule, side) for rule in optional_field(body, key, "array") or ()]
        for key, side in SIDES.items()
    }
    return check_rule_count(rules)


def check_rule_count(rules: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return the rules, or raise 422 if there are none or too many."""
    number = sum(map(len, rules.values()))
    if not number:
        raise unprocessable("A firewall needs at least one inbound or outbound rule.")
    if number > _MAX_RULES:
        raise unprocessable(f"A firewall can have at most {_MAX_RULES} rules.")
    return rules


def rule_key(rule: dict[str, Any]) -> bytes:
    """Return a key that equivalent rules share."""
    sides = {name: value for name, value in rule.items() if isinstance(value, dict)}
    ((side, targets),) = sides.items()
    return to_json(
        [rule["protocol"], rule["ports"], side, sorted((name, sorted(values)) for name, values in targets.items())]
    )


def remove_targets(
    rules: Iterable[dict[str, Any]], target: str, is_removed: Callable[[Any], bool]
) -> list[dict[str, Any]]:
    """Return the rules without references to a removed resource. A rule without any references allows no traffic."""
    updated = []
    for rule in rules:
        changed = dict(rule)
        for side in SIDES.values():
            if target in rule.get(side, ()):
                targets = {**rule[side], target: [one for one in rule[side][target] if not is_removed(one)]}
                changed[side] = {name: values for name, values in targets.items() if values}
        updated.append(changed)
    return updated


def _parse_rule(world: World, rule: Any, side: str) -> dict[str, Any]:
    check_type("a rule", rule, "object")
    protocol = required_field(rule, "protocol", "string")
    if protocol not in _PROTOCOLS:
        raise unprocessable(f"{protocol} is not a valid protocol. Use tcp, udp or icmp.")
    return {
        "protocol": protocol,
        "ports": _requested_ports(rule, protocol),
        side: _parse_targets(world, required_field(rule, side, "object"), side),
    }


def _requested_ports(rule: dict[str, Any], protocol: str) -> str:
    if protocol != "icmp":
        return _parse_ports(required_field(rule, "ports", "string"))
    text: str = optional_field(rule, "ports", "string") or _ALL_PORTS
    _parse_ports(text)
    return text


def _parse_ports(text: str) -> str:
    if text in {"all", _ALL_PORTS}:
        return _ALL_PORTS
    first, _, last = text.partition("-")
    ends = (first, last or first)
    if not all(end.isascii() and end.isdigit() and len(end) <= len(str(MAX_PORT)) for end in ends):
        raise unprocessable(f"{text} is not a port. Use for example 443, 8000-9000, or 0 for all ports.")
    if not 1 <= int(ends[0]) <= int(ends[1]) <= MAX_PORT:
        raise unprocessable(f"ports must be from 1 to {MAX_PORT}, with the lower port first.")
    return text


def _parse_targets(world: World, targets: dict[str, Any], side: str) -> dict[str, list[Any]]:
    named: dict[str, list[Any]] = {}
    for name, kind in _TARGETS.items():
        sent = optional_field(targets, name, "array") or []
        values = [convert(f"an item of {name}", value, kind) for value in sent]
        for value in values:
            _check_target(world, name, value)
        if values:
            named[name] = [*dict.fromkeys(values)]
    if not named:
        raise unprocessable(f"{side} must have at least one of {', '.join(_TARGETS)}.")
    return named


def _check_target(world: World, name: str, value: Any) -> None:
    if name == "addresses":
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise unprocessable("invalid address") from None
    elif name == "droplet_ids" and value not in world.droplets:
        raise unprocessable(f"Droplet {value} not found.")
    elif name == "load_balancer_uids" and value not in world.load_balancers:
        raise unprocessable(f"Load balancer {value} not found.")
    elif name == "kubernetes_ids" and value not in world.store(_CLUSTERS):
        raise unprocessable(f"Kubernetes cluster {value} not found.")
    elif name == "tags" and value.lower() not in world.tags:
        raise unprocessable(f"Tag {value} not found.")


_FIREWALLS = Resource("firewalls")


def _list_of_droplet(call: Call, droplet: StoredObject) -> list[StoredObject]:
    """Return the firewalls with the droplet's id or one of its tags."""
    own = {tag.lower() for tag in droplet["tags"]}
    return [
        firewall
        for firewall in call.world.firewalls.all()
        if droplet["id"] in firewall["droplet_ids"] or any(tag.lower() in own for tag in firewall["tags"])
    ]


def create_firewall(call: Call) -> HTTPResponse:
    """Handle ``firewalls_create``."""
    world = call.world
    firewall = add_firewall(world, world.now(), **_requested_fields(call, ""))
    return respond(call, _save_with_pending(world, firewall, protected_droplets(world, firewall.public)))


def add_firewall(world: World, at: float, **fields: Any) -> StoredObject:
    """Add a firewall without checking it. The fields are the name, droplet_ids, tags and both lists of rules."""
    id_ = rng.uuid(world.seed, "firewall", world.next_number("firewalls"))
    firewall = StoredObject(
        {"id": id_, "status": "succeeded", "created_at": format_time(at), "pending_changes": [], **fields},
    )
    world.firewalls.put(id_, firewall)
    return firewall


def _update(call: Call, firewall: StoredObject) -> StoredObject:
    """Replace the fields of a firewall. Missing fields become empty."""
    requested = _requested_fields(call, firewall["id"])
    before = protected_droplets(call.world, firewall.public)
    changed = firewall.with_public(**requested)
    after = protected_droplets(call.world, changed.public)
    return _save_with_pending(call.world, changed, after, before - after)


def _requested_fields(call: Call, own_id: str) -> dict[str, Any]:
    world, body = call.world, call.body
    name = required_field(body, "name", "string")
    if not _NAME.fullmatch(name):
        raise unprocessable(
            "Name must start with a letter or digit, followed by at least one letter, digit, period or dash."
        )
    droplet_ids = _requested_droplet_ids(call)
    tags = _requested_tags(call)
    rules = read_rules(world, body)
    if any(firewall["name"] == name and firewall["id"] != own_id for firewall in world.firewalls.all()):
        raise conflict("duplicate name")
    return {
        "name": name,
        "droplet_ids": _check_count(droplet_ids, _MAX_DROPLETS, "Droplets"),
        "tags": _check_count(tags, _MAX_TAGS, "tags"),
        **rules,
    }


def _requested_droplet_ids(call: Call) -> list[int]:
    ids: list[int] = [*dict.fromkeys(optional_field(call.body, "droplet_ids", "array") or ())]
    if ids:
        call.require_scopes("droplet:read")
    for id_ in ids:
        if id_ not in call.world.droplets:
            raise unprocessable(f"Droplet {id_} not found.")
    return ids


def _requested_tags(call: Call) -> list[str]:
    """Return the tags of a body in the account's spelling."""
    tags = optional_field(call.body, "tags", "array") or []
    if tags:
        call.require_scopes("tag:read")
    for tag in tags:
        if tag.lower() not in call.world.tags:
            raise unprocessable(f"Tag {tag} not found.")
    return [*dict.fromkeys(str(call.world.tags[tag.lower()]["name"]) for tag in tags)]


def _check_count(items: list[Any], maximum: int, what: str) -> list[Any]:
    if len(items) > maximum:
        raise unprocessable(f"A firewall can have at most {maximum} {what}.")
    return items


def _add_droplets(call: Call, firewall: StoredObject) -> None:
    required_field(call.body, "droplet_ids", "array")
    combined = [*dict.fromkeys([*firewall["droplet_ids"], *_requested_droplet_ids(call)])]
    _update_targets(call, firewall, droplet_ids=_check_count(combined, _MAX_DROPLETS, "Droplets"))


def _remove_droplets(call: Call, firewall: StoredObject) -> None:
    removed = required_field(call.body, "droplet_ids", "array")
    _update_targets(call, firewall, droplet_ids=[id_ for id_ in firewall["droplet_ids"] if id_ not in removed])


def _add_tags(call: Call, firewall: StoredObject) -> None:
    required_field(call.body, "tags", "array")
    combined = [*dict.fromkeys([*firewall["tags"], *_requested_tags(call)])]
    _update_targets(call, firewall, tags=_check_count(combined, _MAX_TAGS, "tags"))


def _remove_tags(call: Call, firewall: StoredObject) -> None:
    removed = {tag.lower() for tag in required_field(call.body, "tags", "array")}
    _update_targets(call, firewall, tags=[tag for tag in firewall["tags"] if tag.lower() not in removed])


def _add_rules(call: Call, firewall: StoredObject) -> None:
    requested = read_rules(call.world, call.body)
    combined = {
        side: [*{rule_key(rule): rule for rule in [*firewall[side], *rules]}.values()]
        for side, rules in requested.items()
    }
    _update_rules(call, firewall, check_rule_count(combined))


def _remove_rules(call: Call, firewall: StoredObject) -> None:
    """Remove equivalent rules."""
    requested = read_rules(call.world, call.body)
    removed = {side: {rule_key(rule) for rule in rules} for side, rules in requested.items()}
    rest = {side: [rule for rule in firewall[side] if rule_key(rule) not in removed[side]] for side in SIDES}
    _update_rules(call, firewall, check_rule_count(rest))


def _update_rules(call: Call, firewall: StoredObject, rules: dict[str, list[dict[str, Any]]]) -> None:
    changed = firewall.with_public(**rules)
    _save_with_pending(call.world, changed, protected_droplets(call.world, changed.public))


def _update_targets(call: Call, firewall: StoredObject, **changes: Any) -> None:
    """Change what a firewall protects. Only added and removed droplets become pending."""
    before = protected_droplets(call.world, firewall.public)
    changed = firewall.with_public(**changes)
    after = protected_droplets(call.world, changed.public)
    _save_with_pending(call.world, changed, after - before, before - after)


def protected_droplets(world: World, public: dict[str, Any]) -> set[int]:
    """Return the ids of the droplets that a firewall protects."""
    tags = {tag.lower() for tag in public["tags"]}
    ids = {*public["droplet_ids"]}
    if tags:
        ids |= {
            droplet["id"]
            for droplet in world.droplets.all()
            if any(tag.lower() in tags for tag in droplet.public["tags"])
        }
    return ids


def _save_with_pending(
    world: World, firewall: StoredObject, added: Iterable[int], removed: Iterable[int] = ()
) -> StoredObject:
    """Store a firewall with pending changes for droplets, in addition to those of earlier changes."""
    pending = {change["droplet_id"]: change for change in firewall["pending_changes"]}
    for ids, removing in ((added, False), (removed, True)):
        for id_ in sorted(ids):
            pending[id_] = {"droplet_id": id_, "removing": removing, "status": "waiting"}
    if pending:
        number = world.next_number("firewall_changes")
        firewall = firewall.with_public(status="waiting", pending_changes=[*pending.values()]).with_internal(
            change=number
        )
        after_s = transition_s("firewall", speed=world.speed, draw=(world.seed, "firewall", number))
        world.schedule(world.now() + after_s, "firewall.succeeded", firewall["id"], number)
    world.firewalls.put(firewall["id"], firewall)
    return firewall


def _finish_change(world: World, _at: float, id_: str, number: int) -> None:
    """Complete a firewall's change, unless it was changed again since."""
    firewall = world.firewalls.get(id_)
    if firewall is not None and firewall.internal.get("change") == number:
        world.firewalls.put(id_, firewall.with_public(status="succeeded", pending_changes=[]))


def _remove_droplet(world: World, _at: float, droplet_id: int) -> None:
    for firewall in world.firewalls.all():
        rules = _rules_without(firewall, "droplet_ids", droplet_id)
        pending = [change for change in firewall["pending_changes"] if change["droplet_id"] != droplet_id]
        world.firewalls.put(
            firewall["id"],
            firewall.with_public(
                droplet_ids=[id_ for id_ in firewall["droplet_ids"] if id_ != droplet_id],
                pending_changes=pending,
                status=firewall["status"] if pending else "succeeded",
                **rules,
            ),
        )


def _remove_tag(world: World, _at: float, folded: str) -> None:
    for firewall in world.firewalls.all():
        rules = {side: remove_targets(firewall[side], "tags", lambda tag: tag.lower() == folded) for side in SIDES}
        tags = [tag for tag in firewall["tags"] if tag.lower() != folded]
        world.firewalls.put(firewall["id"], firewall.with_public(tags=tags, **rules))


def remove_load_balancer(world: World, id_: str) -> None:
    """Remove a deleted load balancer from all rules."""
    for firewall in world.firewalls.all():
        world.firewalls.put(firewall["id"], firewall.with_public(**_rules_without(firewall, "load_balancer_uids", id_)))


def _remove_cluster(world: World, _at: float, id_: str) -> None:
    for firewall in world.firewalls.all():
        world.firewalls.put(firewall["id"], firewall.with_public(**_rules_without(firewall, "kubernetes_ids", id_)))


def _rules_without(firewall: StoredObject, target: str, id_: int | str) -> dict[str, list[dict[str, Any]]]:
    return {side: remove_targets(firewall[side], target, id_.__eq__) for side in SIDES}


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "firewalls_list": _FIREWALLS.list(),
    "firewalls_get": _FIREWALLS.get(),
    "firewalls_create": create_firewall,
    "firewalls_update": _FIREWALLS.on(_update),
    "firewalls_delete": _FIREWALLS.delete(),
    "firewalls_assign_droplets": _FIREWALLS.on(_add_droplets),
    "firewalls_delete_droplets": _FIREWALLS.on(_remove_droplets),
    "firewalls_add_tags": _FIREWALLS.on(_add_tags),
    "firewalls_delete_tags": _FIREWALLS.on(_remove_tags),
    "firewalls_add_rules": _FIREWALLS.on(_add_rules),
    "firewalls_delete_rules": _FIREWALLS.on(_remove_rules),
    "droplets_list_firewalls": DROPLETS.on(_list_of_droplet),
}


EFFECTS: dict[str, Callable[..., None]] = {
    "firewall.succeeded": _finish_change,
    "droplet.deleted.firewalls": _remove_droplet,
    "tag.deleted.firewalls": _remove_tag,
    f"{_CLUSTERS}.removed.firewalls": _remove_cluster,
}
