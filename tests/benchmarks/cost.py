"""2,000 droplets and what hangs on them: what all costs, against the time that listing them takes at 60 ms a page."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from report import Row, ratio
from server import TOKEN, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

NAME = "cost"


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """List the droplets and reckon in turn, in this process: a line for each thing, and their sums by tag."""
    import poseidon_nb as po

    count = 200 if quick else 2_000
    seconds: dict[str, list[float]] = {"listing": [], "half": [], "whole": [], "twice": []}
    with running([count]) as url, po.connect(token=f"{TOKEN}{count}", base_url=url) as client:
        droplets = client.droplets.frame()
        accounts = {name: _account(_repeated(droplets, size)) for name, size in _counts(count).items()}
        works = {name: _reckoned(account) for name, account in accounts.items()}
        for turn in range(rounds + 1):
            taken = {"listing": _timed(client.droplets.frame)}
            taken |= {name: _timed(work) for name, work in works.items()}
            if turn:
                for name, one in taken.items():
                    seconds[name].append(one)
    size = f"{count:,} droplets"
    yield Row(NAME, f"cost.lines and cost.by tag, {size}", statistics.median(seconds["whole"]), "s")
    yield Row(NAME, f"their time over listing {size}", ratio(seconds["whole"], seconds["listing"]), most=1)
    yield Row(NAME, f"{count:,} droplets over {count // 2:,}", ratio(seconds["whole"], seconds["half"]), most=2.2)
    yield Row(NAME, f"{2 * count:,} droplets over {count:,}", ratio(seconds["twice"], seconds["whole"]), most=2.2)


def _counts(count: int) -> dict[str, int]:
    return {"half": count // 2, "whole": count, "twice": 2 * count}


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _reckoned(account: dict[str, pd.DataFrame]) -> Callable[[], Any]:
    from poseidon_nb.analysis import cost

    return lambda: cost.by(cost.lines(**account), "tag")


def _repeated(droplets: pd.DataFrame, count: int) -> pd.DataFrame:
    import pandas as pd

    again = droplets.assign(id=droplets["id"] + 10_000_000)
    return pd.concat([droplets, again], ignore_index=True).head(count)


def _account(droplets: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Give a third of the droplets backups, each fifth a snapshot and each fourth a volume, and all a project."""
    import pandas as pd

    from poseidon_nb.frames.tidy import frame_from_rows

    ids = droplets["id"].tolist()
    features = [[*given, "backups"] if one % 3 == 0 else given for one, given in enumerate(droplets["features"])]
    policies = [{"droplet_id": one, "backup_policy": {"plan": "daily"}} for one in ids]
    snapshots = [
        {
            "id": str(one),
            "name": f"s-{one}",
            "resource_type": "droplet",
            "resource_id": str(one),
            "size_gigabytes": 2.5,
            "regions": ["nyc3"],
            "tags": [],
        }
        for one in ids[::5]
    ]
    volumes = [
        {
            "id": f"v-{one}",
            "name": f"v-{one}",
            "size_gigabytes": 10,
            "region": {"slug": "nyc3"},
            "droplet_ids": [one],
            "tags": ["db"],
        }
        for one in ids[::4]
    ]
    return {
        "droplets": droplets.assign(features=pd.Series(features, droplets.index)),
        "backup_policies": frame_from_rows("backup_policies", policies),
        "snapshots": frame_from_rows("snapshots", snapshots),
        "volumes": frame_from_rows("volumes", volumes),
        "resources": pd.DataFrame({"urn": [f"do:droplet:{one}" for one in ids], "project": "shop"}),
    }
