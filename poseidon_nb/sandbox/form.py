"""Form-encoded bodies, in the notation of Rails that DigitalOcean's first clients used.

``name[]=a&name[]=b`` is an array, ``policy[plan]=daily`` an object, and ``rules[][port]=80`` an array of objects, of
which the next one begins when a name occurs again. ``name[0]=a``, as PHP writes an array, is one too. All values are
text.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_KEY = re.compile(r"\[([^\[\]]*)\]")
_MAX_FIELDS = 1000
_MAX_DEPTH = 6


def parse_form(body: bytes) -> dict[str, Any]:
    """Parse a form-encoded body.

    Raises
    ------
    ValueError
        The body is not a form; the message says why.
    """
    form: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MAX_FIELDS):
        found = _NAME.fullmatch(name)
        keys = [found[1], *_KEY.findall(found[2])] if found else []
        if not 1 <= len(keys) <= _MAX_DEPTH:
            raise ValueError(f"the name {name[:50]!r} is invalid")
        _insert(form, keys, value)
    return {name: _with_arrays(value) for name, value in form.items()}


def _insert(node: dict[str, Any], keys: list[str], value: str) -> None:
    """Insert a value into nested objects and arrays; an empty key stands for the next item of an array."""
    key, *rest = keys
    if not rest:
        node[key] = value
    elif rest[0]:
        _insert(_child(node, key, {}), rest, value)
    else:
        _append(_child(node, key, []), rest[1:], value)


def _append(items: list[Any], keys: list[str], value: str) -> None:
    if not keys:
        items.append(value)
        return
    last = items[-1] if items else None
    if not keys[0] or not isinstance(last, dict | None):
        raise ValueError("an array has items of different kinds")
    if last is None or (len(keys) == 1 and keys[0] in last):
        items.append(last := {})
    _insert(last, keys, value)


def _child(node: dict[str, Any], key: str, default: Any) -> Any:
    child = node.setdefault(key, default)
    if type(child) is not type(default):
        raise ValueError(f"the name {key[:50]!r} has values of different kinds")
    return child


def _with_arrays(value: Any) -> Any:
    """Return a value in which objects with the keys 0, 1, 2, ... are arrays."""
    if isinstance(value, list):
        return [_with_arrays(item) for item in value]
    if not isinstance(value, dict):
        return value
    converted = {key: _with_arrays(item) for key, item in value.items()}
    if [*converted] == [str(index) for index in range(len(converted))]:
        return [*converted.values()]
    return converted
