"""Snapshots and tags: found by what names them, and deleted.

API: ``snapshots_*``, ``tags_*``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.client.collection import Collection
from poseidon_nb.client.engine.steps import Target
from poseidon_nb.client.named import only_one
from poseidon_nb.client.resource import Snapshot, Tag

if TYPE_CHECKING:
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.engine import Engine


class Snapshots(Collection[Snapshot]):
    """Saved disks of droplets and volumes."""

    def __init__(self, connection: Connection, engine: Engine) -> None:
        super().__init__(connection, "snapshots", "snapshots_list", Snapshot)
        self._engine = engine

    def get(self, snapshot_id: str | int) -> Snapshot:
        """Return one snapshot by its id."""
        return Snapshot(self._connection.one("snapshots_get", path={"snapshot_id": snapshot_id}))

    def by_name(self, name: str) -> Snapshot:
        """Return the one snapshot with this name.

        Raises
        ------
        NoSuchName, AmbiguousName
            None, or several, have it.
        """
        snapshots = self.list()
        found = [snapshot for snapshot in snapshots if snapshot.name == name]
        return only_one("snapshot", name, found, lambda: (snapshot.name for snapshot in snapshots))

    def delete(self, snapshot_id: str | int) -> None:
        """Destroy a snapshot. This cannot be undone."""
        request = self._connection.request("snapshots_delete", path={"snapshot_id": snapshot_id})
        self._engine.change(request, verb="delete", target=Target("snapshot", snapshot_id, str(snapshot_id)))


class Tags(Collection[Tag]):
    """Labels on droplets, volumes, images and more."""

    def __init__(self, connection: Connection, engine: Engine) -> None:
        super().__init__(connection, "tags", "tags_list", Tag)
        self._engine = engine

    def get(self, name: str) -> Tag:
        """Return one tag, with what it counts."""
        return Tag(self._connection.one("tags_get", path={"tag_id": name}))

    def create(self, name: str) -> Tag:
        """Make a tag; one that is there already is given as it is."""
        request = self._connection.request("tags_create", body={"name": name})
        answer = self._engine.change(request, verb="create", target=Target("tag", name, name))
        return Tag(self._connection.unwrapped("tags_create", answer))

    def delete(self, name: str) -> None:
        """Take a tag away, also from everything that has it."""
        request = self._connection.request("tags_delete", path={"tag_id": name})
        self._engine.change(request, verb="delete", target=Target("tag", name, name))
