"""Frames of one's own: what went through CSV, Excel, JSON or another hand gives what the client's frames give.

Or it is refused with one line. What is given stays as it was.
"""

from __future__ import annotations

import copy
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from poseidon_nb.analysis import cost, timeline
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plots import Picture
from tests.analysis.own_frames import ASKED, NOW, WORN, Frames, account, public_functions


@pytest.fixture(scope="module")
def frames() -> Frames:
    return account()


@pytest.fixture(scope="module")
def expected(frames: Frames) -> dict[str, Any]:
    return {asked: ask(frames) for asked, (_, ask) in ASKED.items()}


def same(found: Any, wanted: Any, *, more_columns: bool = False) -> None:
    if isinstance(wanted, pd.DataFrame):
        if more_columns:
            found = found[[*wanted.columns]]
        pd.testing.assert_frame_equal(found, wanted, check_column_type=not more_columns)
    elif isinstance(wanted, Picture):
        assert found.to_json() == wanted.to_json()
        assert found.words == wanted.words
        # Some pictures have the frame itself as their table, with what it has besides.
        shown = found.table[[*wanted.table.columns]]
        assert [*map(str, shown.to_numpy().ravel())] == [*map(str, wanted.table.to_numpy().ravel())]
    else:
        np.testing.assert_array_equal(found, wanted)


def held(frame: pd.DataFrame) -> tuple[Any, ...]:
    """Give all that a frame is, so that it can be compared with what it is later."""
    cells = {name: copy.deepcopy([*frame.iloc[:, place]]) for place, name in enumerate(frame.columns)}
    return repr(cells), [*frame.columns], [*map(str, frame.dtypes)], [*frame.index], frame.index.names, {**frame.attrs}


def test_every_public_function_is_asked() -> None:
    assert {asked.partition(" ")[0] for asked in ASKED} == public_functions()


def test_there_is_something_in_every_frame(frames: Frames) -> None:
    assert {name for name, frame in frames.items() if frame.empty} == set()


#: Of a matrix each other column is a size, drawn in its order.
_OTHER = {("plots.availability_map", "with_other_order"), ("plots.availability_map", "with_columns_of_ones_own")}


@pytest.mark.parametrize(("asked", "worn"), [pair for pair in product(ASKED, WORN) if pair not in _OTHER])
def test_a_worn_frame_gives_what_the_clients_gives(
    asked: str, worn: str, frames: Frames, expected: dict[str, Any]
) -> None:
    names, ask = ASKED[asked]
    given = {name: WORN[worn](frames[name]) for name in names}
    before = {name: held(frame) for name, frame in given.items()}
    found = ask(given)
    # What hands on the rows that it was given has them with all of their columns.
    same(found, expected[asked], more_columns=asked == "sizes.with_feature")
    assert {name: held(frame) for name, frame in given.items()} == before


def outcome(asked: str, given: Frames) -> Any:
    """Give the result, or the line by which it is refused."""
    try:
        return ASKED[asked][1](given)
    except InvalidArgument as refused:
        told = str(refused)
    assert "\n" not in told
    return told


@pytest.mark.parametrize("asked", ASKED)
def test_no_rows_are_no_rows_whatever_the_columns_hold(asked: str, frames: Frames) -> None:
    names, _ = ASKED[asked]
    wanted = outcome(asked, {name: frames[name].iloc[:0] for name in names})
    assert not isinstance(wanted, str)
    same(outcome(asked, {name: pd.DataFrame(columns=frames[name].columns) for name in names}), wanted)


@pytest.mark.parametrize("asked", ASKED)
def test_a_column_that_is_missing_or_says_nothing_is_none_or_refused(asked: str, frames: Frames) -> None:
    names, _ = ASKED[asked]
    # What is done with a column does not depend on how many rows there are: one droplet's readings and a few sizes do.
    one = frames["droplets"]["id"].iloc[0]
    few = {"series": frames["series"][frames["series"]["droplet_id"] == one]}
    few |= {name: frames[name].head(12) for name in ("sizes", "prices")}
    frames = {**frames, **few}
    for name in names:
        # A line of cost is made of one frame at a time; and of a matrix a few sizes are enough.
        given = {} if asked == "cost.lines" else {one: frames[one] for one in names}
        for column in frames[name].columns[: 6 if name == "matrix" else None]:
            outcome(asked, {**given, name: frames[name].drop(columns=column)})
            found = outcome(asked, {**given, name: frames[name].assign(**{column: None})})
            if frames[name][column].dtype != object and not isinstance(found, str):
                blank = frames[name].assign(**{column: frames[name][column].iloc[:0].reindex(frames[name].index)})
                same(found, outcome(asked, {**given, name: blank}))


def test_now_is_in_utc_where_it_names_no_zone(frames: Frames, expected: dict[str, Any]) -> None:
    bare = NOW.replace(tzinfo=None)
    found = cost.reconciled(frames["lines"], frames["balance"], frames["items"], now=bare)
    same(found, expected["cost.reconciled"])
    begun = frames["actions"].assign(status="in-progress", completed_at=pd.NaT)
    same(timeline.spans(begun, now=bare), timeline.spans(begun, now=NOW))


def test_a_droplets_number_is_its_label_and_no_fraction(frames: Frames) -> None:
    actions = frames["actions"].astype({"resource_id": "float64"})
    labels = timeline.spans(actions)["name"]
    assert len(labels)
    assert labels.str.isdecimal().all()
