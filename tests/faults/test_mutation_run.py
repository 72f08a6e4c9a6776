"""A short run with responses that were changed at random: nothing raw, nothing wrong, nothing lost in silence."""

from __future__ import annotations

import pytest

from poseidon_nb.frames import builders
from poseidon_nb.frames.tolerance import UnreadValues
from poseidon_nb.masking import MASK
from tests.faults import mutation_run


def test_what_was_sent_is_shown_or_told_in_a_short_run():
    counts, lines = mutation_run.run(mutations=600, seed=1)
    assert counts["operations"] > 320
    assert lines == []


def test_a_reader_that_makes_up_or_loses_something_is_found(monkeypatch):
    original = mutation_run._compared

    def with_a_lost_row(name, frame, answer, warned):
        return original(name, frame.iloc[:-1] if len(frame) > 1 else frame, answer, warned)

    monkeypatch.setattr(mutation_run, "_compared", with_a_lost_row)
    counts, _ = mutation_run.run(mutations=200, seed=1)
    assert counts["wrong"] > 5


@pytest.mark.parametrize("sabotage", ["a column is lost", "text is masked", "another field is named"])
def test_a_broken_reader_is_found(monkeypatch, sabotage):
    if sabotage == "a column is lost":
        flatten = builders._flatten
        monkeypatch.setattr(builders, "_flatten", lambda columns: dict([*flatten(columns).items()][:-1]))
    elif sabotage == "text is masked":
        hide = lambda row: {name: MASK if isinstance(value, str) else value for name, value in row.items()}  # noqa: E731
        monkeypatch.setattr(builders, "mask", lambda row, **_: hide(row) if isinstance(row, dict) else row)
    else:
        add = UnreadValues.add
        monkeypatch.setattr(UnreadValues, "add", lambda self, path, value, reason: add(self, path and "x", 0, reason))
    counts, _ = mutation_run.run(mutations=400, seed=1)
    assert counts["wrong"] + counts["silent"] > 0
