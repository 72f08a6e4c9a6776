"""What was changed: every request that may have changed something is kept, with what became of it, for ``%do log``.

A request's body is never kept, for it may hold user data or keys, and neither is a token. It is memory only; `plans` keeps it on disk.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from poseidon_nb.errors import APIError, InvalidArgument
from poseidon_nb.text import join_words
from poseidon_nb.transport.replies import Reply
from poseidon_nb.transport.secrets import hidden_in_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from poseidon_nb.errors import TransportError
    from poseidon_nb.transport.credentials import Token
    from poseidon_nb.transport.request import Request

#: Changes that are kept, the newest.
MOST_CHANGES = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """One request that was sent to change something, and what became of it."""

    #: When it first went out, UTC.
    time: datetime
    #: The account's name, or ``""`` while that is not known.
    account: str
    method: str
    #: With its query.
    path: str
    #: The operationId, or ``""`` for a bare path.
    operation_id: str
    #: What DigitalOcean's support asks for.
    request_id: str | None
    #: The HTTP status of the last answer; None when none came.
    status: int | None
    #: ``"completed 201"``, ``"refused 422: ..."``, ``"failed 500: ..."``, ``"no answer"`` and the like, one line.
    outcome: str


class ChangeLog:
    """The newest changes, oldest first.

    Parameters
    ----------
    most : int
        How many are kept.

    Notes
    -----
    Safe to use from several threads.
    """

    def __init__(self, most: int = MOST_CHANGES) -> None:
        self._changes: deque[Change] = deque(maxlen=most)
        self._added = 0
        self._lock = threading.Lock()
        #: Told every change, too, in the thread that sent it.
        self.on_add: Callable[[Change], None] | None = None

    def add(self, change: Change) -> None:
        """Write a change down."""
        with self._lock:
            self._changes.append(change)
            self._added += 1
        if self.on_add is not None:
            self.on_add(change)

    def entries(self) -> tuple[Change, ...]:
        """Return the changes that are kept, in the order in which their outcomes were known."""
        with self._lock:
            return tuple(self._changes)

    @property
    def added(self) -> int:
        """How many there have been."""
        with self._lock:
            return self._added

    @property
    def forgotten(self) -> int:
        """How many older changes had to make room."""
        with self._lock:
            return self._added - len(self._changes)

    def __len__(self) -> int:
        with self._lock:
            return len(self._changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.entries())

    def __repr__(self) -> str:
        return f"<ChangeLog of {len(self)} changes>"


class RequestTrace:
    """What became of one request so far, told by the session that sends it.

    Parameters
    ----------
    request : Request
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._began: datetime | None = None
        self._under_way = False
        #: What each try that left came to: a status, or None for no answer.
        self._tries: list[int | None] = []
        self._said = ""
        self._request_id: str | None = None

    def begins(self, now: datetime) -> None:
        """Record that a try goes out."""
        self._under_way = True
        self._began = self._began or now

    def came(self, came: Reply | TransportError) -> None:
        """Record what a try came to."""
        self._under_way = False
        if isinstance(came, Reply):
            self._tries.append(came.status)
            self._request_id = came.request_id
        elif came.sent:
            self._tries.append(None)
            self._request_id = None

    def ended(self, error: BaseException) -> None:
        """Record the error that the last try ends in."""
        if isinstance(error, InvalidArgument):
            self._under_way = False  # nothing could be put on the wire
        if isinstance(error, APIError):
            self._said = error.api_message.rstrip(".")
            self._request_id = error.request_id

    def change(self, account: str, token: Token) -> Change | None:
        """Return what is to be written down; None if no byte of the request has left."""
        tries = [*self._tries, None] if self._under_way else self._tries
        if self._began is None or not tries:
            return None
        *earlier, last = tries
        outcome = "interrupted before an answer came" if self._under_way else _words(last, self._said)
        if earlier:
            outcome += f", repeated after {join_words(dict.fromkeys(str(one or 'no answer') for one in earlier))}"
        request_id = None if self._under_way else self._request_id
        return Change(
            time=self._began,
            account=account,
            method=self._request.method,
            path=hidden_in_query(token.hidden_in(self._request.target)),
            operation_id=self._request.operation_id,
            request_id=token.hidden_in(request_id) if request_id else None,
            status=last,
            outcome=hidden_in_query(token.hidden_in(outcome)),
        )


def _words(status: int | None, said: str) -> str:
    if status is None:
        return "no answer"
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return f"completed {status}"
    if status < HTTPStatus.BAD_REQUEST:
        return f"redirected {status}, and not followed"
    verdict = "refused" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed"
    return f"{verdict} {status}: {said}" if said else f"{verdict} {status}"
