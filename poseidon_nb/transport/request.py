"""A request as a value, before anything is sent: what ``--dry-run`` shows and what a session sends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import join_words
from poseidon_nb.transport.secrets import hidden, hidden_in_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.catalogue import Operation


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, less its host and its token.

    Parameters
    ----------
    method, path : str
        ``"GET"``, ``"/v2/droplets/12"``; the path is percent-encoded.
    query : mapping
        Values may be lists; they are sent as repeated keys.
    body : object or None
        JSON, or bytes for an upload.
    headers : mapping
        Beyond those that every request has.
    operation_id : str
        The operation that this calls, or ``""`` for a bare path.
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
        """What errors call it."""
        return self.operation_id or f"{self.method} {hidden_in_query(self.path)}"

    @property
    def target(self) -> str:
        """Path and query as they stand in the request line."""
        pairs = [(key, _text(value)) for key, values in self.query.items() for value in _each(values)]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    @property
    def payload(self) -> bytes | None:
        """The body as sent."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, separators=(",", ":")).encode()

    def with_query(self, **query: object) -> Request:
        """Return the same request with more in its query."""
        return replace(self, query={**self.query, **query})

    def __repr__(self) -> str:
        return f"<Request {self.label}: {self.method} {hidden_in_query(self.target)}>"

    def __str__(self) -> str:
        lines = [f"{self.method} {hidden_in_query(self.target)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if isinstance(self.body, bytes):
            lines.append(f"({len(self.body):,} bytes)")
        elif self.body is not None:
            lines.append(json.dumps(hidden(self.body), indent=2, ensure_ascii=False))
        return "\n".join(lines)


def request_for(
    operation: Operation,
    *,
    path: Mapping[str, object] | None = None,
    query: Mapping[str, Any] | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """Fill an operation in.

    Raises
    ------
    InvalidArgument
        A path parameter is missing or empty: ``DELETE /v2/droplets/`` would mean something else than what was asked.
    """
    values = dict(path or {})
    for name, value in values.items():
        try:
            _text(value).encode()
        except UnicodeEncodeError:
            raise InvalidArgument(f"{operation.id}: {name} holds characters that no name has") from None
    for name, text in (headers or {}).items():
        # A line's end would begin another header.
        if not (text.isprintable() and text.isascii()):
            raise InvalidArgument(f"{operation.id}: {name} holds characters that no header has")
    filled = operation.path
    missing = [p.name for p in operation.path_parameters if _text(values.get(p.name, "")) in {"", ".", ".."}]
    if missing:
        raise InvalidArgument(f"{operation.id} needs {join_words(missing)}")
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


def _each(values: object) -> list[object]:
    return list(values) if isinstance(values, (list, tuple)) else [values]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
