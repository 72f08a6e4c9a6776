"""Which actions somebody wants to see: pure, because the API has no filters of its own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.progress import COMPLETED, ERRORED, IN_PROGRESS
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import expected_one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = Mapping[str, Any]

#: An action has one of these and no other (actions_get).
STATUSES = (IN_PROGRESS, COMPLETED, ERRORED)


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """What an action has to be; None leaves it open.

    Parameters
    ----------
    status, type, resource_type : str or None
    resource_id : int or None
    since : datetime or None
        Aware.
    """

    status: str | None = None
    type: str | None = None
    resource_type: str | None = None
    resource_id: int | None = None
    since: datetime | None = None

    @classmethod
    def of(
        cls,
        status: str | None,
        type_: str | None,
        resource_type: str | None,
        resource_id: int | None,
        since: datetime | str | None,
    ) -> ActionFilter:
        """Give the filter that somebody asked for.

        Raises
        ------
        InvalidArgument
            There is no such status, or it is no time.
        """
        if status is not None and status not in STATUSES:
            near = expected_one_of(status, STATUSES)
            raise InvalidArgument(f"no status of an action {status!r}{near}")
        return cls(status, type_, resource_type, resource_id, _time(since))

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) is not None for field in fields(self))

    def keeps(self, row: Row) -> bool:
        """Say whether an action is wanted."""
        return (
            self.is_new(row)
            and self.status in {None, row["status"]}
            and self.type in {None, row["type"]}
            and self.resource_type in {None, row["resource_type"]}
            and self.resource_id in {None, row["resource_id"]}
        )

    def is_new(self, row: Row) -> bool:
        """Say whether an action was started late enough; one without a time may have been."""
        if self.since is None or not row.get("started_at"):
            return True
        return datetime.fromisoformat(row["started_at"]) >= self.since


def _time(since: datetime | str | None) -> datetime | None:
    if isinstance(since, str):
        try:
            since = datetime.fromisoformat(since)
        except ValueError:
            raise InvalidArgument(
                f"since takes a time such as 2026-11-23 or 2026-11-23T12:00:00Z, not {since!r}"
            ) from None
    return since.replace(tzinfo=UTC) if since is not None and since.tzinfo is None else since
