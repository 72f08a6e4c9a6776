"""Three values of a cell, the frame's, the account's and those that were shown: what follows from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseidon_nb.masking import MASK
from poseidon_nb.plans.frames import cells
from poseidon_nb.plans.frames.compare import Comparison, Field, Verdict, compare_cells, verdict

VALUES = st.sampled_from(["a", "b", "c", "d"])
SIZE = Field(name="size", read=cells.text)
TAGS = Field(name="tags", read=cells.tags, empty=frozenset())


@given(cell=VALUES, present=VALUES, shown=st.lists(VALUES, unique=True), as_written=st.booleans())
def test_a_verdict_follows_the_rules_and_nothing_else(cell, present, shown, as_written):
    found = verdict(cell, present, shown, as_written=as_written)
    if cell == present:
        assert found is Verdict.SAME
    elif cell in shown:
        assert found is (Verdict.EDIT if as_written else Verdict.STALE)
    elif shown and present != shown[-1]:
        assert found is Verdict.CONFLICT
    else:
        assert found is Verdict.EDIT


@given(present=VALUES, shown=st.lists(VALUES, unique=True, min_size=1), as_written=st.booleans())
def test_a_frame_that_nobody_edited_asks_for_nothing(present, shown, as_written):
    if as_written:
        shown = [*(one for one in shown if one != present), present]
    for value in (present, shown[-1]):
        assert verdict(value, present, shown, as_written=as_written) in {Verdict.SAME, Verdict.STALE}


SETS = st.frozensets(st.sampled_from("abcd"))


@given(cell=SETS, present=SETS, before=SETS)
def test_a_set_that_went_part_of_the_way_is_no_conflict(cell, present, before):
    found = verdict(cell, present, [before])
    if cell in {present, before}:
        assert found is (Verdict.SAME if cell == present else Verdict.STALE)
    else:
        # Each element is as it was, or as it is wanted.
        on_the_way = all((one in present) in {one in before, one in cell} for one in "abcd")
        assert found is (Verdict.EDIT if on_the_way else Verdict.CONFLICT)


def compared(row, present, fields=(SIZE,), *, as_written=False, **shown):
    found = Comparison()
    return compare_cells("Row 1 (web-1)", row, present, fields, shown, found, as_written=as_written), found


def test_an_edit_holds_the_cells_as_they_are_written():
    (edit,), found = compared({"size": "large"}, {"size": "small"}, size=["small"])
    assert (edit.field, edit.before, edit.after) == (SIZE, "small", "large")
    assert (found.errors, found.left, found.two_way) == ([], {}, False)


def test_a_stale_cell_is_left_and_named_and_a_conflict_names_all_three_values():
    edits, found = compared({"size": "small"}, {"size": "large"}, size=["small"])
    assert edits == []
    assert found.notes == [
        "Left as in the account, which changed since they were listed (--as-written applies them): size of Row 1 (web-1)."
    ]
    edits, found = compared({"size": "huge"}, {"size": "large"}, size=["small"])
    assert edits == []
    (error,) = found.errors
    assert error.endswith(
        "the frame has huge, the last listing showed small, and the account has large. List again to see it, then apply."
    )
    # Once it was listed again, the edit stands against what the user has seen.
    edits, found = compared({"size": "huge"}, {"size": "large"}, size=["small", "large"])
    assert [one.after for one in edits] == ["huge"]


def test_an_empty_or_masked_cell_changes_nothing_and_an_empty_list_does():
    for cell in (None, MASK):
        edits, found = compared({"size": cell}, {"size": "small"}, size=["small"])
        assert (edits, found.errors) == ([], [])
    assert found.left == {}
    _, found = compared({"size": None}, {"size": "small"}, size=["small"])
    assert found.notes == ["Empty cells change nothing: size of Row 1 (web-1)."]
    assert compared({}, {"size": "small"})[0] == []
    (edit,), _ = compared({"tags": []}, {"tags": ["web"]}, [TAGS], tags=[["web"]])
    assert edit.after == []
    assert compared({"tags": []}, {"tags": None}, [TAGS])[0] == []
    assigned = Field(name="droplet_id", read=cells.text, may_be_empty=True)
    (edit,), _ = compared({"droplet_id": None}, {"droplet_id": 5}, [assigned])
    assert edit.after is None
    assert compared({"droplet_id": None}, {"droplet_id": None}, [assigned])[0] == []


def test_without_a_listing_a_difference_is_an_edit_and_said_to_be_compared_with_the_account_alone():
    (edit,), found = compared({"size": "large"}, {"size": "small"})
    assert edit.after == "large"
    assert found.two_way


def test_what_cannot_be_changed_is_refused_and_what_follows_from_other_values_only_if_the_edit_is_proven():
    region = Field(name="region", read=cells.text, refusal="Move it.", also=lambda row: {row["region"][:3]})
    _, found = compared({"region": "ams3"}, {"region": "nyc3"}, [region])
    assert found.errors == ["Row 1 (web-1): region cannot be changed from nyc3 to ams3. Move it."]
    assert compared({"region": "nyc"}, {"region": "nyc3"}, [region])[1].errors == []
    status = Field(name="status", read=cells.loose, computed=True, refusal="Power it off.")
    assert compared({"status": "off"}, {"status": "active"}, [status])[1].errors == []
    assert compared({"status": "off"}, {"status": "active"}, [status], status=["off"])[1].errors == []
    _, found = compared({"status": "off"}, {"status": "active"}, [status], status=["active"])
    assert found.errors == ["Row 1 (web-1): status cannot be changed from active to off. Power it off."]
    price = Field(name="price", read=cells.loose, computed=True)
    _, found = compared({"price": "1.00"}, {"price": 1.0}, [price], price=[1.0])
    assert found.left == {}
    _, found = compared({"price": 2.0}, {"price": 1.0}, [price], price=[1.0])
    assert found.notes == ["Ignored, because a frame cannot change them: price of Row 1 (web-1)."]


def test_a_wrong_cell_is_an_error_with_row_and_column_and_hostile_text_is_escaped():
    _, found = compared({"tags": ["a b\n"]}, {"tags": []}, [TAGS])
    assert found.errors == [
        "Row 1 (web-1), column tags: has the tag 'a b'. Tags consist of letters, digits, colons, dashes and underscores."
    ]
    _, found = compared({"size": "x\x1b[2J"}, {"size": "y\n"}, size=["z"])
    assert "\x1b" not in found.errors[0]
    assert "\\x1b[2J" in found.errors[0]


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (cells.integer, 80.0, 80),
        (cells.integer, "80", 80),
        (cells.integer, "80.0", 80),
        (cells.text, 123.0, "123"),
        (cells.words, "a;b; a", ["a", "b"]),
        (cells.words, '["a", "b"]', ["a", "b"]),
        (cells.words, "['a', 'b']", ["a", "b"]),
        (cells.words, "[]", []),
        (cells.words, "a", ["a"]),
        (cells.tags, ["Web", "web"], frozenset({"web"})),
        (cells.items, '{"protocol": "tcp"}', [{"protocol": "tcp"}]),
        (cells.loose, "2026-11-23T12:00:00+00:00", "2026-11-23 12:00:00"),
        (cells.loose, "2026-11-23 12:00:00+00:00", "2026-11-23 12:00:00"),
    ],
)
def test_cells_are_read_whatever_their_dtype_became(read, value, expected):
    assert read(value) == expected


@pytest.mark.parametrize("value", [True, "eighty", 80.5, [80], "-1"])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(ValueError, match="must be a whole number"):
        cells.integer(value)


@pytest.mark.parametrize("value", ["[__import__('os').getcwd()]", "[" * 9999, "[1, 2"])
def test_a_list_is_data_and_never_code(value):
    with pytest.raises(ValueError, match="is not a list"):
        cells.items(value)
