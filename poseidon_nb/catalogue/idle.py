"""Defaults of the search for idle resources, and the commands that end their cost."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Days after which a snapshot or an image counts as old.
OLD_DAYS = 90
#: Days after which a droplet that is off, or a check that fails, is certainly no longer wanted.
LONG_DAYS = 7
#: Days in which a new resource may still be waiting for its use.
NEW_DAYS = 1
#: An unused droplet needs at most this share of its vCPUs in 19 of 20 readings, in percent, and sends at most this much.
UNUSED_CPU_PERCENT = 3.0
UNUSED_OUTBOUND_GB_MONTH = 5.0
#: The command that ends the cost of each kind of resource, without the resource.
COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "droplet": "droplets freeze",
        "volume": "volumes delete",
        "snapshot": "snapshots delete",
        "image": "images delete",
        "reserved_ip": "reserved-ips delete",
        "reserved_ipv6": "reserved-ipv6 delete",
        "load_balancer": "load-balancers delete",
        "uptime_check": "uptime delete-check",
        "kubernetes": "kubernetes delete",
        "database": "databases delete",
        "app": "apps delete",
        "registry": "registries delete",
        "nat_gateway": "vpcnatgateways delete",
        "nfs": "nfs delete",
    }
)
#: The kinds whose command uses the name, where it is unique and plain; all others use the id.
NAMED_KINDS = frozenset({"droplet", "volume", "load_balancer", "kubernetes", "database", "app"})
