"""Tags by which this program recognizes what it has made: leases, frozen snapshots, and claims on them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

#: How the tag of a lease begins; the end of the lease follows.
LEASE_PREFIX = "lease:"
#: The tag of a snapshot that holds a frozen droplet.
FROZEN = "frozen"
#: How the tag begins by which a plan claims a frozen snapshot, so that no two create its droplet.
CLAIM_PREFIX = "thawing:"
#: A claim that is older was left by a process that has ended: a droplet is created within ten minutes.
MAX_CLAIM_AGE = timedelta(minutes=15)
_CLAIM_TIME = "%Y%m%dT%H%M%SZ"


def claim_tag(now: datetime, image_id: object, token: str) -> str:
    """Return the tag of a claim on a snapshot that is made at a time, unique by a token."""
    return f"{CLAIM_PREFIX}{now.astimezone(UTC).strftime(_CLAIM_TIME)}-{image_id}-{token}"


def is_claim_on(tag: str, image_id: object) -> bool:
    """Return whether a tag is a claim on a snapshot."""
    return tag.casefold().startswith(CLAIM_PREFIX) and tag.split("-")[1:2] == [str(image_id)]


def is_fresh_claim(tag: str, now: datetime) -> bool:
    """Return whether a tag is a claim that still counts. One whose time cannot be read counts."""
    if not tag.casefold().startswith(CLAIM_PREFIX):
        return False
    text = tag[len(CLAIM_PREFIX) :].partition("-")[0].upper()
    try:
        made = datetime.strptime(text, _CLAIM_TIME).replace(tzinfo=UTC)
    except ValueError:
        return True
    return now - made < MAX_CLAIM_AGE


def lease_tags(tags: Iterable[Any] | None) -> frozenset[str]:
    """Return the tags of leases among the tags of a droplet, in lower case."""
    folded = (tag.casefold() for tag in tags or () if isinstance(tag, str))
    return frozenset(tag for tag in folded if tag.startswith(LEASE_PREFIX))
