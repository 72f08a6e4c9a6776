"""A finding: one idle resource with the evidence. The rule with its limits, and what all rules share."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.analysis.inputs import lists, texts
from poseidon_nb.catalogue import idle as defaults
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Sequence

HIGH, MEDIUM, LOW = "high", "medium", "low"

_DAY_S = 86_400.0
#: A name that stands for itself in a command. A name like a number or a UUID would be taken for an id.
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,254}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_FROZEN_PREFIX = "frozen:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a resource counts as idle.

    - A *droplet* that is off is idle. It is still billed. The confidence is high once it was off for `long_days`, and low
      before `new_days`. Kubernetes nodes are left out.
    - A *droplet* that is on is unused if rightsizing has enough readings to judge it, 19 of 20 readings of its CPU are at
      most `unused_cpu_percent`, and it sends at most `unused_outbound_gb_month` to the internet. Its private traffic is
      not measured, so the confidence is at most medium, or that of rightsizing if that is lower.
    - A *volume* is idle if it is attached to no droplet, and a *reserved IP* if it is assigned to none.
    - A *load balancer* is idle if it has no droplets, neither by id nor by tag. Global ones are left out.
    - A *snapshot* is idle if its droplet or volume is gone, or if it is older than `old_days`. The confidence is high if
      there is a newer one of the same droplet or volume, and low if it is the newest of one that still exists.
    - An *image* of the account's own is idle if it is older than `old_days`.
    - An *uptime check* is idle if its target was down in all regions for at least `long_days`.
    - A *Kubernetes cluster* is idle if none of its pools has nodes and its control plane costs money. The confidence is low
      if a pool may grow by itself.
    - A *database cluster* is idle if it has trusted sources and none of them exists: droplets, tags, Kubernetes clusters
      with nodes, and apps. An address is taken to exist. Without trusted sources, everything can connect.
    - An *app* is idle if it has no active deployment and none that is waiting or in progress. It costs nothing until it is
      deployed, and is listed as what is not used.
    - A *container registry* is idle if no registry of the account has repositories and their subscription costs money.
    - A *NAT gateway* is idle if its VPCs have neither droplets, Kubernetes clusters nor apps, and an *NFS share* if it has no
      VPC.

    Snapshots and images that a droplet of the account was made from are in use. So is everything that belongs to a frozen
    droplet: snapshots with the tag ``frozen``, and volumes, addresses and load balancers that a tag ``frozen:...`` names. What costs nothing
    is left out, apart from apps: domains, VPCs, firewalls, certificates, CDN endpoints, and snapshots of 0 bytes. A volume,
    load balancer or managed service younger than `new_days` has low confidence.

    Attributes
    ----------
    old_days, long_days, new_days : float
    unused_cpu_percent, unused_outbound_gb_month : float

    Raises
    ------
    InvalidArgument
        A limit is negative.
    """

    old_days: float = defaults.OLD_DAYS
    long_days: float = defaults.LONG_DAYS
    new_days: float = defaults.NEW_DAYS
    unused_cpu_percent: float = defaults.UNUSED_CPU_PERCENT
    unused_outbound_gb_month: float = defaults.UNUSED_OUTBOUND_GB_MONTH

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) >= 0:
                raise InvalidArgument(f"{field.name} must be 0 or more, not {getattr(self, field.name):g}.")


@dataclass(frozen=True, slots=True)
class Finding:
    """An idle resource.

    Attributes
    ----------
    kind, id, name, why, confidence : str
    usd_month : float
        NaN if no price is known.
    """

    kind: str
    id: str
    name: str
    why: str
    usd_month: float
    confidence: str


def command_line(finding: Finding, names: Sequence[str]) -> str:
    """Return the command that ends the cost of a resource.

    Parameters
    ----------
    finding : Finding
    names : sequence of str
        The names of all resources of this kind.
    """
    name = finding.name
    plain = _PLAIN_NAME.fullmatch(name) is not None and _UUID.fullmatch(name) is None
    by_name = finding.kind in defaults.NAMED_KINDS and plain and [*names].count(name) == 1
    return f"{defaults.COMMANDS[finding.kind]} {name if by_name else finding.id}"


def age_days(time: Any, now: pd.Timestamp) -> float:
    """Return how many days ago a time was; NaN if it is missing."""
    return float("nan") if pd.isna(time) else float((now - time).total_seconds() / _DAY_S)


def format_days(days: float) -> str:
    """Format a number of days, rounded down: ``less than a day``, ``12 days``."""
    return pluralize(int(days), "day") if days >= 1 else "less than a day"


def price(usd: Any) -> float:
    """Return a price as a float; NaN if it is missing."""
    return float("nan") if pd.isna(usd) else float(usd)


def image_sources(droplets: pd.DataFrame | None) -> set[str] | None:
    """Return the ids of the images that the account's droplets were made from; None if they are unknown."""
    if droplets is None:
        return None
    found = {*texts(droplets, "image_id")}
    # Without the scope image:read, a droplet is served without its image.
    return None if "" in found else found


def frozen_tags(snapshots: pd.DataFrame | None) -> str:
    """Return what the tags of frozen droplets say, as one text of words between hyphens."""
    tags = [] if snapshots is None else [str(tag).casefold() for row in lists(snapshots, "tags") for tag in row]
    return f"-{'-'.join(_words(tag) for tag in tags if tag.startswith(_FROZEN_PREFIX))}-"


def is_named(id_: str, tags: str) -> bool:
    """Check whether a tag of a frozen droplet names a volume or an address. Tags contain no dots."""
    return f"-{_words(id_)}-" in tags


def _words(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold())
