"""Leases: droplets with an end, which stands in a tag such as ``lease:2026-12-01T12:00:00Z``. Pure.

The tag is all there is, so every machine sees it. Of several lease tags, as a killed process may leave them, the latest
counts. A tag that begins like a lease and cannot be read keeps its droplet from being reaped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.droplet_steps import delete_step
from poseidon_nb.client.engine.own_tags import LEASE_PREFIX, lease_tags
from poseidon_nb.client.engine.steps import Step, Target
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plans.builders import create_tag_step, tag_step
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from poseidon_nb.client.engine.steps import Chain

    Row = Mapping[str, Any]

_TIME = "%Y-%m-%dT%H:%M:%SZ"
#: Characters of a lease tag.
_LENGTH = len("lease:2026-12-01T12:00:00Z")
#: The longest lease in seconds. A longer one is a typing error more often than a wish.
MAX_TTL_S = 365 * 86_400
#: The shortest lease in seconds: DigitalOcean needs about a minute to create a droplet.
MIN_TTL_S = 60


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease of a droplet.

    Parameters
    ----------
    tags : tuple of str
        The droplet's lease tags as the account spells them.
    ends_at : datetime or None
        In UTC; None if a tag cannot be read.
    """

    tags: tuple[str, ...]
    ends_at: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Return whether the lease has ended, by the server's clock."""
        return self.ends_at is not None and self.ends_at <= now


def created_at(row: Row) -> datetime | None:
    """Return when a resource was created, in UTC; None if its time cannot be read."""
    try:
        time = datetime.fromisoformat(str(row.get("created_at")))
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo is not None else None


def cost_so_far_usd(row: Row, now: datetime) -> float | None:
    """Return what a droplet of its present size has cost since its creation in USD; None if its price is unknown.

    By the hour, in each month up to the monthly price.
    """
    begin, size = created_at(row), row.get("size") or {}
    month_usd, hour_usd = size.get("price_monthly"), size.get("price_hourly")
    if begin is None or month_usd is None or hour_usd is None:
        return None
    total = 0.0
    while begin < now:
        next_month = (begin.replace(day=1) + timedelta(days=32)).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        end = min(next_month, now)
        total += min((end - begin).total_seconds() / 3600 * float(hour_usd), float(month_usd))
        begin = end
    return total


def format_lease(ends_at: datetime) -> str:
    """Return the tag of a lease that ends at a time."""
    return f"{LEASE_PREFIX}{ends_at.astimezone(UTC).strftime(_TIME)}"


