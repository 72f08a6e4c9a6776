"""What a caller is told of chains that it does not wait for any longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.catalogue.wait_limits import wait_limit_s
from poseidon_nb.client.engine.failures import name_earlier
from poseidon_nb.client.engine.outcomes import Outcome
from poseidon_nb.client.engine.steps import When
from poseidon_nb.errors import ActionTimedOut, OutcomeUnknown, TimedOut
from poseidon_nb.text import join_words, pluralize
from poseidon_nb.transport.cancellation import format_timeout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.client.engine.execution import Execution
    from poseidon_nb.client.engine.outcomes import Status
    from poseidon_nb.client.engine.steps import Step
    from poseidon_nb.errors import PoseidonError

#: How many actions a message names one by one.
MAX_NAMED = 3
#: Where to see how something goes that is no action, by what its step awaits.
_SEE = {"image": "%do images get {}", "gone": "%do droplets get {}", "droplets": "%do droplets get {}"}


def is_late(run: ChainRun, now_s: float) -> bool:
    """Return whether the step in progress has run for longer than its type is waited for."""
    if run.accepted_s is None:
        return False
    types = [action.type for action in run.actions.values()]
    if run.step is not None and run.step.awaits == "image":
        types.append("import")
    return bool(types) and now_s - run.accepted_s >= max(map(wait_limit_s, types))


def as_started(run: ChainRun) -> Iterator[Outcome]:
    """Yield an outcome for each step and target of a chain whose first step was answered and is not waited for."""
    yield from run.outcomes
    if run.ended:
        return
    if run.step is not None and run.answered is not None:
        for place, target in enumerate(run.step.targets):
            action = run.actions.get(place)
            yield Outcome(run.step, target, "in-progress", action, run.rows.get(place) or run.answered.answer)
    yield from _to_come(run)


def as_left(run: ChainRun, allowed_s: float | None) -> Iterator[Outcome]:
    """Yield an outcome for each step and target of a chain that goes on, or whose last answer is not known, after a time."""
    yield from run.outcomes
    if run.ended:
        return
    step = run.step or run.chain[run.at]
    for place, target in enumerate(step.targets):
        action, status = run.actions.get(place), _status_left(run)
        error = _error_left(run, step, place, allowed_s)
        error.step, error.droplet = step, target if target.kind == "droplet" else None
        name_earlier(error, step, run.outcomes)
        yield Outcome(step, target, status, action, run.rows.get(place), error)
    yield from _to_come(run)


def _to_come(run: ChainRun) -> Iterator[Outcome]:
    for step in run.chain[run.at + 1 :]:
        for target in step.targets:
            yield Outcome(step, target, "in-progress")


def _status_left(run: ChainRun) -> Status:
    return "in-progress" if run.answered is not None or not run.sending else "unknown"


def _error_left(run: ChainRun, step: Step, place: int, allowed_s: float | None) -> PoseidonError:
    target, action = step.targets[place], run.actions.get(place)
    goes_on = "; the rest goes on in the background while this kernel lives, and %do plans resume continues it if the kernel ends"
    more = goes_on if run.at + 1 < len(run.chain) else ""
    if action is not None:
        waited_s = allowed_s or wait_limit_s(action.type)
        return ActionTimedOut(
            f"{action.label} is still running after {format_timeout(waited_s)}; it goes on: "
            f"wait for it again with %do actions wait {action.id} ({target.kind} {target.id}){more}",
            action=action,
        )
    if run.answered is not None:
        see = f": see {_SEE[step.awaits].format(target.id)}" if step.awaits in _SEE else ""
        return ActionTimedOut(f"{step.verb} {target} was accepted and is not over yet; it goes on{more}{see}")
    if not run.sending:
        why = f": it {run.note}" if run.held_by is not None else ""
        return ActionTimedOut(
            f"{step.verb} {target} was not sent within the {format_timeout(allowed_s)} allowed{why}{goes_on}"
        )
    return OutcomeUnknown(
        f"{step.label} was sent and not answered within the {format_timeout(allowed_s)} allowed{more}; look at {_where(step)} before you repeat it",
        method=step.request.method,
        path=step.request.path,
    )


def not_sent(timeout_s: float | None, step: Step) -> PoseidonError:
    """Return the error for a step that was not sent in its time."""
    error = TimedOut(f"{step.label}: not sent within the {format_timeout(timeout_s)} allowed")
    error.sent = False
    return error


def _where(step: Step) -> str:
    """Return what a person should look at to see whether a step was carried out."""
    target = step.targets[0]
    if target.kind == "droplet":
        return f"%do droplets actions {target.id}" if target.id is not None else "%do droplets list"
    return "%do actions list" if step.awaits == "action" else f"{target.kind} {target.name}"


def _is_certain(step: Step) -> bool:
    return not step.best_effort and step.when is not When.IF_NEEDED


def notes_on(execution: Execution) -> Iterator[str]:
    """Yield what a person should know who pressed Ctrl-C."""
    going = [run for run in execution.chains if not run.ended]
    chained = [run for run in going if run.at + 1 < len(run.chain)]
    if chained:
        names = join_words(dict.fromkeys(run.chain[0].targets[0].name for run in chained))
        verbs = [*dict.fromkeys(step.verb for run in chained for step in run.chain if _is_certain(step))]
        yield (
            f"{names}: {join_words(verbs)} {'go' if len(verbs) > 1 else 'goes'} on in the background while this kernel lives; "
            "if the kernel ends, %do plans resume continues them"
        )
    single = [run for run in going if run not in chained]
    actions = [action for run in single for action in run.actions.values()]
    for action in actions[:MAX_NAMED]:
        yield f"{action.label} goes on: wait for it again with %do actions wait {action.id}"
    if len(actions) > MAX_NAMED:
        yield f"so do {pluralize(len(actions) - MAX_NAMED, 'other action')}: see %do actions list"
    for run in [run for run in single if not run.actions][:MAX_NAMED]:
        step = run.step or run.chain[run.at]
        if run.answered is not None and step.awaits in _SEE:
            yield f"{step.verb} {step.targets[0]} goes on: see {_SEE[step.awaits].format(step.targets[0].id)}"
        else:
            yield f"{step.label} was sent and not answered yet: look before you repeat it"
    done = [run for run in execution.chains if run.outcomes and run.outcomes[-1].status == "completed" and run.ended]
    skipped = [run for run in execution.chains if run.outcomes and all(one.status == "skipped" for one in run.outcomes)]
    if len(execution.chains) > 1:
        sent = f"; nothing was sent for {len(skipped)}" if skipped else ""
        yield f"{len(done)} of {len(execution.chains)} had ended{sent}"
