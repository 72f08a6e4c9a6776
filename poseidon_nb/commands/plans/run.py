"""`%do plans` lists and resumes plans that were interrupted or run in the background."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.client import is_sandbox_label
from poseidon_nb.client.engine.engine import all_engines
from poseidon_nb.commands.planned import Choice, Planned, confirm
from poseidon_nb.commands.results import TableResult, outcomes_table, table_of_frame
from poseidon_nb.errors import InvalidArgument, PoseidonError
from poseidon_nb.plans.journal import unfinished_plans
from poseidon_nb.plans.journal_files import PlanFiles
from poseidon_nb.plans.resume import lock_interrupted, remaining_plan, run_remaining
from poseidon_nb.plans.user_state import account_key
from poseidon_nb.text import join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.plans.journal import UnfinishedPlan
    from poseidon_nb.plans.plan import Plan


def list_plans(context: CommandContext) -> TableResult | None:
    """List the plans of any account that are running or were interrupted on this machine."""
    listed = unfinished_plans(None)
    if not listed:
        context.ui.say("No plans are running or interrupted on this machine.")
        return None
    # Without an account, all plans are those of other accounts.
    with suppress(PoseidonError):
        listed = unfinished_plans(account_key(context.client))
    context.session.remember("plans", [one.id for one in listed])
    if not context.option("all"):
        # The account of a sandbox ends with its kernel, so its plans cannot be resumed.
        kept = [one for one in listed if not _is_of_other_sandbox(one)]
        hidden, listed = len(listed) - len(kept), kept
        if hidden:
            context.ui.say(
                f"{pluralize(hidden, 'plan')} of other sandboxes {'is' if hidden == 1 else 'are'} not listed. Use --all to"
                " list them, and %do plans forget to remove them."
            )
        if not listed:
            return None
    from poseidon_nb.frames.validation import build_derived  # noqa: PLC0415  # loads pandas

    return table_of_frame(build_derived("plans", _columns(listed)))


def _is_of_other_sandbox(plan: UnfinishedPlan) -> bool:
    return plan.state == "other account" and plan.entry is not None and is_sandbox_label(plan.entry.account)


def _columns(listed: Sequence[UnfinishedPlan]) -> dict[str, list[Any]]:
    entries = [one.entry for one in listed]
    return {
        "id": [one.id for one in listed],
        "started_at": [entry and entry.started_at for entry in entries],
        "account": [entry and entry.account for entry in entries],
        "title": [entry and entry.title for entry in entries],
        "steps": [entry and entry.steps for entry in entries],
        "completed": [entry and entry.done for entry in entries],
        "remaining": [entry and entry.left for entry in entries],
        "state": [one.state for one in listed],
        "note": [one.note or None for one in listed],
    }


def _resume(context: CommandContext) -> TableResult | None:
    client = context.client
    with lock_interrupted(client, context.argument("plans") or ()) as interrupted:
        if not interrupted:
            context.ui.say("No plan of this account was interrupted. See %do plans")
            return None
        plan = remaining_plan(client, interrupted, context.command.line)
        if plan.is_empty:
            names = join_words(one.entry.id for one in interrupted)
            context.ui.say("\n".join([f"No steps of {names} remain.", *plan.notes]))
        else:
            context.ui.show(plan)
            confirm(context, plan)
        done, outcomes = run_remaining(
            client, interrupted, title=plan.title, on_idle=context.progress.look, **context.waiting
        )
    return outcomes_table(context, done, outcomes) if outcomes else None


def _remaining(context: CommandContext) -> Plan:
    if context.command.plan:
        raise InvalidArgument("%do plans resume has no --plan. Use --dry-run to show what remains.")
    with lock_interrupted(context.client, context.argument("plans") or ()) as interrupted:
        return remaining_plan(context.client, interrupted, context.command.line)


_REMAINING = Planned(lambda _context, _account: (), outcomes_table, _remaining)
#: Only the dry run of a resume is a plan of its own.
RESUME = Choice(lambda command: _REMAINING if command.dry_run or command.plan else _resume)


def stop(context: CommandContext) -> None:
    """Stop what runs in the background, for all clients of this process."""
    stopped = [execution for engine in all_engines() for execution in engine.stop()]
    if not stopped:
        context.ui.say("Nothing is running in the background of this kernel.")
        return
    titles = join_words(dict.fromkeys(execution.title or "untitled plan" for execution in stopped))
    context.ui.say(
        f"{pluralize(len(stopped), 'plan')} will stop after the current step: {titles}. Droplets that were shut down are"
        " powered on again. See %do plans for what is still running."
    )


def forget(context: CommandContext) -> None:
    """Remove plans from the list. The account does not change."""
    files = PlanFiles()
    for plan_id in context.argument("plans"):
        files.forget(plan_id)
        context.ui.say(f"Removed plan {plan_id} from the list.")
