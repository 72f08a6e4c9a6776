"""Published prices that the API does not return, in US dollars. Droplet prices come from ``sizes_list`` and each droplet.

Plans, the sandbox and the cost analysis all use this list. Each price names the page it was read on, with the page's own
date or the date it was read. A price that no DigitalOcean page confirms is marked as unverified.

Usage is billed by the hour up to the monthly price, which is reached after `CAP_HOURS`, so the length of a month does
not matter. The cap of GPU droplets is `CAP_HOURS_GPU`: the ratio of monthly and hourly price in ``sizes_list`` for all
of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Price:
    """A monthly price per unit.

    Attributes
    ----------
    usd : float
        US dollars a month per unit; for backups the fraction of the droplet's price.
    unit : str
        The billed unit.
    page : str
        The page it was read on.
    date : str
        When the page was last changed or validated, according to the page; otherwise when it was read.
    unverified : bool
        No DigitalOcean page confirms it.
    """

    usd: float
    unit: str
    page: str
    date: str
    unverified: bool = False

    @property
    def source(self) -> str:
        """The page and date in one line, with a note if the price is unverified."""
        return f"{self.page}, {self.date}{' (unverified)' if self.unverified else ''}"


_DOCS = "docs.digitalocean.com/products"
_READ = "read in November 2026"
_LAUNCH = "DigitalOcean's price when the product was launched, from memory; no page that could be read names it"
_FROM_MEMORY = "DigitalOcean's price, from memory; no page that could be read names it"
_THIRD_PARTY_DATABASES = "DigitalOcean's prices for managed databases, according to third parties"
_THIRD_PARTY = "DigitalOcean's prices since July 2022, according to third parties"
_THIRD_PARTY_APPS = "App Platform's prices, according to third parties"

#: 28 days. The pricing pages for droplets and Kubernetes nodes state this cap.
CAP_HOURS = 672
CAP_HOURS_GPU = 744

#: By plan. Usage-based plans exist too, but the API does not return the size of backups.
BACKUPS: Mapping[str, Price] = MappingProxyType(
    {
        "weekly": Price(0.20, "of the droplet's price", f"{_DOCS}/backups/details/pricing", "March 9, 2026"),
        "daily": Price(0.30, "of the droplet's price", f"{_DOCS}/backups/details/pricing", "March 9, 2026"),
    }
)
#: DigitalOcean's default plan (``dropletActions_post``, ``enable_backups``).
DEFAULT_BACKUP_PLAN = "daily"
#: For droplet and volume snapshots, in any number of regions.
SNAPSHOT_GB = Price(0.06, "GB", f"{_DOCS}/images/snapshots/details/pricing", _READ)
CUSTOM_IMAGE_GB = Price(0.06, "GB", f"{_DOCS}/custom-images/details/pricing", _READ)
#: Unchanged since volumes were introduced; a third party's estimate of 2026 agrees.
VOLUME_GIB = Price(0.10, "GiB", _THIRD_PARTY, "2026", unverified=True)
#: For regional load balancers. Older pages of the documentation state 10, with 1, 3 and 6 nodes for the former sizes.
LOAD_BALANCER_NODE = Price(12.0, "node", _THIRD_PARTY, "2026", unverified=True)
LOAD_BALANCER_NODES: Mapping[str, int] = MappingProxyType({"lb-small": 1, "lb-medium": 3, "lb-large": 6})
#: Billed for each unit of size, says github.com/digitalocean/scale-with-simplicity, which does not name the amount.
NAT_GATEWAY_UNIT = Price(40.0, "unit of size", _LAUNCH, "2026", unverified=True)
#: For the size of a share, in both performance tiers.
NFS_GIB = Price(0.30, "GiB", _LAUNCH, "2026", unverified=True)
#: For a reserved IPv4 address not assigned to a droplet. The documentation of floating IPs, its old name, states 4.
UNASSIGNED_IP = Price(5.0, "address", _THIRD_PARTY, "2026", unverified=True)
#: For each node of a database cluster or read-only node. The prices of basic sizes are this multiple of their memory; that it
#: holds for all sizes is assumed.
DATABASE_MEMORY_GIB = Price(15.0, "GiB of memory", _THIRD_PARTY_DATABASES, "2026", unverified=True)
#: For each node, beyond the storage that its size includes.
DATABASE_STORAGE_GIB = Price(0.215, "GiB of added storage", _FROM_MEMORY, "2026", unverified=True)
#: The memory of database nodes whose size does not name it.
_DATABASE_NAMELESS_GIB: Mapping[str, int] = MappingProxyType({"c-96-intel": 192})
_DATABASE_SIZE = re.compile(r".*-([0-9]+)gb(-intel)?")
#: The storage that a size includes is documented for few; assumed for the others.
_DATABASE_STORAGE_PER_MEMORY, _DATABASE_SMALLEST_GIB = 15, 10
#: Older sizes of instances, which ``apps_list_instanceSizes`` does not return.
APP_FORMER_SIZES: Mapping[str, Price] = MappingProxyType(
    {
        slug: Price(usd, "instance", _THIRD_PARTY_APPS, "2026", unverified=True)
        for slug, usd in (
            *(("basic-xxs", 5.0), ("basic-xs", 10.0), ("basic-s", 20.0), ("basic-m", 40.0)),
            *(("professional-xs", 12.0), ("professional-s", 25.0), ("professional-m", 50.0)),
            *(("professional-1l", 75.0), ("professional-l", 150.0), ("professional-xl", 300.0)),
        )
    }
)
#: Of App Platform; the prices of instances are in ``apps_list_instanceSizes``. A development database is one without a cluster.
APP_DATABASE = Price(7.0, "development database", _THIRD_PARTY_APPS, "2026", unverified=True)
#: For each app that is only static sites, after the free ones.
APP_STATIC_SITE = Price(3.0, "app", _THIRD_PARTY_APPS, "2026", unverified=True)
FREE_STATIC_APPS = 3
APP_DEDICATED_IPS = Price(25.0, "app", _THIRD_PARTY_APPS, "2026", unverified=True)
UPTIME_CHECK = Price(1.0, "check", f"{_DOCS}/uptime/details", "March 27, 2026")
#: With high availability, otherwise free. Nodes cost as much as droplets of their size.
CONTROL_PLANE = Price(40.0, "control plane", f"{_DOCS}/kubernetes/details/pricing", _READ)
#: For the whole account, regardless of the number of registries, by tier; and for storage beyond the included one.
REGISTRY_TIERS: Mapping[str, Price] = MappingProxyType(
    {
        tier: Price(usd, "subscription", f"{_DOCS}/container-registry/details/pricing", _READ)
        for tier, usd in (("starter", 0.0), ("basic", 5.0), ("professional", 20.0))
    }
)
REGISTRY_GIB = Price(0.02, "GiB", f"{_DOCS}/container-registry/details/pricing", _READ)
#: For the whole account, regardless of the number of buckets, according to DigitalOcean's staff in the community answers.
SPACES = Price(
    5.0, "subscription", "digitalocean.com/community/questions/prices-explanation-5-per-space-or-5-for-spaces", _READ
)
SPACES_INCLUDED_GIB = 250
SPACES_GIB = Price(0.02, "GiB", SPACES.page, _READ)
#: Outbound, beyond the pooled allowance of the account's droplets. A droplet earns 1/672 of its allowance in each hour that it
#: exists, on or off, up to the whole (DigitalOcean's staff, digitalocean.com/community/questions/what-would-i-pay-for-the-small-
#: 5-droplet-i-use-it-for-15-days-with-a-traffic-of-1tb, January 30, 2020). The preview of an invoice counts the hours so far, the
#: invoice those of the whole month (digitalocean.com/community/questions/beware-the-new-pooled-transfer-billing, June 5, 2018).
TRANSFER_GIB = Price(0.01, "GiB", f"{_DOCS}/droplets/details/pricing", "May 2026")
#: For a size's ``transfer``: the pages state 1,000 GiB where ``sizes_list`` returns 1 TB.
TRANSFER_GIB_PER_TB = 1000.0


def load_balancer_nodes(size_unit: float | None, size: str | None) -> int:
    """Return the number of nodes of a load balancer. Older ones have the name of a size instead of a number."""
    return int(size_unit) if size_unit else LOAD_BALANCER_NODES.get(size or "", 1)


def database_memory_gib(size: str) -> int | None:
    """Return the memory of a database node, which is part of its size's name; None if it is not."""
    found = _DATABASE_SIZE.fullmatch(size)
    return int(found[1]) if found else _DATABASE_NAMELESS_GIB.get(size)


