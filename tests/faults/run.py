"""Let two clients change one account through a proxy that spoils their requests, and tell whether any change was mistaken.

::

    python tests/faults/run.py --operations 20000 --seeds 20          # the long run, by hand: seven minutes on two cores
    python tests/faults/run.py --operations 400 --seeds 2             # a look
    python tests/faults/run.py --operations 1000 --seed 7             # one seed again, as a failing one tells

A seed has a sandbox of its own, whose time runs faster than ours so that back-offs cost little; an account, two clients in
threads of their own, and about `--operations / --seeds` operations: creates, power, resizes with restart, snapshots, rebuilds,
backups, keys, tags, domains and records, images, volumes, firewalls, load balancers, networks, checks, projects, lists, and
some of it as commands. About one request in five is spoiled (`proxy.py`): refused, lost before or after the work, cut short,
garbled, answered by a sign-in page, dripped, left hanging, or answered with the clock an hour wrong. About one operation in
eight is a duel: both clients act on the same droplet, or use the same name, at the same moment, with requests that differ in
one visible field.

Afterwards a judge (`judge.py`) holds what every call returned or raised against what the proxy forwarded and the sandbox did::

    duplicates 0 lost 0 mistaken 0 phantom 0 hung 0 raw 0 (20,000 operations, 41,000 faults, 20 seeds)

Two more numbers are told and are no findings: *half-named* (see `judge.py`), and droplets that were on, are off after a failed
resize or snapshot with a restart, and stayed so (*left off*).

The exit status is 1 if any of the six is not 0; each finding tells what was asked, what came, and the truth. The operations and
the faults of a seed are the same each time: a fault follows from the seed, the client, its operation, and the place of the
request in it. What threads do to each other is not: a seed that fails seldom may have to be repeated.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
if __name__ in {"__main__", "__mp_main__"}:
    sys.path.insert(0, str(ROOT))

import poseidon_nb as po
from tests.faults.account import MOST_DROPLETS, SCALE, Account, ScaledClock
from tests.faults.command_operations import rows_of
from tests.faults.commands import command_line_at
from tests.faults.judge import ENDLESS_S, KINDS, Case, Claim, Finding, Outcome, judge, made_ids
from tests.faults.operations import POOL_OF, Player
from tests.faults.proxy import FaultPlan, Proxy, sandbox_forward
from tests.faults.side import IMAGES, SHARED_DOMAIN, SIZES, Shared, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Seconds for one request, by whichever clock the client counts them.
TIMEOUT_S = 20.0
#: Real seconds that one client waits for the other before a duel.
_MEETING_S = 10.0
#: Operations after which what both act upon is replaced, or its list of actions becomes long.
_SHARED_FOR = 150


@dataclass(slots=True)
class SeedResult:
    """What came of a seed."""

    seed: int
    operations: int = 0
    faults: int = 0
    accepted: int = 0
    half_named: int = 0
    left_off: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    verbs: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)


def run_seed(
    seed: int, operations: int, *, clients: int = 2, rate: float = 0.2, with_commands: bool = True
) -> SeedResult:
    """Return what came of one seed; the operations are shared among the clients."""
    began = time.monotonic()
    account = Account(seed)
    clocks = [ScaledClock(account.began) for _ in range(clients)]
    proxy = Proxy(
        sandbox_forward(account.sandbox),
        FaultPlan(seed, rate=rate),
        clients=clients,
        on_jump=lambda client, seconds: clocks[client].jump(seconds),
        now=lambda: account.clock.now().timestamp(),
        limit_s=3_600,
    )
    with proxy, contextlib.ExitStack() as stack:
        shared = Shared()
        players = []
        for me in range(clients):
            client = po.connect(base_url=proxy.urls[me], token=account.token, timeout_s=TIMEOUT_S, clock=clocks[me])
            stack.callback(client.close)
            do = command_line_at(proxy.urls[me], account.token, clocks[me]) if with_commands and not me else None
            players.append(Player(me, client, account, shared, seed, do))
        _furnish(players)
        sides = [_Side(player, proxy, -(-operations // clients)) for player in players]
        meeting = _Meeting(clients)
        threads = [threading.Thread(target=side.play, args=(meeting,), daemon=True) for side in sides]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.05)
            if any(side.stuck for side in sides):
                break
        for side in sides:
            if side.broken is not None:
                raise side.broken
        # What goes on in the background gets a moment.
        time.sleep(1.0)
        for player in players:
            for droplet_id in {*player.half_way}:
                player.look(droplet_id)
        cases = [case for side in sides for case in side.cases + side.unfinished()]
        log = [*proxy.log]
    findings, half_named = judge(cases, log, scale=SCALE)
    return SeedResult(
        seed,
        len(cases),
        proxy.faults,
        sum(entry.accepted and entry.method != "GET" for entry in log),
        half_named,
        sum(player.left_off for player in players),
        time.monotonic() - began,
        findings,
        Counter(case.claim.verb for case in cases),
        Counter(case.outcome.error or "returned" for case in cases),
    )


def _furnish(players: list[Player]) -> None:
    first = players[0]
    first.account.make("/v2/domains", name=SHARED_DOMAIN)
    for player in players:
        player.furnish()
    _renew_shared(first)


def _renew_shared(player: Player) -> None:
    """Put new droplets in the place of those that both act upon."""
    shared = player.shared
    for droplet_id in (shared.on, shared.off):
        if droplet_id:
            player.pools.spare.append(droplet_id)
    new = [
        player.account.droplet(f"shared-{of}", size=SIZES[0], region="nyc3", image=IMAGES[0]) for of in ("on", "off")
    ]
    player.account.act(new[1], type="power_off")
    shared.on, shared.off = new


class _Meeting:
    """Where the clients wait for each other before a duel, though not for ever."""

    def __init__(self, clients: int) -> None:
        self._barrier = threading.Barrier(clients)
        self._lock = threading.Lock()

    def meet(self) -> None:
        try:
            self._barrier.wait(_MEETING_S)
        except threading.BrokenBarrierError:
            with self._lock:
                if self._barrier.broken:
                    self._barrier.reset()


class _Side:
    """Plays one client's operations, and writes down what came of them."""

    def __init__(self, player: Player, proxy: Proxy, operations: int) -> None:
        self.cases: list[Case] = []
        self.broken: Exception | None = None
        self._player = player
        self._proxy = proxy
        self._operations = operations
        self._now: tuple[int, Claim, float] | None = None

    @property
    def stuck(self) -> bool:
        """Whether a call does not come back at all."""
        now = self._now
        return now is not None and time.monotonic() - now[2] > ENDLESS_S + 10

    def unfinished(self) -> list[Case]:
        """Return the call that does not come back, as a case."""
        if not self.stuck or self._now is None:
            return []
        number, claim, began = self._now
        outcome = Outcome(returned=False, error="nothing", text="it did not come back", unknown=True)
        outcome.elapsed_s = time.monotonic() - began
        return [Case(self._player.me, number, claim, outcome, began)]

    def play(self, meeting: _Meeting) -> None:
        """Do one operation after the other."""
        try:
            number = -1
            while len(self.cases) < self._operations:
                number += 1
                task, duel = self._player.next(number)
                if duel:
                    meeting.meet()
                self._one(number, task)
                if number % _SHARED_FOR == _SHARED_FOR - 1 and not self._player.me:
                    _renew_shared(self._player)
        except Exception as error:  # noqa: BLE001  # a fault of this instrument: raised where the result is awaited
            self.broken = error

    def _one(self, number: int, task: Task) -> None:
        me = self._player.me
        self._proxy.operation[me] = number
        seen = len(self._proxy.log)
        try:
            given = _patiently(task.prepare)
        except po.PoseidonError:
            # What was to be acted upon could not be read: nothing was asked of the service.
            return
        before = task.so(None)
        began = time.monotonic()
        self._now = number, task.claim, began
        result, error = _called(task.call, given)
        elapsed_s = time.monotonic() - began
        self._now = None
        if error is None:
            ids = task.ids(result)
            # What has no result is looked at all the same.
            so = task.so(result if result is not None else ())
            outcome = Outcome(returned=True, ids=ids, so=so, so_before=before, elapsed_s=elapsed_s)
            outcome.rows = task.rows(result)
            outcome.seen = task.look() if so is False else ""
        else:
            outcome = _failed(error)
            outcome.so_before, outcome.elapsed_s = before, elapsed_s
        self.cases.append(Case(me, number, task.claim, outcome, began))
        self._remember(number, task, seen, failed=error is not None)

    def _remember(self, number: int, task: Task, seen: int, *, failed: bool) -> None:
        """Keep what was made, by the truth and not by what the client says."""
        player = self._player
        pools = {**POOL_OF, f"/v2/domains/c{player.me}.example/records": "record"}
        for entry in self._proxy.log[seen:]:
            mine = entry.client == player.me and entry.operation == number
            if not mine or not entry.accepted or entry.method != "POST":
                continue
            if entry.path == "/v2/droplets":
                player.pools.spare += [int(id_) for id_ in made_ids(entry)]
            for id_ in made_ids(entry) if entry.path in pools else ():
                player.keep(pools[entry.path], id_, task.claim.names[0])
        if task.claim.verb == "droplet.take_snapshot" and not failed:
            for row in player.account.read(f"{task.claim.targets[0]}/snapshots") or []:
                player.keep("image", row["id"], row["name"])
        if task.droplets:
            # Its status follows its action a moment later.
            time.sleep(0.02)
        for droplet_id in task.droplets if failed else ():
            if task.was_on and task.claim.steps:
                player.half_way.add(droplet_id)
            player.retire(droplet_id)
        player.tidy(MOST_DROPLETS)


