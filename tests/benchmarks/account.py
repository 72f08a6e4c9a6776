"""The account that the benchmarks' server serves: believable droplets of about 3 kB each, as pages of gzipped JSON."""

from __future__ import annotations

import gzip
import json
import random
from typing import Any

REGIONS = ("nyc1", "nyc3", "ams3", "sfo3", "sgp1", "lon1", "fra1", "tor1", "blr1", "syd1")
IMAGE_REGIONS = [*REGIONS, "nyc2", "ams2", "sfo1", "sfo2", "atl1", "ric1"]
DISTRIBUTIONS = (("Ubuntu", "24-04"), ("Ubuntu", "22-04"), ("Debian", "12"), ("Fedora", "42"), ("Rocky Linux", "9"))
FAMILIES = (("s", "Basic", 2), ("g", "General Purpose", 4), ("c", "CPU-Optimized", 2), ("m", "Memory-Optimized", 8))


def _sizes() -> list[dict[str, Any]]:
    return [
        {
            "slug": f"{family}-{vcpus}vcpu-{vcpus * per_vcpu}gb{make}",
            "memory": vcpus * per_vcpu * 1024,
            "vcpus": vcpus,
            "disk": vcpus * 25,
            "transfer": vcpus * 1.5,
            "price_monthly": vcpus * per_vcpu * 6.0,
            "price_hourly": round(vcpus * per_vcpu * 6 / 672, 5),
            "regions": [*REGIONS],
            "available": True,
            "description": described,
            "networking_throughput": 2000,
            "disk_info": [{"type": "local", "size": {"amount": vcpus * 25, "unit": "gib"}}],
        }
        for family, described, per_vcpu in FAMILIES
        for vcpus in (1, 2, 4, 8, 16, 32)
        for make in ("", "-intel", "-amd")
    ]


SIZES = _sizes()


def _region(slug: str) -> dict[str, Any]:
    features = ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"]
    sizes = [size["slug"] for size in SIZES]
    return {"name": slug.upper(), "slug": slug, "features": features, "available": True, "sizes": sizes}


def _image(number: int, distribution: str, version: str) -> dict[str, Any]:
    return {
        "id": 150_000_000 + number,
        "name": f"{version.replace('-', '.')} x64",
        "distribution": distribution,
        "slug": f"{distribution.split(maxsplit=1)[0].lower()}-{version}-x64",
        "public": True,
        "regions": IMAGE_REGIONS,
        "created_at": "2026-01-15T10:00:00Z",
        "min_disk_size": 7,
        "type": "base",
        "size_gigabytes": 2.36,
        "description": f"{distribution} {version} x64",
        "tags": [],
        "status": "available",
    }


def droplet(number: int, regions: list[Any], images: list[Any], chance: random.Random) -> dict[str, Any]:
    size, region, image = chance.choice(SIZES), chance.choice(regions), chance.choice(images)
    place = f"{number >> 8 & 255}.{number & 255}"
    hosts = {"netmask": "255.255.240.0"}
    return {
        "id": 400_000_000 + number * 7,
        "name": f"web-{number:05d}.example.com",
        "memory": size["memory"],
        "vcpus": size["vcpus"],
        "disk": size["disk"],
        "disk_info": size["disk_info"],
        "locked": False,
        "status": "off" if number % 17 == 0 else "active",
        "kernel": None,
        "created_at": f"2026-{1 + number % 9:02d}-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:07Z",
        "features": ["droplet_agent", "private_networking", "monitoring"],
        "backup_ids": [],
        "next_backup_window": {"start": "2026-11-24T00:00:00Z", "end": "2026-11-24T04:00:00Z"}
        if number % 3 == 0
        else None,
        "snapshot_ids": [150_900_000 + number] if number % 5 == 0 else [],
        "image": image,
        "volume_ids": [],
        "size": size,
        "size_slug": size["slug"],
        "networks": {
            "v4": [
                {"ip_address": f"10.124.{place}", **hosts, "gateway": "10.124.0.1", "type": "private"},
                {"ip_address": f"164.90.{place}", **hosts, "gateway": "164.90.0.1", "type": "public"},
            ],
            "v6": [],
        },
        "region": region,
        "tags": ["web", "env:prod"] if number % 2 else ["db"],
        "vpc_uuid": f"760e09ef-dc84-11e8-981e-{number:012x}",
    }


def droplet_pages(count: int, url: str, *, per_page: int = 200) -> list[bytes]:
    """Return the pages of an account of so many droplets, as the server sends them: gzipped, with links and a total."""
    chance = random.Random(count)
    regions = [_region(slug) for slug in REGIONS]
    images = [_image(number, *made) for number, made in enumerate(DISTRIBUTIONS)]
    last = max(1, -(-count // per_page))
    pages = []
    for page in range(1, last + 1):
        numbers = range((page - 1) * per_page, min(count, page * per_page))
        droplets = [droplet(number, regions, images, chance) for number in numbers]
        links = {"pages": _links(f"{url}/v2/droplets", page, last, per_page)} if last > 1 else {}
        body = json.dumps({"droplets": droplets, "links": links, "meta": {"total": count}}, separators=(",", ":"))
        pages.append(gzip.compress(body.encode(), 6))
    return pages


def _links(url: str, page: int, last: int, per_page: int) -> dict[str, str]:
    there = {"first": 1, "prev": page - 1} if page > 1 else {}
    there |= {"next": page + 1, "last": last} if page < last else {}
    return {relation: f"{url}?page={number}&per_page={per_page}" for relation, number in there.items()}
