"""2,000 droplets: the size that each should have, against the time that listing them takes at 60 ms a page."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from beside_listing import measured, rows
from server import TOKEN, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from report import Row

NAME = "rightsizing"


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """List the droplets and judge them in turn, in this process; the use of each is made up, the sizes are all 147."""
    import poseidon_nb as po

    count = 200 if quick else 2_000
    with running([count]) as url, po.connect(token=f"{TOKEN}{count}", base_url=url) as client:
        droplets, sizes = _sized(client.droplets.frame()), _sizes()
        frames = {"half": droplets.head(count // 2), "whole": droplets, "twice": _twice(droplets)}
        works = {
            name: partial(po.analysis.rightsizing.advice, frame, sizes, _use(frame)) for name, frame in frames.items()
        }
        seconds = measured(client.droplets.frame, works, rounds)
    yield from rows(NAME, f"rightsizing.advice, {count:,} droplets, {len(sizes)} sizes", "its", count, seconds)


def _sizes() -> pd.DataFrame:
    from poseidon_nb.frames.builders import frame_from_rows
    from poseidon_nb.sandbox.reference_data import load_reference_data

    return frame_from_rows("sizes", [dict(one) for one in load_reference_data().sizes.values()])


def _sized(droplets: pd.DataFrame) -> pd.DataFrame:
    """Assign real sizes to the droplets; the account of the benchmarks has none."""
    from poseidon_nb.sandbox.reference_data import load_reference_data

    real = [one for one in load_reference_data().sizes.values() if "nyc3" in one["regions"]]
    chance = random.Random(5)
    drawn = [chance.choice(real) for _ in range(len(droplets))]
    columns = {"size": "slug", "vcpus": "vcpus", "memory": "memory", "disk": "disk", "price_monthly": "price_monthly"}
    given = {column: [size[key] for size in drawn] for column, key in columns.items()}
    return droplets.assign(region="nyc3", status="active", **given)


def _twice(droplets: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([droplets, droplets.assign(id=droplets["id"] + 10_000_000)], ignore_index=True)


def _use(droplets: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    chance, count = random.Random(6), len(droplets)
    rows = [sorted(chance.uniform(0, 100) for _ in range(3)) for _ in range(count)]
    return pd.DataFrame(rows, columns=["cpu_p50_percent", "cpu_p95_percent", "cpu_max_percent"]).assign(
        droplet_id=droplets["id"].to_numpy(),
        memory_max_percent=[chance.uniform(0, 90) for _ in range(count)],
        outbound_tb_month=[chance.uniform(0, 5) for _ in range(count)],
        disk_used_gb=5.0,
        hours=336.0,
        samples=672,
    )
