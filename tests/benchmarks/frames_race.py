"""10,000 droplets to a DataFrame: ours against pydo, a plain requests loop, and the fastest that we could write."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from child import told
from report import Row, ratio
from server import PER_PAGE, TOKEN, ask, running
from sides import SIDES, started

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "frames"
#: Imports everything that the call needs, then makes the frame; tells what that added to the process at its peak.
MEMORY = """
import re, sys, poseidon_nb as po
import poseidon_nb.frames.builders, poseidon_nb.transport.session
def kilobytes(what):
    return int(re.search(what + r":\\s+(\\d+)", open("/proc/self/status").read())[1])
client = po.connect(token=sys.argv[2], base_url=sys.argv[1])
open("/proc/self/clear_refs", "w").write("5")
before = kilobytes("VmHWM")
frame = client.droplets.frame()
print((kilobytes("VmHWM") - before) / 1024)
"""


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """Run all sides, interleaved, each in a process of its own, against one server in another."""
    count = 600 if quick else 10_000
    pages = -(-count // PER_PAGE)
    with running([count, 2 * count]) as url, ExitStack() as stack:
        sides = {name: stack.enter_context(started(name, url)) for name in SIDES}
        seconds: dict[str, list[float]] = {name: [] for name in (*SIDES, "twice")}
        asked: list[dict[str, Any]] = []
        for _ in range(rounds):
            for name, side in sides.items():
                ask(url, "clear")
                seconds[name].append(side.run(count))
                if name == "ours":
                    asked.append(ask(url, "asked"))
            seconds["twice"].append(sides["ours"].run(2 * count))
        megabytes = [told(MEMORY, url, f"{TOKEN}{count}") for _ in range(min(rounds, 3))]
    size = f"{count:,} droplets"
    yield Row(NAME, f"client.droplets.frame(), {size}", statistics.median(seconds["ours"]), "s")
    yield Row(
        NAME, "pydo, per_page=200, json_normalize: its time over ours", ratio(seconds["pydo"], seconds["ours"]), least=8
    )
    loop = ratio(seconds["requests loop"], seconds["ours"])
    yield Row(NAME, "requests page by page, json_normalize: its time over ours", loop, least=5)
    peer = ratio(seconds["python-digitalocean"], seconds["ours"])
    yield Row(NAME, "python-digitalocean: its time over ours", peer)
    yield Row(NAME, "ours over the fastest that we could write", ratio(seconds["ours"], seconds["fastest"]), most=1.6)
    yield Row(NAME, f"{2 * count:,} droplets over {count:,}", ratio(seconds["twice"], seconds["ours"]), most=2.2)
    for what, wanted in (("droplets", pages), ("gpus", 1)):
        most = max(seen["asked"].get(what, 0) for seen in asked)
        label = "requests for the pages" if what == "droplets" else "requests for GPU droplets"
        yield Row(NAME, label, most, "", least=wanted, most=wanted)
    yield Row(NAME, "connections", max(seen["connections"] for seen in asked), "", most=16)
    yield Row(NAME, "peak memory above that after the imports", statistics.median(megabytes), "MB", most=60)
