"""The one path of a command that changes the account: its plan is printed, returned, or confirmed and executed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poseidon_nb.errors import ConfirmationRequired, NoToken, ServerError, TransportError
from poseidon_nb.plans import questions
from poseidon_nb.plans.account import OfflineAccount
from poseidon_nb.plans.freshness import check_fresh
from poseidon_nb.plans.plan import Plan
from poseidon_nb.plans.texts import dry_run
from poseidon_nb.transport import cancellation, config

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.magics.answer import Answer, Live, Plain
    from poseidon_nb.magics.job import Job
    from poseidon_nb.plans.account import Account


@dataclass(frozen=True, slots=True)
class Act:
    """What a command does that changes the account.

    Parameters
    ----------
    chains : callable
        Returns the steps, told the command and the account to read.
    answer : callable
        Makes the answer of the plan and what became of it.
    given : callable, optional
        Returns the plan itself, where it was made before.
    """

    chains: Callable[[Job, Account], Sequence[Chain]]
    answer: Callable[[Job, Plan, list[Outcome]], Answer | Plain | Live | None]
    given: Callable[[Job], Plan] | None = None


def plan_of(job: Job, act: Act) -> Plan:
    """Return the plan of a command. The account is read, and nothing is changed."""
    if act.given is not None:
        return act.given(job)
    with cancellation.deadline(job.kernel.clock, job.command.timeout_s):
        chains = tuple(act.chains(job, job.account))
        notes, client = tuple(job.account.notes), job.client
        return Plan(job.command.line, job.account.label, chains, notes, client, client.identity())


def show_requests(job: Job, act: Act) -> None:
    """Print the requests of a command; where the account cannot be read, with words for the ids."""
    try:
        plan = plan_of(job, act)
    except (NoToken, TransportError, ServerError) as error:
        unread = OfflineAccount(job.kernel.unsent())
        plan = Plan(job.command.line, unread.label, tuple(act.chains(job, unread)))
        reason = "no token was found" if isinstance(error, NoToken) else str(error)
        job.front.say(f"(ids and prices could not be looked up: {reason})")
    job.front.say(dry_run(plan))


def carry_out(job: Job, act: Act) -> Answer | Plain | Live | None:
    """Confirm a command's plan, execute it, and return the answer, all within the time that ``--timeout`` allows."""
    plan = plan_of(job, act)
    if act.given is not None:
        check_fresh(plan, job.client)
    confirm(job, plan)
    waiting = {**job.waiting, "timeout_s": job.time_left_s()}
    return act.answer(job, plan, plan.run(on_idle=job.view.look, **waiting))


def confirm(job: Job, plan: Plan) -> None:
    """Ask before a plan is executed, if it has to be asked about and ``--yes`` was not given.

    Raises
    ------
    ConfirmationRequired
        The answer was no, or nobody can answer. Nothing was done.
    """
    if job.command.yes or not questions.reasons(plan, price_limit_usd_month=job.settings.price_limit_usd_month):
        return
    if config.assumes_yes() and not questions.deletes(plan):
        return
    try:
        confirmed = job.ask(questions.question(plan))
    except ConfirmationRequired:
        raise ConfirmationRequired(questions.refusal(plan)) from None
    if not confirmed:
        raise ConfirmationRequired("not confirmed; nothing was done")
