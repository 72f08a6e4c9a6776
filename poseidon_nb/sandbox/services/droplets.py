"""Droplets: list, read and delete them.

A deleted droplet is still listed, and busy, until its ``destroy`` action ends.

Not documented, chosen here: ``tag_name`` combined with another filter answers 422. A list by tag omits GPU droplets,
as every list except for ``type=gpus`` does. A deletion by tag is refused for all droplets if one of them is busy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.actions import begin_action, raise_if_busy
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import (
    HTTPResponse,
    json_response,
    no_content,
    not_found,
    page_links,
    page_of,
    unprocessable,
)
from poseidon_nb.sandbox.services.backups import HOURS, RETENTION_DAYS, WEEKDAYS, WINDOW_HOURS, policy_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]")
_MAX_NAME_LENGTH = 255


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
}
