"""From the API's bytes to column values: only the fields that a table names are decoded, by msgspec, into structs.

A droplet is about 3 kB of JSON, of which a frame needs a tenth. The structs are built from the table once, so that the
rest is skipped over without making objects of it; no dict is ever made of a droplet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from poseidon_nb.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from poseidon_nb.frames.schemas import Column, Table

#: A time that says its zone; one that does not is a moment nobody knows.
Moment = Annotated[datetime, msgspec.Meta(tz=True)]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LEAVES: dict[str, Any] = {
    "string": str,
    "Int64": int,
    "boolean": bool,
    "float64": float,
    "datetime64[us, UTC]": Moment,
    "list": list,
}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_STEP = re.compile(r"(?P<name>\w+)(?:\[(?P<by>\w+)=(?P<value>\w+)\])?")
_COMPLAINT = re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<found>[^`]+)`")
_PLACE = re.compile(r" - at `\$(?P<place>[^`]*)`$")
_WORDS = {
    "int": "a whole number",
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
    """One step of a path; with `by`, the first element of a list whose member `by` has this value."""

    name: str
    by: str = ""
    value: str = ""


@dataclass(slots=True)
class _Node:
    """What is known of one member of the API's object, gathered over all paths that touch it."""

    dtypes: set[str] = field(default_factory=set)
    as_text: bool = False
    children: dict[str, _Node] = field(default_factory=dict)
    many: bool = False


@dataclass(frozen=True, slots=True)
class _Getter:
    """How one column is read: the paths to try in turn, and what makes an API value a column's value."""

    paths: tuple[tuple[tuple[_Step, ...], attrgetter[Any]], ...]
    convert: Callable[[list[Any]], list[Any]] | None
    #: The path as the table has it, for errors.
    field: str


class Decoder:
    """Decodes the objects of one table.

    Parameters
    ----------
    table : Table
        The columns wanted.
    """

    def __init__(self, table: Table) -> None:
        self.resource = table.resource
        self._key = table.key
        root = _tree(table)
        self._absent: dict[tuple[str, ...], msgspec.Struct] = {}
        self._row = self._struct(root, (table.resource,))
        self._getters = [_getter(column, root) for column in table.columns]
        self._envelopes: dict[str, msgspec.json.Decoder[Any]] = {}

    def objects(self, body: bytes, key: str = "") -> list[Any]:
        """Give the objects in one answer; a member that holds a single object gives a list of one.

        Parameters
        ----------
        body : bytes
            The answer, as JSON.
        key : str
            The member that holds the objects, when it is not the table's own.

        Raises
        ------
        ShapeError
            It is not JSON, lacks that member, or a field has another type than the table says.
        """
        key = key or self._key
        if not key:
            return [self._bare(body)]
        decoder = self._envelopes.get(key)
        if decoder is None:
            envelope = msgspec.defstruct("Answer", [("held", list[self._row] | self._row | None)], rename={"held": key})  # type: ignore[name-defined]  # made above
            decoder = self._envelopes[key] = msgspec.json.Decoder(envelope)
        try:
            held = decoder.decode(body).held
        except msgspec.ValidationError as exc:
            raise self._misshapen(exc, body, key) from exc
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise not_json(self.resource, exc) from exc
        if held is None:
            return []
        return held if isinstance(held, list) else [held]

    def _bare(self, body: bytes) -> Any:
        """Give the object that an answer is, where it holds nothing else."""
        try:
            return msgspec.json.decode(body, type=self._row)
        except msgspec.ValidationError as exc:
            raise self._misshapen(exc) from exc
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise not_json(self.resource, exc) from exc

    def convert(self, rows: Iterable[Mapping[str, object]]) -> list[Any]:
        """Give the same objects, out of JSON that was decoded already."""
        try:
            objects: list[Any] = msgspec.convert(list(rows), list[self._row])  # type: ignore[name-defined]  # made above
        except msgspec.ValidationError as exc:
            raise self._misshapen(exc) from exc
        return objects

    def columns(self, objects: list[Any]) -> list[list[Any]]:
        """Give the values of every column, in the table's order, with None where the API has none."""
        levels: dict[tuple[_Step, ...], list[Any]] = {(): objects}
        return [self._values(getter, levels) for getter in self._getters]

    def _values(self, getter: _Getter, levels: dict[tuple[_Step, ...], list[Any]]) -> list[Any]:
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
            message = f"{self.resource}: the field {getter.field!r} should be a number, and the API sent {exc}"
            raise ShapeError(message) from exc

    def _level(self, path: tuple[_Step, ...], levels: dict[tuple[_Step, ...], list[Any]]) -> list[Any]:
        """Give the object that a path leads to for every row: an empty one where there is none."""
        if path not in levels:
            *front, step = path
            reached = map(attrgetter(step.name), self._level(tuple(front), levels))
            absent = self._absent[tuple(passed.name for passed in path)]
            if step.by:
                levels[path] = _firsts(reached, step, absent)
            else:
                levels[path] = [absent if one is None else one for one in reached]
        return levels[path]

    def _struct(self, node: _Node, path: tuple[str, ...]) -> type[msgspec.Struct]:
        fields = [(name, self._type(child, (*path, name)) | None, None) for name, child in node.children.items()]
        # gc=False: these hold no cycles, and 10,000 of them would set the collector going.
        struct = msgspec.defstruct("_".join(path), fields, gc=False)
        self._absent[path[1:]] = struct()
        return struct

    def _type(self, node: _Node, path: tuple[str, ...]) -> Any:
        if node.children:
            struct = self._struct(node, path)
            return list[struct] if node.many else struct  # type: ignore[valid-type]  # made at run time
        return _leaf(path[-1], node)

    def _misshapen(self, exc: msgspec.ValidationError, body: bytes = b"", key: str = "") -> ShapeError:
        text = str(exc)
        if "missing required field" in text:
            members = ", ".join(msgspec.json.decode(body, type=dict[str, msgspec.Raw])) or "nothing"
            return ShapeError(f"{self.resource}: the answer has no member {key!r}; it has: {members}")
        place = _PLACE.search(text)
        inner = re.sub(r"\[[^]]*\]", "", place["place"] if place else "").removeprefix(f".{key}" if key else "")
        where = f"the field {inner.strip('.')!r}" if inner.strip(".") else "what the answer holds"
        complaint = _COMPLAINT.search(text)
        if complaint is None:
            return ShapeError(f"{self.resource}: {where} cannot be read: {_PLACE.sub('', text)}")
        expected = " or ".join(_WORDS.get(word, word) for word in complaint["expected"].split(" | ") if word != "null")
        found = _WORDS.get(complaint["found"], complaint["found"])
        return ShapeError(f"{self.resource}: {where} should be {expected}, and the API sent {found}")


