"""Read what stands in braces: a Python variable, and items and fields of its value, as in ``{df['id'][0]}`` or ``{row.name}``.

Only stored data is read, so no code of the value's class runs and no request is sent: items of dicts, lists, tuples, and of
a Series or DataFrame by their labels; fields of named tuples, dataclasses and the API objects of this package. ``.x`` of a
dict or a Series is its item ``x``. Private names and secrets are refused. pandas and numpy are recognized by the names of
their types, and not imported.
"""

from __future__ import annotations

import math
import re
from types import MemberDescriptorType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from poseidon_nb.language.grammar_errors import grammar_error, has_token, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeGuard

T = TypeVar("T")

_NAME = re.compile(r"[^\W\d]\w*")
_STEP = re.compile(
    r"""\s*(?:\.\s*(?P<field>[^\W\d]\w*)
    |\[\s*(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<number>-?[0-9]{1,18})|(?P<bare>[^\[\]'"\s](?:[^\[\]'"]*[^\[\]'"\s])?))\s*\])""",
    re.VERBOSE,
)
#: Columns that identify the rows of a DataFrame, best first: droplets have an id, regions a slug, tags a name.
_ID_COLUMNS = ("id", "slug", "name")
_MISSING_TYPES = ("NAType", "NaTType", "NoneType")
_ABSENT = object()


class _Step(NamedTuple):
    """One ``.name`` or ``[key]``."""

    #: The possible keys, best first: the text of a number can be a key too.
    keys: tuple[int | str, ...]
    is_field: bool
    #: Where the step ends in the text.
    end: int


def read(text: str, variables: Mapping[str, object]) -> object:
    """Return what the text in a pair of braces refers to.

    Parameters
    ----------
    text : str
        The text between the braces.
    variables : mapping
        The Python variables.

    Raises
    ------
    GrammarError
        The text is not a variable with items and fields, or there is no such variable, item or field.
    """
    name, steps = _parse(text)
    if name not in variables:
        raise grammar_error(f"Unknown variable {quoted(name)}.", word=name, choices=_usable(variables))
    value, field, start = variables[name], name, len(name)
    for step in steps:
        value, field = _take(value, step, field, text[:start])
        start = step.end
    return value


def _usable(variables: Mapping[str, object]) -> list[str]:
    """Return the names of variables that can be meant. Modules and functions, such as those that IPython adds, cannot."""
    return [
        name
        for name, value in variables.items()
        if not name.startswith("_") and not callable(value) and not _is(value, ModuleType)
    ]


def _parse(text: str) -> tuple[str, list[_Step]]:
    start = _NAME.match(text)
    steps: list[_Step] = []
    at = start.end() if start else 0
    while start and at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            break
        at = found.end()
        steps.append(_step(found))
    if start is None or at < len(text):
        raise grammar_error(
            "Braces must contain the name of a Python variable, or a part of it as in {row.name} or {df['id'][0]}, "
            f"not {quoted(text)}. Assign the value to a variable first, or write {{{{ and }}}} for literal braces.",
            word=text,
        )
    return start[0], steps


def _step(found: re.Match[str]) -> _Step:
    if found["number"] is not None:
        return _Step((int(found["number"]), found["number"]), is_field=False, end=found.end())
    key = next(one for one in (found["field"], found["single"], found["double"], found["bare"]) if one is not None)
    return _Step((key,), is_field=found["field"] is not None, end=found.end())


