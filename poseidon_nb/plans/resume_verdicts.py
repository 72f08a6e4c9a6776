"""What is done, in progress and left of a plan that was interrupted: pure, told the journal's entry and what the account shows.

The journal knows what was accepted; what became of it, and of a request whose answer never came, the account tells. A
request that may have been carried out is never repeated: what it left behind is looked for, by the rules of
`client.engine.recovery`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.effects import may_repeat
from poseidon_nb.client.engine.consistency import agrees
from poseidon_nb.client.engine.recovery import ROUNDING, created_as_asked, time_of
from poseidon_nb.client.engine.steps import Target, When

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from poseidon_nb.client.engine.steps import Chain, Step
    from poseidon_nb.plans.journal_entry import Entry

    Row = Mapping[str, Any]
    #: The numbers of a chain and of a step in it.
    Place = tuple[int, int]

#: POSTs of which a second does no more than the first.
REPEATABLE_POSTS = frozenset(
    {"tags_create", "tags_assign_resources", "projects_assign_resources", "projects_assign_resources_default"}
    | {f"firewalls_{verb}" for verb in ("assign_droplets", "add_tags", "add_rules")}
    | {"loadBalancers_add_droplets", "vpcs_patch"}
)
#: Actions that leave a droplet in a state that it shows, whoever started them.
STATE_ACTIONS = frozenset(
    {"power_on", "power_off", "shutdown", "resize", "rename", "enable_backups", "disable_backups", "enable_ipv6"}
)


class Verdict(StrEnum):
    """How a step stands."""

    DONE = "done"
    RUNNING = "in progress"
    LEFT = "left"
    FAILED = "failed"
    SKIPPED = "skipped"
    AGAIN = "to be given again"
    CHANGED = "changed by others"
    UNKNOWN = "unknown"


#: What is neither settled nor can be gone on with.
ASIDE = frozenset({Verdict.AGAIN, Verdict.CHANGED, Verdict.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Judged:
    """How one step stands.

    Parameters
    ----------
    verdict : Verdict
    note : str
        Why, where the verdict alone does not say it.
    actions : tuple of int
        What carries it out, where it is in progress.
    things : tuple
        The ids of what it made.
    undecided : bool
        Whether it is ours shows only when it has ended.
    """

    verdict: Verdict
    note: str = ""
    actions: tuple[int, ...] = ()
    things: tuple[int | str | None, ...] = ()
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the account shows of a plan.

    Parameters
    ----------
    droplets : mapping
        By id; None for one that is gone.
    actions : mapping
        By id: those that were accepted, as far as they can be read.
    newest : mapping
        By droplet: its actions, newest first.
    snapshots : mapping
        By droplet: its snapshots, where one may have been taken.
    created : mapping
        By place of a create whose answer never came: the droplets with one of its names.
    gone : mapping
        By path: whether what was there is gone.
    found : mapping
        By place of another request whose answer never came: whether it was carried out; None where nothing tells.
    """

    droplets: Mapping[int, Row | None] = field(default_factory=dict)
    actions: Mapping[int, Row] = field(default_factory=dict)
    newest: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    snapshots: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    created: Mapping[Place, Sequence[Row]] = field(default_factory=dict)
    gone: Mapping[str, bool] = field(default_factory=dict)
    found: Mapping[Place, bool | None] = field(default_factory=dict)


def in_flight(entry: Entry) -> list[Place]:
    """Return the steps whose request went out and whose answer the journal does not know."""
    return [
        place
        for place in entry.sending
        if place not in entry.accepted and not _is_over(entry, place) and not _step_at(entry, place).unchanged
    ]


def judge(entry: Entry, facts: Facts) -> tuple[tuple[Judged, ...], ...]:
    """Return how each step of each chain stands."""
    return tuple(_judge_chain(entry, number, facts) for number in range(len(entry.chains)))


