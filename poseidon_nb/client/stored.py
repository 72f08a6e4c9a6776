"""Images, snapshots and tags: found by what names them, and deleted.

API: ``images_*``, ``snapshots_*``, ``tags_*``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.collection import Collection
from poseidon_nb.client.named import only_one
from poseidon_nb.client.resource import Image, Snapshot, Tag
from poseidon_nb.errors import NotFound
from poseidon_nb.text import hint

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.connection import Connection


class Images(Collection[Image]):
    """What droplets can be made from: distributions, applications, own snapshots and backups."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "images", "images_list", Image)

    def get(self, image: int | str) -> Image:
        """Give one image by its id, or a public one by its slug.

        Raises
        ------
        NotFound
            There is none; for a slug the nearest is given.
        """
        try:
            return Image(self._connection.one("images_get", path={"image_id": image}))
        except NotFound as error:
            slugs = [row["slug"] for row in self._connection.rows("images_list") if row.get("slug")]
            near = hint(str(image), slugs) if isinstance(image, str) and not image.isdecimal() else ""
            error.args = (f"{error.args[0]}{near}",)
            raise


class Snapshots(Collection[Snapshot]):
    """Saved disks of droplets and volumes."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "snapshots", "snapshots_list", Snapshot)

    def get(self, snapshot_id: str | int) -> Snapshot:
        """Give one snapshot by its id."""
        return Snapshot(self._connection.one("snapshots_get", path={"snapshot_id": snapshot_id}))

    def by_name(self, name: str) -> Snapshot:
        """Give the one snapshot with this name.

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
        path = {"snapshot_id": snapshot_id}
        _delete(self._connection, "snapshots_delete", "snapshots_get", path, where="%do snapshots list")


class Tags(Collection[Tag]):
    """Labels on droplets, volumes, images and more."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "tags", "tags_list", Tag)

    def get(self, name: str) -> Tag:
        """Give one tag, with what it counts."""
        return Tag(self._connection.one("tags_get", path={"tag_id": name}))

    def create(self, name: str) -> Tag:
        """Make a tag; one that is there already is given as it is."""
        request = self._connection.request("tags_create", body={"name": name})

        def look(_: Callable[[], Any]) -> dict[str, Any]:
            return {"tag": self._connection.one("tags_get", path={"tag_id": name})}

        answer = self._connection.change(request, look=look, where="%do tags list")
        return Tag(self._connection.unwrapped("tags_create", answer))

    def delete(self, name: str) -> None:
        """Take a tag away, also from everything that has it."""
        _delete(self._connection, "tags_delete", "tags_get", {"tag_id": name}, where="%do tags list")


def _delete(connection: Connection, delete: str, get: str, path: dict[str, Any], *, where: str) -> None:
    def gone(_: Callable[[], Any]) -> bool | None:
        try:
            connection.one(get, path=path)
        except NotFound:
            return True
        return None

    connection.change(connection.request(delete, path=path), look=gone, where=where)
