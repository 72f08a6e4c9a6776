"""The format of the journal of plans: lines of JSON, and the `JournalEntry` that they make up. Pure.

The first line holds all steps of a plan; each later line is an event. No line holds a token. A body that holds a secret is
left out and its step is marked, so that the step has to be run again by hand.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from poseidon_nb.catalogue import match, operation
from poseidon_nb.client.engine.steps import FieldChange, Reference, Step, Target, When
from poseidon_nb.errors import NoSuchName
from poseidon_nb.masking import mask_query
from poseidon_nb.text import escape_unprintable
from poseidon_nb.transport.request import Request
from poseidon_nb.unstored import may_hold_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from poseidon_nb.client.engine.steps import Chain, Outcome

    #: The numbers of a chain and of a step in it, from 0.
    Place = tuple[int, int]

FORMAT: Final = "poseidon_nb plan 1"
#: A step with the default values, which lines leave out.
_DEFAULT = Step(verb="", targets=(), request=Request("", ""))
_OPTIONAL_FIELDS = (
    *("awaits", "usd_month", "reversible", "interrupts", "status", "best_effort", "limit_s", "unchanged"),
    *("snapshot", "snapshot_tags", "lease", "claim", "unused", "owner"),
)
#: Statuses after which nothing more happens to a step.
FINAL_STATUSES: Final = frozenset({"completed", "unchanged", "failed", "skipped"})
_MAX_ERROR_CHARS = 500
#: Stands in for the body of a step that was not stored.
OMITTED_BODY: Final = b"(not kept)"


@dataclass(frozen=True, slots=True)
class AccountKey:
    """Key by which a plan recognizes its account.

    Parameters
    ----------
    identity : str
        ``"team:UUID"``, ``"account:UUID"`` or ``"sandbox:ID"``; empty if the token may not read it.
    token : str
        A salted digest of the token and the address.
    """

    identity: str = ""
    token: str = ""

    def same(self, other: AccountKey) -> bool:
        """Check whether both keys are for the same account."""
        if self.identity and other.identity:
            return self.identity == other.identity
        return bool(self.token) and self.token == other.token


@dataclass(frozen=True, slots=True)
class AcceptedEvent:
    """The acceptance of a step by the API, with the ids of its targets and of the actions that carry it out."""

    time: datetime
    target_ids: tuple[int | str | None, ...]
    actions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EndedEvent:
    """The end of a step, with the status of each target and the first error."""

    time: datetime
    statuses: tuple[str, ...]
    error: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the step succeeded for all targets, or did not have to be sent."""
        return set(self.statuses) <= {"completed", "unchanged"}

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the step."""
        return set(self.statuses) <= FINAL_STATUSES


@dataclass(slots=True)
class JournalEntry:
    """A plan in the journal and its progress."""

    id: str
    version: str
    started_at: datetime
    title: str
    account: str
    key: AccountKey
    #: When the last line was written.
    updated_at: datetime
    chains: tuple[Chain, ...] = ()
    #: Remarks of the plan.
    notes: tuple[str, ...] = ()
    #: Steps whose body was not stored.
    secret: frozenset[Place] = frozenset()
    #: When a step's request was about to be sent.
    sending: dict[Place, datetime] = field(default_factory=dict)
    accepted: dict[Place, AcceptedEvent] = field(default_factory=dict)
    ended: dict[Place, EndedEvent] = field(default_factory=dict)
    closed: bool = False
    #: Why a resume left something undone.
    note: str = ""
    #: Number of steps that were settled before a resume.
    done_before: int = 0

    @property
    def steps(self) -> int:
        """The number of steps, including those settled before a resume."""
        return self.done_before + sum(map(len, self.chains))

    @property
    def done(self) -> int:
        """The number of steps known to have succeeded."""
        return self.done_before + sum(event.succeeded for event in self.ended.values())

    @property
    def left(self) -> int:
        """The number of steps not known to have ended."""
        return self.steps - self.done_before - sum(event.is_final for event in self.ended.values())

    def step_at(self, place: Place) -> Step:
        """Return the step at a place."""
        number, at = place
        return self.chains[number][at]

    def places(self) -> Iterator[Place]:
        """Iterate over the places of all steps."""
        return ((number, at) for number, chain in enumerate(self.chains) for at in range(len(chain)))

    def apply(self, line: Mapping[str, Any]) -> None:
        """Apply an event.

        Raises
        ------
        KeyError, TypeError, ValueError
            The line is not a valid event.
        """
        time = parse_time(line["time"])
        match line["event"]:
            case "sending":
                self.sending[self._place_of(line)] = time
            case "accepted":
                ids, actions = tuple(line["things"]), tuple(map(int, line["actions"]))
                self.accepted[self._place_of(line)] = AcceptedEvent(time, ids, actions)
            case "ended":
                statuses = tuple(map(str, line["statuses"]))
                self.ended[self._place_of(line)] = EndedEvent(time, statuses, str(line.get("error", "")))
            case "resumed":
                self.done_before = int(line["done"])
                self.note = str(line.get("note", ""))
                self._set_chains(line["chains"])
                self.sending, self.accepted, self.ended = {}, {}, {}
                for earlier in line["earlier"]:
                    self.apply(earlier)
            case "closed":
                self.closed = True
            case other:
                raise ValueError(f"Unknown event {other!r}.")
        self.updated_at = max(self.updated_at, time)

    def _place_of(self, line: Mapping[str, Any]) -> Place:
        number, at = int(line["chain"]), int(line["step"])
        if not (0 <= number < len(self.chains) and 0 <= at < len(self.chains[number])):
            raise ValueError(f"There is no step {at} in chain {number}.")
        return number, at

    def _set_chains(self, chains: Sequence[Sequence[Mapping[str, Any]]]) -> None:
        self.chains = tuple(tuple(_parse_step(data) for data in chain) for chain in chains)
        if not all(self.chains) or not all(step.targets for chain in self.chains for step in chain):
            raise ValueError("A chain is without steps, or a step is without targets.")
        self.secret = frozenset(
            (number, at) for number, chain in enumerate(chains) for at, data in enumerate(chain) if data.get("secret")
        )


def parse_entry(text: str) -> JournalEntry:
    """Parse the text of a plan's file. An unfinished last line is ignored: its writer was killed.

    Raises
    ------
    ValueError
        The text is not a plan of the journal, or it is damaged.
    """
    lines = text.split("\n")
    try:
        first, *later = [json.loads(line) for line in lines[:-1] if line]
        if first["format"] != FORMAT:
            raise ValueError("It was written by another version of poseidon_nb. Use that version to resume it.")
        entry = JournalEntry(
            id=str(first["id"]),
            version=str(first["version"]),
            started_at=parse_time(first["time"]),
            title=str(first["title"]),
            account=str(first["account"]),
            key=AccountKey(str(first["identity"]), str(first["token"])),
            updated_at=parse_time(first["time"]),
            notes=tuple(str(note) for note in first.get("notes", ())),
        )
        entry._set_chains(first["chains"])  # noqa: SLF001  # its own module
        for line in later:
            entry.apply(line)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError, NoSuchName) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None
    return entry


def first_line(  # noqa: PLR0913  # the fields of the line, all by keyword
    plan_id: str,
    *,
    time: datetime,
    version: str,
    title: str,
    account: str,
    key: AccountKey,
    chains: Iterable[Chain],
    notes: Sequence[str] = (),
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
        **({"notes": [*notes]} if notes else {}),
    }


def sending_line(time: datetime, place: Place) -> dict[str, Any]:
    """Return the event that a step's request is about to be sent."""
    return _event("sending", time, place)


