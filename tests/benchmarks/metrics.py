"""Metrics of a hundred droplets: as few requests as the API allows, side by side, from a sandbox 60 ms away."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from report import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "metrics"
LATENCY_S = 0.06
#: Each droplet is its own request. The API needs so many of them for a kind: of a droplet whose agent answers, and of one
#: without an agent or switched off, of which the first that the agent does not answer saves the others.
REQUESTS = {"cpu": (1, 1), "use": (6, 3)}


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """Read an hour of many droplets at once, and one after another; and make percentages of a day of all of them."""
    import poseidon_nb as po
    from poseidon_nb.analysis import metrics

    count = 8 if quick else 100
    with po.Sandbox(droplets=count) as sandbox, po.connect(sandbox) as client:
        droplets = client.droplets.list()[:count]
        hour = {"start": client.now() - timedelta(hours=1)}
        answering = sum(one.active and "monitoring" in one.features for one in droplets)
        for kind, (each, silent) in REQUESTS.items():
            needed = each * answering + silent * (count - answering)
            before = len(sandbox.requests)
            client.metrics.read(kind, droplets, **hour)
            sent = len(sandbox.requests) - before
            yield Row(NAME, f"requests for {kind} of {count} droplets", sent, "", least=needed, most=needed)
        day = client.metrics.read("cpu", droplets).frame
        sandbox.fault("delay", seconds=LATENCY_S, operation="monitoring_get_DropletCpuMetrics", times=None)
        together, alone = [], []
        for _ in range(rounds):
            began = time.perf_counter()
            client.metrics.read("cpu", droplets, **hour)
            together.append(time.perf_counter() - began)
            began = time.perf_counter()
            for droplet in droplets:
                client.metrics.read("cpu", droplet, **hour)
            alone.append(time.perf_counter() - began)
    ratio = statistics.median(together) / statistics.median(alone)
    yield Row(NAME, f"time for cpu of {count} droplets over one after another", ratio, "x", most=0.25)
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        metrics.cpu(day)
        took.append(time.perf_counter() - began)
    share = statistics.median(took) / statistics.median(together)
    yield Row(NAME, f"time to make percentages of {len(day):,} readings, over reading an hour", share, "x")
