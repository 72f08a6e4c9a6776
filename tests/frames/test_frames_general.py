"""The general rules for collections without a table: names, dtypes and nested objects."""

from __future__ import annotations

import pandas as pd
import pytest

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.builders import frame_from_pages, frame_from_rows


def column(*values: object) -> pd.Series:
    return frame_from_rows("things", [{"x": value} for value in values])["x"]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ((1, None, 2**60 + 1), "Int64"),
        ((True, None), "boolean"),
        ((0.5, 1, None), "float64"),
        (("a", None), "string"),
        (("2026-07-21T18:37:44Z", None), "datetime64[us, UTC]"),
        (("2026-07-21T18:37:44Z", "never"), "string"),
        (("2026-07-21T18:37:44Z", "2026-13-41T18:37:44Z"), "string"),
        (("2026-07-21", "2026-07-22"), "string"),
        ((None, None), "object"),
        ((1, "1"), "object"),
        ((1, True), "object"),
        ((2**64,), "object"),
        ((0.5, 2**60 + 1), "object"),
        (([1], [2]), "object"),
        (({"a": 1}, 3), "object"),
    ],
)
def test_a_column_gets_a_lossless_dtype(values: tuple[object, ...], dtype: str) -> None:
    told = column(*values)
    assert str(told.dtype) == dtype
    assert told.isna().tolist() == [value is None for value in values]
    if dtype != "datetime64[us, UTC]":
        assert [value for value in told if not pd.api.types.is_scalar(value) or not pd.isna(value)] == [
            value for value in values if value is not None
        ]


def test_objects_are_flattened_by_one_level() -> None:
    rows = [
        {
            "id": "a",
            "region": {"slug": "nyc3", "name": "New York 3"},
            "engine": {"version": {"major": 8}, "name": "pg"},
        },
        {"id": "b", "region": None, "engine": None, "extra": True},
    ]
    frame = frame_from_rows("machines", rows)
    assert [*frame.columns] == ["id", "region", "engine_version", "engine_name", "extra"]
    assert frame["region"].tolist() == ["nyc3", pd.NA]
    assert frame["engine_version"].tolist() == [{"major": 8}, None]
    assert frame["extra"].tolist() == [pd.NA, True]


def test_a_flattened_name_that_is_taken_keeps_its_dot() -> None:
    frame = frame_from_rows("things", [{"a": {"b": 1}, "a_b": 2}])
    assert frame.to_dict("list") == {"a.b": [1], "a_b": [2]}


def test_a_duplicate_object_is_kept_once() -> None:
    bodies = [
        b'{"things": [{"id": "a", "n": 1}, {"id": "b", "n": 2}]}',
        b'{"things": [{"id": "b", "n": 3}, {"n": 4}, {"n": 4}]}',
    ]
    assert frame_from_pages("things", bodies)["n"].tolist() == [1, 2, 4, 4]


@pytest.mark.parametrize(
    ("body", "key", "columns"),
    [
        (b'{"things": [{"a": 1}], "links": {}}', "", {"a": [1]}),
        (b'{"others": [{"a": 1}], "meta": {}}', "others", {"a": [1]}),
        (b'{"other": {"a": 1}}', "other", {"a": [1]}),
        (b'{"month_to_date_balance": "23.44"}', "", {"month_to_date_balance": ["23.44"]}),
        (b'[{"a": 1}, {"a": 2}]', "", {"a": [1, 2]}),
        (b'{"things": ["x", "y"]}', "", {"value": ["x", "y"]}),
        (b'{"things": ["x", {"a": 1}, [2]]}', "", {"value": ["x", {"a": 1}, [2]]}),
        (b'{"things": null}', "", {}),
        (b'{"things": []}', "", {}),
    ],
)
def test_the_objects_are_found_in_the_response(body: bytes, key: str, columns: dict[str, list[object]]) -> None:
    assert frame_from_pages("things", [body], key=key).to_dict("list") == columns


@pytest.mark.parametrize("body", [b'{"message": "no"}', b"[]"])
def test_a_response_without_the_key_is_refused(body: bytes) -> None:
    with pytest.raises(ShapeError, match=r"^The response for things "):
        frame_from_pages("things", [body], key="things")


def test_metrics_have_a_row_per_reading():
    series = {"metric": {"host_id": "7"}, "values": [[1795455840, "1.5"], [1795455960, "2"]]}
    found = frame_from_rows("metrics", [{"status": "success", "data": {"resultType": "matrix", "result": [series]}}])
    assert list(found) == ["time", "host_id", "value"]
    assert found["value"].tolist() == [1.5, 2.0]


def test_a_response_that_only_resembles_metrics_is_one_row():
    found = frame_from_rows("metrics", [{"data": {"resultType": "vector", "result": [1]}}])
    assert list(found) == ["data_resultType", "data_result"]
