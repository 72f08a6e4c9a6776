"""New droplets and their images, in the format of the API, and what services share: ids, regions, addresses and hosts.

Addresses come from ranges that are never routed: 198.18.0.0/15 (RFC 2544) for public IPv4, 2001:db8::/32 (RFC 3849) for
IPv6, and one 10.x network for each region. So a droplet of the sandbox cannot be mistaken for a real server. Load balancers,
NAT gateways and Kubernetes clusters have one range for documentation each (RFC 5737). Hosts are below `HOST`.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.call import required_field
from poseidon_nb.sandbox.responses import not_found, unprocessable
from poseidon_nb.sandbox.store import StoredObject

if TYPE_CHECKING:
    from collections.abc import Container

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import SharedObject
    from poseidon_nb.sandbox.world import World

#: Names below ``invalid`` never exist (RFC 2606).
HOST = "sandbox.invalid"
LOAD_BALANCER_RANGE, NAT_GATEWAY_RANGE, CONTROL_PLANE_RANGE = "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"
_HOSTS_PER_NETWORK = 250
_NETWORKS = 500
_DEFAULT_USED_GB = 2.5


def droplet_object(  # noqa: PLR0913  # the fields of a droplet, all by keyword
    id_: int,
    name: str,
    *,
    region: SharedObject,
    size: SharedObject,
    image: SharedObject,
    created_at: str,
    features: list[str],
    tags: list[str],
    vpc_uuid: str,
) -> dict[str, Any]:
    """Return a droplet in the format of the API, with the status ``new``."""
    droplet: dict[str, Any] = {
        "id": id_,
        "name": name,
        "memory": size["memory"],
        "vcpus": size["vcpus"],
        "disk": size["disk"],
        "disk_info": size["disk_info"],
        # Only for administrative locks: it stays false while actions run.
        "locked": False,
        "status": "new",
        "kernel": None,
        "created_at": created_at,
        "features": features,
        "backup_ids": [],
        "next_backup_window": None,
        "snapshot_ids": [],
        "image": image,
        "volume_ids": [],
        "size": size,
        "size_slug": size["slug"],
        "networks": {"v4": [], "v6": []},
        "region": region,
        "tags": tags,
        "vpc_uuid": vpc_uuid,
    }
    if "gpu_info" in size:
        droplet["gpu_info"] = size["gpu_info"]
    return droplet


def owner_id(world: World) -> int:
    """Return the numeric id of the account's owner."""
    return rng.randint(1_000_000, 20_000_000, world.seed, "owner")


def require_region(world: World, slug: str, refusal: str) -> SharedObject:
    """Return a region that is open for new resources, or raise 422 with these words."""
    region = world.reference_data.available_region(slug)
    if region is None:
        raise unprocessable(refusal)
    return region


def requested_droplet(call: Call) -> StoredObject:
    """Return the droplet that a body names by ``droplet_id``, or raise 404."""
    droplet = call.world.droplets.get(required_field(call.body, "droplet_id", "integer"))
    if droplet is None:
        raise not_found()
    return droplet


def free_address(range_: str, used: Container[str]) -> str:
    """Return the first address of a range that is not used. The limits of the account leave one."""
    return next(address for address in map(str, IPv4Network(range_).hosts()) if address not in used)


def default_vpc_id(world: World, region: str) -> str:
    """Return the id of the default VPC of a region, which may not exist yet."""
    for vpc in world.vpcs.all():
        if vpc["default"] and vpc["region"] == region:
            return str(vpc["id"])
    return rng.uuid(world.seed, "vpc", region)


def default_project_id(world: World) -> str:
    """Return the id of the default project, which may not exist yet."""
    for project in world.projects.all():
        if project["is_default"]:
            return str(project["id"])
    return rng.uuid(world.seed, "project", "default")


def default_ip_range(world: World, region: str) -> str:
    """Return the preferred IP range of a region's first VPC."""
    return f"10.{_region_number(world, region)}.0.0/16"


def _region_number(world: World, region: str) -> int:
    return 100 + list(world.reference_data.regions).index(region)


def networks(world: World, region: str, serial: int, *, public: bool, ipv6: bool) -> dict[str, list[dict[str, Any]]]:
    """Return a droplet's addresses, which follow from its serial number in the account."""
    network, host = divmod(serial, _HOSTS_PER_NETWORK)
    network %= _NETWORKS
    host += 4
    number = _region_number(world, region)
    v4: list[dict[str, Any]] = []
    if public:
        second, third = 18 + network // 250, network % 250
        v4.append(_v4(f"198.{second}.{third}.{host}", f"198.{second}.{third}.1", "255.255.255.0", "public"))
    v4.append(_v4(f"10.{number}.{network % 250}.{host}", f"10.{number}.0.1", "255.255.0.0", "private"))
    return {"v4": v4, "v6": [ipv6_network(number, serial)] if ipv6 else []}


def _v4(address: str, gateway: str, netmask: str, type_: str) -> dict[str, Any]:
    return {"ip_address": address, "netmask": netmask, "gateway": gateway, "type": type_}


def ipv6_network(number: int, serial: int) -> dict[str, Any]:
    """Return a public IPv6 network. Its netmask is a number, unlike that of an IPv4 network."""
    prefix = f"2001:db8:{number:x}"
    return {
        "ip_address": f"{prefix}::{serial + 0x1000:x}",
        "netmask": 64,
        "gateway": f"{prefix}::1",
        "type": "public",
    }


def reserved_ipv6_address(world: World, region: str, serial: int) -> str:
    """Return an IPv6 address outside of the network of its region's droplets."""
    number = _region_number(world, region)
    return f"2001:db8:{number:x}:1::{serial:x}"


def used_gb(world: World, droplet_id: int, image: SharedObject) -> float:
    """Return how many GB a droplet's files take."""
    base = image["size_gigabytes"] or _DEFAULT_USED_GB
    return round(base + 3 * rng.random(world.seed, "used", droplet_id), 2)


def droplet_image_object(droplet: StoredObject, id_: int, name: str, type_: str, created_at: str) -> StoredObject:
    """Return the image that a snapshot or a backup of a droplet creates."""
    return StoredObject(
        {
            "id": id_,
            "name": name,
            "distribution": droplet["image"]["distribution"],
            "slug": None,
            "public": False,
            "regions": [droplet["region"]["slug"]],
            "created_at": created_at,
            "min_disk_size": droplet["disk"],
            "type": type_,
            "size_gigabytes": droplet.internal["used_gb"],
            "description": "",
            "tags": [],
            "status": "available",
            "error_message": "",
        },
        {"droplet_id": droplet["id"]},
    )
