"""What a change left behind when its answer was lost: pure, told what the account shows now.

DigitalOcean has no idempotency key (API introduction), so a POST is never sent twice. A thing is taken for ours only
when it was not there before by what this client knows, came since by the server's clock, and is the only one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    Row = Mapping[str, Any]

#: The API's times and the ``Date`` header are whole seconds, each rounded down on its own.
ROUNDING = timedelta(seconds=1)


def started_since(
    actions: Iterable[Row], action_type: str, since: datetime, *, known: Collection[int] = ()
) -> Row | None:
    """Give the one action of a type that was started since, and that was not known before."""
    found = [
        row
        for row in actions
        if row["type"] == action_type and row["id"] not in known and _time(row["started_at"]) >= since - ROUNDING
    ]
    return found[0] if len(found) == 1 else None


def created_since(
    droplets: Iterable[Row], wanted: Row, name: str, since: datetime, *, known: Collection[int] = ()
) -> Row | None:
    """Give the one droplet of that name, size, image and region that was created since."""
    found = [
        row
        for row in droplets
        if row["id"] not in known
        and row["name"] == name
        and row["size_slug"] == wanted["size"]
        and made_of(row, wanted["image"])
        and str((row.get("region") or {}).get("slug", "")).startswith(wanted.get("region") or "")
        and _time(row["created_at"]) >= since - ROUNDING
    ]
    return found[0] if len(found) == 1 else None


def imported_since(images: Iterable[Row], name: str, since: datetime, *, known: Collection[int] = ()) -> Row | None:
    """Give the one custom image of that name that came since."""
    found = [
        row
        for row in images
        if row["id"] not in known
        and row["name"] == name
        and row["type"] == "custom"
        and _time(row["created_at"]) >= since - ROUNDING
    ]
    return found[0] if len(found) == 1 else None


def made_of(droplet: Row, image: object) -> bool:
    """Say whether a droplet's disk came from an image, named by its id or slug."""
    known = droplet.get("image")
    # Without the scope image:read a droplet has no image, and nothing speaks against it.
    return not known or str(image) in {str(known.get("id")), known.get("slug")}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
