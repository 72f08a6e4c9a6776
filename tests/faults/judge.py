"""The judge of a fault run: pure. What each call was for and what came of it, held against what the proxy saw.

Six things are findings, and nothing else is:

- ``duplicates``: the service carried the same intent out more than once. PUTs that only overwrite may be repeated and do not count.
- ``lost``: the service accepted a change, and the call raised an error that names neither the thing (its name or id) nor the
  action, and is not `OutcomeUnknown` either.
- ``mistaken``: a call returned a thing or an action that another request has made, or changed what nobody asked it to.
- ``phantom``: a call returned, though the service never did what was asked, and it was not so before.
- ``hung``: a call took longer than its limit allows.
- ``raw``: an exception that is no `PoseidonError`.

One more number is told and is no finding: ``half-named``, an accepted change whose answer the client had whole, and whose error
nevertheless holds neither the new thing's id nor the action's.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.faults.proxy import Entry

KINDS = ("duplicates", "lost", "mistaken", "phantom", "hung", "raw")
#: Seconds of the client's clock that a call may take beyond its limit (issue: "to within 2 s").
BEYOND_S = 2.0
#: Real seconds on top, for a busy machine and for one answer that hangs on a socket, whose patience is in real seconds.
GRACE_S = 2.0
#: Real seconds after which a call without a limit counts as hung.
ENDLESS_S = 60.0
_OVERWRITES = "PUT"
#: What looks like the answer of an operation that documents an empty one.
_BELIEVABLE = frozenset({"empty before", "object before", "null before"})


@dataclass(frozen=True, slots=True)
class Claim:
    """What one call was for, in terms of requests.

    Parameters
    ----------
    verb : str
        For a person, such as ``"droplets.create"``.
    method, path, body : str, str, mapping
        The request that carries it out: the path as a regular expression, the body as what it holds at least.
    names : tuple of str
        What the thing is called, and its id where it has one already.
    makes : bool
        Whether it makes a thing, so that what it returns must be what its own request made.
    acts : bool
        Whether it starts an action, so that the action it returns must be its own.
    steps : tuple of str
        Types of further actions on the same droplet that belong to it, each at most once.
    targets : tuple of str
        The paths of things that no other call acts upon: also what is sent later belongs to this call.
    each : mapping
        Where it acts upon several things: what each is called, by its path.
    blind : bool
        Whether the operation documents an empty answer, so that any 2xx with JSON or nothing in it has to be believed.
    limit_s : float, optional
        Seconds of the client's clock.
    """

    verb: str
    method: str = ""
    path: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    makes: bool = False
    acts: bool = False
    steps: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    each: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    blind: bool = False
    limit_s: float | None = None

    @property
    def asked(self) -> str:
        """Return the request in one line."""
        return f"{self.verb}: {self.method} {self.path} {dict(self.body)}" if self.method else self.verb


@dataclass(slots=True)
class Outcome:
    """What came of a call.

    Parameters
    ----------
    returned : bool
    ids : tuple of str
        Of the returned things, or of the returned action.
    so, so_before : bool, optional
        Whether the account was as asked, right after and right before the call; None where that cannot be told.
    error, text : str
        The exception's type, and all that it says.
    error_ids : tuple of str
        Ids of what the error carries: its action, its droplet.
    rows : mapping
        Of a table that was returned, or that the error carries: by id the status of a thing, and the rest of its row.
    seen : str
        How the account was, where it was not as asked.
    unknown, raw : bool
        Whether it is an `OutcomeUnknown`; whether it is no `PoseidonError`.
    elapsed_s : float
        Real seconds.
    """

    returned: bool
    ids: tuple[str, ...] = ()
    so: bool | None = None
    so_before: bool | None = None
    error: str = ""
    text: str = ""
    error_ids: tuple[str, ...] = ()
    rows: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    seen: str = ""
    unknown: bool = False
    raw: bool = False
    elapsed_s: float = 0.0

    @property
    def told(self) -> str:
        """Return what the caller was told, in one line."""
        if self.returned:
            return f"returned {', '.join(self.ids) or 'nothing'}"
        return f"{self.error}: {' '.join(self.text.split())}"


@dataclass(slots=True)
class Case:
    """A call with what came of it; ``began`` on `time.monotonic`."""

    client: int
    number: int
    claim: Claim
    outcome: Outcome
    began: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must not be."""

    kind: str
    client: int
    number: int
    verb: str
    asked: str
    came: str
    truth: str

    def __str__(self) -> str:
        return (
            f"{self.kind}: client {self.client}, operation {self.number}\n"
            f"    asked  {self.asked}\n    came   {self.came}\n    truth  {self.truth}"
        )