def parse_lease(tag: str) -> datetime | None:
    """Parse a lease tag, in any case; return its end in UTC, or None if it cannot be read."""
    text = tag.upper()
    if len(tag) != _LENGTH or not tag.isascii() or not text.startswith(LEASE_PREFIX.upper()):
        return None
    try:
        end = datetime.strptime(text[len(LEASE_PREFIX) :], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    # Only as it is written here: strptime also takes spaces for zeros.
    return end if format_lease(end).upper() == text else None


def lease_of(row: Row) -> Lease | None:
    """Return the lease of a droplet, given as the API's JSON; None if it has none."""
    folded = lease_tags(row.get("tags"))
    if not folded:
        return None
    tags = tuple(tag for tag in row["tags"] if isinstance(tag, str) and tag.casefold() in folded)
    ends = [parse_lease(tag) for tag in tags]
    known = [end for end in ends if end is not None]
    return Lease(tags, max(known) if len(known) == len(ends) else None)


def check_ttl(seconds: float) -> float:
    """Return the length of a lease in seconds.

    Raises
    ------
    InvalidArgument
        It is too short or too long.
    """
    if not MIN_TTL_S <= seconds <= MAX_TTL_S:
        raise InvalidArgument("A lease must be from 1m to 365d long. Use for example 6h or 2d.")
    return seconds


def lease_end(now: datetime, ttl_s: float, tags: Collection[str] = ()) -> datetime:
    """Return the end of a new lease, a second that is not the end of any other lease.

    With a tag of its own, nobody else gets the tag while it is being deleted.

    Parameters
    ----------
    now : datetime
        By the server's clock.
    ttl_s : float
    tags : collection of str
        The tags of the account.
    """
    taken = {tag.casefold() for tag in tags}
    end = (now + timedelta(seconds=check_ttl(ttl_s))).astimezone(UTC)
    end = end.replace(microsecond=0) + timedelta(seconds=1 if end.microsecond else 0)
    while format_lease(end).casefold() in taken:
        end += timedelta(seconds=1)
    return end


def lease_chains(rows: Sequence[Row], ends_at: datetime | None) -> tuple[Chain, ...]:
    """Build the chain that gives droplets a lease, or ends their leases without destroying them.

    Parameters
    ----------
    rows : sequence of mapping
        Droplets as the API's JSON.
    ends_at : datetime or None
        The end of the new lease, whose tag does not exist yet; None for no lease.
    """
    old = list(dict.fromkeys(tag for row in rows if (lease := lease_of(row)) for tag in lease.tags))
    if ends_at is None:
        if not old:
            return ((replace(_untag(rows, f"{LEASE_PREFIX}none"), unchanged="has no lease"),),)
        new: tuple[Step, ...] = ()
    else:
        tag = format_lease(ends_at)
        # The new lease comes first: a droplet is never without one in between, and the later of two counts.
        new = (create_tag_step(tag), tag_step("tag", "tags_assign_resources", rows, tag))
    untagged = [_untag([row for row in rows if tag.casefold() in lease_tags(row.get("tags"))], tag) for tag in old]
    return ((*new, *untagged, *(delete_tag_step(tag) for tag in old)),)


def _untag(rows: Sequence[Row], tag: str) -> Step:
    return tag_step("untag", "tags_unassign_resources", rows, tag)


def delete_tag_step(tag: str) -> Step:
    """Return the step that deletes a tag of ours if nothing has it by then."""
    return Step(
        verb="delete",
        targets=(Target("tag", tag, tag),),
        request=build_request(operation("tags_delete"), path={"tag_id": tag}),
        unused=True,
    )


def with_lease_tags(chains: Iterable[Chain], rows: Sequence[Row]) -> tuple[Chain, ...]:
    """Return chains that destroy droplets, each with the deletion of the lease tags that then nothing has any more."""
    return tuple(
        (*chain, *(delete_tag_step(tag) for tag in lease.tags)) if (lease := lease_of(row)) is not None else chain
        for chain, row in zip(chains, rows, strict=True)
    )


def check_tags_are_readable(rows: Iterable[Row]) -> None:
    """Check that the token may read the tags of droplets, so that a droplet without a lease is one.

    Raises
    ------
    InvalidArgument
        It may not.
    """
    if any(row.get("tags") is None for row in rows):
        raise InvalidArgument("Leases are in tags, which this token may not read. Use one with the scope tag:read.")


def guarded(chain: Chain, row: Row) -> Chain:
    """Return a chain whose steps on the droplet are sent only while its lease is as it was when the plan was built."""
    lease = lease_of(row)
    tags = ",".join(lease.tags) if lease is not None else ""
    return tuple(replace(step, lease=tags) if step.targets[0].kind == "droplet" else step for step in chain)


def over(rows: Iterable[Row], now: datetime) -> list[Row]:
    """Return the droplets whose lease is over."""
    return [row for row in rows if (lease := lease_of(row)) is not None and lease.is_over(now)]


def reap_chains(rows: Sequence[Row]) -> tuple[Chain, ...]:
    """Build a chain for each droplet whose lease is over: destroy it, unless its lease has changed by then."""
    return with_lease_tags([guarded((delete_step(row),), row) for row in rows], rows)


def unused_tag_chains(tags: Iterable[Row], now: datetime) -> tuple[Chain, ...]:
    """Build a chain for each tag of a lease that is over and that nothing has.

    Parameters
    ----------
    tags : iterable of mapping
        The account's tags as the API's JSON.
    now : datetime
        By the server's clock. A lease that is not over may be about to get its droplet.
    """
    return tuple(
        (delete_tag_step(str(tag["name"])),)
        for tag in tags
        if (end := parse_lease(str(tag.get("name", "")))) is not None
        and end <= now
        and (tag.get("resources") or {}).get("count") == 0
    )
