"""Decoding API responses into column values. msgspec decodes only the fields that a table names, into structs.

A droplet is about 3 kB of JSON, of which a frame needs a tenth. The structs are built once per table, so that all other
fields are skipped without creating objects for them. No dict is created for a droplet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.columns import EPOCH, MICROSECOND, NUMBER, TIME
from poseidon_nb.frames.tolerance import A_NUMBER, A_TIME, UNREADABLE, Branch, Leaf, UnreadValues
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from poseidon_nb.frames.columns import Column, Table

#: A time with a zone. Without one it would be ambiguous.
Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]

_LEAF_TYPES: dict[str, Any] = {
    "string": str,
    "Int64": int,
    "boolean": bool,
    "float64": float,
    TIME: Timestamp,
    "list": list,
}
_PATH_STEP = re.compile(r"(?P<name>\w+)(?:\[(?P<by>\w+)=(?P<value>\w+)\])?")
_TYPE_ERROR = re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<found>[^`]+)`")
_LOCATION = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_TYPE_NAMES = {
    "int": "an integer",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "datetime": "a time",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of a path. With `by` it takes the first element of a list whose field `by` has this value."""

    name: str
    by: str = ""
    value: str = ""


@dataclass(slots=True)
class _Node:
    """A field of the API's object, according to all paths that use it."""

    dtypes: set[str] = field(default_factory=set)
    as_text: bool = False
    children: dict[str, _Node] = field(default_factory=dict)
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class _Getter:
    """How to read a column: the paths to try in order, and the conversion of its values."""

    paths: tuple[tuple[tuple[_Step, ...], attrgetter[Any]], ...]
    convert: Callable[[list[Any]], list[Any]] | None
    #: The path in the table, for errors.
    field: str


