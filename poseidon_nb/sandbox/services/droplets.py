"""Droplets: list, read and delete them, alone or with their associated resources.

A deleted droplet is still listed, and busy, until its ``destroy`` action ends. The associated resources to destroy are
in that action's arguments and the results beside them, so the status of a destroyed droplet comes from its last such
action.

Not documented, chosen here: ``tag_name`` combined with another filter answers 422. A list by tag omits GPU droplets,
as every list except for ``type=gpus`` does. A deletion by tag is refused for all droplets if one of them is busy. Ids
that are not associated with the droplet answer 422, and a missing header ``X-Dangerous: true`` answers 400. A second
request while one is in progress answers 409, as the specification says of a retry. Costs are monthly list prices; a
reserved IP costs as much as an unassigned one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox.actions import begin_action, raise_if_busy
from poseidon_nb.sandbox.history import remove_billed
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import (
    NOT_FOUND_TEXT,
    HTTPResponse,
    conflict,
    json_response,
    no_content,
    not_found,
    page_links,
    page_of,
    unprocessable,
)
from poseidon_nb.sandbox.services.backups import HOURS, RETENTION_DAYS, WEEKDAYS, WINDOW_HOURS, policy_object
from poseidon_nb.sandbox.services.images import remove_image
from poseidon_nb.sandbox.services.reserved_ips import address_number
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]")
_MAX_NAME_LENGTH = 255
#: The keys of requests and responses, and the scope that is needed to see each.
_SCOPES = {
    "reserved_ips": "reserved_ip:read",
    "floating_ips": "reserved_ip:read",
    "snapshots": "image:read",
    "volumes": "block_storage:read",
    "volume_snapshots": "block_storage_snapshot:read",
}
_DESTROY_FAILED_TEXT = "The Droplet could not be destroyed."


def validate_name(name: str) -> str:
    """Return the name, or raise 422 if the specification's pattern forbids it. Names need not be unique."""
    if len(name) > _MAX_NAME_LENGTH:
        raise unprocessable(f"Name is too long (maximum is {_MAX_NAME_LENGTH} characters)")
    if not _NAME.fullmatch(name):
        raise unprocessable("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
    return name


DROPLETS = Resource("droplets", lookup=lambda call: call.world.droplets.get(call.path_id("droplet_id")))


def droplets_with_tag(world: World, tag_name: str) -> list[StoredObject]:
    """Return all droplets with a tag, including GPU droplets. Case is ignored."""
    folded = tag_name.lower()
    return [droplet for droplet in world.droplets.all() if any(tag.lower() == folded for tag in droplet.public["tags"])]


def list_droplets(call: Call) -> HTTPResponse:
    """Handle ``droplets_list``, oldest first."""
    tag_name, name, kind = (call.query.get(filter_) for filter_ in ("tag_name", "name", "type"))
    if tag_name and (name or kind):
        raise unprocessable("tag_name cannot be combined with name or type.")
    if kind not in {None, "", "droplets", "gpus"}:
        raise unprocessable("type must be droplets or gpus.")
    droplets = droplets_with_tag(call.world, tag_name) if tag_name else call.world.droplets.all()
    with_gpu = kind == "gpus"
    droplets = [droplet for droplet in droplets if ("gpu_info" in droplet.public) == with_gpu]
    if name:
        folded = name.lower()
        droplets = [droplet for droplet in droplets if droplet.public["name"].lower() == folded]
    return call.respond_page("droplets", "droplet", droplets)


def _delete(call: Call, droplet: StoredObject) -> None:
    raise_if_busy(call.world, "droplet", droplet["id"])
    _start_destroy(call.world, droplet)


def delete_droplets_by_tag(call: Call) -> HTTPResponse:
    """Handle ``droplets_destroy_byTag``, which deletes all droplets with the tag."""
    tag_name = call.query.get("tag_name")
    if not tag_name:
        raise unprocessable("tag_name is required.")
    if tag_name.lower() not in call.world.tags:
        raise not_found()
    droplets = droplets_with_tag(call.world, tag_name)
    for droplet in droplets:
        raise_if_busy(call.world, "droplet", droplet["id"])
    for droplet in droplets:
        _start_destroy(call.world, droplet)
    return no_content()


def _start_destroy(world: World, droplet: StoredObject) -> None:
    begin_action(world, "destroy", resource_type="droplet", resource_id=droplet["id"], region=droplet["region"])


def _respond_images(call: Call, key: str, ids: list[int]) -> HTTPResponse:
    images = [image for id_ in ids if (image := call.world.images.get(id_)) is not None]
    left_out = ("tags", "status", "error_message", "description")
    return call.respond_page(key, "snapshot", [image.without(*left_out) for image in images])


def _list_neighbors(call: Call, droplet: StoredObject) -> list[StoredObject]:
    """Return the other droplets on the same physical server."""
    host = _host(droplet)
    return [other for other in call.world.droplets.all() if _host(other) == host and other is not droplet]


def _host(droplet: StoredObject) -> tuple[str, int]:
    return droplet["region"]["slug"], droplet.internal["host"]


def list_neighbor_ids(call: Call) -> HTTPResponse:
    """Handle ``droplets_list_neighborsIds``."""
    hosts: dict[tuple[str, int], list[int]] = {}
    for droplet in call.world.droplets.all():
        hosts.setdefault(_host(droplet), []).append(droplet["id"])
    return json_response(200, neighbor_ids=[ids for ids in hosts.values() if len(ids) > 1])


def list_backup_policies(call: Call) -> HTTPResponse:
    """Handle ``droplets_list_backup_policies``: a mapping by droplet id, in pages like a list."""
    droplets = call.world.droplets.all()
    return json_response(
        200,
        policies={str(droplet["id"]): _backup_policy_of(droplet) for droplet in page_of(call, droplets)},
        links=page_links(call, len(droplets)),
        meta={"total": len(droplets)},
    )


def _backup_policy_of(droplet: StoredObject) -> dict[str, Any]:
    policy = droplet.internal.get("backup_policy")
    if policy is None:
        return {"droplet_id": droplet["id"], "backup_enabled": False}
    return {
        "droplet_id": droplet["id"],
        "backup_enabled": True,
        "backup_policy": policy_object(policy),
        "next_backup_window": droplet["next_backup_window"],
    }


def list_supported_backup_policies(call: Call) -> HTTPResponse:  # noqa: ARG001  # every operation gets its call
    """Handle ``droplets_list_supported_backup_policies``."""
    return json_response(
        200,
        supported_policies=[
            {
                "name": plan,
                "possible_window_starts": [*HOURS],
                "window_length_hours": WINDOW_HOURS,
                "retention_period_days": days,
                "possible_days": [*WEEKDAYS] if plan == "weekly" else [],
            }
            for plan, days in RETENTION_DAYS.items()
        ],
    )


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
    "droplets_list": list_droplets,
    "droplets_get": DROPLETS.get(),
    "droplets_destroy": DROPLETS.on(_delete),
    "droplets_destroy_byTag": delete_droplets_by_tag,
    "droplets_list_snapshots": DROPLETS.on(lambda call, one: _respond_images(call, "snapshots", one["snapshot_ids"])),
    "droplets_list_backups": DROPLETS.on(lambda call, one: _respond_images(call, "backups", one["backup_ids"])),
    # Droplets created since March 2017 use their own kernel.
    "droplets_list_kernels": DROPLETS.on(lambda _call, _droplet: []),
    "droplets_list_neighbors": DROPLETS.on(_list_neighbors),
    "droplets_list_neighborsIds": list_neighbor_ids,
    "droplets_get_backup_policy": DROPLETS.on(lambda _call, droplet: {"policy": _backup_policy_of(droplet)}),
    "droplets_list_backup_policies": list_backup_policies,
    "droplets_list_supported_backup_policies": list_supported_backup_policies,
    "droplets_list_associatedResources": DROPLETS.on(_list_associated),
    "droplets_destroy_withAssociatedResourcesSelective": DROPLETS.on(_destroy_with_selected),
    "droplets_destroy_withAssociatedResourcesDangerous": DROPLETS.on(_destroy_with_all),
    "droplets_get_DestroyAssociatedResourcesStatus": get_destroy_status,
    "droplets_destroy_retryWithAssociatedResources": retry_destroy,
}


EFFECTS: dict[str, Callable[..., None]] = {
    "droplet.destroyed_with": _destroy_associated,
}
