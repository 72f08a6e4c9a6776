"""The fault run holds, in its short form; and its judge and its proxy find what is planted."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import poseidon_nb as po
from tests.faults.account import Account
from tests.faults.judge import Case, Claim, Outcome, judge
from tests.faults.operations import Player
from tests.faults.proxy import AFTER, BEFORE, HARMLESS, Answer, Entry, FaultPlan, Proxy, sandbox_forward
from tests.faults.side import Shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

RUN = Path(__file__).with_name("run.py")
#: Where compiled modules are, so that its processes need not compile them again.
CACHED = {name: os.environ[name] for name in ("PYTHONPYCACHEPREFIX",) if name in os.environ}


# The run.
def test_no_change_is_made_twice_lost_mistaken_or_made_up_in_a_short_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(RUN), "--operations", "600", "--seeds", "4", "--jobs", "4", "--show", "5"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **CACHED},
        timeout=110,
    )
    assert done.stdout.splitlines()[-1].startswith("duplicates 0 lost 0 mistaken 0 phantom 0 hung 0 raw 0 ("), (
        done.stdout
    )
    assert done.returncode == 0, done.stdout + done.stderr


# The judge.
CREATE = Claim(
    "droplets.create", "POST", "/v2/droplets", {"name": "c0-1", "size": "s-1vcpu-1gb"}, ("c0-1",), makes=True
)
RESTART = Claim(
    "droplet.resize",
    "POST",
    "/v2/droplets/7/actions",
    {"type": "resize"},
    ("7", "web"),
    acts=True,
    steps=("shutdown", "power_on"),
    targets=("/v2/droplets/7",),
)
DELETE = Claim("keys.delete", "DELETE", "/v2/account/keys/5", names=("5", "laptop"))


def entry(**facts: Any) -> Entry:
    known: dict[str, Any] = {
        "client": 0,
        "number": 1,
        "operation": 1,
        "method": "POST",
        "path": "/v2/droplets",
        "query": "",
        "body": {"name": "c0-1", "size": "s-1vcpu-1gb", "image": "debian-12-x64"},
        "forwarded": True,
        "status": 202,
        "answer": {"droplet": {"id": 10, "name": "c0-1"}, "links": {"actions": [{"id": 99}]}},
        "at": 1.0,
    }
    return Entry(**(known | facts))


def action(kind: str, id_: int, **facts: Any) -> Entry:
    given = {"path": "/v2/droplets/7/actions", "body": {"type": kind}, "status": 201, "answer": {"action": {"id": id_}}}
    return entry(**(given | facts))


def got(ids: tuple[str, ...] = (), **facts: Any) -> Outcome:
    return Outcome(returned=True, ids=ids, **facts)


def raised(**facts: Any) -> Outcome:
    return Outcome(returned=False, **facts)


def kinds(claim: Claim, outcome: Outcome, *log: Entry, more: tuple[Case, ...] = (), scale: float = 25.0) -> list[str]:
    findings, _ = judge([Case(0, 1, claim, outcome), *more], log, scale=scale)
    return [finding.kind for finding in findings]


def test_nothing_is_found_where_each_call_tells_the_truth() -> None:
    assert kinds(CREATE, got(("10",), so=True), entry()) == []
    assert kinds(RESTART, got(("2",)), action("shutdown", 1), action("resize", 2), action("power_on", 3)) == []
    assert kinds(DELETE, got(so=True), entry(method="DELETE", path="/v2/account/keys/5", status=204)) == []
    refused = entry(status=422, answer={"id": "unprocessable_entity"})
    assert kinds(CREATE, raised(error="Unprocessable", text="no such size"), refused) == []


def test_a_create_that_was_carried_out_twice_is_a_duplicate() -> None:
    second = entry(number=2, answer={"droplet": {"id": 11, "name": "c0-1"}})
    assert kinds(CREATE, got(("10",), so=True), entry(), second) == ["duplicates"]
    # Also where the second one was sent long after, while the client was at something else.
    second.operation = 30
    assert kinds(CREATE, got(("10",), so=True), entry(), second) == ["duplicates"]
    # A second try that the service refused, or never saw, is none.
    second.status = 422
    assert kinds(CREATE, got(("10",), so=True), entry(), second) == []
    second.status, second.forwarded = 0, False
    assert kinds(CREATE, got(("10",), so=True), entry(), second) == []


def test_a_step_that_was_carried_out_twice_is_a_duplicate_also_after_the_call() -> None:
    late = action("power_on", 4, operation=3, at=9.0)
    log = [action("shutdown", 1), action("resize", 2), action("power_on", 3), late]
    assert kinds(RESTART, got(("2",)), *log) == ["duplicates"]


def test_a_put_may_be_repeated() -> None:
    claim = Claim("keys.update", "PUT", "/v2/account/keys/5", {"name": "new"}, ("5", "new"))
    put = entry(
        method="PUT", path="/v2/account/keys/5", body={"name": "new"}, status=200, answer={"ssh_key": {"id": 5}}
    )
    assert kinds(claim, got(so=True), put, put) == []


def test_an_accepted_change_whose_error_names_nothing_is_lost() -> None:
    vague = raised(error="ShapeError", text="The response to droplets_list is not JSON (103 bytes, text/html).")
    assert kinds(CREATE, vague, entry()) == ["lost"]
    assert kinds(RESTART, vague, action("shutdown", 1)) == ["lost"], "a step that was accepted counts too"
    assert kinds(DELETE, vague, entry(method="DELETE", path="/v2/account/keys/5", status=204)) == ["lost"]
    # A longer name or number is another thing's.
    assert kinds(CREATE, raised(error="ServerError", text="c0-11 and 100"), entry()) == ["lost"]


def test_an_accepted_change_is_not_lost_where_the_error_names_it_or_says_that_nobody_knows() -> None:
    for text in ("c0-1 was made", "droplet 10 is being made", "see %do droplets get 10."):
        assert kinds(CREATE, raised(error="ServerError", text=text), entry()) == []
    assert kinds(CREATE, raised(error="OutcomeUnknown", text="look", unknown=True), entry()) == []
    assert kinds(RESTART, raised(error="ActionTimedOut", error_ids=("2",)), action("resize", 2)) == []


def test_a_thing_that_another_client_made_is_mistaken() -> None:
    other = entry(client=1, operation=4, answer={"droplet": {"id": 20, "name": "c0-1"}})
    ours = entry(forwarded=False, status=0, answer=None, fault="reset before")
    assert kinds(CREATE, got(("20",), so=True), ours, other) == ["mistaken"]
    foreign = action("resize", 50, client=1, operation=2)
    assert kinds(RESTART, got(("50",)), foreign) == ["mistaken"]
    # An older action of one's own is not this call's either.
    older = action("resize", 40, operation=0, path="/v2/droplets/8/actions")
    assert kinds(RESTART, got(("40",)), older, action("resize", 2)) == ["mistaken"]


def test_a_change_that_nobody_asked_for_is_mistaken() -> None:
    stray = entry(method="DELETE", path="/v2/droplets/3", body=None, status=204, answer=None)
    assert kinds(CREATE, got(("10",), so=True), entry(), stray) == ["mistaken"]


def test_a_success_that_never_was_is_a_phantom() -> None:
    assert kinds(DELETE, got(so=False)) == ["phantom"]
    spoiled = entry(method="DELETE", path="/v2/account/keys/5", forwarded=False, status=0, fault="object before")
    assert kinds(DELETE, got(so=False), spoiled) == ["phantom"]
    assert kinds(CREATE, got(("77",)), entry(status=422, answer=None)) == ["phantom"], "no such droplet"
    assert kinds(CREATE, got(("10",), so=False), entry()) == ["phantom"], "accepted, and not as asked"
    assert kinds(CREATE, got(()), entry()) == ["phantom"], "made, and nothing returned"
    assert kinds(Claim("droplets.list"), got(so=False)) == ["phantom"], "a list that lacks what is there"


def test_what_was_so_already_is_no_phantom() -> None:
    assert kinds(RESTART, got((), so=True, so_before=True)) == []
    assert kinds(DELETE, got(so=True)) == [], "gone, whoever did it"


def test_an_answer_that_has_to_be_believed_is_no_phantom() -> None:
    sent = entry(path="/v2/tags/web/resources", body={}, forwarded=False, status=0, fault="object before")
    for blind, found in ((True, []), (False, ["phantom"])):
        claim = Claim("tags_assign_resources", "POST", "/v2/tags/web/resources", names=("web",), blind=blind)
        assert kinds(claim, got(so=False), sent) == found


def test_a_call_that_outlasts_its_limit_is_hung() -> None:
    limited = Claim("droplet.power_on", limit_s=40.0)
    # 42 s of a clock that runs 25 times as fast, and the grace.
    assert kinds(limited, raised(elapsed_s=3.6)) == []
    assert kinds(limited, raised(elapsed_s=3.8)) == ["hung"]
    assert kinds(Claim("keys.list"), got(elapsed_s=59.0)) == []
    assert kinds(Claim("keys.list"), got(elapsed_s=61.0)) == ["hung"]


def test_an_exception_that_is_not_ours_is_raw() -> None:
    assert kinds(Claim("keys.list"), raised(error="KeyError", text="'id'", raw=True)) == ["raw"]


def test_an_error_without_the_id_that_the_client_was_told_is_half_named() -> None:
    half = raised(error="ServerError", text="c0-1: 503")
    for spoiled, count in (("", 1), ("drip", 1), ("reset after", 0)):
        assert judge([Case(0, 1, CREATE, half)], [entry(fault=spoiled)])[1] == count
    whole = raised(error="ServerError", text="c0-1 (10): 503")
    assert judge([Case(0, 1, CREATE, whole)], [entry()])[1] == 0


def test_a_table_is_judged_by_its_rows() -> None:
    each = {"/v2/droplets/7": ("7", "web"), "/v2/droplets/8": ("8", "db")}
    path = "/v2/droplets/(?:7|8)/actions"
    claim = Claim("resize", "POST", path, {"type": "resize"}, targets=tuple(each), each=each, steps=("shutdown",))
    log = [action("resize", 1), action("resize", 2, path="/v2/droplets/8/actions")]
    good = {"7": ("completed", ""), "8": ("completed", "")}
    assert kinds(claim, got(rows=good), *log) == []
    assert kinds(claim, got(rows=good), log[0]) == ["phantom"], "nothing was asked of 8"
    assert kinds(claim, got(rows=good), *log, action("resize", 3)) == ["duplicates"]
    text = "1 of 2 failed: 7 web, 8 db"
    for row, found in (
        (("failed", "ShapeError: not JSON"), ["lost"]),
        (("failed", "db was resized (action 2), and power_on failed"), []),
        (("unknown", "no answer came"), []),
        (("in-progress", ""), []),
    ):
        rows = {"7": ("completed", ""), "8": row}
        assert kinds(claim, raised(error="BulkFailed", text=text, rows=rows), *log) == found, row


def test_each_of_several_new_things_is_named() -> None:
    claim = Claim("droplets.create", "POST", "/v2/droplets", {"names": ["a", "b"]}, ("a", "b"), makes=True)
    made = entry(body={"names": ["a", "b"]}, answer={"droplets": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]})
    assert kinds(claim, raised(error="ServerError", text="a is there"), made) == ["lost"]
    assert kinds(claim, raised(error="ServerError", text="a (1) and 2 are there"), made) == []


def test_what_a_chain_sends_later_belongs_to_its_call() -> None:
    later = Case(0, 2, Claim("keys.list"), got(), began=5.0)
    log = [action("shutdown", 1), action("power_on", 3, operation=2, at=6.0)]
    text = "web (7) is being resized"
    assert kinds(RESTART, raised(error="ActionTimedOut", text=text), *log, more=(later,)) == []


# The proxy.
class OneFault(FaultPlan):
    """Spoils the second request of client 0 in one way."""

    def __init__(self, kind: str) -> None:
        super().__init__(1)
        self.kind = kind

    def fault(self, client: int, operation: int, method: str, nth: int, path: str) -> str:
        return self.kind if (client, nth) == (0, 2) else ""


def exchange(proxy: Proxy, *bodies: bytes) -> Iterator[bytes]:
    """Send POSTs over one connection, and give what comes after each."""
    port = int(proxy.urls[0].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for body in bodies:
            head = f"POST /v2/keys HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            try:
                connection.sendall(head + body)
                came = b""
                while part := connection.recv(65_536):
                    came += part
                    top, blank, rest = came.partition(b"\r\n\r\n")
                    length = [line for line in top.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                    if blank and length and len(rest) >= int(length[0].split(b":")[1]):
                        break
                yield came
            except ConnectionResetError:
                yield b"RESET"


def _looks_like(kind: str, sent: bytes) -> bool:
    """Return whether the bytes are what a fault is called."""
    if kind.startswith("429"):
        return b" 429 " in sent and (b"retry-after" in sent) == (kind in {"429", "429 for long"})
    if kind.startswith("5xx"):
        return sent.startswith(b"HTTP/1.1 50")
    whole = b'{"key": {"id": 2}}'
    date = b"date: Mon, 23 Nov 2026 12:00:00 GMT"
    return {
        "stale": sent == b"RESET",
        "reset before": sent == b"RESET",
        "reset after": sent == b"RESET",
        "hang before": sent == b"",
        "hang after": sent == b"",
        # Less than its length says; as long as its length says, and no JSON.
        "truncated": b'{"key"' in sent,
        "cut": sent.endswith(b'{"key": {'),
        "other 2xx": sent.startswith(b"HTTP/1.1 200 "),
        "date": sent.endswith(whole) and date not in sent and b":00:00 GMT" in sent,
    }.get(kind, sent.startswith(b"HTTP/1.1 201 " if sent.endswith(whole) else b"HTTP/1.1 200 "))


def test_each_fault_is_what_it_is_called_and_the_log_knows_what_the_service_saw() -> None:
    def service(method: str, path: str, query: str, headers: object, body: bytes) -> Answer:
        seen.append(body)
        date = ("date", "Mon, 23 Nov 2026 12:00:00 GMT")
        return Answer(201, [date], json.dumps({"key": {"id": len(seen)}}).encode())

    jumps: list[tuple[int, float]] = []
    for kind in {**BEFORE, **AFTER}:
        seen: list[bytes] = []
        with Proxy(service, OneFault(kind), on_jump=lambda client, by: jumps.append((client, by)), limit_s=20) as proxy:
            first, second = exchange(proxy, b"{}", b'{"name": "a"}')
        assert first.endswith(b'{"key": {"id": 1}}'), kind
        assert len(seen) == (1 if kind in BEFORE else 2), kind
        log = proxy.log[1]
        assert (log.fault, log.forwarded, log.body) == (kind, kind not in BEFORE, {"name": "a"}), kind
        assert log.answer == (None if kind in BEFORE else {"key": {"id": 2}}), kind
        whole = second.endswith(b'{"key": {"id": 2}}')
        assert whole == (kind in HARMLESS), (kind, second)
        assert _looks_like(kind, second), (kind, second)
    assert jumps
    assert {abs(by) for _, by in jumps} == {3600}


def test_faults_follow_from_seed_client_and_place_alone() -> None:
    def faults(seed: int, client: int) -> list[str]:
        plan = FaultPlan(seed)
        return [plan.fault(client, number, "POST", 1, "/v2/droplets") for number in range(600)]

    assert faults(3, 0) == faults(3, 0)
    assert faults(3, 0) != faults(3, 1)
    assert faults(3, 0) != faults(4, 0)
    assert {*faults(3, 0), *faults(4, 0), *faults(5, 0), *faults(6, 0)} >= {*AFTER} - {"slow drip", "hang after"}
    assert FaultPlan(3, rate=0.0, bursts=0.0).fault(0, 1, "GET", 1, "/v2/droplets") == ""


def test_without_faults_every_operation_does_what_it_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a claim says of an operation is right, or the judge would find something where nothing is wrong."""
    monkeypatch.setenv("POSEIDON_STATE_DIR", str(tmp_path))
    account = Account(5)
    with Proxy(sandbox_forward(account.sandbox), FaultPlan(5, rate=0.0, bursts=0.0), limit_s=100) as proxy:
        client = po.connect(base_url=proxy.urls[0], token=account.token, clock=account.clock)
        player = Player(0, client, account, Shared(), 5)
        from tests.faults.run import _furnish, _Side

        _furnish([player])
        side = _Side(player, proxy, 0)
        verbs = set()
        for number in range(70):
            task, _ = player.next(number)
            side._one(number, task)
            verbs.add(task.claim.verb)
        client.close()
        findings, half_named = judge(side.cases, proxy.log, scale=25.0)
    failed = [(case.claim.verb, case.outcome.told) for case in side.cases if not case.outcome.returned]
    assert not findings, "\n".join(map(str, findings))
    assert not half_named
    assert len(failed) < 5, failed
    assert len(verbs) > 20
