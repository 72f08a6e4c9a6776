"""Declarations of resources, and the functions of operations that follow from them.

Most of the API is collections of objects that are listed, read, created, changed and deleted. A `Resource` says what is
peculiar to one: which fields a body may have, what a new object looks like, how its state moves, what it costs. Five of its
methods return the functions of operations, and `on` those of all others, which get the object that the path names::

    KEYS = Resource("spaces_keys", fields=(Field("name", unique=True), Field("grants", default=[])), build=_key_object)

    OPERATIONS = {
        "spacesKey_list": KEYS.list(),
        "spacesKey_create": KEYS.create(),
        "spacesKey_patch": KEYS.update(),
        "spacesKey_delete": KEYS.delete(),
        "spacesKey_rotate": KEYS.on(_rotate),
    }

The rest is in the catalogue: the key around the object, the success status, whether a list has pages, and which fields of a
body are required. The dispatcher has checked the latter before a function runs. `responses.respond` makes a response of all
this.

What a function of a service needs:

- `find` and `all` read. An object that they return is as stored; `shown` adds what the declaration's ``show`` computes.
- `create_from` and `change_from` check the body of a call and apply it. `add` and `change` are for changes of the sandbox's
  own, without checks. A change calls the effects of the kind; `put` stores an object without that.
- `go_through` and `begin_deletion` move the state. `remove` removes at once, with the children.

A child, such as the user of a database cluster, names its parent, and is removed with it. The path parameters are in the
order of the resources: the parent's, then the child's. The effects ``KIND.STATE``, ``KIND.changed`` and ``KIND.removed``
are described in `states`.

Not documented, chosen here: an unknown parent answers 404 like an unknown child. A name in use answers 409, a field that
cannot be changed and a resource in the wrong state 422.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import get_field, read_fields, with_field
from poseidon_nb.sandbox.pricing import with_price
from poseidon_nb.sandbox.responses import (
    NOT_FOUND_TEXT,
    HTTPResponse,
    conflict,
    not_found,
    respond,
    unprocessable,
)
from poseidon_nb.sandbox.states import remove_object, run_effects, schedule_state
from poseidon_nb.sandbox.store import ObjectStore, StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.fields import Field
    from poseidon_nb.sandbox.pricing import Price
    from poseidon_nb.sandbox.responses import Result
    from poseidon_nb.sandbox.states import States
    from poseidon_nb.sandbox.world import World

    #: Answers the request of an operation.
    Handler = Callable[[Call], HTTPResponse]


def _uuid(world: World, kind: str, number: int) -> str:
    return rng.uuid(world.seed, kind, number)


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object of the account.

    Attributes
    ----------
    kind : str
        Its store. A child's begins with its parent's and a dot, as in ``databases.users``.
    fields : tuple of Field
        The fields of a body.
    parent : Resource, optional
        The kind that its objects belong to.
    id_field : str
        The field by which paths name an object.
    new_id : callable
        Returns a new id, from the account, the kind and a serial number. Without effect if a body has the `id_field`.
    build : callable, optional
        Returns a new object, from the account, its id, the values of its fields and the time in Unix seconds: its public
        fields, or a `StoredObject` if it has internal ones too. Among these, ``once`` has fields that only the response to
        the creation shows, such as a secret. By default an object has its id, its values and its times.
    lookup : callable, optional
        Returns the object that the path of a call names, or None; by default the one with the key of the path.
    check : callable, optional
        Raises an error if the values of a body fit neither each other nor the account. It gets the call, the values, and the
        object to be changed or None. It may complete the values.
    show : callable, optional
        Returns an object as responses show it, from the call and the stored object: with what follows from the time, from the
        token, or from the objects that it refers to.
    states : States, optional
        How its state moves.
    price : callable, optional
        Returns the present `Price` of an object, or None, from the account and its public fields.
    updated_field : str
        The field with the time of the last change; empty if it has none.
    label : str
        What messages call it, such as ``database cluster``.
    missing : str
        The message of a 404, for a service with its own; ``{}`` is the id.
    """

    kind: str
    fields: tuple[Field, ...] = ()
    parent: Resource | None = None
    id_field: str = "id"
    new_id: Callable[[World, str, int], Any] = _uuid
    build: Callable[[World, Any, dict[str, Any], float], dict[str, Any] | StoredObject] | None = None
    lookup: Callable[[Call], StoredObject | None] | None = None
    check: Callable[[Call, dict[str, Any], StoredObject | None], None] | None = None
    show: Callable[[Call, StoredObject], StoredObject] | None = None
    states: States | None = None
    price: Callable[[World, dict[str, Any]], Price | None] | None = None
    updated_field: str = ""
    label: str = field(default="")
    missing: str = NOT_FOUND_TEXT

    def __post_init__(self) -> None:
        if self.parent is not None and not self.kind.startswith(f"{self.parent.kind}."):
            raise ValueError(f"the kind {self.kind} must begin with {self.parent.kind} and a dot")

    @property
    def name(self) -> str:
        """What messages call an object of this kind."""
        return self.label or self.kind.rpartition(".")[2].replace("_", " ").removesuffix("s")

    def store(self, world: World) -> ObjectStore:
        """Return the store of all objects of this kind."""
        return world.store(self.kind)

    def key(self, call: Call) -> str:
        """Return the key in the store of the object that the path names."""
        depth = 1 + self.kind.count(".")
        return "/".join([*call.path_params.values()][:depth])

    def find(self, call: Call) -> StoredObject:
        """Return the object that the path names, or raise 404."""
        key = self.key(call)
        record = self.store(call.world).get(key) if self.lookup is None else self.lookup(call)
        if record is None:
            raise not_found(self.missing.format(key))
        return record

    def parent_key(self, call: Call) -> str:
        """Return the key of the parent that the path names, or raise 404; empty without a parent."""
        if self.parent is None:
            return ""
        self.parent.find(call)
        return self.parent.key(call)

    def all(self, world: World, parent: str = "", **where: Any) -> list[StoredObject]:
        """Return the objects of a parent whose public fields have these values, oldest first."""
        found = self.store(world).all()
        if self.parent is not None:
            found = [one for one in found if one.internal["parent"] == parent]
        for name, value in where.items():
            found = [one for one in found if one.public.get(name) == value]
        return found

    def put(self, world: World, record: StoredObject, at: float | None = None) -> StoredObject:
        """Store an object, with its new price if that has changed, and return it."""
        if self.price is not None:
            record = with_price(record, self.price(world, record.public), world.now() if at is None else at)
        self.store(world).put(self.key_of(record), record)
        return record

    def key_of(self, record: StoredObject) -> Any:
        """Return the key of an object in the store."""
        own = record[self.id_field]
        return own if self.parent is None else f"{record.internal['parent']}/{own}"

    def add(
        self, world: World, values: dict[str, Any], at: float, parent: str = "", *, settled: bool = False
    ) -> StoredObject:
        """Add an object without checking it.

        Parameters
        ----------
        world : World
            The account.
        values : dict
            The values of its fields.
        at : float
            When it is created, in Unix seconds.
        parent : str
            The key of its parent.
        settled : bool
            Whether it is in its final state at once.
        """
        number = world.next_number(self.kind)
        id_ = values[self.id_field] if self.id_field in values else self.new_id(world, self.kind, number)
        built = self._default_object(id_, values, at) if self.build is None else self.build(world, id_, values, at)
        record = built if isinstance(built, StoredObject) else StoredObject(built)
        if self.parent is not None:
            record = record.with_internal(parent=parent)
        states = self.states
        if states is not None:
            record = with_field(record, states.field, states.ready)
        record = self.put(world, record, at)
        if states is not None and states.first and not settled:
            record = self.go_through(world, record, [*states.first, (states.ready, 0.0)], at)
        return record

    def _default_object(self, id_: Any, values: dict[str, Any], at: float) -> dict[str, Any]:
        times = dict.fromkeys(filter(None, ("created_at", self.updated_field)), format_time(at))
        return {self.id_field: id_, **times, **values}

    def go_through(
        self, world: World, record: StoredObject, states: Sequence[tuple[str, float]], at: float | None = None
    ) -> StoredObject:
        """Move an object through states, each with its seconds at DigitalOcean, and return it in the first one.

        The effects ``KIND.STATE`` are called when a later state begins.
        """
        (state, seconds), *rest = states
        states_field = self.states.field if self.states else "status"
        record = self.put(world, with_field(record, states_field, state), at)
        if rest:
            place = self.kind, self.key_of(record), states_field
            schedule_state(world, place, state, seconds, rest, at, self.updated_field)
        return record

    def remove(self, world: World, record: StoredObject, at: float | None = None) -> None:
        """Remove an object and its children."""
        remove_object(world, self.kind, self.key_of(record), world.now() if at is None else at)

    def list(self, **filters: str) -> Handler:
        """Return the function that lists objects.

        Parameters
        ----------
        **filters
            Fields of the objects by the query parameters that have to be equal to them.
        """

        def handle(call: Call) -> HTTPResponse:
            found = [self.shown(call, one) for one in self.all(call.world, self.parent_key(call))]
            for parameter, name in filters.items():
                wanted = call.query.get(parameter)
                if wanted:
                    found = [one for one in found if str(get_field(one, name)).lower() == wanted.lower()]
            return respond(call, found)

        return handle

    def get(self) -> Handler:
        """Return the function that answers with one object."""
        return self.on(lambda _call, record: record)

    def create(self) -> Handler:
        """Return the function that creates an object."""

        def handle(call: Call) -> HTTPResponse:
            record = self.create_from(call)
            return respond(call, self.shown(call, record).with_public(**record.internal.get("once", {})))

        return handle

    def create_from(self, call: Call) -> StoredObject:
        """Create an object from the body of a call, and return it."""
        parent = self.parent_key(call)
        values = read_fields(self.fields, self._sent(call))
        self._check_values(call, values, parent)
        return self.add(call.world, values, call.world.now(), parent)

    def _sent(self, call: Call) -> dict[str, Any]:
        """Return what a body has of the fields, except for those whose type neither the dispatcher nor the field knows."""
        known = {parameter.name for parameter in operation(call.operation).body_fields}
        sent = {one.name: call.body.get(one.name) for one in self.fields if one.name in known or one.type}
        return {name: value for name, value in sent.items() if value is not None}

    def shown(self, call: Call, record: StoredObject) -> StoredObject:
        """Return an object as responses show it."""
        return record if self.show is None else self.show(call, record)

    def update(self, *, replace: bool = False, state: str | Sequence[str] = ()) -> Handler:
        """Return the function that changes the fields of a body.

        Parameters
        ----------
        replace : bool
            Reset the fields that the body lacks to their defaults.
        state : str or sequence of str
            The states in which this is possible; empty allows all.
        """
        return self.on(lambda call, record: self.change_from(call, record, replace=replace), state=state)

    def change_from(self, call: Call, record: StoredObject, *, replace: bool = False) -> StoredObject:
        """Change an object as the body of a call says, and return it; see `update`."""
        sent = self._sent(call)
        wanted = [one for one in self.fields if one.name in sent or (replace and not one.fixed)]
        values = read_fields(wanted, sent)
        for one in wanted:
            if one.fixed and values.get(one.name) != record.public.get(one.name):
                raise unprocessable(f"{one.name} cannot be changed.")
        self._check_values(call, values, record.internal.get("parent", ""), record)
        return self.change(call.world, record, **values)

    def change(self, world: World, record: StoredObject, **changes: Any) -> StoredObject:
        """Store an object with changed public fields, and return it.

        The effects ``KIND.changed`` are called afterwards.
        """
        if self.updated_field:
            changes[self.updated_field] = format_time(world.now())
        changed = record.with_public(**changes)
        if changed[self.id_field] != record[self.id_field]:
            self.store(world).remove(self.key_of(record))
        changed = self.put(world, changed)
        run_effects(world, f"{self.kind}.changed", world.now(), self.key_of(changed))
        return self.store(world)[self.key_of(changed)]

    def delete(self, answer: Callable[[Call, StoredObject], Result] | None = None) -> Handler:
        """Return the function that deletes an object, at once or after its last state.

        Parameters
        ----------
        answer : callable, optional
            Returns what `respond` sends, from the call and the object as it was shown before; by default nothing.
        """

        def delete(call: Call) -> HTTPResponse:
            record = self.find(call)
            shown = self.shown(call, record)
            self.begin_deletion(call.world, record)
            return respond(call, None if answer is None else answer(call, shown))

        return delete

    def begin_deletion(self, world: World, record: StoredObject) -> None:
        """Delete an object, at once or after its last state. One that is being deleted stays so."""
        states = self.states
        if states is None or states.deleting is None:
            self.remove(world, record)
        elif get_field(record, states.field) != states.deleting[0]:
            self.go_through(world, record, [states.deleting, ("", 0.0)])

    def on(self, function: Callable[[Call, StoredObject], Result], *, state: str | Sequence[str] = ()) -> Handler:
        """Return the function that finds the object of the path and calls another one with it.

        Parameters
        ----------
        function : callable
            Gets the call and the object, and returns what `respond` sends. The object itself, changed or not, is sent as it
            is shown; another one is sent as it is returned.
        state : str or sequence of str
            The states in which this is possible; empty allows all.
        """
        allowed = (state,) if isinstance(state, str) else state

        def handle(call: Call) -> HTTPResponse:
            record = self.find(call)
            if allowed and self.states is not None:
                present = get_field(record, self.states.field)
                if present not in allowed:
                    raise unprocessable(f"The {self.name} is {present}, and has to be {' or '.join(allowed)} for this.")
            result = function(call, record)
            if isinstance(result, StoredObject) and result.public.get(self.id_field) == record[self.id_field]:
                result = self.shown(call, result)
            return respond(call, result)

        return handle

    def _check_values(
        self, call: Call, values: dict[str, Any], parent: str, present: StoredObject | None = None
    ) -> None:
        world = call.world
        for one in self.fields:
            if one.refers and one.name in values:
                check_reference(world, one.refers, values[one.name], one.name)
            if (
                one.unique
                and one.name in values
                and (present is None or values[one.name] != present.public.get(one.name))
            ):
                others = self.all(world, parent)
                if any(other.public.get(one.name) == values[one.name] for other in others):
                    raise conflict(f"A {self.name} with this {one.name} already exists.")
        if self.check is not None:
            self.check(call, values, present)


def check_reference(world: World, kind: str, value: str | list[str], label: str) -> None:
    """Raise 422 if text, or an item of an array, is not a key in a store; empty text refers to nothing."""
    for key in [value] if isinstance(value, str) else value:
        if key and world.store(kind).get(key) is None:
            raise unprocessable(f"{label} {key} does not exist.")
