"""Plans that were interrupted, and those that run in the background."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.engine import engines
from poseidon_nb.errors import InvalidArgument, PoseidonError
from poseidon_nb.magics.acting import Act, confirm
from poseidon_nb.magics.answer import answer_of_frame
from poseidon_nb.magics.handlers.outcomes import table_of
from poseidon_nb.plans.journal_account import account_key
from poseidon_nb.plans.journal_files import PlanFiles, state_folder
from poseidon_nb.plans.journal_list import unfinished_plans
from poseidon_nb.plans.resume import hold_interrupted, remaining_plan, run_remaining
from poseidon_nb.text import join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job
    from poseidon_nb.plans.journal_list import ListedPlan
    from poseidon_nb.plans.plan import Plan

_NONE = "No plan runs on this machine, and none was interrupted."


def list_plans(job: Job) -> Answer | None:
    """Show the plans that run or were interrupted on this machine, whatever their account."""
    listed = unfinished_plans(None)
    if not listed:
        job.front.say(_NONE)
        return None
    # Where no account is chosen all are another's.
    with suppress(PoseidonError):
        listed = unfinished_plans(account_key(job.client))
    job.kernel.learn("plans", [one.id for one in listed])
    from poseidon_nb.frames.validation import build_derived  # noqa: PLC0415  # pandas comes at first use

    return answer_of_frame(build_derived("plans", _columns(listed)))


def _columns(listed: Sequence[ListedPlan]) -> dict[str, list[Any]]:
    entries = [one.entry for one in listed]
    return {
        "id": [one.id for one in listed],
        "begun": [entry and entry.begun for entry in entries],
        "account": [entry and entry.account for entry in entries],
        "title": [entry and entry.title for entry in entries],
        "steps": [entry and entry.steps for entry in entries],
        "done": [entry and entry.done for entry in entries],
        "left": [entry and entry.left for entry in entries],
        "state": [one.state for one in listed],
        "note": [one.note or None for one in listed],
    }


def resume(job: Job) -> Answer | None:
    """Look how far plans got, show what is left, ask about it as about a new plan, and do it."""
    client = job.client
    with hold_interrupted(client, job.argument("plans") or ()) as interrupted:
        if not interrupted:
            job.front.say("No plan of this account was interrupted: see %do plans.")
            return None
        plan = remaining_plan(client, interrupted, job.command.line)
        if plan.is_empty:
            names = join_words(one.entry.id for one in interrupted)
            job.front.say("\n".join([f"Nothing is left to send for {names}.", *plan.notes]))
        else:
            job.front.show(plan)
            confirm(job, plan)
        done, outcomes = run_remaining(client, interrupted, title=plan.title, on_idle=job.view.look, **job.waiting)
    return table_of(job, done, outcomes) if outcomes else None


def _left(job: Job) -> Plan:
    if job.command.plan:
        raise InvalidArgument("--plan: %do plans resume does the rest of a plan itself; --dry-run shows what that is")
    with hold_interrupted(job.client, job.argument("plans") or ()) as interrupted:
        return remaining_plan(job.client, interrupted, job.command.line)


#: What ``--dry-run`` shows of a resume.
RESUME = Act(lambda _job, _account: (), table_of, _left)


def stop(job: Job) -> None:
    """End what runs in the background, of every client of this process."""
    stopped = [execution for engine in engines() for execution in engine.stop()]
    if not stopped:
        job.front.say("Nothing runs in the background of this kernel.")
        return
    titles = join_words(dict.fromkeys(execution.title or "a verb" for execution in stopped))
    job.front.say(
        f"{pluralize(len(stopped), 'plan')} will stop after the step in progress; droplets that were shut down are powered on "
        f"again: {titles}. %do plans lists what still runs."
    )


def forget(job: Job) -> None:
    """Remove plans from the list; the account is not touched."""
    files = PlanFiles(state_folder())
    for plan_id in job.argument("plans"):
        files.forget(plan_id)
        job.front.say(f"Plan {plan_id} was removed from the list.")


HANDLERS = {
    ("plans", "list"): list_plans,
    ("plans", "resume"): resume,
    ("plans", "stop"): stop,
    ("plans", "forget"): forget,
}
