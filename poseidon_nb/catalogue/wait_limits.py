"""How long each kind of work is waited for when the caller sets no limit: the one table, from which help is made too."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOUR_S = 3600.0
#: Of an action by its type, in seconds. An import of an image and a droplet's answer to SSH are no actions, but are
#: waited for as these are.
LIMITS_S: Mapping[str, float] = MappingProxyType(
    {
        # cloud-init makes the host's keys first.
        "ssh": 180.0,
        "create": 600.0,
        # These copy disks; an import does so across the internet.
        "snapshot": _HOUR_S,
        "resize": _HOUR_S,
        "rebuild": _HOUR_S,
        "restore": _HOUR_S,
        "transfer": _HOUR_S,
        "import": _HOUR_S,
    }
)
OTHER_LIMIT_S = 300.0


def limit_s(work: str) -> float:
    """Return how long an action of this type, ``"import"`` or ``"ssh"`` is waited for by default, in seconds."""
    return LIMITS_S.get(work, OTHER_LIMIT_S)


def limits_text() -> str:
    """Return the table as help has it: ``"5 minutes; create 10; resize and snapshot 60"``."""
    by_limit: dict[float, list[str]] = {}
    for work, seconds in LIMITS_S.items():
        by_limit.setdefault(seconds, []).append(work)
    groups = (f"{join_words(works)} {seconds / 60:g}" for seconds, works in sorted(by_limit.items()))
    return "; ".join([f"{OTHER_LIMIT_S / 60:g} minutes", *groups])
