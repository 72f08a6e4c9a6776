"""A short run with responses that were changed at random: nothing raw, nothing wrong, nothing lost in silence."""

from __future__ import annotations

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
