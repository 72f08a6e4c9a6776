"""Firewalls: their rules, and the droplets that they protect, by id and by tag.

A change that reaches droplets is ``waiting`` with its ``pending_changes`` and later ``succeeded``; one that reaches none has
succeeded at once. A droplet that gets the tag of a firewall is protected from then on. The limits are of DigitalOcean's page on
the limits of firewalls (read in 2026); a name that is taken answers 409 "duplicate name" (seen in harmony-one/harmony-ops issue
390); tags must exist, says the specification. Not settled by any source, chosen here: the texts of 422s; adding what is there and
taking away what is not changes nothing and answers 204; the last rule cannot be taken away.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies, chance
from poseidon_nb.sandbox.durations import settling_s
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import Refusal, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.droplets import find_droplet
from poseidon_nb.sandbox.services.firewall_rules import SIDES, checked_number, key_of, read_rules, without
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.\-]+")
_DROPLETS_MOST, _TAGS_MOST = 10, 5


def _find(call: Call) -> Record:
    firewall = call.world.firewalls.get(call.names["firewall_id"])
    if firewall is None:
        raise not_found()
    return firewall


def list_firewalls(call: Call) -> Reply:
    """Answer ``firewalls_list``, oldest first."""
    return call.page("firewalls", "firewall", call.world.firewalls.listed())


def get_firewall(call: Call) -> Reply:
    """Answer ``firewalls_get``."""
    return call.one("firewall", _find(call))


def list_firewalls_of_droplet(call: Call) -> Reply:
    """Answer ``droplets_list_firewalls``: those that have it by its id or by one of its tags."""
    droplet = find_droplet(call)
    own = {tag.lower() for tag in droplet["tags"]}
    return call.page(
        "firewalls",
        "firewall",
        [
            firewall
            for firewall in call.world.firewalls.listed()
            if droplet["id"] in firewall["droplet_ids"] or any(tag.lower() in own for tag in firewall["tags"])
        ],
    )


def create_firewall(call: Call) -> Reply:
    """Answer ``firewalls_create``."""
    world = call.world
    firewall = make_firewall(world, world.now(), **_asked_for(call, ""))
    return call.one("firewall", _put(world, firewall, _reached(world, firewall.shown)), status=202)


def make_firewall(world: World, at: float, **fields: Any) -> Record:
    """Put up a firewall that nothing forbids; the fields are the name, droplet_ids, tags and both lists of rules."""
    id_ = chance.uuid(world.seed, "firewall", world.count("firewalls"))
    firewall = Record(
        {"id": id_, "status": "succeeded", "created_at": stamp(at), "pending_changes": [], **fields},
    )
    world.firewalls.put(id_, firewall)
    return firewall


def update_firewall(call: Call) -> Reply:
    """Answer ``firewalls_update``: what is left out becomes empty."""
    firewall = _find(call)
    asked = _asked_for(call, firewall["id"])
    before = _reached(call.world, firewall.shown)
    changed = firewall.showing(**asked)
    after = _reached(call.world, changed.shown)
    return call.one("firewall", _put(call.world, changed, after, before - after))


def delete_firewall(call: Call) -> Reply:
    """Answer ``firewalls_delete``."""
    call.world.firewalls.remove(_find(call)["id"])
    return no_content()


def _asked_for(call: Call, own_id: str) -> dict[str, Any]:
    world, body = call.world, call.body
    name = bodies.required(body, "name", "string")
    if not _NAME.fullmatch(name):
        raise unprocessable(
            "Name must begin with a letter or digit, followed by letters, digits, periods and dashes, two characters at least."
        )
    droplet_ids = _droplet_ids(call)
    tags = _tags(call)
    rules = read_rules(world, body)
    if any(firewall["name"] == name and firewall["id"] != own_id for firewall in world.firewalls.listed()):
        raise Refusal(409, "conflict", "duplicate name")
    return {
        "name": name,
        "droplet_ids": _not_too_many(droplet_ids, _DROPLETS_MOST, "Droplets"),
        "tags": _not_too_many(tags, _TAGS_MOST, "tags"),
        **rules,
    }


def _droplet_ids(call: Call) -> list[int]:
    ids: list[int] = [*dict.fromkeys(bodies.optional(call.body, "droplet_ids", "array") or ())]
    if ids:
        call.need("droplet:read")
    for id_ in ids:
        if id_ not in call.world.droplets:
            raise unprocessable(f"There is no Droplet {id_} in your account.")
    return ids


def _tags(call: Call) -> list[str]:
    """Give the tags of a body as the account spells them."""
    tags = bodies.optional(call.body, "tags", "array") or []
    if tags:
        call.need("tag:read")
    for tag in tags:
        if tag.lower() not in call.world.tags:
            raise unprocessable(f"There is no tag {tag} in your account.")
    return [*dict.fromkeys(str(call.world.tags[tag.lower()]["name"]) for tag in tags)]


def _not_too_many(things: list[Any], most: int, what: str) -> list[Any]:
    if len(things) > most:
        raise unprocessable(f"A firewall can have at most {most} {what}.")
    return things


# --- parts of a firewall ---------------------------------------------------------------------------------------------
def add_droplets(call: Call) -> Reply:
    """Answer ``firewalls_assign_droplets``."""
    firewall = _find(call)
    bodies.required(call.body, "droplet_ids", "array")
    together = [*dict.fromkeys([*firewall["droplet_ids"], *_droplet_ids(call)])]
    return _changed(call, firewall, droplet_ids=_not_too_many(together, _DROPLETS_MOST, "Droplets"))


def remove_droplets(call: Call) -> Reply:
    """Answer ``firewalls_delete_droplets``."""
    firewall = _find(call)
    taken = bodies.required(call.body, "droplet_ids", "array")
    return _changed(call, firewall, droplet_ids=[id_ for id_ in firewall["droplet_ids"] if id_ not in taken])


def add_tags(call: Call) -> Reply:
    """Answer ``firewalls_add_tags``."""
    firewall = _find(call)
    bodies.required(call.body, "tags", "array")
    together = [*dict.fromkeys([*firewall["tags"], *_tags(call)])]
    return _changed(call, firewall, tags=_not_too_many(together, _TAGS_MOST, "tags"))


def remove_tags(call: Call) -> Reply:
    """Answer ``firewalls_delete_tags``."""
    firewall = _find(call)
    taken = {tag.lower() for tag in bodies.required(call.body, "tags", "array")}
    return _changed(call, firewall, tags=[tag for tag in firewall["tags"] if tag.lower() not in taken])


def add_rules(call: Call) -> Reply:
    """Answer ``firewalls_add_rules``."""
    firewall = _find(call)
    asked = read_rules(call.world, call.body)
    together = {
        side: [*{key_of(rule): rule for rule in [*firewall[side], *rules]}.values()] for side, rules in asked.items()
    }
    return _with_rules(call, firewall, checked_number(together))


def remove_rules(call: Call) -> Reply:
    """Answer ``firewalls_delete_rules``: a rule goes if it says the same."""
    firewall = _find(call)
    asked = read_rules(call.world, call.body)
    taken = {side: {key_of(rule) for rule in rules} for side, rules in asked.items()}
    rest = {side: [rule for rule in firewall[side] if key_of(rule) not in taken[side]] for side in SIDES}
    return _with_rules(call, firewall, checked_number(rest))


def _with_rules(call: Call, firewall: Record, rules: dict[str, list[dict[str, Any]]]) -> Reply:
    changed = firewall.showing(**rules)
    _put(call.world, changed, _reached(call.world, changed.shown))
    return no_content()


def _changed(call: Call, firewall: Record, **changes: Any) -> Reply:
    """Answer a change of what a firewall protects: only droplets that come or go are waited for."""
    before = _reached(call.world, firewall.shown)
    changed = firewall.showing(**changes)
    after = _reached(call.world, changed.shown)
    _put(call.world, changed, after - before, before - after)
    return no_content()


# --- what happens over time ------------------------------------------------------------------------------------------
def _reached(world: World, shown: dict[str, Any]) -> set[int]:
    """Give the ids of the droplets that a firewall protects."""
    tags = {tag.lower() for tag in shown["tags"]}
    reached = {*shown["droplet_ids"]}
    if tags:
        reached |= {
            droplet["id"]
            for droplet in world.droplets.listed()
            if any(tag.lower() in tags for tag in droplet.shown["tags"])
        }
    return reached


def _put(world: World, firewall: Record, coming: Iterable[int], going: Iterable[int] = ()) -> Record:
    """Keep a firewall whose change has to reach droplets, beside what earlier ones have still to reach."""
    pending = {change["droplet_id"]: change for change in firewall["pending_changes"]}
    for ids, removing in ((coming, False), (going, True)):
        for id_ in sorted(ids):
            pending[id_] = {"droplet_id": id_, "removing": removing, "status": "waiting"}
    if pending:
        number = world.count("firewall_changes")
        firewall = firewall.showing(status="waiting", pending_changes=[*pending.values()]).keeping(change=number)
        after_s = settling_s("firewall", speed=world.speed, draw=(world.seed, "firewall", number))
        world.schedule(world.now() + after_s, "firewall.settled", firewall["id"], number)
    world.firewalls.put(firewall["id"], firewall)
    return firewall


def _settle(world: World, _at: float, id_: str, number: int) -> None:
    """Let a firewall have reached all its droplets, unless it was changed again since."""
    firewall = world.firewalls.get(id_)
    if firewall is not None and firewall.kept.get("change") == number:
        world.firewalls.put(id_, firewall.showing(status="succeeded", pending_changes=[]))


def _forget_droplet(world: World, _at: float, droplet_id: int) -> None:
    for firewall in world.firewalls.listed():
        rules = {side: without(firewall[side], "droplet_ids", droplet_id.__eq__) for side in SIDES}
        pending = [change for change in firewall["pending_changes"] if change["droplet_id"] != droplet_id]
        world.firewalls.put(
            firewall["id"],
            firewall.showing(
                droplet_ids=[id_ for id_ in firewall["droplet_ids"] if id_ != droplet_id],
                pending_changes=pending,
                status=firewall["status"] if pending else "succeeded",
                **rules,
            ),
        )


def _forget_tag(world: World, _at: float, folded: str) -> None:
    for firewall in world.firewalls.listed():
        rules = {side: without(firewall[side], "tags", lambda tag: tag.lower() == folded) for side in SIDES}
        tags = [tag for tag in firewall["tags"] if tag.lower() != folded]
        world.firewalls.put(firewall["id"], firewall.showing(tags=tags, **rules))


def forget_load_balancer(world: World, id_: str) -> None:
    """Take a load balancer that is gone out of all rules."""
    for firewall in world.firewalls.listed():
        rules = {side: without(firewall[side], "load_balancer_uids", id_.__eq__) for side in SIDES}
        world.firewalls.put(firewall["id"], firewall.showing(**rules))


OPERATIONS = {
    "firewalls_list": list_firewalls,
    "firewalls_get": get_firewall,
    "firewalls_create": create_firewall,
    "firewalls_update": update_firewall,
    "firewalls_delete": delete_firewall,
    "firewalls_assign_droplets": add_droplets,
    "firewalls_delete_droplets": remove_droplets,
    "firewalls_add_tags": add_tags,
    "firewalls_delete_tags": remove_tags,
    "firewalls_add_rules": add_rules,
    "firewalls_delete_rules": remove_rules,
    "droplets_list_firewalls": list_firewalls_of_droplet,
}
EFFECTS: dict[str, Callable[..., None]] = {
    "firewall.settled": _settle,
    "droplet.gone.firewalls": _forget_droplet,
    "tag.gone.firewalls": _forget_tag,
}
