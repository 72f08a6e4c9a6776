"""What the journal of plans knows of one plan: lines of JSON, and the `Entry` that they make. Pure.

The first line holds the whole intent; every later line is something that happened. No line holds a token, and a body that
holds a secret is left out: its step is marked, and can only be given again.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from poseidon_nb.catalogue import match, operation
from poseidon_nb.client.engine.steps import Change, Reference, Step, Target, When
from poseidon_nb.errors import NoSuchName
from poseidon_nb.text import escape_unprintable
from poseidon_nb.transport.request import Request, may_hold_secret, redact_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Chain

FORMAT: Final = "poseidon_nb plan 1"
#: What a step is by default: left out of a line.
_PLAIN = Step(verb="", targets=(), request=Request("", ""))
_FIELDS = ("awaits", "usd_month", "reversible", "interrupts", "status", "best_effort", "limit_s", "unchanged")
#: Statuses after which nothing more comes of a step.
SETTLED: Final = frozenset({"completed", "unchanged", "failed", "skipped"})
_MAX_ERROR = 500
#: Stands in a step for a body that was not kept.
NOT_KEPT: Final = b"(not kept)"


@dataclass(frozen=True, slots=True)
class AccountKey:
    """How a plan recognizes its account.

    Parameters
    ----------
    identity : str
        ``"team:UUID"``, ``"account:UUID"`` or ``"sandbox:ID"``; empty where the token may not read it.
    token : str
        A salted digest of the token and the address.
    """

    identity: str = ""
    token: str = ""

    def same(self, other: AccountKey) -> bool:
        """Check whether both are keys of one account."""
        if self.identity and other.identity:
            return self.identity == other.identity
        return bool(self.token) and self.token == other.token


@dataclass(frozen=True, slots=True)
class Accepted:
    """The acceptance of a step by the service: the ids of its targets and of the actions that carry it out."""

    time: datetime
    things: tuple[int | str | None, ...]
    actions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a step: the status for each target, and the first error."""

    time: datetime
    statuses: tuple[str, ...]
    error: str = ""


@dataclass(slots=True)
class Entry:
    """One plan of the journal, as far as it got. Steps are known by the numbers of their chain and in it, from 0."""

    id: str
    version: str
    begun: datetime
    title: str
    account: str
    key: AccountKey
    #: When the last thing was written.
    last: datetime
    chains: tuple[Chain, ...] = ()
    #: Steps whose body was not kept.
    secret: frozenset[tuple[int, int]] = frozenset()
    #: When a step's request was about to be sent.
    sending: dict[tuple[int, int], datetime] = field(default_factory=dict)
    accepted: dict[tuple[int, int], Accepted] = field(default_factory=dict)
    ended: dict[tuple[int, int], Ended] = field(default_factory=dict)
    closed: bool = False
    #: Why a resume left something: what the table says of it.
    note: str = ""
    #: Steps that were settled before a resume.
    done_before: int = 0

    @property
    def steps(self) -> int:
        """How many steps there are, those that were settled before a resume included."""
        return self.done_before + sum(map(len, self.chains))

    @property
    def done(self) -> int:
        """How many steps are known to have gone well."""
        well = sum(set(ended.statuses) <= {"completed", "unchanged"} for ended in self.ended.values())
        return self.done_before + well

    @property
    def left(self) -> int:
        """How many steps are not known to have ended."""
        return self.steps - self.done_before - sum(set(one.statuses) <= SETTLED for one in self.ended.values())

    def take(self, line: Mapping[str, Any]) -> None:
        """Apply a later line.

        Raises
        ------
        KeyError, TypeError, ValueError
            The line is not one of the journal's.
        """
        time = read_time(line["time"])
        match line["event"]:
            case "sending":
                self.sending[self._place(line)] = time
            case "accepted":
                self.accepted[self._place(line)] = Accepted(
                    time, tuple(line["things"]), tuple(map(int, line["actions"]))
                )
            case "ended":
                self.ended[self._place(line)] = Ended(
                    time, tuple(map(str, line["statuses"])), str(line.get("error", ""))
                )
            case "resumed":
                self.done_before = int(line["done"])
                self.note = str(line.get("note", ""))
                self._take_chains(line["chains"])
                self.sending, self.accepted, self.ended = {}, {}, {}
                for earlier in line["earlier"]:
                    self.take(earlier)
            case "closed":
                self.closed = True
            case other:
                raise ValueError(f"unknown event {other!r}")
        self.last = max(self.last, time)

    def _place(self, line: Mapping[str, Any]) -> tuple[int, int]:
        number, at = int(line["chain"]), int(line["step"])
        if not (0 <= number < len(self.chains) and 0 <= at < len(self.chains[number])):
            raise ValueError(f"it has no step {at} in a chain {number}")
        return number, at

    def _take_chains(self, chains: Sequence[Sequence[Mapping[str, Any]]]) -> None:
        self.chains = tuple(tuple(_step(one) for one in chain) for chain in chains)
        if not all(self.chains) or not all(step.targets for chain in self.chains for step in chain):
            raise ValueError("it has a chain without steps, or a step without a target")
        self.secret = frozenset(
            (number, at) for number, chain in enumerate(chains) for at, one in enumerate(chain) if one.get("secret")
        )


