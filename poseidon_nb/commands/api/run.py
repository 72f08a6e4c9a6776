"""`%do api METHOD PATH`: send any request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.effects import SAFE_METHODS
from poseidon_nb.commands.bodies import parse_body
from poseidon_nb.commands.planned import Choice, Planned
from poseidon_nb.commands.results import Plain, TableResult, plain, table_of_rows
from poseidon_nb.plans.builders import request_chain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Chain, Outcome
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.language.command import Command
    from poseidon_nb.plans.account import AccountReader
    from poseidon_nb.plans.plan import Plan
    from poseidon_nb.transport.request import Request


def list_reads(command: Command, client: Client, _: DoSession) -> list[Request]:
    """Return the request, for ``--dry-run``."""
    return [client.api_request(command.arguments["method"], command.arguments["path"])]


def _read(context: CommandContext) -> TableResult | Plain | None:
    method, path = context.argument("method"), context.argument("path")
    return _result(context, context.client.api(method, path, body=_body(context)))


def _steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    method, path = context.argument("method"), context.argument("path")
    return (request_chain(account.client.api_request(method, path, body=_body(context))),)


def _planned_result(context: CommandContext, _: Plan, outcomes: list[Outcome]) -> TableResult | Plain | None:
    (outcome,) = outcomes
    if outcome.error is not None:
        raise outcome.error
    return _result(context, outcome.answer)


def _body(context: CommandContext) -> Any:
    return parse_body(context.command.body) if context.command.body else None


def _result(context: CommandContext, answer: Any) -> TableResult | Plain | None:
    if answer is None:
        context.ui.say("Done. The response is empty.")
        return None
    if isinstance(answer, str | bytes):
        return plain(answer)
    return TableResult(lambda: [answer], table_of_rows("", rows_of(answer)).frame, single=True)


def rows_of(answer: Any) -> list[Any]:
    """Return the rows of a response: the items of its only list, its only object, or the whole response."""
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict):
        return [answer]
    lists = [value for value in answer.values() if isinstance(value, list)]
    # The rows of a page are next to its links and totals.
    if len(lists) == 1:
        return lists[0]
    only = next(iter(answer.values())) if len(answer) == 1 else None
    return [only if isinstance(only, dict) else answer]


_CHANGE = Planned(_steps, _planned_result)
#: A GET is sent at once, and any other request is planned.
API = Choice(lambda command: _read if command.arguments["method"] in SAFE_METHODS else _CHANGE)
