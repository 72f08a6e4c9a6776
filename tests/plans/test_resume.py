"""Plans taken up again on a sandbox: after a kernel that was killed at any moment, and after one that went away politely."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from contextlib import contextmanager

import pytest

import poseidon_nb as po
from poseidon_nb.client.droplets.chains import create_steps, resize_step, with_restart
from poseidon_nb.errors import ConfigurationError, NoSuchName
from poseidon_nb.plans import journal
from poseidon_nb.plans.connect import connect
from poseidon_nb.plans.journal_account import account_key
from poseidon_nb.plans.journal_files import PlanFiles, PlanRuns, state_folder
from poseidon_nb.plans.resume import plan_left, run_left, taken_up
from poseidon_nb.sandbox import Sandbox

CHILD = textwrap.dedent("""
    import sys
    import poseidon_nb as po
    client = po.connect(token=sys.argv[2], base_url=sys.argv[1])
    print("ready", flush=True)
    exec(sys.argv[3])
    print("done", flush=True)
""")


@pytest.fixture(autouse=True)
def _nothing_runs_of_other_tests():
    journal._live.clear()


@pytest.fixture
def sandbox():
    with Sandbox(droplets=6, speed=100) as sandbox:
        yield sandbox


@contextmanager
def kernel(sandbox, code):
    """Run code in another process, which is killed at the end if it still runs."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, sandbox.url, sandbox.token, code], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def wait_for(found, seconds=20.0):
    ends = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < ends
        time.sleep(0.002)


def resume(client):
    with taken_up(client) as left:
        return run_left(client, left)


def running(client):
    """Return a droplet that runs."""
    return next(one for one in client.droplets.list() if one.status == "active" and one.size_slug.startswith("s-"))


def new_size(droplet):
    return "s-2vcpu-4gb" if droplet.size_slug != "s-2vcpu-4gb" else "s-4vcpu-8gb"


def test_a_resize_that_was_killed_goes_on(sandbox):
    client = connect(sandbox)
    droplet = running(client)
    size = new_size(droplet)
    with kernel(sandbox, f"client.droplets.get({droplet.id}).resize('{size}', restart=True)") as child:
        wait_for(lambda: client.droplets.get(droplet.id).status == "off")
        child.send_signal(signal.SIGKILL)
        child.wait()
    (one,) = journal.unended(account_key(client))
    assert one.state == "interrupted"
    assert one.entry.title == f"droplets resize {droplet.name}"
    resume(client)
    droplet.refresh()
    assert (droplet.status, droplet.size_slug) == ("active", size)
    assert journal.unended(account_key(client)) == []


#: What a kernel does when it is killed: on droplets of its own each, so that nothing waits for another.
WORK = """
import threading
def each(work): [one.start() for one in work]; [one.join() for one in work]
droplets = {one.name: one for one in client.droplets.list()}
each([
    threading.Thread(target=droplets[names[0]].resize, args=(size,), kwargs={"restart": True}),
    threading.Thread(target=droplets[names[1]].take_snapshot, args=("kept",), kwargs={"restart": True}),
    threading.Thread(target=client.droplets.create, kwargs=made),
    threading.Thread(target=droplets[names[2]].reboot),
])
"""
#: More by hand: POSEIDON_KILLS=200.
KILLS = int(os.environ.get("POSEIDON_KILLS", "20"))
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.timeout(1200)
def test_kernels_killed_at_random_moments_leave_nothing_behind(part, monkeypatch):
    for number in range(part, KILLS, PARTS):
        chance = random.Random(number)
        with Sandbox(droplets=6, speed=200, seed=number) as sandbox:
            kill_once(sandbox, chance, f"kill {number}")


def kill_once(sandbox, chance, seed):
    client = connect(sandbox)
    before = {one.id: one for one in client.droplets.list()}
    first, second, third, *_ = [
        one for one in before.values() if one.status == "active" and one.size_slug.startswith("s-")
    ]
    size = new_size(first)
    body = {"names": ["new-1", "new-2"], "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
    known = {action.id for action in client.actions.list()}
    told = f"size, names, made = {size!r}, {[first.name, second.name, third.name]!r}, {body!r}"
    with kernel(sandbox, told + WORK) as child:
        wait_for(lambda: any(one.method == "POST" for one in sandbox.requests) or child.poll() is not None)
        time.sleep(chance.uniform(0, 3.0))
    listed = journal.unended(account_key(client))
    began = [PlanFiles(state_folder()).path(one.id).read_text() for one in listed]
    with taken_up(client) as left:
        judged = [[one.verdict for one in chain] for each in left for chain in each.judged]
        outcomes = run_left(client, left)[1]
    seed = "\n".join([seed, *began, str(judged), *map(repr, outcomes)])
    assert journal.unended(account_key(client)) == [], seed
    after = {one.id: one for one in client.droplets.list()}
    off = [one.name for one in after.values() if one.id in before and before[one.id].status == "active" != one.status]
    assert off == [], seed
    count = Counter((action.resource_id, action.type) for action in client.actions.list() if action.id not in known)
    twice = {key: number for key, number in count.items() if number > 1}
    assert twice == {}, seed
    posted = {one.path for one in sandbox.requests if one.method == "POST"}
    names = Counter(one.name for one in after.values() if one.id not in before)
    assert names == (
        {"new-1": 1, "new-2": 1} if "/v2/droplets" in posted or any("droplets create" in text for text in began) else {}
    ), seed
    if f"/v2/droplets/{first.id}/actions" in posted:
        assert after[first.id].size_slug == size, seed
    if f"/v2/droplets/{second.id}/actions" in posted:
        assert [one.name for one in client.snapshots.list(resource_type="droplet")].count("kept") == 1, seed
