"""What the account shows of an interrupted plan: the facts as plain data, and their reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import match, operation
from poseidon_nb.client.engine.consistency import is_consistent
from poseidon_nb.client.engine.recovery import TIME_RESOLUTION, SentWindow
from poseidon_nb.client.engine.references import field_value, id_value
from poseidon_nb.client.engine.steps import Target
from poseidon_nb.errors import Forbidden, NotFound, PoseidonError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Reference, Step
    from poseidon_nb.plans.journal_entry import JournalEntry, Place

    Row = Mapping[str, Any]

#: From this number of actions on, they are read by pages.
MIN_ACTIONS_FOR_PAGES = 6
_DROPLET_ACTION = "dropletActions_post"
#: Operations that were surely not carried out if the account does not show it: keys, domains and tags are unique, and an
#: update of a record may be repeated.
_VISIBLE_OPERATIONS = frozenset({"sshKeys_create", "domains_create", "tags_create", "domains_patch_record"})


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the account shows of a plan.

    Parameters
    ----------
    droplets : mapping
        By id; None for a droplet that was deleted.
    actions : mapping
        By id: the accepted actions, as far as they can be read.
    newest : mapping
        By droplet: its actions, newest first.
    snapshots : mapping
        By droplet: its snapshots, where one may have been taken.
    created : mapping
        By place of a create without a response: the droplets with one of its names.
    deleted : mapping
        By path: whether the resource there was deleted.
    done : mapping
        By place of another request without a response: whether it was carried out; None if unknown.
    """

    droplets: Mapping[int, Row | None] = field(default_factory=dict)
    actions: Mapping[int, Row] = field(default_factory=dict)
    newest: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    snapshots: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    created: Mapping[Place, Sequence[Row]] = field(default_factory=dict)
    deleted: Mapping[str, bool] = field(default_factory=dict)
    done: Mapping[Place, bool | None] = field(default_factory=dict)

    def matches(self, step: Step) -> bool:
        """Return whether a droplet is in the state in which a step's action leaves it."""
        row = self.droplets.get(droplet_id_of(step) or 0)
        body = step.request.body
        return row is not None and isinstance(body, dict) and is_consistent(str(body.get("type")), row, body)

    def is_deleted(self, step: Step) -> bool:
        """Return whether the resource that a step deletes can no longer be read."""
        droplet_id = droplet_id_of(step)
        if droplet_id is not None and droplet_id in self.droplets:
            return self.droplets[droplet_id] is None
        return self.deleted.get(step.request.path, False)


def has_ended(entry: JournalEntry, place: Place) -> bool:
    """Return whether the journal knows how a step ended."""
    ended = entry.ended.get(place)
    return ended is not None and not {*ended.statuses} & {"unknown", "in-progress"}


def in_flight(entry: JournalEntry) -> list[Place]:
    """Return the steps whose request was sent and whose response the journal does not have."""
    return [
        place
        for place in entry.sending
        if place not in entry.accepted and not has_ended(entry, place) and not entry.step_at(place).unchanged
    ]


def droplet_id_of(step: Step) -> int | None:
    """Return the id of the droplet that a step acts on, or None if it acts on something else."""
    target = step.targets[0] if step.targets else Target("", None, "")
    return target.id if target.kind == "droplet" and isinstance(target.id, int) else None


def action_type_of(step: Step) -> str:
    """Return the type of the action that a step starts on a droplet; empty if it starts none."""
    is_action = step.request.operation_id == _DROPLET_ACTION
    return str(step.request.body["type"]) if is_action and isinstance(step.request.body, dict) else ""


def created_value(client: Client, step: Step, ids: Sequence[int | str | None], reference: Reference) -> Any:
    """Return the value that a reference wants of what a step created, or None if it is not known.

    Parameters
    ----------
    client : Client
    step : Step
        The step that created it.
    ids : sequence
        The ids of what it created, one for each target.
    reference : Reference
    """
    id_ = ids[reference.target] if reference.target < len(ids) else None
    if id_ is None or reference.field in {"id", "id_text"}:
        return id_value(id_, reference.field)
    found = match("GET", f"{step.request.path}/{id_}")
    try:
        answer = client.api("GET", f"{step.request.path}/{id_}")
    except NotFound:
        return None
    row = answer.get(found[0].response_key) if found is not None and isinstance(answer, dict) else None
    return field_value(row, reference.field) if isinstance(row, dict) else None


