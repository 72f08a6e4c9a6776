"""DigitalOcean's regions, sizes and base images, from ``reference_data.json``, which names its sources."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poseidon_nb.sandbox.store import SharedObject

_UNKNOWN_DATE = "2025-10-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """The data that is the same for every account. Its objects are shared by all stored objects and never change.

    Attributes
    ----------
    regions, sizes : dict
        By slug, in the format of the API.
    images : dict
        Base images by id, including retired ones.
    slugs : dict
        The id of the image that has a slug now.
    families : dict
        The family of each size: ``"basic-regular"``, ``"gpu"`` and so on.
    image_regions : list of str
        The regions that have the public images.
    """

    regions: dict[str, SharedObject]
    sizes: dict[str, SharedObject]
    images: dict[int, SharedObject]
    slugs: dict[str, int]
    families: dict[str, str]
    image_regions: list[str]

    def available_region(self, slug: str) -> SharedObject | None:
        """Return a region that is open for new resources, or None."""
        region = self.regions.get(slug)
        return region if region is not None and region["available"] else None

    def find(self, source: tuple[str, str]) -> SharedObject:
        """Return the object that a `SharedObject.source` refers to."""
        kind, key = source
        if kind == "regions":
            return self.regions[key]
        return self.sizes[key] if kind == "sizes" else self.images[int(key)]


@functools.cache
def load_reference_data() -> ReferenceData:
    """Load the reference data, once in a process."""
    data: dict[str, Any] = json.loads(Path(__file__).with_name("reference_data.json").read_text("utf-8"))
    sizes = {row[0]: _size(row, data["region_sets"]) for row in data["sizes"]}
    images = {row[0]: _image(row, data["image_regions"]) for row in data["images"]}
    return ReferenceData(
        regions={row[0]: _region(row, data["region_features"], sizes) for row in data["regions"]},
        sizes=sizes,
        images=images,
        slugs={image["slug"]: id_ for id_, image in images.items() if image["slug"]},
        families={row[0]: row[1] for row in data["sizes"]},
        image_regions=data["image_regions"],
    )


def _region(row: list[Any], features: list[list[str]], sizes: dict[str, SharedObject]) -> SharedObject:
    slug, name, available, feature_set = row
    available_sizes = [size_slug for size_slug, size in sizes.items() if slug in size["regions"]]
    return SharedObject(
        {
            "name": name,
            "slug": slug,
            "features": features[feature_set],
            "available": available,
            "sizes": available_sizes,
        },
        ("regions", slug),
    )


def _size(row: list[Any], region_sets: list[list[str]]) -> SharedObject:
    slug, _, description, memory, vcpus, disk, transfer, throughput, monthly, hourly, region_set, *gpu = row
    size: dict[str, Any] = {
        "slug": slug,
        "memory": memory,
        "vcpus": vcpus,
        "disk": disk,
        "transfer": float(transfer),
        "price_monthly": float(monthly),
        "price_hourly": hourly,
        "regions": sorted(region_sets[region_set]),
        "available": True,
        "description": description,
        "networking_throughput": throughput,
        "disk_info": [{"type": "local", "size": {"amount": disk, "unit": "gib"}}],
    }
    if gpu:
        count, model, vram, scratch = gpu
        size["gpu_info"] = {"count": count, "model": model, "vram": {"amount": vram, "unit": "gib"}}
        if scratch:
            size["disk_info"].append({"type": "scratch", "size": {"amount": scratch, "unit": "gib"}})
    return SharedObject(size, ("sizes", slug))


def _image(row: list[Any], regions: list[str]) -> SharedObject:
    id_, slug, name, distribution, min_disk, size_gb, created_at, status = row
    retired = status == "retired"
    return SharedObject(
        {
            "id": id_,
            "name": name,
            "distribution": distribution,
            # The live service shows an image without a slug once a newer image has the slug.
            "slug": None if retired else slug,
            "public": not retired,
            "regions": [] if retired else regions,
            "created_at": created_at or _UNKNOWN_DATE,
            "min_disk_size": min_disk,
            "type": "base",
            "size_gigabytes": size_gb,
            "description": f"{distribution} {name}",
            "tags": [],
            "status": status,
            "error_message": "",
        },
        ("images", str(id_)),
    )
