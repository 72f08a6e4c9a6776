"""Which fields of a body are secret by their names, so that what is shown of a request shows them as a mark only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What stands for a secret.
MARK = "(not shown)"
#: Names of fields of the specification's request schemas: ``hf_token``, ``datadog_api_key``, ``registry_credentials``.
_SECRET = re.compile(r"(?:.*_)?(?:(?:api|private|secret|auth)_key|password|secret|token|credentials|authorization)")
#: Ends what a model writes.
_OPEN = frozenset({"stop_token"})
#: Shorter ones would be found in words that are none.
_SHORTEST = 6


def hidden(body: Any) -> Any:
    """Give a copy of a body in which no secret stands."""
    if isinstance(body, dict):
        return {
            name: MARK if isinstance(value, str) and _is_secret(name, body) else hidden(value)
            for name, value in body.items()
        }
    return [hidden(one) for one in body] if isinstance(body, list | tuple) else body


def secrets_in(body: Any) -> Iterator[str]:
    """Give the secrets that stand in a body."""
    if isinstance(body, dict):
        for name, value in body.items():
            if not isinstance(value, str):
                yield from secrets_in(value)
            elif len(value) >= _SHORTEST and _is_secret(name, body):
                yield value
    elif isinstance(body, list | tuple):
        for one in body:
            yield from secrets_in(one)


def _is_secret(name: object, where: dict[str, Any]) -> bool:
    if name == "value" and where.get("type") == "SECRET":  # an environment variable of an app
        return True
    return isinstance(name, str) and name not in _OPEN and _SECRET.fullmatch(name) is not None
