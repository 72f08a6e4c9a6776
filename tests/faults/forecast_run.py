"""Forecast a month of the sandbox in which droplets and volumes come and go at random, and compare with its invoice.

::

    python tests/faults/forecast_run.py --months 200 --seed 1      # by hand, some minutes

Each month has a pace of its own, from no change to some a day, which has been the same in the month before. The month is
forecast at five random moments. What is counted:

- ``inside``: the invoice is between the low and the high amount.
- ``width``: high minus low, relative to the invoice, on average.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from poseidon_nb.client.client import connect
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.errors import APIError
from poseidon_nb.sandbox import Sandbox
from tests.commands.conftest import Desk, FakeUI
from tests.conftest import FakeClock

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client

SIZES = ("s-1vcpu-1gb", "s-1vcpu-2gb", "s-2vcpu-4gb", "s-4vcpu-8gb")
DAY_S = 86_400.0
FORECASTS = 5


class Account:
    """An account whose resources change at random."""

    def __init__(self, client: Client, rng: random.Random) -> None:
        self.client, self.rng = client, rng
        self.number = 0

    def change(self) -> None:
        """Make one change; a request that is refused changes nothing."""
        kinds = (self.create, self.create, self.delete, self.delete, self.resize, self.add_volume, self.delete_volume)
        try:
            self.rng.choice(kinds)()
        except APIError:
            return

    def create(self) -> int:
        self.number += 1
        body = {
            "name": f"extra-{self.number}",
            "region": "fra1",
            "size": self.rng.choice(SIZES),
            "image": "ubuntu-24-04-x64",
        }
        made: dict[str, Any] = self.client.api("POST", "/v2/droplets", body=body)
        return int(made["droplet"]["id"])

    def delete(self) -> None:
        droplets = self._droplets()
        if len(droplets) > 2:
            self.client.api("DELETE", f"/v2/droplets/{self.rng.choice(droplets)['id']}")

    def resize(self) -> None:
        droplet = self.rng.choice(self._droplets())
        path = f"/v2/droplets/{droplet['id']}/actions"
        if droplet["status"] == "active":
            self.client.api("POST", path, body={"type": "power_off"})
            return
        self.client.api("POST", path, body={"type": "resize", "size": self.rng.choice(SIZES)})

    def add_volume(self) -> None:
        self.number += 1
        body = {"name": f"extra-{self.number}", "region": "fra1", "size_gigabytes": self.rng.choice((10, 100, 200))}
        self.client.api("POST", "/v2/volumes", body=body)

    def delete_volume(self) -> None:
        volumes = self.client.api("GET", "/v2/volumes?per_page=200")["volumes"]
        unused = [one["id"] for one in volumes if not one["droplet_ids"]]
        if unused:
            self.client.api("DELETE", f"/v2/volumes/{self.rng.choice(unused)}")

    def _droplets(self) -> list[dict[str, Any]]:
        droplets: list[dict[str, Any]] = self.client.api("GET", "/v2/droplets?per_page=200")["droplets"]
        return droplets


def month(seed: int) -> list[tuple[float, float, float, float]]:
    """Return the low, likely and high forecasts of a month, each with the amount of the invoice."""
    rng = random.Random(seed)
    first = datetime(2026, rng.randint(1, 10), 1, tzinfo=UTC)
    middle = (first + timedelta(days=32)).replace(day=1)
    last = (middle + timedelta(days=32)).replace(day=1)
    clock = FakeClock(first)
    per_day = rng.choice((0.0, 0.1, 0.3, 1.0, 2.0))
    session = DoSession(clock)
    found = []
    with Sandbox(clock=clock, droplets=rng.choice((4, 12)), seed=seed) as sandbox, connect(sandbox) as client:
        session.use_sandbox(sandbox)
        desk = Desk(session, FakeUI())
        account = Account(client, rng)
        length_s = (last - first).total_seconds()
        changes = [rng.uniform(0, length_s) for _ in range(round(per_day * length_s / DAY_S))]
        looks = [rng.uniform((middle - first).total_seconds(), length_s) for _ in range(FORECASTS)]
        passed_s = 0.0
        for at, is_look in sorted([*((at, False) for at in changes), *((at, True) for at in looks)]):
            sandbox.advance(at - passed_s)
            passed_s = at
            if is_look:
                found.append(desk.do("cost forecast").iloc[-1])
            else:
                account.change()
        sandbox.advance(length_s + 60 - passed_s)
        invoices = client.api("GET", "/v2/customers/my/invoices?per_page=200")["invoices"]
        billed = next(float(one["amount"]) for one in invoices if one["invoice_period"] == f"{middle:%Y-%m}")
        session._forget()
    return [(row["low_usd"], row["likely_usd"], row["high_usd"], billed) for row in found]


def run(*, months: int, seed: int) -> tuple[Counter[str], float]:
    """Return how many forecasts there were and how many held, and the mean relative width of the range."""
    counts: Counter[str] = Counter()
    widths = []
    for number in range(months):
        for low, _, high, billed in month(seed * 1_000_000 + number):
            counts["forecasts"] += 1
            counts["inside"] += low - 0.01 <= billed <= high + 0.01
            widths.append((high - low) / billed)
    return counts, sum(widths) / len(widths)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    counts, width = run(months=options.months, seed=options.seed)
    share = counts["inside"] / counts["forecasts"]
    print(
        f"{counts['inside']:,} of {counts['forecasts']:,} forecasts hold the invoice ({share:.1%}); width {width:.0%}"
    )
    return 0 if share >= 0.9 else 1


if __name__ == "__main__":
    raise SystemExit(main())