def _patiently(read: Callable[[], Any]) -> Any:
    """Return what can be read in one of several tries."""
    for _ in range(3):
        with contextlib.suppress(po.PoseidonError):
            return read()
    return read()


def _called(call: Callable[[Any], Any], given: Any) -> tuple[Any, BaseException | None]:
    try:
        return call(given), None
    except BaseException as error:  # noqa: BLE001  # whatever comes is what the judge is told
        return None, error


def _failed(error: BaseException) -> Outcome:
    """Return what an exception says: its words and notes, its table, and the ids of what it carries."""
    words = [str(error), *getattr(error, "__notes__", ())]
    frame = getattr(error, "frame", None)
    if frame is not None:
        words += [" ".join(str(value) for value in row.values()) for row in frame.to_dict("records")]
    ids = []
    for name in ("action", "droplet", "droplets", "actions"):
        carried = getattr(error, name, None)
        for one in carried if isinstance(carried, list | tuple) else [carried]:
            ids.append(str(getattr(one, "id", one)))  # noqa: PERF401  # a comprehension of two loops reads worse
    if not isinstance(error, po.PoseidonError):
        words += [line for part in traceback.format_exception(error)[-3:] for line in part.splitlines()]
    unknown = isinstance(error, po.OutcomeUnknown) or (frame is not None and "unknown" in {*frame.get("status", ())})
    return Outcome(
        returned=False,
        error=type(error).__name__,
        text="; ".join(words),
        error_ids=tuple(ids),
        rows=rows_of(frame),
        unknown=unknown,
        raw=not isinstance(error, po.PoseidonError),
    )


