"""The display of frames: the order of columns, HTML that scrolls, text that fits, cards, and the unchanged frame."""

from __future__ import annotations

import copy
import gc
import pickle
import re
import weakref

import pandas as pd
import pytest

from poseidon_nb.frames.cells import text_width
from poseidon_nb.frames.display import displayed, to_html, to_text, view_of
from poseidon_nb.frames.layout import View
from poseidon_nb.frames.text_table import text_rows, text_table

PLAIN = View()


def wide(rows: int = 3, columns: int = 40) -> pd.DataFrame:
    return pd.DataFrame({f"column_{place}": [f"value {place}"] * rows for place in range(columns)})


def names(frame: pd.DataFrame, view: View = PLAIN) -> list[str]:
    return re.findall(r"<th style=\"[^\"]*\">([^<]+)</th>", to_html(frame, view).partition("</thead>")[0])


def cells(frame: pd.DataFrame, view: View = PLAIN) -> list[str]:
    found = re.findall(r'<td style="[^"]*">([^<]*)</td>', to_html(frame, view))
    return [cell for cell in found if cell != "…"]


def test_html_has_all_columns_with_values_and_scrolls_with_its_first_column_fixed():
    frame = wide()
    frame.insert(3, "nothing", pd.array([pd.NA] * 3, dtype="string"))
    text = to_html(frame, PLAIN)
    assert names(frame) == [f"column_{place}" for place in range(40)]
    assert text.startswith('<div style="overflow-x: auto" tabindex="0">')
    assert text.count("position: sticky") == 1 + 3
    assert text.endswith("<p>Empty columns: nothing</p>")


def test_the_most_wanted_columns_come_first_and_ids_last():
    frame = pd.DataFrame(
        {"id": [1], "b": [2], "vpc_uuid": ["u"], "status": ["on"], "name": ["n"], "droplet_ids": [[1]]}
    )
    view = View(first=("name", "status"))
    assert names(frame, view) == ["name", "status", "b", "id", "vpc_uuid", "droplet_ids"]
    assert to_text(frame, view, width=80).split()[:6] == ["name", "status", "b", "id", "vpc_uuid", "droplet_ids"]
    assert frame.columns[0] == "id"


def test_text_fits_and_names_the_other_columns():
    frame = wide()
    for width in (80, 120, 200):
        lines = to_text(frame, PLAIN, width=width).splitlines()
        assert max(map(len, lines)) <= width
        assert re.fullmatch(r"More with --columns: column_\d+, .* and \d+ more", lines[4])
    assert len(to_text(frame, PLAIN, width=200).splitlines()[0]) > len(to_text(frame, PLAIN, width=80).splitlines()[0])


def test_columns_that_were_asked_for_are_whole_and_in_their_order():
    frame = pd.DataFrame({"note": ["x" * 300], "id": [1], "tags": [[f"tag-{number}" for number in range(40)]]})
    view = View(asked=("note", "id", "tags"))
    text = to_text(frame, view, width=80)
    assert "x" * 300 in text
    assert "tag-39" in text
    assert names(frame, view) == ["note", "id", "tags"]
    assert "x" * 300 in to_html(frame, view)


def test_a_long_text_gets_what_is_left_of_the_line():
    frame = pd.DataFrame({"name": ["a"], "why": ["because " * 20], "more": [1]})
    first, second = to_text(frame, PLAIN, width=100).splitlines()[:2]
    assert first.startswith("name  why")
    assert len(second) == 100
    assert second.endswith("…") or "…  " in second


def test_one_thing_is_a_card():
    frame = pd.DataFrame(
        {"id": [7], "name": ["web-1"], "nothing": [None], "price_monthly": [24.0], "tags": [["a", "b"]]}
    )
    view = View(first=("name",), card=True)
    assert to_text(frame, view, width=80).splitlines() == [
        "name           web-1",
        "price_monthly  24.00",
        "tags           a, b",
        "id             7",
    ]
    html = to_html(frame, view)
    assert html.count("<tr>") == 4
    assert "nothing" not in html


def test_one_thing_without_any_value_names_its_columns():
    frame = pd.DataFrame({"volumes": [[]], "images": [None], "<b>": [""]})
    assert to_text(frame, View(card=True), width=80) == "Empty columns: volumes, images, <b>"
    assert to_html(frame, View(card=True)) == "<p>Empty columns: volumes, images and &lt;b&gt;</p>"


def test_a_card_wraps_long_values():
    frame = pd.DataFrame({"name": ["a"], "description": ["word " * 40]})
    lines = to_text(frame, View(card=True), width=60).splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[2].startswith(" " * 13 + "word")