def _take(value: object, step: _Step, outer: str, where: str) -> tuple[object, str]:
    """Return a part of a value, and the name by which it is judged to be secret."""
    from poseidon_nb.masking import is_secret, name_inside  # noqa: PLC0415  # few lines need it

    if step.is_field and str(step.keys[0]).startswith("_"):
        raise grammar_error(f"{where}.{step.keys[0]} is private.", word=str(step.keys[0]))
    if _is(value, list, tuple) and not (step.is_field and _tuple_fields(value)):
        return _numbered(value, step, where), outer.removesuffix("s")
    found, kind = _parts(value, step.keys[0], where)
    key = next((key for key in step.keys if key in found), None)
    if key is None:
        choices = [str(known) for known in found if not str(known).startswith("_")]
        message = f"{where} has no {kind} {quoted(str(step.keys[0]))}."
        if kind == "column" and isinstance(step.keys[0], int):
            message = f"{message} Name the column first, as in {{df['id'][0]}}."
        raise grammar_error(message, word=str(step.keys[0]), choices=choices)
    part = found[key]
    if part is _ABSENT:
        raise grammar_error(f"{where} has several {kind}s {quoted(str(key))}.", word=str(key))
    # A number is the label of a row: the name of the column says what is in it.
    name = outer if isinstance(key, int) else name_inside(outer, key)
    if is_secret(name, found):
        raise grammar_error(f"{where}.{key} is secret. Assign it to a variable first.", word=str(key))
    return part, name


def _numbered(value: object, step: _Step, where: str) -> object:
    number = step.keys[0]
    if not isinstance(number, int):
        raise grammar_error(
            f"{where} is a {type(value).__name__}, which only has numbered items, as in {{{where}[0]}}.", word=where
        )
    held = _items(value) or []
    if not -len(held) <= number < len(held):
        raise grammar_error(f"{where} has no item {number}. It has {len(held)}.", word=str(number))
    return held[number]


def _parts(value: object, wanted: object, where: str) -> tuple[Mapping[Any, object], str]:
    """Return the parts of a value by their keys, and what they are called. A label that occurs twice has no part."""
    if _is(value, dict):
        return dict(dict.items(value)), "item"
    if _is_pandas(value, "Series"):
        series: Any = value
        return _unique(series.index.tolist(), series.tolist()), "item"
    if _is_pandas(value, "DataFrame"):
        frame: Any = value
        return _unique(frame.columns.tolist(), [frame.iloc[:, at] for at in range(frame.shape[1])]), "column"
    fields = _fields(value, wanted)
    if fields is None:
        raise grammar_error(
            f"{where} is a {type(value).__name__}. Braces read items of dicts, lists, tuples, Series and DataFrames, "
            "and fields of named tuples, dataclasses and API objects.",
            word=where,
        )
    return fields, "field"


def _unique(labels: Sequence[object], values: Iterable[object]) -> dict[object, object]:
    found: dict[object, object] = {}
    for label, value in zip(labels, values, strict=True):
        if isinstance(label, int | str):
            found[label] = _ABSENT if label in found else value
    return found


def _fields(value: object, wanted: object) -> Mapping[str, object] | None:
    """Return the stored fields of a named tuple, a dataclass or an API object; None for anything else."""
    if _is(value, tuple):
        return dict(zip(_tuple_fields(value), tuple.__iter__(value), strict=False))
    data = api_data(value)
    if data is not None:
        computed = _static(type(value), "computed_fields")
        # These properties of ours only read the data. One that is not wanted may not be there.
        is_computed = isinstance(computed, tuple) and wanted in computed
        return data | {wanted: getattr(value, wanted)} if is_computed and isinstance(wanted, str) else data
    declared = _static(type(value), "__dataclass_fields__")
    if _is(value, type) or not isinstance(declared, dict):
        return None
    stored = _stored(value)
    found = {name: _value_of(value, name, stored) for name in declared if isinstance(name, str)}
    return {name: field for name, field in found.items() if field is not _ABSENT}


def api_data(value: object) -> dict[str, object] | None:
    """Return the data of an object that the API sent, such as a `Droplet`; None for anything else."""
    if not type(value).__module__.startswith("poseidon_nb."):
        return None
    data = _stored(value).get("_data")
    return data if isinstance(data, dict) else None


def _stored(value: object) -> dict[str, object]:
    try:
        stored = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return stored if isinstance(stored, dict) else {}