def may_lag(entry: Entry, judged: Sequence[Sequence[Judged]], facts: Facts) -> bool:
    """Return whether a verdict may be another one in a moment: what the account shows lags behind what was done."""
    if any(judged[number][at].verdict in {Verdict.LEFT, Verdict.UNKNOWN} for number, at in in_flight(entry)):
        return True
    for number, chain in enumerate(entry.chains):
        verdicts = [one.verdict for one in judged[number]]
        if Verdict.CHANGED in verdicts:
            return True
        settled = [
            at for at, verdict in enumerate(verdicts) if verdict is Verdict.DONE and (number, at) in entry.accepted
        ]
        last = chain[settled[-1]] if settled else None
        if last is None or last.awaits != "action" or _droplet_of(last) not in facts.droplets:
            continue
        # A droplet may read for seconds as it was before its action completed.
        if Verdict.RUNNING not in verdicts and not _shows(last, facts):
            return True
    return False


def chain_left(chain: Chain, judged: Sequence[Judged], *, begun: bool) -> Chain:
    """Return the steps of a chain that are to be run.

    Parameters
    ----------
    chain : sequence of Step
    judged : sequence of Judged
    begun : bool
        Something of it was sent before, so that what has to happen then does, whatever becomes of the rest.
    """
    left = [step for step, one in zip(chain, judged, strict=True) if one.verdict is Verdict.LEFT]
    return tuple(
        replace(step, when=When.ANYWAY) if begun and step.when in {When.ALWAYS, When.ANYWAY} else step for step in left
    )


def was_begun(entry: Entry, number: int, judged: Sequence[Judged]) -> bool:
    """Return whether something of a chain was sent."""
    return any(
        step.when is When.ANYWAY
        or (number, at) in entry.accepted
        or ((number, at) in entry.sending and one.verdict not in {Verdict.LEFT, Verdict.AGAIN})
        for at, (step, one) in enumerate(zip(entry.chains[number], judged, strict=True))
    )


def created_each(rows: Iterable[Row], body: Row, since: datetime) -> dict[str, list[Row]]:
    """Return, by name, the droplets that a create may have made: all that match everything it asked for."""
    names = body.get("names") or [body["name"]]
    rest = {name: value for name, value in body.items() if name != "names"}
    made: dict[str, list[Row]] = {str(name): [] for name in names}
    for row in rows:
        if row["name"] in made and created_as_asked([row], {**rest, "name": row["name"]}, since):
            made[row["name"]].append(row)
    return made


# One step, by itself.


def _judge_step(entry: Entry, place: Place, facts: Facts) -> Judged:  # noqa: PLR0911  # a rule each
    step, ended = _step_at(entry, place), entry.ended.get(place)
    if step.unchanged:
        return Judged(Verdict.DONE, step.unchanged)
    if ended is not None and _is_over(entry, place):
        statuses = {*ended.statuses}
        things = entry.accepted[place].things if place in entry.accepted else ()
        if "failed" in statuses:
            return Judged(Verdict.FAILED, ended.error, things=things)
        return Judged(Verdict.SKIPPED if statuses == {"skipped"} else Verdict.DONE, things=things)
    if place in entry.accepted:
        return _accepted(entry, place, facts)
    if place not in entry.sending:
        return Judged(Verdict.AGAIN, "its body held secrets") if place in entry.secret else Judged(Verdict.LEFT)
    if place in entry.secret:
        return Judged(Verdict.AGAIN, "its body held secrets, and it may have been carried out: look first")
    if step.request.operation_id == "dropletActions_post":
        return _lost_action(entry, place, facts)
    if step.awaits == "droplets":
        return _lost_create(entry, place, facts)
    return _lost_other(place, step, facts)


def _accepted(entry: Entry, place: Place, facts: Facts) -> Judged:  # noqa: PLR0911  # a rule each
    step, accepted = _step_at(entry, place), entry.accepted[place]
    done = Judged(Verdict.DONE, things=accepted.things)
    running = Judged(Verdict.RUNNING, actions=accepted.actions, things=accepted.things)
    match step.awaits:
        case "droplets":
            return _made([facts.droplets.get(int(id_)) for id_ in accepted.things if id_ is not None], running)
        case "gone":
            return done if _is_gone(step, facts) else running
        case "action":
            rows = [facts.actions[id_] for id_ in accepted.actions if id_ in facts.actions]
            if any(row["status"] == "errored" for row in rows):
                return Judged(Verdict.FAILED, "its action ended as errored", things=accepted.things)
            if any(row["status"] == "in-progress" for row in rows):
                return running
            if len(rows) == len(accepted.actions) or _shows(step, facts):
                return done
            return Judged(Verdict.UNKNOWN, "it was accepted, and how its action ended cannot be read")
    return done


