"""Wait until droplets and images show the result of a completed action: the API may lag by seconds.

Observed: ``completed`` while the droplet still has its old status (digitalocean/api-v2#79, #91, droplet_kit#50), and a
``shutdown`` that completes although the operating system ignored it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.recovery import is_made_from
from poseidon_nb.client.fetch import FIRST_PAGE, fetch_droplets, request_count
from poseidon_nb.errors import Forbidden, PoseidonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.steps import Step, Target

    Row = Mapping[str, Any]

#: Seconds that a droplet may take to read as it should.
CONSISTENCY_TIMEOUT_S = 30.0
#: Seconds that a droplet may take to read ``active`` after its create action completed.
ACTIVE_TIMEOUT_S = 60.0
#: Seconds that a deleted droplet may still be readable.
DELETE_TIMEOUT_S = 30.0
MIN_TICK_S = 0.25
MAX_TICK_S = 3.0
TICK_GROWTH = 1.5
#: Many droplets take several requests, and are read less often.
TICK_S_PER_REQUEST = 0.4
#: A droplet's status after an action that determines it.
_FINAL_STATUS: Mapping[str, str] = {
    **dict.fromkeys(("create", "power_on", "power_cycle", "reboot", "rebuild", "restore"), "active"),
    **dict.fromkeys(("power_off", "shutdown"), "off"),
}


def is_consistent(action_type: str, row: Row, parameters: Row) -> bool:
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
            status = _FINAL_STATUS.get(action_type)
            same_image = action_type != "rebuild" or "image" not in parameters or is_made_from(row, parameters["image"])
            return same_image and (row.get("status") == status if status else row.get("status") != "new")


def image_is_consistent(action_type: str, image: Row, parameters: Row) -> bool:
    """Return whether an image reads as it should after an action."""
    if action_type == "transfer":
        return parameters["region"] in (image.get("regions") or [])
    return image.get("type") != "backup"


def is_importing(image: Row) -> bool:
    """Return whether a custom image is still being imported (images_get)."""
    return image.get("status") in {"NEW", "pending"}


@dataclass(frozen=True, slots=True)
class ExpectedState:
    """The state that a droplet or an image should reach.

    Parameters
    ----------
    id : int
        Id of the droplet or image.
    is_reached : callable
        Returns whether a row shows the expected state.
    on_read : callable
        Called with every row that is read.
    timeout_s : float
        Seconds to wait.
    read : callable, optional
        Reads a resource that is not a droplet; returns None if it no longer exists.
    """

    id: int
    is_reached: Callable[[Row], bool]
    on_read: Callable[[Row], None]
    timeout_s: float = CONSISTENCY_TIMEOUT_S
    read: Callable[[], Row | None] | None = None


def expected_after(action_type: str, droplet_id: int, on_read: Callable[[Row], None]) -> ExpectedState:
    """Return the expected state of a droplet after an action started elsewhere, whose parameters are unknown."""
    return ExpectedState(droplet_id, lambda row: is_consistent(action_type, row, {}), on_read)


def expected_after_step(
    step: Step, target: Target, on_read: Callable[[Row], None], read_image: Callable[[int], Row | None]
) -> ExpectedState | None:
    """Return the expected state of a target after the step's action; None if the target does not show it.

    Parameters
    ----------
    step : Step
    target : Target
    on_read : callable
        Called with every row that is read.
    read_image : callable
        Reads an image by id.
    """
    body = step.request.body
    if not isinstance(body, dict) or not isinstance(target.id, int):
        return None
    if step.awaits == "droplets":
        return ExpectedState(target.id, lambda row: is_consistent("create", row, {}), on_read, ACTIVE_TIMEOUT_S)
    if target.kind == "droplet":
        return ExpectedState(target.id, lambda row: is_consistent(str(body.get("type")), row, body), on_read)
    if target.kind == "image":
        read = partial(read_image, target.id)
        return ExpectedState(
            target.id, lambda row: image_is_consistent(str(body["type"]), row, body), on_read, read=read
        )
    return None


def expected_without_action(
    step: Step, id_: int, on_read: Callable[[Row], None], read_image: Callable[[int], Row | None]
) -> ExpectedState:
    """Return the expected state of a target for which there is no action; parameters as for `expected_after_step`."""
    if step.awaits == "gone":
        return ExpectedState(id_, lambda _: False, on_read, DELETE_TIMEOUT_S)
    if step.awaits == "image":
        return ExpectedState(id_, lambda row: not is_importing(row), on_read, math.inf, partial(read_image, id_))
    return ExpectedState(id_, lambda row: is_consistent("create", row, {}), on_read, ACTIVE_TIMEOUT_S)


class ConsistencyWaiter:
    """Reads droplets together until each has reached its expected state, is gone, or has timed out.

    Parameters
    ----------
    connection : Connection
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._clock = connection.session.clock
        self._pending: dict[int, tuple[ExpectedState, float]] = {}
        self._pages = FIRST_PAGE
        self._tick_s = MIN_TICK_S
        self._due_s = 0.0

    def __len__(self) -> int:
        return len(self._pending)

    def __contains__(self, key: object) -> bool:
        return key in self._pending

    def __iter__(self) -> Iterator[int]:
        return iter(self._pending)

    def add(self, key: int, expected: ExpectedState) -> None:
        """Wait for one more state, under a key that `poll` returns."""
        now_s = self._clock.monotonic()
        if not self._pending:
            self._due_s, self._tick_s = now_s, MIN_TICK_S
        self._pending[key] = (expected, now_s + expected.timeout_s)
        self._due_s = min(self._due_s, now_s + self._min_tick_s())

    def remove(self, key: int) -> None:
        """Stop waiting for a key."""
        self._pending.pop(key, None)

    def poll(self) -> list[int]:
        """Read once if it is time to, and return the keys that are done. Never sleeps."""
        if not self._pending or self._clock.monotonic() < self._due_s:
            return []
        try:
            done = self._read()
        except Forbidden:
            # The token may not read droplets, so the status of the action is all there is.
            done = [*self._pending]
        except PoseidonError:
            # A failed read does not make a completed action fail.
            done = []
        now_s = self._clock.monotonic()
        done += [key for key, (_, ends_s) in self._pending.items() if now_s >= ends_s and key not in done]
        for key in done:
            del self._pending[key]
        self._due_s = min(
            [now_s + max(self._tick_s, self._min_tick_s()), *(ends_s for _, ends_s in self._pending.values())]
        )
        self._tick_s = min(MAX_TICK_S, self._tick_s * TICK_GROWTH)
        return done

    def _read(self) -> list[int]:
        """Read what is pending, and return the keys whose state is reached or whose resource is gone."""
        ids = {expected.id for expected, _ in self._pending.values() if expected.read is None}
        found, self._pages = fetch_droplets(self._connection, ids, self._pages)
        done = []
        for key, (expected, _) in self._pending.items():
            row = found.get(expected.id) if expected.read is None else expected.read()
            if row is not None:
                expected.on_read(row)
            # A resource that cannot be read was deleted, so there is nothing left to wait for.
            if row is None or expected.is_reached(row):
                done.append(key)
        return done

    def wait(self) -> None:
        """Block until nothing is pending."""
        while self._pending:
            self.poll()
            if self._pending:
                self._clock.sleep(max(0.0, self._due_s - self._clock.monotonic()))

    def _min_tick_s(self) -> float:
        requests = request_count(self._pending, self._pages)
        return 0.0 if requests == 1 else TICK_S_PER_REQUEST * requests
