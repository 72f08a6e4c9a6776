"""Snapshots of droplets and volumes. API: ``snapshots_*``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.client.engine.steps import Target
from poseidon_nb.client.lookup import unique_match
from poseidon_nb.client.resource import Field, Resource, ResourceCollection, TimeField

if TYPE_CHECKING:
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.engine import Engine


class Snapshot(Resource):
    """A saved disk of a droplet or a volume."""

    id = Field["str | int"]()
    name = Field[str]()
    resource_id = Field["str | int"]()
    resource_type = Field[str]()
    regions = Field[list[str]]()
    min_disk_size = Field[int]()
    size_gigabytes = Field[float]()
    tags = Field["list[str] | None"]()
    created_at = TimeField()

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.name, "" if self.get("size_gigabytes") is None else f"{self.size_gigabytes:g} GB")


class Snapshots(ResourceCollection[Snapshot]):
    """The snapshots of the account."""

    def __init__(self, connection: Connection, engine: Engine) -> None:
        super().__init__(connection, "snapshots", "snapshots_list", Snapshot)
        self._engine = engine

    def get(self, snapshot_id: str | int) -> Snapshot:
        """Return one snapshot by id."""
        return Snapshot(self._connection.one("snapshots_get", path={"snapshot_id": snapshot_id}))

    def by_name(self, name: str) -> Snapshot:
        """Return the one snapshot with this name.

        Raises
        ------
        NoSuchName, AmbiguousName
            None or several snapshots have it.
        """
        snapshots = self.list()
        found = [snapshot for snapshot in snapshots if snapshot.name == name]
        return unique_match("snapshot", name, found, lambda: (snapshot.name for snapshot in snapshots))

    def delete(self, snapshot_id: str | int) -> None:
        """Delete a snapshot. This cannot be undone."""
        request = self._connection.request("snapshots_delete", path={"snapshot_id": snapshot_id})
        self._engine.send(request, verb="delete", target=Target("snapshot", snapshot_id, str(snapshot_id)))