def read_entry(text: str) -> Entry:
    """Return the entry that a file's text makes. An unfinished last line is left out: its writer was killed.

    Raises
    ------
    ValueError
        This is not a plan of the journal, or is damaged.
    """
    lines = text.split("\n")
    try:
        first, *later = [json.loads(line) for line in lines[:-1] if line]
        if first["format"] != FORMAT:
            raise ValueError("another version of poseidon_nb wrote it, which can resume it")
        entry = Entry(
            id=str(first["id"]),
            version=str(first["version"]),
            begun=read_time(first["time"]),
            title=str(first["title"]),
            account=str(first["account"]),
            key=AccountKey(str(first["identity"]), str(first["token"])),
            last=read_time(first["time"]),
        )
        entry._take_chains(first["chains"])  # noqa: SLF001  # its own module
        for line in later:
            entry.take(line)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError, NoSuchName) as error:
        raise ValueError(f"{type(error).__name__} {error}") from None
    return entry


def begun_line(  # what an entry begins with, all by keyword but the first
    plan_id: str, *, time: datetime, version: str, title: str, account: str, key: AccountKey, chains: Iterable[Chain]
) -> dict[str, Any]:
    """Return the first line of a plan."""
    return {
        "format": FORMAT,
        "id": plan_id,
        "version": version,
        "time": time.isoformat(),
        "title": title,
        "account": account,
        "identity": key.identity,
        "token": key.token,
        "chains": chains_data(chains),
    }


def sending_line(time: datetime, chain: int, step: int) -> dict[str, Any]:
    """Return the line that says that a step's request is about to be sent."""
    return {"event": "sending", "time": time.isoformat(), "chain": chain, "step": step}


def accepted_line(
    time: datetime, chain: int, step: int, things: Sequence[int | str | None], actions: Sequence[int]
) -> dict[str, Any]:
    """Return the line that says that a step was accepted."""
    place = {"chain": chain, "step": step}
    return {"event": "accepted", "time": time.isoformat(), **place, "things": [*things], "actions": [*actions]}


def ended_line(
    time: datetime, chain: int, step: int, outcomes: Sequence[Outcome], *, secret: bool = False
) -> dict[str, Any]:
    """Return the line that says what became of a step; of one with secrets the error is left out, which may quote them."""
    line: dict[str, Any] = {"event": "ended", "time": time.isoformat(), "chain": chain, "step": step}
    line["statuses"] = [outcome.status for outcome in outcomes]
    error = next((outcome.error for outcome in outcomes if outcome.error is not None), None)
    if error is not None:
        line["error"] = type(error).__name__ if secret else f"{type(error).__name__}: {error}"[:_MAX_ERROR]
    return line