def test_nothing_is_a_sentence():
    view = View(nothing="No droplets match 'zzz*'.")
    assert to_text(wide()[:0], view, width=80) == "No droplets match 'zzz*'."
    assert to_html(wide()[:0], view) == "<p>No droplets match &#x27;zzz*&#x27;.</p>"


@pytest.mark.parametrize(
    ("values", "dtype", "shown"),
    [
        ([1039.7619047, 4.0], "float64", ["1039.76", "4.00"]),
        ([16.0, 384.0], "float64", ["16", "384"]),
        ([0.00744, 0.5, 0.0], "float64", ["0.01", "0.50", "0.00"]),
        ([-0.1, None], "float64", ["-0.10", ""]),
        ([1e300, 2e14, -1.5e15], "float64", ["1e+300", "200000000000000", "-1.5e+15"]),
        ([1e300, 0.5], "float64", ["1e+300", "0.50"]),
        ([1e-7, -2e-6, 0.0, 1e-5], "float64", ["1e-07", "-2e-06", "0.00", "0.00001"]),
        ([1_000_000, None], "Int64", ["1000000", ""]),
        ([True, None], "boolean", ["True", ""]),
        (["a", None], "string", ["a", ""]),
        ([["web", "db"], []], "object", ["web, db", ""]),
        (["2026-11-28T07:45:01.123456Z", None], "datetime64[us, UTC]", ["2026-11-28 07:45:01Z", ""]),
        ([pd.Timestamp("2026-11-28T09:45:01+02:00")], None, ["2026-11-28 07:45:01Z"]),
        (["x" * 300], "string", ["x" * 119 + "…"]),
    ],
)
def test_cells_are_short(values, dtype, shown):
    frame = pd.DataFrame({"row": "a", "column": pd.Series(values, dtype=dtype)})
    assert cells(frame)[1::2] == shown


def test_money_has_two_decimals_and_hourly_prices_five():
    frame = pd.DataFrame(
        {
            "price_monthly": [24.0],
            "saving_usd_month": [-0.00321],
            "price_usd_hour": [1.5],
            "transfer": [4.0],
            "taxes_amount": [5.0],
            "account_balance": [-3.0],
            "prices": [2.0],
        }
    )
    assert cells(frame) == ["24.00", "0.00", "1.50000", "4", "5.00", "-3.00", "2"]


def test_a_long_list_is_truncated_and_counted_later_on_a_page_than_in_text():
    sizes = pd.DataFrame({"sizes": [[f"s-{count}vcpu-4gb" for count in range(140)]]})
    assert to_text(sizes, PLAIN, width=80).splitlines()[1] == "s-0vcpu-4gb and 139 more"
    assert cells(sizes) == ["s-0vcpu-4gb, s-1vcpu-4gb, s-2vcpu-4gb and 137 more"]
    regions = ["ams3", "blr1", "fra1", "lon1", "nyc1", "nyc2", "nyc3", "sfo3"]
    frame = pd.DataFrame({"available_in": [regions, regions[:6]]})
    assert to_text(frame, PLAIN, width=80).splitlines()[1:] == [
        "ams3, blr1, fra1 and 5 more",
        "ams3, blr1, fra1, lon1, nyc1, nyc2",
    ]
    assert cells(frame) == [", ".join(regions), ", ".join(regions[:6])]


def test_only_wanted_columns_with_much_text_are_wrapped():
    long, link = "many words " * 8, "https://a.example/" + "x" * 70
    frame = pd.DataFrame({"name": ["a"], "note": [long], "link": [link], "detail": [long], "short": ["words " * 12]})

    def wrapped(view: View) -> list[str]:
        return re.findall(r'<th style="[^"]*min-width[^"]*">([^<]+)</th>', to_html(frame, view))

    assert wrapped(PLAIN) == ["note", "detail"]
    assert wrapped(View(first=("name", "note"))) == ["note"]
    assert wrapped(View(asked=("name", "detail"))) == ["note", "detail"]


def test_a_page_explains_to_the_end():
    frame = pd.DataFrame({"name": ["a"], "why": ["because " * 30], "description": ["because " * 30]})
    why, description = cells(frame)[1:]
    assert why == "because " * 30
    assert len(description) == 120
    assert max(map(len, to_text(frame, PLAIN, width=80).splitlines())) <= 80


def test_a_table_of_yes_and_no_marks_only_yes():
    frame = pd.DataFrame({"region": ["a", "b"], "c-2": pd.Series([True, False], dtype="boolean"), "gd-2": [False] * 2})
    assert cells(frame, View(marks=True)) == ["a", "✓", "", "b", "", ""]
    assert cells(frame) == ["a", "True", "False", "b", "False", "False"]
    assert frame["c-2"].tolist() == [True, False]


