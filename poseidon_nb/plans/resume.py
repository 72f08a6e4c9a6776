"""Resuming plans that were interrupted: reads the account, and runs the remaining steps.

`resume_verdicts` decides what that is. A plan is held from the moment it is read until it has ended, so that two kernels
never take up the same one.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.outcomes import Outcome
from poseidon_nb.errors import ActionTimedOut, ConfigurationError, NoSuchName, PoseidonError
from poseidon_nb.plans.journal_account import account_key
from poseidon_nb.plans.journal_files import PlanFiles, PlanIsRunning, no_such_plan, state_folder
from poseidon_nb.plans.journal_list import unfinished_plans
from poseidon_nb.plans.journal_resumed import ResumedPlan, resuming
from poseidon_nb.plans.plan import Plan
from poseidon_nb.plans.resume_facts import NOT_RESUMED, Verdict
from poseidon_nb.plans.resume_reading import Reading, read_and_judge
from poseidon_nb.plans.resume_verdicts import judge, remaining_chain, was_begun
from poseidon_nb.text import join_words
from poseidon_nb.transport.pagination import PER_PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.outcomes import Status
    from poseidon_nb.client.engine.steps import Chain, Step, Target
    from poseidon_nb.plans.journal_entry import Entry
    from poseidon_nb.plans.journal_files import PlanFile
    from poseidon_nb.plans.journal_list import ListedPlan
    from poseidon_nb.plans.resume_facts import StepState


@dataclass(slots=True)
class InterruptedPlan:
    """A plan that was interrupted, held by this process, and how it stands."""

    file: PlanFile
    entry: Entry
    judged: tuple[tuple[StepState, ...], ...]

    def chains(self) -> list[tuple[int, Chain]]:
        """Return what is to be run, each chain with its number; references to others are not filled in yet."""
        found = []
        for number, (chain, judged) in enumerate(zip(self.entry.chains, self.judged, strict=True)):
            left = remaining_chain(chain, judged, begun=was_begun(self.entry, number, judged))
            if left:
                found.append((number, left))
        return found

    @property
    def running(self) -> list[tuple[int, int]]:
        """The steps that are in progress and that nothing follows, by chain and step."""
        return [
            (number, at)
            for number, judged in enumerate(self.judged)
            if not any(one.verdict is Verdict.LEFT for one in judged)
            for at, one in enumerate(judged)
            if one.verdict is Verdict.RUNNING
        ]

    @property
    def left_open(self) -> list[int]:
        """The chains that stay open and are not run: what is aside, and what is only waited for."""
        aside = {
            number for number, judged in enumerate(self.judged) if any(one.verdict in NOT_RESUMED for one in judged)
        }
        return sorted(aside | {number for number, _ in self.running})

    @property
    def notes(self) -> list[str]:
        """What a person should know of it: why something is left as it is, and what failed before."""
        found: dict[str, None] = {}
        for number, judged in enumerate(self.judged):
            for at, one in enumerate(judged):
                if one.verdict in NOT_RESUMED or one.verdict is Verdict.FAILED:
                    why = f": {one.note}" if one.note else ""
                    found[f"{self.entry.chains[number][at].label} {_IN_WORDS[one.verdict]}{why}"] = None
        return [*found]

    def as_resumed(self, chains: Sequence[Chain], stuck: Sequence[int] = ()) -> ResumedPlan:
        """Return how the journal goes on with it; what is stuck stays, too."""
        stay = sorted({*self.left_open, *stuck})
        open_ = sum(map(len, chains)) + sum(len(self.entry.chains[number]) for number in stay)
        return ResumedPlan(self.file, self.entry, chains, stay, "; ".join(self.notes), max(0, self.entry.steps - open_))


_IN_WORDS: Mapping[Verdict, str] = {
    Verdict.AGAIN: "has to be given again",
    Verdict.CHANGED: "is not resumed",
    Verdict.UNKNOWN: "is not resumed, because it is unknown whether it was done",
    Verdict.FAILED: "failed",
}


@contextmanager
def hold_interrupted(client: Client, ids: Sequence[str] = ()) -> Iterator[list[InterruptedPlan]]:
    """Hold plans that were interrupted, and read how they stand; what was not run of them is let go at the end.

    Parameters
    ----------
    client : Client
    ids : sequence of str
        By default all of this account that can be taken up.

    Raises
    ------
    NoSuchName
        There is no such plan.
    ConfigurationError
        One that was named is another account's, runs, is damaged, or has to be given again.
    """
    files = PlanFiles(state_folder())
    wanted = _resumable_ids(unfinished_plans(account_key(client)), ids)
    held: list[tuple[PlanFile, Entry]] = []
    try:
        for plan_id in wanted:
            try:
                held.append(files.take(plan_id))
            except (PlanIsRunning, NoSuchName):
                # Another kernel was faster; who named it wants to know.
                if ids:
                    raise
        reading = Reading(client)
        yield [InterruptedPlan(file, entry, read_and_judge(client, reading, entry)) for file, entry in held]
    finally:
        for file, _ in held:
            if file.open and not file.running:
                file.release()


def _resumable_ids(listed: Sequence[ListedPlan], ids: Sequence[str]) -> list[str]:
    if not ids:
        return [one.id for one in listed if one.state == "interrupted"]
    known = {one.id: one for one in listed}
    for plan_id in ids:
        if plan_id not in known:
            raise no_such_plan(plan_id, known)
        one = known[plan_id]
        match one.state:
            case "other account":
                account = one.entry.account if one.entry else ""
                raise ConfigurationError(
                    f"plan {plan_id} is for another account ({account}): choose that account first"
                )
            case "running here" | "running in another kernel":
                raise PlanIsRunning(f"plan {plan_id} is {one.state}")
            case "damaged":
                raise ConfigurationError(f"plan {plan_id} is damaged ({one.note}): %do plans forget {plan_id}")
            case "to be given again":
                raise ConfigurationError(
                    f"plan {plan_id} cannot be resumed: its remaining steps held secrets, which are not stored. Run it again: "
                    f"{one.entry.title if one.entry else ''}"
                )
    return [*dict.fromkeys(ids)]


def remaining_plan(client: Client, interrupted: Sequence[InterruptedPlan], title: str) -> Plan:
    """Return what is left of plans as one plan, to be shown and asked about; `run_remaining` executes it."""
    chains: list[Chain] = []
    notes: list[str] = []
    for one in interrupted:
        own, stuck = _resolve(client, one, len(chains))
        chains += own
        notes += [
            f"{one.entry.chains[number][0].label} is not resumed: what it refers to was not created" for number in stuck
        ]
        waits = [one.entry.chains[number][at].label for number, at in one.running]
        notes += [f"in progress: {join_words(waits)}"] if waits else []
        notes += one.notes
    return Plan(title, client.label(), tuple(chains), tuple(notes), client)


def run_remaining(  # how to wait, all by keyword
    client: Client,
    interrupted: Sequence[InterruptedPlan],
    *,
    title: str = "",
    wait: bool = True,
    timeout_s: float | None = None,
    on_progress: OnProgress | None = None,
    on_idle: Callable[[], None] | None = None,
) -> tuple[Plan, list[Outcome]]:
    """Run what is left of plans, and wait for what is in progress.

    Returns
    -------
    tuple
        What was run or waited for, as a plan, and an outcome for each of its steps and targets. A failure is an outcome's
        ``error`` and is not raised.
    """
    _await_undecided(client, interrupted, timeout_s=timeout_s, on_progress=on_progress)
    plans: list[ResumedPlan] = []
    chains: list[Chain] = []
    waiting: list[tuple[str, Step, StepState]] = []
    for one in interrupted:
        plan = one.as_resumed(*_resolve(client, one, len(chains)))
        chains += plan.chains
        waiting += [(one.entry.id, one.entry.chains[n][at], one.judged[n][at]) for n, at in one.running]
        if plan.chains:
            plans.append(plan)
        else:
            plan.release(client.now())
    outcomes: list[Outcome] = []
    if chains:
        with resuming(plans) as resumed:
            try:
                outcomes = client.engine.run(
                    chains, title=title, wait=wait, timeout_s=timeout_s, on_progress=on_progress, on_idle=on_idle
                )
            finally:
                if not resumed.begun:
                    # Nothing had to be sent after all, or nothing could be.
                    _let_go(client, resumed.plans, ended=bool(outcomes))
    for plan_id, step, judged in waiting:
        if wait:
            outcomes += _wait_for(client, step, judged, timeout_s=timeout_s, on_progress=on_progress)
            _close_if_done(client, plan_id)
        else:
            outcomes += [Outcome(step, target, "in-progress") for target in step.targets]
    waited = ((replace(step, unchanged=""),) for _, step, _ in waiting)
    return Plan(title, client.label(), (*chains, *waited), client=client), outcomes


def _let_go(client: Client, plans: Sequence[ResumedPlan], *, ended: bool) -> None:
    for plan in plans:
        if ended:
            replace(plan, chains=()).release(client.now())
        else:
            plan.file.release()


def _resolve(client: Client, one: InterruptedPlan, offset: int) -> tuple[list[Chain], list[int]]:
    """Return the chains to be run with what their references stand for, and the numbers of those that cannot be run.

    Parameters
    ----------
    client : Client
    one : InterruptedPlan
    offset : int
        How many chains are run before them: references to chains that are run, too, get their new numbers.
    """
    chains = dict(one.chains())
    values: dict[str, Any] = {}
    stuck: list[int] = []
    for number, chain in [*chains.items()]:
        for reference in (reference for step in chain for reference in step.references):
            if reference.chain in chains:
                continue
            values[reference.shows] = _made(client, one, reference.chain, reference.field)
            if values[reference.shows] is None and number in chains:
                stuck.append(number)
                del chains[number]
    places = {number: offset + at for at, number in enumerate(chains)}
    return [tuple(_filled(step, values, places) for step in chain) for chain in chains.values()], stuck


def _filled(step: Step, values: Mapping[str, Any], places: Mapping[int, int]) -> Step:
    if not step.references:
        return step
    known = {one.shows: values[one.shows] for one in step.references if one.shows in values}
    still = tuple(replace(one, chain=places[one.chain]) for one in step.references if one.chain in places)
    return replace(step.resolved(known), references=still)


def _made(client: Client, one: InterruptedPlan, number: int, field: str) -> Any:
    if not 0 <= number < len(one.judged):
        return None
    things = next((judged.things for judged in reversed(one.judged[number]) if judged.things), ())
    if field == "id" or not things:
        return things[0] if things else None
    step = one.entry.chains[number][0]
    row = client.api("GET", f"{step.request.path}/{things[0]}")
    made = row.get(step.targets[0].kind, row) if isinstance(row, dict) else {}
    return made.get(field)


def _await_undecided(
    client: Client, interrupted: Sequence[InterruptedPlan], *, timeout_s: float | None, on_progress: OnProgress | None
) -> None:
    """Wait for what may be ours, and look again: that shows only when it has ended."""
    for one in interrupted:
        undecided = [judged for chain in one.judged for judged in chain if judged.undecided]
        for judged in undecided:
            for action in _actions(client, judged):
                _ended(action, timeout_s=timeout_s, on_progress=on_progress)
        if undecided:
            one.judged = read_and_judge(client, Reading(client), one.entry)


def _wait_for(
    client: Client, step: Step, judged: StepState, *, timeout_s: float | None, on_progress: OnProgress | None
) -> list[Outcome]:
    actions = _actions(client, judged)
    outcomes = []
    for place, target in enumerate(step.targets):
        action = actions[place] if place < len(actions) else None
        thing = judged.things[place] if place < len(judged.things) else None
        known: Target = replace(target, id=thing) if target.id is None else target
        if action is None:
            outcomes.append(Outcome(step, known, "in-progress"))
            continue
        action.subject = target.name
        error = _ended(action, timeout_s=timeout_s, on_progress=on_progress)
        timed_out = isinstance(error, ActionTimedOut)
        status: Status = "completed" if error is None else "in-progress" if timed_out else "failed"
        outcomes.append(Outcome(step, known, status, action, error=error))
    return outcomes


def _actions(client: Client, judged: StepState) -> list[Action]:
    ids = [*judged.actions]
    if not ids:
        # Droplets that were found by looking: what makes each of them.
        for thing in judged.things:
            rows = client.api("GET", f"/v2/droplets/{thing}/actions?per_page={PER_PAGE}")["actions"]
            ids += [row["id"] for row in rows if row["type"] == "create"][-1:]
    return [client.actions.get(id_) for id_ in ids]


def _ended(action: Action, *, timeout_s: float | None, on_progress: OnProgress | None) -> PoseidonError | None:
    try:
        action.wait(timeout_s, on_progress=on_progress)
    except PoseidonError as error:
        return error
    return None


def _close_if_done(client: Client, plan_id: str) -> None:
    """Close a plan of which nothing is left after what was in progress has ended."""
    try:
        file, entry = PlanFiles(state_folder()).take(plan_id)
    except PoseidonError:
        # It runs on, or has ended.
        return
    one = InterruptedPlan(file, entry, judge(entry, Reading(client).facts(entry)))
    if one.left_open or one.chains():
        file.release()
    else:
        one.as_resumed([]).release(client.now())
