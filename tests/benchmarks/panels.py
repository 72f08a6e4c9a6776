"""Panels: from a click, as a front end sends it, to the request at the sandbox; and what panels ask while nothing runs."""

from __future__ import annotations

import json
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from report import Row

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

NAME = "panels"
OPEN = """
import json, poseidon_nb as po
sandbox = po.Sandbox(droplets=40, speed=1000).start()
client = po.connect(sandbox)
if {metrics_s}:
    sandbox.fault("delay", path="/v2/monitoring/", seconds={metrics_s}, times=None)
on = [one for one in client.droplets.list() if one.active][:{count}]
panels = [po.DropletPanel(one) for one in on]
buttons = [panel._buttons["reboot"]._button.comm.comm_id for panel in panels]
pages = [panel._accessibility.comm.comm_id for panel in panels]
print(json.dumps([[one.id for one in on], buttons, pages]))
"""
#: How many panels wait for their charts.
LOADING = "print(sum(one.model._usage_requested_s is not None and not one.model.usage for one in panels))"
LOG = """
print(json.dumps([[one.path.split("/")[3], one.time] for one in sandbox.requests if one.method == "POST"]))
"""
#: Longer than a panel takes two presses for one double click, in seconds.
READ_S = 0.8
#: A request that is not at the sandbox by then does not come, in seconds.
LATEST_S = 30.0
IDLE_S = 3_600.0
#: The delay of each request for metrics: the charts of all panels take longer than all clicks together.
SLOW_METRICS_S = 2.0


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """Click once on each of many panels in a kernel, and let panels lie open for an hour of a clock moved by hand."""
    del rounds
    for metrics_s, when in ((0.0, ""), (SLOW_METRICS_S, " while charts load")):
        late_s = _clicks(3 if quick else 30, metrics_s)
        name = f"from a click to its request at the sandbox{when}"
        yield Row(NAME, f"{name}, median", 1_000 * statistics.median(late_s), "ms", most=50)
        yield Row(NAME, f"{name}, longest", 1_000 * max(late_s), "ms")
    for droplets in (12,) if quick else (150, 1_000):
        every_s = IDLE_S / _idle_requests(droplets)
        yield Row(NAME, f"between two requests of idle panels, {droplets:,} droplets", every_s, "s", least=15)


def _clicks(count: int, metrics_s: float) -> list[float]:
    """Return, for each click, the seconds until the sandbox had the request.

    With a delay of the metrics, each panel is reported as drawn, as a page does, so that all clicks are made while charts
    load; and pandas is imported for them.
    """
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel()
    try:
        ids, buttons, pages = json.loads(_printed(client, OPEN.format(count=count, metrics_s=metrics_s)))
        for button in buttons:
            _send(client, button, "click")
        _printed(client, "")  # the kernel has taken them
        time.sleep(READ_S)
        if metrics_s:
            for page in pages:
                _send(client, page, "drawn")
        clicked: dict[str, float] = {}
        for droplet_id, button in zip(ids, buttons, strict=True):
            clicked[str(droplet_id)] = time.time()
            _send(client, button, "click")
            time.sleep(0.15)
        if metrics_s:
            assert int(_printed(client, LOADING)) > 0, "charts were still loading at the last click"
        came: dict[str, float] = {}
        until = time.monotonic() + LATEST_S
        while came.keys() != clicked.keys() and time.monotonic() < until:
            came = dict(json.loads(_printed(client, LOG)))
        assert came.keys() == clicked.keys(), "each click became one request"
        return [came[key] - clicked[key] for key in clicked]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _send(client: Any, widget: str, event: str) -> None:
    content = {"comm_id": widget, "data": {"method": "custom", "content": {"event": event}}}
    client.shell_channel.send(client.session.msg("comm_msg", content))


def _printed(client: Any, code: str) -> str:
    lines: list[str] = []

    def take(message: Any) -> None:
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            lines.append(message["content"]["text"])
        elif message["msg_type"] == "error":
            raise RuntimeError("\n".join(message["content"]["traceback"]))

    client.execute_interactive(code, timeout=60, output_hook=take)
    return "".join(lines)


class _Clock:
    """Time that moves when somebody sleeps, or the benchmark says so."""

    def __init__(self) -> None:
        self.s = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=self.s)

    def monotonic(self) -> float:
        return self.s

    def sleep(self, seconds: float) -> None:
        self.s += seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if not event.is_set():
            self.sleep(seconds)
        return event.is_set()


def _idle_requests(droplets: int) -> int:
    """Return the requests in an hour of a fleet and five droplets that are followed, once all is read.

    Reading a large account's whole list again, every five minutes, is counted as one: that is its own rule.
    """
    import poseidon_nb as po
    from poseidon_nb.client.monitor.monitor import AccountMonitor

    clock = _Clock()
    with po.Sandbox(droplets=droplets, clock=clock) as sandbox, po.connect(sandbox, clock=clock) as client:
        watch = AccountMonitor(client._connection, client.actions, drive=lambda _: None)
        rows = [one.to_dict() for one in client.droplets.list()[:5]]
        subscriptions = [
            watch.subscribe(lambda: None),
            *(watch.subscribe(lambda: None, droplets=[row]) for row in rows),
        ]
        while watch.tick() == 0.0:
            pass  # there is more to be read at first
        sandbox._dispatcher.log.clear()
        until_s = clock.s + IDLE_S
        while clock.s < until_s:
            for subscription in subscriptions:
                subscription.touch()
            clock.sleep(max(0.01, watch.tick() or 0.0))
        return len({round(one.time) for one in sandbox.requests})
