"""The words of a command, put where its operation wants them: the requests that it stands for. Nothing is sent here.

One road for what is carried out and for what ``--dry-run`` shows; the two differ in who tells the id that a name has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.domains.record_words import relative_name, written_data
from poseidon_nb.client.metrics import WINDOW
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.magics.language.moments import unix_seconds
from poseidon_nb.magics.language.options import SECRET_OPTIONS
from poseidon_nb.magics.language.rule import METRICS
from poseidon_nb.magics.language.words import folded
from poseidon_nb.magics.requests.bodies import read_body
from poseidon_nb.text import is_integer, join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from poseidon_nb.catalogue import Operation, Parameter
    from poseidon_nb.client.client import Client
    from poseidon_nb.magics.language.command import Command
    from poseidon_nb.magics.language.words import Argument, Option, Verb
    from poseidon_nb.transport.request import Request

    Identify = Callable[[str, int | str], int | str]

_RECORDS = frozenset({"domains_create_record", "domains_patch_record", "domains_update_record"})


def requests_of_operation(command: Command, verb: Verb, client: Client, identify: Identify) -> list[Request]:
    """Give the requests of a verb that is one operation: one, or one for each of many things.

    Parameters
    ----------
    command : Command
    verb : Verb
        Made by the rule.
    client : Client
        Builds and checks the requests.
    identify : callable
        Returns the id of a thing, told its kind and what was typed.

    Raises
    ------
    InvalidArgument
        A field is unknown, missing, or given both as an option and in the body.
    """
    wanted = operation(verb.operations[0])
    path, fields = _given(command, verb, wanted, identify)
    if wanted.path.startswith(METRICS):
        fields |= _window(fields, client.now())
    query, headers = _taken(fields, wanted.query_parameters), _taken(fields, wanted.header_parameters)
    body = _body(command, verb, wanted, fields)
    requests = [
        client.request(wanted.id, path=one, query=query, headers=headers, body=body, check=command.check)
        for one in _each(path)
    ]
    secret = next((name for name in body or () if folded(name) in SECRET_OPTIONS and name not in command.options), None)
    if secret is not None:
        raise InvalidArgument(f"{secret} does not belong in a cell: give it as --{folded(secret)} {{name}}")
    return requests


def _window(fields: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """Give the beginning and the end of what is asked for: the last day, if nothing else was said."""
    end = unix_seconds(str(fields.get("end", "now")), now)
    start = fields.get("start")
    if start is None:
        return {"start": str(int(end) - int(WINDOW.total_seconds())), "end": end}
    return {"start": unix_seconds(str(start), now), "end": end}


def _given(
    command: Command, verb: Verb, wanted: Operation, identify: Identify
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what stands in the path, and all other fields, names turned into ids."""
    in_path = [parameter.name for parameter in wanted.path_parameters]
    types = {
        parameter.name: parameter
        for parameter in (*wanted.body_fields, *wanted.header_parameters, *wanted.query_parameters)
    }
    path: dict[str, Any] = {}
    fields: dict[str, Any] = dict(verb.fixed)
    for position, argument in enumerate(verb.arguments):
        if argument.name in command.arguments:
            # The path comes first; a field of the same name may stand in the body.
            value = _identified(argument, command.arguments[argument.name], identify)
            if position < len(in_path):
                path[in_path[position]] = value
            else:
                fields[argument.name] = _typed(types.get(argument.name), value)
    for option in verb.options:
        if option.field in command.options:
            value = _identified(option, command.options[option.field], identify)
            fields[option.field] = _typed(types.get(option.field), value)
    return path, fields


def _identified(taker: Argument | Option, value: Any, identify: Identify) -> Any:
    if not taker.source or value is None:
        return value
    if isinstance(value, tuple):
        return tuple(identify(taker.source, one) for one in value)
    return identify(taker.source, value)


def _typed(parameter: Parameter | None, value: Any) -> Any:
    """Give a value in the type of its field: words that were looked up, or given by position, were taken as text."""
    if parameter is None:
        return value
    if isinstance(value, tuple):
        return [_scalar(parameter.items, one) for one in value]
    if parameter.type == "array":
        return value if isinstance(value, list) else [_scalar(parameter.items, value)]
    return _scalar(parameter.type, value)


def _scalar(type_: str, value: Any) -> Any:
    if type_ in {"integer", "any"} and isinstance(value, str) and is_integer(value):
        return int(value)
    return str(value) if type_ == "string" and isinstance(value, int) and not isinstance(value, bool) else value


def _taken(fields: dict[str, Any], parameters: tuple[Any, ...]) -> dict[str, Any]:
    """Take those fields out that these parameters are."""
    return {one.name: fields.pop(one.name) for one in parameters if one.name in fields}


def _body(command: Command, verb: Verb, wanted: Operation, fields: Mapping[str, Any]) -> Any:
    if verb.body == "body" and command.body is not None:
        written = read_body(command.body)
        if not isinstance(written, dict):
            raise InvalidArgument(f"{wanted.id} takes a body that is an object of fields, not {type(written).__name__}")
        both = [name for name in fields if name in written and written[name] != fields[name]]
        if both:
            raise InvalidArgument(f"{both[0]} is given twice: as an option, and in the body")
        return _as_written(wanted, command, {**written, **fields})
    if fields and not wanted.body_type:
        # A filter of ours, which the API does not know: it is for whole lists.
        raise InvalidArgument(
            f"{wanted.id} itself cannot pick by {join_words(fields)}: leave out --page and --per-page"
        )
    return _as_written(wanted, command, dict(fields)) if fields or wanted.body_required else None


def _as_written(wanted: Operation, command: Command, body: dict[str, Any]) -> dict[str, Any]:
    """Give a record's body as the API takes it: what was read can be written again."""
    if wanted.id not in _RECORDS or not command.check:
        return body
    kind, data, name = body.get("type"), body.get("data"), body.get("name")
    if isinstance(kind, str):
        body["type"] = kind.upper()
        if isinstance(data, str):
            body["data"] = written_data(body["type"], data, tag=body.get("tag"))
    if isinstance(name, str):
        body["name"] = relative_name(name, str(command.arguments["domain_name"]))
    return body


def _each(path: Mapping[str, Any]) -> list[dict[str, Any]]:
    many = next((name for name, value in path.items() if isinstance(value, tuple)), None)
    if many is None:
        return [dict(path)]
    return [{**path, many: one} for one in dict.fromkeys(path[many])]
