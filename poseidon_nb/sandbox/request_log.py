"""The requests that a sandbox received, and assertions about them.

A `RequestLog` is a list. `of` selects from it, and the ``assert_`` methods fail with one line that says what was sent
instead. pandas is imported by `frame` only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation as known_operation
from poseidon_nb.sandbox.call import parse_body
from poseidon_nb.sandbox.responses import HTTPException
from poseidon_nb.text import escape_unprintable, join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

#: Of a longer body nothing is kept.
MAX_CONTENT_BYTES = 64 * 1024
#: What messages call any request.
_REQUEST = "request"
_MAX_NAMED = 4
_MAX_VALUE = 80


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One logged request. The sandbox's own routes are not logged.

    Attributes
    ----------
    time : float
        When, in Unix seconds.
    method, path, query : str
        As sent; the query without its question mark.
    status : int
        The response's status; 0 if the connection was closed instead.
    operation : str
        The operationId; empty if the route is unknown or the token was invalid.
    request_id : str
        The ``x-request-id`` of the response.
    content : bytes
        The body as sent; empty if it was longer than 64 KiB.
    content_type : str
        Its media type, as sent.
    """

    time: float
    method: str
    path: str
    query: str
    status: int
    operation: str
    request_id: str
    content: bytes = field(default=b"", repr=False)
    content_type: str = field(default="", repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """The body's fields as sent; empty if it was neither a JSON object nor a form."""
        try:
            return parse_body(self.content, self.content_type)
        except HTTPException:
            return {}

    def as_json(self) -> dict[str, Any]:
        """Return the request as ``/_sandbox/requests`` does."""
        names = ("time", "method", "path", "query", "status", "operation", "request_id", "body")
        return {name: getattr(self, name) for name in names}


class RequestLog(list[LoggedRequest]):
    """Logged requests, oldest first.

    Parameters
    ----------
    requests : iterable of LoggedRequest
        The requests.
    label : str
        What messages call them.
    source : RequestLog, optional
        The log that they were selected from, for messages.
    """

    def __init__(
        self, requests: Iterable[LoggedRequest] = (), *, label: str = _REQUEST, source: RequestLog | None = None
    ) -> None:
        super().__init__(requests)
        self._label = label
        self._source = self if source is None else source

    def __repr__(self) -> str:
        count = pluralize(len(self), "request") if self._label == _REQUEST else f"{len(self)} of {self._label}"
        return f"<{count}: {_names(self)}>" if self else f"<{count}>"

    def of(self, operation: str = "", *, method: str = "", path: str = "", status: int | None = None) -> RequestLog:
        """Return the requests of an operation, or with a method, a path prefix or a status.

        Parameters
        ----------
        operation : str
            An operationId such as ``droplets_create``; empty selects all.
        method : str
            An HTTP method; empty selects all.
        path : str
            What the path begins with.
        status : int, optional
            The status of the response; 0 selects lost connections.

        Raises
        ------
        NoSuchName
            The operationId is unknown.
        """
        if operation:
            known_operation(operation)
        found = [
            one
            for one in self
            if operation in {"", one.operation}
            and method.upper() in {"", one.method}
            and one.path.startswith(path)
            and status in {None, one.status}
        ]
        words = [operation, method.upper(), path, f"status {status}" if status is not None else ""]
        return RequestLog(found, label=" ".join(filter(None, words)) or self._label, source=self._source)

    @property
    def statuses(self) -> list[int]:
        """The statuses of the responses, in order."""
        return [one.status for one in self]

    def assert_count(self, number: int) -> None:
        """Fail unless there are so many requests."""
        __tracebackhide__ = True
        if len(self) != number:
            expected = f"{self._label} {_times(number)}" if number else f"no {self._label}"
            raise AssertionError(f"Expected {expected}, but it was {self._found()}.")

    def assert_once(self) -> LoggedRequest:
        """Return the only request; fail if there are none or several."""
        __tracebackhide__ = True
        self.assert_count(1)
        return self[0]

    def assert_none(self) -> None:
        """Fail if there is a request."""
        __tracebackhide__ = True
        self.assert_count(0)

    def assert_sent(self, **fields: Any) -> LoggedRequest:
        """Return the first request whose body has these fields with these values; fail if there is none."""
        __tracebackhide__ = True
        if not self:
            raise AssertionError(f"Expected {self._label}, but it was {self._found()}.")
        for one in self:
            body = one.body
            if all(name in body and body[name] == value for name, value in fields.items()):
                return one
        body = self[-1].body
        wrong = [name for name, value in fields.items() if name not in body or body[name] != value]
        if not wrong:
            name, found = next(iter(fields)), "other values together"
        else:
            name = wrong[0]
            found = _shown(name, body[name]) if name in body else "nothing"
        of = f" in the last of {len(self)} requests" if len(self) > 1 else ""
        raise AssertionError(f"Expected {self._label} with {name} {_shown(name, fields[name])}, but found {found}{of}.")

    def frame(self) -> pd.DataFrame:
        """Return the requests as a DataFrame with the columns time, method, path, query, status, operation, request_id."""
        import pandas as pd  # noqa: PLC0415  # tests and servers that need no frame do not need pandas

        columns = ("method", "path", "query", "status", "operation", "request_id")
        frame = pd.DataFrame({name: [getattr(one, name) for one in self] for name in columns})
        kinds = {name: "Int64" if name == "status" else "string" for name in columns}
        times = pd.to_datetime([one.time for one in self], unit="s", utc=True)
        frame = frame.astype(kinds)
        frame.insert(0, "time", times.astype("datetime64[us, UTC]"))
        return frame

    def _found(self) -> str:
        """Return how often it was sent, for the end of a message."""
        if self:
            more = " and others" if len(self) > _MAX_NAMED else ""
            return f"sent {_times(len(self))}, with status {join_words(map(str, self.statuses[:_MAX_NAMED]))}{more}"
        if self._source is self or not self._source:
            return "never sent, and nothing else was"
        return f"never sent. Sent were {_names(self._source)}"


def _names(requests: Iterable[LoggedRequest]) -> str:
    counts = Counter(one.operation or f"{one.method} {one.path}" for one in requests)
    named = [f"{name} ({count})" if count > 1 else name for name, count in counts.most_common(_MAX_NAMED)]
    rest = len(counts) - len(named)
    return join_words([*named, pluralize(rest, "other")] if rest else named)


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _shown(name: str, value: Any) -> str:
    from poseidon_nb.masking import mask_field  # noqa: PLC0415  # a sandbox starts without it

    text = escape_unprintable(repr(mask_field(value, name, {}, "(not shown)")))
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}..."
