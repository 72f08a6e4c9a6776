"""An API request as the services receive it, and the checks of its body, which is JSON or a form.

Numbers and booleans may be sent as text, also in arrays, as clients do (libcloud#1380): ``"123"``, ``"true"``. A
number may not be sent where text is expected. The service also accepts some bodies without fields that the specification
requires. With ``validation="strict"`` the sandbox accepts none of this: a body is JSON, its outermost fields are those of the
specification, with their types, and so are the query's parameters.

Not documented, chosen here: a body that is neither a JSON object nor a form answers 400. A missing required field or a
field of the wrong type answers 422 and names the field. Unknown fields are ignored, as the service does. Creating an
uptime check without one of its fields answers 400 with another message, quoted in digitalocean/openapi#775 (January
2023).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.access import visible_fields
from poseidon_nb.sandbox.form import parse_form
from poseidon_nb.sandbox.responses import (
    HTTPResponse,
    bad_request,
    forbidden,
    not_found,
    page_body,
    page_of,
    unprocessable,
)
from poseidon_nb.sandbox.store import to_json
from poseidon_nb.text import did_you_mean, is_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import NoReturn

    from poseidon_nb.catalogue import Operation, Parameter
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_JSON_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "a string"),
    "integer": ((int,), "an integer"),
    "number": ((int, float), "a number"),
    "boolean": ((bool,), "a boolean"),
    "array": ((list,), "an array"),
    "object": ((dict,), "an object"),
}
MAX_PORT = 65_535
_MAX_DEPTH = 200
_INTEGER_BITS = 63
#: What occurs in a body with an integer of more than 63 bits, or a number that is infinite as a float.
_LARGE = re.compile(rb"[0-9]{19}|[0-9][eE]")
_FORM_TYPE = "application/x-www-form-urlencoded"
_EMPTY_BODIES = frozenset({b"", b"null"})
#: Fields that the service does not need, although the specification requires them.
_UNNEEDED_FIELDS = {
    # digitalocean/doctl#919
    **dict.fromkeys(("domains_patch_record", "domains_update_record"), ("type",)),
    # godo sends null for no tags, and no entities.
    **dict.fromkeys(("monitoring_create_alertPolicy", "monitoring_update_alertPolicy"), ("tags", "entities")),
    # godo leaves out both where nothing else is known, and the count of an autoscaled pool.
    "kubernetes_update_nodePool": ("name", "count"),
    "kubernetes_add_nodePool": ("count",),
    "kubernetes_update_cluster": ("name",),
    # A global load balancer has neither region nor rules, and godo leaves both out. Others need them: their service checks.
    **dict.fromkeys(("loadBalancers_create", "loadBalancers_update"), ("region", "forwarding_rules")),
}
#: Arrays whose items may have other types than the specification says.
_ANY_ITEMS = {"droplets_create": ("volumes",)}
_MISSING_FIELD_IS_400 = frozenset({"uptime_create_check", "uptime_create_alert", "uptime_update_alert"})


@dataclass(slots=True)
class Call:
    """An authenticated request to a known operation.

    Attributes
    ----------
    world : World
        The account.
    operation : str
        The operationId.
    base_url : str
        ``http://host:port``, for links.
    path : str
        The path of the request.
    path_params : dict
        The values of the path parameters.
    query : dict
        The query's values. If a name occurs twice, the last value counts.
    body : dict
        The body; empty if none was sent.
    scopes : frozenset or None
        The token's scopes; None means full access.
    headers : mapping
        The request's headers, with names in lower case.
    """

    world: World
    operation: str
    base_url: str
    path: str
    path_params: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    scopes: frozenset[str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def path_id(self, name: str) -> int:
        """Return a path parameter as an integer, or raise 404 if it is not one."""
        id_ = parse_id(self.path_params[name])
        if id_ is None:
            raise not_found()
        return id_

    def require_scopes(self, *scopes: str) -> None:
        """Raise 403 if the token lacks one of the scopes."""
        if self.scopes is not None and not self.scopes.issuperset(scopes):
            raise forbidden()

    def require_danger_header(self) -> None:
        """Raise 400 if the request lacks the header ``X-Dangerous: true``."""
        if self.headers.get("x-dangerous", "").lower() != "true":
            raise bad_request("The header X-Dangerous must be true.")

    def to_json(self, kind: str, record: StoredObject) -> bytes:
        """Return an object as JSON, without the fields that the token may not see."""
        if self.scopes is None:
            return record.json
        return to_json(visible_fields(kind, record.public, self.scopes))

    def respond(self, key: str, record: StoredObject, *, status: int = 200) -> HTTPResponse:
        """Return a response with one object."""
        return HTTPResponse(status, b'{"%b":%b}' % (key.encode(), self.to_json(key, record)))

    def respond_all(self, key: str, kind: str, records: Iterable[StoredObject], *, status: int = 200) -> HTTPResponse:
        """Return a response with a whole collection, not split into pages."""
        items = b",".join(self.to_json(kind, record) for record in records)
        return HTTPResponse(status, b'{"%b":[%b]}' % (key.encode(), items))

    def respond_page(self, key: str, kind: str, records: Sequence[StoredObject]) -> HTTPResponse:
        """Return a response with one page of a collection."""
        items = [self.to_json(kind, record) for record in page_of(self, records)]
        return HTTPResponse(200, page_body(items, key, self, len(records)))


def parse_id(text: str) -> int | None:
    """Parse a numeric id; return None for any other text."""
    return int(text) if is_integer(text) else None


def parse_body(body: bytes, content_type: str = "") -> dict[str, Any]:
    """Parse a request body as a JSON object or a form; an empty body is an empty object.

    JSON is accepted under any content type: `curl -d` sends it under that of a form. The body ``null`` is empty, too: godo
    sends it for a request without one, such as that of a garbage collection.
    """
    if body.strip() in _EMPTY_BODIES:
        return {}
    if content_type.partition(";")[0].strip().lower() == _FORM_TYPE and not body.lstrip().startswith(b"{"):
        try:
            return parse_form(body)
        except ValueError as error:
            raise bad_request(f"The request body could not be parsed as a form: {error}.") from None
    # Few bodies have a number that could be too large, and reading each by a function takes its time.
    hooks: dict[str, Any] = {"parse_int": _parse_int, "parse_float": _parse_float} if _LARGE.search(body) else {}
    try:
        value = json.loads(body, parse_constant=_reject_constant, **hooks)
    except (ValueError, RecursionError):
        raise bad_request("The request body could not be parsed as JSON.") from None
    if not isinstance(value, dict):
        raise bad_request("The request body must be a JSON object.")
    if body.count(b"{") + body.count(b"[") > _MAX_DEPTH:
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    """Raise 400 for a body that can be read, but not written again: the stack is deeper there."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [item for items in inner for item in items]
        if not level:
            return
    raise bad_request("The request body is nested too deeply.")


