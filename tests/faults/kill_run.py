"""Kill a Python process in the middle of changes, resume them in a new one, and tell whether anything was left or done twice.

::

    python tests/faults/kill_run.py --kills 200        # by hand, some minutes
    python tests/faults/kill_run.py --kill 17          # one again, as a failing one tells

Each kill has an account of its own. A process resizes droplets with a restart, takes snapshots of many, or creates some; it is
killed (SIGKILL) at a moment that follows from the kill's number: around one of its requests (before the service has it, while
its answer is on the way, right after the answer) or after so many milliseconds. Then a new process runs ``plans list``,
``plans resume --yes`` and ``plans list`` again. What must not be:

- ``off``: a droplet is off that was on.
- ``twice``: a droplet has two actions of a kind that was asked for once, or a name has two droplets.
- ``hidden``: something was begun, is not as it was asked for, and no command shows it.
- ``raw``: an exception that is no `PoseidonError`, or a process that did not end.

``undone`` is told and is no finding: what was not done though the plan had been begun, and is shown.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from tests.faults.account import Account
from tests.faults.kill_child import FIRST_SIZE, IMAGE, REGION, SIZE, SNAPSHOT, TAG
from tests.faults.proxy import FaultPlan, Proxy, sandbox_forward

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.faults.proxy import Answer

KINDS = ("off", "twice", "hidden", "raw")
CHILD = Path(__file__).with_name("kill_child.py")
JOBS = ("resize", "resize many", "snapshot many", "create", "create many")
#: Around which request it happens, and how.
MOMENTS = ("not forwarded", "forwarded", "answered", "after a while")
_DROPLETS = 4
_PATIENCE_S = 60.0
#: Real seconds in which what the killed process has begun comes to its end in the sandbox.
_QUIET_S = 10.0


@dataclass(slots=True)
class Wish:
    """What is to become of one droplet: one that is there, or one that is to be made."""

    name: str
    id: int = 0

    def __str__(self) -> str:
        return f"{self.name} ({self.id})" if self.id else self.name


@dataclass(slots=True)
class KillResult:
    """What came of one kill."""

    number: int
    job: str
    moment: str
    killed: bool = False
    begun: bool = False
    undone: int = 0
    findings: list[tuple[str, str]] = field(default_factory=list)


class Killer:
    """Ends a process at a moment of its requests.

    Parameters
    ----------
    forward : callable
        Has the service answer.
    at : int
        Around which of the requests that change something.
    moment : str
        One of `MOMENTS`.
    """

    def __init__(self, forward: Callable[..., Answer], at: int, moment: str) -> None:
        self._forward = forward
        self._at = at
        self._moment = moment
        self._lock = threading.Lock()
        self._changes = 0
        self.process: subprocess.Popen[str] | None = None
        #: Set at the request: for what happens after its answer.
        self.reached = threading.Event()

    def __call__(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        with self._lock:
            process = self.process
            self._changes += method != "GET"
            now = process is not None and method != "GET" and self._changes == self._at
        if now and self._moment in {"not forwarded", "forwarded"}:
            assert process is not None
            process.kill()
            process.wait()
            if self._moment == "not forwarded":
                raise OSError("the client is gone")
        answer = self._forward(method, path, query, headers, body)
        if now:
            self.reached.set()
        return answer

    def arm(self, at: int, moment: str) -> None:
        """Be ready for the next process."""
        with self._lock:
            self._at, self._moment, self._changes = at, moment, 0
            self.reached.clear()

    def disarm(self) -> None:
        """Let everything pass."""
        with self._lock:
            self._at, self.process = 0, None


def run_child(
    job: str, url: str, account: Account, arguments: Mapping[str, Any], state: str, killer: Killer | None = None
) -> tuple[bool, Any]:
    """Run a job in a process of its own, which a killer may end; return whether it was killed, and what it told."""
    command = [sys.executable, str(CHILD), job, url, account.token, str(account.began), json.dumps(arguments)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "POSEIDON_STATE_DIR": state, "XDG_STATE_HOME": state},
    )
    assert process.stdout is not None
    if process.stdout.readline() != "READY\n":
        process.kill()
        process.wait()
        close_streams(process)
        return False, None
    if killer is not None:
        killer.process = process
    let_go(process)
    ends = time.monotonic() + _PATIENCE_S
    while process.poll() is None and time.monotonic() < ends and not (killer and killer.reached.is_set()):
        time.sleep(0.005)
    process.kill()
    process.wait()
    lines = process.stdout.read().splitlines()
    close_streams(process)
    try:
        told = json.loads(lines[-1]) if lines else None
    except ValueError:
        told = None
    return process.returncode < 0, told


def run_kill(number: int, *, kill: bool = True) -> KillResult:
    """Return what came of one kill; without ``kill`` the process ends by itself, and there is nothing to resume."""
    chance = random.Random(f"kill {number}")
    job = JOBS[number % len(JOBS)]
    moment = chance.choice(MOMENTS)
    result = KillResult(number, job, moment)
    account = Account(number)
    wishes = _wishes(account, job)
    killer = Killer(sandbox_forward(account.sandbox), chance.randint(1, 6 if "many" in job else 3), moment)
    with (
        tempfile.TemporaryDirectory() as state,
        Proxy(killer, FaultPlan(number, rate=0.0, bursts=0.0), clients=1, limit_s=300) as proxy,
    ):
        process = _start(job, proxy, account, wishes, state)
        killer.process = process
        if kill:
            kill_at(process, killer, moment, chance, result)
        else:
            killer.process = None
            let_go(process)
            process.wait(_PATIENCE_S)
            close_streams(process)
        killer.process = None
        result.begun = any(entry.accepted and entry.method != "GET" for entry in proxy.log)
        told = _resume(proxy, account, state, result) if kill else {}
        _settle(account, wishes)
    result.findings += judge(account, job, wishes, told, begun=result.begun)
    result.undone = sum(not _as_wished(account, job, wish) for wish in wishes)
    return result


def _wishes(account: Account, job: str) -> list[Wish]:
    if job.startswith("create"):
        return [Wish(f"new-{number}") for number in range(12 if job == "create" else _DROPLETS)]
    wishes = []
    for number in range(1 if job == "resize" else _DROPLETS):
        name = f"fleet-{number}"
        id_ = account.droplet(name, size=FIRST_SIZE, region=REGION, image=IMAGE, tags=[TAG])
        wishes.append(Wish(name, id_))
    # All are on, and read so.
    time.sleep(0.1)
    return wishes


def _start(job: str, proxy: Proxy, account: Account, wishes: Sequence[Wish], state: str) -> subprocess.Popen[str]:
    arguments = {"ids": [wish.id for wish in wishes], "names": [wish.name for wish in wishes]}
    return start_child(job, proxy, account, arguments, state)


def start_child(
    job: str, proxy: Proxy, account: Account, arguments: Mapping[str, Any], state: str
) -> subprocess.Popen[str]:
    """Return a process that does a job once it is let go."""
    command = [sys.executable, str(CHILD), job, proxy.urls[0], account.token, str(account.began), json.dumps(arguments)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "POSEIDON_STATE_DIR": state, "XDG_STATE_HOME": state},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if line != "READY\n":
        process.kill()
        raise RuntimeError(f"the child did not start: {line}{process.stdout.read()}")
    return process


def let_go(process: subprocess.Popen[str]) -> None:
    """Let a child begin its job."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.write("go\n")
        process.stdin.flush()


