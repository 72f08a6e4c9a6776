"""Errors and notes about steps: what failed, what was accepted before, what continues, and the command that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.wait_limits import wait_limit_s
from poseidon_nb.client.actions.waiting import MAX_NOTES, continuing_notes
from poseidon_nb.client.connection import add_detail
from poseidon_nb.client.engine.consistency import DELETE_TIMEOUT_S
from poseidon_nb.client.engine.steps import Outcome, When
from poseidon_nb.errors import (
    ActionFailed,
    ActionTimedOut,
    DropletBusy,
    OutcomeUnknown,
    PoseidonError,
    ServerError,
    TimedOut,
)
from poseidon_nb.text import capitalized, join_words
from poseidon_nb.transport.cancellation import format_timeout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.client.engine.execution import Execution
    from poseidon_nb.client.engine.steps import Status, Step, Target

    Row = Mapping[str, Any]

#: The command that shows a target for which there is no action, by what its step awaits.
_COMMANDS = {"image": "%do images get {}", "gone": "%do droplets get {}", "droplets": "%do droplets get {}"}
_CONTINUES = (
    " The remaining steps continue in the background while this kernel runs. If the kernel stops, run %do plans resume."
)


def status_of(error: PoseidonError | None) -> Status:
    """Return the status of a step that ended with an error, or with None."""
    if error is None:
        return "completed"
    if isinstance(error, ActionTimedOut):
        return "in-progress"
    if isinstance(error, OutcomeUnknown):
        return "unknown"
    # 501 means that the server cannot do it. Any other 5xx may have come after the work was done.
    return "unknown" if isinstance(error, ServerError) and error.status != 501 else "failed"  # noqa: PLR2004  # 501


def power_on_error(run: ChainRun, index: int) -> ActionTimedOut | None:
    """Return the error for a droplet that should have been powered on again, and is not."""
    action, row = run.actions.get(index), run.rows.get(index)
    if run.step is None or not run.step.runs_always or action is None or row is None:
        return None
    if row.get("status") == run.step.change.after:
        return None
    name, status = run.step.targets[index].name, row.get("status")
    return ActionTimedOut(
        f"Droplet {name} still has status {status}, although {action.type} completed (action {action.id}).",
        action=action,
    )


def delete_error(run: ChainRun, index: int, waited_s: float) -> ActionTimedOut | None:
    """Return the error for a deleted droplet that can be read for longer than usual."""
    if run.step is None or run.step.awaits != "gone" or waited_s < DELETE_TIMEOUT_S or index not in run.rows:
        return None
    target = run.step.targets[index]
    return ActionTimedOut(
        f"Droplet {target} still exists {DELETE_TIMEOUT_S:g} s after its deletion was accepted. "
        f"Check it with %do droplets get {target.id}"
    )


def import_error(run: ChainRun, index: int) -> ActionFailed | None:
    """Return the error for a custom image that could not be imported."""
    row = run.rows.get(index)
    if run.step is None or run.step.awaits != "image" or row is None:
        return None
    if not row.get("error_message") and row.get("status") not in {"deleted", "retired"}:
        return None
    reason = str(row.get("error_message") or f"its status is {row.get('status')}").rstrip(".")
    return ActionFailed(f"Image {row.get('name')!r} ({row['id']}) could not be imported: {reason}.")


def status_error(run: ChainRun) -> ActionFailed | None:
    """Return the error for a resource whose status says that the work has failed."""
    row, wait = run.rows.get(0), run.status_wait
    if run.step is None or wait is None or row is None or not wait.has_failed(row):
        return None
    return ActionFailed(f"{capitalized(run.step.label)} failed: its status is {wait.status(row)}. See {wait.command}")


def busy_error(step: Step, action: Action) -> DropletBusy:
    """Return the error for a step that does not wait although its droplet is busy."""
    return DropletBusy(
        f"Droplet {step.targets[0].name} is busy: {action.type} is in progress (action {action.id}). "
        f"Wait for it with %do actions wait {action.id}",
        action=action,
    )


def not_sent_error(timeout_s: float | None, step: Step) -> PoseidonError:
    """Return the error for a step that was not sent in time."""
    error = TimedOut(f"Request {step.label!r} was not sent within the time limit of {format_timeout(timeout_s)}.")
    error.sent = False
    return error


def prerequisite_error(step: Step, provider: ChainRun) -> PoseidonError:
    """Return the error for a step that is not sent, because another chain that it needs did not succeed."""
    needed = provider.outcomes[-1].step.label if provider.outcomes else provider.chain[0].label
    return PoseidonError(f"Request {step.label!r} was not sent, because {needed!r} did not succeed.")


def unexpected_error(step: Step, failure: BaseException) -> OutcomeUnknown:
    """Return the error for an exception that is not one of ours."""
    # Its own message is left to the log: it has not been checked for secrets.
    error = OutcomeUnknown(
        f"Request {step.label!r} failed unexpectedly ({type(failure).__name__}), but may still have taken effect. "
        "Check the account before repeating it."
    )
    error.__cause__ = failure
    return error


def copy_error(error: PoseidonError) -> PoseidonError:
    """Return a separate copy of an error, for one of several steps that failed together."""
    cls, args, state = error.__reduce__()[1]
    copied: PoseidonError = cls.__new__(cls, *args)
    copied.args, copied.__dict__ = args, dict(state)
    copied.__cause__ = error
    return copied


def add_accepted(error: PoseidonError, step: Step, target: Target, action: Action | None) -> None:
    """Add to an error that its step had been accepted."""
    error.step, error.droplet = step, target if target.kind == "droplet" else None
    if action is None:
        if str(target.id) not in str(error):
            add_detail(error, f"The {step.verb} of {target} was accepted.")
        return
    error.action = action
    if str(action.id) in str(error):
        add_detail(error, "" if str(target.id) in str(error) else f"{capitalized(target.kind)} id: {target.id}.")
    else:
        hint = "" if action.done else f" Wait for it with %do actions wait {action.id}"
        add_detail(error, f"The {step.verb} of {target} was accepted (action {action.id}).{hint}")


def add_earlier_actions(error: PoseidonError, step: Step, outcomes: Sequence[Outcome]) -> None:
    """Add to an error of a later step the actions of earlier steps of its chain."""
    actions = [(outcome.step.verb, outcome.action) for outcome in outcomes if outcome.action is not None]
    if not actions or error.action is not None:
        return
    error.action = actions[-1][1]
    target = step.targets[0]
    see = f" See %do droplets actions {target.id}" if target.kind == "droplet" else ""
    listed = join_words(f"{verb} (action {action.id})" for verb, action in actions)
    add_detail(error, f"Earlier actions on {target}: {listed}.{see}")


def is_overdue(run: ChainRun, now_s: float) -> bool:
    """Return whether the step in progress has exceeded the time limit of its type."""
    if run.accepted_s is None:
        return False
    types = [action.type for action in run.actions.values()]
    if run.step is not None and run.step.awaits == "image":
        types.append("import")
    if run.status_wait is not None:
        types.append("service")
    return bool(types) and now_s - run.accepted_s >= max(map(wait_limit_s, types))


def started_outcomes(run: ChainRun) -> Iterator[Outcome]:
    """Yield an outcome for each step and target of a chain whose first step was answered, and which is not waited for."""
    yield from run.outcomes
    if run.ended:
        return
    if run.step is not None and run.accepted is not None:
        for index, target in enumerate(run.step.targets):
            answer = run.rows.get(index) or run.accepted.answer
            yield Outcome(run.step, target, "in-progress", run.actions.get(index), answer)
    yield from _remaining_outcomes(run, run.position + (0 if run.waits_for_others else 1))


def unfinished_outcomes(run: ChainRun, timeout_s: float | None) -> Iterator[Outcome]:
    """Yield an outcome for each step and target of a chain that continues, or awaits a response, after a time limit."""
    yield from run.outcomes
    if run.ended:
        return
    step = run.step or run.chain[run.position]
    for index, target in enumerate(step.targets):
        error = _unfinished_error(run, step, index, timeout_s)
        error.step, error.droplet = step, target if target.kind == "droplet" else None
        add_earlier_actions(error, step, run.outcomes)
        yield Outcome(step, target, _unfinished_status(run), run.actions.get(index), run.rows.get(index), error)
    yield from _remaining_outcomes(run, run.position + 1)


def _remaining_outcomes(run: ChainRun, position: int) -> Iterator[Outcome]:
    for step in run.chain[position:]:
        for target in step.targets:
            yield Outcome(step, target, "in-progress")


def _unfinished_status(run: ChainRun) -> Status:
    return "in-progress" if run.accepted is not None or not run.sending else "unknown"


def _unfinished_error(run: ChainRun, step: Step, index: int, timeout_s: float | None) -> PoseidonError:
    target, action = step.targets[index], run.actions.get(index)
    rest = _CONTINUES if run.position + 1 < len(run.chain) else ""
    if action is not None:
        waited_s = timeout_s or wait_limit_s(action.type)
        return ActionTimedOut(
            f"Action {action.id} ({action.label}, {target.kind} {target.id}) is still in progress after "
            f"{format_timeout(waited_s)} and continues.{rest} Wait for it with %do actions wait {action.id}",
            action=action,
        )
    if run.accepted is not None:
        command = _command(run, step, target)
        see = f" Check it with {command}" if command else ""
        return ActionTimedOut(f"The {step.verb} of {target} was accepted and is still in progress.{rest}{see}")
    allowed = format_timeout(timeout_s)
    if not run.sending:
        why = f": {run.note}" if run.blocked_by is not None else ""
        return ActionTimedOut(
            f"The {step.verb} of {target} was not sent within the time limit of {allowed}{why}.{_CONTINUES}"
        )
    return OutcomeUnknown(
        f"Request {step.label!r} was sent, but no response arrived within the time limit of {allowed}.{rest} "
        f"Before repeating it, check {_place_to_check(step)}",
        method=step.request.method,
        path=step.request.path,
    )


def _command(run: ChainRun, step: Step, target: Target) -> str:
    """Return the command that shows a target for which there is no action; empty if there is none."""
    if run.status_wait is not None:
        return run.status_wait.command
    return _COMMANDS[step.awaits].format(target.id) if step.awaits in _COMMANDS else ""


def _place_to_check(step: Step) -> str:
    """Return what shows whether a step was carried out."""
    target = step.targets[0]
    if target.kind == "droplet":
        return f"%do droplets actions {target.id}" if target.id is not None else "%do droplets list"
    return "%do actions list" if step.awaits == "action" else f"{target.kind} {target.name}"


def interrupt_notes(execution: Execution) -> Iterator[str]:
    """Yield the notes for a user who pressed Ctrl-C."""
    running = [run for run in execution.chains if not run.ended]
    chained = [run for run in running if run.position + 1 < len(run.chain)]
    if chained:
        names = join_words(dict.fromkeys(run.chain[0].targets[0].name for run in chained))
        verbs = [*dict.fromkeys(step.verb for run in chained for step in run.chain if _is_certain(step))]
        yield (
            f"{names}: {join_words(verbs)} {'continue' if len(verbs) > 1 else 'continues'} in the background while this "
            "kernel runs. If the kernel stops, run %do plans resume"
        )
    waiting = [run for run in running if run not in chained and run.waits_for_others]
    for run in waiting[:MAX_NOTES]:
        yield (
            f"{run.chain[run.position].label} follows in the background, once what it waits for has succeeded, while this "
            "kernel runs. If the kernel stops, run %do plans resume"
        )
    single = [run for run in running if run not in chained and run not in waiting]
    yield from continuing_notes([action for run in single for action in run.actions.values()])
    for run in [run for run in single if not run.actions][:MAX_NOTES]:
        step = run.step or run.chain[run.position]
        command = _command(run, step, step.targets[0])
        if run.accepted is not None and command:
            yield f"The {step.verb} of {step.targets[0]} continues. Check it with {command}"
        else:
            yield f"Request {step.label!r} was sent, but no response has arrived yet. Check the account before repeating it."
    completed = [
        run for run in execution.chains if run.ended and run.outcomes and run.outcomes[-1].status == "completed"
    ]
    skipped = [run for run in execution.chains if run.outcomes and all(one.status == "skipped" for one in run.outcomes)]
    if len(execution.chains) > 1:
        not_sent = f"; {len(skipped)} not sent" if skipped else ""
        yield f"{len(completed)} of {len(execution.chains)} completed{not_sent}."


def _is_certain(step: Step) -> bool:
    return not step.best_effort and step.when is not When.IF_NEEDED
