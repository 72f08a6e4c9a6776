"""The engine that carries changes out: what 500 droplets at once cost in requests, and what it adds to a single request.

The sandbox is in a process of its own, and as slow as the service: a power off takes 9 to 15 s there, and the droplet
reads ``off`` 4 s after its action has completed. Single requests are answered after 60 ms.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections import Counter
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from report import Row, ratio
from sandbox_speed import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "engine"
LATENCY_S = 0.06
#: What reads the account as a whole, a page of 200 at a time; everything else is asked for one thing.
PAGES = {"droplets_list", "actions_list"}


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """Switch many droplets off by one `%do` line, and others one by one without waiting for them."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("POSEIDON_STATE_DIR")
        os.environ["POSEIDON_STATE_DIR"] = folder
        try:
            yield from _many(20 if quick else 500, speed=20 if quick else 1)
            yield from _single(2 if quick else 8 * rounds)
            yield from _record(5 if quick else 200)
        finally:
            os.environ.pop("POSEIDON_STATE_DIR")
            os.environ.update({} if before is None else {"POSEIDON_STATE_DIR": before})


def _many(count: int, speed: float) -> Iterator[Row]:
    import poseidon_nb as po
    from poseidon_nb.magics.do import default_session

    with _account(2 * count, speed) as account:
        default_session().use_sandbox(account)
        try:
            ids = [one.id for one in po.current_client().droplets.list() if one.active][:count]
            _control(account, "DELETE", "requests")
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                frame = po.do(f"droplets power_off {' '.join(map(str, ids))} --yes")
        finally:
            default_session().use_context(None)
        assert [*frame["status"]] == ["completed"] * count
        log = _control(account, "GET", "requests")["requests"]
    asked = Counter(one["operation"] for one in log)
    posts = asked.pop("dropletActions_post")
    pages = sum(number for operation, number in asked.items() if operation in PAGES)
    yield Row(NAME, f"requests that change, power_off of {count} droplets", posts, "", least=count, most=count)
    yield Row(NAME, "pages read to find, wait for and see them off", pages, "", most=65)
    # At the end of the wait a few are left, and are cheaper to read one by one.
    yield Row(NAME, "requests for a single droplet or action", asked.total() - pages, "", most=8)


def _single(count: int) -> Iterator[Row]:
    import requests

    import poseidon_nb as po
    from poseidon_nb.client.engine.steps import NO_RECORDER

    with _account(6 * count + 20, 1) as account, po.connect(account) as kept, po.connect(account) as unkept:
        unkept.engine.recorder, unkept.changes.on_add = NO_RECORDER, None
        fault = {"kind": "delay", "seconds": LATENCY_S, "operation": "dropletActions_post", "times": None}
        _control(account, "POST", "faults", fault)
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {account.token}"
        # Of each client its own: what a verb learns is assigned to its droplet.
        known = {client: {one.id: one for one in client.droplets.list()} for client in (kept, unkept)}
        on = iter([droplet_id for droplet_id, one in known[kept].items() if one.active])

        def bare(droplet_id: int) -> None:
            url = f"{account.url}/v2/droplets/{droplet_id}/actions"
            session.post(url, json={"type": "power_off"}).raise_for_status()

        sides: dict[str, Callable[[int], Any]] = {
            "bare": bare,
            "kept": lambda droplet_id: known[kept][droplet_id].power_off(wait=False),
            "unkept": lambda droplet_id: known[unkept][droplet_id].power_off(wait=False),
        }
        seconds: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(count + 1):
            for name, side in sides.items():
                droplet_id = next(on)
                began = time.perf_counter()
                side(droplet_id)
                # The first of each connects, and imports what comes at first use.
                if number:
                    seconds[name].append(time.perf_counter() - began)
        session.close()
    what = "power_off(wait=False)"
    yield Row(NAME, f"{what} over a bare POST", ratio(seconds["unkept"], seconds["bare"]), most=1.1)
    yield Row(
        NAME, f"{what} with the journal of plans over without", ratio(seconds["kept"], seconds["unkept"]), most=1.1
    )


def _record(count: int) -> Iterator[Row]:
    """Measure the journal by itself: the wait for the disk is told apart, for it is the disk's."""
    import poseidon_nb as po
    from poseidon_nb.client.engine.droplet_steps import action_step
    from poseidon_nb.client.engine.steps import Outcome

    took_s, cpu_s = [], []
    with po.Sandbox(droplets=1) as sandbox, po.connect(sandbox) as client:
        step = action_step(client.droplets.list()[0].to_dict(), "reboot")
        ended = Outcome(step, step.targets[0], "completed")
        for number in range(count + 1):
            began_s, began_cpu_s = time.perf_counter(), time.thread_time()
            record = client.engine.recorder.begin([(step,)], "reboot")
            record.sending(0, 0)
            record.accepted(0, 0, target_ids=[ended.target.id], actions=[1])
            record.ended(0, 0, [ended])
            record.close()
            if number:
                took_s.append(time.perf_counter() - began_s)
                cpu_s.append(time.thread_time() - began_cpu_s)
    yield Row(NAME, "CPU of the journal for a plan of one step", 1_000 * statistics.median(cpu_s), "ms", most=2)
    yield Row(NAME, "the same with its wait for the disk", 1_000 * statistics.median(took_s), "ms")


@contextmanager
def _account(droplets: int, speed: float) -> Iterator[SimpleNamespace]:
    command = ("-m", "poseidon_nb.sandbox", "--droplets", str(droplets), "--speed", str(speed))
    with served(*command) as (url, token):
        yield SimpleNamespace(url=url, token=token)


def _control(account: SimpleNamespace, method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {account.token}"}
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{account.url}/_sandbox/{path}", data, headers, method=method)
    with urlopen(request) as answer:
        return json.loads(answer.read() or b"null")
