"""Droplets: to find, to read, to delete, and what hangs on one.

Not settled by any source, chosen here: ``tag_name`` beside another filter answers 422; a listing by tag leaves GPU droplets
out as every listing but ``type=gpus`` does; a deletion by tag refuses all when one droplet is busy. A deleted droplet is
still listed, and busy, until its ``destroy`` action ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import activity
from poseidon_nb.sandbox.backup_policy import HOURS, RETENTION_DAYS, WEEKDAYS, WINDOW_HOURS, shown_policy
from poseidon_nb.sandbox.pages import links_of, window
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import answer, no_content, not_found, unprocessable

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World


def find_droplet(call: Call) -> Record:
    """Give the droplet that a path names."""
    droplet = call.world.droplets.get(call.id("droplet_id"))
    if droplet is None:
        raise not_found()
    return droplet


def tagged(world: World, tag_name: str) -> list[Record]:
    """Give all droplets with a tag, GPU droplets too; tags that differ only in case are the same."""
    folded = tag_name.lower()
    return [
        droplet for droplet in world.droplets.listed() if any(tag.lower() == folded for tag in droplet.shown["tags"])
    ]


def list_droplets(call: Call) -> Reply:
    """Answer ``droplets_list``, oldest first."""
    tag_name, name, kind = (call.query.get(filter_) for filter_ in ("tag_name", "name", "type"))
    if tag_name and (name or kind):
        raise unprocessable("tag_name cannot be combined with name or type.")
    if kind not in {None, "", "droplets", "gpus"}:
        raise unprocessable("type must be droplets or gpus.")
    droplets = tagged(call.world, tag_name) if tag_name else call.world.droplets.listed()
    with_gpu = kind == "gpus"
    droplets = [droplet for droplet in droplets if ("gpu_info" in droplet.shown) == with_gpu]
    if name:
        folded = name.lower()
        droplets = [droplet for droplet in droplets if droplet.shown["name"].lower() == folded]
    return call.page("droplets", "droplet", droplets)


def get_droplet(call: Call) -> Reply:
    """Answer ``droplets_get``."""
    return call.one("droplet", find_droplet(call))


def delete_droplet(call: Call) -> Reply:
    """Answer ``droplets_destroy``."""
    droplet = find_droplet(call)
    activity.refuse_if_busy(call.world, "droplet", droplet["id"])
    _destroy(call.world, droplet)
    return no_content()


def delete_droplets_by_tag(call: Call) -> Reply:
    """Answer ``droplets_destroy_byTag``: all droplets with the tag go."""
    tag_name = call.query.get("tag_name")
    if not tag_name:
        raise unprocessable("tag_name is required.")
    if tag_name.lower() not in call.world.tags:
        raise not_found()
    droplets = tagged(call.world, tag_name)
    for droplet in droplets:
        activity.refuse_if_busy(call.world, "droplet", droplet["id"])
    for droplet in droplets:
        _destroy(call.world, droplet)
    return no_content()


def _destroy(world: World, droplet: Record) -> None:
    activity.begin(world, "destroy", resource_type="droplet", resource_id=droplet["id"], region=droplet["region"])


def list_snapshots(call: Call) -> Reply:
    """Answer ``droplets_list_snapshots``."""
    return _images_of(call, "snapshots", find_droplet(call)["snapshot_ids"])


def list_backups(call: Call) -> Reply:
    """Answer ``droplets_list_backups``."""
    return _images_of(call, "backups", find_droplet(call)["backup_ids"])


def _images_of(call: Call, key: str, ids: list[int]) -> Reply:
    images = [image for id_ in ids if (image := call.world.images.get(id_)) is not None]
    left_out = {"tags", "status", "error_message", "description"}
    shown = [Record({name: value for name, value in image.shown.items() if name not in left_out}) for image in images]
    return call.page(key, "snapshot", shown)


def list_kernels(call: Call) -> Reply:
    """Answer ``droplets_list_kernels``: droplets made since March 2017 bring their own kernel and can choose none."""
    find_droplet(call)
    return call.page("kernels", "kernel", [])


def list_neighbors(call: Call) -> Reply:
    """Answer ``droplets_list_neighbors``: droplets on the same physical server."""
    droplet = find_droplet(call)
    host = _host(droplet)
    neighbors = [other for other in call.world.droplets.listed() if _host(other) == host and other is not droplet]
    return call.all("droplets", "droplet", neighbors)


def _host(droplet: Record) -> tuple[str, int]:
    return droplet["region"]["slug"], droplet.kept["host"]


def list_neighbor_ids(call: Call) -> Reply:
    """Answer ``droplets_list_neighborsIds``."""
    hosts: dict[tuple[str, int], list[int]] = {}
    for droplet in call.world.droplets.listed():
        hosts.setdefault(_host(droplet), []).append(droplet["id"])
    return answer(200, neighbor_ids=[ids for ids in hosts.values() if len(ids) > 1])


def get_backup_policy(call: Call) -> Reply:
    """Answer ``droplets_get_backup_policy``."""
    return answer(200, policy=_policy_of(find_droplet(call)))


def list_backup_policies(call: Call) -> Reply:
    """Answer ``droplets_list_backup_policies``: a mapping by droplet id, cut into pages like a list."""
    droplets = call.world.droplets.listed()
    number, per_page = window(call)
    shown = droplets[(number - 1) * per_page : number * per_page]
    return answer(
        200,
        policies={str(droplet["id"]): _policy_of(droplet) for droplet in shown},
        links=links_of(call, len(droplets)),
        meta={"total": len(droplets)},
    )


def _policy_of(droplet: Record) -> dict[str, Any]:
    policy = droplet.kept.get("backup_policy")
    if policy is None:
        return {"droplet_id": droplet["id"], "backup_enabled": False}
    return {
        "droplet_id": droplet["id"],
        "backup_enabled": True,
        "backup_policy": shown_policy(policy),
        "next_backup_window": droplet["next_backup_window"],
    }


def list_supported_backup_policies(call: Call) -> Reply:  # noqa: ARG001  # every operation gets its call
    """Answer ``droplets_list_supported_backup_policies``."""
    return answer(
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


OPERATIONS = {
    "droplets_list": list_droplets,
    "droplets_get": get_droplet,
    "droplets_destroy": delete_droplet,
    "droplets_destroy_byTag": delete_droplets_by_tag,
    "droplets_list_snapshots": list_snapshots,
    "droplets_list_backups": list_backups,
    "droplets_list_kernels": list_kernels,
    "droplets_list_neighbors": list_neighbors,
    "droplets_list_neighborsIds": list_neighbor_ids,
    "droplets_get_backup_policy": get_backup_policy,
    "droplets_list_backup_policies": list_backup_policies,
    "droplets_list_supported_backup_policies": list_supported_backup_policies,
}
