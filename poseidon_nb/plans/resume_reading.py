"""Reads from the account how far an interrupted plan got."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.catalogue import match, operation
from poseidon_nb.client.engine.recovery import LOOKS_AFTER_S, ROUNDING, SentWindow
from poseidon_nb.errors import Forbidden, NotFound, PoseidonError
from poseidon_nb.plans.resume_facts import AccountFacts
from poseidon_nb.plans.resume_verdicts import in_flight, judge, may_lag
from poseidon_nb.transport.pagination import PER_PAGE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Step
    from poseidon_nb.plans.journal_entry import Entry
    from poseidon_nb.plans.resume_facts import StepState

    Row = Mapping[str, Any]

#: As many actions as this or more are read by pages.
BY_PAGES = 6
#: What is surely not done where it does not show: the service has each key, domain and tag once, and a change of a record
#: may be repeated.
_SHOWN_IF_DONE = frozenset({"sshKeys_create", "domains_create", "tags_create", "domains_patch_record"})


def read_and_judge(client: Client, reading: Reading, entry: Entry) -> tuple[tuple[StepState, ...], ...]:
    """Return how the steps of a plan stand; what may only lag behind is looked at several times."""
    for pause_s in LOOKS_AFTER_S:
        if pause_s:
            client.on_wait(pause_s, f"looking how far plan {entry.id} got")
            client.clock.sleep(pause_s)
            reading = Reading(client)
        facts = reading.facts(entry)
        judged = judge(entry, facts)
        if not may_lag(entry, judged, facts):
            break
    return judged


def _is_looked_for(step: Step) -> bool:
    """Check whether only a look at the account shows what became of a step whose answer never came."""
    droplets = step.request.operation_id == "dropletActions_post" or step.awaits == "droplets"
    return not droplets and step.request.method != "DELETE"


class Reading:
    """What was read of an account, each thing once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._droplets: dict[int, Row | None] = {}
        self._actions: dict[int, Row] = {}

    def facts(self, entry: Entry) -> AccountFacts:
        """Return what the account shows of a plan."""
        flying = in_flight(entry)
        open_actions = {
            id_ for place, accepted in entry.accepted.items() if place not in entry.ended for id_ in accepted.actions
        }
        self._read_droplets(_droplets_of(entry))
        self._read_actions(open_actions, entry)
        lost = [(place, entry.chains[place[0]][place[1]]) for place in flying]
        of_droplets = [step for _, step in lost if step.request.operation_id == "dropletActions_post"]
        ids = {int(step.targets[0].id or 0) for step in of_droplets if self._droplets.get(int(step.targets[0].id or 0))}
        snapped = {int(step.targets[0].id or 0) for step in of_droplets if step.request.body.get("type") == "snapshot"}
        deleted = {
            step.request.path
            for number, chain in enumerate(entry.chains)
            for at, step in enumerate(chain)
            if step.request.method == "DELETE" and ((number, at) in flying or (number, at) in entry.accepted)
        }
        return AccountFacts(
            droplets=self._droplets,
            actions=self._actions,
            newest={id_: self._page(f"/v2/droplets/{id_}/actions", "actions") for id_ in ids},
            snapshots={id_: self._page(f"/v2/droplets/{id_}/snapshots", "snapshots") for id_ in ids & snapped},
            created={place: self._named(step) for place, step in lost if step.awaits == "droplets"},
            gone={path: self._gone(path) for path in deleted if match("GET", path)},
            found={place: self._found(step, entry.sending[place]) for place, step in lost if _is_looked_for(step)},
        )

    def _read_droplets(self, ids: set[int]) -> None:
        missing = ids - self._droplets.keys()
        self._droplets |= dict.fromkeys(missing) | self._client.droplets.read_each(missing)

    def _read_actions(self, ids: set[int], entry: Entry) -> None:
        missing = ids - self._actions.keys()
        try:
            if len(missing) >= BY_PAGES:
                rows = [action.to_dict() for action in self._client.actions.list(since=entry.begun)]
                self._actions.update({row["id"]: row for row in rows if row["id"] in missing})
            for id_ in sorted(missing - self._actions.keys()):
                try:
                    self._actions[id_] = self._client.api("GET", f"/v2/actions/{id_}")["action"]
                except NotFound:
                    continue
        except Forbidden:
            # The token may not read actions: droplets tell what they can.
            return

    def _page(self, path: str, key: str) -> list[Row]:
        try:
            rows: list[Row] = self._client.api("GET", f"{path}?per_page={PER_PAGE}")[key]
        except (Forbidden, NotFound):
            return []
        return rows

    def _named(self, step: Step) -> list[Row]:
        names = {target.name for target in step.targets}
        rows = [droplet.to_dict() for name in names for droplet in self._client.droplets.list(name=name)]
        return [*{row["id"]: row for row in rows}.values()]

    def _gone(self, path: str) -> bool:
        try:
            self._client.api("GET", path)
        except NotFound:
            return True
        return False

    def _found(self, step: Step, since: datetime) -> bool | None:
        """Return whether a change was carried out, as far as the account shows it; None where it does not."""
        look = self._client.engine.sender.looks.look_for(step)
        try:
            if look is not None:
                return True if look(_Since(since)) else False if step.request.operation_id in _SHOWN_IF_DONE else None
            return self._reads_as_changed(step)
        except PoseidonError:
            return None

    def _reads_as_changed(self, step: Step) -> bool | None:
        change, read = step.change, match("GET", step.request.path)
        if not change.field or change.before == change.after or read is None:
            return None
        answer = self._client.api("GET", step.request.path)
        row = answer.get(operation(read[0].id).response_key, answer) if isinstance(answer, dict) else {}
        value = row.get(change.field) if isinstance(row, dict) else None
        return True if value == change.after else False if value == change.before else None


class _Since(SentWindow):
    """When a request went out, as the journal tells."""

    def __init__(self, time: datetime) -> None:
        self._time = time

    def since(self) -> datetime:
        """Return the earliest time that the server can have written on what the request made; UTC."""
        return self._time - ROUNDING


def _droplets_of(entry: Entry) -> set[int]:
    named = {
        target.id
        for chain in entry.chains
        for step in chain
        for target in step.targets
        if target.kind == "droplet" and isinstance(target.id, int)
    }
    made = {
        id_
        for (number, at), accepted in entry.accepted.items()
        if entry.chains[number][at].awaits == "droplets"
        for id_ in accepted.things
        if isinstance(id_, int)
    }
    return named | made
