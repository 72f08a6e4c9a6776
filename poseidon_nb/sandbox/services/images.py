"""Images: DigitalOcean's base images, the account's snapshots, backups and custom images, and actions of images.

Retired base images are not listed and have no slug, but can be read by id, as on the live service. The reference data
has no 1-Click applications, so ``type=application`` is an empty list.

Custom images are imported in several steps over time. The sandbox downloads nothing: the path of the URL decides
whether it is an image. A wrong suffix is found while the image is ``pending``. The image then becomes ``deleted`` with
an ``error_message`` and is in no region.

Not documented, chosen here: an image with an action in progress can be neither deleted nor given a second action. A
URL that is not http or https and an unknown region answer 422 at once. The size of a custom image follows from the
seed. Only the account's own ``available`` images have actions. A transfer to a closed region, or to one that has the
image, answers 422; its action shows the target region.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.actions import begin_action, find_action, is_action_on, list_actions, raise_if_busy
from poseidon_nb.sandbox.call import optional_field, parse_id, required_field
from poseidon_nb.sandbox.history import remove_billed
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import forbidden, not_found, unprocessable
from poseidon_nb.sandbox.services.tags import ensure_tag, validate_tag
from poseidon_nb.sandbox.store import SharedObject, StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

#: The distributions in the specification's description of ``image_new_custom``.
_DISTRIBUTIONS = (
    *("Arch Linux", "CentOS", "CoreOS", "Debian", "Fedora", "Fedora Atomic", "FreeBSD", "Gentoo"),
    *("openSUSE", "RancherOS", "Rocky Linux", "Ubuntu", "Unknown"),
    # Not in the description; the service keeps it.
    "Unknown OS",
)
#: File suffixes for the formats and compressions in the description of ``images_create_custom``, and one more that the
#: service takes.
_IMAGE_SUFFIXES = (".bin", ".raw", ".img", ".qcow2", ".vhdx", ".vdi", ".vmdk")
_COMPRESSION_SUFFIXES = (".gz", ".bz2")
BAD_FILE_TEXT = "The file at the URL is not an image in the raw, qcow2, vhdx, vdi, or vmdk format."
#: Seconds at DigitalOcean until an import starts and until it ends; chosen here, as in `actions`.
_QUEUED_S = 10.0
_IMPORT_S = 120.0


def normalize_distribution(requested: str) -> str:
    """Return a known distribution, or ``Unknown`` for any other, as the specification says."""
    return requested if requested in _DISTRIBUTIONS else "Unknown"


def find_image(world: World, wanted: Any) -> SharedObject | None:
    """Return the image with this id or, for a public image, this slug."""
    if isinstance(wanted, bool) or not isinstance(wanted, int | str):
        return None
    if isinstance(wanted, str):
        if wanted in world.reference_data.slugs:
            return world.reference_data.images[world.reference_data.slugs[wanted]]
        wanted = parse_id(wanted)
    if wanted in world.reference_data.images:
        return world.reference_data.images[wanted]
    own = world.images.get(wanted)
    return None if own is None else SharedObject(own.public)


def check_image_fits(image: SharedObject, region: str, disk_gb: int) -> None:
    """Raise 422 if an image is not in a region or needs a larger disk."""
    if region not in image["regions"]:
        raise unprocessable("The image you specified is not available in the selected region.")
    if (image["min_disk_size"] or 0) > disk_gb:
        raise unprocessable("The image you specified requires a larger disk.")


def list_images(call: Call) -> HTTPResponse:
    """Handle ``images_list``: public images first, then the account's own, oldest first."""
    reference_data, query = call.world.reference_data, call.query
    public = [StoredObject(image) for image in reference_data.images.values() if image["public"]]
    own = call.world.images.all()
    type_, tag_name = query.get("type"), query.get("tag_name")
    if type_ not in {None, "", "distribution", "application"}:
        raise unprocessable("type must be distribution or application.")
    if tag_name:
        folded = tag_name.lower()
        images = [image for image in own if any(tag.lower() == folded for tag in image["tags"])]
    elif query.get("private", "").lower() == "true":
        images = own
    elif type_ == "application":
        images = []
    else:
        images = public if type_ else [*public, *own]
    return call.respond_page("images", "image", images)


