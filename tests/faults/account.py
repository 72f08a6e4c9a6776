"""The account that a fault run plays with: a sandbox whose time runs faster than ours, and a way to it past every fault."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import Sandbox

if TYPE_CHECKING:
    import threading

#: Seconds of the clients' and the sandbox's time in a real second: a back-off of 8 s costs a third of one.
SCALE = 25.0
#: What the sandbox divides durations by: a droplet is created in two of its seconds.
SPEED = 30.0
_START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
#: Droplets that may be there before the oldest go: the sandbox's limit is 50.
MOST_DROPLETS = 42
_HTTP_OK = 200


class ScaledClock:
    """A clock that runs `SCALE` times as fast as the real one, and whose time of day can be put wrong."""

    def __init__(self, began: float, scale: float = SCALE) -> None:
        self._began = began
        self._scale = scale
        self._ahead_s = 0.0

    def now(self) -> datetime:
        """Return the time of day, as far as it has not jumped."""
        return _START + timedelta(seconds=self.monotonic() + self._ahead_s)

    def monotonic(self) -> float:
        """Return seconds that no jump touches."""
        return (time.monotonic() - self._began) * self._scale

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(max(0.0, seconds) / self._scale)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let time pass until the event is set."""
        return event.wait(max(0.0, seconds) / self._scale)

    def jump(self, seconds: float) -> None:
        """Put the time of day wrong, or more wrong."""
        self._ahead_s += seconds


class Account:
    """A sandbox, and what is done to it directly.

    Parameters
    ----------
    seed : int
    droplets : int
        How many there are at first.
    """

    def __init__(self, seed: int, *, droplets: int = 3) -> None:
        began = time.monotonic()
        self.clock = ScaledClock(began)
        self.began = began
        self.sandbox = Sandbox(droplets=droplets, seed=seed, speed=SPEED, lag_s=4.0, clock=self.clock)
        self.token = self.sandbox.token

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and JSON of a request that no fault meets."""
        path, _, query = path.partition("?")
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        sent = b"" if body is None else json.dumps(body).encode()
        reply = self.sandbox.dispatch(method, path, query, headers, sent)
        return reply.status, json.loads(reply.body) if reply.body else None

    def read(self, path: str) -> Any:
        """Return what stands under the only key of an answer, or None where there is nothing to read."""
        status, answer = self.ask("GET", path)
        if status != _HTTP_OK:
            return None
        return next(value for key, value in answer.items() if key not in {"links", "meta"})

    def make(self, path: str, **body: Any) -> Any:
        """Return what a POST makes."""
        status, answer = self.ask("POST", path, body)
        if status >= 300:  # anything but success
            raise RuntimeError(f"{path} {body}: {status} {answer}")
        return next(value for key, value in answer.items() if key not in {"links", "meta"})

    def droplet(self, name: str, *, size: str, region: str, image: str, **fields: Any) -> int:
        """Return the id of a new droplet that is on."""
        body = {"name": name, "size": size, "region": region, "image": image, **fields}
        status, answer = self.ask("POST", "/v2/droplets", body)
        if status >= 300:  # as above
            raise RuntimeError(f"{name}: {status} {answer}")
        self.sandbox.finish(answer["links"]["actions"][0]["id"])
        # Its status shows a moment later.
        time.sleep(0.01)
        return int(answer["droplet"]["id"])

    def act(self, droplet_id: int, **body: Any) -> None:
        """Carry out an action on a droplet at once."""
        self.sandbox.finish(self.make(f"/v2/droplets/{droplet_id}/actions", **body)["id"])

    def busy(self, droplet_id: int) -> bool:
        """Return whether an action is in progress on a droplet."""
        actions = self.read(f"/v2/droplets/{droplet_id}/actions?per_page=5") or []
        return any(action["status"] == "in-progress" for action in actions)

    def droplets(self) -> int:
        """Return how many droplets there are."""
        return int(self.ask("GET", "/v2/droplets?per_page=1")[1]["meta"]["total"])
