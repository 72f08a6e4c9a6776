"""A short run of commands in an account whose responses are changed at random: one-line errors, and no secrets shown."""

from __future__ import annotations

from tests.faults import command_mutation_run


def test_commands_survive_odd_responses_in_a_short_run():
    counts, lines = command_mutation_run.run(commands=120, seed=1)
    assert counts["changed responses"] > 200
    assert lines == []


def test_what_is_raw_or_shown_is_found(monkeypatch):
    monkeypatch.setattr(command_mutation_run, "run_line", lambda *_, **__: {}["x"])
    assert command_mutation_run.run(commands=3, seed=1)[0]["raw"] == 3
    monkeypatch.setattr(command_mutation_run, "run_line", lambda *_, **__: command_mutation_run.SECRET)
    assert command_mutation_run.run(commands=3, seed=1)[0]["shown"] == 3
