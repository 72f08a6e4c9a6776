"""The log of changes: every request that may have changed something, with its outcome, for ``%do log``.

Request bodies are never logged, because they may contain user data or keys, and neither are tokens. The log is in memory
only; `plans` writes it to disk.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from poseidon_nb.errors import APIError, InvalidArgument
from poseidon_nb.masking import mask_query
from poseidon_nb.text import join_words
from poseidon_nb.transport.responses import Response
from poseidon_nb.unstored import quotes_unstored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from poseidon_nb.errors import TransportError
    from poseidon_nb.transport.credentials import Token
    from poseidon_nb.transport.request import Request

#: Number of changes kept.
MAX_CHANGES = 1000


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """A request that was sent to change something, and its outcome."""

    #: When it was first sent, UTC.
    time: datetime
    #: The account's name; ``""`` if it is not known.
    account: str
    method: str
    #: With the query.
    path: str
    #: The operationId; ``""`` for a bare path.
    operation_id: str
    #: The id that DigitalOcean's support asks for.
    request_id: str | None
    #: The HTTP status of the last response; None without a response.
    status: int | None
    #: One line, such as ``"completed 201"``, ``"refused 422: ..."``, ``"failed 500: ..."`` or ``"no response"``.
    outcome: str


class ChangeLog:
    """The most recent changes, oldest first.

    Parameters
    ----------
    max_changes : int
        Number of changes kept.

    Notes
    -----
    Thread-safe.
    """

    def __init__(self, max_changes: int = MAX_CHANGES) -> None:
        self._changes: deque[LoggedChange] = deque(maxlen=max_changes)
        self._added = 0
        self._lock = threading.Lock()
        #: Called with every change, in the thread that sent it.
        self.on_add: Callable[[LoggedChange], None] | None = None

    def add(self, change: LoggedChange) -> None:
        """Add a change."""
        with self._lock:
            self._changes.append(change)
            self._added += 1
        if self.on_add is not None:
            self.on_add(change)

    def entries(self) -> tuple[LoggedChange, ...]:
        """Return the changes in the order in which their outcomes were known."""
        with self._lock:
            return tuple(self._changes)

    @property
    def added(self) -> int:
        """Number of changes ever added."""
        with self._lock:
            return self._added

    @property
    def dropped(self) -> int:
        """Number of older changes that are no longer kept."""
        with self._lock:
            return self._added - len(self._changes)

    def __len__(self) -> int:
        with self._lock:
            return len(self._changes)

    def __iter__(self) -> Iterator[LoggedChange]:
        return iter(self.entries())

    def __repr__(self) -> str:
        return f"<ChangeLog of {len(self)} changes>"


class RequestTrace:
    """The attempts of one request, recorded by the session that sends it.

    Parameters
    ----------
    request : Request
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._started: datetime | None = None
        self._in_progress = False
        #: The result of each attempt that was sent: a status, or None without a response.
        self._attempts: list[int | None] = []
        self._message = ""
        self._request_id: str | None = None

    def start_attempt(self, now: datetime) -> None:
        """Record that an attempt is about to be sent."""
        self._in_progress = True
        self._started = self._started or now

    def end_attempt(self, result: Response | TransportError) -> None:
        """Record the result of an attempt."""
        self._in_progress = False
        if isinstance(result, Response):
            self._attempts.append(result.status)
            self._request_id = result.request_id
        elif result.sent:
            self._attempts.append(None)
            self._request_id = None

    def fail(self, error: BaseException) -> None:
        """Record the error that the request ends with."""
        if isinstance(error, InvalidArgument):
            self._in_progress = False  # nothing was sent
        if isinstance(error, APIError):
            self._message = error.api_message.rstrip(".")
            self._request_id = error.request_id

    def to_change(self, account: str, token: Token) -> LoggedChange | None:
        """Return the change to log; None if no byte of the request was sent."""
        attempts = [*self._attempts, None] if self._in_progress else self._attempts
        if self._started is None or not attempts:
            return None
        *earlier, last = attempts
        # What the API says about a body may quote it, and this log is kept in files.
        message = "" if quotes_unstored(self._message, self._request.body) else self._message
        outcome = "interrupted before a response" if self._in_progress else _outcome(last, message)
        if earlier:
            outcome += f"; earlier attempts: {join_words(dict.fromkeys(str(one or 'no response') for one in earlier))}"
        request_id = None if self._in_progress else self._request_id
        return LoggedChange(
            time=self._started,
            account=account,
            method=self._request.method,
            path=mask_query(token.redact(self._request.target)),
            operation_id=self._request.operation_id,
            request_id=token.redact(request_id) if request_id else None,
            status=last,
            outcome=mask_query(token.redact(outcome)),
        )


def _outcome(status: int | None, message: str) -> str:
    if status is None:
        return "no response"
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return f"completed {status}"
    if status < HTTPStatus.BAD_REQUEST:
        return f"redirected {status}, not followed"
    verdict = "refused" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed"
    return f"{verdict} {status}: {message}" if message else f"{verdict} {status}"
