"""Waiting for 500 actions that end 4 to 12 s from now: how often the server is asked, and how late an end is noticed."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from report import Row
from server import TOKEN, ask, running

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "waiting"


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """Wait once, whatever the rounds: each takes as long as the actions do."""
    import poseidon_nb as po

    del rounds
    count, first_s, last_s = (20, 1, 2) if quick else (500, 4, 12)
    noticed: dict[int, float] = {}

    def told(progress: Any) -> None:
        if progress.status != "in-progress":
            noticed.setdefault(progress.id, time.time())

    with running([]) as url:
        client = po.connect(token=f"{TOKEN}0", base_url=url)
        ask(url, f"actions?count={count}&first_s={first_s}&last_s={last_s}")
        pending = [action for action in client.actions.list() if not action.done]
        ends = ask(url, "clear")["ends"]
        assert len(pending) == count
        client.actions.wait(pending, timeout_s=60, on_progress=told)
        asked = sum(ask(url, "asked")["asked"].values())
    late = [noticed[int(number)] - end for number, end in ends.items()]
    yield Row(NAME, f"requests while waiting for {count} actions", asked, "", most=30)
    yield Row(NAME, "from an action's end until it is noticed, mean", statistics.mean(late), "s", most=1)
    yield Row(NAME, "from an action's end until it is noticed, longest", max(late), "s", most=3)
