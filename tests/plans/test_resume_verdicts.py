"""What is left of an interrupted plan, from a journal entry and account facts built by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.droplet_steps import (
    action_step,
    create_steps,
    delete_step,
    resize_step,
    snapshot_step,
    with_restart,
)
from poseidon_nb.client.engine.steps import FieldChange, Step, Target, When
from poseidon_nb.plans.journal_entry import AcceptedEvent, AccountKey, EndedEvent, JournalEntry
from poseidon_nb.plans.resume_facts import AccountFacts
from poseidon_nb.plans.resume_verdicts import Verdict, judge, may_lag, remaining_chain, was_started
from poseidon_nb.transport.request import build_request

T0 = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
ID = 5
DROPLET = {"id": ID, "name": "web-1", "status": "active", "size_slug": "small", "image": {"id": 9, "slug": "ubuntu"}}
OFF = {**DROPLET, "status": "off"}
RESIZE = with_restart(DROPLET, resize_step(DROPLET, "large", disk=False))
SNAPSHOT = with_restart(DROPLET, snapshot_step(DROPLET, "before"))
DONE, RUNNING, REMAINING, FAILED, SKIPPED = (
    Verdict.DONE,
    Verdict.RUNNING,
    Verdict.REMAINING,
    Verdict.FAILED,
    Verdict.SKIPPED,
)
RUN_AGAIN, CHANGED, UNKNOWN = Verdict.RUN_AGAIN, Verdict.CHANGED, Verdict.UNKNOWN


def entry_of(*chains, sending=(), accepted=None, ended=None, secret=()):
    entry = JournalEntry(
        "abcde", "0", T0, "t", "SANDBOX", AccountKey("sandbox:1"), T0, chains=chains, secret=frozenset(secret)
    )
    for place in (*sending, *(accepted or {}), *(ended or {})):
        entry.sending[place] = T0 + timedelta(seconds=place[1])
    for place, actions in (accepted or {}).items():
        things = tuple(target.id for target in chains[place[0]][place[1]].targets)
        entry.accepted[place] = AcceptedEvent(T0, things, tuple(actions))
    for place, statuses in (ended or {}).items():
        entry.ended[place] = EndedEvent(T0, (statuses,) if isinstance(statuses, str) else statuses)
    return entry


def action(id_, type_, status="completed", after_s=0.0):
    return {"id": id_, "type": type_, "status": status, "started_at": (T0 + timedelta(seconds=after_s)).isoformat()}


def verdicts(entry, **facts):
    return [one.verdict for one in judge(entry, AccountFacts(**facts))[0]]


def left(entry, **facts):
    judged = judge(entry, AccountFacts(**facts))[0]
    return [
        (step.verb, step.when)
        for step in remaining_chain(entry.chains[0], judged, started=was_started(entry, 0, judged))
    ]


UP, DOWN, BIG = {ID: DROPLET}, {ID: OFF}, {ID: {**OFF, "size_slug": "large"}}


def test_a_plan_that_sent_nothing_remains_unchanged():
    entry = entry_of(RESIZE)
    assert verdicts(entry, droplets=UP) == [REMAINING] * 4
    assert left(entry, droplets=UP) == [(step.verb, step.when) for step in RESIZE]


@pytest.mark.parametrize(
    ("recorded", "facts", "expected"),
    [
        # Killed while waiting for the shutdown, which has ended since.
        ({"accepted": {(0, 0): [1]}}, {"droplets": DOWN, "actions": {1: action(1, "shutdown")}}, [DONE, DONE, REMAINING, REMAINING]),
        # The shutdown is still in progress: the power is cut only if it fails.
        ({"accepted": {(0, 0): [1]}}, {"droplets": UP, "actions": {1: action(1, "shutdown", "in-progress")}}, [RUNNING, REMAINING, REMAINING, REMAINING]),
        # The shutdown had no effect.
        ({"accepted": {(0, 0): [1]}}, {"droplets": UP, "actions": {1: action(1, "shutdown")}}, [DONE, REMAINING, REMAINING, REMAINING]),
        ({"accepted": {(0, 0): [1]}}, {"droplets": UP, "actions": {1: action(1, "shutdown", "errored")}}, [FAILED, REMAINING, REMAINING, REMAINING]),
        # The shutdown was sent without a response.
        ({"sending": [(0, 0)]}, {"droplets": DOWN, "newest": {ID: [action(1, "shutdown")]}}, [DONE, DONE, REMAINING, REMAINING]),
        ({"sending": [(0, 0)]}, {"droplets": UP, "newest": {ID: []}}, [REMAINING] * 4),
        ({"sending": [(0, 0)]}, {"droplets": UP, "newest": {ID: [action(1, "shutdown", after_s=-60)]}}, [REMAINING] * 4),
        # The resize is in progress, has ended, was refused, or was sent without a response.
        (
            {"ended": {(0, 0): "completed", (0, 1): "unchanged"}, "accepted": {(0, 2): [2]}},
            {"droplets": DOWN, "actions": {2: action(2, "resize", "in-progress")}},
            [DONE, DONE, RUNNING, REMAINING],
        ),
        (
            {"ended": {(0, 0): "completed", (0, 1): "unchanged"}, "accepted": {(0, 2): [2]}},
            {"droplets": BIG, "actions": {2: action(2, "resize")}},
            [DONE, DONE, DONE, REMAINING],
        ),
        ({"ended": {(0, 0): "completed", (0, 1): "unchanged", (0, 2): "failed"}}, {"droplets": DOWN}, [DONE, DONE, FAILED, REMAINING]),
        (
            {"ended": {(0, 0): "completed", (0, 1): "unchanged"}, "sending": [(0, 2)]},
            {"droplets": DOWN, "newest": {ID: [action(2, "resize", "in-progress", 3)]}},
            [DONE, DONE, RUNNING, REMAINING],
        ),
        (
            {"ended": {(0, 0): "completed", (0, 1): "unchanged"}, "sending": [(0, 2)]},
            {"droplets": DOWN, "newest": {ID: []}},
            [DONE, DONE, REMAINING, REMAINING],
        ),
        # Only the last line was not written.
        (
            {"ended": {(0, 0): "completed", (0, 1): "unchanged", (0, 2): "completed"}, "accepted": {(0, 3): [3]}},
            {"droplets": {ID: {**DROPLET, "size_slug": "large"}}, "actions": {3: action(3, "power_on")}},
            [DONE, DONE, DONE, DONE],
        ),
        (
            {"ended": {(0, 0): "completed", (0, 1): "unchanged", (0, 2): "completed"}, "sending": [(0, 3)]},
            {"droplets": BIG, "newest": {ID: []}},
            [DONE, DONE, DONE, REMAINING],
        ),
        # Somebody else has already powered it on.
        (
            {"ended": {(0, 0): "completed", (0, 1): "unchanged", (0, 2): "completed"}},
            {"droplets": {ID: {**DROPLET, "size_slug": "large"}}},
            [DONE, DONE, DONE, DONE],
        ),
    ],
)  # fmt: skip
def test_a_resize_with_a_restart_continues_where_it_stopped(recorded, facts, expected):
    assert verdicts(entry_of(RESIZE, **recorded), **facts) == expected


def test_a_droplet_that_was_shut_down_is_powered_on_even_if_the_resize_fails():
    entry = entry_of(RESIZE, ended={(0, 0): "completed", (0, 1): "unchanged"})
    assert left(entry, droplets=DOWN) == [("resize", When.NEXT), ("power_on", When.ANYWAY)]
    refused = entry_of(RESIZE, ended={(0, 0): "completed", (0, 1): "unchanged", (0, 2): "failed"})
    assert left(refused, droplets=DOWN) == [("power_on", When.ANYWAY)]
    again = entry_of(remaining_chain(RESIZE, judge(refused, AccountFacts(droplets=DOWN))[0], started=True))
    assert left(again, droplets=DOWN) == [("power_on", When.ANYWAY)]


def test_a_failed_power_on_is_tried_again_unless_the_droplet_is_on_by_now():
    ended = {(0, 0): "completed", (0, 1): "unchanged", (0, 2): "completed", (0, 3): "failed"}
    entry = entry_of(RESIZE, ended=ended)
    assert verdicts(entry, droplets=BIG) == [DONE, DONE, DONE, REMAINING]
    assert left(entry, droplets=BIG) == [("power_on", When.ANYWAY)]
    assert verdicts(entry, droplets={ID: {**DROPLET, "size_slug": "large"}}) == [DONE] * 4


def test_after_a_refused_first_step_nothing_is_powered_on():
    chain = RESIZE[2:]
    entry = entry_of(chain, ended={(0, 0): "failed"})
    entry.sending.clear()
    assert verdicts(entry, droplets=DOWN) == [FAILED, SKIPPED]


@pytest.mark.parametrize(
    ("recorded", "droplet", "why"),
    [
        ({}, None, "was deleted in the meantime"),
        ({}, {**DROPLET, "size_slug": "huge"}, "was resized to huge in the meantime"),
        ({}, OFF, "is now off, but this plan did not change it"),
        ({"ended": {(0, 0): "completed", (0, 1): "unchanged"}}, DROPLET, "was powered on in the meantime"),
    ],
)
def test_a_droplet_changed_by_others_is_not_resumed(recorded, droplet, why):
    judged = judge(entry_of(RESIZE, **recorded), AccountFacts(droplets={ID: droplet}))[0]
    assert CHANGED in {one.verdict for one in judged}
    assert not {one.verdict for one in judged} & {REMAINING, RUNNING}
    assert why in next(one.note for one in judged if one.verdict is CHANGED)


def test_what_was_skipped_after_a_step_without_an_outcome_is_decided_anew():
    # A shutdown alone would leave the droplet off.
    skipped = {(0, 0): "unknown", (0, 1): "skipped", (0, 2): "skipped", (0, 3): "unchanged"}
    entry = entry_of(RESIZE, ended=skipped)
    assert left(entry, droplets=UP, newest={ID: []}) == [(step.verb, step.when) for step in RESIZE]
    # It was carried out after all.
    late = {ID: [action(1, "shutdown", after_s=1)]}
    assert verdicts(entry, droplets=DOWN, newest=late) == [DONE, DONE, REMAINING, REMAINING]
    # Once the power is back, the chain is not continued in its middle.
    entry = entry_of(RESIZE, ended={(0, 0): "completed", (0, 1): "unchanged", (0, 2): "unknown", (0, 3): "completed"})
    assert left(entry, droplets=UP, newest={ID: []}) == []
    # A failure is an outcome.
    entry = entry_of(RESIZE, ended={(0, 0): "completed", (0, 1): "unchanged", (0, 2): "failed", (0, 3): "completed"})
    assert left(entry, droplets=UP) == []


def test_a_snapshot_without_a_response_is_found_by_its_name():
    entry = entry_of(SNAPSHOT, ended={(0, 0): "completed", (0, 1): "unchanged"}, sending=[(0, 2)])
    newest = {ID: [action(2, "snapshot", after_s=3)]}
    theirs = {ID: [{"name": "other", "created_at": (T0 + timedelta(seconds=3)).isoformat()}]}
    ours = {ID: [{"name": "before", "created_at": (T0 + timedelta(seconds=3)).isoformat()}]}
    assert verdicts(entry, droplets=DOWN, newest=newest, snapshots=ours) == [DONE, DONE, DONE, REMAINING]
    assert verdicts(entry, droplets=DOWN, newest=newest, snapshots=theirs) == [DONE, DONE, REMAINING, REMAINING]
    going = judge(entry, AccountFacts(droplets=DOWN, newest={ID: [action(2, "snapshot", "in-progress", 3)]}))[0]
    assert [one.verdict for one in going] == [DONE, DONE, RUNNING, REMAINING]
    assert going[2].undecided
    assert going[2].actions == (2,)
    two = {ID: [action(2, "snapshot", after_s=3), action(3, "snapshot", after_s=4)]}
    assert verdicts(entry, droplets=DOWN, newest=two) == [DONE, DONE, UNKNOWN, REMAINING]


def test_a_reboot_is_never_sent_twice():
    entry = entry_of((action_step(DROPLET, "reboot"),), sending=[(0, 0)])
    assert verdicts(entry, droplets=UP, newest={ID: []}) == [REMAINING]
    assert verdicts(entry, droplets=UP, newest={ID: [action(1, "reboot")]}) == [DONE]
    assert verdicts(entry, droplets=UP, newest={ID: [action(1, "reboot"), action(2, "reboot")]}) == [UNKNOWN]


def test_an_accepted_action_that_cannot_be_read_is_judged_by_its_droplet():
    entry = entry_of((action_step(DROPLET, "power_off"),), accepted={(0, 0): [1]})
    assert verdicts(entry, droplets=DOWN) == [DONE]
    assert verdicts(entry, droplets=UP) == [UNKNOWN]


BODY = {"size": "small", "image": "ubuntu", "region": "nyc3", "tags": ["web"]}
CREATE = (create_steps(["a", "b"], BODY, single=False)[0],)


def made(id_, name, after_s=1.0, status="active", **other):
    return {
        "id": id_,
        "name": name,
        "status": status,
        "size_slug": "small",
        "image": {"slug": "ubuntu"},
        "region": {"slug": "nyc3"},
        "tags": ["web"],
        "created_at": (T0 + timedelta(seconds=after_s)).isoformat(),
        **other,
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], REMAINING),
        ([made(1, "a"), made(2, "b")], DONE),
        ([made(1, "a"), made(2, "b", status="new")], RUNNING),
        ([made(1, "a", -60), made(2, "b", -60)], REMAINING),
        ([made(1, "a", size_slug="large"), made(2, "b", tags=[])], REMAINING),
        ([made(1, "a")], UNKNOWN),
        ([made(1, "a"), made(2, "b"), made(3, "b")], UNKNOWN),
    ],
)
def test_a_create_without_a_response_is_looked_for(rows, expected):
    entry = entry_of(CREATE, sending=[(0, 0)])
    (judged,) = judge(entry, AccountFacts(created={(0, 0): rows}))[0]
    assert judged.verdict is expected
    if expected in {DONE, RUNNING}:
        assert judged.created_ids == (1, 2)


def test_a_create_that_was_not_sent_remains():
    assert verdicts(entry_of(CREATE), created={}) == [REMAINING]


def test_created_droplets_are_waited_for_unless_they_were_deleted():
    entry = entry_of(CREATE)
    entry.accepted[0, 0] = AcceptedEvent(T0, (1, 2), (7, 8))
    assert verdicts(entry, droplets={1: made(1, "a"), 2: made(2, "b")}) == [DONE]
    assert verdicts(entry, droplets={1: made(1, "a", status="new"), 2: made(2, "b")}) == [RUNNING]
    assert verdicts(entry, droplets={1: None, 2: made(2, "b")}) == [CHANGED]


def test_a_step_with_secrets_must_be_run_again_and_its_droplet_is_powered_on():
    entry = entry_of(CREATE, secret=[(0, 0)])
    assert verdicts(entry) == [RUN_AGAIN]
    entry.sending[0, 0] = T0
    assert verdicts(entry, created={(0, 0): [made(1, "a"), made(2, "b")]}) == [RUN_AGAIN]
    entry.accepted[0, 0] = AcceptedEvent(T0, (1, 2), ())
    assert verdicts(entry, droplets={1: made(1, "a"), 2: made(2, "b")}) == [DONE]
    around = entry_of(RESIZE, secret=[(0, 2)], ended={(0, 0): "completed", (0, 1): "unchanged"})
    assert verdicts(around, droplets=DOWN) == [DONE, DONE, RUN_AGAIN, REMAINING]


def test_a_delete_is_done_once_the_resource_cannot_be_read():
    entry = entry_of((delete_step(DROPLET),), sending=[(0, 0)])
    assert verdicts(entry, droplets=UP) == [REMAINING]
    assert verdicts(entry, droplets={ID: None}) == [DONE]
    accepted = entry_of((delete_step(DROPLET),), accepted={(0, 0): []})
    assert verdicts(accepted, droplets=UP) == [RUNNING]
    assert verdicts(accepted, droplets={ID: None}) == [DONE]


def test_other_requests_are_repeated_only_if_that_is_safe():
    def step(operation_id, **parts):
        request = build_request(operation(operation_id), **parts)
        return Step(verb="x", targets=(Target("tag", "web", "web"),), request=request)

    tag = step("tags_assign_resources", path={"tag_id": "web"}, body={"resources": []})
    assert verdicts(entry_of((tag,), sending=[(0, 0)])) == [REMAINING]
    volume = step("volumes_create", body={"name": "v"})
    assert verdicts(entry_of((volume,), sending=[(0, 0)])) == [UNKNOWN]
    assert verdicts(entry_of((volume,))) == [REMAINING]
    patch = replace(step("domains_patch_record", path={"domain_name": "a.example", "domain_record_id": 1}, body={"ttl": 9}),
                    change=FieldChange("ttl", 1, 9))  # fmt: skip
    for found, expected in ((True, DONE), (False, REMAINING), (None, UNKNOWN)):
        assert verdicts(entry_of((patch,), sending=[(0, 0)]), done={(0, 0): found}) == [expected]


def test_after_an_unknown_step_only_the_power_on_runs():
    chain = (*SNAPSHOT[:3], replace(action_step(DROPLET, "rename", {"name": "web-2"})), SNAPSHOT[3])
    entry = entry_of(chain, ended={(0, 0): "completed", (0, 1): "unchanged"}, sending=[(0, 2)])
    two = {ID: [action(2, "snapshot", after_s=3), action(3, "snapshot", after_s=4)]}
    assert verdicts(entry, droplets=DOWN, newest=two) == [DONE, DONE, UNKNOWN, SKIPPED, REMAINING]


@pytest.mark.parametrize(
    ("recorded", "facts", "expected"),
    [
        ({"accepted": {(0, 3): [3]}}, {"droplets": DOWN, "actions": {3: action(3, "power_on")}}, True),
        ({"accepted": {(0, 3): [3]}}, {"droplets": UP, "actions": {3: action(3, "power_on")}}, False),
        ({"accepted": {(0, 3): [3]}}, {"droplets": DOWN, "actions": {3: action(3, "power_on", "in-progress")}}, False),
        ({"accepted": {(0, 0): [1]}}, {"droplets": UP, "actions": {1: action(1, "shutdown")}}, True),
        ({"sending": [(0, 0)]}, {"droplets": UP, "newest": {ID: []}}, True),
        ({}, {"droplets": UP}, False),
        ({}, {"droplets": DOWN}, True),
    ],
)
def test_states_that_may_lag_are_read_again(recorded, facts, expected):
    if (0, 3) in recorded.get("accepted", {}):
        recorded = {**recorded, "ended": {(0, 0): "completed", (0, 1): "unchanged", (0, 2): "completed"}}
    entry, known = entry_of(RESIZE, **recorded), AccountFacts(**facts)
    assert may_lag(entry, judge(entry, known), known) is expected