def not_json(resource: str, exc: Exception) -> ShapeError:
    """Give the error for an answer that is not JSON."""
    return ShapeError(f"{resource}: the answer is not JSON: {exc}")


@cache
def decoder_of(table: Table) -> Decoder:
    """Give the decoder of a table; building its structs takes a millisecond, so it is kept."""
    return Decoder(table)


def _steps(path: str) -> tuple[_Step, ...]:
    return tuple(_Step(step["name"], step["by"] or "", step["value"] or "") for step in _STEP.finditer(path))


def _tree(table: Table) -> _Node:
    root = _Node()
    for column in table.columns:
        for path in column.path.split("|"):
            node = root
            for step in _steps(path):
                node = node.children.setdefault(step.name, _Node())
                if step.by:
                    node.many = True
                    node.children.setdefault(step.by, _Node()).dtypes.add("string")
            node.dtypes.add(column.dtype)
            node.as_text |= column.as_text
    return root


def _leaf(name: str, node: _Node) -> Any:
    """Give the type of a plain member. A number wins over text, into which it can be made later."""
    others = node.dtypes - {"string"}
    if others:
        leaf = _LEAVES[others.pop()]
        return leaf | str if node.as_text else leaf
    # The API writes some ids as numbers in one place and as text in another (a droplet's snapshots, all snapshots).
    return str | int if name == "id" or name.endswith("_id") else str


def _getter(column: Column, root: _Node) -> _Getter:
    paths = [_steps(path) for path in column.path.split("|")]
    convert: Callable[[list[Any]], list[Any]] | None = None
    if column.dtype == "datetime64[us, UTC]":
        convert = microseconds
    elif column.as_text:
        convert = _numbers
    elif column.dtype == "string" and any(_may_be_number(path, root) for path in paths):
        convert = _texts
    return _Getter(tuple((path[:-1], attrgetter(path[-1].name)) for path in paths), convert, column.path)


def _may_be_number(path: tuple[_Step, ...], root: _Node) -> bool:
    node = root
    for step in path:
        node = node.children[step.name]
    return _leaf(path[-1].name, node) is not str


def _firsts(lists: Iterable[list[Any] | None], step: _Step, absent: msgspec.Struct) -> list[Any]:
    """Give the first object of each list that the step asks for. Plain loops: this runs thrice for each droplet."""
    by, wanted = step.by, step.value
    found = []
    for objects in lists:
        for candidate in objects or ():
            if getattr(candidate, by) == wanted:
                found.append(candidate)
                break
        else:
            found.append(absent)
    return found


def _texts(values: list[Any]) -> list[Any]:
    return [value if value is None or type(value) is str else str(value) for value in values]


def _numbers(values: list[Any]) -> list[Any]:
    """Give numbers, some of which were written as text; empty text is a missing one."""
    return [_number(value) if isinstance(value, str) else value for value in values]


def _number(text: str) -> float | None:
    if not text:
        return None
    # Python would take "nan", "1_000" and digits of other scripts, which are no amounts of money.
    if not text.isascii() or not _NUMBER.fullmatch(text):
        raise ValueError("other text")
    return float(text)


def microseconds(values: Iterable[datetime | None]) -> list[int | None]:
    """Give moments as whole microseconds since 1970, in UTC."""
    return [None if value is None else (value - _EPOCH) // _MICROSECOND for value in values]