def accepted_line(
    time: datetime, place: Place, target_ids: Sequence[int | str | None], actions: Sequence[int]
) -> dict[str, Any]:
    """Return the event that a step was accepted."""
    return {**_event("accepted", time, place), "things": [*target_ids], "actions": [*actions]}


def ended_line(time: datetime, place: Place, outcomes: Sequence[Outcome], *, secret: bool = False) -> dict[str, Any]:
    """Return the event that a step ended. The message of an error may quote secrets, so a step with secrets omits it."""
    error = next((outcome.error for outcome in outcomes if outcome.error is not None), None)
    text = ""
    if error is not None:
        text = type(error).__name__ if secret else f"{type(error).__name__}: {error}"[:_MAX_ERROR_CHARS]
    return _ended_line(time, place, [outcome.status for outcome in outcomes], text)


def _ended_line(time: datetime, place: Place, statuses: Sequence[str], error: str) -> dict[str, Any]:
    return {**_event("ended", time, place), "statuses": [*statuses], **({"error": error} if error else {})}


def _event(name: str, time: datetime, place: Place) -> dict[str, Any]:
    number, at = place
    return {"event": name, "time": time.isoformat(), "chain": number, "step": at}


def resumed_line(
    time: datetime, chains: Iterable[Chain], *, done: int, note: str, earlier: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return the event that a plan was resumed.

    Parameters
    ----------
    time : datetime
    chains : iterable of Chain
        The chains that are still open, whether they are run or not.
    done : int
        The number of steps that are no longer among them.
    note : str
    earlier : iterable of mapping
        Earlier events of chains that are not run, with the chains' new numbers.
    """
    line = {"event": "resumed", "time": time.isoformat(), "done": done, "note": note, "chains": chains_data(chains)}
    return {**line, "earlier": [*earlier]}


def chain_lines(entry: JournalEntry, number: int, new_number: int) -> Iterator[dict[str, Any]]:
    """Yield the events of a chain under a new number."""
    for at in range(len(entry.chains[number])):
        place, new_place = (number, at), (new_number, at)
        if place in entry.sending:
            yield sending_line(entry.sending[place], new_place)
        if place in entry.accepted:
            accepted = entry.accepted[place]
            yield accepted_line(accepted.time, new_place, accepted.target_ids, accepted.actions)
        if place in entry.ended:
            ended = entry.ended[place]
            yield _ended_line(ended.time, new_place, ended.statuses, ended.error)


def closed_line(time: datetime) -> dict[str, Any]:
    """Return the event that all steps of a plan have ended."""
    return {"event": "closed", "time": time.isoformat()}


def chains_data(chains: Iterable[Chain]) -> list[list[dict[str, Any]]]:
    """Convert chains to JSON data without secrets."""
    return [[_step_data(step) for step in chain] for chain in chains]


def encode_line(line: Mapping[str, Any]) -> bytes:
    """Return a line as it is written to a file."""
    # Values that are not JSON are only shown to people, such as a time in a step's change.
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "replace") + b"\n"


def parse_time(text: str) -> datetime:
    """Parse a stored time; UTC.

    Raises
    ------
    ValueError
        The text is not a time, or has no time zone.
    """
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} has no time zone.")
    return time.astimezone(UTC)


def safe_title(title: str, chains: Sequence[Chain]) -> str:
    """Return a plan's title, or a description of its steps if the command may contain secrets."""
    secret = may_hold_secret(title) or any(not _may_be_stored(step.request) for chain in chains for step in chain)
    return mask_query(_describe(chains)) if secret or not title else title


def _describe(chains: Iterable[Chain]) -> str:
    """Return a short description of chains: ``"resize web-1"``, ``"create 12 droplets"``."""
    targets = [(step.verb, target) for chain in chains for step in chain for target in step.targets]
    names = list(dict.fromkeys(target.name for _, target in targets))
    verbs = Counter(verb for verb, _ in targets)
    main = next((verb for verb in verbs if verb not in {"shutdown", "power_off", "power_on"}), next(iter(verbs), ""))
    return f"{main} {names[0]}" if len(names) == 1 else f"{main} {len(names)} {targets[0][1].kind}s" if names else main


def _step_data(step: Step) -> dict[str, Any]:
    request = step.request
    data: dict[str, Any] = {
        "verb": step.verb,
        "targets": [[target.kind, target.id, mask_query(target.name)] for target in step.targets],
        "method": request.method,
        "path": mask_query(request.path),
    }
    if request.query and not may_hold_secret(request.target):
        data["query"] = dict(request.query)
    if request.operation_id:
        data["operation"] = request.operation_id
    if not _may_be_stored(request):
        data["secret"] = True
    elif request.body is not None:
        data["body"] = request.body
    if step.change != _DEFAULT.change:
        values = [None, None] if "secret" in data else [step.change.before, step.change.after]
        data["change"] = [step.change.field, *values]
    if step.when is not When.NEXT:
        data["when"] = step.when.value
    if step.references:
        data["references"] = [_reference_data(one) for one in step.references]
    data |= {name: getattr(step, name) for name in _OPTIONAL_FIELDS if getattr(step, name) != getattr(_DEFAULT, name)}
    return data


def _reference_data(reference: Reference) -> list[Any]:
    which = [reference.step, reference.target]
    return [reference.placeholder, reference.chain, reference.field, *(which if any(which) else ())]


def _may_be_stored(request: Request) -> bool:
    # The content of headers is unknown, so it counts as secret.
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


def _parse_step(data: Mapping[str, Any]) -> Step:
    operation_id = str(data.get("operation", ""))
    _check_request(data, operation_id)
    return Step(
        verb=str(data["verb"]),
        targets=tuple(Target(str(kind), id_, str(name)) for kind, id_, name in data["targets"]),
        request=Request(
            method=str(data["method"]),
            path=str(data["path"]),
            query=dict(data.get("query", {})),
            body=OMITTED_BODY if data.get("secret") else data.get("body"),
            operation_id=operation_id,
            scopes=operation(operation_id).scopes if operation_id else (),
        ),
        change=FieldChange(*data["change"]) if "change" in data else _DEFAULT.change,
        when=When(data.get("when", When.NEXT)),
        references=tuple(Reference(*one) for one in data.get("references", ())),
        **{name: data[name] for name in _OPTIONAL_FIELDS if name in data},
    )


def _check_request(data: Mapping[str, Any], operation_id: str) -> None:
    """Check that a stored request matches its step, so that what the user confirms is what is sent.

    Raises
    ------
    ValueError
        The path is not that of the operation, or the droplet is not the target.
    """
    method, path = str(data["method"]), str(data["path"])
    line = escape_unprintable(f"{method} {path}")
    matched = match(method, path)
    ours = operation_id == "" or operation(operation_id).path.startswith("/v2/")
    if not path.isprintable() or not method.isalpha() or (ours and not path.startswith("/v2/")):
        raise ValueError(f"{line} is not a valid request.")
    if ours and operation_id and (matched is None or matched[0].id != operation_id):
        raise ValueError(f"{line} is not {operation_id}.")
    kind, target_id, _ = data["targets"][0] if data["targets"] else ("", None, "")
    droplet_id = matched[1].get("droplet_id") if matched is not None else None
    if droplet_id is not None and kind == "droplet" and target_id is not None and str(target_id) != droplet_id:
        raise ValueError(f"{line} is not a request for droplet {escape_unprintable(str(target_id))}.")
