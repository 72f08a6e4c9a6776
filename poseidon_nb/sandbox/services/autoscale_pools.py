"""Pools of droplets that create and delete droplets by themselves, with their members and their history.

From DigitalOcean's concepts of autoscale pools: the rule in `autoscaling`, applied once in each cooldown, and every ten
minutes for a pool of fixed size. A member that leaves is shut down, and destroyed 60 seconds later. New droplets of a
changed template are there for a cooldown before the old ones leave. From Terraform's provider: the message of a 404. The
name cannot be changed, says the specification.

Not documented, chosen here: a pool begins with its minimum. The newest members leave first. A pool in which a droplet was
deleted by hand creates another one at its next check. If droplets cannot be created, because of the account's limit or
because the image is gone, the history has one event with the status ``error``, however often it is tried. A deleted pool
is gone after ten seconds; its droplets stay, except with ``dangerous``, which answers 400 without the header
``X-Dangerous: true``. A deleted tag leaves the templates, which replaces no droplet. Members use what their droplets use,
which is fabricated, and are unhealthy while they are off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects
from poseidon_nb.sandbox.actions import begin_action, is_busy
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import HTTPException, unprocessable
from poseidon_nb.sandbox.services.autoscaling import mean_use, next_check, wanted_count
from poseidon_nb.sandbox.services.droplet_creation import (
    check_capacity,
    check_template,
    create_for_service,
    destroy_when_idle,
)
from poseidon_nb.sandbox.services.projects import assign_resource, requested_project
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_SHUTDOWN_S = 60.0
_DEFAULT_COOLDOWN_MIN = 10
_TEMPLATE = (
    Field("name", type="string"),
    Field("region", type="string", required=True),
    Field("size", type="string", required=True),
    Field("image", required=True),
    Field("ssh_keys", type="array", required=True),
    Field("tags", type="array", items="string", default=[]),
    Field("vpc_uuid", type="string"),
    Field("with_droplet_agent", type="boolean", default=True),
    Field("project_id", type="string"),
    Field("ipv6", type="boolean", default=False),
    Field("user_data", type="string"),
    Field("public_networking", type="boolean", default=True),
)
_CONFIG = (
    Field("target_number_instances", type="integer", minimum=1, maximum=1000),
    Field("min_instances", type="integer", minimum=1, maximum=500),
    Field("max_instances", type="integer", minimum=1, maximum=1000),
    Field("target_cpu_utilization", type="number", minimum=0.05, maximum=1),
    Field("target_memory_utilization", type="number", minimum=0.05, maximum=1),
    Field("cooldown_minutes", type="integer", minimum=5, maximum=20),
)


def _check(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    config, template = values["config"], values["droplet_template"]
    if "target_number_instances" in config:
        if len(config) > 1:
            raise unprocessable("config.target_number_instances cannot be combined with other settings.")
    else:
        for name in ("min_instances", "max_instances"):
            if name not in config:
                raise unprocessable(f"config.{name} is required.")
        if config["min_instances"] > config["max_instances"]:
            raise unprocessable("config.max_instances must be at least config.min_instances.")
        if not {"target_cpu_utilization", "target_memory_utilization"} & config.keys():
            raise unprocessable("config needs target_cpu_utilization or target_memory_utilization.")
        config.setdefault("cooldown_minutes", _DEFAULT_COOLDOWN_MIN)
    template["image"] = str(template["image"])
    template["ssh_keys"] = [str(key) for key in template["ssh_keys"]]
    if not template["ssh_keys"]:
        raise unprocessable("droplet_template.ssh_keys is required.")
    # Droplets may be created in an area such as `nyc`, or anywhere.
    objects.require_region(call.world, template["region"], "You specified an invalid region for Droplet creation.")
    check_template(call.world, template)
    requested_project(call.world, template.get("project_id"))
    present_count = 0 if present is None else len(_live(call.world, present["id"]))
    check_capacity(call.world, max(0, _limits(config)[0] - present_count))


def _show_pool(call: Call, pool: StoredObject) -> StoredObject:
    world = call.world
    droplets = [world.droplets.get(one["droplet_id"]) for one in _live(world, pool["id"])]
    active = [one["id"] for one in droplets if one is not None and one["status"] == "active"]
    use = mean_use(world, active, world.now())
    shown = {} if use is None else {"current_utilization": _utilization(*use)}
    return pool.with_public(**shown, active_resources_count=len(active))


def _utilization(cpu: float, memory: float) -> dict[str, float]:
    return {"memory": round(memory, 6), "cpu": round(cpu, 6)}


def _show_member(call: Call, member: StoredObject) -> StoredObject:
    world = call.world
    droplet = world.droplets[member["droplet_id"]]
    status = {"new": "provisioning"}.get(droplet["status"], droplet["status"])
    health = {"health_status": "healthy"}
    if status == "off":
        health = {"health_status": "unhealthy", "unhealthy_reason": "The Droplet is powered off."}
    if member.internal["phase"] == "leaving":
        status = "deleting"
    use = mean_use(world, [droplet["id"]], world.now()) or (0.0, 0.0)
    return member.with_public(**health, status=status, current_utilization=_utilization(*use))


POOLS = Resource(
    "autoscale_pools",
    fields=(
        Field("name", minimum=1, fixed=True),
        Field("config", fields=_CONFIG, closed=True),
        Field("droplet_template", fields=_TEMPLATE, closed=True),
    ),
    check=_check,
    show=_show_pool,
    states=States(ready="active", deleting=("deleting", 10.0)),
    updated_field="updated_at",
    label="autoscale pool",
    missing="autoscale group with id {} not found",
)
_MEMBERS = Resource(
    "autoscale_pools.members",
    parent=POOLS,
    id_field="droplet_id",
    # A member is outdated once the template has changed, and leaving after that, or if the pool shrinks.
    build=lambda _world, id_, _values, at: StoredObject(
        {"droplet_id": id_, "created_at": format_time(at), "updated_at": format_time(at)}, {"phase": ""}
    ),
    show=_show_member,
    updated_field="updated_at",
)
_HISTORY = Resource(
    "autoscale_pools.history",
    parent=POOLS,
    id_field="history_event_id",
    states=States(first=(("in_progress", 90.0),), ready="success"),
    updated_field="updated_at",
)


def _live(world: World, pool_id: str) -> list[StoredObject]:
    """Return the members that count, oldest first."""
    return [one for one in _MEMBERS.all(world, pool_id) if not one.internal["phase"]]


def _cooldown_s(pool: StoredObject) -> float:
    return 60.0 * float(pool["config"].get("cooldown_minutes", _DEFAULT_COOLDOWN_MIN))


def _limits(config: dict[str, Any]) -> tuple[int, int]:
    """Return the least and the greatest number of members."""
    fixed = config.get("target_number_instances")
    return (fixed, fixed) if fixed else (config["min_instances"], config["max_instances"])


def _scale(world: World, at: float, pool: StoredObject, wanted: int, reason: str) -> None:
    """Scale a pool to a number of members, and write it into its history."""
    live = _live(world, pool["id"])
    done = wanted <= len(live) or _add_members(world, at, pool, wanted - len(live))
    for member in live[wanted:]:
        _leave(world, at, _MEMBERS.key_of(member))
    counts = {"current_instance_count": len(live), "desired_instance_count": wanted, "reason": reason}
    last = _HISTORY.all(world, pool["id"])[-1:]
    if not done and last and counts.items() <= last[0].public.items():
        _HISTORY.change(world, last[0], status="error")
        return
    event = _HISTORY.add(world, counts, at, pool["id"], settled=not done)
    if not done:
        _HISTORY.change(world, event, status="error")


def _add_members(world: World, at: float, pool: StoredObject, number: int) -> bool:
    template = pool["droplet_template"]
    name = template.get("name") or pool["name"]
    first = world.next_number("autoscale members")
    names = [f"{name}-{first:x}{one:02x}" for one in range(number)]
    try:
        ids = create_for_service(world, {**template, "monitoring": template["with_droplet_agent"]}, names)
    except HTTPException:
        return False
    for id_ in ids:
        _MEMBERS.add(world, {"droplet_id": id_}, at, pool["id"])
        if template.get("project_id") in world.projects:
            assign_resource(world, template["project_id"], f"do:droplet:{id_}", at)
    return True


def _leave(world: World, at: float, key: str) -> None:
    """Shut a member down, and destroy it later."""
    member = _MEMBERS.store(world).get(key)
    if member is None or member.internal["phase"] == "leaving":
        return
    _MEMBERS.change(world, member.with_internal(phase="leaving"))
    id_ = member["droplet_id"]
    droplet = world.droplets[id_]
    if not is_busy(world, "droplet", id_):
        begin_action(world, "shutdown", resource_type="droplet", resource_id=id_, region=droplet["region"])
    world.schedule(at + _SHUTDOWN_S / world.speed, "droplet.destroy_when_idle", id_)


def _check_pool(world: World, at: float, id_: str) -> None:
    """Scale a pool by its rule, and check it again after its cooldown."""
    pool = POOLS.store(world).get(id_)
    if pool is None or pool["status"] != "active":
        return
    low, high = _limits(pool["config"])
    live = _live(world, id_)
    use = mean_use(world, [one["droplet_id"] for one in live], at)
    targets = [pool["config"].get(f"target_{name}_utilization") for name in ("cpu", "memory")]
    ratios = [now / target for now, target in zip(use or (), targets, strict=False) if target]
    wanted = wanted_count(len(live), ratios or [1.0], low, high)
    if wanted != len(live):
        _scale(world, at, pool, wanted, "SCALE_UP" if wanted > len(live) else "SCALE_DOWN")
    world.schedule(next_check(world, at, _cooldown_s(pool)), "autoscale_pools.check", id_)


def _create(call: Call) -> HTTPResponse:
    world = call.world
    pool = POOLS.create_from(call)
    _scale(world, world.now(), pool, _limits(pool["config"])[0], "CONFIGURATION_CHANGE")
    world.schedule(next_check(world, world.now(), _cooldown_s(pool)), "autoscale_pools.check", pool["id"])
    return call.respond("autoscale_pool", POOLS.shown(call, pool), status=202)


def _update(call: Call, before: StoredObject) -> StoredObject:
    world, now = call.world, call.world.now()
    pool = POOLS.change_from(call, before)
    live, (low, high) = _live(world, pool["id"]), _limits(pool["config"])
    wanted = min(max(len(live), low), high)
    if pool["droplet_template"] != before["droplet_template"]:
        for member in live:
            _MEMBERS.put(world, member.with_internal(phase="outdated"))
            until = now + _cooldown_s(pool) / world.speed
            world.schedule(until, "autoscale_pools.leave", _MEMBERS.key_of(member))
    elif wanted == len(live):
        return pool
    _scale(world, now, pool, wanted, "CONFIGURATION_CHANGE")
    return pool


def _delete_dangerous(call: Call, pool: StoredObject) -> None:
    call.require_danger_header()
    for member in _MEMBERS.all(call.world, pool["id"]):
        _MEMBERS.change(call.world, member.with_internal(phase="leaving"))
        destroy_when_idle(call.world, call.world.now(), member["droplet_id"])
    POOLS.begin_deletion(call.world, pool)


def _remove_droplet(world: World, at: float, droplet_id: int) -> None:
    for member in _MEMBERS.store(world).all():
        if member["droplet_id"] == droplet_id:
            _MEMBERS.remove(world, member, at)


def _remove_tag(world: World, _at: float, folded: str) -> None:
    for pool in POOLS.all(world):
        template = pool["droplet_template"]
        tags = [tag for tag in template["tags"] if tag.lower() != folded]
        POOLS.put(world, pool.with_public(droplet_template={**template, "tags": tags}))


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "autoscalepools_list": POOLS.list(name="name"),
    "autoscalepools_create": _create,
    "autoscalepools_get": POOLS.get(),
    "autoscalepools_update": POOLS.on(_update, state="active"),
    "autoscalepools_delete": POOLS.delete(),
    "autoscalepools_delete_dangerous": POOLS.on(_delete_dangerous),
    "autoscalepools_list_members": _MEMBERS.list(),
    "autoscalepools_list_history": _HISTORY.list(),
}
EFFECTS: dict[str, Callable[..., None]] = {
    "autoscale_pools.check": _check_pool,
    "autoscale_pools.leave": _leave,
    "droplet.deleted.autoscale_pools": _remove_droplet,
    "tag.deleted.autoscale_pools": _remove_tag,
}
