"""Reading responses that differ from the specification: a value of another type costs its cell, not the table.

`Decoder` uses this when its fast path fails. `UnreadValues` counts what could not be read, and describes it in one warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from poseidon_nb.frames.columns import INT64, NUMBER
from poseidon_nb.masking import MASK, mask, mask_in_text
from poseidon_nb.text import escape_unprintable, pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    _Make = Callable[[Mapping[str, Any], str, "UnreadValues"], Any]

#: Another type than the field's, and text that is not valid Unicode: JSON may contain half of a character.
UNREADABLE = (msgspec.ValidationError, UnicodeEncodeError)
A_NUMBER = "a number"
A_TIME = "a time with a zone"
#: Longer examples are cut, in characters.
_MAX_EXAMPLE = 60


@dataclass(slots=True)
class _Unread:
    """What could not be read of one field."""

    count: int
    example: str
    reason: str


@dataclass
class UnreadValues:
    """The values of one table that could not be read, by field.

    Parameters
    ----------
    resource : str
        Name of the table.
    """

    resource: str
    _fields: dict[str, _Unread] = field(default_factory=dict)

    def add(self, path: str, value: object, reason: str) -> None:
        """Count a value, and keep the first one of its field as an example."""
        if path in self._fields:
            self._fields[path].count += 1
        else:
            example = _example(mask(value, name=path.rpartition(".")[2]))
            self._fields[path] = _Unread(1, example, reason)

    def clear(self) -> None:
        """Forget all values, because the table is read again."""
        self._fields.clear()

    @property
    def omitted_rows(self) -> int:
        """The number of rows that are left out, because they are no objects."""
        return self._fields[""].count if "" in self._fields else 0

    def __bool__(self) -> bool:
        return bool(self._fields)

    @property
    def warning(self) -> str:
        """One line that names each field, its number of values and one of them; empty if all values were read."""
        parts = [
            f"{pluralize(one.count, 'value' if path else 'row')}{f' of {path!r}' if path else ''} could not be read,"
            f" for example {one.example} ({one.reason})"
            for path, one in self._fields.items()
        ]
        return f"{self.resource}: {'; '.join(parts)}" if parts else ""


def _example(value: object) -> str:
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, msgspec.MsgspecError):
        text = repr(value)
    # Also a text of which the name says nothing.
    text = escape_unprintable(mask_in_text(text, MASK))
    return text if len(text) <= _MAX_EXAMPLE else f"{text[: _MAX_EXAMPLE - 1]}…"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field with a value: its type, and the type in words for warnings."""

    type: Any
    expected: str

    def clean(self, value: object, path: str, unread: UnreadValues) -> Any:
        """Return the value as it was sent if it can be read, or what was text and should not be; else None."""
        result = self.read(value, path, unread)
        return (
            result if result is None or (isinstance(value, str) and isinstance(result, int | float | bool)) else value
        )

    def read(self, value: object, path: str, unread: UnreadValues) -> Any:
        """Return the value in the field's type, or None if it has another type."""
        try:
            return msgspec.convert(value, self.type | None)
        except UNREADABLE:
            pass
        if value == "" and self.expected == A_TIME:
            # A time that has not come.
            return None
        result = _in_text(value, self.type)
        if result is None:
            unread.add(path, value, f"expected {self.expected}")
        return result


def without_large(path: str, values: Iterable[int | None], unread: UnreadValues) -> list[int | None]:
    """Return the integers that have at most 64 bits, and None for the others."""
    kept = []
    for value in values:
        fits = value is None or value in INT64
        if not fits:
            unread.add(path, value, "more than 64 bits")
        kept.append(value if fits else None)
    return kept


def _in_text(value: object, type_: Any) -> float | bool | None:
    """Return the number or boolean that a text states, if one is expected: the API sends some so."""
    if not isinstance(value, str):
        return None
    if type_ is bool:
        return {"true": True, "false": False}.get(value.lower())
    if type_ not in {int, float} or not NUMBER.fullmatch(value):
        return None
    try:
        number: float = type_(value)
    except ValueError:
        return None
    return number


@dataclass(frozen=True, slots=True)
class Branch:
    """A field with an object, or with a list of objects.

    Parameters
    ----------
    struct : type
        The type that the fast path creates.
    children : mapping
        By name.
    is_list : bool
    """

    struct: type[msgspec.Struct]
    children: Mapping[str, Branch | Leaf]
    is_list: bool = False

    #: A text that stands for the object: the slug of a region, which is an object in most responses.
    slug: bool = False

    def read(self, value: object, path: str, unread: UnreadValues) -> Any:
        """Return the object or the list of objects, with None for every part that has another type."""
        return self._part(value, path, unread, self._struct)

    def clean(self, value: object, path: str, unread: UnreadValues) -> Any:
        """Return decoded JSON with the fields that the table knows in their types, and None for what could not be read.

        Fields that the table does not know are returned as they are.
        """
        return self._part(value, path, unread, self._dict)

    def rows(self, values: Iterable[object], unread: UnreadValues) -> list[Any]:
        """Return the objects of a table. What is no object is reported and left out."""
        return self._objects(values, "", unread, self._struct)

    def clean_rows(self, values: Iterable[object], unread: UnreadValues) -> list[Any]:
        """Return the objects of a table as `clean` does. What is no object is reported and left out."""
        return self._objects(values, "", unread, self._dict)

    def _part(self, value: object, path: str, unread: UnreadValues, make: _Make) -> Any:
        if value is None:
            return None
        if not self.is_list:
            return self._object(value, path, unread, make)
        if isinstance(value, list):
            return self._objects(value, path, unread, make)
        unread.add(path, value, "expected a list")
        return None

    def _objects(self, values: Iterable[object], path: str, unread: UnreadValues, make: _Make) -> list[Any]:
        found = (self._object(value, path, unread, make) for value in values)
        return [one for one in found if one is not None]

    def _object(self, value: object, path: str, unread: UnreadValues, make: _Make) -> Any:
        if self.slug and isinstance(value, str):
            value = {"slug": value}
        if not isinstance(value, Mapping):
            unread.add(path, value, "expected an object")
            return None
        return make(value, f"{path}." if path else "", unread)

    def _struct(self, value: Mapping[str, Any], prefix: str, unread: UnreadValues) -> Any:
        known = {
            name: child.read(value[name], f"{prefix}{name}", unread)
            for name, child in self.children.items()
            if name in value
        }
        return self.struct(**known)

    def _dict(self, value: Mapping[str, Any], prefix: str, unread: UnreadValues) -> dict[str, Any]:
        known = {
            name: child.clean(value[name], f"{prefix}{name}", unread)
            for name, child in self.children.items()
            if name in value
        }
        return {**value, **known}
