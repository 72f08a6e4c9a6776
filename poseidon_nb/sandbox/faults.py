"""Things going wrong on request.

Faults of an answer hit requests: an error status, a delay, a connection lost before or after the work. Faults of the
account hit what a request starts: an action that ends ``errored``, a shutdown that the droplet ignores, a size without
capacity. Each waits for what it matches and strikes a number of times.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

#: What can go wrong, and when to use it.
KINDS = {
    "status": "answer with an error status, without doing the work",
    "delay": "let time pass before answering",
    "lost_before": "close the connection without doing the work",
    "lost_after": "do the work, then close the connection instead of answering",
    "action_errored": "the action that is started ends errored, without its effect",
    "shutdown_ignored": "the shutdown completes while the droplet stays active",
    "no_capacity": "no server has room for the size that a create or a resize asks for",
}
ANSWER_KINDS = frozenset({"status", "delay", "lost_before", "lost_after"})

#: The ids and texts of statuses that DigitalOcean gives without being asked for anything wrong.
STATUS_TEXTS = {
    401: ("Unauthorized", "Unable to authenticate you"),
    403: ("forbidden", "You do not have access for the attempted action."),
    404: ("not_found", "The resource you were accessing could not be found."),
    409: ("conflict", "The request could not be completed due to a conflict."),
    422: ("unprocessable_entity", "Droplet already has a pending event."),
    429: ("too_many_requests", "API Rate limit exceeded."),
    500: ("server_error", "Unexpected server-side error"),
    502: ("bad_gateway", "Bad Gateway"),
    503: ("service_unavailable", "Service Unavailable"),
    504: ("gateway_timeout", "Gateway Timeout"),
}


_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("kind", "operation", "method", "path", "id", "message", "action"), (str,)),
    **dict.fromkeys(("times", "retry_after_s", "resource_id"), (int, type(None))),
    **dict.fromkeys(("skip", "status"), (int,)),
    "seconds": (int, float),
}


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    times : int or None
        How often it still strikes; None is for ever.
    operation, method, path : str
        Faults of an answer strike only requests with this operationId, method, or beginning of the path; empty is any.
    skip : int
        Let this many matching ones pass first.
    status : int
        The status of ``status``.
    id, message : str
        The error's words, by default DigitalOcean's for that status.
    retry_after_s : int or None
        Sent as ``retry-after``.
    seconds : float
        How long a ``delay`` lasts, in real seconds.
    action : str
        The action type that ``action_errored`` waits for; empty is any.
    resource_id : int or None
        Strike only this droplet; None is any.
    """

    kind: str
    times: int | None = 1
    operation: str = ""
    method: str = ""
    path: str = ""
    skip: int = 0
    status: int = 500
    id: str = ""
    message: str = ""
    retry_after_s: int | None = None
    seconds: float = 0.0
    action: str = ""
    resource_id: int | None = None

    def __post_init__(self) -> None:
        """Refuse what could never strike."""
        for field, kind in _TYPES.items():
            value = getattr(self, field)
            if not isinstance(value, kind) or isinstance(value, bool):
                raise TypeError(f"{field} is {value!r}")
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(KINDS)}")
        if self.times is not None and self.times < 1:
            raise ValueError("times must be 1 or more, or None for ever")
        if self.seconds < 0 or self.skip < 0:
            raise ValueError("seconds and skip must not be negative")
        if not 400 <= self.status <= 599:  # noqa: PLR2004  # HTTP's two error classes
            raise ValueError("status must be from 400 to 599")

    def matches_request(self, method: str, path: str, operation: str) -> bool:
        """Say whether a request is of the kind that this fault waits for."""
        return (
            (not self.operation or self.operation == operation)
            and (not self.method or self.method.upper() == method)
            and path.startswith(self.path)
        )

    def matches_action(self, type_: str, resource_id: int | None) -> bool:
        """Say whether something started in the account is of the kind that this fault waits for."""
        return self.action in {"", type_} and self.resource_id in {None, resource_id}


class Faults:
    """The faults that wait."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Have a fault wait."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """Give the faults that have not struck out yet."""
        return [asdict(fault) for fault in self._waiting]

    def for_request(self, method: str, path: str, operation: str) -> list[Fault]:
        """Give the faults that strike this request: any delays, and at most one other."""
        matching: list[Fault] = []
        if not self._waiting:
            return matching
        for fault in [*self._waiting]:
            if fault.kind not in ANSWER_KINDS or not fault.matches_request(method, path, operation):
                continue
            if fault.kind != "delay" and any(other.kind != "delay" for other in matching):
                continue
            if self._strike(fault):
                matching.append(fault)
        return matching

    def for_action(self, kind: str, type_: str, resource_id: int | None) -> Fault | None:
        """Give the first fault of a kind that strikes what is started now."""
        for fault in self._waiting:
            if fault.kind == kind and fault.matches_action(type_, resource_id) and self._strike(fault):
                return fault
        return None

    def _strike(self, fault: Fault) -> bool:
        if fault.skip:
            fault.skip -= 1
            return False
        if fault.times is not None:
            fault.times -= 1
            if not fault.times:
                self._waiting.remove(fault)
        return True