def test_of_many_rows_the_first_and_last_are_displayed():
    frame = pd.DataFrame({"number": range(61)})
    assert cells(frame) == ["0", "1", "2", "3", "4", "56", "57", "58", "59", "60"]
    assert to_html(frame, PLAIN).endswith("<p>61 rows</p>")
    assert to_text(frame, PLAIN, width=80).splitlines()[5:] == [
        *("     4", "…", "    56", "    57", "    58", "    59", "    60"),
        "61 rows",
    ]
    assert len(cells(frame[:60])) == 60
    with pd.option_context("display.max_rows", None):
        assert len(cells(frame)) == 61


def test_values_and_names_are_escaped():
    evil = "<img src=x onerror=alert(1)>\u202e"
    frame = pd.DataFrame({evil: [evil]}, index=[evil])
    for text in (to_html(frame, PLAIN), to_html(frame, View(card=True))):
        assert "<img" not in text
        assert "\u202e" not in text
    assert "\u202e" not in to_text(frame, PLAIN, width=80) + to_text(frame, View(card=True), width=80)


def test_wide_characters_are_aligned():
    frame = pd.DataFrame({"name": ["\u6771\u4eac", "web", "e\u0301"], "status": ["active", "off", "off"]})
    assert to_text(frame, PLAIN, width=80).splitlines() == [
        "name  status",
        "\u6771\u4eac  active",
        "web   off",
        "e\u0301     off",
    ]
    long = pd.DataFrame({"name": ["\u6771" * 100], "note": ["\u4eac " * 100]})
    for view in (PLAIN, View(card=True)):
        for width in (30, 80):
            lines = to_text(long, view, width=width).splitlines()
            assert width - 4 <= max(map(text_width, lines)) <= width


def test_objects_in_cells_are_words():
    rule = {"kind": "tcp", "ports": "22", "sources": {"addresses": ["::/0", "0.0.0.0/0"], "tags": [], "id": None}}
    frame = pd.DataFrame({"name": ["ssh"], "rules": [[rule, rule]]})
    words = "kind: tcp, ports: 22, sources: (addresses: (::/0, 0.0.0.0/0), tags: none, id: none)"
    assert cells(frame) == ["ssh", f"{words} and 1 more"]
    assert cells(frame, View(asked=("name", "rules"))) == ["ssh", f"{words}; {words}"]
    assert to_text(frame, View(card=True), width=120).splitlines() == [
        "name   ssh",
        f"rules  {words}",
        f"       {words}",
    ]


def test_rules_are_ports_and_addresses():
    def rule(
        ports: str, peers: dict[str, list[str]], protocol: str = "tcp", side: str = "sources"
    ) -> dict[str, object]:
        return {"protocol": protocol, "ports": ports, side: peers}

    everywhere = {"addresses": ["0.0.0.0/0", "::/0"]}
    forwarding = {"entry_protocol": "https", "entry_port": 443, "target_protocol": "http", "target_port": 80}
    office = rule("22", {"addresses": ["203.0.113.0/24"], "tags": ["web", "db"]})
    for rules, words in (
        (
            [rule("80", everywhere), office, rule("443", everywhere)],
            "tcp 80, 443 from anywhere; tcp 22 from 203.0.113.0/24, web, db",
        ),
        (
            [rule("0", everywhere, side="destinations"), rule("", everywhere, "icmp", "destinations")],
            "tcp to anywhere; icmp to anywhere",
        ),
        ([rule("all", {"addresses": []}, "udp")], "udp"),
        (
            [forwarding, forwarding | {"entry_protocol": "http", "entry_port": 80}],
            "https 443 to http 80; http 80 to http 80",
        ),
        (
            [rule("80", everywhere), {"name": "other"}],
            "protocol: tcp, ports: 80, sources: (addresses: (0.0.0.0/0, ::/0)) and 1 more",
        ),
    ):
        frame = pd.DataFrame({"name": ["web"], "rules": [rules]})
        assert cells(frame)[1] == words
    assert "ports: 22" in cells(frame.assign(rules=[[office]]), View(asked=("name", "rules")))[1]


def test_only_columns_without_any_value_are_left_out():
    frame = pd.DataFrame({"number": range(100), "seldom": [None] * 50 + ["x"] + [None] * 49, "never": [[]] * 100})
    assert names(frame) == ["number", "seldom"]
    assert to_html(frame, PLAIN).endswith("<p>100 rows; empty columns: never</p>")
    assert to_text(frame, PLAIN, width=80).endswith("100 rows\nEmpty columns: never")
    assert to_text(frame, PLAIN, width=8).endswith("100 rows\nMore wi…")
    assert names(frame, View(asked=("number", "seldom", "never"))) == ["number", "seldom", "never"]
    for blank in (frame[["never"]], frame[["never"]].head(1)):
        assert names(blank) == ["never"]
        assert to_text(blank, PLAIN, width=80).splitlines()[:2] == ["never", "none"]
        assert to_html(blank, View(card=True)) is not None
    assert names(frame[["number"]], View(hidden=("number",))) == ["number"]