def _value_of(value: object, name: str, stored: Mapping[str, object]) -> object:
    """Return a field of a dataclass from where it is stored, without asking its class."""
    if name in stored:
        return stored[name]
    slot = _static(type(value), name)
    if isinstance(slot, MemberDescriptorType):
        try:
            return slot.__get__(value)
        except AttributeError:
            return _ABSENT
    return _ABSENT


def _static(owner: type, name: str) -> object:
    """Return an attribute of a class as it is written, without running descriptors."""
    return next((vars(base)[name] for base in owner.__mro__ if name in vars(base)), None)


def _tuple_fields(value: object) -> tuple[str, ...]:
    fields = _static(type(value), "_fields") if _is(value, tuple) else ()
    return fields if isinstance(fields, tuple) and all(isinstance(name, str) for name in fields) else ()


def _is_pandas(value: object, kind: str) -> bool:
    return type(value).__name__ == kind and _package(value) == "pandas"


def _is(value: object, *types: type[T]) -> TypeGuard[T]:
    """Check the type of a value. `isinstance` would ask its class, which can run code."""
    return issubclass(type(value), types)


def _items(value: object) -> list[object] | None:
    """Return the items of a built-in list-like type, without code of a subclass; None for any other value."""
    kind: Any = next((one for one in (list, tuple, set, frozenset, range) if _is(value, one)), None)
    return None if kind is None else [*kind.__iter__(value)]


def _package(value: object) -> str:
    return type(value).__module__.partition(".")[0]


def elements(value: object) -> list[object] | None:
    """Return the elements of a list-like value; None for a single value.

    Raises
    ------
    GrammarError
        A DataFrame has no column that identifies its rows.
    """
    items = _items(value)
    if items is not None:
        return items
    if _is_pandas(value, "DataFrame"):
        frame: Any = value
        for name in _ID_COLUMNS:
            if name in frame.columns:
                return list(frame[name].tolist())
        raise grammar_error("This DataFrame has no column id, slug or name. Pass one of its columns as a list.")
    if _package(value) in {"pandas", "numpy"} and getattr(value, "shape", ()) != ():
        listed: Any = value
        return list(listed.tolist())
    return None


def as_text(value: object, label: str) -> str:
    """Return the text of one value.

    Parameters
    ----------
    value : object
        Text, a number, a boolean, or an API object, which is named by its id.
    label : str
        What stands between the braces, for errors.

    Raises
    ------
    GrammarError
        It has no such text, it is missing, or it is or holds a secret.
    """
    from poseidon_nb.masking import MASK, mask_in_text  # noqa: PLC0415  # few lines need it

    text = _text_of(value, label)
    if has_token(text):
        # It would be looked up as a name, and appear in the error.
        raise grammar_error(f"{{{label}}} holds a token. Use %do login instead.", word=label)
    if MASK in text:
        raise grammar_error(f"{{{label}}} is masked. Use --reveal or reveal=True to get the value.", word=label)
    if not label.isidentifier() and mask_in_text(text) != text:
        raise grammar_error(f"{{{label}}} holds a secret. Assign it to a variable first.", word=label)
    return text


def _text_of(value: object, label: str) -> str:
    data = api_data(value)
    if data is not None:
        value = data.get(str(_static(type(value), "_identity")))
    if _package(value) == "numpy" and getattr(value, "shape", None) == ():
        scalar: Any = value
        value = scalar.item()
    if _is(value, str):
        return str.__str__(value)
    if _is(value, bool):
        return "true" if value else "false"
    if _is(value, int):
        return int.__repr__(value)
    if type(value).__name__ in _MISSING_TYPES or (_is(value, float) and math.isnan(value)):
        raise grammar_error(f"{{{label}}} holds a missing value.", word=label)
    if _is(value, float):
        # pandas converts a column of ids with a missing value to floats.
        return str(int(value)) if float.is_integer(value) else float.__repr__(value)
    if type(value).__module__ == "decimal":
        return str(value)
    raise grammar_error(
        f"{{{label}}} must hold text, a number, a boolean or a list, not a {type(value).__name__}.", word=label
    )
