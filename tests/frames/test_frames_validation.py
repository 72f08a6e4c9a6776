"""Derived tables have the columns and dtypes of their table, and input frames are validated."""

from __future__ import annotations

import pandas as pd
import pytest

import poseidon_nb as po
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames import schemas
from poseidon_nb.frames.columns import DTYPES, TIME, derived_column, derived_table
from poseidon_nb.frames.validation import _CLIENT_NOUNS as NOUNS
from poseidon_nb.frames.validation import build_derived, require_columns

ALL = derived_table(
    "everything",
    derived_column("name", "string", "its name"),
    derived_column("count", "Int64", "how many"),
    derived_column("known", "boolean", "whether it is"),
    derived_column("price_usd_month", "float64", "what it costs", "USD"),
    derived_column("at", TIME, "when"),
    derived_column("tags", "list", "its tags"),
)


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(schemas.DERIVED_TABLES, "everything", ALL)


def test_dtypes_are_the_same_without_rows() -> None:
    for rows in ([], [("web", 1, True, 4.5, pd.Timestamp("2026-11-24T12:00Z"), ["a"], "left out")]):
        given = pd.DataFrame(rows, columns=["name", "count", "known", "price_usd_month", "at", "tags", "more"])
        frame = build_derived("everything", given)
        assert [*frame.columns] == [column.name for column in ALL.columns]
        assert [str(dtype) for dtype in frame.dtypes] == [
            "object" if column.dtype == "list" else column.dtype for column in ALL.columns
        ]


def test_missing_values_stay_missing_and_the_input_is_not_changed() -> None:
    given = pd.DataFrame(
        {
            "name": [None, "b"],
            "count": [None, 2],
            "known": [None, False],
            "price_usd_month": [None, 1],
            "at": [None, pd.Timestamp("2026-11-24T12:00Z")],
            "tags": [[], ["a"]],
        },
        index=[5, 3],
    )
    before = given.copy(deep=True)
    frame = build_derived("everything", given)
    assert frame.iloc[0].drop("tags").isna().all()
    assert isinstance(frame.index, pd.RangeIndex)
    frame.loc[1, "name"] = "changed"
    pd.testing.assert_frame_equal(given, before)


def test_missing_columns_are_named() -> None:
    with pytest.raises(InvalidArgument, match="The sizes frame has no columns vcpus and disk"):
        require_columns(pd.DataFrame({"slug": []}), ("slug", "vcpus", "disk"), "sizes")


@pytest.mark.parametrize(
    ("what", "source", "told"),
    [
        ("sizes", None, " Use for example client.sizes.frame()."),
        ("volumes", None, ' Use for example client.call("volumes_list", frame=True).'),
        ("lines", "po.analysis.cost.lines", " Use for example po.analysis.cost.lines."),
        ("more", "", ""),
    ],
)
def test_the_error_names_where_to_get_the_frame(what: str, source: str | None, told: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        require_columns(pd.DataFrame(), ("id",), what, source=source)
    assert str(refused.value) == f"The {what} frame has no column id.{told}"


def test_the_client_has_the_methods_that_errors_name() -> None:
    with po.connect(token="t", base_url="http://127.0.0.1:9") as client:
        for noun in NOUNS:
            assert callable(getattr(client, noun).frame)


def test_every_derived_column_has_a_known_dtype_and_a_meaning() -> None:
    for name, table in schemas.DERIVED_TABLES.items():
        assert table.resource == name
        assert name not in schemas.TABLES
        for column in table.columns:
            assert column.dtype in DTYPES
            assert column.meaning
            assert column.name.isidentifier()
            if "usd" in column.name:
                assert (column.dtype, column.unit) == ("float64", "USD")