def _made(rows: Sequence[Row | None], running: Judged) -> Judged:
    if any(row is None for row in rows):
        return Judged(Verdict.CHANGED, "what it created was deleted since", things=running.things)
    return (
        running
        if any(row is not None and row["status"] == "new" for row in rows)
        else replace(running, verdict=Verdict.DONE, actions=())
    )


def _lost_action(entry: Entry, place: Place, facts: Facts) -> Judged:  # noqa: PLR0911  # a rule each
    step = _step_at(entry, place)
    droplet_id, body = _droplet_of(step), step.request.body
    known = {id_ for accepted in entry.accepted.values() for id_ in accepted.actions}
    since = entry.sending[place] - ROUNDING
    rows = [
        row
        for row in facts.newest.get(droplet_id or 0, ())
        if row["type"] == body["type"] and row["id"] not in known and time_of(row["started_at"]) >= since
    ]
    stateful = body["type"] in STATE_ACTIONS
    if len(rows) > 1:
        if stateful and _shows(step, facts) and all(row["status"] != "in-progress" for row in rows):
            return Judged(Verdict.DONE)
        return Judged(Verdict.UNKNOWN, f"{len(rows)} actions could be it: %do droplets actions {droplet_id}")
    if not rows:
        return Judged(Verdict.DONE) if stateful and _shows(step, facts) else Judged(Verdict.LEFT)
    (row,) = rows
    if row["status"] == "in-progress":
        return Judged(Verdict.RUNNING, actions=(row["id"],), undecided=not stateful)
    if row["status"] == "errored":
        return Judged(Verdict.FAILED, "its action ended as errored")
    if body["type"] == "snapshot" and body.get("name"):
        # An action does not tell the name; the snapshot does, and then somebody else's was found.
        names = [one["name"] for one in facts.snapshots.get(droplet_id or 0, ()) if time_of(one["created_at"]) >= since]
        return Judged(Verdict.DONE if body["name"] in names else Verdict.LEFT)
    if body["type"] != "shutdown" and not _shows(step, facts):
        return Judged(Verdict.UNKNOWN, f"action {row['id']} may be it, and the droplet reads otherwise")
    return Judged(Verdict.DONE)


def _lost_create(entry: Entry, place: Place, facts: Facts) -> Judged:
    step = _step_at(entry, place)
    body = step.request.body
    made = created_each(facts.created.get(place, ()), body, entry.sending[place] - ROUNDING)
    if not any(made.values()):
        return Judged(Verdict.LEFT)
    names = [target.name for target in step.targets]
    if any(len(made.get(name, ())) != names.count(name) for name in names):
        return Judged(Verdict.UNKNOWN, "other droplets than one of each name could be it: %do droplets list")
    rows = [row for of_name in made.values() for row in of_name]
    things = tuple(made[name].pop(0)["id"] for name in names)
    return _made(rows, Judged(Verdict.RUNNING, things=things))


def _lost_other(place: Place, step: Step, facts: Facts) -> Judged:
    request = step.request
    if request.method == "DELETE":
        return Judged(Verdict.DONE if _is_gone(step, facts) else Verdict.LEFT)
    if may_repeat(request.method, request.operation_id) or request.operation_id in REPEATABLE_POSTS:
        return Judged(Verdict.LEFT)
    found = facts.found.get(place)
    if found is None:
        return Judged(Verdict.UNKNOWN, f"it was sent, and nothing tells whether it was done: look at {request.path}")
    return Judged(Verdict.DONE if found else Verdict.LEFT)


# A chain: what the steps are to one another.


