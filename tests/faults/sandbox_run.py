"""Send random requests over all operations to a sandbox, and tell what does not hold.

``python tests/faults/sandbox_run.py --requests 20000 --seed 1`` sends them from several threads to one sandbox, in rounds, with
the clock moved, faults injected, and the account saved, loaded and reset in between. After each round its account is judged. It
counts

- ``raw``: an exception instead of an answer, or a 5xx that was not injected,
- ``shape``: an answer that the specification does not allow, or a token that gets what its scopes do not cover,
- ``total``: a list that has another number of rows than it says, or a row twice,
- ``reference``: an id, a URN or a tag of something that does not exist,
- ``pending``: a thing with two actions in progress,
- ``money``: an amount that cannot be, an invoice that differs from the sum of its items, or from what it was,
- ``secret``: a secret in a field that output does not mask, or shown again although only a creation may show it,
- ``differs``: an answer that is another one after the account was saved and loaded, or than the first one after a reset.

A finding tells the request. With ``--threads 1`` a seed sends the same requests each time.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import threading
import time
import traceback
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from poseidon_nb.sandbox import Sandbox
from tests.conftest import FakeClock
from tests.contract.specification import validate, validate_file
from tests.contract.walk import check_key_and_pages, check_known_fields
from tests.faults import sandbox_judge
from tests.faults.sandbox_known import Known
from tests.faults.sandbox_requests import Bodies, Request, Requests

if TYPE_CHECKING:
    from collections.abc import Iterable

COUNTED = ("raw", "shape", "total", "reference", "pending", "money", "secret", "differs")
_HOUR_S = 3600
_DAY_S = 86_400
_MOVES_S = (*[5] * 3, *[60] * 4, *[600] * 4, _HOUR_S, _HOUR_S, _DAY_S, 20 * _DAY_S)
_FAULTS: tuple[dict[str, Any], ...] = (
    *({"kind": "status", "status": status} for status in (429, 500, 503)),
    *({"kind": kind} for kind in ("lost_before", "lost_after", "action_errored", "shutdown_ignored", "no_capacity")),
)
_SCOPES = (
    "*:read",
    "droplet:*",
    "database:read",
    "database:*",
    "project:*",
    "kubernetes:*",
    "registry:*",
    "vpc:*",
    "genai:*",
    "app:*",
)
_TOKEN = "dop_v1_sandbox_run"  # of a sandbox
_CREDENTIALS = "database:view_credentials"
#: Where responses to creations have what no other response shows.
_SHOWN_ONCE = re.compile(r".*\.(secret_key|secret)|\.token\.value")


@dataclass
class Run:
    """One run, and what it found."""

    seed: int
    requests: int
    threads: int = 3
    round: int = 1000
    droplets: int = 12
    verbose: bool = False
    sent: Counter[int] = field(default_factory=Counter)
    succeeded: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    rounds: int = 0
    findings: dict[tuple[str, str], str] = field(default_factory=dict)
    refused: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    slowest: dict[str, float] = field(default_factory=dict)

    def find(self, kind: str, what: str, key: str = "") -> None:
        """Record a finding, once for each key."""
        key = key or re.sub(r"[0-9a-f-]{8,}|[0-9]+|'[^']*'", "#", what)[:100]
        if (kind, key) not in self.findings:
            self.findings[kind, key] = what
            print(f"{kind}: {what:.900}", flush=True)


class Bench:
    """A sandbox and the threads that send to it."""

    def __init__(self, run: Run, bodies: Bodies | None = None) -> None:
        self.run = run
        self.begin()
        self.bodies = bodies or Bodies()
        self._learn(self.first)
        self.senders = [
            Requests(random.Random(f"{run.seed}/{number}"), self.known, self.bodies) for number in range(run.threads)
        ]

    def begin(self) -> None:
        """Make the sandbox, and look at it."""
        run = self.run
        self.chance = random.Random(run.seed)
        self.start = self.chance.random()
        self.clock = FakeClock()
        self.sandbox = Sandbox(clock=self.clock, seed=run.seed, droplets=run.droplets, token=_TOKEN)
        self.known = Known()
        self.tokens: dict[str, frozenset[str]] = {}
        self.past: dict[str, Any] = {}
        #: Secrets that only the response to a creation may show, and the passwords of databases.
        self.once: set[str] = set()
        self.passwords: set[str] = set()
        self.saved = b""
        self.first = self.look()

    def dispatch(
        self, method: str, path: str, query: str = "", body: bytes = b"", token: str = _TOKEN, **more: str
    ) -> Any:
        headers = {"host": "127.0.0.1:8080", "authorization": f"Bearer {token}", **more}
        reply = self.sandbox.dispatch(method, path, query, headers, body)
        if ("content-encoding", "gzip") in reply.headers:
            reply.body = zlib.decompress(reply.body, 31)
        return reply

    def control(self, method: str, path: str, body: Any = None) -> bytes:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        reply = self.dispatch(method, f"/_sandbox{path}", "", raw)
        assert reply.status < 300, reply.body
        return reply.body

    def look(self) -> sandbox_judge.View:
        return sandbox_judge.look(self.get)

    def get(self, path: str, query: str) -> tuple[int, bytes]:
        reply = self.dispatch("GET", path, query)
        return reply.status, reply.body

    def _learn(self, view: sandbox_judge.View) -> None:
        self.known.fade()
        for path, answer in view.answers.items():
            if path.startswith("/"):
                self.known.learn(view.operations[path], path, answer)

    def play(self) -> None:
        """Send and judge, in rounds."""
        run = self.run
        while run.sent.total() < run.requests:
            run.rounds += 1
            number = min(run.round, run.requests - run.sent.total())
            self._prepare()
            share = -(-number // run.threads)
            threads = [threading.Thread(target=self._send_many, args=(sender, share)) for sender in self.senders]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self._judge()

    def _prepare(self) -> None:
        """Choose where a round begins, inject faults and limit tokens."""
        trail: list[Request] = []
        if self.chance.random() < 0.8:
            # By the golden ratio, so that a few rounds are spread over the whole walk.
            places = [*self.bodies.states]
            place = places[int((self.start + 0.618034 * self.run.rounds) % 1 * len(places))]
            self.control("PUT", "/state", self.bodies.states[place])
            trail = self.bodies.trail[place : place + self.run.round // 3][::-1]
            self.known.things.update(self.bodies.shown[place])
            self.past = {}
        for sender in self.senders:
            sender.trail = trail
        self.control("DELETE", "/faults")
        for fault in self.chance.sample(_FAULTS, self.chance.randint(0, 4)):
            skip = self.chance.randint(0, 200)
            self.control("POST", "/faults", {**fault, "skip": skip} if fault["kind"] == "status" else fault)
        self.tokens = {}
        for _ in range(2):
            patterns = self.chance.sample(_SCOPES, 2)
            token = json.loads(self.control("POST", "/tokens", {"scopes": patterns}))["token"]
            self.tokens[token] = self.sandbox._dispatcher.tokens.scopes(token) or frozenset()

    def _send_many(self, sender: Requests, number: int) -> None:
        for _ in range(number):
            if sender.chance.random() < 0.04:
                self.control("POST", "/clock/advance", {"seconds": sender.chance.choice(_MOVES_S)})
            request = sender.next()
            if request.wait_s:
                self.control("POST", "/clock/advance", {"seconds": request.wait_s})
            self._send(request, sender.chance)

    def _send(self, request: Request, chance: random.Random) -> None:
        run, one = self.run, request.operation
        body = request.body
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        query = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in request.query.items()})
        token = chance.choice([*self.tokens]) if self.tokens and chance.random() < 0.05 else _TOKEN
        what = f"{one.id} {one.method} {request.path}?{query} {raw[:400]!r}"
        began = time.monotonic()
        try:
            reply = self.dispatch(one.method, request.path, query, raw, token, **request.headers)
        except Exception as error:  # noqa: BLE001  # that is what is counted
            where = [f"{frame.filename[-30:]}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
            run.find("raw", f"{what}: {type(error).__name__}: {error} {where[-4:]}", where[-1])
            run.sent[0] += 1
            return
        run.slowest[one.id] = max(run.slowest.get(one.id, 0.0), time.monotonic() - began)
        run.sent[reply.status] += 1
        run.tried.add(one.id)
        if reply.dropped:
            return
        try:
            self._check(request, reply, token)
        except AssertionError as wrong:
            text = str(wrong).partition("\n")[0]
            run.find("shape", f"{what}: {text}", one.id + re.sub(r"[0-9a-f-]{8,}|\d+|'[^']*'", "", text)[:60])

    def _check(self, request: Request, reply: Any, token: str) -> None:
        one = request.operation
        if reply.status >= 500 and not _was_injected(reply):
            self.run.find("raw", f"{request}: {reply.status} {reply.body!r:.300}")
        media = dict(reply.headers).get("content-type", "").partition(";")[0]
        if token != _TOKEN and reply.status < 300:
            assert self.tokens.get(token, frozenset(one.scopes)).issuperset(one.scopes), (
                f"{one.id}: allowed without its scopes"
            )
        if media not in {"", "application/json"}:
            validate_file(one.id, reply.status, media)
            self.run.succeeded.add(one.id)
            return
        answer = json.loads(reply.body or b"null", parse_constant=_reject)
        validate(one.id, reply.status, answer, limited=token != _TOKEN)
        check_known_fields(one, reply.status, answer)
        self._learn_from(request, reply.status, answer, token)

    def _learn_from(self, request: Request, status: int, answer: Any, token: str) -> None:
        one, run = request.operation, self.run
        if status >= 400:
            run.refused[one.id][f"{status} {answer.get('message')}"] += 1
        if status < 300:
            run.succeeded.add(one.id)
            if one.id != "oneClicks_list":
                check_key_and_pages(one, status, answer)
            if token == _TOKEN:
                self.known.learn(one, request.path, answer)
            if one.method == "POST":
                self.once.update(value for place, value in sandbox_judge.leaves(answer) if _SHOWN_ONCE.fullmatch(place))
        if token != _TOKEN and _CREDENTIALS not in self.tokens.get(token, ()):
            seen = [place for place, value in sandbox_judge.leaves(answer) if value in self.passwords]
            assert not seen, f"{one.id}: {seen[:1]} without {_CREDENTIALS}"

    def _judge(self) -> None:
        chance = self.chance
        self.control("DELETE", "/faults")
        view = self.look()
        self._found(view.findings)
        self._found(sandbox_judge.judge_references(view))
        self._found(sandbox_judge.judge_actions(view))
        self._found(sandbox_judge.judge_money(view, self.past))
        self._found(sandbox_judge.judge_secrets(view, self.once))
        self.passwords = {
            value for found in view.leaves.values() for place, value in found if place.endswith(".password") and value
        }
        saved = self.control("GET", "/state")
        again = Bench.__new__(Bench)
        again.sandbox = Sandbox(clock=self.clock, seed=0, droplets=0, token=_TOKEN)
        again.control("PUT", "/state", saved)
        self._found(sandbox_judge.judge_same(view, again.look(), "loaded elsewhere"))
        self._learn(view)
        roll = chance.random()
        if roll < 0.15:
            self.control("POST", "/reset")
            self._found(sandbox_judge.judge_same(self.first, self.look(), "after a reset"))
            self.past = {}
        elif roll < 0.3 and self.saved:
            self.control("PUT", "/state", self.saved)
            self.past = {}
        elif roll < 0.6:
            self.saved = saved
        if self.run.verbose:
            print(f"round {self.run.rounds}: {len(view.answers)} answers, {len(saved):,} bytes saved", file=sys.stderr)

    def _found(self, findings: Iterable[tuple[str, str]]) -> None:
        for kind, what in findings:
            self.run.find(kind, what)


def _was_injected(reply: Any) -> bool:
    return reply.status in {500, 503} and json.loads(reply.body)["id"] in {"server_error", "service_unavailable"}


def _reject(text: str) -> float:
    raise AssertionError(f"{text} is not JSON")


def main() -> int:
    """Run what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description="Send random requests over all operations to a sandbox.")
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--round", type=int, default=1000, help="requests between two judgements")
    parser.add_argument("--verbose", action="store_true", help="also tell the operations without a success")
    given = parser.parse_args()
    run = Run(given.seed, given.requests, given.threads, given.round, verbose=given.verbose)
    began = time.monotonic()
    Bench(run).play()
    print(summary(run, time.monotonic() - began))
    if given.verbose:
        for id_ in sorted(run.tried - run.succeeded):
            print("never", id_, run.refused[id_].most_common(3))
        print("slowest:", sorted(run.slowest.items(), key=lambda item: -item[1])[:8], dict(run.sent))
    return 1 if run.findings else 0


def summary(run: Run, seconds: float) -> str:
    """Return the counts as one line."""
    counts = Counter(kind for kind, _ in run.findings)
    return (
        f"{' '.join(f'{kind} {counts[kind]}' for kind in COUNTED)} ({run.sent.total():,} requests,"
        f" {len(run.succeeded)} of {len(run.tried)} operations succeeded, {run.rounds} rounds, {seconds:.0f} s)"
    )


if __name__ == "__main__":
    sys.exit(main())