def get_image(call: Call) -> HTTPResponse:
    """Handle ``images_get``, by id or, for a public image, by slug."""
    image = find_image(call.world, call.path_params["image_id"])
    if image is None:
        raise not_found()
    return call.respond("image", StoredObject(image))


def find_own_image(call: Call) -> StoredObject:
    """Return the account's image of the path, or raise 403 for DigitalOcean's images and 404 for others."""
    id_ = call.path_id("image_id")
    image = call.world.images.get(id_)
    if image is not None:
        return image
    raise forbidden() if id_ in call.world.reference_data.images else not_found()


_IMAGES = Resource("images", lookup=find_own_image)


def _update(call: Call, image: StoredObject) -> StoredObject:
    requested = {name: optional_field(call.body, name, "string") for name in ("name", "description", "distribution")}
    if requested["name"] == "":
        raise unprocessable("name is required.")
    if requested["distribution"] is not None:
        requested["distribution"] = normalize_distribution(requested["distribution"])
    return _IMAGES.change(call.world, image, **{name: value for name, value in requested.items() if value is not None})


def _delete(call: Call, image: StoredObject) -> None:
    raise_if_busy(call.world, "image", image["id"])
    remove_image(call.world, image)


def remove_image(world: World, image: StoredObject) -> None:
    """Remove an image, also from its droplet's lists."""
    remove_billed(world, "images", image["id"])
    droplet = world.droplets.get(image.internal.get("droplet_id"))
    if droplet is not None:
        ids = {name: [id_ for id_ in droplet[name] if id_ != image["id"]] for name in ("snapshot_ids", "backup_ids")}
        world.droplets.put(droplet["id"], droplet.with_public(**ids))


def custom_image_object(
    id_: int, name: str, *, distribution: str, created_at: str, tags: list[str], **rest: Any
) -> dict[str, Any]:
    """Return a custom image in the format of the API while it is ``NEW``."""
    return {
        "id": id_,
        "name": name,
        "distribution": distribution,
        "slug": None,
        "public": False,
        "regions": [],
        "created_at": created_at,
        "min_disk_size": None,
        "type": "custom",
        "size_gigabytes": None,
        "description": "",
        "tags": tags,
        "status": "NEW",
        "error_message": "",
        **rest,
    }


def create_custom_image(call: Call) -> HTTPResponse:
    """Handle ``images_create_custom``."""
    body, world = call.body, call.world
    url = required_field(body, "url", "string")
    name = required_field(body, "name", "string")
    slug = required_field(body, "region", "string")
    parts = _url_path(url)
    if parts is None:
        raise unprocessable("url must be an http or https address.")
    objects.require_region(world, slug, "You specified an invalid region for the image.")
    requested: list[str] = optional_field(body, "tags", "array") or []
    if requested:
        call.require_scopes("tag:create")
    tags = [*dict.fromkeys(ensure_tag(world, tag) for tag in [*map(validate_tag, requested)])]
    id_ = world.next_id("images")
    public = custom_image_object(
        id_,
        name,
        distribution=normalize_distribution(optional_field(body, "distribution", "string") or "Unknown"),
        created_at=format_time(world.now()),
        tags=tags,
        description=optional_field(body, "description", "string") or "",
    )
    image = StoredObject(public, {"url": url, "region": slug, "good": is_image_file(parts)})
    world.images.put(id_, image)
    for tag in tags:
        world.tags.put(tag.lower(), world.tags[tag.lower()].with_internal(last=f"images/{id_}"))
    world.schedule(world.now() + _QUEUED_S / world.speed, "image.import", id_)
    return call.respond("image", image, status=202)