def resumed_line(
    time: datetime, chains: Iterable[Chain], *, done: int, note: str, earlier: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return the line that says that a plan was taken up again, with what is left of it.

    Parameters
    ----------
    time : datetime
    chains : iterable of Chain
        What is still open: to be run, or to stay.
    done : int
        How many steps are not among them any more.
    note : str
    earlier : iterable of mapping
        What happened to those that stay: lines with their new numbers.
    """
    line = {"event": "resumed", "time": time.isoformat(), "done": done, "note": note, "chains": chains_data(chains)}
    return {**line, "earlier": [*earlier]}


def lines_of_chain(entry: Entry, number: int, new_number: int) -> Iterator[dict[str, Any]]:
    """Yield what happened to a chain, under another number."""
    for at in range(len(entry.chains[number])):
        place = (number, at)
        if place in entry.sending:
            yield sending_line(entry.sending[place], new_number, at)
        if place in entry.accepted:
            accepted = entry.accepted[place]
            yield accepted_line(accepted.time, new_number, at, accepted.things, accepted.actions)
        if place in entry.ended:
            ended = entry.ended[place]
            line = {"event": "ended", "time": ended.time.isoformat(), "chain": new_number, "step": at}
            yield {**line, "statuses": [*ended.statuses], **({"error": ended.error} if ended.error else {})}


def closed_line(time: datetime) -> dict[str, Any]:
    """Return the line that says that nothing more will come."""
    return {"event": "closed", "time": time.isoformat()}


def chains_data(chains: Iterable[Chain]) -> list[list[dict[str, Any]]]:
    """Return chains as plain data without secrets."""
    return [[_step_data(step) for step in chain] for chain in chains]


def json_line(line: Mapping[str, Any]) -> bytes:
    """Return a line as it is written."""
    # What is no JSON is for people only: a time that a change is from or to.
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "replace") + b"\n"


def read_time(text: str) -> datetime:
    """Return a written time; UTC.

    Raises
    ------
    ValueError
        It is none, or has no time zone.
    """
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return time.astimezone(UTC)


def safe_title(title: str, chains: Sequence[Chain]) -> str:
    """Return a plan's title; where its steps hold secrets, the command may, too, and what is done stands in its place."""
    secret = may_hold_secret(title) or any(not _may_be_kept(step.request) for chain in chains for step in chain)
    return redact_url(_what_is_done(chains)) if secret or not title else title


def _what_is_done(chains: Iterable[Chain]) -> str:
    """Return what chains do, in short: ``"resize web-1"``, ``"create 12 droplets"``."""
    targets = [(step.verb, target) for chain in chains for step in chain for target in step.targets]
    names = list(dict.fromkeys(target.name for _, target in targets))
    verbs = Counter(verb for verb, _ in targets)
    word = next((verb for verb in verbs if verb not in {"shutdown", "power_off", "power_on"}), next(iter(verbs), ""))
    return f"{word} {names[0]}" if len(names) == 1 else f"{word} {len(names)} {targets[0][1].kind}s" if names else word


def _step_data(step: Step) -> dict[str, Any]:
    request = step.request
    data: dict[str, Any] = {
        "verb": step.verb,
        "targets": [[target.kind, target.id, redact_url(target.name)] for target in step.targets],
        "method": request.method,
        "path": redact_url(request.path),
    }
    if request.query and not may_hold_secret(request.target):
        data["query"] = dict(request.query)
    if request.operation_id:
        data["operation"] = request.operation_id
    # Headers are the operation's own few; what may be in others is not known.
    if not _may_be_kept(request):
        data["secret"] = True
    elif request.body is not None:
        data["body"] = request.body
    if step.change != _PLAIN.change:
        values = [None, None] if "secret" in data else [step.change.before, step.change.after]
        data["change"] = [step.change.field, *values]
    if step.when is not When.NEXT:
        data["when"] = step.when.value
    if step.references:
        data["references"] = [[one.shows, one.chain, one.field] for one in step.references]
    data |= {name: getattr(step, name) for name in _FIELDS if getattr(step, name) != getattr(_PLAIN, name)}
    return data


def _may_be_kept(request: Request) -> bool:
    if (
        request.headers
        or isinstance(request.body, bytes)
        or may_hold_secret(request.body)
        or may_hold_secret(request.target)
    ):
        return False
    try:
        json.dumps(request.body, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _step(data: Mapping[str, Any]) -> Step:
    operation_id = str(data.get("operation", ""))
    _check_request(data, operation_id)
    return Step(
        verb=str(data["verb"]),
        targets=tuple(Target(str(kind), id_, str(name)) for kind, id_, name in data["targets"]),
        request=Request(
            method=str(data["method"]),
            path=str(data["path"]),
            query=dict(data.get("query", {})),
            body=NOT_KEPT if data.get("secret") else data.get("body"),
            operation_id=operation_id,
            scopes=operation(operation_id).scopes if operation_id else (),
        ),
        change=Change(*data["change"]) if "change" in data else _PLAIN.change,
        when=When(data.get("when", When.NEXT)),
        references=tuple(Reference(*one) for one in data.get("references", ())),
        **{name: data[name] for name in _FIELDS if name in data},
    )


def _check_request(data: Mapping[str, Any], operation_id: str) -> None:
    """Refuse a request that is another one than its step says: what is asked about and shown must be what is sent.

    Raises
    ------
    ValueError
        The operation is not that of the path, or the droplet is not the target.
    """
    method, path = str(data["method"]), str(data["path"])
    line = escape_unprintable(f"{method} {path}")
    found = match(method, path)
    ours = operation_id == "" or operation(operation_id).path.startswith("/v2/")
    if not path.isprintable() or not method.isalpha() or (ours and not path.startswith("/v2/")):
        raise ValueError(f"{line} is no request of ours")
    if ours and operation_id and (found is None or found[0].id != operation_id):
        raise ValueError(f"{line} is not {operation_id}")
    kind, thing, _ = data["targets"][0] if data["targets"] else ("", None, "")
    of_droplet = found[1].get("droplet_id") if found is not None else None
    if of_droplet is not None and kind == "droplet" and thing is not None and str(thing) != of_droplet:
        raise ValueError(f"{line} is not about droplet {escape_unprintable(str(thing))}")
