"""What must not be stored in a file: the journal of plans and the log of changes leave it out.

This is stricter than `masking`: it includes what may be printed, such as user data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.masking import is_secret, mask_in_text, snake_case

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Fields that may be printed, but never stored: user data (droplets_create, autoscalepools_create), environments of apps,
#: tokens in a list (dedicatedInferences_create), headers for an agent's tools, webhook URLs (apps_assign_alertDestinations,
#: uptime_create_alert, monitoring_create_alertPolicy), keys and certificates of log sinks, prompts, the arguments of a
#: function (functions_create_trigger), a code that is exchanged for a token (genai_create_oauth2_dropbox_tokens).
_NEVER_STORED = frozenset(
    (
        *("user_data", "envs", "access_tokens", "headers", "slack", "slack_webhooks", "credentials"),
        *("key", "cert", "messages", "input", "prompt", "body", "code", "access_key"),
    )
)
#: Shorter lines of text are in many messages.
_MIN_LINE = 4


def may_hold_secret(body: Any) -> bool:
    """Check whether a body may hold a secret, so that it must not be stored in a file.

    This is stricter than `mask`. It includes user data, environment variables of apps, URLs that act as passwords, and
    prompts.
    """
    if isinstance(body, bytes):
        return True
    if isinstance(body, dict):
        return any(
            (value and isinstance(name, str) and (snake_case(name) in _NEVER_STORED or is_secret(name, body)))
            or may_hold_secret(value)
            for name, value in body.items()
        )
    if isinstance(body, list | tuple):
        return any(map(may_hold_secret, body))
    return isinstance(body, str) and mask_in_text(body) != body


def quotes_unstored(message: str, body: Any) -> bool:
    """Check whether a message quotes a line of what must not be stored in a file; see `may_hold_secret`."""
    if isinstance(body, dict):
        return any(
            quotes_unstored(message, value)
            or (snake_case(str(name)) in _NEVER_STORED and any(line in message for line in _lines(value)))
            for name, value in body.items()
        )
    return isinstance(body, list | tuple) and any(quotes_unstored(message, item) for item in body)


def _lines(value: Any) -> Iterator[str]:
    """Yield the lines of all text in a value that are long enough to be recognized."""
    if isinstance(value, str):
        yield from (line.strip() for line in value.splitlines() if len(line.strip()) >= _MIN_LINE)
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _lines(item)
