"""Destruction of droplets together with their associated resources.

The resources to destroy are in the arguments of the ``destroy`` action and the results beside them, so the status of a
destroyed droplet comes from its last such action.

Not documented, chosen here: ids that are not associated with the droplet answer 422, and a missing header
``X-Dangerous: true`` answers 400. A second request while one is in progress answers 409, as the specification says of a
retry. Costs are monthly list prices; a reserved IP costs as much as an unassigned one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox.actions import begin_action, raise_if_busy
from poseidon_nb.sandbox.history import remove_billed
from poseidon_nb.sandbox.responses import (
    NOT_FOUND_TEXT,
    HTTPResponse,
    conflict,
    json_response,
    not_found,
    unprocessable,
)
from poseidon_nb.sandbox.services.droplets import DROPLETS
from poseidon_nb.sandbox.services.images import remove_image
from poseidon_nb.sandbox.services.reserved_ips import address_number
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

#: The keys of requests and responses, and the scope that is needed to see each.
_SCOPES = {
    "reserved_ips": "reserved_ip:read",
    "floating_ips": "reserved_ip:read",
    "snapshots": "image:read",
    "volumes": "block_storage:read",
    "volume_snapshots": "block_storage_snapshot:read",
}
_DESTROY_FAILED_TEXT = "The Droplet could not be destroyed."


def associated_resources(world: World, droplet: StoredObject) -> dict[str, list[dict[str, str]]]:
    """Return a droplet's associated resources by kind, with id, name and monthly cost as strings."""
    volumes = [volume for id_ in droplet["volume_ids"] if (volume := world.volumes.get(id_)) is not None]
    addresses = [
        _cost_row(address_number(one), one["ip"], prices.UNASSIGNED_IP.usd)
        for one in world.reserved_ips.all()
        if one.internal["droplet_id"] == droplet["id"]
    ]
    return {
        "reserved_ips": addresses,
        # Repeated under the old name, as in the specification's example.
        "floating_ips": addresses,
        "snapshots": [
            _cost_row(image["id"], image["name"], image["size_gigabytes"] * prices.SNAPSHOT_GB.usd)
            for id_ in droplet["snapshot_ids"]
            if (image := world.images.get(id_)) is not None
        ],
        "volumes": [
            _cost_row(one["id"], one["name"], one["size_gigabytes"] * prices.VOLUME_GIB.usd) for one in volumes
        ],
        "volume_snapshots": [
            _cost_row(one["id"], one["name"], one["size_gigabytes"] * prices.SNAPSHOT_GB.usd)
            for one in world.volume_snapshots.all()
            if one["resource_id"] in droplet["volume_ids"]
        ],
    }


def _cost_row(id_: int | str, name: str, cost_usd: float) -> dict[str, str]:
    return {"id": str(id_), "name": name, "cost": f"{cost_usd:.2f}"}


def _list_associated(call: Call, droplet: StoredObject) -> dict[str, Any]:
    """Return the associated resources without what the token may not see."""
    found = associated_resources(call.world, droplet)
    return {kind: found[kind] for kind, scope in _SCOPES.items() if call.scopes is None or scope in call.scopes}


def _destroy_with_selected(call: Call, droplet: StoredObject) -> HTTPResponse:
    available = associated_resources(call.world, droplet)
    selected: dict[str, list[dict[str, str]]] = {kind: [] for kind in available}
    for kind, rows in available.items():
        known = {row["id"]: row for row in rows}
        for id_ in dict.fromkeys(call.body.get(kind) or ()):
            if id_ not in known:
                raise unprocessable(f"{id_} in {kind} is not associated with this Droplet.")
            selected[kind].append(known[id_])
    return _start_destroy_with(call, droplet, selected)


def _destroy_with_all(call: Call, droplet: StoredObject) -> HTTPResponse:
    call.require_danger_header()
    return _start_destroy_with(call, droplet, associated_resources(call.world, droplet))


