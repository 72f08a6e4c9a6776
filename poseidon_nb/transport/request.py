"""A request as a value: what ``--dry-run`` prints and what a session sends, with its secrets masked in all output."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.masking import HIDDEN, mask, mask_query
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.catalogue import Operation


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
        return self.operation_id or f"{self.method} {mask_query(self.path)}"

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
        return f"<Request {self.label}: {self.method} {mask_query(self.target)}>"

    def __str__(self) -> str:
        lines = [f"{self.method} {mask_query(self.target)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if isinstance(self.body, bytes):
            lines.append(f"({len(self.body):,} bytes)")
        elif self.body is not None:
            lines.append(json.dumps(mask(self.body, replacement=HIDDEN), indent=2, ensure_ascii=False))
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
