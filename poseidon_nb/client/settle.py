"""Waiting until a droplet reads as a completed action says it should: the two lag behind each other by seconds.

Seen in the wild: ``completed`` while the status is still the old one (digitalocean/api-v2#79, #91, droplet_kit#50), and
a `shutdown` that completes though the system inside ignored it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.clock import Clock

    Row = Mapping[str, Any]

#: How long a droplet may take to agree, in seconds.
BOUND_S = 30.0
FIRST_TICK_S = 0.25
MOST_TICK_S = 3.0
GROWTH = 1.5


def agrees(action_type: str, row: Row, parameters: Row) -> bool:
    """Say whether a droplet reads as it should after an action."""
    status = row.get("status")
    match action_type:
        case "create" | "power_on" | "power_cycle" | "reboot":
            return status == "active"
        case "power_off" | "shutdown":
            return status == "off"
        case "rename":
            return row.get("name") == parameters.get("name")
        case "resize":
            return row.get("size_slug") == parameters.get("size")
        case _:
            return True


def settle(
    read: Callable[[], Row], wanted: Callable[[Row], bool], *, clock: Clock, bound_s: float = BOUND_S
) -> tuple[Row, bool]:
    """Read until it is as wanted, or the bound is reached.

    Parameters
    ----------
    read : callable
        Reads the thing once.
    wanted : callable
        Says whether it is as it should be.
    clock : Clock
    bound_s : float
        Seconds.

    Returns
    -------
    tuple
        What was read last, and whether it agrees.
    """
    ends_s = clock.monotonic() + bound_s
    tick_s = FIRST_TICK_S
    while True:
        row = read()
        if wanted(row):
            return row, True
        left_s = ends_s - clock.monotonic()
        if left_s <= 0:
            return row, False
        clock.sleep(min(tick_s, left_s))
        tick_s = min(MOST_TICK_S, tick_s * GROWTH)