def database_storage_gib(size: str) -> int | None:
    """Return the storage of a database node that its price includes; None if the size is unknown."""
    memory = database_memory_gib(size)
    if memory is None:
        return None
    return _DATABASE_SMALLEST_GIB if memory == 1 else _DATABASE_STORAGE_PER_MEMORY * memory


def database_node_usd(size: str, storage_gib: float | None = None) -> float | None:
    """Return the monthly price of a database node; None if the size is unknown.

    Parameters
    ----------
    size : str
        The slug of its size.
    storage_gib : float, optional
        All its storage; by default what the size includes.
    """
    memory, included = database_memory_gib(size), database_storage_gib(size)
    if memory is None or included is None:
        return None
    added = max(0.0, (storage_gib or included) - included)
    return memory * DATABASE_MEMORY_GIB.usd + added * DATABASE_STORAGE_GIB.usd


def backups_usd(droplet_usd: float, plan: str | None = None) -> float:
    """Return the monthly price of a droplet's backups.

    Parameters
    ----------
    droplet_usd : float
        The droplet's price without backups.
    plan : str, optional
        ``"daily"`` or ``"weekly"``; by default, and for plans without a known price, `DEFAULT_BACKUP_PLAN`.
    """
    return droplet_usd * BACKUPS.get(plan or DEFAULT_BACKUP_PLAN, BACKUPS[DEFAULT_BACKUP_PLAN]).usd
