"""Bytes and rows result in the same frame, with unchanged values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseidon_nb.frames.builders import frame_from_pages, frame_from_rows
from poseidon_nb.frames.decode import _parse_path
from poseidon_nb.frames.schemas import TABLES

if TYPE_CHECKING:
    from poseidon_nb.frames.columns import Table

WHOLE = st.integers(-(2**63), 2**63 - 1)
FRACTION = st.floats(allow_nan=False, allow_infinity=False)
#: Numbers as text, by the dtype of their column. What is too large for a column of whole numbers is an error.
TEXTS: dict[str, st.SearchStrategy[str]] = {
    "Int64": st.integers(-(2**53), 2**53).map(str) | st.just(""),
    "float64": st.decimals(allow_nan=False, allow_infinity=False).map(str) | st.just(""),
}
MOMENT = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
SCALAR = st.none() | st.booleans() | WHOLE | FRACTION | st.text(max_size=6)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=6),
    "Int64": WHOLE,
    "boolean": st.booleans(),
    "float64": FRACTION | st.integers(0, 10_000),
    "datetime64[us, UTC]": MOMENT,
    "list": st.lists(JSON, max_size=3),
}


def objects(table: Table) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of the right shape, in which anything may be absent, null, or joined by fields nobody knows."""
    tree: dict[str, Any] = {}
    for column in table.columns:
        for path in column.path.split("|"):
            node = tree
            *parents, leaf = _parse_path(path)
            for step in parents:
                node = node.setdefault((step.name, bool(step.by)), {})
                if step.by:
                    node.setdefault((step.by, False), st.sampled_from([step.value, "private", "odd"]))
            known = node.get((leaf.name, False))
            if known is None or column.dtype != "string":
                node[leaf.name, False] = LEAVES[column.dtype] | (
                    TEXTS[column.dtype] if column.as_text else st.nothing()
                )
    return _built(tree)


def _built(tree: dict[tuple[str, bool], Any]) -> st.SearchStrategy[dict[str, Any]]:
    fields: dict[str, st.SearchStrategy[Any]] = {"unheard_of": JSON}
    for (name, many), inner in tree.items():
        value = _built(inner) if isinstance(inner, dict) else inner
        fields[name] = st.none() | (st.lists(value, max_size=3) if many else value)
    return st.fixed_dictionaries({}, optional=fields)


@pytest.mark.parametrize("resource", TABLES)
def test_bytes_and_rows_give_the_same_frame(resource: str) -> None:
    table = TABLES[resource]

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.lists(objects(table), max_size=3), max_size=3))
    def holds(pages: list[list[dict[str, Any]]]) -> None:
        bodies = [{table.key: rows} for rows in pages] if table.key else [row for rows in pages for row in rows]
        from_bytes = frame_from_pages(resource, [json.dumps(body).encode() for body in bodies])
        from_rows = frame_from_rows(resource, [row for rows in pages for row in rows])
        pd.testing.assert_frame_equal(from_bytes, from_rows)
        assert [*from_bytes.columns] == [column.name for column in table.columns]

    holds()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), JSON, max_size=3), max_size=4))
def test_bytes_and_rows_give_the_same_frame_by_the_general_rules(rows: list[dict[str, Any]]) -> None:
    frame = frame_from_pages("things", [json.dumps({"things": rows}).encode()])
    pd.testing.assert_frame_equal(frame, frame_from_rows("things", rows))
    assert len(frame) == len(rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | WHOLE, min_size=1), st.lists(st.none() | MOMENT, min_size=1))
def test_numbers_and_times_are_unchanged(numbers: list[int | None], moments: list[str | None]) -> None:
    whole = frame_from_rows("images", [{"min_disk_size": number} for number in numbers])["min_disk_size"]
    assert [None if value is pd.NA else value for value in whole] == numbers
    told = frame_from_rows("images", [{"created_at": moment} for moment in moments])["created_at"]
    expected = [None if moment is None else pd.Timestamp(moment) for moment in moments]
    assert [None if value is pd.NaT else value for value in told] == expected
