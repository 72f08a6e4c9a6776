"""Faults that a test or user can inject.

Response faults affect requests: an error status, a delay, or a connection lost before or after the work. Account faults
affect what a request starts: an action that ends ``errored``, a shutdown that the droplet ignores, or a size without
capacity. Each fault waits for a match and then applies a number of times.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.operations import rows
from poseidon_nb.sandbox.responses import (
    CONFLICT_TEXT,
    FORBIDDEN_TEXT,
    NOT_FOUND_TEXT,
    RATE_LIMIT_TEXT,
    SERVER_ERROR_TEXT,
)
from poseidon_nb.text import did_you_mean, expected_one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The kinds of faults, and what each does.
FAULT_KINDS = {
    "status": "respond with an error status instead of doing the work",
    "delay": "wait before responding",
    "lost_before": "close the connection without doing the work",
    "lost_after": "do the work, then close the connection without responding",
    "action_errored": "the next action ends as errored and has no effect",
    "shutdown_ignored": "the shutdown completes, but the droplet stays active",
    "no_capacity": "no server has room for the size that a create or resize requests",
}
#: Faults by name: the values of their fields. Others can be given with the name.
NAMED_FAULTS: dict[str, dict[str, Any]] = {
    "unauthorized": {"status": 401},
    "forbidden": {"status": 403},
    "not_found": {"status": 404},
    "conflict": {"status": 409},
    "pending_event": {"status": 422},
    "rate_limited": {"status": 429, "retry_after_s": 1},
    "server_error": {"status": 500},
    "bad_gateway": {"status": 502},
    "unavailable": {"status": 503},
    "gateway_timeout": {"status": 504},
    "slow": {"kind": "delay", "seconds": 2.0},
}
#: Longer than any client waits, and short enough for a wait of Python's.
_MAX_DELAY_S = 86_400
RESPONSE_KINDS = frozenset({"status", "delay", "lost_before", "lost_after"})

#: The ids and messages that DigitalOcean sends with each status.
STATUS_TEXTS = {
    401: ("Unauthorized", "Unable to authenticate you"),
    403: ("forbidden", FORBIDDEN_TEXT),
    404: ("not_found", NOT_FOUND_TEXT),
    409: ("conflict", CONFLICT_TEXT),
    422: ("unprocessable_entity", "Droplet already has a pending event."),
    429: ("too_many_requests", RATE_LIMIT_TEXT),
    500: ("server_error", SERVER_ERROR_TEXT),
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
    """One fault.

    Attributes
    ----------
    kind : str
        One of `FAULT_KINDS`.
    times : int or None
        How many times it still applies; None means no limit.
    operation, method, path : str
        Response faults apply only to requests with this operationId, method or path prefix; empty matches any.
    skip : int
        How many matching requests to skip first.
    status : int
        The HTTP status of a ``status`` fault.
    id, message : str
        The error's id and message; by default DigitalOcean's for that status.
    retry_after_s : int or None
        Sent as the ``retry-after`` header.
    seconds : float
        The length of a ``delay``, in real seconds.
    action : str
        The action type that ``action_errored`` applies to; empty matches any.
    resource_id : int or None
        The droplet that it applies to; None matches any.
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
        """Raise TypeError or ValueError for values that could never apply."""
        for field, kind in _TYPES.items():
            value = getattr(self, field)
            if not isinstance(value, kind) or isinstance(value, bool):
                raise TypeError(f"Invalid value {value!r} for the field {field} of a fault.")
        if self.operation and self.operation not in rows():
            raise ValueError(f"Unknown operation {self.operation!r}{did_you_mean(self.operation, rows()) or '.'}")
        if self.kind not in FAULT_KINDS:
            raise ValueError(f"Unknown fault {self.kind!r}{expected_one_of(self.kind, [*FAULT_KINDS, *NAMED_FAULTS])}")
        if self.times is not None and self.times < 1:
            raise ValueError("The field times must be at least 1, or None for no limit.")
        if not 0 <= self.seconds <= _MAX_DELAY_S:
            raise ValueError(f"The field seconds must be from 0 to {_MAX_DELAY_S:,}.")
        if self.skip < 0 or (self.retry_after_s or 0) < 0:
            raise ValueError("The fields skip and retry_after_s must not be negative.")
        if not 400 <= self.status <= 599:  # noqa: PLR2004  # HTTP's error classes
            raise ValueError("The field status must be from 400 to 599.")

    def matches_request(self, method: str, path: str, operation: str) -> bool:
        """Return whether a response fault matches a request."""
        return (
            (not self.operation or self.operation == operation)
            and (not self.method or self.method.upper() == method)
            and path.startswith(self.path)
        )

    def matches_action(self, type_: str, resource_id: int | None) -> bool:
        """Return whether an account fault matches something that starts now."""
        return self.action in {"", type_} and self.resource_id in {None, resource_id}


def make_fault(values: Mapping[str, Any]) -> Fault:
    """Create a fault from the values of its fields, or raise TypeError or ValueError.

    The kind may be one of `NAMED_FAULTS`.
    """
    known = {field.name for field in fields(Fault)}
    unknown = sorted(values.keys() - known)
    if unknown:
        raise ValueError(f"Unknown field {unknown[0]!r} of a fault{expected_one_of(unknown[0], sorted(known))}")
    kind = values.get("kind")
    if isinstance(kind, str) and kind in NAMED_FAULTS:
        values = {"kind": "status", **NAMED_FAULTS[kind], **{name: values[name] for name in values if name != "kind"}}
    return Fault(**{"kind": "", **values})


class FaultQueue:
    """The pending faults."""

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Add a fault."""
        self._pending.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        self._pending.clear()

    def pending(self) -> list[dict[str, Any]]:
        """Return the pending faults."""
        return [asdict(fault) for fault in self._pending]

    def take_for_request(self, method: str, path: str, operation: str) -> list[Fault]:
        """Return the faults that apply to a request: all matching delays, and at most one other fault."""
        matching: list[Fault] = []
        if not self._pending:
            return matching
        for fault in [*self._pending]:
            if fault.kind not in RESPONSE_KINDS or not fault.matches_request(method, path, operation):
                continue
            if fault.kind != "delay" and any(other.kind != "delay" for other in matching):
                continue
            if self._use(fault):
                matching.append(fault)
        return matching

    def take_for_action(self, kind: str, type_: str, resource_id: int | None) -> Fault | None:
        """Return the first pending fault of a kind that applies to what starts now, or None."""
        for fault in self._pending:
            if fault.kind == kind and fault.matches_action(type_, resource_id) and self._use(fault):
                return fault
        return None

    def _use(self, fault: Fault) -> bool:
        if fault.skip:
            fault.skip -= 1
            return False
        if fault.times is not None:
            fault.times -= 1
            if not fault.times:
                self._pending.remove(fault)
        return True