def kill_at(
    process: subprocess.Popen[str], killer: Killer, moment: str, chance: random.Random, result: KillResult
) -> None:
    """Let the child work, and end it at its moment; one that is quicker has ended by itself."""
    let_go(process)
    ends = time.monotonic() + _PATIENCE_S
    if moment == "after a while":
        ends = time.monotonic() + chance.uniform(0.0, 1.0)
    while process.poll() is None and not killer.reached.is_set() and time.monotonic() < ends:
        time.sleep(0.002)
    if moment == "answered":
        time.sleep(chance.uniform(0.0, 0.03))
    process.kill()
    process.wait()
    result.killed = process.returncode < 0
    close_streams(process)


def close_streams(process: subprocess.Popen[str]) -> None:
    """Close what connects a child that has ended."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _resume(proxy: Proxy, account: Account, state: str, result: KillResult) -> dict[str, Any]:
    """Return what the new process lists, does and lists."""
    process = _start("resume", proxy, account, [], state)
    try:
        out, _ = process.communicate("go\n", timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        result.findings.append(("raw", "plans resume did not end"))
        return {}
    try:
        answer = json.loads(out.splitlines()[-1])
    except (ValueError, IndexError):
        answer = {"told": None, "error": out, "raw": True}
    if answer["raw"]:
        result.findings.append(("raw", answer["error"]))
    return answer["told"] or {"error": answer["error"]}


def _settle(account: Account, wishes: Sequence[Wish]) -> None:
    ends = time.monotonic() + _QUIET_S
    while time.monotonic() < ends:
        ids = [wish.id for wish in wishes if wish.id] or [
            row["id"] for row in account.read("/v2/droplets?per_page=200") if row["name"].startswith("new-")
        ]
        if not any(account.busy(id_) for id_ in ids):
            break
        time.sleep(0.05)
    # The status that is shown follows the action.
    time.sleep(0.1)


def judge(
    account: Account, job: str, wishes: Sequence[Wish], told: Mapping[str, Any], *, begun: bool
) -> list[tuple[str, str]]:
    """Return what must not be, by kind; ``begun`` says whether the service had accepted anything before the kill."""
    shown = " ".join(str(told.get(name, "")) for name in ("after", "error", "resumed"))
    findings = []
    for wish in wishes:
        mine = _droplets(account, wish)
        done = Counter(
            action["type"]
            for row in mine
            for action in account.read(f"/v2/droplets/{row['id']}/actions?per_page=200") or []
        )
        if len(mine) > 1 or any(times > 1 for times in done.values()):
            findings.append(("twice", f"{wish}: {dict(done)}, {len(mine)} of that name"))
        if wish.id and mine[0]["status"] != "active":
            findings.append(("off", f"{wish} reads {mine[0]['status']} after {dict(done)}; {_in_short(told)}"))
        touched = bool({*done} - {"create"}) if wish.id else begun
        names = [wish.name, *(str(row["id"]) for row in mine)]
        hidden = not any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", shown) for name in names)
        if touched and hidden and not _as_wished(account, job, wish):
            findings.append(("hidden", f"{wish} is not as asked, {dict(done)}; {_in_short(told)}"))
    return findings


def _droplets(account: Account, wish: Wish) -> list[Any]:
    rows = account.read("/v2/droplets?per_page=200")
    return [row for row in rows if (row["id"] == wish.id if wish.id else row["name"] == wish.name)]


def _as_wished(account: Account, job: str, wish: Wish) -> bool:
    mine = _droplets(account, wish)
    if not mine or mine[0]["status"] != "active":
        return False
    if job.startswith("resize"):
        return bool(mine[0]["size_slug"] == SIZE)
    if job.startswith("snapshot"):
        taken = account.read(f"/v2/droplets/{mine[0]['id']}/snapshots?per_page=200") or []
        return SNAPSHOT in [one["name"] for one in taken]
    return True


def _in_short(told: Mapping[str, Any]) -> str:
    return " | ".join(f"{name}: {' '.join(str(text).split())[:300]}" for name, text in told.items() if text)


def run(numbers: Sequence[int], jobs: int) -> int:
    """Run kills and print what came of them; returns the exit status."""
    totals: Counter[str] = Counter()
    killed = undone = begun = 0
    with ThreadPoolExecutor(jobs) as pool:
        for result in pool.map(run_kill, numbers):
            killed, undone, begun = killed + result.killed, undone + result.undone, begun + result.begun
            for kind, truth in result.findings:
                print(f"{kind}: kill {result.number}, {result.job}, {result.moment}: {truth}", flush=True)
            if result.findings:
                print(f"  again: python tests/faults/kill_run.py --kill {result.number}", flush=True)
            totals.update(kind for kind, _ in result.findings)
    print(
        f"{' '.join(f'{kind} {totals[kind]}' for kind in KINDS)} "
        f"({len(numbers)} kills, {killed} in the middle, {begun} after something was accepted, undone {undone})"
    )
    return 1 if any(totals.values()) else 0


def main() -> int:
    """Run what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description="Kill a process in the middle of changes, and resume them in another.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--kill", type=int, action="append", help="this one instead; may be repeated")
    parser.add_argument("--jobs", type=int, default=4, help="at once")
    given = parser.parse_args()
    return run(given.kill or [*range(1, given.kills + 1)], given.jobs)


if __name__ == "__main__":
    sys.exit(main())
