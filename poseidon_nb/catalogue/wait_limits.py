"""Default timeouts of waits for actions, in the client and in the help text."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOUR_S = 3600.0
#: By action type. Image imports, statuses of services and SSH readiness are not actions, but are waited for in the same way.
WAIT_LIMITS_S: Mapping[str, float] = MappingProxyType(
    {
        # cloud-init generates the host keys first.
        "ssh": 180.0,
        "create": 600.0,
        # These copy disks; an import does so over the internet.
        "snapshot": _HOUR_S,
        "resize": _HOUR_S,
        "rebuild": _HOUR_S,
        "restore": _HOUR_S,
        "transfer": _HOUR_S,
        "import": _HOUR_S,
        # A cluster or a deployment.
        "service": _HOUR_S,
    }
)
DEFAULT_WAIT_LIMIT_S = 300.0


def wait_limit_s(work: str) -> float:
    """Return the default timeout of an action type, ``"import"`` or ``"ssh"``, in seconds."""
    return WAIT_LIMITS_S.get(work, DEFAULT_WAIT_LIMIT_S)


def format_wait_limits() -> str:
    """Return the table as one line for the help: ``"5 minutes; create: 10 minutes"``."""
    by_limit: dict[float, list[str]] = {}
    for work, seconds in WAIT_LIMITS_S.items():
        by_limit.setdefault(seconds, []).append(work)
    groups = (f"{join_words(works)}: {seconds / 60:g} minutes" for seconds, works in sorted(by_limit.items()))
    return "; ".join([f"{DEFAULT_WAIT_LIMIT_S / 60:g} minutes", *groups])