def test_the_first_column_names_the_row_even_if_it_is_missing():
    frame = pd.DataFrame({"group": ["web", None], "price_usd_month": [24.0, None]})
    assert cells(frame) == ["web", "24.00", "none", ""]


def test_an_error_is_read_to_its_end():
    frame = pd.DataFrame({"name": ["web-1"], "error": ["422: " + "this is refused " * 20], "id": [1]})
    for text in (to_text(frame, PLAIN, width=80), to_html(frame, PLAIN)):
        assert "this is refused " * 19 in text


def test_lines_of_a_value_are_lines_of_a_card_and_one_line_of_a_table():
    frame = pd.DataFrame({"name": ["a.example"], "zone_file": ["$TTL 1800\n@ A 1.2.3.4\x1b[2J\n"], "ttl": [1800]})
    assert to_text(frame, View(card=True), width=80).splitlines() == [
        "name       a.example",
        "zone_file  $TTL 1800",
        r"           @ A 1.2.3.4\x1b[2J",
        "ttl        1800",
    ]
    assert r"$TTL 1800<br>@ A 1.2.3.4\x1b[2J" in to_html(frame, View(card=True))
    assert r"$TTL 1800 @ A 1.2.3.4\x1b[2J" in to_text(frame, PLAIN, width=80)


def test_rows_for_scripts_are_whole():
    frame = pd.DataFrame({"id": range(100), "note": ["x" * 200] * 100, "gone": [None] * 100})
    lines = text_rows(frame).splitlines()
    assert len(lines) == 100
    assert lines[7] == f" 7  {'x' * 200}"
    assert text_rows(frame.head(0)) == ""


def test_the_frame_is_unchanged_and_derived_frames_are_displayed_by_pandas():
    frame = displayed(wide(), PLAIN)
    assert type(frame) is pd.DataFrame
    assert frame.shape == (3, 40)
    assert frame.attrs == {}
    assert "overflow-x" in frame._repr_html_()
    assert view_of(frame) is PLAIN
    for made in (frame.copy(), frame.head(2), copy.deepcopy(frame), pickle.loads(pickle.dumps(frame))):
        assert "overflow-x" not in made._repr_html_()
        assert view_of(made) is None
    pd.testing.assert_frame_equal(frame, wide())
    assert view_of(frame["column_0"]) is None


def test_added_and_dropped_columns_are_reflected():
    frame = displayed(wide(columns=3), PLAIN)
    frame["mine"] = 1
    del frame["column_0"]
    assert names(frame) == ["column_1", "column_2", "mine"]


def test_displaying_a_frame_does_not_keep_it_alive():
    gc.disable()
    try:
        frame = displayed(wide(), PLAIN)
        seen = weakref.ref(frame)
        del frame
        assert seen() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("option", "value"), [("display.max_columns", None), ("display.max_colwidth", 10), ("display.precision", 3)]
)
def test_changed_pandas_options_apply(option, value):
    frame = displayed(wide(), PLAIN)
    with pd.option_context(option, value):
        assert frame._repr_html_() == frame.copy()._repr_html_()
        assert to_text(frame, PLAIN, width=80) == repr(frame.copy())


def test_another_packages_display_applies(monkeypatch):
    frame = displayed(wide(), PLAIN)
    monkeypatch.setattr(pd.DataFrame, "_repr_html_", lambda shown: f"another way: {len(shown)}")
    assert frame._repr_html_() == "another way: 3"


def test_a_frame_with_unusual_indices_is_displayed():
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["twice", "twice"], index=index)
    assert names(frame) == ["twice", "twice"]
    assert re.findall(r'<tr style="[^"]*"><th style="[^"]*">([^<]+)</th>', to_html(frame, PLAIN)) == ["a, 1", "b, 2"]
    assert to_text(frame, PLAIN, width=80).splitlines()[1].split() == ["a,", "1", "1", "2"]
    assert to_html(pd.DataFrame(), PLAIN) == "<p>Nothing was found.</p>"
    assert text_table(pd.DataFrame(index=[0, 1]), PLAIN, 80) == "\n0\n1"
    assert text_table(pd.DataFrame(index=range(2)), PLAIN, 80) == ""
