"""What is known of an account's droplets and actions, and the requests that bring it up to date: who asks when is not said here.

API: ``droplets_list`` leaves GPU droplets out, so that the two kinds are two lists; ``droplets_get``, ``actions_list``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from poseidon_nb.client.actions.progress import IN_PROGRESS
from poseidon_nb.client.connection import items_of
from poseidon_nb.client.droplet_reading import read_droplets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.connection import Connection

    Row = Mapping[str, Any]

Kind = Literal["droplets", "gpus"]


def kind_of(droplet: Row) -> Kind:
    """Return in which list a droplet stands."""
    size = droplet.get("size") or {}
    return "gpus" if size.get("gpu_info") or str(droplet.get("size_slug")).startswith("gpu-") else "droplets"


class AccountReading:
    """An account as last read.

    Parameters
    ----------
    connection : Connection
    actions : Actions
    """

    def __init__(self, connection: Connection, actions: Actions) -> None:
        self._connection = connection
        self._actions = actions
        self._lists: dict[Kind, dict[int, Row]] = {"droplets": {}, "gpus": {}}
        #: How many pages each list has, once that was seen.
        self._pages: dict[Kind, int] = {}
        #: When each list was last read whole, in the clock's seconds; without that only a part of it is known.
        self.read_s: dict[Kind, float] = {}
        self._newest: dict[int, Row] = {}
        self._baseline = False
        self.gone: frozenset[int] = frozenset()

    @property
    def droplets(self) -> dict[int, Row]:
        """The droplets that are known, by id, in the order in which they are served."""
        return {**self._lists["droplets"], **self._lists["gpus"]}

    @property
    def actions(self) -> tuple[Row, ...]:
        """The newest actions, newest first."""
        return tuple(self._newest[key] for key in sorted(self._newest, reverse=True))

    @property
    def complete(self) -> bool:
        """Whether all droplets are known."""
        return len(self.read_s) == len(self._lists)

    @property
    def large(self) -> bool:
        """Whether the droplets fill more than one page."""
        return any(last > 1 for last in self._pages.values())

    def put(self, droplets: Iterable[Row]) -> None:
        """Take in droplets that somebody else has read."""
        for row in droplets:
            self._lists[kind_of(row)][row["id"]] = row
            self.gone -= {row["id"]}

    def forget_actions(self) -> None:
        """Start anew: what the next page shows is not news."""
        self._baseline = False

    def put_action(self, row: Row) -> None:
        """Take in an action that somebody else has read."""
        self._newest[row["id"]] = row

    # --- reading -----------------------------------------------------------------------------------------------------
    def read_actions(self) -> list[Row]:
        """Read the newest actions; give those that have appeared or ended since the last time."""
        rows = self._actions.first_page()
        latest = max(self._newest, default=0)
        news = []
        for row in rows:
            before = self._newest.get(row["id"])
            appeared = before is None and row["id"] > latest
            ended = before is not None and before["status"] == IN_PROGRESS != row["status"]
            if self._baseline and (appeared or ended):
                news.append(row)
        self._newest = {row["id"]: row for row in rows}
        self._baseline = True
        return news

    def read_list(self, kind: Kind, *, whole: bool = True) -> None:
        """Read the droplets of a kind: all of them, or a look whether they are more than a page."""
        query = {"type": "gpus"} if kind == "gpus" else {}
        rows: dict[int, Row] = {}
        for page in self._connection.pages("droplets_list", query=query):
            for row in items_of(page.body, "droplets", "droplets_list"):
                # Things move from one page to the next while a list is read, and would be there twice.
                rows.setdefault(row["id"], row)
            self._pages[kind] = page.last
            if not whole and page.last > 1:
                self.put(row for key, row in rows.items() if key in self._lists[kind])
                return
        before, self._lists[kind] = self._lists[kind], rows
        self.read_s[kind] = self._connection.session.clock.monotonic()
        self.gone = (self.gone | before.keys()) - self.droplets.keys()

    def read_ids(self, ids: Collection[int]) -> None:
        """Read some droplets, in as few requests as they take."""
        found, _ = read_droplets(self._connection, ids)
        self.put(found.values())
        for missing in set(ids) - found.keys():
            for known in self._lists.values():
                known.pop(missing, None)
            self.gone |= {missing}
