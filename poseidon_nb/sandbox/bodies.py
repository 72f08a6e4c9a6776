"""Request bodies: read, and checked against the types that the catalogue names.

Not settled by any source, chosen here: what is not JSON or not an object answers 400; a missing required field or a
field of the wrong type answers 422 and names the field. Unknown fields pass, as they do at the service. Creating an
uptime check without one of its fields answers 400 in other words, as quoted in digitalocean/openapi#775 (January 2023).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.replies import bad_request, unprocessable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from poseidon_nb.catalogue import Parameter

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "a string"),
    "integer": ((int,), "an integer"),
    "number": ((int, float), "a number"),
    "boolean": ((bool,), "a boolean"),
    "array": ((list,), "an array"),
    "object": ((dict,), "an object"),
}

_MISSING_IS_400 = frozenset({"uptime_create_check", "uptime_create_alert", "uptime_update_alert"})


def parsed(body: bytes) -> dict[str, Any]:
    """Give a request's JSON object; no body is an empty one."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise bad_request("The request body could not be parsed as JSON.") from None
    if not isinstance(value, dict):
        raise bad_request("The request body must be a JSON object.")
    return value


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def checked(body: dict[str, Any], fields: Iterable[Parameter], operation: str = "") -> dict[str, Any]:
    """Give the body back if its required fields are there and its known fields have their types."""
    for field in fields:
        value = body.get(field.name)
        if value is None:
            if field.required and operation in _MISSING_IS_400:
                raise bad_request(f"missing required field '{field.name}'")
            if field.required:
                raise unprocessable(f"{field.name} is required.")
        else:
            typed(field.name, value, field.type)
            for item in value if field.type == "array" and field.items else ():
                typed(f"an item of {field.name}", item, field.items)
    return body


def typed(name: str, value: Any, kind: str) -> None:
    """Refuse a value that is not of a JSON type; `True` is no number, whatever Python thinks."""
    types, words = _KINDS.get(kind, ((object,), ""))
    if not isinstance(value, types) or (isinstance(value, bool) and kind in {"integer", "number"}):
        raise unprocessable(f"{name} must be {words}.")


def required(body: dict[str, Any], name: str, kind: str) -> Any:
    """Give a field that this request cannot do without."""
    value = body.get(name)
    if value is None or value == "":
        raise unprocessable(f"{name} is required.")
    typed(name, value, kind)
    return value


def optional(body: dict[str, Any], name: str, kind: str) -> Any:
    """Give a field, or None."""
    value = body.get(name)
    if value is not None:
        typed(name, value, kind)
    return value
