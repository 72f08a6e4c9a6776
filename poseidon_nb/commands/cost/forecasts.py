"""`%do cost forecast` and `%do cost budget`: the end of the month, and whether it is within a limit."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from poseidon_nb.commands.cost.account_lines import read_lines
from poseidon_nb.commands.cost.budgets import Budget, change_budget, read_budget
from poseidon_nb.commands.cost.invoices import items_since
from poseidon_nb.commands.cost.spec import DEFAULT_KEY
from poseidon_nb.commands.cost.summary import summarize_budget, summarize_forecast, summarize_limits
from poseidon_nb.commands.dry_run import list_reads
from poseidon_nb.commands.reading import read_all
from poseidon_nb.commands.results import TableResult, table_of_frame
from poseidon_nb.errors import BudgetExceeded, InvalidArgument
from poseidon_nb.frames.tables.forecasts import ALL, NOT_LISTED, NOT_ON_PREVIEW, OVER, WILL_BE_OVER
from poseidon_nb.plans.user_state import account_key
from poseidon_nb.text import did_you_mean, escape_unprintable, format_usd, quote_argument

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.language.command import Command
    from poseidon_nb.transport.request import Request

_SET = "%do cost budget set 500"


def show_forecast(context: CommandContext) -> TableResult:
    """Return what the month will have cost at its end."""
    table = _forecast(context, context.option("by") or DEFAULT_KEY)
    context.ui.say(summarize_forecast(table, context.client.now()))
    return table_of_frame(table)


def month_start(now: datetime) -> datetime:
    """Return the first second of the month of a time in UTC."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _forecast(context: CommandContext, key: str) -> pd.DataFrame:
    start = month_start(context.client.now())
    lines, found = read_lines(
        context,
        optional={
            "balance": read_all("balance_get"),
            "items": lambda client: items_since(client, start - timedelta(days=1)),
        },
    )
    items = found.get("items")
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # loads pandas

    return cost.forecast(lines, items, found.get("balance"), by=key, now=context.client.now())


def run_budget(context: CommandContext) -> TableResult | None:
    """Set, clear or show the budget of the account."""
    action = context.argument("action") or "show"
    amount, limit = context.argument("usd_month"), context.option("limit")
    if action == "set":
        _set_budget(context, amount)
        return None
    if amount is not None:
        raise InvalidArgument(
            f"%do cost budget {action} takes no amount. Did you mean {_SET.replace('500', f'{amount:g}')}?"
        )
    if action == "clear":
        _clear_budget(context)
        return None
    return _show_budget(context, limit)


def list_budget_reads(command: Command, client: Client, session: DoSession) -> list[Request]:
    """Return the requests of `run_budget`, for ``--dry-run``."""
    options = {name: value for name, value in command.options.items() if name != "tag_name"}
    if (command.arguments.get("action") or "show") == "show":
        # The resources of a tag are found among all.
        return list_reads(replace(command, options=options), client, session)
    sets_tag = command.arguments["action"] == "set" and command.options.get("tag_name")
    return [client.request("tags_list")] if sets_tag else []


def _set_budget(context: CommandContext, amount: float | None) -> None:
    if amount is None:
        raise InvalidArgument(f"Add the amount in USD a month: {_SET}")
    _check_not_both(context)
    limit, tag = _positive(amount), context.option("tag_name")
    if tag:
        tag = context.account.tag_called(tag)

    def change(budget: Budget) -> None:
        if tag:
            budget.tags[tag] = limit
        elif context.option("by"):
            budget.each_tag = limit
        else:
            budget.account = limit

    context.ui.say(summarize_limits(change_budget(account_key(context.client), change)))


def _clear_budget(context: CommandContext) -> None:
    _check_not_both(context)
    tag = context.option("tag_name")

    def change(budget: Budget) -> None:
        if tag:
            kept = next((one for one in budget.tags if one.casefold() == tag.casefold()), None)
            if kept is None:
                raise InvalidArgument(
                    f"The tag {quote_argument(tag)} has no budget of its own{did_you_mean(tag, budget.tags) or '.'}"
                )
            del budget.tags[kept]
        elif context.option("by"):
            budget.each_tag = None
            budget.tags.clear()
        else:
            budget.account, budget.each_tag = None, None
            budget.tags.clear()

    context.ui.say(summarize_limits(change_budget(account_key(context.client), change)))


def _show_budget(context: CommandContext, limit: float | None) -> TableResult:
    _check_not_both(context)
    budget = _wanted(context, limit)
    if not budget and context.option("check"):
        raise InvalidArgument(f"No budget is set to check. Set one with {_SET}, or add --limit 500.")
    tag = context.option("tag_name")
    forecast = _forecast(context, "tag" if budget.has_tags or tag else DEFAULT_KEY)
    tags = [group for group in forecast["group"].dropna() if group not in (ALL, NOT_LISTED, NOT_ON_PREVIEW)]
    if tag and tag.casefold() not in map(str.casefold, tags):
        # It costs nothing, or does not exist.
        context.account.check_tag(tag)
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # loads pandas

    table = cost.budget(forecast, _limits(budget, tags), now=context.client.now())
    which, more = (f" for the tag {escape_unprintable(tag)}", f" --tag {quote_argument(tag)}") if tag else ("", "")
    context.ui.say(summarize_budget(table) if budget else f"No budget is set{which}. Set one with {_SET}{more}.")
    exceeded = table[table["status"].isin([WILL_BE_OVER, OVER])]
    if context.option("check") and len(exceeded):
        context.ui.show(table)
        raise BudgetExceeded(summarize_budget(exceeded), frame=table)
    return table_of_frame(table)


def _limits(budget: Budget, tags: Sequence[str]) -> dict[str, float | None]:
    """Return the limits by group, with the tags as the account writes them: case does not matter in tags."""
    written = {tag.casefold(): tag for tag in tags}
    own = {written.get(tag.casefold(), tag): usd for tag, usd in budget.tags.items()}
    limits: dict[str, float | None] = {} if budget.account is None and budget else {ALL: budget.account}
    if budget.each_tag:
        limits |= dict.fromkeys(tags, budget.each_tag)
    return limits | own


def _wanted(context: CommandContext, limit: float | None) -> Budget:
    """Return the limits to compare with: those of the line, or those that are set."""
    tag, by = context.option("tag_name"), context.option("by")
    if limit is not None:
        usd = _positive(limit)
        return Budget(tags={tag: usd}) if tag else Budget(each_tag=usd) if by else Budget(account=usd)
    kept = read_budget(account_key(context.client))
    if tag:
        own = next((usd for one, usd in kept.tags.items() if one.casefold() == tag.casefold()), kept.each_tag)
        return Budget(tags={} if own is None else {tag: own})
    return Budget(each_tag=kept.each_tag, tags=kept.tags) if by else kept


def _check_not_both(context: CommandContext) -> None:
    if context.option("tag_name") and context.option("by"):
        raise InvalidArgument("--tag is the budget of one tag, and --by tag that of each tag. Use one of them.")


def _positive(usd: float) -> float:
    if not (math.isfinite(usd) and usd > 0):
        raise InvalidArgument(f"A budget must be more than {format_usd(0)} a month, not {usd:g}.")
    return usd
