"""Droplets destroyed together with what belongs to them: snapshots, volumes, their snapshots, reserved IPs.

What was asked for lies in the arguments of the ``destroy`` action and what came of it beside them, so the status of a droplet
that is gone is that of its last such action. Not settled by any source, chosen here: ids that do not belong to the droplet
are refused with 422; a second request while one is in progress answers 409, as the specification says of a retry; without
the header ``X-Dangerous: true`` the answer is 400; costs are list prices a month, an address's that of one without a
droplet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox import activity
from poseidon_nb.sandbox.replies import NOT_FOUND_TEXT, Refusal, Reply, answer, bad_request, not_found, unprocessable
from poseidon_nb.sandbox.services.droplets import find_droplet
from poseidon_nb.sandbox.services.images import forget_image
from poseidon_nb.sandbox.services.reserved_ips import number_of
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Record
    from poseidon_nb.sandbox.world import World

#: The keys of a request and an answer, and the scope that seeing each needs.
_SCOPES = {
    "reserved_ips": "reserved_ip:read",
    "floating_ips": "reserved_ip:read",
    "snapshots": "image:read",
    "volumes": "block_storage:read",
    "volume_snapshots": "block_storage_snapshot:read",
}
_FAILED_TEXT = "The Droplet could not be destroyed."


def associated(world: World, droplet: Record) -> dict[str, list[dict[str, str]]]:
    """Give what belongs to a droplet, by kind: ids as strings, names, and what each costs a month."""
    volumes = [volume for id_ in droplet["volume_ids"] if (volume := world.volumes.get(id_)) is not None]
    addresses = [
        _row(number_of(one), one["ip"], prices.UNASSIGNED_IP.usd)
        for one in world.reserved_ips.listed()
        if one.kept["droplet_id"] == droplet["id"]
    ]
    return {
        "reserved_ips": addresses,
        # The same under their old name, as the specification's example has them.
        "floating_ips": addresses,
        "snapshots": [
            _row(image["id"], image["name"], image["size_gigabytes"] * prices.SNAPSHOT_GB.usd)
            for id_ in droplet["snapshot_ids"]
            if (image := world.images.get(id_)) is not None
        ],
        "volumes": [_row(one["id"], one["name"], one["size_gigabytes"] * prices.VOLUME_GIB.usd) for one in volumes],
        "volume_snapshots": [
            _row(one["id"], one["name"], one["size_gigabytes"] * prices.SNAPSHOT_GB.usd)
            for one in world.volume_snapshots.listed()
            if one["resource_id"] in droplet["volume_ids"]
        ],
    }


def _row(id_: int | str, name: str, cost_usd: float) -> dict[str, str]:
    return {"id": str(id_), "name": name, "cost": f"{cost_usd:.2f}"}


def list_associated(call: Call) -> Reply:
    """Answer ``droplets_list_associatedResources``; what the token may not see is left out."""
    found = associated(call.world, find_droplet(call))
    return answer(
        200, **{kind: found[kind] for kind, scope in _SCOPES.items() if call.scopes is None or scope in call.scopes}
    )


def destroy_selectively(call: Call) -> Reply:
    """Answer ``droplets_destroy_withAssociatedResourcesSelective``."""
    droplet = find_droplet(call)
    there = associated(call.world, droplet)
    chosen: dict[str, list[dict[str, str]]] = {kind: [] for kind in there}
    for kind, rows in there.items():
        known = {row["id"]: row for row in rows}
        for id_ in dict.fromkeys(call.body.get(kind) or ()):
            if id_ not in known:
                raise unprocessable(f"{id_} in {kind} is not associated with this Droplet.")
            chosen[kind].append(known[id_])
    return _destroyed(call, droplet, chosen)


def destroy_with_all(call: Call) -> Reply:
    """Answer ``droplets_destroy_withAssociatedResourcesDangerous``."""
    droplet = find_droplet(call)
    if call.headers.get("x-dangerous", "").lower() != "true":
        raise bad_request("The header X-Dangerous must be true.")
    return _destroyed(call, droplet, associated(call.world, droplet))


def _destroyed(call: Call, droplet: Record, chosen: dict[str, list[dict[str, str]]]) -> Reply:
    world = call.world
    last = _last(world, droplet["id"])
    if last is not None and last["status"] == "in-progress":
        raise Refusal(409, "conflict", "The request could not be completed due to a conflict.")
    activity.refuse_if_busy(world, "droplet", droplet["id"])
    wanted = {kind: [{"id": row["id"], "name": row["name"]} for row in rows] for kind, rows in chosen.items()}
    activity.begin(
        world,
        "destroy",
        resource_type="droplet",
        resource_id=droplet["id"],
        region=droplet["region"],
        arguments={"with": wanted, "name": droplet["name"]},
    )
    return Reply(202)


def _last(world: World, droplet_id: int) -> Record | None:
    for action in reversed(world.actions.listed()):
        shown = action.shown
        if shown["type"] == "destroy" and shown["resource_id"] == droplet_id and shown["resource_type"] == "droplet":
            return action if "with" in action.kept.get("arguments", {}) else None
    return None


def _asked_for(call: Call) -> Record:
    last = _last(call.world, call.id("droplet_id"))
    if last is None:
        raise not_found()
    return last


def get_status(call: Call) -> Reply:
    """Answer ``droplets_get_DestroyAssociatedResourcesStatus``."""
    action = _asked_for(call)
    arguments = action.kept["arguments"]
    droplet: dict[str, Any] = {"id": str(action["resource_id"]), "name": arguments["name"]}
    resources = action.kept.get("outcome", arguments["with"])
    failures = sum("error_message" in row for kind, rows in resources.items() if kind != "floating_ips" for row in rows)
    if action["status"] == "errored":
        droplet["error_message"] = _FAILED_TEXT
        failures += 1
    members: dict[str, Any] = {"droplet": droplet, "resources": resources, "failures": failures}
    if action["completed_at"]:
        members["completed_at"] = action["completed_at"]
        if action["status"] == "completed":
            droplet["destroyed_at"] = action["completed_at"]
    return answer(200, **members)


def retry(call: Call) -> Reply:
    """Answer ``droplets_destroy_retryWithAssociatedResources``: what failed is asked for once more."""
    last = _asked_for(call)
    if last["status"] == "in-progress":
        raise Refusal(409, "conflict", "The request could not be completed due to a conflict.")
    return _destroyed(call, find_droplet(call), last.kept["arguments"]["with"])


# --- what happens over time ------------------------------------------------------------------------------------------
def _destroy_rest(world: World, at: float, droplet_id: int, wanted: dict[str, list[dict[str, str]]]) -> None:
    action = _last(world, droplet_id)
    if action is None:
        return
    outcome: dict[str, list[dict[str, str]]] = {}
    for kind, rows in wanted.items():
        outcome[kind] = []
        for row in rows:
            # An address asked for under both its names is destroyed once, and has been destroyed under both.
            again = kind == "floating_ips" and row in wanted["reserved_ips"]
            done = again or _DESTROY[kind](world, row)
            outcome[kind].append(
                {**row, "destroyed_at": stamp(at)} if done else {**row, "error_message": NOT_FOUND_TEXT}
            )
    world.actions.put(action["id"], action.keeping(outcome=outcome))


def _destroy_address(world: World, row: dict[str, str]) -> bool:
    there = row["name"] in world.reserved_ips
    world.reserved_ips.remove(row["name"])
    return there


def _destroy_snapshot(world: World, row: dict[str, str]) -> bool:
    image = world.images.get(int(row["id"]))
    if image is not None:
        forget_image(world, image)
    return image is not None


def _destroy_volume(world: World, row: dict[str, str]) -> bool:
    there = row["id"] in world.volumes
    world.volumes.remove(row["id"])
    return there


def _destroy_volume_snapshot(world: World, row: dict[str, str]) -> bool:
    there = row["id"] in world.volume_snapshots
    world.volume_snapshots.remove(row["id"])
    return there


_DESTROY: dict[str, Callable[[World, dict[str, str]], bool]] = {
    "reserved_ips": _destroy_address,
    "floating_ips": _destroy_address,
    "snapshots": _destroy_snapshot,
    "volumes": _destroy_volume,
    "volume_snapshots": _destroy_volume_snapshot,
}

OPERATIONS = {
    "droplets_list_associatedResources": list_associated,
    "droplets_destroy_withAssociatedResourcesSelective": destroy_selectively,
    "droplets_destroy_withAssociatedResourcesDangerous": destroy_with_all,
    "droplets_get_DestroyAssociatedResourcesStatus": get_status,
    "droplets_destroy_retryWithAssociatedResources": retry,
}
EFFECTS: dict[str, Callable[..., None]] = {"droplet.destroyed_with": _destroy_rest}
