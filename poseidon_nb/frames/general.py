"""The rule by which a collection without a table of its own becomes a frame.

- The columns are the members of the objects, in the order in which they are first seen.
- An object inside an object: where each one has a ``slug``, the column holds the slug (``region``); otherwise it is
  flattened by one level, names joined by ``_`` (``engine_version``), or by ``.`` where that name is taken. What is
  nested deeper stays a Python object, and so does a member that is an object in one row and something else in another.
- Null and absent are the same: missing. Lists stay lists.
- Whole numbers are ``Int64``, never floats; numbers with fractions among them ``float64``; flags ``boolean``; text
  ``string``; text that in every row is a time with its zone, ``datetime64[us, UTC]``.
- Everything else keeps its Python values, in a column of dtype ``object``: mixed kinds, whole numbers of more than 64
  bits, fractions beside whole numbers that a float cannot hold, columns in which nothing is ever told.
- A list of anything but objects is one column, ``value``. A single object is one row.
- What was measured over time is a row for each point, as `metrics` says.
- Objects with an ``id`` that was seen before are dropped: pages shift while they are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import pandas as pd

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.arrays import array
from poseidon_nb.frames.decode import Moment, microseconds, not_json
from poseidon_nb.frames.metrics import metrics_frame

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_MOST_IN_A_FLOAT = 2**53
_INT64 = range(-(2**63), 2**63)


def rows_of(resource: str, bodies: Iterable[bytes], *, key: str = "") -> list[Any]:
    """Give what the answers hold, page after page, as Python objects.

    Parameters
    ----------
    resource : str
        Where no key is given, the member of this name is taken, or the whole answer if it has none.
    bodies : iterable of bytes
        The answers.
    key : str
        The member that holds the objects.

    Raises
    ------
    ShapeError
        An answer is not JSON or lacks the member.
    """
    rows: list[Any] = []
    for body in bodies:
        try:
            answer = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise not_json(resource, exc) from exc
        held = _held(resource, answer, key)
        if isinstance(held, list):
            rows += held
        elif held is not None:
            rows.append(held)
    return rows


def _held(resource: str, answer: Any, key: str) -> Any:
    if not key:
        return answer.get(resource, answer) if isinstance(answer, dict) else answer
    if not isinstance(answer, dict):
        raise ShapeError(f"{resource}: the answer should be an object with the member {key!r}")
    if key not in answer:
        members = ", ".join(answer) or "nothing"
        raise ShapeError(f"{resource}: the answer has no member {key!r}; it has: {members}")
    return answer[key]


def frame(rows: Iterable[Any]) -> pd.DataFrame:
    """Give the frame of any list, by the rule at the top of this module."""
    listed = list(rows)
    if len(listed) == 1 and _measured(listed[0]):
        return metrics_frame(listed[0])
    if all(isinstance(row, Mapping) for row in listed):
        listed = list(_distinct(listed))
        columns = _flattened(_gathered(listed))
    else:
        columns = {"value": listed}
    arrays = {name: _typed(values) for name, values in columns.items()}
    return pd.DataFrame(arrays, index=pd.RangeIndex(len(listed)), copy=False)


def _measured(answer: Any) -> bool:
    data = answer.get("data") if isinstance(answer, Mapping) else None
    return isinstance(data, Mapping) and data.get("resultType") == "matrix"


def _distinct(rows: list[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    seen: set[object] = set()
    for row in rows:
        name = row.get("id")
        if isinstance(name, str | int):
            if name in seen:
                continue
            seen.add(name)
        yield row


def _gathered(rows: list[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _flattened(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    flat: dict[str, list[Any]] = {}
    for name, values in columns.items():
        told = [value for value in values if value is not None]
        if not told or not all(isinstance(value, Mapping) for value in told) or not any(told):
            flat[name] = values
        elif all(isinstance(value.get("slug"), str) for value in told):
            flat[name] = [None if value is None else value["slug"] for value in values]
        else:
            nested = _gathered([{} if value is None else value for value in values])
            for child, inner in nested.items():
                joined = f"{name}_{child}"
                flat[f"{name}.{child}" if joined in columns or joined in flat else joined] = inner
    return flat


def _typed(values: list[Any]) -> Any:
    dtype = _dtype(values)
    if dtype == "datetime64[us, UTC]":
        try:
            values = microseconds(msgspec.convert(values, list[Moment | None]))
        except msgspec.ValidationError:
            dtype = "string"
    return array(dtype, values)


def _dtype(values: list[Any]) -> str:
    told = [value for value in values if value is not None]
    kinds = {type(value) for value in told}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "Int64" if all(value in _INT64 for value in told) else "object"
    if kinds == {float} or (kinds == {int, float} and all(_fits_a_float(value) for value in told)):
        return "float64"
    if kinds == {str}:
        return "datetime64[us, UTC]" if all(map(_TIME.fullmatch, told)) else "string"
    return "object"


def _fits_a_float(value: float) -> bool:
    return isinstance(value, float) or abs(value) <= _MOST_IN_A_FLOAT