class Decoder:
    """A decoder for the objects of one table.

    Parameters
    ----------
    table : Table
    """

    def __init__(self, table: Table) -> None:
        self.resource = table.resource
        self._key = table.key
        root = _build_tree(table)
        self._tolerant: Branch | None = None
        self._root = root
        self._absent: dict[tuple[str, ...], msgspec.Struct] = {}
        self._row = self._struct(root, (table.resource,))
        self._getters = [_getter(column, root) for column in table.columns]
        self._envelopes: dict[str, msgspec.json.Decoder[Any]] = {}

    def objects(self, body: bytes, key: str = "", unread: UnreadValues | None = None) -> list[Any]:
        """Return the objects in a response. A single object is returned as a list of one.

        Parameters
        ----------
        body : bytes
            The response as JSON.
        key : str
            The response key of the objects, if it differs from the table's.
        unread : UnreadValues, optional
            Where values of another type than the table's are reported, which are then missing. By default they raise.

        Raises
        ------
        ShapeError
            The response is not JSON, the key is missing, or a field does not have the table's type.
        """
        key = key or self._key
        if not key:
            return [self._decode_bare(body, unread)]
        decoder = self._envelopes.get(key)
        if decoder is None:
            result_type = list[self._row] | self._row | None  # type: ignore[name-defined]  # built at run time
            envelope = msgspec.defstruct("Response", [("result", result_type)], rename={"result": key})
            decoder = self._envelopes[key] = msgspec.json.Decoder(envelope)
        try:
            result = decoder.decode(body).result
        except msgspec.ValidationError as exc:
            response = None if unread is None else self._any_json(body)
            found = response.get(key) if isinstance(response, dict) else None
            if unread is None or not isinstance(found, list | dict):
                raise self._type_error(exc, body, key) from exc
            return self._branch().rows(found if isinstance(found, list) else [found], unread)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise invalid_json(self.resource, exc) from exc
        if result is None:
            return []
        return result if isinstance(result, list) else [result]

    def _decode_bare(self, body: bytes, unread: UnreadValues | None) -> Any:
        """Return a response that is the object itself."""
        try:
            return msgspec.json.decode(body, type=self._row)
        except msgspec.ValidationError as exc:
            found = None if unread is None else self._any_json(body)
            if unread is None or not isinstance(found, dict):
                raise self._type_error(exc) from exc
            return self._branch().rows([found], unread)[0]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise invalid_json(self.resource, exc) from exc

    def _any_json(self, body: bytes) -> Any:
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise invalid_json(self.resource, exc) from exc

    def convert(self, rows: Iterable[Mapping[str, object]], unread: UnreadValues | None = None) -> list[Any]:
        """Return the objects from decoded JSON; `unread` as for `objects`."""
        listed = list(rows)
        try:
            objects: list[Any] = msgspec.convert(listed, list[self._row])  # type: ignore[name-defined]  # built at run time
        except UNREADABLE as exc:
            if unread is None:
                raise self._type_error(exc) from exc
            return self._branch().rows(listed, unread)
        return objects

    def clean(self, rows: list[Any], unread: UnreadValues) -> list[dict[str, Any]]:
        """Return decoded JSON in which all fields that the table knows have its types.

        Other values are None, and rows that are no objects are left out; both are reported.
        """
        try:
            msgspec.convert(rows, list[self._row])  # type: ignore[name-defined]  # built at run time
        except UNREADABLE:
            return self._branch().clean_rows(rows, unread)
        return rows

    def _branch(self) -> Branch:
        """Return the table's fields for tolerant reading."""
        if self._tolerant is None:
            self._tolerant = _branch_of(self._root, (), self._absent)
        return self._tolerant

    def columns(self, objects: list[Any], unread: UnreadValues | None = None) -> list[list[Any]]:
        """Return the values of every column in the table's order; None is missing. `unread` as for `objects`."""
        levels: dict[tuple[_Step, ...], list[Any]] = {(): objects}
        return [self._values(getter, levels, unread) for getter in self._getters]

    def _values(
        self, getter: _Getter, levels: dict[tuple[_Step, ...], list[Any]], unread: UnreadValues | None
    ) -> list[Any]:
        values: list[Any] | None = None
        for parents, leaf in getter.paths:
            if values is None:
                values = list(map(leaf, self._level(parents, levels)))
            elif not all(values):
                others = map(leaf, self._level(parents, levels))
                values = [value or other for value, other in zip(values, others, strict=True)]
        values = values or []
        if getter.convert is None:
            return values
        try:
            return getter.convert(values)
        except ValueError as exc:
            if unread is not None:
                return [self._one_value(getter, value, unread) for value in values]
            message = f"Unexpected type of field {getter.field!r} in {self.resource}. Expected a number, got {exc}."
            raise ShapeError(message) from exc

    def _one_value(self, getter: _Getter, value: Any, unread: UnreadValues) -> Any:
        try:
            return getter.convert([value])[0] if getter.convert is not None else value
        except ValueError:
            unread.add(getter.field, value, f"expected {A_NUMBER}")
            return None

    def _level(self, path: tuple[_Step, ...], levels: dict[tuple[_Step, ...], list[Any]]) -> list[Any]:
        """Return the object at a path for every row; an empty object if it is missing."""
        if path not in levels:
            *parents, step = path
            children = map(attrgetter(step.name), self._level(tuple(parents), levels))
            absent = self._absent[tuple(parent.name for parent in path)]
            if step.by:
                levels[path] = _first_matches(children, step, absent)
            else:
                levels[path] = [absent if one is None else one for one in children]
        return levels[path]

    def _struct(self, node: _Node, path: tuple[str, ...]) -> type[msgspec.Struct]:
        fields = [(name, self._type(child, (*path, name)) | None, None) for name, child in node.children.items()]
        # gc=False: the structs have no cycles, and 10,000 of them would trigger the garbage collector.
        struct = msgspec.defstruct("_".join(path), fields, gc=False)
        self._absent[path[1:]] = struct()
        return struct

    def _type(self, node: _Node, path: tuple[str, ...]) -> Any:
        if node.children:
            struct = self._struct(node, path)
            return list[struct] if node.is_list else struct  # type: ignore[valid-type]  # built at run time
        return _leaf_type(path[-1], node)

    def _type_error(self, exc: Exception, body: bytes = b"", key: str = "") -> ShapeError:
        text = str(exc)
        if "missing required field" in text:
            return missing_key(self.resource, key, msgspec.json.decode(body, type=dict[str, msgspec.Raw]))
        location = _LOCATION.search(text)
        path = re.sub(r"\[[^]]*\]", "", location["path"] if location else "").removeprefix(f".{key}" if key else "")
        where = (
            f"field {path.strip('.')!r} in {self.resource}" if path.strip(".") else f"the response for {self.resource}"
        )
        error = _TYPE_ERROR.search(text)
        if error is None:
            return ShapeError(f"Invalid value of {where} ({_LOCATION.sub('', text)}).")
        expected = " or ".join(_TYPE_NAMES.get(word, word) for word in error["expected"].split(" | ") if word != "null")
        found = _TYPE_NAMES.get(error["found"], error["found"])
        return ShapeError(f"Unexpected type of {where}. Expected {expected}, got {found}.")