def judge(cases: Sequence[Case], log: Sequence[Entry], *, scale: float = 1.0) -> tuple[list[Finding], int]:
    """Return what must not be, and how many errors were half-named.

    Parameters
    ----------
    cases : sequence of Case
    log : sequence of Entry
        All that the proxy saw.
    scale : float
        Seconds of the client's clock in a real second.
    """
    changes = [entry for entry in log if entry.method not in {"GET", "HEAD"}]
    owners = _owners(changes)
    own = _attributed(cases, changes)
    findings: list[Finding] = []
    half_named = 0
    for case in cases:
        mine = own.get((case.client, case.number), [])
        accepted = [entry for entry in mine if entry.accepted and _carries_out(case.claim, entry)]
        found = [
            *_duplicates(case, mine, changes),
            *_lost(case, mine, accepted),
            *_wrong_result(case, mine, accepted, owners),
            *_unasked(case, mine),
            *_hung(case, scale),
        ]
        if case.outcome.raw:
            found.append(("raw", _told_of(mine)))
        half_named += not found and _half_named(case, accepted)
        findings += [
            Finding(kind, case.client, case.number, case.claim.verb, case.claim.asked, case.outcome.told, truth)
            for kind, truth in found
        ]
    return findings, half_named


def made_ids(entry: Entry) -> set[str]:
    """Return the ids of what an accepted request has made or started: things without an id go by their name."""
    if not isinstance(entry.answer, dict):
        return set()
    ids: set[str] = set()
    for key, value in entry.answer.items():
        if key in {"links", "meta"}:
            continue
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict) and ("id" in row or "name" in row):
                ids.add(str(row["id"] if "id" in row else row["name"]))
    return ids


def _collection(path: str) -> str:
    return "actions" if path.endswith("/actions") else path


def _owners(changes: Iterable[Entry]) -> dict[tuple[str, str], Entry]:
    return {
        (_collection(entry.path), id_): entry
        for entry in changes
        if entry.accepted and entry.method == "POST"
        for id_ in made_ids(entry)
    }


def _attributed(cases: Sequence[Case], changes: Iterable[Entry]) -> dict[tuple[int, int], list[Entry]]:
    """Return the changes that each call has sent: by the thing that only it acts upon, else by when they were sent."""
    by_target: dict[tuple[int, str], list[Case]] = {}
    for case in cases:
        for target in case.claim.targets:
            by_target.setdefault((case.client, target), []).append(case)
    own: dict[tuple[int, int], list[Entry]] = {}
    for entry in changes:
        number = entry.operation
        found = re.match(r"/v2/[a-z]+/[0-9a-f-]+", entry.path)
        # What a chain goes on to send after its call has ended belongs to that call all the same.
        earlier = (
            [case for case in by_target.get((entry.client, found[0]), []) if case.began <= entry.at] if found else []
        )
        if earlier:
            number = earlier[-1].number
        own.setdefault((entry.client, number), []).append(entry)
    return own


def _carries_out(claim: Claim, entry: Entry) -> bool:
    if not claim.method or entry.method != claim.method or not re.fullmatch(claim.path, entry.path):
        return False
    body = entry.body if isinstance(entry.body, dict) else {}
    return all(body.get(name) == value for name, value in claim.body.items())


def _is_step(claim: Claim, entry: Entry) -> bool:
    body = entry.body if isinstance(entry.body, dict) else {}
    return bool(
        entry.method == "POST"
        and entry.path.removesuffix("/actions") in claim.targets
        and body.get("type") in claim.steps
    )


def _duplicates(case: Case, mine: Sequence[Entry], changes: Iterable[Entry]) -> Iterable[tuple[str, str]]:
    claim = case.claim
    # What makes a thing says its name, and no other call of this client uses that name.
    where = [entry for entry in changes if entry.client == case.client] if claim.makes else mine
    once = claim.method and claim.method != _OVERWRITES
    done = [entry for entry in where if once and entry.accepted and _carries_out(claim, entry)]
    done += [entry for entry in mine if entry.accepted and _is_step(claim, entry)]
    times = Counter((entry.path, str(entry.body)) for entry in done)
    again = [entry for entry in done if times[entry.path, str(entry.body)] > 1]
    if again:
        yield "duplicates", _told_of(again)


def _lost(case: Case, mine: Sequence[Entry], accepted: Sequence[Entry]) -> Iterable[tuple[str, str]]:
    claim, outcome = case.claim, case.outcome
    if outcome.returned or (outcome.unknown and not outcome.rows):
        return
    done = [*accepted, *(entry for entry in mine if entry.accepted and _is_step(claim, entry))]
    untold = [entry for entry in done if not _told(claim, outcome, entry)]
    if untold:
        yield "lost", _told_of(untold)


