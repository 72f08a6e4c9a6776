"""Actions on any kind of resource: how long they take, what they keep busy, and how they end.

DigitalOcean publishes no durations. Users report one to two minutes for a create and 63 s for the snapshot of a small
droplet; doctl's help says "about one minute per GB in use" for a resize. The values here are chosen within that range.
The resize is shorter, so that a demonstration at the default speed takes a few seconds. All of them are divided by the
sandbox's speed.

A resource is identified by a key such as ``"droplet/123"``. An action keeps its own resource busy, and everything else
that it touches: attaching a volume keeps both the volume and the droplet busy. A volume's action has no
``resource_id``, so the id that its effect needs is stored in the action's internal data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.responses import not_found, unprocessable
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPException
    from poseidon_nb.sandbox.store import SharedObject
    from poseidon_nb.sandbox.world import World

#: Seconds at DigitalOcean, and additional seconds for each GB in use on the disk.
DURATIONS_S: dict[str, tuple[float, float]] = {
    "create": (60, 0),
    "destroy": (5, 0),
    "power_on": (15, 0),
    "power_off": (12, 0),
    "shutdown": (20, 0),
    "reboot": (25, 0),
    "power_cycle": (20, 0),
    "snapshot": (45, 6),
    "backup": (60, 6),
    "resize": (45, 5),
    "rebuild": (60, 0),
    "restore": (60, 6),
    "rename": (5, 0),
    "password_reset": (20, 0),
    "enable_ipv6": (12, 0),
    "enable_backups": (6, 0),
    "disable_backups": (6, 0),
    "change_backup_policy": (6, 0),
    "change_kernel": (12, 0),
    "transfer": (90, 12),
    "convert": (20, 0),
    "attach_volume": (10, 0),
    "detach_volume": (8, 0),
    "resize_volume": (12, 0),
    "assign_ip": (6, 0),
    "unassign_ip": (6, 0),
}
_DEFAULT_S = (30.0, 0.0)

#: Seconds at DigitalOcean until resources that have a status but no actions reach it. Chosen here too.
TRANSITIONS_S = {"firewall": 6.0, "load_balancer": 90.0}

#: A new droplet gets its addresses after this fraction of its creation time.
ADDRESSES_AT = 0.6
_JITTER = 0.25
#: Names for messages, for types whose name is not simply the type with a capital letter.
_DISPLAY_NAMES = {
    "reserved_ip": "The reserved IP",
    "floating_ip": "The floating IP",
    "reserved_ipv6": "The reserved IPv6",
}


def action_duration_s(type_: str, *, used_gb: float, speed: float, draw: tuple[object, ...]) -> float:
    """Return how many seconds an action takes in the sandbox.

    Parameters
    ----------
    type_ : str
        The action's type.
    used_gb : float
        GB in use on the droplet's disk.
    speed : float
        The divisor of the seconds at DigitalOcean.
    draw : tuple
        The inputs of the random jitter: the seed and the action's id.
    """
    base_s, per_gb_s = DURATIONS_S.get(type_, _DEFAULT_S)
    return (base_s + per_gb_s * used_gb) * (1 + _JITTER * (2 * rng.random(*draw) - 1)) / speed


def transition_s(what: str, *, speed: float, draw: tuple[object, ...]) -> float:
    """Return how many seconds a status change takes in the sandbox, for resources without actions.

    Parameters
    ----------
    what : str
        A key of `TRANSITIONS_S`.
    speed : float
        The divisor of the seconds at DigitalOcean.
    draw : tuple
        The inputs of the random jitter: the seed and the resource's id.
    """
    return TRANSITIONS_S[what] * (1 + _JITTER * (2 * rng.random(*draw) - 1)) / speed


def busy_key(resource_type: str, id_: int | str) -> str:
    """Return the key under which a resource is marked as busy."""
    return f"{resource_type}/{id_}"


def is_busy(world: World, resource_type: str, id_: int | str) -> bool:
    """Return whether an action on the resource is in progress."""
    return busy_key(resource_type, id_) in world.state.busy


def raise_if_busy(world: World, resource_type: str, id_: int | str) -> None:
    """Raise 422 if the resource has an action in progress: the service does not queue actions.

    The messages for droplets and floating IPs are DigitalOcean's. Those for other resources follow the same pattern.
    """
    if is_busy(world, resource_type, id_):
        raise pending_event(resource_type)


def pending_event(resource_type: str) -> HTTPException:
    """Return the error for a second action on a resource of this type."""
    display_name = _DISPLAY_NAMES.get(resource_type, resource_type.replace("_", " ").capitalize())
    return unprocessable(f"{display_name} already has a pending event.")


def begin_action(  # noqa: PLR0913  # the fields of an action, all by keyword
    world: World,
    type_: str,
    *,
    resource_type: str,
    resource_id: int | None,
    region: SharedObject,
    used_gb: float = 0.0,
    arguments: dict[str, Any] | None = None,
    target: int | str | None = None,
    droplet_id: int | None = None,
    also_busy: Iterable[str] = (),
) -> StoredObject:
    """Start an action; the caller has checked that it is allowed.

    Parameters
    ----------
    world : World
        The account.
    type_, resource_type, resource_id, region
        Fields of the action.
    used_gb : float
        GB to copy, which make the action take longer.
    arguments : dict, optional
        Arguments for the effect; JSON values.
    target : int or str, optional
        The resource's id in the account, if it differs from ``resource_id``.
    droplet_id : int, optional
        Another droplet that takes part. It is busy too and lists the action among its own.
    also_busy : iterable of str
        Keys of further resources that are busy until the action ends.

    Returns
    -------
    StoredObject
        The action, in progress. When it ends, ``world.effects["RESOURCE.TYPE"]`` is called with its target and
        arguments, and its ``started_at`` among them.
    """
    now = world.now()
    id_ = world.next_id("actions")
    target = resource_id if target is None else target
    errored = world.faults.take_for_action("action_errored", type_, droplet_id or resource_id) is not None
    due = now + action_duration_s(type_, used_gb=used_gb, speed=world.speed, draw=(world.seed, "duration", id_))
    busy = [f"{resource_type}/{target}", *also_busy]
    internal = {"arguments": arguments or {}, "errored": errored, "due": due, "target": target}
    if droplet_id is not None:
        busy.append(busy_key("droplet", droplet_id))
        internal["droplet_id"] = droplet_id
    action = StoredObject(
        action_object(id_, type_, resource_type=resource_type, resource_id=resource_id, region=region, started=now),
        {**internal, "busy": busy},
    )
    world.actions.put(id_, action)
    world.state.busy.update(dict.fromkeys(busy, id_))
    world.schedule(due, "action.end", id_)
    return action


def belongs_to_droplet(action: StoredObject, droplet_id: int) -> bool:
    """Return whether a droplet lists the action among its own.

    It does if the action is on the droplet itself or on a resource that is or will be attached to it. The second part
    is not documented: chosen here so that a client can find the action behind "already has a pending event".
    """
    public = action.public
    if public["resource_type"] == "droplet":
        return bool(public["resource_id"] == droplet_id)
    return bool(action.internal.get("droplet_id") == droplet_id)


def is_action_on(action: StoredObject, resource_type: str, id_: int | str) -> bool:
    """Return whether an action is on a resource."""
    target = action.internal.get("target", action["resource_id"])
    return bool(action["resource_type"] == resource_type and target == id_)


def list_actions(world: World, belongs: Callable[[StoredObject], bool]) -> list[StoredObject]:
    """Return the actions that belong to something, newest first."""
    return [action for action in world.actions.all()[::-1] if belongs(action)]


def find_action(call: Call, belongs: Callable[[StoredObject], bool]) -> StoredObject:
    """Return the action that the path names, or raise 404 if it does not belong to something."""
    action = call.world.actions.get(call.path_id("action_id"))
    if action is None or not belongs(action):
        raise not_found()
    return action


def _end_action(world: World, at: float, action_id: int) -> None:
    """End an action, and apply its effect unless it failed."""
    action = world.actions.get(action_id)
    if action is None or action["status"] != "in-progress":
        return
    errored = action.internal["errored"]
    for key in action.internal["busy"]:
        world.state.busy.pop(key, None)
    world.actions.put(
        action_id, action.with_public(status="errored" if errored else "completed", completed_at=format_time(at))
    )
    if not errored:
        effect = world.effects[f"{action['resource_type']}.{action['type']}"]
        # A snapshot is as old as its action: clients find it by this time.
        effect(
            world, at, action.internal["target"], {**action.internal["arguments"], "started_at": action["started_at"]}
        )


def finish_action(world: World, action_id: int) -> None:
    """End an action in progress now."""
    world.run_now("action.end", action_id)
    world.advance()


def action_object(  # noqa: PLR0913  # the fields of an action, all by keyword
    id_: int,
    type_: str,
    *,
    resource_type: str,
    resource_id: int | None,
    region: SharedObject,
    started: float,
    completed: float | None = None,
    status: str = "in-progress",
) -> dict[str, Any]:
    """Return an action in the format of the API."""
    return {
        "id": id_,
        "status": status,
        "type": type_,
        "started_at": format_time(started),
        "completed_at": None if completed is None else format_time(completed),
        "resource_id": resource_id,
        "resource_type": resource_type,
        "region": region,
        "region_slug": region["slug"],
    }


EFFECTS: dict[str, Callable[..., None]] = {
    "action.end": _end_action,
}
