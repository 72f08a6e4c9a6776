"""What is told while something runs, and what it is estimated from."""

from __future__ import annotations

import itertools
import threading

import pytest

from poseidon_nb.client.actions.progress import MAX_FRACTION, MAX_SAMPLES, Durations, Estimate, Progress
from poseidon_nb.errors import ActionFailed
from poseidon_nb.sandbox import Sandbox


def ended(key: int, seconds: int, kind: str = "reboot", **fields):
    return {
        "id": key,
        "type": kind,
        "status": "completed",
        "started_at": "2026-11-23T12:00:00Z",
        "completed_at": f"2026-11-23T12:{seconds // 60:02}:{seconds % 60:02}Z",
        **fields,
    }


def test_the_estimate_is_the_median_and_says_how_many_it_rests_on():
    durations = Durations()
    durations.learn([ended(1, 10), ended(2, 20), ended(3, 600), ended(4, 5, "rename")])
    assert durations.estimate("reboot") == Estimate(20.0, 3)
    assert durations.estimate("rename") == Estimate(5.0, 1)
    assert durations.estimate("snapshot") is None


def test_an_action_that_is_read_often_counts_once():
    durations = Durations()
    for _ in range(5):
        durations.learn([ended(1, 10)])
    assert durations.estimate("reboot") == Estimate(10.0, 1)


@pytest.mark.parametrize(
    "row",
    [
        ended(1, 10, started_at="2026-11-23T13:00:00Z"),
        ended(1, 10, status="errored"),
        ended(1, 10, status="in-progress", completed_at=None),
        ended(1, 10, completed_at=None),
        ended(1, 10, started_at=None),
    ],
)
def test_what_did_not_complete_teaches_nothing(row):
    durations = Durations()
    durations.learn([row])
    assert durations.estimate("reboot") is None


def test_only_the_newest_count():
    durations = Durations()
    durations.learn([ended(key, 10 if key <= 100 else 30) for key in range(1, 101 + MAX_SAMPLES)])
    assert durations.estimate("reboot") == Estimate(30.0, MAX_SAMPLES)


def test_a_bar_is_held_below_its_end_until_the_server_says_completed():
    estimate = Estimate(20.0, 3)
    assert Progress(1, "reboot web-1", "in-progress", 5.0, estimate).fraction == 0.25
    assert Progress(1, "reboot web-1", "in-progress", 500.0, estimate).fraction == MAX_FRACTION < 1
    assert Progress(1, "reboot web-1", "settling", 500.0, estimate).fraction == MAX_FRACTION
    assert Progress(1, "reboot web-1", "completed", 5.0, estimate).fraction == 1.0


def test_the_time_left_is_unknown_once_the_estimate_has_passed():
    estimate = Estimate(20.0, 3)
    assert Progress(1, "x", "in-progress", 5.0, estimate).left_s == 15.0
    assert Progress(1, "x", "in-progress", 25.0, estimate).left_s is None
    assert Progress(1, "x", "completed", 5.0, estimate).left_s is None


def test_without_history_there_is_no_fraction():
    progress = Progress(1, "x", "in-progress", 5.0)
    assert progress.fraction is None
    assert progress.left_s is None
    assert not progress.done


def test_a_wait_tells_from_history_in_its_own_thread_and_several_times_a_second(droplet, clock):
    told: list[tuple[float, Progress, int]] = []
    action = droplet.power_off(
        on_progress=lambda progress: told.append((clock.monotonic(), progress, threading.get_ident()))
    )
    assert {thread for _, _, thread in told} == {threading.get_ident()}
    statuses = [progress.status for _, progress, _ in told]
    assert list(dict.fromkeys(statuses)) == ["in-progress", "settling", "completed"]
    assert statuses.count("completed") == 1
    assert {(progress.id, progress.label) for _, progress, _ in told} == {(action.id, "power_off web-1")}
    times = [at for at, _, _ in told]
    assert max(later - at for at, later in itertools.pairwise(times)) <= 0.3
    # The sandbox's history is made with the durations that its actions have.
    estimate = told[0][1].estimate
    assert estimate.count >= 1
    assert 0.5 <= estimate.median_s / 12 <= 1.5
    fractions = [progress.fraction for _, progress, _ in told]
    assert fractions == sorted(fractions)
    assert all(fraction <= MAX_FRACTION for fraction in fractions[:-1])


def test_done_is_reported_only_when_the_droplet_is_consistent(droplet):
    seen = []
    droplet.power_off(on_progress=lambda progress: seen.append((progress.done, droplet.status)))
    assert {status for done, status in seen if done} == {"off"}


def test_an_action_that_is_consistent_is_reported_while_others_still_run(client, clock):
    quick, slow = [one for one in client.droplets.list() if one.active][:2]
    told: dict[str, float] = {}

    def on_progress(progress: Progress) -> None:
        if progress.done:
            told[progress.label] = clock.monotonic()

    actions = [quick.power_off(wait=False), slow.take_snapshot("slow", wait=False)]
    client.actions.wait(actions, on_progress=on_progress)
    assert told[f"power_off {quick.name}"] < 25
    assert told[f"snapshot {slow.name}"] > 40


def test_a_new_account_has_no_history_and_the_bar_is_indeterminate(clock):
    from poseidon_nb.client.client import connect

    with Sandbox(droplets=0, clock=clock, speed=1.0) as empty, connect(empty, clock=clock) as client:
        told: list[Progress] = []
        client.droplets.create(
            name="new-1", size="s-1vcpu-1gb", image="ubuntu-24-04-x64", region="sfo3", on_progress=told.append
        )
        assert told[0].estimate is None
        assert told[0].fraction is None
        assert told[-1].done
        # It has one now.
        client.droplets.create(
            name="new-2", size="s-1vcpu-1gb", image="ubuntu-24-04-x64", region="sfo3", on_progress=told.append
        )
        assert told[-1].estimate.count >= 1


def test_a_token_that_may_not_read_the_history_still_waits(droplet, sandbox):
    sandbox.fault("status", status=403, operation="actions_list", times=None)
    told: list[Progress] = []
    assert droplet.power_off(on_progress=told.append).completed
    assert told[0].estimate is None


def test_the_history_is_requested_once_and_only_if_someone_watches(client, droplet, sent):
    droplet.power_off()
    assert "GET /v2/actions" not in sent()
    droplet.power_on(on_progress=lambda _: None)
    droplet.power_off(on_progress=lambda _: None)
    assert sent().count("GET /v2/actions") == 1


def test_the_elapsed_time_counts_from_the_start_of_the_action(droplet, clock):
    action = droplet.take_snapshot("s", wait=False)
    clock.advance(20)
    told: list[Progress] = []
    action.wait(on_progress=told.append)
    assert 18 <= told[0].elapsed_s <= 22


def test_an_errored_action_is_reported_as_such(droplet, sandbox):
    sandbox.fault("action_errored")
    told: list[Progress] = []
    with pytest.raises(ActionFailed):
        droplet.reboot(on_progress=told.append)
    assert (told[-1].status, told[-1].done) == ("errored", True)


@pytest.mark.parametrize("status", ["in-progress", "settling", "completed"])
def test_a_callback_that_raises_ends_the_wait_and_breaks_nothing(client, droplet, status):
    def on_progress(progress: Progress) -> None:
        if progress.status == status:
            raise RuntimeError("the row is gone")

    action = droplet.power_off(wait=False)
    with pytest.raises(RuntimeError, match="the row is gone"):
        action.wait(on_progress=on_progress)
    assert client.actions._poller._pending == {}
    assert action.wait().completed
    assert droplet.status == "off"
