"""Custom images: made from an address, in steps that take their time.

The sandbox fetches nothing: whether the address leads to an image is judged by its path. Not settled by any source,
chosen here: an address that is none of http or https, and an unknown region, answer 422 at once; one whose file name has
another ending than those of the formats that are taken is found out while the image is ``pending``, which then turns
``deleted`` with an ``error_message`` and is in no region; how large an image is follows from the seed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from poseidon_nb.sandbox import bodies, chance
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import unprocessable
from poseidon_nb.sandbox.services.images import known_distribution
from poseidon_nb.sandbox.services.tags import checked_tag, ensure_tag
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

#: Formats and packings that the text of ``images_create_custom`` names, by the endings in use for them.
_FORMATS = (".raw", ".img", ".qcow2", ".vhdx", ".vdi", ".vmdk")
_PACKED = (".gz", ".bz2")
BAD_FILE_TEXT = "The file at the URL is not an image in the raw, qcow2, vhdx, vdi, or vmdk format."
#: Seconds at DigitalOcean until the import begins, and until it ends; our choice, as in `durations`.
_QUEUED_S = 10.0
_IMPORT_S = 120.0


def image_object(
    id_: int, name: str, *, distribution: str, created_at: str, tags: list[str], **rest: Any
) -> dict[str, Any]:
    """Give a custom image as the API shows it while it is ``NEW``."""
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


def create_image(call: Call) -> Reply:
    """Answer ``images_create_custom``."""
    body, world = call.body, call.world
    url = bodies.required(body, "url", "string")
    name = bodies.required(body, "name", "string")
    slug = bodies.required(body, "region", "string")
    parts = _split(url)
    if parts is None:
        raise unprocessable("url must be an http or https address.")
    region = world.figures.regions.get(slug)
    if region is None or not region["available"]:
        raise unprocessable("You specified an invalid region for the image.")
    asked: list[str] = bodies.optional(body, "tags", "array") or []
    if asked:
        call.need("tag:create")
    tags = [*dict.fromkeys(ensure_tag(world, tag) for tag in [*map(checked_tag, asked)])]
    id_ = world.next_id("images")
    shown = image_object(
        id_,
        name,
        distribution=known_distribution(bodies.optional(body, "distribution", "string") or "Unknown"),
        created_at=stamp(world.now()),
        tags=tags,
        description=bodies.optional(body, "description", "string") or "",
    )
    image = Record(shown, {"url": url, "region": slug, "good": holds_an_image(parts)})
    world.images.put(id_, image)
    for tag in tags:
        world.tags.put(tag.lower(), world.tags[tag.lower()].keeping(last=f"images/{id_}"))
    world.schedule(world.now() + _QUEUED_S / world.speed, "image.import", id_)
    return call.one("image", image, status=202)


def _split(url: str) -> str | None:
    """Give the path of an address that can be fetched."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts.path if parts.scheme in {"http", "https"} and parts.hostname else None


def holds_an_image(path: str) -> bool:
    """Say whether a path ends as an image's does."""
    name = path.lower()
    for ending in _PACKED:
        name = name.removesuffix(ending)
    return name.endswith(_FORMATS)


def arrived(world: World, image: Record) -> Record:
    """Give a custom image as it is once its file is there."""
    size_gb = round(0.4 + 2.4 * chance.share(world.seed, "custom", image["id"]), 2)
    return image.showing(
        status="available",
        regions=[image.kept["region"]],
        size_gigabytes=size_gb,
        # What the file unpacks to; a droplet's disk has to hold it.
        min_disk_size=math.ceil(3 * size_gb),
    )


# --- what happens over time ------------------------------------------------------------------------------------------
def _import(world: World, at: float, image_id: int) -> None:
    image = world.images.get(image_id)
    if image is not None:
        world.images.put(image_id, image.showing(status="pending"))
        world.schedule(at + _IMPORT_S / world.speed, "image.arrive", image_id)


def _arrive(world: World, _at: float, image_id: int) -> None:
    image = world.images.get(image_id)
    if image is not None:
        bad = image.showing(status="deleted", error_message=BAD_FILE_TEXT)
        world.images.put(image_id, arrived(world, image) if image.kept["good"] else bad)


OPERATIONS = {"images_create_custom": create_image}
EFFECTS: dict[str, Callable[..., None]] = {"image.import": _import, "image.arrive": _arrive}
