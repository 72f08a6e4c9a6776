"""Resuming interrupted plans: read their progress from the account, show what is left, and run it.

`resume_verdicts` decides what is left. A plan stays locked from the moment it is read until it has ended, so that two
kernels never resume the same one.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.recovery import SEARCH_DELAYS_S
from poseidon_nb.client.engine.references import needed_chains
from poseidon_nb.client.engine.steps import Outcome
from poseidon_nb.errors import ActionTimedOut, ConfigurationError, NoSuchName, PoseidonError
from poseidon_nb.plans.journal import unfinished_plans
from poseidon_nb.plans.journal_files import PlanFiles, PlanIsRunning, damaged_plan, plan_not_found
from poseidon_nb.plans.journal_records import ResumedPlan, resuming
from poseidon_nb.plans.plan import Plan
from poseidon_nb.plans.resume_facts import FactsReader, created_value
from poseidon_nb.plans.resume_verdicts import NOT_RESUMED, Verdict, judge, may_lag, remaining_chain, was_started
from poseidon_nb.plans.user_state import account_key
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Chain, Reference, Status, Step, Target
    from poseidon_nb.plans.journal import UnfinishedPlan
    from poseidon_nb.plans.journal_entry import JournalEntry, Place
    from poseidon_nb.plans.journal_files import PlanFile
    from poseidon_nb.plans.resume_verdicts import StepState

_VERDICT_TEXTS: Mapping[Verdict, str] = {
    Verdict.RUN_AGAIN: "must be run again",
    Verdict.CHANGED: "is not resumed",
    Verdict.UNKNOWN: "is not resumed, because it may already have been done",
    Verdict.FAILED: "failed",
}


@dataclass(slots=True)
class InterruptedPlan:
    """An interrupted plan, locked by this process, and the state of its steps."""

    file: PlanFile
    entry: JournalEntry
    states: tuple[tuple[StepState, ...], ...]

    def chains(self) -> list[tuple[int, Chain]]:
        """Return the chains to run, each with its number. References to other chains are not resolved yet."""
        found = []
        for number, (chain, states) in enumerate(zip(self.entry.chains, self.states, strict=True)):
            remaining = remaining_chain(chain, states, started=was_started(self.entry, number, states))
            if remaining:
                found.append((number, remaining))
        return found

    @property
    def running(self) -> list[Place]:
        """The steps in progress that no remaining step follows."""
        return [
            (number, at)
            for number, states in enumerate(self.states)
            if not any(state.verdict is Verdict.REMAINING for state in states)
            for at, state in enumerate(states)
            if state.verdict is Verdict.RUNNING
        ]

    @property
    def left_open(self) -> list[int]:
        """The chains that stay open and are not run: those not resumed, and those only waited for."""
        not_resumed = {
            number for number, states in enumerate(self.states) if any(state.verdict in NOT_RESUMED for state in states)
        }
        return sorted(not_resumed | {number for number, _ in self.running})

    @property
    def notes(self) -> list[str]:
        """Why steps are not resumed, and which have failed."""
        found: dict[str, None] = {}
        for number, states in enumerate(self.states):
            for at, state in enumerate(states):
                if state.verdict in _VERDICT_TEXTS:
                    reason = f": {state.note}" if state.note else ""
                    found[f"{self.entry.chains[number][at].label} {_VERDICT_TEXTS[state.verdict]}{reason}"] = None
        return [*found]

    def as_resumed(self, chains: Sequence[Chain], unresolved: Sequence[int] = ()) -> ResumedPlan:
        """Return how the journal continues; chains with unresolved references stay open too."""
        left_open = sorted({*self.left_open, *unresolved})
        open_steps = sum(map(len, chains)) + sum(len(self.entry.chains[number]) for number in left_open)
        done = max(0, self.entry.steps - open_steps)
        return ResumedPlan(self.file, self.entry, chains, left_open, "; ".join(self.notes), done)


@contextmanager
def lock_interrupted(client: Client, ids: Sequence[str] = ()) -> Iterator[list[InterruptedPlan]]:
    """Lock interrupted plans, and read the state of their steps. Those that were not run are released at the end.

    Parameters
    ----------
    client : Client
    ids : sequence of str
        By default all plans of this account that can be resumed.

    Raises
    ------
    NoSuchName
        A plan was not found.
    ConfigurationError
        A plan belongs to another account, is running, is damaged, or must be run again.
    """
    files = PlanFiles()
    wanted = _resumable_ids(unfinished_plans(account_key(client)), ids)
    locked: list[tuple[PlanFile, JournalEntry]] = []
    try:
        for plan_id in wanted:
            try:
                locked.append(files.acquire(plan_id))
            except (PlanIsRunning, NoSuchName):
                # Another kernel was faster, which only matters if the user named the plan.
                if ids:
                    raise
        reader = FactsReader(client)
        yield [InterruptedPlan(file, entry, _read_states(client, reader, entry)) for file, entry in locked]
    finally:
        for file, _ in locked:
            if file.is_open and not file.in_use:
                file.release()


def _resumable_ids(listed: Sequence[UnfinishedPlan], ids: Sequence[str]) -> list[str]:
    if not ids:
        return [one.id for one in listed if one.state == "interrupted"]
    known = {one.id: one for one in listed}
    for plan_id in ids:
        if plan_id not in known:
            raise plan_not_found(plan_id, known)
        plan = known[plan_id]
        match plan.state:
            case "other account":
                account = plan.entry.account if plan.entry else ""
                raise ConfigurationError(
                    f"Plan {plan_id} belongs to another account ({account}). Switch to that account first."
                )
            case "running here" | "running in another kernel":
                raise PlanIsRunning(f"Plan {plan_id} is {plan.state}.")
            case "damaged":
                raise damaged_plan(plan_id, plan.note)
            case "must be run again":
                raise ConfigurationError(
                    f"Plan {plan_id} cannot be resumed, because its remaining steps need secrets, which are not stored. "
                    f"Run it again: {plan.entry.title if plan.entry else ''}"
                )
    return [*dict.fromkeys(ids)]


def _read_states(client: Client, reader: FactsReader, entry: JournalEntry) -> tuple[tuple[StepState, ...], ...]:
    """Return the state of a plan's steps; read the account again where it may lag behind."""
    for pause_s in SEARCH_DELAYS_S:
        if pause_s:
            client.on_wait(pause_s, f"reading the progress of plan {entry.id}")
            client.clock.sleep(pause_s)
            reader = FactsReader(client)
        facts = reader.read(entry)
        states = judge(entry, facts)
        if not may_lag(entry, states, facts):
            break
    return states


