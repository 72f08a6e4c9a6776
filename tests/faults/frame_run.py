"""Edit frames at random and apply them through a proxy that injects faults, and tell what does not end as the frames say.

``python tests/faults/frame_run.py --edits 1000 --seed 1`` edits droplets, records, firewalls and volumes of an account of 200
droplets, in rounds. After each round, planning again must be empty: for the variable, for a file that another process
reads, and after that process was killed at one of its requests and its plan resumed. It counts

- ``left``: a plan that is not empty at the end,
- ``wrong``: something in the account that is not as the frames say, or that no frame was about and changed,
- ``twice``: two resources of one name that a frame created,
- ``unshown``: a request that no plan has shown,
- ``raw``: an exception that is not one of the package.

The truth is read from the sandbox past every fault, and shares nothing with the package but the names of fields.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

import poseidon_nb as po
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.magics.do import run_line
from tests.faults.account import Account
from tests.faults.commands import Place
from tests.faults.frame_edits import KINDS, Editor
from tests.faults.kill_run import Killer, run_child
from tests.faults.proxy import FaultPlan, Proxy, sandbox_forward

if TYPE_CHECKING:
    from poseidon_nb.plans.plan import Plan

COUNTED = ("left", "wrong", "twice", "unshown", "raw")
EDITS_A_ROUND = 12
#: How often a frame is applied until nothing is left: a fault may make any step fail.
_MAX_TRIES = 12
#: Seconds of the account's time between two tries, in which what was accepted ends.
_PAUSE_S = 30.0
#: As written, because an edit may go back to a value that an earlier listing showed.
_OPTIONS = "--yes --keep-going --restart --as-written --max-changes 100%"
_PLACEHOLDER = re.compile(r"<[^<>]*>")


@dataclass
class Run:
    """One run, and what it found."""

    seed: int
    droplets: int
    rate: float
    findings: list[tuple[str, str]] = field(default_factory=list)
    edits: int = 0
    kills: int = 0
    applied: int = 0
    requests: int = 0

    def find(self, kind: str, what: str) -> None:
        self.findings.append((kind, what))
        print(f"{kind}: {what}", flush=True)


class Kernel:
    """A session of ``%do`` that reaches the account through the proxy."""

    def __init__(self, url: str, account: Account) -> None:
        self.session = DoSession(account.clock)
        self.session.use_sandbox(Place(url, account.token))  # type: ignore[arg-type]  # an address is all that is needed

    def do(self, line: str, **variables: object) -> Any:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            return run_line(line, session=self.session, variables=variables)

    def patient(self, line: str, **variables: object) -> Any:
        """Return what a line returns that only reads; faults may make it fail several times."""
        for attempt in range(_MAX_TRIES):
            try:
                return self.do(line, **variables)
            except (po.TransportError, po.ServerError, po.RateLimited, po.Forbidden, po.ShapeError, po.APIError):
                if attempt == _MAX_TRIES - 1:
                    raise
        raise AssertionError(line)


@dataclass
class Bench:
    """What a run works with."""

    result: Run
    account: Account
    kernel: Kernel
    editor: Editor
    proxy: Proxy
    killer: Killer
    folder: Path


def run(result: Run, edits: int) -> None:
    """Edit and apply until so many edits are done."""
    account = Account(result.seed, droplets=result.droplets)
    killer = Killer(sandbox_forward(account.sandbox), 0, "")
    plan = FaultPlan(result.seed, rate=result.rate, bursts=result.rate / 10)
    with (
        tempfile.TemporaryDirectory() as folder,
        Proxy(killer, plan, clients=2, limit_s=7200, now=lambda: account.clock.now().timestamp()) as proxy,
    ):
        editor = Editor(account, random.Random(result.seed))
        editor.prepare()
        bench = Bench(result, account, Kernel(proxy.urls[0], account), editor, proxy, killer, Path(folder))
        number = 0
        while result.edits < edits:
            number += 1
            proxy.operation[:] = [number, number]
            _round(bench, number)
            print(
                f"round {number}: {result.edits} edits, {time.monotonic() - account.began:.0f} s",
                file=sys.stderr,
                flush=True,
            )


def _round(bench: Bench, number: int) -> None:
    """List, edit and apply frames of one or two resource types, and judge what came of it."""
    result, account, kernel, editor = bench.result, bench.account, bench.kernel, bench.editor
    kinds = editor.chance.sample(KINDS, editor.chance.choice((1, 1, 2)))
    editor.begin(kinds)
    frames = {kind: kernel.patient(editor.listing(kind)) for kind in kinds}
    before = editor.truth()
    wishes: dict[tuple[str, str, str], Any] = {}
    for kind in kinds:
        frames[kind], done, more = editor.edit(kind, frames[kind], EDITS_A_ROUND // len(kinds))
        wishes |= more
        result.edits += done
    options, where = f"{_OPTIONS}{editor.options}", f"round {number} ({', '.join(kinds)})"
    names = " ".join(f"{{{kind}}}" for kind in kinds)
    files = " ".join(str(_write(bench.folder / f"{kind}-{number}.csv", kind, frames[kind])) for kind in kinds)
    since = len(bench.proxy.log)
    shown: list[Plan] = []
    if number % 3 == 0:
        shown += _killed(bench, files, options)
    left = _apply(kernel, f"{names} {options}", frames, shown, result, where, account)
    if left:
        result.find("left", f"{where}: {left}")
    again = Kernel(bench.proxy.urls[1], account)
    rest = again.patient(f"apply {files} --plan {options.replace('--yes', '')}")
    if not rest.is_empty:
        result.find("left", f"{where}, from the file: {rest!r}")
    _judge(result, where, editor, before, wishes)
    _judge_requests(result, where, bench.proxy, since, [*shown, rest])
    result.applied += 1


def _killed(bench: Bench, files: str, options: str) -> list[Plan]:
    """Let another process apply the files, kill it at one of its requests, and let a third one resume its plan."""
    # What the other process plans is what this one plans.
    plan = bench.kernel.patient(f"apply {files} --plan {options.replace('--yes', '')}")
    # A state of its own: what could not be resumed is not resumed in a later round.
    chance, state = bench.editor.chance, str(bench.folder / f"state-{bench.result.kills}-{len(bench.proxy.log)}")
    at = chance.randint(1, max(1, len(plan.requests())))
    bench.killer.arm(at, chance.choice(("not forwarded", "forwarded", "answered")))
    arguments = {"line": f"apply {files} {options}"}
    killed, _ = run_child("line", bench.proxy.urls[1], bench.account, arguments, state, bench.killer)
    bench.result.kills += killed
    bench.killer.disarm()
    for _ in range(_MAX_TRIES if killed else 0):
        bench.account.clock.sleep(_PAUSE_S)
        _, told = run_child("resume", bench.proxy.urls[1], bench.account, {}, state)
        # Faults may keep it from its end.
        if told is not None and not told["error"] and not told["told"]["error"]:
            break
    bench.account.clock.sleep(_PAUSE_S)
    return [plan]


def _write(path: Path, kind: str, frame: Any) -> Path:
    frame = frame.dropna(how="all")
    if kind == "records":
        frame = frame.assign(domain=Editor.domain)
    path.write_text(frame.to_csv(index=False))
    return path


def _apply(
    kernel: Kernel, line: str, frames: dict[str, Any], shown: list[Plan], result: Run, where: str, account: Account
) -> str:
    """Apply until planning again is empty; return what is left after all tries."""
    rest = ""
    for _ in range(_MAX_TRIES):
        try:
            plan = kernel.patient(f"apply {line.replace('--yes', '')} --plan", **frames)
            if plan.is_empty:
                return ""
            shown.append(plan)
            rest = repr(plan)
            kernel.do(f"apply {line}", **frames)
        except po.PoseidonError as error:
            rest = f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001  # that is what is counted
            result.find("raw", f"{where}: {type(error).__name__}: {error}")
            return ""
        account.clock.sleep(_PAUSE_S)
    return rest


def _judge(
    result: Run, where: str, editor: Editor, before: dict[Any, Any], wishes: dict[tuple[str, str, str], Any]
) -> None:
    """Compare the account with what the frames asked for, and with what it was where they asked for nothing."""
    now = editor.truth()
    for (kind, name), count in Counter(editor.names()).items():
        if count > 1:
            result.find("twice", f"{where}: {count} {kind} named {name}")
    known = {key[:2] for key in before}
    ids = {(kind, value): id_ for (kind, id_, name), value in now.items() if name == "name"}
    # What is new is known by its name.
    wishes = {
        key if key[:2] in known else (key[0], ids.get(key[:2], key[1]), key[2]): wanted
        for key, wanted in wishes.items()
    }
    for key, wanted in wishes.items():
        is_there = now.get(key, "missing")
        if is_there != wanted:
            result.find("wrong", f"{where}: {key} is {is_there!r}, not {wanted!r}")
    gone = {key[:2] for key, wanted in wishes.items() if wanted == "missing"}
    asked = {key[:2] for key in wishes}
    for key in before.keys() | now.keys():
        if key in wishes or key[:2] in gone or key[:2] in asked - known:
            continue
        if before.get(key) != now.get(key):
            result.find("wrong", f"{where}: {key} was {before.get(key)!r} and is {now.get(key)!r}")


def _judge_requests(result: Run, where: str, proxy: Proxy, since: int, shown: list[Plan]) -> None:
    known = [
        (one.method, _pattern(one.path), _pattern(json.dumps(one.body, sort_keys=True)))
        for plan in shown
        for one in plan.requests()
    ]
    for entry in proxy.log[since:]:
        if entry.method == "GET" or not entry.forwarded:
            continue
        result.requests += 1
        body = json.dumps(entry.body, sort_keys=True)
        if not any(entry.method == m and p.fullmatch(entry.path) and b.fullmatch(body) for m, p, b in known):
            result.find("unshown", f"{where}: {entry.method} {entry.path} {body}")


def _pattern(text: str) -> re.Pattern[str]:
    """Return what a text is once its placeholders are known; an id is a number in a body."""
    pieces = re.split(r'("?)<[^<>]*>("?)', text)
    plain = [re.escape(piece) for piece in pieces[::3]]
    return re.compile('"?[^"]*"?'.join(plain)) if len(plain) > 1 else re.compile(plain[0])


def main() -> int:
    """Run what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description="Apply random edits of frames under faults.")
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--droplets", type=int, default=200)
    parser.add_argument("--rate", type=float, default=0.08, help="share of requests that something happens to")
    given = parser.parse_args()
    result = Run(given.seed, given.droplets, given.rate)
    began = time.monotonic()
    run(result, given.edits)
    totals = Counter(kind for kind, _ in result.findings)
    print(
        f"{' '.join(f'{kind} {totals[kind]}' for kind in COUNTED)} ({result.edits} edits, {result.applied} frames applied,"
        f" {result.kills} kills, {result.requests} changes, {time.monotonic() - began:.0f} s)"
    )
    return 1 if result.findings else 0


if __name__ == "__main__":
    sys.exit(main())
