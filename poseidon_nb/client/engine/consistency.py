"""Waiting until droplets read as a completed action says they should: the two lag behind each other by seconds.

Seen in the wild: ``completed`` while the status is still the old one (digitalocean/api-v2#79, #91, droplet_kit#50), and
a `shutdown` that completes though the system inside ignored it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.droplet_reading import read_droplets
from poseidon_nb.client.engine.recovery import made_of
from poseidon_nb.client.many import FIRST_PAGE, cost
from poseidon_nb.errors import Forbidden, PoseidonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from poseidon_nb.client.connection import Connection

    Row = Mapping[str, Any]

#: How long a droplet may take to agree, in seconds.
BOUND_S = 30.0
FIRST_TICK_S = 0.25
MOST_TICK_S = 3.0
GROWTH = 1.5
#: Many droplets take several requests to read, and are read less often.
TICK_S_A_REQUEST = 0.4


def agrees(action_type: str, row: Row, parameters: Row) -> bool:
    """Return whether a droplet reads as it should after an action."""
    features = row.get("features")
    match action_type:
        case "rename":
            return "name" not in parameters or bool(row["name"] == parameters["name"])
        case "resize":
            return "size" not in parameters or bool(row["size_slug"] == parameters["size"])
        case "enable_backups" | "disable_backups":
            return features is None or ("backups" in features) == (action_type == "enable_backups")
        case "enable_ipv6":
            return features is None or "ipv6" in features
        case _:
            runs = _STATUSES.get(action_type)
            same_image = action_type != "rebuild" or "image" not in parameters or made_of(row, parameters["image"])
            return same_image and (row.get("status") == runs if runs else row.get("status") != "new")


#: What a droplet's status is after an action that decides about it.
_STATUSES: Mapping[str, str] = {
    **dict.fromkeys(("create", "power_on", "power_cycle", "reboot", "rebuild", "restore"), "active"),
    **dict.fromkeys(("power_off", "shutdown"), "off"),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a droplet, or an image, should read as.

    Parameters
    ----------
    id : int
        The droplet's, or the image's.
    agrees : callable
        Says whether a row is as it should be.
    assign : callable
        Takes in every row that is read.
    bound_s : float
        How long it may take, in seconds.
    read : callable, optional
        Reads what is no droplet, by itself; returns None once it is gone.
    """

    id: int
    agrees: Callable[[Row], bool]
    assign: Callable[[Row], None]
    bound_s: float = BOUND_S
    read: Callable[[], Row | None] | None = None


def image_agrees(action_type: str, image: Row, parameters: Row) -> bool:
    """Return whether an image reads as it should after an action."""
    if action_type == "transfer":
        return parameters["region"] in (image.get("regions") or [])
    return image.get("type") != "backup"


def expected_after(action_type: str, droplet_id: int, assign: Callable[[Row], None]) -> Expected:
    """Return what a droplet should read as after an action that somebody else asked for: with what parameters is not told."""
    return Expected(droplet_id, lambda now: agrees(action_type, now, {}), assign)


class ConsistencyWaiter:
    """Droplets that are read, together, until each agrees, is gone, or has had its time.

    Parameters
    ----------
    connection : Connection
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._clock = connection.session.clock
        self._left: dict[int, tuple[Expected, float]] = {}
        self._pages = FIRST_PAGE
        self._tick_s = FIRST_TICK_S
        self._due_s = 0.0

    def __len__(self) -> int:
        return len(self._left)

    def __contains__(self, key: object) -> bool:
        return key in self._left

    def __iter__(self) -> Iterator[int]:
        return iter(self._left)

    def add(self, key: int, expected: Expected) -> None:
        """Wait for one more, under a key that `step` gives back."""
        now_s = self._clock.monotonic()
        if not self._left:
            self._due_s, self._tick_s = now_s, FIRST_TICK_S
        self._left[key] = (expected, now_s + expected.bound_s)
        self._due_s = min(self._due_s, now_s + self._shortest_s())

    def drop(self, key: int) -> None:
        """Wait for one no more."""
        self._left.pop(key, None)

    def step(self) -> list[int]:
        """Read once if it is time to; return the keys of those that need not be waited for any more. Never sleeps."""
        if not self._left or self._clock.monotonic() < self._due_s:
            return []
        try:
            over = self._read()
        except Forbidden:
            # Without the scope to look, the service's word has to do.
            over = [*self._left]
        except PoseidonError:
            # What has completed does not fail because a look did.
            over = []
        now_s = self._clock.monotonic()
        over += [key for key, (_, ends_s) in self._left.items() if now_s >= ends_s and key not in over]
        for key in over:
            del self._left[key]
        self._due_s = min(
            [now_s + max(self._tick_s, self._shortest_s()), *(ends_s for _, ends_s in self._left.values())]
        )
        self._tick_s = min(MOST_TICK_S, self._tick_s * GROWTH)
        return over

    def _read(self) -> list[int]:
        """Read what is left; return the keys of those that agree or are gone."""
        ids = {expected.id for expected, _ in self._left.values() if expected.read is None}
        found, self._pages = read_droplets(self._connection, ids, self._pages)
        over = []
        for key, (expected, _) in self._left.items():
            row = found.get(expected.id) if expected.read is None else expected.read()
            if row is not None:
                expected.assign(row)
            # One that cannot be read is gone: somebody deleted it, and there is nothing left to agree.
            if row is None or expected.agrees(row):
                over.append(key)
        return over

    def finish(self) -> None:
        """Block until nothing is left."""
        while self._left:
            self.step()
            if self._left:
                self._clock.sleep(max(0.0, self._due_s - self._clock.monotonic()))

    def _shortest_s(self) -> float:
        requests = cost(self._left, self._pages)
        return 0.0 if requests == 1 else TICK_S_A_REQUEST * requests
