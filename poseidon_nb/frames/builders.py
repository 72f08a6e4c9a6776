"""Building DataFrames from API responses: bytes or decoded JSON in, a plain frame out.

A resource with a table in `schemas` gets exactly its columns, even without rows. Frames have a `RangeIndex`, nothing in
``attrs``, and rows in the order of the API. Any other collection is converted by these general rules:

- The columns are the fields of the objects, in the order in which they first occur.
- A nested object becomes its ``slug`` if all have one (``region``). Otherwise it is flattened by one level, with names
  joined by ``_`` (``engine_version``), or by ``.`` if that name is taken. Deeper levels remain Python objects, and so does
  a field that is an object in one row and something else in another.
- Null and missing are the same. Lists remain lists.
- Integers are ``Int64``, numbers with fractions ``float64``, booleans ``boolean``, text ``string``, and text that is a time
  with a zone in every row ``datetime64[us, UTC]``.
- Other values remain Python objects in a column of dtype ``object``: mixed types, integers of more than 64 bits, fractions
  beside integers that a float cannot represent, columns without any value.
- A list of anything but objects is a column ``value``. A single object is one row.
- Metrics have a row per reading; see `metrics`. What can be chosen for a new resource has a row per choice; see `options`.
- Secrets are masked, see `masking`.
- Objects with an ``id`` that occurred before are dropped, because pages shift while they are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import pandas as pd

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.columns import INT64, TIME
from poseidon_nb.frames.decode import Timestamp, get_decoder, invalid_json, missing_key, to_microseconds
from poseidon_nb.frames.dtypes import build_array
from poseidon_nb.frames.metrics import metrics_frame
from poseidon_nb.frames.options import OPTION_ROWS, option_rows
from poseidon_nb.frames.rows import distinct_rows
from poseidon_nb.frames.schemas import DERIVED_TABLES, TABLES
from poseidon_nb.frames.tolerance import without_large
from poseidon_nb.masked_data import without_masked_repr
from poseidon_nb.masking import is_public_name, mask, may_hold_secret_text

if TYPE_CHECKING:
    from collections.abc import Hashable

    from poseidon_nb.frames.columns import Table
    from poseidon_nb.frames.tolerance import UnreadValues

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_MAX_EXACT_FLOAT = 2**53
#: Types of columns that may hold secret text.
_TEXT_TYPES = ("string", "list")


def frame_from_pages(
    resource: str,
    bodies: Iterable[bytes],
    *,
    key: str = "",
    unread: UnreadValues | None = None,
    reveal: bool = False,
) -> pd.DataFrame:
    """Build one frame from all pages of a collection, or from one object.

    Parameters
    ----------
    resource : str
        A resource of `schemas.TABLES`; any other name for the general rules.
    bodies : iterable of bytes
        The responses, one per page. Each is decoded as it arrives and then released.
    key : str
        The response key of the objects. By default the table's; without a table the key named like the resource, or the
        whole response if there is none.
    unread : UnreadValues, optional
        Where values of another type than the table's are reported, which are then missing. By default they raise.
    reveal : bool
        Keep secrets instead of masking them.

    Returns
    -------
    pandas.DataFrame
        The table's columns. An object that occurs twice is kept once. Without identifiers, as for the items of an
        invoice, all are kept.

    Raises
    ------
    ShapeError
        A response does not match the table.
    """
    table = TABLES.get(resource)
    if table is None:
        return _general_frame(_objects(resource, bodies, key=key), reveal=reveal)
    decoder = get_decoder(table)
    builder = _TableBuilder(table, unread, reveal=reveal)
    for body in bodies:
        builder.add(decoder.columns(decoder.objects(body, key, unread), unread))
    return builder.frame()


def frame_from_rows(
    resource: str, rows: Iterable[Mapping[str, object]], *, unread: UnreadValues | None = None, reveal: bool = False
) -> pd.DataFrame:
    """Build the same frame as `frame_from_pages` from decoded JSON.

    Parameters
    ----------
    resource : str
        A resource of `schemas.TABLES`; any other name for the general rules.
    rows : iterable of mapping
        The API's objects.
    unread : UnreadValues, optional
        Where values of another type than the table's are reported, which are then missing. By default they raise.
    reveal : bool
        Keep secrets instead of masking them.

    Returns
    -------
    pandas.DataFrame
        The table's columns, equal to those from the same objects as bytes.

    Raises
    ------
    ShapeError
        A field does not have the table's type.
    """
    if resource in OPTION_ROWS:
        table, rows = DERIVED_TABLES[resource], option_rows(resource, [*rows], unread)
    elif resource in TABLES:
        table = TABLES[resource]
    else:
        return _general_frame(rows, reveal=reveal)
    decoder = get_decoder(table)
    builder = _TableBuilder(table, unread, reveal=reveal)
    builder.add(decoder.columns(decoder.convert(rows, unread), unread))
    return builder.frame()


class _TableBuilder:
    """The columns of a frame so far. Columns take a third of the memory of rows."""

    def __init__(self, table: Table, unread: UnreadValues | None, *, reveal: bool) -> None:
        self._table = table
        self._unread = unread
        self._reveal = reveal
        self._columns: list[list[Any]] = [[] for _ in table.columns]
        self._seen: set[Hashable] = set()

    def add(self, page: list[list[Any]]) -> None:
        """Add a page without the objects of earlier pages."""
        if self._table.distinct:
            page = self._without_duplicates(page)
        for values, more in zip(self._columns, page, strict=True):
            values.extend(more)

    def _without_duplicates(self, page: list[list[Any]]) -> list[list[Any]]:
        ids = page[0]
        new = set(ids)
        if len(new) == len(ids) and self._seen.isdisjoint(new):
            self._seen |= new
            return page
        seen = {*self._seen}
        rows = []
        for row, id_ in enumerate(ids):
            if id_ is None or id_ not in seen:
                rows.append(row)
                seen.add(id_)
        self._seen |= new
        return [[values[row] for row in rows] for values in page]

    def frame(self) -> pd.DataFrame:
        """Build the frame."""
        arrays: dict[str, Any] = {}
        for column, values in zip(self._table.columns, self._columns, strict=True):
            if not self._reveal and column.dtype in _TEXT_TYPES:
                _mask_texts(column.name, values)
            try:
                arrays[column.name] = build_array(column.dtype, values)
            except OverflowError as exc:
                if self._unread is None:
                    message = f"Field {column.path!r} in {self._table.resource} has a number of more than 64 bits."
                    raise ShapeError(message) from exc
                arrays[column.name] = build_array(column.dtype, without_large(column.path, values, self._unread))
        return pd.DataFrame(arrays, index=pd.RangeIndex(len(self._columns[0])), copy=False)


def _mask_texts(name: str, values: list[Any]) -> None:
    """Mask the secrets in the text or lists of a column, in place.

    The columns of tables have no secret names, so only what they contain can be secret.
    """
    if is_public_name(name):
        return
    texts = {value for value in values if value.__class__ is str}
    try:
        lists = {tuple(value) for value in values if value.__class__ is list}
        texts.update(item for items in lists for item in items if item.__class__ is str)
        harmless = not may_hold_secret_text(texts)
    except TypeError:
        # Objects in a list, such as the rules of a firewall.
        harmless = False
    if not harmless:
        values[:] = [mask(value, name=name) for value in values]


def _objects(resource: str, bodies: Iterable[bytes], *, key: str = "") -> list[Any]:
    """Return the objects in all responses."""
    objects: list[Any] = []
    for body in bodies:
        try:
            response = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise invalid_json(resource, exc) from exc
        result = _result(resource, response, key)
        if isinstance(result, list):
            objects += result
        elif result is not None:
            objects.append(result)
    return objects


def _result(resource: str, response: Any, key: str) -> Any:
    if not key:
        return response.get(resource, response) if isinstance(response, dict) else response
    if not isinstance(response, dict):
        raise ShapeError(f"The response for {resource} is not an object with the key {key!r}.")
    if key not in response:
        raise missing_key(resource, key, response)
    return response[key]


def _general_frame(rows: Iterable[Any], *, reveal: bool) -> pd.DataFrame:
    """Build a frame by the general rules at the top of this module."""
    listed = list(rows)
    if len(listed) == 1 and _is_matrix(listed[0]):
        return metrics_frame(listed[0])
    listed = [without_masked_repr(row) if reveal else mask(row) for row in listed]
    if all(isinstance(row, Mapping) for row in listed):
        listed = distinct_rows(listed)
        columns = _flatten(_to_columns(listed))
    else:
        columns = {"value": listed}
    arrays = {name: _infer_array(values) for name, values in columns.items()}
    return pd.DataFrame(arrays, index=pd.RangeIndex(len(listed)), copy=False)


def _is_matrix(response: Any) -> bool:
    data = response.get("data") if isinstance(response, Mapping) else None
    return isinstance(data, Mapping) and data.get("resultType") == "matrix"


def _to_columns(rows: list[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _flatten(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    flat: dict[str, list[Any]] = {}
    for name, values in columns.items():
        present = [value for value in values if value is not None]
        if not present or not all(isinstance(value, Mapping) for value in present) or not any(present):
            flat[name] = values
        elif all(isinstance(value.get("slug"), str) for value in present):
            flat[name] = [None if value is None else value["slug"] for value in values]
        else:
            nested = _to_columns([{} if value is None else value for value in values])
            for child, inner in nested.items():
                joined = f"{name}_{child}"
                flat[f"{name}.{child}" if joined in columns or joined in flat else joined] = inner
    return flat


def _infer_array(values: list[Any]) -> Any:
    dtype = _infer_dtype(values)
    if dtype == TIME:
        try:
            values = to_microseconds(msgspec.convert(values, list[Timestamp | None]))
        except msgspec.ValidationError:
            dtype = "string"
    return build_array(dtype, values)


def _infer_dtype(values: list[Any]) -> str:
    present = [value for value in values if value is not None]
    types = {type(value) for value in present}
    if types == {bool}:
        return "boolean"
    if types == {int}:
        return "Int64" if all(value in INT64 for value in present) else "object"
    if types == {float} or (types == {int, float} and all(_fits_float(value) for value in present)):
        return "float64"
    if types == {str}:
        return TIME if all(map(_TIMESTAMP.fullmatch, present)) else "string"
    return "object"


def _fits_float(value: float) -> bool:
    return isinstance(value, float) or abs(value) <= _MAX_EXACT_FLOAT
