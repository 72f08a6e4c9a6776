"""2,000 droplets and what hangs on them: what all costs, against the time that listing them takes at 60 ms a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beside_listing import measured, rows, sizes_of
from server import TOKEN, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from report import Row

NAME = "cost"


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """List the droplets and reckon in turn, in this process: a line for each thing, and their sums by tag."""
    import poseidon_nb as po

    count = 200 if quick else 2_000
    with running([count]) as url, po.connect(token=f"{TOKEN}{count}", base_url=url) as client:
        droplets = client.droplets.frame()
        accounts = {name: _account(_repeated(droplets, size)) for name, size in sizes_of(count).items()}
        works = {name: _reckoned(account) for name, account in accounts.items()}
        seconds = measured(client.droplets.frame, works, rounds)
    yield from rows(NAME, f"cost.lines and cost.by tag, {count:,} droplets", "their", count, seconds)


def _reckoned(account: dict[str, pd.DataFrame]) -> Callable[[], Any]:
    from poseidon_nb.analysis import cost

    return lambda: cost.by(cost.lines(**account), "tag")


def _repeated(droplets: pd.DataFrame, count: int) -> pd.DataFrame:
    import pandas as pd

    again = droplets.assign(id=droplets["id"] + 10_000_000)
    return pd.concat([droplets, again], ignore_index=True).head(count)


def _account(droplets: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Add backups to a third of the droplets, snapshots to a fifth, volumes to a quarter, and projects to all."""
    import pandas as pd

    from poseidon_nb.frames.builders import frame_from_rows

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
