"""What went wrong with a step, in an error that names what was accepted: the thing, the action, and the command that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.connection import explained
from poseidon_nb.client.engine.expecting import GOING_S
from poseidon_nb.client.engine.steps import When
from poseidon_nb.errors import (
    ActionFailed,
    ActionTimedOut,
    DropletBusy,
    OutcomeUnknown,
    PoseidonError,
    ServerError,
)
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.client.engine.outcomes import Outcome, Status
    from poseidon_nb.client.engine.steps import Step, Target

    Row = Mapping[str, Any]


def still_off(run: ChainRun, place: int) -> ActionTimedOut | None:
    """Return the error for a droplet that was to be powered on again, and is not."""
    action, row = run.actions.get(place), run.rows.get(place)
    if run.step is None or run.step.when is not When.ALWAYS or action is None or row is None:
        return None
    if row.get("status") == run.step.change.after:
        return None
    name = run.step.targets[place].name
    return ActionTimedOut(f"{action.label} completed, and {name} still reads {row.get('status')}", action=action)


def still_there(run: ChainRun, place: int, waited_s: float) -> ActionTimedOut | None:
    """Return the error for a droplet that was deleted, and can be read all the same for longer than is usual."""
    if run.step is None or run.step.awaits != "gone" or waited_s < GOING_S or place not in run.rows:
        return None
    target = run.step.targets[place]
    return ActionTimedOut(
        f"delete {target} was accepted, and it can still be read after {GOING_S:g} s: see %do droplets get {target.id}"
    )


def not_imported(run: ChainRun, place: int) -> ActionFailed | None:
    """Return the error for a custom image that could not be imported."""
    row = run.rows.get(place)
    if run.step is None or run.step.awaits != "image" or row is None:
        return None
    if not row.get("error_message") and row.get("status") not in {"deleted", "retired"}:
        return None
    reason = row.get("error_message") or f"its status is {row.get('status')}"
    return ActionFailed(f"{row.get('name')} could not be imported: {reason} (image {row['id']})")


def is_held(step: Step, action: Action) -> DropletBusy:
    """Return the error for a step that is not waited for though its droplet is busy."""
    return DropletBusy(
        f"{step.targets[0].name} is busy: {action.type} is still running (action {action.id}); "
        f"wait for it with %do actions wait {action.id}",
        action=action,
    )


def status_of(error: PoseidonError | None) -> Status:
    """Return the word for how a step ended."""
    if error is None:
        return "completed"
    if isinstance(error, ActionTimedOut):
        return "in-progress"
    if isinstance(error, OutcomeUnknown):
        return "unknown"
    # 501 says that the server does not know how; every other 5xx may have come after the work.
    return "unknown" if isinstance(error, ServerError) and error.status != 501 else "failed"  # noqa: PLR2004  # 501


def name_accepted(error: PoseidonError, step: Step, target: Target, action: Action | None) -> None:
    """Name in an error what was accepted before it came."""
    error.step, error.droplet = step, target if target.kind == "droplet" else None
    if action is None:
        if str(target.id) not in str(error):
            explained(error, f"{step.verb} {target} was accepted")
        return
    error.action = action
    if str(action.id) not in str(error) or str(target.id) not in str(error):
        explained(
            error,
            f"{step.verb} {target} was accepted (action {action.id}): see how it goes with %do actions wait {action.id}",
        )


def name_earlier(error: PoseidonError, step: Step, outcomes: Sequence[Outcome]) -> None:
    """Name in an error of a later step what of its chain was accepted before."""
    actions = [(one.step.verb, one.action) for one in outcomes if one.action is not None]
    if not actions or error.action is not None:
        return
    error.action = actions[-1][1]
    target = step.targets[0]
    see = f": see %do droplets actions {target.id}" if target.kind == "droplet" else ""
    explained(
        error, f"{join_words(f'{verb} (action {action.id})' for verb, action in actions)} of {target} came before{see}"
    )


def copy_of(error: PoseidonError) -> PoseidonError:
    """Return an error of its own for one of several things that failed together."""
    cls, args, state = error.__reduce__()[1]
    copied: PoseidonError = cls.__new__(cls, *args)
    copied.args, copied.__dict__ = args, dict(state)
    copied.__cause__ = error
    return copied


def unforeseen(step: Step, failure: BaseException) -> OutcomeUnknown:
    """Return the error for a failure that is none of ours."""
    # Its own words are for the log: nobody has looked what stands in them.
    error = OutcomeUnknown(
        f"{step.label} failed in an unexpected way ({type(failure).__name__}) and may have been carried out: look before "
        "you repeat it"
    )
    error.__cause__ = failure
    return error
