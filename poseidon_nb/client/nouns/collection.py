"""What the generated collections share: resources given by object, id or name, and verbs that are one operation each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from poseidon_nb.catalogue import operation
from poseidon_nb.catalogue.effects import SAFE_METHODS
from poseidon_nb.client.actions.actions import Action
from poseidon_nb.client.engine.steps import Step
from poseidon_nb.client.lookup import RESOURCE_TYPES, Lookup, find_resource_type, path_resource_type, value_at
from poseidon_nb.client.operations import execute, request_by_name, target_of
from poseidon_nb.client.resource import Resource, ResourceCollection
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.masked_data import with_masked_repr

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.transport.request import Request

    #: One resource: an object, an id, or a name.
    Ref: TypeAlias = "Resource | int | str"
    Row: TypeAlias = "dict[str, Any]"
    # Aliases, because `list` is a method within the classes.
    Rows: TypeAlias = "list[Row]"
    ActionList: TypeAlias = "list[Action]"

R = TypeVar("R", bound="NamedResource")


class NamedResource(Resource):
    """A resource with an id and a name."""

    _type: ClassVar[str]

    def _summary(self) -> tuple[object, ...]:
        known = RESOURCE_TYPES[self._type]
        return tuple(dict.fromkeys((self.get(known.id), value_at(self._data, known.name))))


class NamedCollection(ResourceCollection[R]):
    """Resources that users name and the API identifies by id.

    Parameters
    ----------
    connection : Connection
    client : Client
    resource : type
        The class of its objects.
    """

    def __init__(self, connection: Connection, client: Client, resource: type[R]) -> None:
        type_ = resource._type  # noqa: SLF001  # its collection
        super().__init__(connection, type_, RESOURCE_TYPES[type_].operation, resource)
        self._client = client

    def _id(self, resource_type: str, given: Ref | None) -> int | str | None:
        """Return the id of a resource given as an object, an id or a name."""
        found = self._ids(resource_type, None if given is None else [given])
        return None if found is None else found[0]

    def _ids(self, resource_type: str, given: Sequence[Ref] | None) -> Sequence[int | str] | None:
        """Return the ids of several resources, for which each type is listed once at most."""
        if given is None:
            return None
        if isinstance(given, str) or not isinstance(given, Sequence):
            raise InvalidArgument(f"Expected a list of {RESOURCE_TYPES[resource_type].noun}s.")
        lookup = Lookup(self._client)
        return [
            _id_of_object(resource_type, one) if isinstance(one, Resource) else lookup.id_of(resource_type, one)
            for one in given
        ]

    def _request(self, operation_id: str, parts: Mapping[str, Any]) -> Request:
        given = {name: {key: one for key, one in part.items() if one is not None} for name, part in parts.items()}
        return request_by_name(
            operation_id,
            path=self._with_ids(operation_id, given.get("path", {})),
            query=given.get("query"),
            body=given.get("body") or None,
            headers=None,
            check=True,
            fields={},
        )

    def _with_ids(self, operation_id: str, path: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the parameters of a path with ids for the names of what is inside of other resources."""
        found, lookup = dict(path), Lookup(self._client)
        for name in path:
            resource_type = path_resource_type(operation_id, name)
            known = find_resource_type(resource_type)
            if known is not None and known.within:
                parents = tuple(found[one] for one in known.within)
                found[name] = lookup.id_of(resource_type, found[name], parents)
        return found

    def _send(self, verb: str, operation_id: str, **parts: Mapping[str, Any]) -> Any:
        """Send an operation, a change exactly once, and return what its response holds under its key."""
        request = self._request(operation_id, parts)
        if request.method in SAFE_METHODS:
            answer = execute(self._connection, self._client.engine, request, frame=False)
        else:
            answer = self._client.engine.send(request, verb=verb, target=target_of(request))
        found = self._connection.unwrapped(operation_id, answer, or_all=True)
        return with_masked_repr(found)

    def _object(self, verb: str, operation_id: str, **parts: Mapping[str, Any]) -> R:
        """Send an operation that returns one of the collection's objects."""
        row = self._send(verb, operation_id, **parts)
        return self._make(self._connection.read_object(operation_id, {operation(operation_id).response_key: row}))

    def _actions(self, operation_id: str, **parts: Mapping[str, Any]) -> ActionList:
        rows = self._connection.read_rows(operation_id, self._send("", operation_id, **parts))
        return [Action(row, self._client.actions) for row in rows]

    def _act(
        self,
        verb: str,
        operation_id: str,
        *,
        wait: bool,
        timeout_s: float | None,
        on_progress: OnProgress | None,
        **parts: Mapping[str, Any],
    ) -> Action:
        """Start an action, and wait for it."""
        request = self._request(operation_id, parts)
        step = Step(verb=verb, targets=(target_of(request),), request=request, awaits="action")
        (outcome,) = self._client.engine.run(
            [(step,)],
            title=f"{self._resource} {verb} {step.targets[0].name}",
            wait=wait,
            timeout_s=timeout_s,
            on_progress=on_progress,
        )
        if outcome.error is not None:
            raise outcome.error
        assert outcome.action is not None  # noqa: S101  # for the type checker: a successful step has one
        return outcome.action


def _id_of_object(resource_type: str, given: Resource) -> int | str:
    known = RESOURCE_TYPES[resource_type]
    # Resources of other types have ids too. A class is named as its type is called.
    if not any(kind.__name__.casefold() == known.noun.replace(" ", "").casefold() for kind in type(given).__mro__):
        raise InvalidArgument(f"Wrong type of resource: expected {known.noun}, found {type(given).__name__}.")
    identifier: int | str = given[known.id]
    return identifier
