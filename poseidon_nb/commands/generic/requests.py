"""Build the requests of a command that is one operation. Nothing is sent here.

Executing a command and ``--dry-run`` both use it. They differ only in how the name of a resource becomes its id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.metrics import DEFAULT_WINDOW
from poseidon_nb.commands.bodies import parse_body
from poseidon_nb.commands.domains.records import RECORD_OPERATIONS, normalize_record
from poseidon_nb.commands.generic.derive import METRICS
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.language.options import SECRET_OPTIONS
from poseidon_nb.language.spec import kebab
from poseidon_nb.language.time_arguments import unix_seconds
from poseidon_nb.text import is_integer, join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from poseidon_nb.catalogue import Operation, Parameter
    from poseidon_nb.client.client import Client
    from poseidon_nb.language.command import Command
    from poseidon_nb.language.spec import Argument, Option
    from poseidon_nb.transport.request import Request

    #: Takes the type, what was typed, and the ids of what it is inside of.
    FindId = Callable[[str, int | str, tuple[int | str, ...]], int | str]


def build_requests(command: Command, client: Client, find_id: FindId) -> list[Request]:
    """Build the requests of a verb that is one operation: one, or one for each of several resources.

    Parameters
    ----------
    command : Command
    client : Client
        Builds and checks the requests.
    find_id : callable
        Returns the id of a resource, given its type, what was typed, and the ids of the resources that it is inside of.

    Raises
    ------
    InvalidArgument
        A field is unknown, missing, or given both as an option and in the body.
    """
    wanted = operation(command.verb.operations[0])
    path, fields = _fields(command, wanted, find_id)
    if wanted.path.startswith(METRICS):
        fields |= _window(fields, client.now())
    query, headers = _take(fields, wanted.query_parameters), _take(fields, wanted.header_parameters)
    body = _body(command, wanted, fields)
    requests = [
        client.request(wanted.id, path=one, query=query, headers=headers, body=body, check=command.check)
        for one in _each(path)
    ]
    secret = next((name for name in body or () if kebab(name) in SECRET_OPTIONS and name not in command.options), None)
    if secret is not None:
        raise InvalidArgument(f"A cell must not contain {secret}. Pass it as --{kebab(secret)} {{name}}")
    return requests


def _window(fields: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """Return the start and end of a window in Unix seconds; by default the last day."""
    end = unix_seconds(str(fields.get("end", "now")), now)
    start = fields.get("start")
    if start is None:
        return {"start": str(int(end) - int(DEFAULT_WINDOW.total_seconds())), "end": end}
    return {"start": unix_seconds(str(start), now), "end": end}


def _fields(command: Command, wanted: Operation, find_id: FindId) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the path parameters and all other fields, with names replaced by ids."""
    in_path = [parameter.name for parameter in wanted.path_parameters]
    types = {
        parameter.name: parameter
        for parameter in (*wanted.body_fields, *wanted.header_parameters, *wanted.query_parameters)
    }
    path: dict[str, Any] = {}
    verb = command.verb
    fields: dict[str, Any] = dict(verb.fixed)
    for position, argument in enumerate(verb.arguments):
        if argument.name in command.arguments:
            # The path comes first; the body can have a field of the same name.
            parents = tuple(path[name] for name in argument.within)
            value = _with_ids(argument, command.arguments[argument.name], find_id, parents)
            if position < len(in_path):
                path[in_path[position]] = value
            else:
                fields[argument.name] = _convert(types.get(argument.name), value)
    for option in verb.options:
        if option.field in command.options:
            value = _with_ids(option, command.options[option.field], find_id)
            fields[option.field] = _convert(types.get(option.field), value)
    return path, fields


def _with_ids(taker: Argument | Option, value: Any, find_id: FindId, parents: tuple[int | str, ...] = ()) -> Any:
    if not taker.source or value is None:
        return value
    if isinstance(value, tuple):
        return tuple(find_id(taker.source, one, parents) for one in value)
    return find_id(taker.source, value, parents)


def _convert(parameter: Parameter | None, value: Any) -> Any:
    """Convert a value to the type of its field: arguments and names were taken as text."""
    if parameter is None:
        return value
    if isinstance(value, tuple):
        return [_convert_scalar(parameter.items, one) for one in value]
    if parameter.type == "array":
        return value if isinstance(value, list) else [_convert_scalar(parameter.items, value)]
    return _convert_scalar(parameter.type, value)


def _convert_scalar(type_: str, value: Any) -> Any:
    if type_ in {"integer", "any"} and isinstance(value, str) and is_integer(value):
        return int(value)
    return str(value) if type_ == "string" and isinstance(value, int) and not isinstance(value, bool) else value


def _take(fields: dict[str, Any], parameters: tuple[Any, ...]) -> dict[str, Any]:
    """Remove and return the fields of these parameters."""
    return {one.name: fields.pop(one.name) for one in parameters if one.name in fields}


def _body(command: Command, wanted: Operation, fields: Mapping[str, Any]) -> Any:
    body = dict(fields)
    if command.verb.body == "body" and command.body is not None:
        written = parse_body(command.body)
        if not isinstance(written, dict):
            raise InvalidArgument(f"The body of {wanted.id} must be an object of fields, not {type(written).__name__}.")
        both = [name for name in fields if name in written and written[name] != fields[name]]
        if both:
            raise InvalidArgument(f"{both[0]} is given twice: as an option and in the body.")
        body = {**written, **fields}
    elif fields and not wanted.body_type:
        # The API has no such filter. It is applied to whole lists.
        raise InvalidArgument(f"{wanted.id} cannot filter by {join_words(fields)}. Leave out --page and --per-page.")
    elif not fields and not wanted.body_required:
        return None
    if wanted.id in RECORD_OPERATIONS and command.check:
        normalize_record(body, str(command.arguments["domain_name"]))
    return body


def _each(path: Mapping[str, Any]) -> list[dict[str, Any]]:
    many = next((name for name, value in path.items() if isinstance(value, tuple)), None)
    if many is None:
        return [dict(path)]
    return [{**path, many: one} for one in dict.fromkeys(path[many])]