def _url_path(url: str) -> str | None:
    """Return the path of a URL that could be downloaded, or None."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts.path if parts.scheme in {"http", "https"} and parts.hostname else None


def is_image_file(path: str) -> bool:
    """Return whether a path has the suffix of an image file."""
    name = path.lower()
    for ending in _COMPRESSION_SUFFIXES:
        name = name.removesuffix(ending)
    return name.endswith(_IMAGE_SUFFIXES)


def with_imported_file(world: World, image: StoredObject) -> StoredObject:
    """Return a custom image after its import."""
    size_gb = round(0.4 + 2.4 * rng.random(world.seed, "custom", image["id"]), 2)
    return image.with_public(
        status="available",
        regions=[image.internal["region"]],
        size_gigabytes=size_gb,
        # The size of the unpacked file, which a droplet's disk must hold.
        min_disk_size=math.ceil(3 * size_gb),
    )


def _start_import(world: World, at: float, image_id: int) -> None:
    image = world.images.get(image_id)
    if image is not None:
        world.images.put(image_id, image.with_public(status="pending"))
        world.schedule(at + _IMPORT_S / world.speed, "image.arrive", image_id)


def _finish_import(world: World, _at: float, image_id: int) -> None:
    image = world.images.get(image_id)
    if image is not None:
        bad = image.with_public(status="deleted", error_message=BAD_FILE_TEXT)
        world.images.put(image_id, with_imported_file(world, image) if image.internal["good"] else bad)


def _start_action(call: Call, image: StoredObject) -> HTTPResponse:
    type_ = required_field(call.body, "type", "string")
    if type_ not in _PREPARE:
        raise unprocessable(f"{type_} is not a valid action type.")
    raise_if_busy(call.world, "image", image["id"])
    if image["status"] != "available":
        raise unprocessable("The image is not available yet.")
    region = _PREPARE[type_](call, image)
    action = begin_action(
        call.world,
        type_,
        resource_type="image",
        resource_id=image["id"],
        region=region,
        used_gb=image["size_gigabytes"] or 0.0,
        arguments={"region": region["slug"]},
    )
    return call.respond("action", action, status=201)


def _prepare_transfer(call: Call, image: StoredObject) -> SharedObject:
    slug = required_field(call.body, "region", "string")
    region = objects.require_region(call.world, slug, "You specified an invalid region for the image transfer.")
    if slug in image["regions"]:
        raise unprocessable("The image is already available in this region.")
    return region


def _prepare_convert(call: Call, image: StoredObject) -> SharedObject:
    if image["type"] != "backup":
        raise unprocessable("Only a backup can be converted to a snapshot.")
    return call.world.reference_data.regions[image["regions"][0]]


def _action_test(image: StoredObject) -> Callable[[StoredObject], bool]:
    return lambda action: is_action_on(action, "image", image["id"])


def _finish_transfer(world: World, _at: float, image_id: int, arguments: dict[str, Any]) -> None:
    image = world.images.get(image_id)
    if image is not None and arguments["region"] not in image["regions"]:
        world.images.put(image_id, image.with_public(regions=[*image["regions"], arguments["region"]]))


def _finish_convert(world: World, at: float, image_id: int, _arguments: dict[str, Any]) -> None:
    image = world.images.get(image_id)
    if image is None:
        return
    world.images.put(image_id, image.with_public(type="snapshot").with_internal(snapshot_since=at))
    droplet = world.droplets.get(image.internal["droplet_id"])
    if droplet is not None:
        backups = [id_ for id_ in droplet["backup_ids"] if id_ != image_id]
        snapshots = [*droplet["snapshot_ids"], image_id]
        world.droplets.put(droplet["id"], droplet.with_public(backup_ids=backups, snapshot_ids=snapshots))


_PREPARE: dict[str, Callable[[Call, StoredObject], SharedObject]] = {
    "transfer": _prepare_transfer,
    "convert": _prepare_convert,
}


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "images_list": list_images,
    "images_get": get_image,
    "images_update": _IMAGES.on(_update),
    "images_delete": _IMAGES.on(_delete),
    "images_create_custom": create_custom_image,
    "imageActions_post": _IMAGES.on(_start_action),
    "imageActions_list": _IMAGES.on(lambda call, image: list_actions(call.world, _action_test(image))),
    "imageActions_get": _IMAGES.on(lambda call, image: find_action(call, _action_test(image))),
}


EFFECTS: dict[str, Callable[..., None]] = {
    "image.import": _start_import,
    "image.arrive": _finish_import,
    "image.transfer": _finish_transfer,
    "image.convert": _finish_convert,
}
