"""Frames reloaded from CSV, Excel or JSON or converted otherwise give the same results, or raise a one-line error."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from poseidon_nb.analysis import cost, timeline
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.plots import Picture
from tests.analysis.own_frames import CALLS, CONVERSIONS, NOW, Frames, account, public_functions
from tests.each import each

if TYPE_CHECKING:
    from collections.abc import Callable

    Converted = Callable[[str, str], tuple[pd.DataFrame, tuple[Any, ...]]]


@pytest.fixture(scope="module")
def frames() -> Frames:
    return account()


@pytest.fixture(scope="module")
def expected(frames: Frames) -> dict[str, Any]:
    return {call: run(frames) for call, (_, run) in CALLS.items()}


@pytest.fixture(scope="module")
def converted(frames: Frames) -> Converted:
    """Return a function that converts a frame, once for all calls, and gives it with its snapshot of that moment."""

    @cache
    def converted(conversion: str, name: str) -> tuple[pd.DataFrame, tuple[Any, ...]]:
        frame = CONVERSIONS[conversion](frames[name])
        return frame, snapshot(frame)

    return converted


def same(found: Any, wanted: Any, *, more_columns: bool = False) -> None:
    if isinstance(wanted, pd.DataFrame):
        if more_columns:
            found = found[[*wanted.columns]]
        pd.testing.assert_frame_equal(found, wanted, check_column_type=not more_columns)
    elif isinstance(wanted, Picture):
        assert found.to_json() == wanted.to_json()
        assert found.summary == wanted.summary
        # Some pictures have the frame itself as their table, with what it has besides.
        shown = found.table[[*wanted.table.columns]]
        assert [*map(str, shown.to_numpy().ravel())] == [*map(str, wanted.table.to_numpy().ravel())]
    else:
        np.testing.assert_array_equal(found, wanted)


def snapshot(frame: pd.DataFrame) -> tuple[Any, ...]:
    """Return everything about a frame that a function could change."""
    cells = {name: [*frame.iloc[:, place]] for place, name in enumerate(frame.columns)}
    return repr(cells), [*frame.columns], [*map(str, frame.dtypes)], [*frame.index], frame.index.names, {**frame.attrs}


def test_every_public_function_is_covered() -> None:
    assert {call.partition(" ")[0] for call in CALLS} == public_functions()


def test_no_frame_is_empty(frames: Frames) -> None:
    assert {name for name, frame in frames.items() if frame.empty} == set()


#: Of a matrix each other column is a size, drawn in its order.
_OTHER = {("plots.availability_map", "with_other_order"), ("plots.availability_map", "with_other_columns")}


@pytest.mark.parametrize("call", CALLS)
@each("conversion", CONVERSIONS)
def test_a_converted_frame_gives_the_same_result(
    call: str, conversion: str, converted: Converted, expected: dict[str, Any]
) -> None:
    if (call, conversion) in _OTHER:
        return
    names, run = CALLS[call]
    found = run({name: converted(conversion, name)[0] for name in names})
    # What hands on the rows that it was given has them with all of their columns.
    same(found, expected[call], more_columns=call == "sizes.with_feature")
    for name in names:
        frame, before = converted(conversion, name)
        assert snapshot(frame) == before, name


def outcome(call: str, given: Frames) -> Any:
    """Return the result, or the error message."""
    try:
        return CALLS[call][1](given)
    except InvalidArgument as error:
        message = str(error)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("call", CALLS)
def test_an_empty_frame_of_any_dtypes_gives_the_same_result(call: str, frames: Frames) -> None:
    names, _ = CALLS[call]
    wanted = outcome(call, {name: frames[name].iloc[:0] for name in names})
    assert not isinstance(wanted, str)
    same(outcome(call, {name: pd.DataFrame(columns=frames[name].columns) for name in names}), wanted)


def is_same(found: Any, wanted: Any) -> bool:
    if isinstance(found, str):
        return False
    try:
        same(found, wanted)
    except (AssertionError, KeyError):
        return False
    return True


def unread(call: str, given: Frames, name: str, columns: list[str], wanted: Any) -> set[str]:
    """Return the columns that a call takes no notice of, found by halves: most calls read a few of many."""
    if not columns or isinstance(wanted, str):
        return set()
    frame = given[name]
    without, blank = frame.drop(columns=columns), frame.assign(**dict.fromkeys(columns))
    if all(is_same(outcome(call, {**given, name: one}), wanted) for one in (without, blank)):
        return {*columns}
    half = len(columns) // 2
    parts = [columns[:half], columns[half:]] if half else []
    return {column for part in parts for column in unread(call, given, name, part, wanted)}


def read_by_name(call: str, given: Frames) -> dict[str, set[Any]]:
    """Return the columns of each frame that a call looks up by name: these need not be searched for."""
    names: dict[str, set[Any]] = {name: set() for name in given}
    look_up = pd.DataFrame.__getitem__

    def noted(frame: pd.DataFrame, key: Any) -> Any:
        caller = sys._getframe(1).f_globals["__name__"]
        # That one looks up every column, to convert it.
        if caller.startswith("poseidon_nb.") and caller != require_columns.__module__:
            for name, one in given.items():
                if {*one.columns} <= {*frame.columns}:
                    names[name].update(key if isinstance(key, list) else [key] if isinstance(key, str) else [])
        return look_up(frame, key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pd.DataFrame, "__getitem__", noted)
        outcome(call, given)
    return names


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_or_empty_column_is_accepted_or_raises_one_line(call: str, frames: Frames) -> None:
    names, _ = CALLS[call]
    # What is done with a column does not depend on how many rows there are: one droplet's readings and a few sizes do.
    one = frames["droplets"]["id"].iloc[0]
    few = {"series": frames["series"][frames["series"]["droplet_id"] == one], "matrix": frames["matrix"].iloc[:, :6]}
    few |= {name: frames[name].head(12) for name in ("sizes", "prices")}
    frames = {**frames, **few}
    looked_up = read_by_name(call, {name: frames[name] for name in names})
    for name in names:
        # A line of cost is made of one frame at a time.
        given = {name: frames[name]} if call == "cost.lines" else {one: frames[one] for one in names}
        columns = [*frames[name].columns]
        others = [column for column in columns if column not in looked_up[name]]
        for column in {*columns} - unread(call, given, name, others, outcome(call, given)):
            outcome(call, {**given, name: frames[name].drop(columns=column)})
            found = outcome(call, {**given, name: frames[name].assign(**{column: None})})
            if frames[name][column].dtype != object and not isinstance(found, str):
                blank = frames[name].assign(**{column: frames[name][column].iloc[:0].reindex(frames[name].index)})
                same(found, outcome(call, {**given, name: blank}))


def test_a_naive_now_is_utc(frames: Frames, expected: dict[str, Any]) -> None:
    bare = NOW.replace(tzinfo=None)
    found = cost.reconcile(frames["lines"], frames["balance"], frames["items"], now=bare)
    same(found, expected["cost.reconcile"])
    begun = frames["actions"].assign(status="in-progress", completed_at=pd.NaT)
    same(timeline.spans(begun, now=bare), timeline.spans(begun, now=NOW))


def test_a_float_id_is_labeled_as_an_integer(frames: Frames) -> None:
    actions = frames["actions"].astype({"resource_id": "float64"})
    labels = timeline.spans(actions)["name"]
    assert len(labels)
    assert labels.str.isdecimal().all()
