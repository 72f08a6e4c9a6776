"""Frames as rows, what listings showed, and which resource each row is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plans.frames import cells, shown
from poseidon_nb.plans.frames.matching import Identity, Present, match_rows
from poseidon_nb.plans.frames.rows import FrameRow, read_frame
from poseidon_nb.plans.frames.shown import ShownValues

NAMED = Identity("droplet", "id", cells.integer, lambda row: row.get("name"))
GROUPED = Identity("record", "id", cells.integer, lambda row: row.get("name"), prefer=lambda row: row.get("data"))


def test_a_frame_of_any_dtypes_is_read_as_plain_values():
    frame = pd.DataFrame(
        {
            "id": pd.array([1, None], dtype="Int64"),
            "name": pd.Categorical(["a", "b"]),
            "size": [np.nan, np.int64(3)],
            "tags": [("x",), np.array(["y"])],
            "at": [pd.Timestamp("2026-11-23", tz="UTC"), pd.NaT],
            "set": [{"b", "a"}, pd.NA],
        },
        index=[7, 9],
    )
    first, second = read_frame(frame).rows
    assert first == FrameRow(
        "Row 7",
        {"id": 1, "name": "a", "size": None, "tags": ["x"], "at": "2026-11-23T00:00:00+00:00", "set": ["a", "b"]},
    )
    assert second.cells == {"id": None, "name": "b", "size": 3.0, "tags": ["y"], "at": None, "set": None}


def test_a_named_index_is_a_column_and_others_are_not():
    frame = pd.DataFrame({"id": [1], "name": ["a"]})
    assert read_frame(frame.set_index("id")).columns == ("id", "name")
    assert read_frame(frame.set_index(["id", "name"])).rows[0].cells == {"id": 1, "name": "a"}
    assert read_frame(frame.iloc[::-1]).columns == ("id", "name")
    with pytest.raises(InvalidArgument, match="two columns named 'a'"):
        read_frame(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_what_was_shown_is_kept_by_cell_in_order_and_does_not_change_with_the_frame():
    values = ShownValues()
    frame = pd.DataFrame({"id": [1, 2], "size": ["s", "m"], "tags": [["a"], []]})
    values.remember("me", "droplets", frame)
    frame.at[0, "tags"].append("b")
    frame.loc[0, "size"] = "l"
    values.remember("me", "droplets", frame.iloc[:1][["id", "size"]])
    assert values.cells("me", "droplets", 1) == {"size": ("s", "l"), "tags": (["a"],)}
    assert values.cells("me", "droplets", 2) == {"size": ("m",), "tags": ([],)}
    assert values.cells("you", "droplets", 1) == values.cells("me", "volumes", 1) == {}
    assert values.kinds_of("me", [2, 3]) == {2: {"droplets"}}
    values.remember("me", "records", pd.DataFrame({"id": [2]}))
    assert values.kinds_of("me", [2, None, 1.5]) == {2: {"droplets", "records"}}
    # A value that comes back is the latest one.
    values.remember("me", "droplets", pd.DataFrame({"id": [1], "size": ["s"]}))
    assert values.cells("me", "droplets", 1)["size"] == ("l", "s")
    values.learn("me", "droplets", 1, "size", "xl")
    assert values.cells("me", "droplets", 1)["size"] == ("l", "s", "xl")
    values.forget()
    assert values.cells("me", "droplets", 1) == {}


def test_memory_is_bounded_by_what_was_listed_longest_ago(monkeypatch):
    monkeypatch.setattr(shown, "MAX_ROWS", 3)
    monkeypatch.setattr(shown, "MAX_VALUES", 2)
    values = ShownValues()
    for ids in ([1, 2], [3, 4], [2, 5]):
        values.remember("me", "droplets", pd.DataFrame({"id": ids, "name": ["x"] * 2}))
    assert [bool(values.cells("me", "droplets", id_)) for id_ in range(1, 6)] == [False, True, False, True, True]
    for name in "abc":
        values.remember("me", "droplets", pd.DataFrame({"id": [2], "name": [name]}))
    assert values.cells("me", "droplets", 2)["name"] == ("b", "c")


def test_a_frame_without_ids_or_with_odd_ones_is_not_remembered():
    values = ShownValues()
    values.remember("me", "droplets", pd.DataFrame({"name": ["a"]}))
    values.remember("me", "droplets", pd.DataFrame({"id": [pd.NA, 1.5], "name": ["a", "b"]}))
    values.remember("", "droplets", pd.DataFrame({"id": [1], "name": ["a"]}))
    assert values.kinds_of("me", [None, 1, 1.5]) == values.kinds_of("", [1]) == {}


def matched(rows, present, identity=NAMED, scope=None):
    listed = [Present(cell["id"], cell, cell) for cell in present]
    found = match_rows(
        [FrameRow(f"Row {number}", cell) for number, cell in enumerate(rows)],
        listed,
        listed if scope is None else [one for one in listed if one.id in scope],
        identity,
    )
    pairs = [(row.label, one.id) for row, one in found.pairs]
    return pairs, [row.label for row in found.new], [id_ for _, id_ in found.gone], found.errors


A, B, C = {"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": "a"}


def test_a_row_is_what_its_id_says_or_the_only_one_with_its_name_or_new():
    assert matched([{"id": 1.0, "name": "z"}, {"id": "2"}, {"name": "c"}], [A, B]) == (
        [("Row 0", 1), ("Row 1", 2)],
        ["Row 2"],
        [],
        [],
    )
    assert matched([{"id": None, "name": "a"}], [A, B]) == ([("Row 0", 1)], [], [], [])
    assert matched([{"name": "a"}], [A, B], scope=[2]) == ([], ["Row 0"], [], [])
    assert matched([{"id": 9}], [A]) == ([], [], [9], [])


@pytest.mark.parametrize(
    ("rows", "present", "message"),
    [
        (
            [{"id": 1}, {"id": "1"}],
            [A],
            "Row 0 and Row 1 both have the id 1. Keep one, for example with drop_duplicates('id').",
        ),
        ([{"name": "a"}], [A, C], "Row 0: 2 droplets are named a. Add the id: 1 and 3."),
        ([{"name": "z"}, {"name": "z"}], [], "Row 0 and Row 1 share the name z. Give each a name, or its id."),
        (
            [{"name": "a"}, {"id": 1, "name": "a"}],
            [A],
            "Row 0 and Row 1 share the name a. Give each a name, or its id. Its id in the account: 1.",
        ),
        (
            [{"id": 1, "name": "b"}, {"name": "a"}],
            [A],
            "Row 1 has no id, and droplet a (1) is Row 0. Apply its new name first, or use another name.",
        ),
        (
            [{"id": 1, "name": "z"}, {"name": "z"}],
            [A],
            "Row 1 and Row 0 share the name z. Give each a name, or its id.",
        ),
        ([{"size": "s"}], [A], "Row 0 has neither id nor name."),
        ([{"id": "x1"}], [A], "Row 0, column id: must be a whole number, not 'x1'."),
    ],
)
def test_a_row_that_can_be_two_things_is_refused(rows, present, message):
    assert matched(rows, present)[3] == [message]


def test_records_of_one_name_are_told_apart_by_their_data():
    one, two = {"id": 1, "name": "www", "data": "x"}, {"id": 2, "name": "www", "data": "y"}
    row = {"name": "www"}
    assert matched([{**row, "data": "y"}, {**row, "data": "x"}], [one, two], GROUPED)[0] == [("Row 0", 2), ("Row 1", 1)]
    # The only one that is left is the row's; beside a row with its id, the other one is new.
    assert matched([{**row, "data": "z"}], [one], GROUPED)[0] == [("Row 0", 1)]
    assert matched([{"id": 1, **row, "data": "x"}, {**row, "data": "z"}], [one], GROUPED)[:2] == (
        [("Row 0", 1)],
        ["Row 1"],
    )
    assert matched([{**row, "data": "z"}], [one, two], GROUPED)[3] == [
        "Row 0 could be any of the records 1 and 2. Add the column id."
    ]
    assert matched([{**row, "data": "z"}, {**row, "data": "z"}], [], GROUPED)[3] == [
        "Row 0 and Row 1 are the same record. Remove one."
    ]
