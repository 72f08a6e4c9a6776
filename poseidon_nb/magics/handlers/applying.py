"""`%do apply {plan}`: executes a plan that was made before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poseidon_nb.errors import BulkFailed, InvalidArgument
from poseidon_nb.magics.acting import Act
from poseidon_nb.magics.answer import answer_of_frame
from poseidon_nb.plans.journal_account import account_key
from poseidon_nb.plans.outcomes import failures, failures_text
from poseidon_nb.plans.plan import Plan

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job


def _given(job: Job) -> Plan:
    """Return the plan that a command was handed, with the client to execute it.

    Raises
    ------
    InvalidArgument
        It is something else, or it is a plan for another account.
    """
    plan = _handed(job.command.arguments["plan"])
    ours = job.client
    if plan.account != ours.label() or not _same_account(plan, ours):
        raise InvalidArgument(
            f"this plan is for {plan.account}, and %do uses {ours.label()}: choose its account, or execute it with plan.apply()"
        )
    return replace(plan, client=ours)


def _same_account(plan: Plan, ours: Client) -> bool:
    """Return whether a plan is for a client's account: one name may be that of several, such as a person's teams."""
    theirs = plan.client
    if theirs is None:
        return bool(plan.identity) and plan.identity == ours.identity()
    return theirs is ours or account_key(theirs).same(account_key(ours))


def _handed(given: object) -> Plan:
    if isinstance(given, Plan):
        return given
    name = type(given).__name__
    if isinstance(given, str):
        what = f"the text {given!r}"
    else:
        what = f"a {name} such as plan.frame()" if hasattr(given, "columns") else f"a {name}"
    raise InvalidArgument(f"%do apply takes the Plan itself, as in %do apply {{plan}}, not {what}")


def _answer(job: Job, plan: Plan, outcomes: list[Outcome]) -> Answer:
    from poseidon_nb.plans.frames import outcomes_frame  # noqa: PLC0415  # pandas comes at first use

    frame, failed = outcomes_frame(plan, outcomes), failures(plan, outcomes)
    if failed and not job.command.keep_going:
        job.front.show(frame)
        raise BulkFailed(failures_text(outcomes, failed), frame=frame)
    return answer_of_frame(frame)


#: Its chains are those of the plan.
ACT = Act(lambda _job, _account: (), _answer, _given)
