"""The log of requests: what a test asks to know what a client really sent."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

#: The oldest go when there are more.
KEPT = 20_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request, as it came in; the sandbox's own controls are not logged.

    Attributes
    ----------
    time : float
        When, in Unix seconds.
    method, path, query : str
        As they were sent; the query without its question mark.
    status : int
        What was answered; 0 when the connection was cut instead.
    operation : str
        The operationId; empty when the specification has no such route or the request came no further than its token.
    request_id : str
        The ``x-request-id`` of the answer.
    """

    time: float
    method: str
    path: str
    query: str
    status: int
    operation: str
    request_id: str


def new_log() -> deque[LoggedRequest]:
    """Give an empty log."""
    return deque(maxlen=KEPT)