def line_of(counts: Counter[str], operations: int, faults: int, rest: str) -> str:
    """Return the six counts as one line."""
    return (
        f"{' '.join(f'{kind} {counts[kind]}' for kind in KINDS)} ({operations:,} operations, {faults:,} faults, {rest})"
    )


def run(seeds: list[int], operations: int, *, clients: int, jobs: int, shown: int = 20) -> int:
    """Run seeds and print what came of them; returns the exit status."""
    each = -(-operations // len(seeds))
    totals: Counter[str] = Counter()
    by_verb: Counter[tuple[str, str]] = Counter()
    done = faults = half_named = accepted = left_off = 0
    for result in _results(seeds, each, clients, jobs):
        counts = Counter(finding.kind for finding in result.findings)
        rest = f"{result.accepted:,} changes accepted, half-named {result.half_named}, left off {result.left_off}, {result.seconds:.0f} s"
        print(f"seed {result.seed}: {line_of(counts, result.operations, result.faults, rest)}", flush=True)
        for finding in result.findings[:shown]:
            print(f"  {finding}")
        if len(result.findings) > shown:
            print(f"  and {len(result.findings) - shown} more; --show N shows more of them")
        if result.findings:
            print(f"  again: python tests/faults/run.py --seed {result.seed} --operations {each} --clients {clients}")
        totals += counts
        by_verb.update((finding.kind, finding.verb) for finding in result.findings)
        done, faults = done + result.operations, faults + result.faults
        half_named, accepted = half_named + result.half_named, accepted + result.accepted
        left_off += result.left_off
    for (kind, verb), times in sorted(by_verb.items(), key=lambda item: (KINDS.index(item[0][0]), -item[1])):
        print(f"{times:>6}  {kind:<10} {verb}")
    print(f"{accepted:,} changes accepted; half-named {half_named}; left off {left_off}")
    print(line_of(totals, done, faults, f"{len(seeds)} seed{'s' * (len(seeds) != 1)}"))
    return 1 if any(totals.values()) else 0


def _results(seeds: list[int], each: int, clients: int, jobs: int) -> Iterator[SeedResult]:
    if jobs == 1:
        for seed in seeds:
            yield run_seed(seed, each, clients=clients)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for future in [pool.submit(run_seed, seed, each, clients=clients) for seed in seeds]:
            yield future.result()


def main() -> int:
    """Run what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description="Look for changes that are made twice, lost, mistaken or made up.")
    parser.add_argument("--operations", type=int, default=2_000, help="in all, shared among seeds and clients")
    parser.add_argument("--seeds", type=int, default=4, help="how many, from 1 on")
    parser.add_argument("--seed", type=int, action="append", help="this one instead; may be repeated")
    parser.add_argument("--clients", type=int, default=2, help="at once, on the same account")
    parser.add_argument("--jobs", type=int, default=4, help="seeds at once, in processes of their own")
    parser.add_argument("--show", type=int, default=20, help="findings of a seed that are printed in full")
    given = parser.parse_args()
    seeds = given.seed or [*range(1, given.seeds + 1)]
    with tempfile.TemporaryDirectory() as state:
        # What the client writes down of its changes is not to be mixed with the user's own.
        os.environ["POSEIDON_STATE_DIR"] = os.environ["XDG_STATE_HOME"] = state
        return run(seeds, given.operations, clients=given.clients, jobs=given.jobs, shown=given.show)


if __name__ == "__main__":
    sys.exit(main())
