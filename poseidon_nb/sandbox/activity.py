"""Actions, whatever they act on: how one begins, keeps its things busy, and ends.

A thing is known by a key such as ``"droplet/123"``. An action keeps its own thing busy and whatever else it touches:
attaching a volume keeps the volume and the droplet busy. The action of a volume shows no ``resource_id``, so what the
effect is called with is kept beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.durations import action_duration_s
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import unprocessable
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.sandbox.records import Shared
    from poseidon_nb.sandbox.replies import Refusal
    from poseidon_nb.sandbox.world import World

#: How a thing is called when it is busy, where that is not its type's own word with a capital.
_CALLED = {"reserved_ip": "The reserved IP", "floating_ip": "The floating IP", "reserved_ipv6": "The reserved IPv6"}


def key_of(resource_type: str, id_: int | str) -> str:
    """Give the key by which a thing is busy."""
    return f"{resource_type}/{id_}"


def is_busy(world: World, resource_type: str, id_: int | str) -> bool:
    """Say whether an action on this thing is in progress."""
    return key_of(resource_type, id_) in world.state.busy


def refuse_if_busy(world: World, resource_type: str, id_: int | str) -> None:
    """Refuse a second action: the service does not queue them.

    The texts for droplets and floating IPs are the service's; those for other things follow their pattern.
    """
    if is_busy(world, resource_type, id_):
        raise pending(resource_type)


def pending(resource_type: str) -> Refusal:
    """Give the refusal of a second action on a thing of this type."""
    called = _CALLED.get(resource_type, resource_type.replace("_", " ").capitalize())
    return unprocessable(f"{called} already has a pending event.")


def begin(  # noqa: PLR0913  # the facts of an action, all by keyword
    world: World,
    type_: str,
    *,
    resource_type: str,
    resource_id: int | None,
    region: Shared,
    used_gb: float = 0.0,
    arguments: dict[str, Any] | None = None,
    target: int | str | None = None,
    droplet_id: int | None = None,
    also_busy: Iterable[str] = (),
) -> Record:
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
    kept = {"arguments": arguments or {}, "errored": errored, "due": due, "target": target}
    if droplet_id is not None:
        busy.append(key_of("droplet", droplet_id))
        kept["droplet_id"] = droplet_id
    action = Record(
        action_object(id_, type_, resource_type=resource_type, resource_id=resource_id, region=region, started=now),
        {**kept, "busy": busy},
    )
    world.actions.put(id_, action)
    world.state.busy.update(dict.fromkeys(busy, id_))
    world.schedule(due, "action.end", id_)
    return action


def is_of_droplet(action: Record, droplet_id: int) -> bool:
    """Say whether a droplet lists an action among its own: done to it, or to something that it has or gets.

    Not settled by any source, chosen here for the second kind: who is told that a droplet has a pending event has to be
    able to find it.
    """
    shown = action.shown
    if shown["resource_type"] == "droplet":
        return bool(shown["resource_id"] == droplet_id)
    return bool(action.kept.get("droplet_id") == droplet_id)


def end(world: World, at: float, action_id: int) -> None:
    """Let an action end, and have its effect unless it went wrong."""
    action = world.actions.get(action_id)
    if action is None or action["status"] != "in-progress":
        return
    errored = action.kept["errored"]
    # A state that an older sandbox saved knows of actions on their own thing only.
    target = action.kept.get("target", action["resource_id"])
    for key in action.kept.get("busy", [f"{action['resource_type']}/{target}"]):
        world.state.busy.pop(key, None)
    world.actions.put(action_id, action.showing(status="errored" if errored else "completed", completed_at=stamp(at)))
    if not errored:
        effect = world.effects[f"{action['resource_type']}.{action['type']}"]
        effect(world, at, target, action.kept["arguments"])


def finish_now(world: World, action_id: int) -> None:
    """Have an action in progress end at once."""
    world.hasten("action.end", action_id)
    world.advance()


def action_object(  # noqa: PLR0913  # the facts of an action, all by keyword
    id_: int,
    type_: str,
    *,
    resource_type: str,
    resource_id: int | None,
    region: Shared,
    started: float,
    completed: float | None = None,
    status: str = "in-progress",
) -> dict[str, Any]:
    """Give an action as the API shows it."""
    return {
        "id": id_,
        "status": status,
        "type": type_,
        "started_at": stamp(started),
        "completed_at": None if completed is None else stamp(completed),
        "resource_id": resource_id,
        "resource_type": resource_type,
        "region": region,
        "region_slug": region["slug"],
    }


EFFECTS = {"action.end": end}