class FactsReader:
    """Reader of an account's facts, which reads each droplet and action once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._droplets: dict[int, Row | None] = {}
        self._actions: dict[int, Row] = {}

    def read(self, entry: JournalEntry) -> AccountFacts:
        """Read what the account shows of a plan."""
        sent = in_flight(entry)
        self._resolve(entry, sent)
        open_actions = {
            id_ for place, accepted in entry.accepted.items() if place not in entry.ended for id_ in accepted.actions
        }
        self._read_droplets(_droplet_ids(entry))
        self._read_actions(open_actions, entry)
        steps = [(place, entry.step_at(place)) for place in sent]
        actions = [step for _, step in steps if step.request.operation_id == _DROPLET_ACTION]
        # A droplet whose creation has no outcome yet has a placeholder instead of an id.
        known = [(step, int(id_)) for step in actions if (id_ := str(step.targets[0].id)).isdecimal()]
        ids = {id_ for _, id_ in known if self._droplets.get(id_)}
        snapshot_ids = {id_ for step, id_ in known if step.request.body.get("type") == "snapshot"}
        deletes = {
            entry.step_at(place).request.path
            for place in entry.places()
            if entry.step_at(place).request.method == "DELETE" and (place in sent or place in entry.accepted)
        }
        newest = self._client.engine.sender.searches.newest_actions
        return AccountFacts(
            droplets=self._droplets,
            actions=self._actions,
            newest={id_: _rows(newest, "dropletActions_list", {"droplet_id": id_}) for id_ in ids},
            snapshots={
                id_: _rows(self._client.call, "droplets_list_snapshots", droplet_id=id_) for id_ in ids & snapshot_ids
            },
            created={place: self._with_names_of(step) for place, step in steps if step.awaits == "droplets"},
            deleted={path: self._is_deleted(path) for path in deletes if match("GET", path)},
            done={place: self._is_done(step, entry.sending[place]) for place, step in steps if _needs_lookup(step)},
        )

    def _resolve(self, entry: JournalEntry, sent: Sequence[Place]) -> None:
        """Put the values of references into steps that were sent: their effect is searched by what was sent."""
        chains = [[*chain] for chain in entry.chains]
        for number, at in sent:
            step, values = chains[number][at], {}
            for reference in (one for one in step.references if one.placeholder and one.chain >= 0):
                place = (reference.chain, reference.step)
                accepted = entry.accepted.get(place)
                ids = accepted.target_ids if accepted is not None else ()
                values[reference.placeholder] = created_value(self._client, entry.step_at(place), ids, reference)
            if None not in values.values():
                chains[number][at] = step.resolved(values)
        entry.chains = tuple(map(tuple, chains))

    def _read_droplets(self, ids: set[int]) -> None:
        missing = ids - self._droplets.keys()
        self._droplets |= dict.fromkeys(missing) | self._client.droplets.read_each(missing)

    def _read_actions(self, ids: set[int], entry: JournalEntry) -> None:
        missing = ids - self._actions.keys()
        try:
            if len(missing) >= MIN_ACTIONS_FOR_PAGES:
                rows = [action.to_dict() for action in self._client.actions.list(since=entry.started_at)]
                self._actions.update({row["id"]: row for row in rows if row["id"] in missing})
            for id_ in sorted(missing - self._actions.keys()):
                try:
                    self._actions[id_] = self._client.actions.read(id_)
                except NotFound:
                    continue
        except Forbidden:
            # The token may not read actions. Their results may still show in the droplets.
            return

    def _with_names_of(self, step: Step) -> list[Row]:
        names = {target.name for target in step.targets}
        rows = [droplet.to_dict() for name in names for droplet in self._client.droplets.list(name=name)]
        return [*{row["id"]: row for row in rows}.values()]

    def _is_deleted(self, path: str) -> bool:
        try:
            self._client.api("GET", path)
        except NotFound:
            return True
        return False

    def _is_done(self, step: Step, sent_at: datetime) -> bool | None:
        """Return whether a change was carried out, or None if the account does not show it."""
        look = self._client.engine.sender.searches.for_step(step)
        try:
            if look is None:
                return self._shows_change(step)
            found = bool(look(_RecordedWindow(sent_at)))
        except PoseidonError:
            return None
        return True if found else False if step.request.operation_id in _VISIBLE_OPERATIONS else None

    def _shows_change(self, step: Step) -> bool | None:
        change, read = step.change, match("GET", step.request.path)
        if not change.field or change.before == change.after or read is None:
            return None
        answer = self._client.api("GET", step.request.path)
        row = answer.get(operation(read[0].id).response_key, answer) if isinstance(answer, dict) else {}
        if not isinstance(row, dict) or change.field not in row:
            return None
        value = row[change.field]
        return True if value == change.after else False if value == change.before else None


class _RecordedWindow(SentWindow):
    """The time at which a request was sent, as recorded in the journal."""

    def __init__(self, time: datetime) -> None:
        self._time = time

    def since(self) -> datetime:
        """Return the earliest time, by the server's clock, of anything that the request created; UTC."""
        return self._time - TIME_RESOLUTION


def _rows(read: Callable[..., Sequence[Row]], *args: Any, **parts: Any) -> Sequence[Row]:
    """Return the rows of a list; none if the token may not read it, or what it belongs to was deleted."""
    try:
        return read(*args, **parts)
    except (Forbidden, NotFound):
        return []


def _needs_lookup(step: Step) -> bool:
    """Return whether only a look at the account can tell if a request without a response was carried out."""
    droplets = step.request.operation_id == _DROPLET_ACTION or step.awaits == "droplets"
    return not droplets and step.request.method != "DELETE"


def _droplet_ids(entry: JournalEntry) -> set[int]:
    targets = {
        target.id
        for place in entry.places()
        for target in entry.step_at(place).targets
        if target.kind == "droplet" and isinstance(target.id, int)
    }
    created = {
        id_
        for place, accepted in entry.accepted.items()
        if entry.step_at(place).awaits == "droplets"
        for id_ in accepted.target_ids
        if isinstance(id_, int)
    }
    return targets | created
