"""Random requests over all operations find nothing; and the judge of that run finds what is planted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from poseidon_nb.catalogue import operation
from tests.faults.sandbox_judge import (
    View,
    judge_actions,
    judge_money,
    judge_references,
    judge_same,
    judge_secrets,
    look,
)
from tests.faults.sandbox_requests import Request
from tests.faults.sandbox_run import Bench, Run, summary


def test_random_requests_over_all_operations_are_answered_as_specified() -> None:
    run = Run(3, 600, round=300)
    Bench(run).play()
    assert run.findings == {}, summary(run, 0)
    # How many follows from how the threads take turns.
    assert len(run.succeeded) > 60


def _planted(bench: Bench, **changes: tuple[str, str, Any]) -> View:
    """Return what a sandbox shows after changes of its saved state: the store, a field and its new value."""
    saved = json.loads(bench.control("GET", "/state"))
    for store, field, value in changes.values():
        saved["collections"][store][0][1][field] = value
    bench.control("PUT", "/state", json.dumps(saved).encode())
    return bench.look()


def test_the_judge_finds_what_is_planted() -> None:
    bench = Bench.__new__(Bench)
    bench.run = Run(3, 0)
    bench.begin()
    whole = bench.first
    assert [*whole.findings, *judge_references(whole), *judge_actions(whole), *judge_money(whole, {})] == []
    assert [*judge_secrets(whole, set())] == []
    past: dict[str, Any] = {}
    assert [*judge_money(whole, past)] == []
    nowhere = "11111111-2222-4333-8444-555555555555"
    view = _planted(
        bench,
        vpc=("droplets", "vpc_uuid", nowhere),
        tags=("droplets", "tags", ["of-nothing"]),
        volume=("volumes", "size_gigabytes", 100_000),
        balancer=("load_balancers", "project_id", nowhere),
    )
    told = " ".join(what for _, what in judge_references(view))
    assert f".droplet.vpc_uuid {nowhere} does not exist" in told
    assert "of-nothing is not among the tags" in told
    assert f".load_balancers[].project_id {nowhere} does not exist" in told
    assert any("is now" in what for _, what in judge_money(view, past))
    assert any("/v2/volumes:" in what for _, what in judge_same(whole, view, "here"))
    actions = view.answers["/v2/actions"]["actions"]
    for action in actions[:2]:
        action.update(status="in-progress", resource_id=1, resource_type="droplet")
    assert len([*judge_actions(view)]) == 1

    # A list that says too much.
    def spoiled(path: str, query: str) -> tuple[int, bytes]:
        status, body = bench.get(path, query)
        return status, body.replace(b'"total":', b'"total":1') if path == "/v2/firewalls" else body

    assert [kind for kind, _ in look(spoiled).findings] == ["total"]


def test_the_judge_finds_secrets_that_are_shown() -> None:
    bench = Bench.__new__(Bench)
    bench.run = Run(3, 0)
    bench.begin()
    (cluster, *_) = bench.first.answers["/v2/databases"]["databases"]
    password = cluster["connection"]["password"]
    view = _planted(
        bench,
        sent=("projects", "description", "hidden-123"),
        elsewhere=("volumes", "description", f"for psql: {password}"),
        again=("vpcs", "description", "fn_secret_1"),
    )
    told = {what for _, what in judge_secrets(view, {"fn_secret_1"})}
    for path, place in (("projects", "projects[].description"), ("volumes", "volumes[].description")):
        assert any(what.startswith(f"/v2/{path}: .{place} shows a secret") for what in told), told
    assert any(what.startswith("/v2/vpcs: .vpcs[].description is shown again") for what in told), told


def test_a_token_without_credentials_sees_no_password() -> None:
    run = Run(3, 1, threads=1)
    bench = Bench.__new__(Bench)
    bench.run = run
    bench.begin()
    bench.passwords = {"ada@tidepool-maps.example"}
    bench.tokens = {"limited": frozenset({"account:read"})}
    one = operation("account_get")
    answer = bench.dispatch("GET", "/v2/account")
    with pytest.raises(AssertionError, match=r"account_get: .*email.* without database:view_credentials"):
        bench._check(Request(one, "/v2/account", {}, None, {}), answer, "limited")
