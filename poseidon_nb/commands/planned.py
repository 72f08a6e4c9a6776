"""Commands that change the account: their plan is printed, returned, or confirmed and executed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from poseidon_nb.errors import ConfirmationRequired, InvalidArgument, NoToken, ServerError, TransportError
from poseidon_nb.plans import confirmation
from poseidon_nb.plans.account import OfflineReader
from poseidon_nb.plans.account_lock import lock_account
from poseidon_nb.plans.plan import ALREADY_EXECUTED, Plan, check_unchanged
from poseidon_nb.plans.summary import dry_run
from poseidon_nb.plans.user_state import account_key
from poseidon_nb.transport import cancellation, config

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Chain, Outcome
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.results import Result
    from poseidon_nb.language.command import Command
    from poseidon_nb.plans.account import AccountReader

    Read = Callable[[CommandContext], Result]


@dataclass(frozen=True, slots=True)
class Planned:
    """What runs a verb that changes the account.

    Parameters
    ----------
    steps : callable
        Returns the steps of the plan, given the command and the account to read.
    result : callable
        Returns the result, given the plan and its outcomes.
    plan : callable, optional
        Returns the plan itself, if it was built before.
    same : callable, optional
        Checks whether the plan, built again after the question was answered, is still the one that was confirmed.
    alone : bool
        Whether only one command at a time may do this to an account, from the first look at it to the last change.
    """

    steps: Callable[[CommandContext, AccountReader], Sequence[Chain]]
    result: Callable[[CommandContext, Plan, list[Outcome]], Result]
    plan: Callable[[CommandContext], Plan] | None = None
    same: Callable[[Plan, Plan], bool] | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What runs a verb that changes the account only with some arguments.

    Parameters
    ----------
    choose : callable
        Returns what runs the command.
    """

    choose: Callable[[Command], Read | Planned]


def build_plan(context: CommandContext, planned: Planned) -> Plan:
    """Build the plan of a command. The account is read, and nothing is changed."""
    if planned.plan is not None:
        return planned.plan(context)
    with cancellation.deadline(context.session.clock, context.command.timeout_s):
        chains = tuple(planned.steps(context, context.account))
        account, client = context.account, context.client
        title = " ".join(word for word in context.command.line.split() if word != "--plan")
        notes, files = tuple(account.notes), tuple(account.files)
        return Plan(title, account.label, chains, notes, client, client.identity(), files)


def show_requests(context: CommandContext, planned: Planned) -> None:
    """Print the requests of a command. If the account cannot be read, ids are placeholders."""
    try:
        plan = build_plan(context, planned)
    except (NoToken, TransportError, ServerError) as error:
        account = OfflineReader(context.session.offline_client())
        plan = Plan(context.command.line, account.label, tuple(planned.steps(context, account)))
        reason = "no token was found" if isinstance(error, NoToken) else str(error)
        context.ui.say(f"(Ids and prices could not be looked up: {reason})")
    context.ui.say(dry_run(plan))


def execute(context: CommandContext, planned: Planned) -> Result:
    """Confirm and execute the plan of a command within ``--timeout``, and return its result."""
    if not planned.alone:
        return _execute(context, planned)
    with cancellation.deadline(context.session.clock, context.command.timeout_s):
        key = account_key(context.client)
    with lock_account(key):
        return _execute(context, planned)


def _execute(context: CommandContext, planned: Planned) -> Result:
    plan = build_plan(context, planned)
    if planned.plan is not None:
        if plan.executed.locked():
            raise InvalidArgument(ALREADY_EXECUTED)
        check_unchanged(plan, context.client)
    if confirm(context, plan) and planned.same is not None:
        del context.account  # What was read before the question is out of date.
        if not planned.same(plan, build_plan(context, planned)):
            raise InvalidArgument(
                "The account has changed since the question was asked. Nothing was done. Run the command again"
            )
    waiting = {**context.waiting, "timeout_s": context.time_left_s()}
    return planned.result(context, plan, plan.run(on_idle=context.progress.look, **waiting))


def confirm(context: CommandContext, plan: Plan) -> bool:
    """Ask before a plan is executed, if it needs confirmation and ``--yes`` was not given. Return whether it asked.

    Raises
    ------
    ConfirmationRequired
        The answer was no, or nobody can answer. Nothing was done.
    """
    if context.command.yes or not confirmation.reasons(
        plan, price_limit_usd_month=context.settings.price_limit_usd_month
    ):
        return False
    if config.assumes_yes() and not confirmation.deletes(plan):
        return False
    try:
        confirmed = context.ask(confirmation.question(plan))
    except ConfirmationRequired:
        raise ConfirmationRequired(confirmation.refusal(plan)) from None
    if not confirmed:
        raise ConfirmationRequired("Not confirmed. Nothing was changed.")
    return True


def bound_plan(context: CommandContext, plan: Plan) -> Plan:
    """Return a plan that a command was given, with the client that executes it.

    Raises
    ------
    InvalidArgument
        It is a plan for another account.
    """
    ours = context.client
    if plan.account != ours.label() or not _is_same_account(plan, ours):
        raise InvalidArgument(
            f"This plan is for {plan.account}, but %do uses {ours.label()}. Select its account, or execute it with plan.apply()"
        )
    return replace(plan, client=ours)


def _is_same_account(plan: Plan, ours: Client) -> bool:
    """Check whether a plan is for a client's account. Different accounts, such as a person's teams, can share a label."""
    theirs = plan.client
    if theirs is None:
        return bool(plan.identity) and plan.identity == ours.identity()
    return theirs is ours or account_key(theirs).same(account_key(ours))
