"""What things cost beside droplets, whose prices ``sizes_list`` and each droplet itself tell. Pure data, in US dollars.

The one list of prices: commands ask before they spend by it, the sandbox bills by it, analysis reckons by it. Each
price names the page it was read on, with the date that the page gave itself or was read at. What no page of DigitalOcean
confirms is marked as hearsay, and says so wherever it is used.

A monthly price is reached after `CAP_HOURS` in use, so that a month's length does not matter; until then each hour costs
its share. GPU droplets are capped at `CAP_HOURS_GPU`, which is what their hourly price is of the monthly one in
``sizes_list``, for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Price:
    """What one of something costs a month.

    Attributes
    ----------
    usd : float
        US dollars a month for each unit; of backups the share of the droplet's price.
    unit : str
        What is counted.
    page : str
        Where it was read.
    date : str
        When the page was last changed or validated, by its own words; else when it was read.
    hearsay : bool
        No page of DigitalOcean that was read confirms it.
    """

    usd: float
    unit: str
    page: str
    date: str
    hearsay: bool = False

    @property
    def source(self) -> str:
        """The page and the date in one line, and whether it is hearsay."""
        return f"{self.page}, {self.date}{' (hearsay)' if self.hearsay else ''}"


_DOCS = "docs.digitalocean.com/products"
_READ = "read November 2026"
_TOLD = "DigitalOcean's prices since July 2022, as told by third parties"

#: After 28 days a month's price is reached. The page on droplets' prices says so, that on Kubernetes says it of nodes.
CAP_HOURS = 672
CAP_HOURS_GPU = 744

#: Of the droplet's price, by plan. Plans billed by what is stored are sold too; the API does not tell their size.
BACKUPS: Mapping[str, Price] = MappingProxyType(
    {
        "weekly": Price(0.20, "of the droplet's price", f"{_DOCS}/backups/details/pricing", "9 March 2026"),
        "daily": Price(0.30, "of the droplet's price", f"{_DOCS}/backups/details/pricing", "9 March 2026"),
    }
)
#: What DigitalOcean takes where no plan is named (``dropletActions_post``, ``enable_backups``).
DEFAULT_BACKUPS = "daily"
#: Of droplets and volumes alike, however many regions have it.
SNAPSHOT_GB = Price(0.06, "GB", f"{_DOCS}/images/snapshots/details/pricing", _READ)
CUSTOM_IMAGE_GB = Price(0.06, "GB", f"{_DOCS}/custom-images/details/pricing", _READ)
#: As volumes have cost since they are sold; a third party's estimate of 2026 has it too.
VOLUME_GIB = Price(0.10, "GiB", _TOLD, "2026", hearsay=True)
#: Of a regional one. The documentation's older pages have 10, and 1, 3 and 6 nodes for the sizes of then.
LOAD_BALANCER_NODE = Price(12.0, "node", _TOLD, "2026", hearsay=True)
LOAD_BALANCER_NODES: Mapping[str, int] = MappingProxyType({"lb-small": 1, "lb-medium": 3, "lb-large": 6})
#: Of an IPv4 address that no droplet uses. The documentation of floating IPs, as they were called, has 4.
IDLE_ADDRESS = Price(5.0, "address", _TOLD, "2026", hearsay=True)
#: With high availability; else it costs nothing. Nodes cost what droplets of their size do.
CONTROL_PLANE = Price(40.0, "control plane", f"{_DOCS}/kubernetes/details/pricing", _READ)
#: For the whole account, however many buckets, as DigitalOcean's staff told in its community's answers.
SPACES = Price(
    5.0, "subscription", "digitalocean.com/community/questions/prices-explanation-5-per-space-or-5-for-spaces", _READ
)
SPACES_INCLUDED_GIB = 250
SPACES_GIB = Price(0.02, "GiB", SPACES.page, _READ)
#: Sent beyond what the account's droplets include together.
TRANSFER_GIB = Price(0.01, "GiB", f"{_DOCS}/droplets/details/pricing", "May 2026")
#: What a size's ``transfer`` of 1 means: the pages have 1,000 GiB where ``sizes_list`` has 1 TB.
TRANSFER_GIB_OF_TB = 1000.0


def nodes_of(size_unit: float | None, size: str | None) -> int:
    """Return how many nodes a load balancer has, which older ones tell by the name of a size."""
    return int(size_unit) if size_unit else LOAD_BALANCER_NODES.get(size or "", 1)


def backups_usd(droplet_usd: float, plan: str | None = None) -> float:
    """Return what a droplet's backups cost a month.

    Parameters
    ----------
    droplet_usd : float
        The droplet's price without them.
    plan : str, optional
        ``"daily"`` or ``"weekly"``; by default, and for a plan whose price is not known, `DEFAULT_BACKUPS`.
    """
    return droplet_usd * BACKUPS.get(plan or DEFAULT_BACKUPS, BACKUPS[DEFAULT_BACKUPS]).usd