def invalid_json(resource: str, exc: Exception) -> ShapeError:
    """Return the error for a response that is not JSON."""
    return ShapeError(f"The response for {resource} is not JSON ({exc}).")


def missing_key(resource: str, key: str, keys: Iterable[str]) -> ShapeError:
    """Return the error for a response without the key of its result."""
    return ShapeError(f"The response for {resource} has no key {key!r}. It has {join_words(keys) or 'no keys'}.")


@cache
def get_decoder(table: Table) -> Decoder:
    """Return the decoder of a table, cached because building its structs takes a millisecond."""
    return Decoder(table)


def _branch_of(node: _Node, path: tuple[str, ...], absent: Mapping[tuple[str, ...], msgspec.Struct]) -> Branch:
    children: dict[str, Branch | Leaf] = {
        name: _branch_of(child, (*path, name), absent) if child.children else _leaf(name, child)
        for name, child in node.children.items()
    }
    return Branch(type(absent[path]), children, node.is_list, slug="slug" in children)


def _leaf(name: str, node: _Node) -> Leaf:
    expected = {
        Timestamp: A_TIME,
        list: "a list",
        bool: "true or false",
        float: A_NUMBER,
        int: "an integer",
    }
    type_ = _leaf_type(name, node)
    return Leaf(type_, expected.get(type_) or (A_NUMBER if node.as_text else "text"))


def _parse_path(path: str) -> tuple[_Step, ...]:
    return tuple(_Step(step["name"], step["by"] or "", step["value"] or "") for step in _PATH_STEP.finditer(path))


def _build_tree(table: Table) -> _Node:
    root = _Node()
    for column in table.columns:
        for path in column.path.split("|"):
            node = root
            for step in _parse_path(path):
                node = node.children.setdefault(step.name, _Node())
                if step.by:
                    node.is_list = True
                    node.children.setdefault(step.by, _Node()).dtypes.add("string")
            node.dtypes.add(column.dtype)
            node.as_text |= column.as_text
    return root


def _leaf_type(name: str, node: _Node) -> Any:
    """Return the type of a field. A number takes precedence over text, because it can be converted later."""
    others = node.dtypes - {"string"}
    if others:
        leaf = _LEAF_TYPES[others.pop()]
        return leaf | str if node.as_text else leaf
    # Some ids are numbers in one operation and text in another (a droplet's snapshots and all snapshots).
    return str | int if name == "id" or name.endswith("_id") else str


def _getter(column: Column, root: _Node) -> _Getter:
    paths = [_parse_path(path) for path in column.path.split("|")]
    convert: Callable[[list[Any]], list[Any]] | None = None
    if column.dtype == TIME:
        convert = to_microseconds
    elif column.as_text:
        convert = _to_numbers
    elif column.dtype == "string" and any(_may_be_number(path, root) for path in paths):
        convert = _to_texts
    return _Getter(tuple((path[:-1], attrgetter(path[-1].name)) for path in paths), convert, column.path)


def _may_be_number(path: tuple[_Step, ...], root: _Node) -> bool:
    node = root
    for step in path:
        node = node.children[step.name]
    return _leaf_type(path[-1].name, node) is not str


def _first_matches(lists: Iterable[list[Any] | None], step: _Step, absent: msgspec.Struct) -> list[Any]:
    """Return the first matching object of each list. Plain loops, because this runs three times per droplet."""
    by, value = step.by, step.value
    found = []
    for objects in lists:
        for candidate in objects or ():
            if getattr(candidate, by) == value:
                found.append(candidate)
                break
        else:
            found.append(absent)
    return found


def _to_texts(values: list[Any]) -> list[Any]:
    return [value if value is None or type(value) is str else str(value) for value in values]


def _to_numbers(values: list[Any]) -> list[Any]:
    """Convert numbers that may be text; empty text is missing."""
    return [_to_number(value) if isinstance(value, str) else value for value in values]


def _to_number(text: str) -> float | None:
    if not text:
        return None
    if not NUMBER.fullmatch(text):
        raise ValueError("non-numeric text")
    return float(text)


def to_microseconds(values: Iterable[datetime | None]) -> list[int | None]:
    """Convert times to microseconds since 1970, UTC."""
    return [None if value is None else (value - EPOCH) // MICROSECOND for value in values]
