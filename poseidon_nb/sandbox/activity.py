"""Actions, whatever they act on: how one begins, keeps its thing busy, and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.durations import action_duration_s
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import unprocessable
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.records import Shared
    from poseidon_nb.sandbox.world import World

PENDING_TEXT = "Droplet already has a pending event."


def refuse_if_busy(world: World, resource_type: str, resource_id: int) -> None:
    """Refuse a second action: the service does not queue them."""
    if f"{resource_type}/{resource_id}" in world.state.busy:
        raise unprocessable(PENDING_TEXT)


def begin(  # the facts of an action, all by keyword
    world: World,
    type_: str,
    *,
    resource_type: str,
    resource_id: int,
    region: Shared,
    used_gb: float = 0.0,
    arguments: dict[str, Any] | None = None,
) -> Record:
    """Start an action that nothing forbids.

    Returns
    -------
    Record
        The action, in progress. When it ends, ``world.effects["RESOURCE.TYPE"]`` is called with its arguments.
    """
    now = world.now()
    id_ = world.next_id("actions")
    errored = world.faults.for_action("action_errored", type_, resource_id) is not None
    due = now + action_duration_s(type_, used_gb=used_gb, speed=world.speed, draw=(world.seed, "duration", id_))
    action = Record(
        action_object(id_, type_, resource_type=resource_type, resource_id=resource_id, region=region, started=now),
        {"arguments": arguments or {}, "errored": errored, "due": due},
    )
    world.actions.put(id_, action)
    world.state.busy[f"{resource_type}/{resource_id}"] = id_
    world.schedule(due, "action.end", id_)
    return action


def end(world: World, at: float, action_id: int) -> None:
    """Let an action end, and have its effect unless it went wrong."""
    action = world.actions.get(action_id)
    if action is None or action["status"] != "in-progress":
        return
    errored = action.kept["errored"]
    world.state.busy.pop(f"{action['resource_type']}/{action['resource_id']}", None)
    world.actions.put(action_id, action.showing(status="errored" if errored else "completed", completed_at=stamp(at)))
    if not errored:
        effect = world.effects[f"{action['resource_type']}.{action['type']}"]
        effect(world, at, action["resource_id"], action.kept["arguments"])


def finish_now(world: World, action_id: int) -> None:
    """Have an action in progress end at once."""
    world.hasten("action.end", action_id)
    world.advance()


def action_object(  # noqa: PLR0913  # the facts of an action, all by keyword
    id_: int,
    type_: str,
    *,
    resource_type: str,
    resource_id: int,
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
