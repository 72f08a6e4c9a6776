"""The display of frames in a notebook: visible columns and rows, and the unchanged frame."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import re
import weakref

import pandas as pd
import pytest

from poseidon_nb.frames.display import to_html, truncated


def wide(rows: int = 3, columns: int = 40) -> pd.DataFrame:
    return pd.DataFrame({f"column_{place}": [f"value {place}"] * rows for place in range(columns)})


def names(text: str) -> list[str]:
    return re.findall(r'<th style="[^"]*">([^<]*)</th>', text)


def cells(frame: pd.DataFrame) -> list[str]:
    return re.findall(r'<td style="[^"]*">([^<]*)</td>', to_html(frame))


def test_a_frame_that_fits_is_displayed_without_a_footer():
    text = to_html(wide(columns=4))
    assert names(text) == ["column_0", "column_1", "column_2", "column_3"]
    assert "<p>" not in text


def test_a_wide_frame_displays_the_first_columns_and_names_the_others():
    text = to_html(wide())
    shown = names(text)
    assert shown == [f"column_{place}" for place in range(len(shown))]
    assert 5 < len(shown) < 12
    told = text.partition("<p>")[2]
    assert told.startswith(f"3 rows &times; 40 columns; hidden columns: column_{len(shown)}, ")
    assert told.endswith(f" and {40 - len(shown) - 30} more</p></div>") if 40 - len(shown) > 30 else "column_39" in told


def test_at_least_one_column_is_displayed():
    assert names(to_html(pd.DataFrame({"x" * 300: [1], "y": [2]}))) == ["x" * 300]


def test_an_empty_column_is_hidden_in_favour_of_others():
    frame = wide()
    frame.insert(0, "nothing", pd.array([pd.NA] * 3, dtype="string"))
    text = to_html(frame)
    assert names(text)[0] == "column_0"
    assert "nothing" in text.partition("<p>")[2]
    assert names(to_html(frame[["nothing", "column_0"]])) == ["nothing", "column_0"]
    assert names(to_html(frame[:0]))[:2] == ["nothing", "column_0"]


@pytest.mark.parametrize(
    ("values", "dtype", "shown"),
    [
        ([1039.7619047, 4.0], "float64", ["1039.76", "4.00"]),
        ([16.0, 384.0], "float64", ["16", "384"]),
        ([0.00744, 0.5, 0.0], "float64", ["0.01", "0.50", "0.00"]),
        ([-0.1, None], "float64", ["-0.10", "—"]),
        ([None, None], "float64", ["—", "—"]),
        ([1e300, 2e14, -1.5e15], "float64", ["1e+300", "200000000000000", "-1.5e+15"]),
        ([1e300, 0.5], "float64", ["1e+300", "0.50"]),
        ([1e-7, -2e-6, 0.0, 1e-5], "float64", ["1e-07", "-2e-06", "0.00", "0.00001"]),
        ([1_000_000, None], "Int64", ["1000000", "—"]),
        ([True, None], "boolean", ["True", "—"]),
        (["a", None], "string", ["a", "—"]),
        ([["web", "db"], []], "object", ["web, db", ""]),
        (["2026-11-28T07:45:01.123456Z", None], "datetime64[us, UTC]", ["2026-11-28 07:45:01Z", "—"]),
        ([pd.Timestamp("2026-11-28T09:45:01+02:00")], None, ["2026-11-28 07:45:01Z"]),
        (["x" * 300], "string", ["x" * 119 + "…"]),
    ],
)
def test_cells_are_short(values, dtype, shown):
    assert cells(pd.DataFrame({"column": pd.Series(values, dtype=dtype)})) == shown


def test_money_has_two_decimals_and_hourly_prices_five():
    frame = pd.DataFrame(
        {"price_monthly": [24.0], "saving_usd_month": [0.00321], "price_usd_hour": [1.5], "transfer": [4.0]}
    )
    assert cells(frame) == ["24.00", "0.00321", "1.50000", "4"]


def test_selected_columns_are_all_displayed():
    frame = truncated(wide(), width=math.inf)
    assert len(names(frame._repr_html_())) == 40
    assert "<p>" not in frame._repr_html_()


def test_a_long_list_is_truncated_and_counted():
    (cell,) = cells(pd.DataFrame({"sizes": [[f"s-{count}vcpu-4gb" for count in range(140)]]}))
    assert cell == "s-0vcpu-4gb and 139 more"
    (cell,) = cells(pd.DataFrame({"available_in": [["ams3", "blr1", "fra1", "lon1", "nyc1", "nyc3", "sfo3", "sgp1"]]}))
    assert cell == "ams3, blr1, fra1 and 5 more"
    (cell,) = cells(pd.DataFrame({"available_in": [["ams3", "blr1", "fra1", "lon1", "nyc1", "nyc3"]]}))
    assert cell == "ams3, blr1, fra1, lon1, nyc1, nyc3"


def test_of_many_rows_the_first_and_last_are_displayed():
    text = to_html(pd.DataFrame({"number": range(61)}))
    assert re.findall(r"<tr><th>([^<]*)</th><td", text) == ["0", "1", "2", "3", "4", "…", "56", "57", "58", "59", "60"]
    assert text.endswith("<p>61 rows &times; 1 columns</p></div>")
    assert to_html(pd.DataFrame({"number": range(60)})).count("<td") == 60
    with pd.option_context("display.max_rows", None):
        assert to_html(pd.DataFrame({"number": range(61)})).count("<td") == 61


def test_values_are_escaped():
    evil = "<img src=x onerror=alert(1)>"
    frame = pd.DataFrame({evil: [evil]}, index=[evil])
    for column in range(40):
        frame[f"{evil}{column}"] = evil
    assert "<img" not in to_html(frame)


def test_the_frame_is_unchanged_and_derived_frames_are_displayed_by_pandas():
    frame = truncated(wide())
    assert type(frame) is pd.DataFrame
    assert frame.shape == (3, 40)
    assert frame.attrs == {}
    assert "hidden columns" in frame._repr_html_()
    assert "hidden columns" not in repr(frame)
    for made in (frame.copy(), frame.head(2), copy.deepcopy(frame), pickle.loads(pickle.dumps(frame))):
        assert "hidden columns" not in made._repr_html_()
    pd.testing.assert_frame_equal(frame, wide())


def test_added_and_dropped_columns_are_reflected():
    frame = truncated(wide(columns=3))
    frame["mine"] = 1
    del frame["column_0"]
    assert names(frame._repr_html_()) == ["column_1", "column_2", "mine"]


def test_displaying_a_frame_does_not_keep_it_alive():
    gc.disable()
    try:
        frame = truncated(wide())
        seen = weakref.ref(frame)
        del frame
        assert seen() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("option", "value"),
    [("display.max_columns", None), ("display.max_colwidth", 10), ("display.precision", 3)],
)
def test_changed_pandas_options_apply(option, value):
    frame = truncated(wide())
    with pd.option_context(option, value):
        assert frame._repr_html_() == frame.copy()._repr_html_()


def test_another_packages_display_applies(monkeypatch):
    frame = truncated(wide())
    monkeypatch.setattr(pd.DataFrame, "_repr_html_", lambda shown: f"another way: {len(shown)}")
    assert frame._repr_html_() == "another way: 3"


def test_a_frame_with_unusual_indices_is_displayed():
    frame = pd.DataFrame(
        [[1, 2], [3, 4]], columns=["twice", "twice"], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])
    )
    assert names(to_html(frame)) == ["twice", "twice"]
    assert re.findall(r"<tr><th>([^<]+)</th>", to_html(frame)) == ["a, 1", "b, 2"]
    assert to_html(pd.DataFrame()) is not None