def _start_destroy_with(call: Call, droplet: StoredObject, selected: dict[str, list[dict[str, str]]]) -> HTTPResponse:
    world = call.world
    last = _last_destroy(world, droplet["id"])
    if last is not None and last["status"] == "in-progress":
        raise conflict()
    raise_if_busy(world, "droplet", droplet["id"])
    wanted = {kind: [{"id": row["id"], "name": row["name"]} for row in rows] for kind, rows in selected.items()}
    begin_action(
        world,
        "destroy",
        resource_type="droplet",
        resource_id=droplet["id"],
        region=droplet["region"],
        arguments={"with": wanted, "name": droplet["name"]},
    )
    return HTTPResponse(202)


def _last_destroy(world: World, droplet_id: int) -> StoredObject | None:
    for action in reversed(world.actions.all()):
        public = action.public
        if public["type"] == "destroy" and public["resource_id"] == droplet_id and public["resource_type"] == "droplet":
            return action if "with" in action.internal.get("arguments", {}) else None
    return None


def _requested_destroy(call: Call) -> StoredObject:
    last = _last_destroy(call.world, call.path_id("droplet_id"))
    if last is None:
        raise not_found()
    return last


def get_destroy_status(call: Call) -> HTTPResponse:
    """Handle ``droplets_get_DestroyAssociatedResourcesStatus``."""
    action = _requested_destroy(call)
    arguments = action.internal["arguments"]
    droplet: dict[str, Any] = {"id": str(action["resource_id"]), "name": arguments["name"]}
    resources = action.internal.get("outcome", arguments["with"])
    failures = sum("error_message" in row for kind, rows in resources.items() if kind != "floating_ips" for row in rows)
    if action["status"] == "errored":
        droplet["error_message"] = _DESTROY_FAILED_TEXT
        failures += 1
    members: dict[str, Any] = {"droplet": droplet, "resources": resources, "failures": failures}
    if action["completed_at"]:
        members["completed_at"] = action["completed_at"]
        if action["status"] == "completed":
            droplet["destroyed_at"] = action["completed_at"]
    return json_response(200, **members)


def retry_destroy(call: Call) -> HTTPResponse:
    """Handle ``droplets_destroy_retryWithAssociatedResources``, which repeats the last request."""
    last = _requested_destroy(call)
    if last["status"] == "in-progress":
        raise conflict()
    return _start_destroy_with(call, DROPLETS.find(call), last.internal["arguments"]["with"])


def _destroy_associated(world: World, at: float, droplet_id: int, wanted: dict[str, list[dict[str, str]]]) -> None:
    action = _last_destroy(world, droplet_id)
    if action is None:
        return
    outcome: dict[str, list[dict[str, str]]] = {}
    for kind, rows in wanted.items():
        outcome[kind] = []
        for row in rows:
            # An address requested under both names is destroyed once and reported under both.
            again = kind == "floating_ips" and row in wanted["reserved_ips"]
            done = again or _DESTROYERS[kind](world, row)
            outcome[kind].append(
                {**row, "destroyed_at": format_time(at)} if done else {**row, "error_message": NOT_FOUND_TEXT}
            )
    world.actions.put(action["id"], action.with_internal(outcome=outcome))


def _destroy_snapshot(world: World, row: dict[str, str]) -> bool:
    image = world.images.get(int(row["id"]))
    if image is not None:
        remove_image(world, image)
    return image is not None


_DESTROYERS: dict[str, Callable[[World, dict[str, str]], bool]] = {
    **dict.fromkeys(
        ("reserved_ips", "floating_ips"), lambda world, row: remove_billed(world, "reserved_ips", row["name"])
    ),
    "snapshots": _destroy_snapshot,
    "volumes": lambda world, row: remove_billed(world, "volumes", row["id"]),
    "volume_snapshots": lambda world, row: remove_billed(world, "volume_snapshots", row["id"]),
}


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "droplets_list_associatedResources": DROPLETS.on(_list_associated),
    "droplets_destroy_withAssociatedResourcesSelective": DROPLETS.on(_destroy_with_selected),
    "droplets_destroy_withAssociatedResourcesDangerous": DROPLETS.on(_destroy_with_all),
    "droplets_get_DestroyAssociatedResourcesStatus": get_destroy_status,
    "droplets_destroy_retryWithAssociatedResources": retry_destroy,
}
EFFECTS: dict[str, Callable[..., None]] = {"droplet.destroyed_with": _destroy_associated}
