"""Declarations of the fields of a body, and their checks.

The dispatcher has checked the outermost fields: those that the specification requires, and the types. What it does not know
is declared here: defaults, ranges, patterns, and the fields of objects within objects.
"""

from __future__ import annotations

import copy
import re
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.call import convert
from poseidon_nb.sandbox.responses import unprocessable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poseidon_nb.sandbox.store import StoredObject


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body, which becomes a field of the object.

    Attributes
    ----------
    name : str
        As in the body and in the object.
    type : str
        Its JSON type; empty if the dispatcher has checked it, as it does for the outermost fields.
    required : bool
        Whether it is required here. The dispatcher knows what the specification requires of the outermost fields.
    default : object
        The value of an object that was created without it; None leaves the field out.
    choices : sequence
        The allowed values; empty allows any.
    pattern : re.Pattern, optional
        What text has to match in full, and `rule` in words.
    rule : str
        The rule of the pattern, such as ``may contain letters and dashes``.
    minimum, maximum : float, optional
        The range of a number, or of the length of text and arrays.
    fields : tuple of Field
        The fields of an object, or of each object of an array. Others are kept as they are.
    closed : bool
        Whether other fields of an object are dropped.
    items : str
        The JSON type of an array's items; empty allows any, and the dispatcher has checked those of the outermost fields.
    refers : str
        The store in which an outermost field's text, or each item of its array, has to be a key, such as ``vpcs``.
    fixed : bool
        Whether a later change is refused.
    unique : bool
        Whether no two objects with the same parent may have the same value.
    """

    name: str
    _: KW_ONLY
    type: str = ""
    required: bool = False
    default: Any = None
    choices: Sequence[Any] = ()
    pattern: re.Pattern[str] | None = None
    rule: str = "has an invalid format"
    minimum: float | None = None
    maximum: float | None = None
    fields: tuple[Field, ...] = ()
    closed: bool = False
    items: str = ""
    refers: str = ""
    fixed: bool = False
    unique: bool = False

    def read(self, value: Any, label: str) -> Any:
        """Return a value of this field, or raise 422; the label is what messages call it."""
        if self.type:
            value = convert(label, value, self.type)
        if self.choices and value not in self.choices:
            raise unprocessable(f"{label} must be one of {', '.join(map(str, self.choices))}.")
        if self.pattern is not None and not self.pattern.fullmatch(value):
            raise unprocessable(f"{label} {self.rule}.")
        self._check_range(value, label)
        kind = "object" if self.fields else self.items
        if kind and isinstance(value, list):
            value = [convert(f"an item of {label}", item, kind) for item in value]
            if self.fields:
                return [self._read_object(item, label) for item in value]
        return self._read_object(value, label) if self.fields and isinstance(value, dict) else value

    def _read_object(self, value: dict[str, Any], label: str) -> dict[str, Any]:
        rest = {} if self.closed else {name: inner for name, inner in value.items() if inner is not None}
        return {**rest, **read_fields(self.fields, value, f"{label}.")}

    def _check_range(self, value: Any, label: str) -> None:
        sized = isinstance(value, str | list | dict)
        size = len(value) if sized else value
        unit = " characters" if isinstance(value, str) else " items" if sized else ""
        if self.minimum is not None and size < self.minimum:
            raise unprocessable(f"{label} must {'have' if sized else 'be'} at least {self.minimum:g}{unit}.")
        if self.maximum is not None and size > self.maximum:
            raise unprocessable(f"{label} must {'have' if sized else 'be'} at most {self.maximum:g}{unit}.")


def read_fields(fields: Iterable[Field], body: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of fields with their defaults, or raise 422."""
    values: dict[str, Any] = {}
    for one in fields:
        value = body.get(one.name)
        if value is not None:
            values[one.name] = one.read(value, f"{prefix}{one.name}")
        elif one.required:
            raise unprocessable(f"{prefix}{one.name} is required.")
        elif one.default is not None:
            values[one.name] = copy.deepcopy(one.default)
    return values


def declared_fields(objects: Mapping[str, Mapping[str, Any]], name: str) -> tuple[Field, ...]:
    """Return the fields of an object that is declared in JSON.

    Parameters
    ----------
    objects : mapping
        The attributes of `Field` for each field of each object. Their ``fields`` is the name of another object, which is
        closed.
    name : str
        The object.
    """
    return tuple(_declared_field(objects, one, attributes) for one, attributes in objects[name].items())


def _declared_field(objects: Mapping[str, Mapping[str, Any]], name: str, attributes: Mapping[str, Any]) -> Field:
    special: dict[str, Any] = {}
    if "fields" in attributes:
        special = {"fields": declared_fields(objects, attributes["fields"]), "closed": True}
    if "pattern" in attributes:
        special["pattern"] = re.compile(attributes["pattern"])
    return Field(name, **{**attributes, **special})


def get_field(record: StoredObject, path: str) -> Any:
    """Return a public field; ``status.state`` is a field of an object. A missing one is None."""
    value: Any = record.public
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def with_field(record: StoredObject, path: str, value: Any) -> StoredObject:
    """Return an object with a changed public field; ``status.state`` is a field of an object."""
    outer, _, inner = path.partition(".")
    return record.with_public(**{outer: {**(record.public.get(outer) or {}), inner: value} if inner else value})
