"""Tags. API: ``tags_*``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.steps import Target
from poseidon_nb.client.resource import Field, Resource, ResourceCollection

if TYPE_CHECKING:
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.engine import Engine


class Tag(Resource):
    """A tag, with the number of tagged resources."""

    _identity = "name"
    name = Field[str]()
    resources = Field[dict[str, Any]]()

    def _summary(self) -> tuple[object, ...]:
        return (self.name,)


class Tags(ResourceCollection[Tag]):
    """The tags of the account, on droplets, volumes, images and more."""

    def __init__(self, connection: Connection, engine: Engine) -> None:
        super().__init__(connection, "tags", "tags_list", Tag)
        self._engine = engine

    def get(self, name: str) -> Tag:
        """Return one tag by name."""
        return Tag(self._connection.one("tags_get", path={"tag_id": name}))

    def create(self, name: str) -> Tag:
        """Create a tag; return an existing one unchanged."""
        request = self._connection.request("tags_create", body={"name": name})
        answer = self._engine.send(request, verb="create", target=Target("tag", name, name))
        return Tag(self._connection.read_object("tags_create", answer))

    def delete(self, name: str) -> None:
        """Delete a tag, and remove it from all resources."""
        request = self._connection.request("tags_delete", path={"tag_id": name})
        self._engine.send(request, verb="delete", target=Target("tag", name, name))
