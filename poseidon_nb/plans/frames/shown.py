"""What the listings of a kernel showed: every value, by account, resource type, id and column.

A frame holds nothing hidden. That a cell was edited follows from what the kernel remembers: a value that no listing showed
was written by the user. Results of ``%do`` and `po.do` are remembered; those of `client.droplets.frame()` are not, because
they belong to a program and not to the session of ``%do``, and are compared with the account alone.
"""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any

from poseidon_nb.plans.frames.rows import copied

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from poseidon_nb.client.client import Client

#: Rows whose values are remembered; of more, those that were listed longest ago are forgotten.
MAX_ROWS = 50_000
#: Different values of one cell that are remembered.
MAX_VALUES = 100

#: An account is recognized by its token, because that sends nothing.
_SALT = b"values that listings showed"

_Listing = tuple[str, str, "list[Any]", "Mapping[str, list[Any]]"]


def account_of(client: Client) -> str:
    """Return the account of a client for `ShownValues`. Sends nothing."""
    return client.token_digest(_SALT)


class ShownValues:
    """The values that listings showed, in order. Any thread may use it."""

    def __init__(self) -> None:
        #: Listings that are not sorted into cells yet, because most frames are never applied.
        self._waiting: deque[_Listing] = deque()
        self._waiting_rows = 0
        self._rows: dict[tuple[str, str, Any], dict[str, tuple[Any, ...]]] = {}
        self._lock = Lock()

    def remember(
        self,
        account: str,
        kind: str,
        frame: pd.DataFrame,
        *,
        id_column: str = "id",
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        """Remember what a frame shows.

        Parameters
        ----------
        account : str
            The identity of the account.
        kind : str
            The resource type: ``"droplets"``.
        frame : pandas.DataFrame
            Without the column of ids, nothing is remembered.
        id_column : str
        fixed : mapping, optional
            Values of all rows that the frame does not contain, such as the domain of records.
        """
        if not account or id_column not in frame.columns or frame.columns.has_duplicates:
            return
        columns = {str(name): _values(frame[name]) for name in frame.columns}
        columns |= {name: [value] * len(frame) for name, value in (fixed or {}).items()}
        with self._lock:
            self._waiting.append((account, kind, columns.pop(id_column), columns))
            self._waiting_rows += len(frame)
            if self._waiting_rows > MAX_ROWS:
                self._sort()

    def learn(self, account: str, kind: str, id_: Any, column: str, value: Any) -> None:
        """Remember one value, which a plan has just set."""
        with self._lock:
            self._sort()
            cells = self._rows.get((account, kind, id_))
            if cells is not None:
                cells[column] = _with_value(cells.get(column, ()), copied(value))

    def forget(self) -> None:
        """Forget everything, because the accounts have begun anew."""
        with self._lock:
            self._waiting.clear()
            self._waiting_rows = 0
            self._rows.clear()

    def cells(self, account: str, kind: str, id_: Any) -> Mapping[str, Sequence[Any]]:
        """Return the values that were shown of a resource by column, the latest last; empty if none were."""
        with self._lock:
            self._sort()
            return dict(self._rows.get((account, kind, id_), {}))

    def kinds_of(self, account: str, ids: Iterable[Any]) -> dict[Any, set[str]]:
        """Return the resource types of which listings showed these ids, by id."""
        found: dict[Any, set[str]] = {}
        with self._lock:
            self._sort()
            wanted = {id_ for id_ in ids if isinstance(id_, int | str)}
            for known, kind, id_ in self._rows:
                if known == account and id_ in wanted:
                    found.setdefault(id_, set()).add(kind)
        return found

    def _sort(self) -> None:
        while self._waiting:
            account, kind, ids, columns = self._waiting.popleft()
            for place, id_ in enumerate(ids):
                if not isinstance(id_, int | str):
                    continue
                # Listed last is kept longest.
                cells = self._rows.pop((account, kind, id_), None) or {}
                for name, values in columns.items():
                    cells[name] = _with_value(cells.get(name, ()), copied(values[place]))
                self._rows[account, kind, id_] = cells
        self._waiting_rows = 0
        while len(self._rows) > MAX_ROWS:
            del self._rows[next(iter(self._rows))]


def _values(column: pd.Series[Any]) -> list[Any]:
    """Return the values of a column. Lists are copied at once, because a user may edit them in place."""
    values = column.tolist()
    return list(map(copied, values)) if str(column.dtype) == "object" else values


def _with_value(values: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if values and values[-1] == value:
        return values
    return (*(one for one in values if one != value), value)[-MAX_VALUES:]
