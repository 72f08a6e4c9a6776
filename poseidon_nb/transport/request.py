"""A request as a value: what ``--dry-run`` prints and what a session sends, with its secrets redacted in all output."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poseidon_nb.catalogue import Operation

#: The replacement for a secret.
REDACTED = "(not shown)"
#: Field names in the specification's request schemas: ``hf_token``, ``datadog_api_key``, ``registry_credentials``.
_SECRET_NAME = re.compile(
    r"(?:.*_)?(?:(?:api|private|secret|auth|secret_access)_?key|password|passphrase|secret|token|credentials|authorization)"
)
#: Word boundaries of a field name: ``apiKey``, ``API-Key``.
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|-")
#: Looks like a secret, but is the text at which a model stops.
_NOT_SECRET = frozenset({"stop_token"})
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
#: A secret in a query string: of a signed URL (images_create_custom, ``url``), or of the request itself.
_SIGNED = r"[?&][\w.-]*(?:signature|sig|token|password|secret|key)="
#: A private key, a DigitalOcean token, or a URL with a password or token.
_SECRET_TEXT = re.compile(
    rf"-----BEGIN [A-Z ]*PRIVATE KEY|\bdo[por]_v1_\w{{8}}|://[^/\s:@]*:[^/\s@]+@|://[^/\s:@]{{16,}}@|{_SIGNED}",
    re.IGNORECASE,
)
_IN_QUERY = re.compile(rf"({_SIGNED})[^&#\s]+", re.IGNORECASE)
#: Shorter secrets would also match in ordinary words.
_MIN_SECRET_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request without its host and token.

    Parameters
    ----------
    method, path : str
        ``"GET"``, ``"/v2/droplets/12"``; the path is percent-encoded.
    query : mapping
        Values may be lists, which are sent as repeated keys.
    body : object or None
        JSON, or bytes for an upload.
    headers : mapping
        In addition to the default headers.
    operation_id : str
        The operation; ``""`` for a bare path.
    scopes : tuple of str
        The scopes that the operation needs, for the message of a 403.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    operation_id: str = ""
    scopes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The request's name in error messages."""
        return self.operation_id or f"{self.method} {redact_url(self.path)}"

    @property
    def target(self) -> str:
        """Path and query as in the request line."""
        pairs = [(key, _text(value)) for key, values in self.query.items() for value in _as_list(values)]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    @property
    def payload(self) -> bytes | None:
        """The encoded body."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, separators=(",", ":")).encode()

    def with_query(self, **query: object) -> Request:
        """Return a copy with additional query parameters."""
        return replace(self, query={**self.query, **query})

    def __repr__(self) -> str:
        return f"<Request {self.label}: {self.method} {redact_url(self.target)}>"

    def __str__(self) -> str:
        lines = [f"{self.method} {redact_url(self.target)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if isinstance(self.body, bytes):
            lines.append(f"({len(self.body):,} bytes)")
        elif self.body is not None:
            lines.append(json.dumps(redact(self.body), indent=2, ensure_ascii=False))
        return "\n".join(lines)


def build_request(
    operation: Operation,
    *,
    path: Mapping[str, object] | None = None,
    query: Mapping[str, Any] | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """Build the request of an operation.

    Raises
    ------
    InvalidArgument
        A path parameter is missing or empty (``DELETE /v2/droplets/`` would be another operation), or a value contains
        invalid characters.
    """
    values = dict(path or {})
    for name, value in values.items():
        try:
            _text(value).encode()
        except UnicodeEncodeError:
            raise InvalidArgument(f"Invalid characters in {name} of {operation.id}.") from None
    for name, text in (headers or {}).items():
        # A line break would start another header.
        if not (text.isprintable() and text.isascii()):
            raise InvalidArgument(f"Invalid characters in the header {name} of {operation.id}.")
    filled = operation.path
    missing = [p.name for p in operation.path_parameters if _text(values.get(p.name, "")) in {"", ".", ".."}]
    if missing:
        raise InvalidArgument(f"{operation.id} requires {join_words(missing)}.")
    for parameter in operation.path_parameters:
        filled = filled.replace(f"{{{parameter.name}}}", quote(_text(values[parameter.name]), safe=":"))
    return Request(
        method=operation.method,
        path=filled,
        query={key: value for key, value in (query or {}).items() if value is not None},
        body=body,
        headers=dict(headers or {}),
        operation_id=operation.id,
        scopes=operation.scopes,
    )


def _as_list(values: object) -> list[object]:
    return list(values) if isinstance(values, (list, tuple)) else [values]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def redact(body: Any) -> Any:
    """Return a copy of a body with its secrets replaced."""
    if isinstance(body, dict):
        return {
            name: REDACTED if isinstance(value, str) and _is_secret(name, body) else redact(value)
            for name, value in body.items()
        }
    return [redact(one) for one in body] if isinstance(body, list | tuple) else body


def redact_url(target: str) -> str:
    """Return a path or URL with the secrets in its query replaced."""
    return _IN_QUERY.sub(rf"\1{REDACTED}", target)


def find_secrets(body: Any) -> Iterator[str]:
    """Return the secrets in a body."""
    if isinstance(body, dict):
        for name, value in body.items():
            if not isinstance(value, str):
                yield from find_secrets(value)
            elif len(value) >= _MIN_SECRET_LENGTH and _is_secret(name, body):
                yield value
    elif isinstance(body, list | tuple):
        for one in body:
            yield from find_secrets(one)


def may_hold_secret(body: Any) -> bool:
    """Check whether a body may hold a secret, so that it must not be stored in a file.

    This is stricter than `redact`. It includes user data, environment variables of apps, URLs that act as passwords, and
    prompts.
    """
    if isinstance(body, bytes):
        return True
    if isinstance(body, dict):
        return any(
            (value and isinstance(name, str) and (_snake_case(name) in _NEVER_STORED or _is_secret(name, body)))
            or may_hold_secret(value)
            for name, value in body.items()
        )
    if isinstance(body, list | tuple):
        return any(map(may_hold_secret, body))
    return isinstance(body, str) and _SECRET_TEXT.search(body) is not None


def _is_secret(name: object, fields: dict[str, Any]) -> bool:
    # An environment variable of an app, or a name-value pair.
    if name == "value" and (
        fields.get("type") == "SECRET" or any(_is_secret(fields.get(key), {}) for key in ("name", "key"))
    ):
        return True
    return isinstance(name, str) and name not in _NOT_SECRET and _SECRET_NAME.fullmatch(_snake_case(name)) is not None


def _snake_case(name: str) -> str:
    """Convert ``apiKey`` and ``API-Key`` to ``api_key``, as the specification writes names."""
    return _WORD_BOUNDARY.sub("_", name).lower()