def _judge_chain(entry: Entry, number: int, facts: Facts) -> tuple[Judged, ...]:
    chain = entry.chains[number]
    judged = [_judge_step(entry, (number, at), facts) for at in range(len(chain))]
    for at, one in enumerate(judged):
        # The chain went on without its end.
        later = ((number, after) for after in range(at + 1, len(chain)))
        if one.verdict is Verdict.RUNNING and any(place in entry.accepted or place in entry.sending for place in later):
            judged[at] = replace(one, verdict=Verdict.DONE, actions=())
    begun = was_begun(entry, number, judged)
    stopped = False
    for at, step in enumerate(chain):
        one = judged[at]
        if one.verdict is Verdict.LEFT:
            waits = any(earlier.verdict in {Verdict.LEFT, Verdict.RUNNING} for earlier in judged[:at])
            judged[at] = one = _follows(step, one, facts, stopped=stopped, waits=waits, begun=begun)
        if one.verdict in ASIDE or (one.verdict is Verdict.FAILED and not step.best_effort):
            stopped = True
    changed = _changed(chain, judged, facts)
    if not changed:
        return tuple(judged)
    return tuple(
        Judged(Verdict.CHANGED, changed) if one.verdict in {Verdict.LEFT, Verdict.RUNNING} else one for one in judged
    )


def _follows(step: Step, left: Judged, facts: Facts, *, stopped: bool, waits: bool, begun: bool) -> Judged:
    """Return how a step stands that was never carried out, after those before it."""
    if step.when in {When.ALWAYS, When.ANYWAY}:
        if not begun and not waits:
            return Judged(Verdict.SKIPPED)
        return Judged(Verdict.DONE, "not needed") if not waits and _shows(step, facts) else left
    if stopped:
        return Judged(Verdict.SKIPPED, "for a step before it")
    alone = step.when is When.NEXT and not step.status and _type_of(step) in STATE_ACTIONS
    if (step.when is When.IF_NEEDED or alone) and not waits and _shows(step, facts):
        return Judged(Verdict.DONE, "not needed")
    return left


def _changed(chain: Chain, judged: Sequence[Judged], facts: Facts) -> str:
    """Return what others have made of a chain's droplet, so that the chain cannot be gone on with."""
    droplet_id = _droplet_of(chain[0])
    if droplet_id is None or droplet_id not in facts.droplets:
        return ""
    row = facts.droplets[droplet_id]
    name = chain[0].targets[0].name
    if row is None:
        return f"{name} was deleted since"
    sizes = [step.change for step in chain if step.change.field == "size" and step.change.before is not None]
    if sizes and row.get("size_slug") not in {value for change in sizes for value in (change.before, change.after)}:
        return f"{name} has size {row.get('size_slug')} now"
    offs = [
        (step, one)
        for step, one in zip(chain, judged, strict=True)
        if step.change.field == "status" and step.change.after == "off" and step.when is not When.ALWAYS
    ]
    status = row.get("status")
    acted = any(one.verdict is not Verdict.LEFT for _, one in offs)
    if offs and not acted and offs[0][0].status not in {"", status}:
        return f"{name} is {status} now, and nothing of this plan did that"
    needs_off = any(
        one.verdict is Verdict.LEFT and step.change.field != "status" for step, one in zip(chain, judged, strict=True)
    )
    if needs_off and offs and status == "active" and all(one.verdict is Verdict.DONE for _, one in offs):
        return f"{name} was switched on since"
    return ""


# What a step is about.


def _step_at(entry: Entry, place: Place) -> Step:
    return entry.chains[place[0]][place[1]]


def _is_over(entry: Entry, place: Place) -> bool:
    ended = entry.ended.get(place)
    return ended is not None and not {*ended.statuses} & {"unknown", "in-progress"}


def _droplet_of(step: Step) -> int | None:
    target = step.targets[0] if step.targets else Target("", None, "")
    return target.id if target.kind == "droplet" and isinstance(target.id, int) else None


def _shows(step: Step, facts: Facts) -> bool:
    """Return whether a droplet reads as an action would leave it."""
    row = facts.droplets.get(_droplet_of(step) or 0)
    body = step.request.body
    return row is not None and isinstance(body, dict) and agrees(str(body.get("type")), row, body)


def _type_of(step: Step) -> str:
    action = step.request.operation_id == "dropletActions_post"
    return str(step.request.body["type"]) if action and isinstance(step.request.body, dict) else ""


def _is_gone(step: Step, facts: Facts) -> bool:
    droplet_id = _droplet_of(step)
    if droplet_id is not None and droplet_id in facts.droplets:
        return facts.droplets[droplet_id] is None
    return facts.gone.get(step.request.path, False)
