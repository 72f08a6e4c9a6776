"""What CSV, Excel, JSON or another hand has made of a column is read again, or named in one line."""

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
def test_what_means_the_same_is_read_as_the_same(dtype: str, given: list[object], wanted: object) -> None:
    found = cast(pd.Series([*given, None, np.nan], dtype=object), dtype, "it")
    assert str(found.dtype) == dtype
    assert found[:-2].tolist() == [wanted] * len(given)
    assert found[-2:].isna().all()


@pytest.mark.parametrize("dtype", ["Int64", "float64", "boolean", TIME])
def test_what_missing_values_are_as_text_is_missing(dtype: str) -> None:
    found = cast(pd.Series(["", " ", "nan", "NaT", "<NA>", "None"]), dtype, "it")
    assert str(found.dtype) == dtype
    assert found.isna().all()


def test_lists_are_read_from_what_csv_and_parquet_make_of_them() -> None:
    given = [["a", "b"], ("a", "b"), np.array(["a", "b"]), "['a', 'b']", '["a", "b"]', None, "", "[]", [], "['it''s']"]
    found = cast(pd.Series(given, dtype=object), "list", "it")
    assert found.tolist() == [["a", "b"]] * 5 + [None, None, [], [], ["its"]]


@pytest.mark.parametrize(
    ("dtype", "value", "told"),
    [
        ("Int64", 7.5, "has 7.5 in column c, row 1, in place of a whole number"),
        ("Int64", "web", "has 'web' in column c, row 1, in place of a whole number"),
        ("Int64", 2**63, "has 9223372036854775808 in column c, row 1, in place of a whole number"),
        ("Int64", np.inf, "has inf in column c, row 1, in place of a whole number"),
        ("float64", "1.234,50", "has '1.234,50' in column c, row 1, in place of a number"),
        ("float64", "$5", r"has '\$5' in column c, row 1, in place of a number"),
        ("float64", "1_000", "has '1_000' in column c, row 1, in place of a number"),
        ("float64", 1j, "has 1j in column c, row 1, in place of a number"),
        ("float64", NOON, "in column c, row 1, in place of a number"),
        ("boolean", "yes", "has 'yes' in column c, row 1, in place of true or false"),
        (TIME, "24/11/2026", "has '24/11/2026' in column c, row 1, in place of a time such as 2026-11-24T12:00:00Z"),
        (TIME, 1_795_521_600_000_000, "has 1795521600000000 in column c, row 1, in place of a time"),
        (TIME, 1_262_303_999, "has 1262303999 in column c, row 1, in place of a time"),
        (TIME, 4_102_444_800_000, "has 4102444800000 in column c, row 1, in place of a time"),
        (TIME, np.inf, "has inf in column c, row 1, in place of a time"),
        (TIME, True, "has True in column c, row 1, in place of a time"),
        (TIME, 1j, "has 1j in column c, row 1, in place of a time"),
        ("list", "web", r"has 'web' in column c, row 1, in place of a list such as \['web', 'db'\]"),
        ("list", "['a' 'b']", "in column c, row 1, in place of a list"),
        ("list", "[__import__('os')]", "in column c, row 1, in place of a list"),
        ("list", "[1", "in column c, row 1, in place of a list"),
        ("list", 7, "has 7 in column c, row 1, in place of a list"),
        ("list", "x\n" * 99, "…"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(dtype: str, value: object, told: str) -> None:
    with pytest.raises(InvalidArgument, match=told) as refused:
        cast(pd.Series([None, value], dtype=object, name="c"), dtype, "the frame of x")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("dtype", ["int64", "float64", "datetime64[ns]"])
def test_whole_numbers_are_no_times_and_numpys_times_are(dtype: str) -> None:
    values = pd.Series([0, 1]).astype(dtype)
    if dtype.startswith("datetime"):
        assert cast(values, TIME, "it").dt.tz is not None
    else:
        with pytest.raises(InvalidArgument, match="in place of a time"):
            cast(values, TIME, "it")


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64", "object"])
@pytest.mark.parametrize("of_second", [1000, 1])
def test_numbers_of_our_time_are_milliseconds_or_else_seconds(dtype: str, of_second: int) -> None:
    noon = int(NOON.timestamp()) * of_second
    found = cast(pd.Series([noon, noon + 5 * of_second]).astype(dtype), TIME, "it")
    assert str(found.dtype) == TIME
    assert found.tolist() == [NOON, NOON + pd.Timedelta(seconds=5)]


def test_a_number_that_is_missing_stays_so_and_parts_of_a_second_are_kept() -> None:
    found = cast(pd.Series([NOON.timestamp() + 0.25, np.nan]), TIME, "it")
    assert found[0] == NOON + pd.Timedelta(milliseconds=250)
    assert pd.isna(found[1])


@pytest.mark.parametrize("other", ["2026-11-24T12:00Z", NOON, 1_795_521_600, 7])
def test_numbers_among_other_times_or_in_two_units_are_refused(other: object) -> None:
    with pytest.raises(InvalidArgument, match="has 1795521600000 in column c, row 0, in place of a time"):
        cast(pd.Series([1_795_521_600_000, other], dtype=object, name="c"), TIME, "it")


def test_what_pandas_writes_as_json_is_read_again() -> None:
    # As it writes times where it is not told otherwise. It reads some columns as times again, by their names: not this.
    milliseconds = [round((NOON + pd.Timedelta(hours=hour)).timestamp() * 1000) for hour in range(3)]
    back = pd.read_json(StringIO(pd.DataFrame({"time": milliseconds, "value": 1.5}).to_json()))
    assert back["time"].dtype == "int64"
    found = require_columns(back, ("time", "value"), "metrics")["time"]
    assert found.tolist() == [NOON, NOON + pd.Timedelta(hours=1), NOON + pd.Timedelta(hours=2)]


def test_a_frame_of_the_client_is_handed_on_as_it_is() -> None:
    frame = frame_from_rows("droplets", [{"id": 1, "name": "web", "tags": ["a"], "created_at": "2026-06-01T00:00:00Z"}])
    assert require_columns(frame, ("id",), "droplets") is frame
    assert require_columns(frame.iloc[:0], ("id",), "droplets").index.equals(pd.RangeIndex(0))


def test_what_was_made_the_index_is_a_column_again() -> None:
    frame = frame_from_rows("droplets", [{"id": 1, "name": "web"}, {"id": 2, "name": "db"}])
    found = require_columns(frame.set_index(["id", "name"]), ("id", "name", "region"), "droplets")
    pd.testing.assert_frame_equal(found[[*frame.columns]], frame)


def test_no_frame_and_a_column_that_is_there_twice_are_told() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["id", "id"])
    with pytest.raises(InvalidArgument, match=r"^the frame of droplets has more than one column id$"):
        require_columns(frame, ("id",), "droplets")
    with pytest.raises(
        InvalidArgument, match=r"^droplets should be a DataFrame, as client.droplets.frame\(\) gives it, not list$"
    ):
        require_columns([1], (), "droplets")  # type: ignore[arg-type]  # that is what is told
