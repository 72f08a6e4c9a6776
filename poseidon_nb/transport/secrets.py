"""Which fields of a body are secret by their names, so that what is shown of a request shows them as a mark only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What stands for a secret.
MARK = "(not shown)"
#: Names of fields of the specification's request schemas: ``hf_token``, ``datadog_api_key``, ``registry_credentials``.
_SECRET = re.compile(
    r"(?:.*_)?(?:(?:api|private|secret|auth|secret_access)_?key|password|passphrase|secret|token|credentials|authorization)"
)
#: Between the words of a name: ``apiKey``, ``API-Key``.
_BETWEEN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|-")
#: Looks like a secret, but is the text at which a model stops.
_OPEN = frozenset({"stop_token"})
#: Fields that are shown, and never kept: user data (droplets_create, autoscalepools_create), environments of apps, tokens in
#: a list (dedicatedInferences_create), headers for an agent's tools, addresses of webhooks (apps_assign_alertDestinations,
#: uptime_create_alert, monitoring_create_alertPolicy), keys and certificates of log sinks, prompts, what a function is
#: called with (functions_create_trigger), a code that is exchanged for a token (genai_create_oauth2_dropbox_tokens).
_NEVER_KEPT = frozenset(
    (
        *("user_data", "envs", "access_tokens", "headers", "slack", "slack_webhooks", "credentials"),
        *("key", "cert", "messages", "input", "prompt", "body", "code", "access_key"),
    )
)
#: What an address says by itself: one that was signed (images_create_custom, ``url``), or a request's own query.
_SIGNED = r"[?&][\w.-]*(?:signature|sig|token|password|secret|key)="
#: Wherever it stands: a private key, a token of DigitalOcean's, an address with a password or a token in it.
_SECRET_TEXT = re.compile(
    rf"-----BEGIN [A-Z ]*PRIVATE KEY|\bdo[por]_v1_\w{{8}}|://[^/\s:@]*:[^/\s@]+@|://[^/\s:@]{{16,}}@|{_SIGNED}",
    re.IGNORECASE,
)
_IN_QUERY = re.compile(rf"({_SIGNED})[^&#\s]+", re.IGNORECASE)
#: Shorter ones would be found in words that are none.
_SHORTEST = 6


def hidden(body: Any) -> Any:
    """Return a copy of a body in which no secret stands."""
    if isinstance(body, dict):
        return {
            name: MARK if isinstance(value, str) and _is_secret(name, body) else hidden(value)
            for name, value in body.items()
        }
    return [hidden(one) for one in body] if isinstance(body, list | tuple) else body


def hidden_in_query(target: str) -> str:
    """Return a path with its query, in which no secret stands."""
    return _IN_QUERY.sub(rf"\1{MARK}", target)


def secrets_in(body: Any) -> Iterator[str]:
    """Return the secrets that stand in a body."""
    if isinstance(body, dict):
        for name, value in body.items():
            if not isinstance(value, str):
                yield from secrets_in(value)
            elif len(value) >= _SHORTEST and _is_secret(name, body):
                yield value
    elif isinstance(body, list | tuple):
        for one in body:
            yield from secrets_in(one)


def holds_secret(body: Any) -> bool:
    """Check whether a body may hold a secret, so that it must not be kept in a file.

    Stricter than what is shown: also user data, which people fill with passwords, variables of an app's environment,
    addresses that are a password by themselves, and what people tell a model.
    """
    if isinstance(body, bytes):
        return True
    if isinstance(body, dict):
        return any(
            (value and isinstance(name, str) and (_plain(name) in _NEVER_KEPT or _is_secret(name, body)))
            or holds_secret(value)
            for name, value in body.items()
        )
    if isinstance(body, list | tuple):
        return any(map(holds_secret, body))
    return isinstance(body, str) and _SECRET_TEXT.search(body) is not None


def _is_secret(name: object, where: dict[str, Any]) -> bool:
    # An environment variable of an app, or a pair of a name and a value.
    if name == "value" and (
        where.get("type") == "SECRET" or any(_is_secret(where.get(word), {}) for word in ("name", "key"))
    ):
        return True
    return isinstance(name, str) and name not in _OPEN and _SECRET.fullmatch(_plain(name)) is not None


def _plain(name: str) -> str:
    """Return a name as the specification writes names: ``api_key`` for ``apiKey`` and ``API-Key``."""
    return _BETWEEN.sub("_", name).lower()
