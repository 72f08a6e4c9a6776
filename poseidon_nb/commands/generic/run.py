"""Run any operation: names are looked up, the request is checked and sent, and the response becomes a DataFrame.

A read is sent at once and all its pages are read. A change becomes a step of a plan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import match, operation, possible_keys
from poseidon_nb.client.lookup import find_resource_type, names_and_ids, type_listed_by
from poseidon_nb.client.statuses import result_operation, status_operation
from poseidon_nb.client.wording import noun_of
from poseidon_nb.commands.generic.requests import build_requests
from poseidon_nb.commands.planned import Planned
from poseidon_nb.commands.results import Plain, TableResult, follow, outcomes_table, plain, table_of_rows
from poseidon_nb.commands.selection import get_table, is_one
from poseidon_nb.frames.schemas import table_of
from poseidon_nb.language.spec import source_within
from poseidon_nb.plans.builders import operation_chains

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.client.engine.steps import Chain, Outcome
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.language.spec import Argument, Verb
    from poseidon_nb.plans.account import AccountReader
    from poseidon_nb.plans.plan import Plan
    from poseidon_nb.transport.request import Request


def read(context: CommandContext) -> TableResult | Plain | None:
    """Send the command's operation, which only reads: once, or for each of several resources."""
    argument = next((one for one in context.verb.arguments if one.many), None)
    if argument is not None and not is_one(context.argument(argument.name)):
        return _read_several(context, argument)
    (request,) = build_requests(context.command, context.client, context.account.id_of)
    wanted, answer = operation(context.verb.operations[0]), context.client.execute(request)
    context.session.remember_options(wanted.id, {wanted.response_key: answer} if isinstance(answer, list) else answer)
    if isinstance(answer, list):
        _remember(context, request, answer)
    return _result(context, wanted, answer)


def _read_several(context: CommandContext, argument: Argument) -> TableResult:
    wanted = operation(context.verb.operations[0])

    def get_one(word: int | str) -> dict[str, Any]:
        command = replace(context.command, arguments={**context.command.arguments, argument.name: (word,)})
        (request,) = build_requests(command, context.client, context.account.id_of)
        row: dict[str, Any] = _held(wanted, context.client.execute(request))
        return row

    return get_table(context, _table(wanted), argument.source, get_one)


def operation_steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    """Return the steps of a command that changes something with one operation."""
    verb = context.verb
    requests = build_requests(context.command, account.client, account.id_of)
    if context.command.check:
        # Several requests of a command have the same body.
        account.check_choices(requests[0])
    names, owner = _names(context, verb, requests), _owner(context, verb)
    return operation_chains(account, requests, verb.name, names, owner=owner, waits=verb.waits)


def _names(context: CommandContext, verb: Verb, requests: Sequence[Request]) -> list[str]:
    """Return what was typed for the resource of each request; empty if two words can name the same one."""
    arguments = verb.arguments[: len(operation(verb.operations[0]).path_parameters)]
    word = context.command.arguments.get(arguments[-1].name) if arguments else None
    names = [*dict.fromkeys(word)] if isinstance(word, tuple) else [] if word is None else [word]
    return [str(name) for name in names] if len(names) == len(requests) else []


def _owner(context: CommandContext, verb: Verb) -> str:
    """Return what the resource belongs to, as typed: ``repository tiles of registry tidepool``."""
    wanted = operation(verb.operations[0])
    given = zip(wanted.path_parameters[:-1], verb.arguments, strict=False)
    words = [f"{noun_of(wanted, one)} {context.command.arguments[argument.name]}" for one, argument in given]
    return " of ".join(reversed(words))


def operation_result(context: CommandContext, plan: Plan, outcomes: list[Outcome]) -> TableResult | Plain | None:
    """Return the result of an operation; for a delete, one row for each resource."""
    wanted = operation(context.verb.operations[0])
    if wanted.method == "DELETE":
        return outcomes_table(context, plan, outcomes)
    (outcome,) = outcomes
    if outcome.error is not None:
        raise outcome.error
    follow(context, outcomes)
    if outcome.step.awaits == "status":
        return _status_result(context, wanted, outcome)
    return _result(context, wanted, outcome.answer if outcome.action is None else outcome.action.to_dict())


def _status_result(context: CommandContext, wanted: Operation, outcome: Outcome) -> TableResult | Plain | None:
    """Return the resource as it was read last; what the response holds, if it was not read."""
    if outcome.status == "in-progress" and not outcome.answer:
        context.ui.say(f"{context.verb.title}: in progress")
        return None
    if outcome.status == "completed" and (result := result_operation(wanted.id)):
        (parameter,) = operation(result).path_parameters
        answer = context.client.call(result, path={parameter.name: outcome.target.id})
        return _result(context, operation(result), answer)
    is_read = wanted.response_key not in (outcome.answer or {})
    return _result(context, operation(status_operation(wanted.id)) if is_read else wanted, outcome.answer)


def _result(context: CommandContext, wanted: Operation, answer: Any) -> TableResult | Plain | None:
    verb = context.verb
    if answer is None:
        context.ui.say(f"{verb.title}: done")
        return None
    if isinstance(answer, str | bytes):
        return plain(answer)
    if isinstance(answer, list):
        return table_of_rows(_table(wanted), answer)
    held = _held(wanted, answer)
    rows = held if isinstance(held, list) else [held]
    return table_of_rows(_table(wanted), rows, single=not isinstance(held, list))


def _table(wanted: Operation) -> str:
    """Return the table of an operation's responses."""
    return table_of(wanted.id) or wanted.id


def _held(wanted: Operation, answer: Any) -> Any:
    """Return what a response holds, without the object around it."""
    keys = possible_keys(wanted.response_key) if isinstance(answer, dict) else ()
    return next((answer[key] for key in keys if key in answer), answer)


def _remember(context: CommandContext, request: Request, rows: list[Any]) -> None:
    """Remember the names in a list for completion."""
    source = type_listed_by(request.operation_id) or request.operation_id
    kind, found = find_resource_type(source), match(request.method, request.path)
    if kind is not None and found is not None:
        complete, path = not context.command.options, found[1]
        context.session.remember_names(
            source_within(source, [*path.values()]), names_and_ids(kind, rows), complete=complete
        )


CHANGE = Planned(operation_steps, operation_result)