def _told(claim: Claim, outcome: Outcome, entry: Entry) -> bool:
    """Return whether an error tells of a change that was accepted."""
    target = entry.path.removesuffix("/actions")
    text = outcome.text
    row = outcome.rows.get(target.rpartition("/")[2])
    if row is not None:
        # The row of a thing that is called failed has to tell by itself that something was done to it.
        if row[0] not in {"failed", "skipped"}:
            return True
        text = row[1]
    if {*outcome.error_ids} & made_ids(entry):
        return True
    return all(any(_says(text, name) for name in names) for names in _names(claim, entry, target))


def _names(claim: Claim, entry: Entry, target: str) -> list[set[str]]:
    """Return by what each thing goes that a request was about, its action too."""
    if not claim.makes:
        return [{*claim.each.get(target, claim.names), *made_ids(entry)}]
    rows = [row for value in (entry.answer or {}).values() for row in (value if isinstance(value, list) else [value])]
    return [{str(row[key]) for key in ("id", "name") if key in row} for row in rows if {"id", "name"} & {*row}]


def _half_named(case: Case, accepted: Sequence[Entry]) -> bool:
    outcome = case.outcome
    if outcome.returned or outcome.unknown or not (case.claim.makes or case.claim.acts):
        return False
    ids = set().union(*(made_ids(entry) for entry in accepted if entry.intact))
    return bool(ids) and not ids & {*outcome.error_ids} and not any(_says(outcome.text, id_) for id_ in ids)


def _wrong_result(
    case: Case, mine: Sequence[Entry], accepted: Sequence[Entry], owners: Mapping[tuple[str, str], Entry]
) -> Iterable[tuple[str, str]]:
    claim, outcome = case.claim, case.outcome
    made_up = [id_ for id_, row in outcome.rows.items() if row[0] == "completed" and not _done_to(id_, accepted)]
    if claim.each and made_up:
        yield "phantom", f"{', '.join(made_up)} completed, says its row; of this call: {_told_of(mine)}"
        return
    believed = claim.blind and any(entry.fault in _BELIEVABLE and _carries_out(claim, entry) for entry in mine)
    # What was so already needs no request.
    if not outcome.returned or believed or (outcome.so_before and not mine):
        return
    ours = set().union(*(made_ids(entry) for entry in accepted))
    foreign = next((id_ for id_ in outcome.ids if id_ not in ours), None) if claim.makes or claim.acts else None
    owner = None if foreign is None else owners.get(("actions" if claim.acts else _plain(claim.path), foreign))
    if owner is not None:
        yield "mistaken", f"{foreign} was made by {_line(owner)}; of this call: {_told_of(mine)}"
    elif foreign is not None and not outcome.so_before:
        yield "phantom", f"nothing was asked of the service that made {foreign}; of this call: {_told_of(mine)}"
    elif not accepted and claim.method and not outcome.so_before and outcome.so is not True:
        yield "phantom", f"the service never carried it out, and it was not so before; of this call: {_told_of(mine)}"
    elif outcome.so is False:
        yield "phantom", f"the account is not as asked ({outcome.seen or 'see above'}); of this call: {_told_of(mine)}"
    elif claim.makes and not outcome.ids:
        yield "phantom", f"nothing was returned of what was to be made; of this call: {_told_of(mine)}"


def _done_to(id_: str, accepted: Iterable[Entry]) -> bool:
    return any(entry.path.removesuffix("/actions").endswith(f"/{id_}") for entry in accepted)


def _unasked(case: Case, mine: Sequence[Entry]) -> Iterable[tuple[str, str]]:
    others = [
        entry
        for entry in mine
        if entry.accepted and not _carries_out(case.claim, entry) and not _is_step(case.claim, entry)
    ]
    if others:
        yield "mistaken", f"nobody asked for {_told_of(others)}"


def _hung(case: Case, scale: float) -> Iterable[tuple[str, str]]:
    limit_s, took_s = case.claim.limit_s, case.outcome.elapsed_s
    most_s = ENDLESS_S if limit_s is None else (limit_s + BEYOND_S) / scale + GRACE_S
    if took_s > most_s:
        limit = "no limit" if limit_s is None else f"a limit of {limit_s:g} s"
        yield "hung", f"it took {took_s * scale:.0f} s of the client's clock ({took_s:.1f} real s), with {limit}"


def _plain(path: str) -> str:
    return path.replace("\\", "")


def _says(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _line(entry: Entry) -> str:
    made = f" -> {', '.join(sorted(made_ids(entry)))}" if entry.accepted and made_ids(entry) else ""
    came = f"{entry.status}{made}" if entry.forwarded else "not forwarded"
    spoiled = f", spoiled: {entry.fault}" if entry.fault else ""
    return f"[client {entry.client}, operation {entry.operation}, {entry.method} {entry.path} {entry.body}: {came}{spoiled}]"


def _told_of(entries: Iterable[Entry]) -> str:
    return " ".join(_line(entry) for entry in entries) or "no request that changes anything"
