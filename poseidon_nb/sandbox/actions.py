"""How long actions take: the seconds they would take at DigitalOcean, divided by the sandbox's speed.

DigitalOcean publishes no figures. Seen by others are one to two minutes for a create, 63 s for the snapshot of a small
droplet, and "about one minute per GB in use" in the help of a resize. The figures here are our choice within that, the
resize made shorter so that a demonstration at the default speed takes a few seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.responses import unprocessable
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.sandbox.responses import HTTPException
    from poseidon_nb.sandbox.store import SharedObject
    from poseidon_nb.sandbox.world import World

#: Seconds at DigitalOcean, and further seconds for each GB in use on the disk.
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

#: Seconds at DigitalOcean until what shows a status of its own, and has no action, has settled. Our choice too.
TRANSITIONS_S = {"vpc_peering": 30.0, "firewall": 6.0, "load_balancer": 90.0}

#: After `completed` the droplet's status follows this much later.
STATUS_LAG_S = 4.0
#: A new droplet's addresses show after this share of its creation.
ADDRESSES_AT = 0.6
_JITTER = 0.25


def action_duration_s(type_: str, *, used_gb: float, speed: float, draw: tuple[object, ...]) -> float:
    """Give the seconds that an action takes in the sandbox.

    Parameters
    ----------
    type_ : str
        The action's type.
    used_gb : float
        GB in use on the droplet's disk.
    speed : float
        What the seconds at DigitalOcean are divided by.
    draw : tuple
        What the jitter follows from, the seed and the action's id.
    """
    base_s, per_gb_s = DURATIONS_S.get(type_, _DEFAULT_S)
    return (base_s + per_gb_s * used_gb) * (1 + _JITTER * (2 * rng.random(*draw) - 1)) / speed


def transition_s(what: str, *, speed: float, draw: tuple[object, ...]) -> float:
    """Give the seconds until a change of something that has no actions is done in the sandbox.

    Parameters
    ----------
    what : str
        A key of `TRANSITIONS_S`.
    speed : float
        What the seconds at DigitalOcean are divided by.
    draw : tuple
        What the jitter follows from, the seed and the thing's id.
    """
    return TRANSITIONS_S[what] * (1 + _JITTER * (2 * rng.random(*draw) - 1)) / speed


#: How a thing is called when it is busy, where that is not its type's own word with a capital.
_DISPLAY_NAMES = {
    "reserved_ip": "The reserved IP",
    "floating_ip": "The floating IP",
    "reserved_ipv6": "The reserved IPv6",
}


def busy_key(resource_type: str, id_: int | str) -> str:
    """Give the key by which a thing is busy."""
    return f"{resource_type}/{id_}"


def is_busy(world: World, resource_type: str, id_: int | str) -> bool:
    """Say whether an action on this thing is in progress."""
    return busy_key(resource_type, id_) in world.state.busy


def raise_if_busy(world: World, resource_type: str, id_: int | str) -> None:
    """Refuse a second action: the service does not queue them.

    The texts for droplets and floating IPs are the service's; those for other things follow their pattern.
    """
    if is_busy(world, resource_type, id_):
        raise pending_event(resource_type)


def pending_event(resource_type: str) -> HTTPException:
    """Give the refusal of a second action on a thing of this type."""
    display_name = _DISPLAY_NAMES.get(resource_type, resource_type.replace("_", " ").capitalize())
    return unprocessable(f"{display_name} already has a pending event.")


def begin_action(  # noqa: PLR0913  # the facts of an action, all by keyword
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
    """Start an action that nothing forbids.

    Parameters
    ----------
    world : World
        The account.
    type_, resource_type, resource_id, region
        As the action shows them.
    used_gb : float
        GB that have to be copied; they make it last longer.
    arguments : dict, optional
        What the effect is called with; JSON values.
    target : int or str, optional
        What the thing is known by in the account, where that is not the ``resource_id``.
    droplet_id : int, optional
        The droplet that something else is done to or for: it is busy too, and lists the action among its own.
    also_busy : iterable of str
        Keys of further things that are busy as long.

    Returns
    -------
    Record
        The action, in progress. When it ends, ``world.effects["RESOURCE.TYPE"]`` is called with its target and arguments.
    """
    now = world.now()
    id_ = world.next_id("actions")
    target = resource_id if target is None else target
    errored = world.faults.for_action("action_errored", type_, droplet_id or resource_id) is not None
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
    """Say whether a droplet lists an action among its own: done to it, or to something that it has or gets.

    Not settled by any source, chosen here for the second kind: who is told that a droplet has a pending event has to be
    able to find it.
    """
    public = action.public
    if public["resource_type"] == "droplet":
        return bool(public["resource_id"] == droplet_id)
    return bool(action.internal.get("droplet_id") == droplet_id)


def _end_action(world: World, at: float, action_id: int) -> None:
    """Let an action end, and have its effect unless it went wrong."""
    action = world.actions.get(action_id)
    if action is None or action["status"] != "in-progress":
        return
    errored = action.internal["errored"]
    # A state that an older sandbox saved knows of actions on their own thing only.
    target = action.internal.get("target", action["resource_id"])
    for key in action.internal.get("busy", [f"{action['resource_type']}/{target}"]):
        world.state.busy.pop(key, None)
    world.actions.put(
        action_id, action.with_public(status="errored" if errored else "completed", completed_at=format_time(at))
    )
    if not errored:
        effect = world.effects[f"{action['resource_type']}.{action['type']}"]
        effect(world, at, target, action.internal["arguments"])


def finish_action(world: World, action_id: int) -> None:
    """Have an action in progress end at once."""
    world.run_now("action.end", action_id)
    world.advance()


def action_object(  # noqa: PLR0913  # the facts of an action, all by keyword
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
    """Give an action as the API shows it."""
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