def remaining_plan(client: Client, interrupted: Sequence[InterruptedPlan], title: str) -> Plan:
    """Return what is left of plans as one plan to show and confirm; `run_remaining` executes it."""
    chains: list[Chain] = []
    notes: list[str] = []
    for plan in interrupted:
        resolved, unresolved = _resolve(client, plan, len(chains))
        chains += resolved
        notes += [
            f"{plan.entry.chains[number][0].label} is not resumed, because a resource that it needs was not created"
            for number in unresolved
        ]
        running = [plan.entry.step_at(place).label for place in plan.running]
        notes += [f"in progress: {join_words(running)}"] if running else []
        notes += [*plan.notes, *plan.entry.notes]
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
        What was run or waited for, as a plan, and an outcome for each of its steps and targets. A failure is an
        outcome's ``error`` and is not raised.
    """
    waiting: dict[str, Any] = {"title": title, "wait": wait, "on_progress": on_progress, "on_idle": on_idle}
    chains: list[Chain] = []
    outcomes: list[Outcome] = []
    ends_s = None if timeout_s is None else client.clock.monotonic() + timeout_s
    for number, batch in enumerate(_batches(interrupted)):
        if number and not wait:
            # The plans before it still run. It stays interrupted.
            break
        for plan in batch if number else ():
            plan.states = _read_states(client, FactsReader(client), plan.entry)
        left_s = None if ends_s is None else max(0.001, ends_s - client.clock.monotonic())
        ran, came = _run_batch(client, batch, timeout_s=left_s, **waiting)
        chains += ran
        outcomes += came
    return Plan(title, client.label(), tuple(chains), client=client), outcomes


def _batches(interrupted: Sequence[InterruptedPlan]) -> list[list[InterruptedPlan]]:
    """Return plans in batches that run one after another: plans on the same resource never run at once, the oldest first.

    Two freezes of one droplet would take away each other's tags, and what the first does decides what is left of the second.
    """
    batches: list[list[InterruptedPlan]] = []
    last: dict[tuple[str, Any], int] = {}
    for plan in sorted(interrupted, key=lambda one: one.entry.started_at):
        targets = [target for chain in plan.entry.chains for step in chain for target in step.targets]
        resources = {(target.kind, target.id) for target in targets if target.id is not None}
        number = max((last[one] + 1 for one in resources if one in last), default=0)
        if number == len(batches):
            batches.append([])
        batches[number].append(plan)
        last |= dict.fromkeys(resources, number)
    return batches


def _run_batch(  # how to wait, all by keyword
    client: Client,
    interrupted: Sequence[InterruptedPlan],
    *,
    title: str,
    wait: bool,
    timeout_s: float | None,
    on_progress: OnProgress | None,
    on_idle: Callable[[], None] | None,
) -> tuple[list[Chain], list[Outcome]]:
    _wait_first(client, interrupted, timeout_s=timeout_s, on_progress=on_progress)
    plans: list[ResumedPlan] = []
    chains: list[Chain] = []
    waiting: list[tuple[str, Step, StepState]] = []
    for plan in interrupted:
        resumed = plan.as_resumed(*_resolve(client, plan, len(chains)))
        chains += resumed.chains
        waiting += [(plan.entry.id, plan.entry.step_at((n, at)), plan.states[n][at]) for n, at in plan.running]
        if resumed.chains:
            plans.append(resumed)
        else:
            resumed.release(client.now())
    outcomes: list[Outcome] = []
    if chains:
        with resuming(plans) as context:
            try:
                outcomes = client.engine.run(
                    chains, title=title, wait=wait, timeout_s=timeout_s, on_progress=on_progress, on_idle=on_idle
                )
            finally:
                if not context.started:
                    # Nothing was sent: nothing had to be, or nothing could be.
                    _release(client, context.plans, ended=bool(outcomes))
    for plan_id, step, state in waiting:
        if wait:
            outcomes += _wait_for(client, step, state, timeout_s=timeout_s, on_progress=on_progress)
            _close_if_done(client, plan_id)
        else:
            outcomes += [Outcome(step, target, "in-progress") for target in step.targets]
    return [*chains, *((replace(step, unchanged=""),) for _, step, _ in waiting)], outcomes


def _release(client: Client, plans: Sequence[ResumedPlan], *, ended: bool) -> None:
    for plan in plans:
        if ended:
            replace(plan, chains=()).release(client.now())
        else:
            plan.file.release()


def _resolve(client: Client, plan: InterruptedPlan, offset: int) -> tuple[list[Chain], list[int]]:
    """Return the chains to run with their references resolved, and the numbers of those that cannot be run.

    Parameters
    ----------
    client : Client
    plan : InterruptedPlan
    offset : int
        The number of chains that run before them; references among chains that run get the new numbers.
    """
    chains = dict(plan.chains())
    values: dict[Reference, Any] = {}
    unresolved: list[int] = []

    def is_met(reference: Reference) -> bool:
        if reference not in values:
            values[reference] = _known_value(client, plan, reference)
        # A chain that is run may still create what is needed.
        return bool(values[reference]) or (reference.chain in chains and _is_left(plan, reference))

    while stuck := [number for number, chain in chains.items() if not all(map(is_met, _references(chain)))]:
        # What needed one of these is stuck then, too.
        unresolved += stuck
        for number in stuck:
            del chains[number]
    numbers = {number: offset + at for at, number in enumerate(chains)}

    def renumbered(reference: Reference) -> Reference:
        before = plan.states[reference.chain][: reference.step]
        left = sum(state.verdict is Verdict.REMAINING for state in before)
        return replace(reference, chain=numbers[reference.chain], step=left)

    def resolved(step: Step) -> Step:
        known = {one.placeholder: values[one] for one in step.references if one.placeholder and values[one]}
        left = tuple(renumbered(one) for one in step.references if not values[one])
        return replace(step.resolved(known), references=left) if step.references else step

    return [tuple(map(resolved, chain)) for chain in chains.values()], sorted(unresolved)


def _references(chain: Chain) -> list[Reference]:
    return [reference for step in chain for reference in step.references]


def _is_left(plan: InterruptedPlan, reference: Reference) -> bool:
    """Return whether a chain that is run still provides what a reference wants."""
    if not reference.placeholder:
        return True
    return plan.states[reference.chain][reference.step].verdict is Verdict.REMAINING


def _known_value(client: Client, plan: InterruptedPlan, reference: Reference) -> Any:
    """Return the value of a reference, or whether its chain has succeeded if it has no placeholder."""
    if not 0 <= reference.chain < len(plan.states):
        return None
    states, chain = plan.states[reference.chain], plan.entry.chains[reference.chain]
    if not reference.placeholder:
        return all(
            state.verdict is Verdict.DONE or (state.verdict is Verdict.FAILED and step.best_effort)
            for state, step in zip(states, chain, strict=True)
        )
    state = states[reference.step]
    if state.verdict is not Verdict.DONE:
        return None
    return created_value(client, chain[reference.step], state.created_ids, reference)


def _wait_first(
    client: Client, interrupted: Sequence[InterruptedPlan], *, timeout_s: float | None, on_progress: OnProgress | None
) -> None:
    """Wait for actions that may be a plan's own, or that other chains need, and read its states again.

    Only an ended action shows whether it was the plan's own, and an address is known once its droplet is active.
    """
    for plan in interrupted:
        needed = needed_chains(chain for _, chain in plan.chains()) & {*range(len(plan.states))}
        first = [state for states in plan.states for state in states if state.undecided]
        first += [state for number in needed for state in plan.states[number] if state.verdict is Verdict.RUNNING]
        for state in first:
            for action in _actions(client, state):
                _wait_error(action, timeout_s=timeout_s, on_progress=on_progress)
        if first:
            plan.states = _read_states(client, FactsReader(client), plan.entry)


def _wait_for(
    client: Client, step: Step, state: StepState, *, timeout_s: float | None, on_progress: OnProgress | None
) -> list[Outcome]:
    actions = _actions(client, state)
    outcomes = []
    for place, target in enumerate(step.targets):
        action = actions[place] if place < len(actions) else None
        created_id = state.created_ids[place] if place < len(state.created_ids) else None
        known: Target = replace(target, id=created_id) if target.id is None else target
        if action is None:
            outcomes.append(Outcome(step, known, "in-progress"))
            continue
        action.subject = target.name
        error = _wait_error(action, timeout_s=timeout_s, on_progress=on_progress)
        timed_out = isinstance(error, ActionTimedOut)
        status: Status = "completed" if error is None else "in-progress" if timed_out else "failed"
        outcomes.append(Outcome(step, known, status, action, error=error))
    return outcomes


def _actions(client: Client, state: StepState) -> list[Action]:
    ids = [*state.actions]
    if not ids:
        # Droplets that were found in the account: their create actions.
        for droplet_id in state.created_ids:
            rows = client.engine.sender.searches.newest_actions("dropletActions_list", {"droplet_id": droplet_id})
            ids += [row["id"] for row in rows if row["type"] == "create"][-1:]
    return [client.actions.get(id_) for id_ in ids]


def _wait_error(action: Action, *, timeout_s: float | None, on_progress: OnProgress | None) -> PoseidonError | None:
    try:
        action.wait(timeout_s, on_progress=on_progress)
    except PoseidonError as error:
        return error
    return None


def _close_if_done(client: Client, plan_id: str) -> None:
    """Close a plan if nothing is left of it after a step in progress has ended."""
    try:
        file, entry = PlanFiles().acquire(plan_id)
    except PoseidonError:
        # It is running, or has ended.
        return
    plan = InterruptedPlan(file, entry, judge(entry, FactsReader(client).read(entry)))
    if plan.left_open or plan.chains():
        file.release()
    else:
        plan.as_resumed([]).release(client.now())