def _reject_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _parse_int(text: str) -> int:
    number = int(text)
    if number.bit_length() > _INTEGER_BITS:
        raise ValueError(f"{text} is too large")
    return number


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def check_query(query: Mapping[str, str], operation: Operation) -> None:
    """Raise 400 if a query has a parameter that the specification lacks; the service ignores it."""
    known = [parameter.name for parameter in operation.query_parameters]
    for name in query:
        if name not in known:
            raise bad_request(f"Unknown query parameter '{name}'{did_you_mean(name, known) or '.'}")


def _check_strictly(body: dict[str, Any], fields: Sequence[Parameter], any_items: Sequence[str]) -> None:
    """Raise 422 if a body has a field, or a text for a number, that the specification lacks."""
    known = {parameter.name: parameter for parameter in fields}
    for name, value in body.items():
        if name not in known:
            raise unprocessable(f"Unknown field '{name}'{did_you_mean(name, known) or '.'}")
        parameter = known[name]
        values = [(name, value, parameter.type)]
        if isinstance(value, list) and parameter.items and name not in any_items:
            values += [(f"an item of {name}", item, parameter.items) for item in value]
        for label, one, kind in values:
            if isinstance(one, str) and kind in _PARSERS:
                raise unprocessable(f"{label} must be {_JSON_TYPES[kind][1]}.")


def check_body(
    body: dict[str, Any], fields: Sequence[Parameter], operation: str = "", *, strict: bool = False
) -> dict[str, Any]:
    """Return the body after checking its required fields and converting its known fields to their types."""
    unneeded, any_items = _UNNEEDED_FIELDS.get(operation, ()), _ANY_ITEMS.get(operation, ())
    if strict and fields:
        _check_strictly(body, fields, any_items)
        unneeded = ()
    for parameter in fields:
        name = parameter.name
        value = body.get(name)
        if value is not None:
            body[name] = convert(name, value, parameter.type)
            if parameter.type == "array" and parameter.items and name not in any_items:
                body[name] = [convert(f"an item of {name}", item, parameter.items) for item in value]
        elif parameter.required and name not in unneeded:
            if operation in _MISSING_FIELD_IS_400:
                raise bad_request(f"missing required field '{name}'")
            raise unprocessable(f"{name} is required.")
    return body


def convert(name: str, value: Any, kind: str) -> Any:
    """Return a value as a JSON type, or raise 422. Text may stand for a number or a boolean."""
    types, words = _JSON_TYPES.get(kind, ((object,), ""))
    if isinstance(value, str) and kind in _PARSERS:
        value = _PARSERS[kind](value.strip())
    # A boolean is not a number, although Python says so.
    if not isinstance(value, types) or (isinstance(value, bool) and kind in {"integer", "number"}):
        raise unprocessable(f"{name} must be {words}.")
    return value


def _parse_boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _parse_integer(text: str) -> int | None:
    id_ = parse_id(text.removeprefix("-"))
    return -id_ if id_ is not None and text.startswith("-") else id_


def _parse_number(text: str) -> float | None:
    whole = _parse_integer(text)
    if whole is not None:
        return whole
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


_PARSERS: dict[str, Callable[[str], bool | float | None]] = {
    "boolean": _parse_boolean,
    "integer": _parse_integer,
    "number": _parse_number,
}


def check_type(name: str, value: Any, kind: str) -> None:
    """Raise 422 unless a value has a JSON type or can be converted to it."""
    convert(name, value, kind)


def required_field(body: dict[str, Any], name: str, kind: str) -> Any:
    """Return a field, or raise 422 if it is missing or empty."""
    value = body.get(name)
    if value is None or value == "":
        raise unprocessable(f"{name} is required.")
    return convert(name, value, kind)


def optional_field(body: dict[str, Any], name: str, kind: str) -> Any:
    """Return a field, or None if it is missing."""
    value = body.get(name)
    return None if value is None else convert(name, value, kind)
