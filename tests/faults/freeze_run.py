"""Freeze and thaw droplets under faults and kills, kill kernels that use leases, and tell whether anything was lost.

::

    python tests/faults/freeze_run.py --cycles 500 --leases 300    # the long run, by hand
    python tests/faults/freeze_run.py --cycle 17                   # one cycle again, as a failing one tells
    python tests/faults/freeze_run.py --lease 5                    # one kernel again

Each cycle has an account of its own, with a droplet that has a random part of what a droplet can have. It is frozen and thawed
by ``%do``. In every second cycle about one request in five is spoiled (`proxy.py`), until the fifth attempt. In the others a
process does it that is killed (SIGKILL) around one of its requests; new processes run ``plans resume``, and then the command
again. At the end of each half, what is left of interrupted plans is resumed, and must change nothing. Each kernel creates
droplets with a lease, leases some, reaps, or uses ``po.temporary``, and is killed at a random moment. Then another client
looks at the account, two hours later, and reaps. What must not be:

- ``unverified``: a droplet was destroyed while it was on, or without a complete snapshot with its tags.
- ``lost``: what came back differs in more than id, addresses, dates, image, backups and snapshots.
- ``twice``: the droplet is there twice.
- ``touched``: something else changed.
- ``untagged``: a droplet that was created with a lease has none that can be read.
- ``left``: a droplet whose lease was over, or a tag of ours, is still there at the end.
- ``unfinished``: the droplet could not be frozen or thawed by as many attempts without faults.
- ``raw``: an exception that is no `PoseidonError`, or a process that did not end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
if __name__ in {"__main__", "__mp_main__"}:
    sys.path.insert(0, str(ROOT))

import poseidon_nb as po
from tests.faults.account import Account, ScaledClock
from tests.faults.commands import command_line_at
from tests.faults.kill_child import FIRST_SIZE, IMAGE, REGION
from tests.faults.kill_run import MOMENTS, Killer, KillResult, kill_at, start_child
from tests.faults.proxy import FaultPlan, Proxy, sandbox_forward

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.faults.proxy import Answer

KINDS = ("unverified", "lost", "twice", "touched", "untagged", "left", "unfinished", "raw")
NAME = "rich.example.com"
#: Attempts at each half of a cycle, and how many of them meet faults.
_ATTEMPTS, _SPOILED = 9, 4
_PATIENCE_S = 60.0
_DIFFERS = {"id", "created_at", "networks", "image", "backup_ids", "snapshot_ids", "next_backup_window"}
_LEASE_JOBS = ("temporary", "create", "lease", "reap")
_HOUR_S = 3_600
_DELETE = re.compile(r"/v2/droplets/(\d+)/?")


@dataclass(slots=True)
class Result:
    """What came of one cycle, or of one kernel."""

    number: int
    what: str
    attempts: int = 0
    killed: int = 0
    faults: int = 0
    findings: list[tuple[str, str]] = field(default_factory=list)


class CalmingPlan(FaultPlan):
    """Faults that end when told."""

    calm = False

    def fault(self, client: int, operation: int, method: str, nth: int, path: str) -> str:
        """Return what happens to a request; empty for nothing."""
        return "" if self.calm else super().fault(client, operation, method, nth, path)


class Witness:
    """Has the service answer, and looks at every droplet right before it is destroyed."""

    def __init__(self, account: Account, forward: Callable[..., Answer], result: Result) -> None:
        self._account = account
        self._forward = forward
        self._result = result

    def __call__(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        destroys = _DELETE.fullmatch(path) if method == "DELETE" else None
        wrong = _why_unverified(self._account, int(destroys[1])) if destroys else ""
        answer = self._forward(method, path, query, headers, body)
        if wrong and answer.status < 300:
            self._result.findings.append(("unverified", wrong))
        return answer


def _why_unverified(account: Account, droplet_id: int) -> str:
    droplet = account.read(f"/v2/droplets/{droplet_id}")
    if droplet is None:
        return ""
    if droplet["status"] != "off":
        return f"{droplet_id} was {droplet['status']}"
    snapshots = account.read(f"/v2/droplets/{droplet_id}/snapshots?per_page=200")
    images = [account.read(f"/v2/images/{one['id']}") for one in snapshots if "-frozen-" in one["name"]]
    # Tags of leases are not kept.
    wanted = {f"frozen:{droplet_id}:tag:{tag}" for tag in droplet["tags"] if not _is_lease(tag)} | {"frozen"}
    for image in images:
        settings = any(tag.startswith(f"frozen:{droplet_id}:name:") for tag in image["tags"])
        if image["status"] == "available" and image["min_disk_size"] and settings and wanted <= {*image["tags"]}:
            return ""
    return f"{droplet_id} had the snapshots {[(one['name'], one['tags'], one['status']) for one in images]}"


# What is frozen, and how it looks.
def furnish(account: Account, chance: random.Random) -> int:
    """Return the id of a new droplet that has a random part of what a droplet can have."""

    def maybe(share: float = 0.6) -> bool:
        return chance.random() < share

    fields: dict[str, Any] = {"tags": [tag for tag in ("a-tag", "env:test", "Mixed_Case-1", "lease") if maybe()]}
    fields |= {name: True for name in ("ipv6", "monitoring") if maybe()}
    if maybe():
        fields |= {"backups": True, "backup_policy": {"plan": "weekly", "weekday": "TUE", "hour": 8}}
    if maybe():
        volume = account.make("/v2/volumes", name="data", region=REGION, size_gigabytes=10)
        fields["volumes"] = [volume["id"]]
    id_ = account.droplet(NAME, size=FIRST_SIZE, region=REGION, image=IMAGE, **fields)
    row = account.read(f"/v2/droplets/{id_}")
    address = next(one["ip_address"] for one in row["networks"]["v4"] if one["type"] == "public")
    if maybe():
        rule = {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["0.0.0.0/0"]}}
        account.make("/v2/firewalls", name="by-id", droplet_ids=[id_], inbound_rules=[rule])
    if maybe():
        rule = {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80}
        account.make("/v2/load_balancers", name="lb", region=REGION, droplet_ids=[id_], forwarding_rules=[rule])
    if maybe():
        project = account.make("/v2/projects", name="elsewhere", purpose="Other")
        account.make(f"/v2/projects/{project['id']}/resources", resources=[f"do:droplet:{id_}"])
    if maybe():
        account.make("/v2/reserved_ips", droplet_id=id_)
    if maybe():
        account.make("/v2/domains", name="rich.example")
        account.make("/v2/domains/rich.example/records", type="A", name="www", data=address)
        account.make("/v2/domains/rich.example/records", type="A", name="other", data="203.0.113.9")
    _settle(account)
    if maybe(0.3):
        account.act(id_, type="power_off")
    _settle(account)
    return id_


def picture(account: Account, droplet_id: int) -> dict[str, Any]:
    """Return a droplet and all that refers to it, without what differs after a thaw."""
    row = account.read(f"/v2/droplets/{droplet_id}")
    addresses = [one["ip_address"] for side in row["networks"].values() for one in side]
    found = {
        "droplet": {
            name: sorted(value) if name in {"features", "tags"} else value
            for name, value in row.items()
            if name not in _DIFFERS
        },
        "policy": _policy(account, droplet_id) if "backups" in row["features"] else None,
        "firewalls": [one["name"] for one in _all(account, "firewalls") if droplet_id in one["droplet_ids"]],
        "balancers": [one["name"] for one in _all(account, "load_balancers") if droplet_id in one["droplet_ids"]],
        "reserved": [
            one["ip"] for one in _all(account, "reserved_ips") if (one["droplet"] or {}).get("id") == droplet_id
        ],
        "volumes": [one["name"] for one in _all(account, "volumes") if droplet_id in one["droplet_ids"]],
        "projects": [
            one["name"]
            for one in _all(account, "projects")
            for resource in _all(account, f"projects/{one['id']}/resources")
            if resource["urn"] == f"do:droplet:{droplet_id}"
        ],
        "records": sorted(
            (domain["name"], record["type"], record["name"])
            for domain in _all(account, "domains")
            for record in _all(account, f"domains/{domain['name']}/records")
            if record["data"] in addresses
        ),
    }
    return dict(json.loads(json.dumps(found)))


def _policy(account: Account, droplet_id: int) -> Any:
    return account.ask("GET", f"/v2/droplets/{droplet_id}/backups/policy")[1]["policy"]["backup_policy"]


def _all(account: Account, what: str) -> list[Any]:
    return account.read(f"/v2/{what}?per_page=200") or []


def _others(account: Account, *names: str) -> list[Any]:
    """Return the droplets but some, without what the sandbox changes by itself."""
    rows = [row for row in _all(account, "droplets") if row["name"] not in names]
    changing = {"next_backup_window", "backup_ids"}
    return [{name: value for name, value in row.items() if name not in changing} for row in rows]


def _settle(account: Account) -> None:
    """Wait until nothing is in progress, and its result shows."""
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        if not any(one["status"] == "in-progress" for one in account.read("/v2/actions?per_page=200")):
            break
        time.sleep(0.02)
    time.sleep(0.2)


def _named(account: Account) -> list[Any]:
    return [row for row in _all(account, "droplets") if row["name"] == NAME]


def _is_frozen(account: Account, droplet_id: int) -> bool:
    return account.read(f"/v2/droplets/{droplet_id}") is None and not _named(account) and bool(_frozen_images(account))


def _is_thawed(account: Account, _droplet_id: int) -> bool:
    rows = _named(account)
    return len(rows) > 0 and not any(account.busy(row["id"]) for row in rows) and not _frozen_images(account)


def _frozen_images(account: Account) -> list[Any]:
    return [one for one in _all(account, "images") if "frozen" in one["tags"]]


def run_cycle(number: int) -> Result:
    """Freeze and thaw a droplet, and return what came of it."""
    chance = random.Random(f"freeze {number}")
    kills = number % 2 == 0
    result = Result(number, "killed" if kills else "spoiled")
    account = Account(number)
    droplet_id = furnish(account, chance)
    before, others = picture(account, droplet_id), _others(account, NAME)
    snapshots = {one["id"] for one in _all(account, "snapshots")}
    halves = (("freeze", _is_frozen), ("thaw", _is_thawed))
    with tempfile.TemporaryDirectory() as state:
        os.environ["POSEIDON_STATE_DIR"] = state
        for half, (verb, reached) in enumerate(halves):
            attempt = _attempt_killed if kills else _attempt_spoiled
            line = f"droplets {verb} {NAME} --yes"
            attempt(account, result, chance, state, half, line, partial(reached, account, droplet_id))
            _settle(account)
            _resume_rest(account, result)
            if not reached(account, droplet_id):
                result.findings.append(
                    ("unfinished", f"{verb}: {_named(account)}, {len(_frozen_images(account))} frozen")
                )
                return result
    rows = _named(account)
    if len(rows) != 1:
        result.findings.append(("twice", f"{[row['id'] for row in rows]}"))
        return result
    after = picture(account, rows[0]["id"])
    result.findings += [
        ("lost", f"{name}: {before[name]} is {after[name]}") for name in before if before[name] != after[name]
    ]
    if _others(account, NAME) != others or not snapshots <= {one["id"] for one in _all(account, "snapshots")}:
        result.findings.append(("touched", "another droplet or snapshot differs"))
    ours = [one["name"] for one in _all(account, "tags") if one["name"].startswith(("frozen:", "thawing:"))]
    if ours:
        result.findings.append(("left", f"{ours}"))
    return result


def _resume_rest(account: Account, result: Result) -> None:
    """Resume what attempts have left open, although another one has done their work: what is right must stay so."""
    witness = Witness(account, sandbox_forward(account.sandbox), result)
    with Proxy(witness, FaultPlan(1, rate=0.0, bursts=0.0), clients=1, limit_s=60) as proxy:
        _tell(result, command_line_at(proxy.urls[0], account.token, ScaledClock(account.began)), "plans resume --yes")
    _settle(account)


def _attempt_spoiled(
    account: Account,
    result: Result,
    chance: random.Random,
    _state: str,
    half: int,
    line: str,
    reached: Callable[[], bool],
) -> None:
    """Repeat a line through faults until it has done its work; what was interrupted is resumed first."""
    plan = CalmingPlan(result.number * 2 + half, rate=0.2, bursts=0.02)
    clock = ScaledClock(account.began)
    witness = Witness(account, sandbox_forward(account.sandbox), result)
    with Proxy(witness, plan, clients=1, on_jump=lambda _client, seconds: clock.jump(seconds), limit_s=300) as proxy:
        do = command_line_at(proxy.urls[0], account.token, clock)
        for attempt in range(_ATTEMPTS):
            plan.calm = attempt >= _SPOILED
            proxy.operation[0] = attempt
            result.attempts += 1
            lines = ["plans resume --yes", line] if attempt else [line]
            for one in lines:
                _tell(result, do, one)
                _settle(account)
                if reached():
                    return
        result.faults += proxy.faults


def _tell(result: Result, do: Callable[[str], Any], line: str) -> None:
    try:
        do(line)
    except po.PoseidonError:
        return
    except Exception as error:  # noqa: BLE001  # whatever else comes is a finding
        result.findings.append(("raw", f"{line}: {type(error).__name__}: {error}"))


def _attempt_killed(
    account: Account,
    result: Result,
    chance: random.Random,
    state: str,
    _half: int,
    line: str,
    reached: Callable[[], bool],
) -> None:
    """Kill a process that runs a line, resume in another, and run the line again in a third if that is needed."""
    witness = Witness(account, sandbox_forward(account.sandbox), result)
    moment = chance.choice(MOMENTS)
    killer = Killer(witness, chance.randint(1, 14), moment)
    with Proxy(killer, FaultPlan(1, rate=0.0, bursts=0.0), clients=1, limit_s=300) as proxy:
        process = start_child("line", proxy, account, {"line": line}, state)
        killer.process = process
        killed = KillResult(result.number, line, moment)
        kill_at(process, killer, moment, chance, killed)
        killer.process = None
        result.killed += killed.killed
        for attempt in range(_ATTEMPTS):
            _settle(account)
            if reached():
                return
            result.attempts += 1
            job = "line" if attempt % 2 else "resume"
            process = start_child(job, proxy, account, {"line": line}, state)
            _end(process, result)


def _end(process: Any, result: Result) -> None:
    try:
        out, _ = process.communicate("go\n", timeout=_PATIENCE_S)
        answer = json.loads(out.splitlines()[-1])
    except (ValueError, IndexError, OSError):
        result.findings.append(("raw", "a process ended without an answer"))
        return
    except Exception as error:  # noqa: BLE001  # it did not end
        process.kill()
        process.communicate()
        result.findings.append(("raw", f"{type(error).__name__}: {error}"))
        return
    if answer["raw"]:
        result.findings.append(("raw", answer["error"]))


def run_lease(number: int) -> Result:
    """Kill a kernel that uses leases, reap from another, and return what came of it."""
    chance = random.Random(f"lease {number}")
    job = _LEASE_JOBS[number % len(_LEASE_JOBS)]
    result = Result(number, f"kernel with {job}")
    account = Account(number)
    own = [f"job-{one}" for one in range(chance.randint(1, 3))]
    fleet = [f"fleet-{one}" for one in range(2)]
    for name in fleet:
        account.droplet(name, size=FIRST_SIZE, region=REGION, image=IMAGE, tags=["fleet"])
    time.sleep(0.2)
    if job == "reap":
        clock = ScaledClock(account.began)
        with Proxy(
            sandbox_forward(account.sandbox), FaultPlan(1, rate=0.0, bursts=0.0), clients=1, limit_s=60
        ) as proxy:
            command_line_at(proxy.urls[0], account.token, clock)(f"droplets lease {fleet[0]} --ttl 1h")
        account.sandbox.advance(2 * _HOUR_S)
    others = _others(account, *own, *fleet)
    lines = {
        "create": f"droplets create {' '.join(own)} --ttl 1h --size {FIRST_SIZE} --image {IMAGE} --region {REGION} --yes",
        "lease": f"droplets lease {fleet[0]} --ttl 1h",
        "reap": "reap --yes",
    }
    moment = chance.choice(MOMENTS)
    killer = Killer(sandbox_forward(account.sandbox), chance.randint(1, 3), moment)
    with (
        tempfile.TemporaryDirectory() as state,
        Proxy(killer, FaultPlan(number, rate=0.0, bursts=0.0), clients=1, limit_s=120) as proxy,
    ):
        name = "temporary" if job == "temporary" else "line"
        process = start_child(name, proxy, account, {"line": lines.get(job, ""), "names": own}, state)
        killer.process = process
        killed = KillResult(number, job, moment)
        kill_at(process, killer, moment, chance, killed)
        killer.process = None
        result.killed += killed.killed
        _settle(account)
        _look_and_reap(account, proxy, own, result)
    judge_leases(account, own, fleet, others, result)
    return result


def _look_and_reap(account: Account, proxy: Proxy, own: Sequence[str], result: Result) -> None:
    """Look at the account as another machine does, and reap what is over two hours later."""
    with tempfile.TemporaryDirectory() as state:
        os.environ["POSEIDON_STATE_DIR"] = state
        do = command_line_at(proxy.urls[0], account.token, ScaledClock(account.began))
        leases = do("leases")
        found = {
            (name, id_)
            for name, id_, end in zip(leases["name"], leases["id"], leases["ends_at"], strict=True)
            if str(end) != "NaT"
        }
        for row in _all(account, "droplets"):
            if row["name"] in own and (row["name"], row["id"]) not in found:
                result.findings.append(("untagged", f"{row['name']} ({row['id']}) has {row['tags']}"))
        account.sandbox.advance(2 * _HOUR_S)
        for _ in range(2):
            _tell(result, do, "reap --yes")
        _settle(account)


def judge_leases(account: Account, own: Sequence[str], fleet: Sequence[str], others: list[Any], result: Result) -> None:
    rows = _all(account, "droplets")
    over = [f"{row['name']} ({row['id']})" for row in rows if row["name"] in own or any(map(_is_lease, row["tags"]))]
    tags = [one["name"] for one in _all(account, "tags") if _is_lease(one["name"])]
    if over or tags:
        result.findings.append(("left", f"{over} {tags}"))
    if fleet[1] not in [row["name"] for row in rows] or _others(account, *own, *fleet) != others:
        result.findings.append(("touched", f"{[row['name'] for row in rows]}"))


def _is_lease(tag: str) -> bool:
    return tag.startswith("lease:")


def _run_one(task: tuple[str, int]) -> Result:
    kind, number = task
    return run_cycle(number) if kind == "cycle" else run_lease(number)


def run(cycles: Sequence[int], leases: Sequence[int], jobs: int) -> int:
    """Run cycles and kernels, and print what came of them; returns the exit status."""
    tasks = [("cycle", number) for number in cycles] + [("lease", number) for number in leases]
    totals: Counter[str] = Counter()
    killed = attempts = 0
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for (kind, number), result in zip(tasks, pool.map(_run_one, tasks), strict=True):
            killed, attempts = killed + result.killed, attempts + result.attempts
            for finding, truth in result.findings:
                print(f"{finding}: {kind} {number}, {result.what}: {truth}", flush=True)
            if result.findings:
                print(f"  again: python tests/faults/freeze_run.py --{kind} {number}", flush=True)
            totals.update(finding for finding, _ in result.findings)
    print(
        f"{' '.join(f'{kind} {totals[kind]}' for kind in KINDS)} "
        f"({len(cycles)} cycles with {attempts} attempts, {len(leases)} kernels, {killed} killed in the middle)"
    )
    return 1 if any(totals.values()) else 0


def main() -> int:
    """Run what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description="Freeze, thaw and lease droplets under faults and kills.")
    parser.add_argument("--cycles", type=int, default=0)
    parser.add_argument("--leases", type=int, default=0)
    parser.add_argument("--cycle", type=int, action="append", default=[], help="this one; may be repeated")
    parser.add_argument("--lease", type=int, action="append", default=[], help="this one; may be repeated")
    parser.add_argument("--jobs", type=int, default=2, help="at once")
    given = parser.parse_args()
    cycles = [*given.cycle, *range(1, given.cycles + 1)]
    return run(cycles, [*given.lease, *range(1, given.leases + 1)], given.jobs)


if __name__ == "__main__":
    sys.exit(main())
