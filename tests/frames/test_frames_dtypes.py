"""Casting columns that CSV, Excel or JSON has changed, and errors for invalid values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.builders import frame_from_rows
from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.dtypes import cast
from poseidon_nb.frames.validation import require_columns

NOON = pd.Timestamp("2026-11-24T12:00Z")


@pytest.mark.parametrize(
    ("dtype", "given", "wanted"),
    [
        ("Int64", ["7", " 7 ", "+7", 7.0, "7.0", "7e0", np.int8(7), Decimal(7), np.float32(7)], 7),
        ("Int64", ["9007199254740993", 9007199254740993], 9007199254740993),
        ("Int64", [True, np.True_, "1"], 1),
        ("float64", ["4.50", 4.5, " 4.5", "45e-1", Decimal("4.5"), Fraction(9, 2)], 4.5),
        ("boolean", [True, "True", "true ", 1, 1.0, "1"], True),
        ("boolean", [False, "False", "FALSE", 0, 0.0, "0.0"], False),
        ("string", [521000034, 521000034.0, np.float64(521000034), "521000034"], "521000034"),
        (
            TIME,
            [
                *(NOON, NOON.to_pydatetime(), NOON.tz_localize(None), np.datetime64("2026-11-24T12:00")),
                *("2026-11-24T12:00:00Z", "2026-11-24 12:00:00+00:00", "2026-11-24 12:00", "2026-11-24T17:30+05:30"),
                datetime(2026, 11, 24, 12, tzinfo=UTC),
            ],
            NOON,
        ),
        (TIME, ["2026-11-24", date(2026, 11, 24)], NOON.normalize()),
    ],
)
def test_equivalent_values_are_cast_to_the_same_value(dtype: str, given: list[object], wanted: object) -> None:
    found = cast(pd.Series([*given, None, np.nan], dtype=object), dtype, "it")
    assert str(found.dtype) == dtype
    assert found[:-2].tolist() == [wanted] * len(given)
    assert found[-2:].isna().all()


@pytest.mark.parametrize("dtype", ["Int64", "float64", "boolean", TIME])
def test_the_text_of_missing_values_is_missing(dtype: str) -> None:
    found = cast(pd.Series(["", " ", "nan", "NaT", "<NA>", "None"]), dtype, "it")
    assert str(found.dtype) == dtype
    assert found.isna().all()


def test_lists_are_read_back_from_csv_and_parquet() -> None:
    given = [["a", "b"], ("a", "b"), np.array(["a", "b"]), "['a', 'b']", '["a", "b"]', None, "", "[]", [], "['it''s']"]
    found = cast(pd.Series(given, dtype=object), "list", "it")
    assert found.tolist() == [["a", "b"]] * 5 + [None, None, [], [], ["its"]]


@pytest.mark.parametrize(
    ("dtype", "value", "told"),
    [
        ("Int64", 7.5, r"Invalid value 7\.5 in column c, row 1 of the x frame\. Expected an integer"),
        ("Int64", "web", r"Invalid value 'web' in column c, row 1 of the x frame\. Expected an integer"),
        ("Int64", 2**63, r"Invalid value 9223372036854775808 in column c, row 1 of the x frame\. Expected an integer"),
        ("Int64", np.inf, r"Invalid value inf in column c, row 1 of the x frame\. Expected an integer"),
        ("float64", "1.234,50", r"Invalid value '1\.234,50' in column c, row 1 of the x frame\. Expected a number"),
        ("float64", "$5", r"Invalid value '\$5' in column c, row 1 of the x frame\. Expected a number"),
        ("float64", "1_000", r"Invalid value '1_000' in column c, row 1 of the x frame\. Expected a number"),
        ("float64", 1j, r"Invalid value 1j in column c, row 1 of the x frame\. Expected a number"),
        ("float64", NOON, r"in column c, row 1 of the x frame\. Expected a number"),
        ("boolean", "yes", r"Invalid value 'yes' in column c, row 1 of the x frame\. Expected true or false"),
        (
            TIME,
            "24/11/2026",
            r"Invalid value '24/11/2026' in column c, row 1 of the x frame\. Expected a time such as 2026-11-24T12:00:00Z",
        ),
        (
            TIME,
            1_795_521_600_000_000,
            r"Invalid value 1795521600000000 in column c, row 1 of the x frame\. Expected a time",
        ),
        (TIME, 1_262_303_999, r"Invalid value 1262303999 in column c, row 1 of the x frame\. Expected a time"),
        (TIME, 4_102_444_800_000, r"Invalid value 4102444800000 in column c, row 1 of the x frame\. Expected a time"),
        (TIME, np.inf, r"Invalid value inf in column c, row 1 of the x frame\. Expected a time"),
        (TIME, True, r"Invalid value True in column c, row 1 of the x frame\. Expected a time"),
        (TIME, 1j, r"Invalid value 1j in column c, row 1 of the x frame\. Expected a time"),
        (
            "list",
            "web",
            r"Invalid value 'web' in column c, row 1 of the x frame\. Expected a list such as \['web', 'db'\]",
        ),
        ("list", "['a' 'b']", r"in column c, row 1 of the x frame\. Expected a list"),
        ("list", "[__import__('os')]", r"in column c, row 1 of the x frame\. Expected a list"),
        ("list", "[1", r"in column c, row 1 of the x frame\. Expected a list"),
        ("list", 7, r"Invalid value 7 in column c, row 1 of the x frame\. Expected a list"),
        ("list", "x\n" * 99, "…"),
    ],
)
def test_an_invalid_value_is_named_in_one_line(dtype: str, value: object, told: str) -> None:
    with pytest.raises(InvalidArgument, match=told) as refused:
        cast(pd.Series([None, value], dtype=object, name="c"), dtype, "the x frame")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("dtype", ["int64", "float64", "datetime64[ns]"])
def test_small_integers_are_not_times_and_numpy_times_are(dtype: str) -> None:
    values = pd.Series([0, 1]).astype(dtype)
    if dtype.startswith("datetime"):
        assert cast(values, TIME, "it").dt.tz is not None
    else:
        with pytest.raises(InvalidArgument, match=r"\. Expected a time"):
            cast(values, TIME, "it")


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64", "object"])
@pytest.mark.parametrize("of_second", [1000, 1])
def test_recent_numbers_are_milliseconds_or_seconds(dtype: str, of_second: int) -> None:
    noon = int(NOON.timestamp()) * of_second
    found = cast(pd.Series([noon, noon + 5 * of_second]).astype(dtype), TIME, "it")
    assert str(found.dtype) == TIME
    assert found.tolist() == [NOON, NOON + pd.Timedelta(seconds=5)]


def test_missing_numbers_stay_missing_and_fractions_of_seconds_are_kept() -> None:
    found = cast(pd.Series([NOON.timestamp() + 0.25, np.nan]), TIME, "it")
    assert found[0] == NOON + pd.Timedelta(milliseconds=250)
    assert pd.isna(found[1])


@pytest.mark.parametrize("other", ["2026-11-24T12:00Z", NOON, 1_795_521_600, 7])
def test_numbers_beside_other_times_or_in_two_units_are_refused(other: object) -> None:
    with pytest.raises(
        InvalidArgument, match=r"Invalid value 1795521600000 in column c, row 0 of it\. Expected a time"
    ):
        cast(pd.Series([1_795_521_600_000, other], dtype=object, name="c"), TIME, "it")


def test_pandas_json_is_read_back() -> None:
    # As it writes times where it is not told otherwise. It reads some columns as times again, by their names: not this.
    milliseconds = [round((NOON + pd.Timedelta(hours=hour)).timestamp() * 1000) for hour in range(3)]
    back = pd.read_json(StringIO(pd.DataFrame({"time": milliseconds, "value": 1.5}).to_json()))
    assert back["time"].dtype == "int64"
    found = require_columns(back, ("time", "value"), "metrics")["time"]
    assert found.tolist() == [NOON, NOON + pd.Timedelta(hours=1), NOON + pd.Timedelta(hours=2)]


def test_a_frame_of_the_client_is_returned_unchanged() -> None:
    frame = frame_from_rows("droplets", [{"id": 1, "name": "web", "tags": ["a"], "created_at": "2026-06-01T00:00:00Z"}])
    assert require_columns(frame, ("id",), "droplets") is frame
    assert require_columns(frame.iloc[:0], ("id",), "droplets").index.equals(pd.RangeIndex(0))


def test_a_column_in_the_index_becomes_a_column_again() -> None:
    frame = frame_from_rows("droplets", [{"id": 1, "name": "web"}, {"id": 2, "name": "db"}])
    found = require_columns(frame.set_index(["id", "name"]), ("id", "name", "region"), "droplets")
    pd.testing.assert_frame_equal(found[[*frame.columns]], frame)


def test_a_list_and_a_duplicated_column_are_refused() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["id", "id"])
    with pytest.raises(InvalidArgument, match=r"^The droplets frame has duplicate columns: id\.$"):
        require_columns(frame, ("id",), "droplets")
    with pytest.raises(
        InvalidArgument, match=r"^droplets must be a DataFrame, for example client.droplets.frame\(\), not list\.$"
    ):
        require_columns([1], (), "droplets")  # type: ignore[arg-type]  # that is what is told
