"""The charges of a resource: what part of the monthly price each is, up to the monthly cap."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from poseidon_nb.analysis.cost.charges import BilledResource, Charge
from poseidon_nb.catalogue import prices

HOUR_S = 3_600


def charge(month: int, hours: float, *, first_hour: float = 0) -> Charge:
    start = datetime(2026, month, 1, tzinfo=UTC).timestamp() + HOUR_S * first_hour
    return Charge(start, start + HOUR_S * hours, None, "")


def shares(*charges: Charge) -> list[float]:
    return BilledResource("Droplets", "1", None, [*charges], readable=True).shares()


def test_a_month_is_charged_up_to_its_cap_and_never_more():
    # A month has up to 744 hours, and the price of 672.
    assert shares(charge(10, 744)) == [1.0]
    assert shares(charge(10, prices.CAP_HOURS / 4)) == [0.25]


def test_a_resource_that_was_resized_shares_one_cap_between_its_charges():
    first, second, third = shares(charge(10, 400), charge(10, 300, first_hour=400), charge(10, 44, first_hour=700))
    assert first == pytest.approx(400 / prices.CAP_HOURS)
    assert second == pytest.approx(272 / prices.CAP_HOURS), "only what was left of the month"
    assert third == 0.0


def test_a_gpu_size_reaches_its_price_later_by_its_line_or_by_its_description():
    # GPU sizes are billed for up to 744 hours a month, all others for up to 672.
    def of(hours: float, description: str, line: dict[str, object] | None = None) -> float:
        (share,) = BilledResource(
            "Droplets", "1", line, [replace(charge(10, hours), description=description)], readable=True
        ).shares()
        return share

    assert of(372, "train-1 (gpu-h100x1-80gb)") == 0.5
    assert of(744, "train-1 (gpu-h100x1-80gb)") == 1.0
    assert of(336, "web-1 (s-2vcpu-4gb)") == 0.5
    gpu, shared = ({"price_usd_month": month, "price_usd_hour": 1.0} for month in (744.0, 672.0))
    assert of(372, "train-1", gpu) == 0.5
    # The line of a resource tells its price, whatever the droplet was before.
    assert of(336, "web-1 (gpu-h100x1-80gb)", shared) == 0.5
    free = {"price_usd_month": 5.0, "price_usd_hour": 0.0}
    assert of(336, "web-1 (s-2vcpu-4gb)", free) == 0.5


def test_each_month_has_a_cap_of_its_own():
    assert shares(charge(10, 744), charge(11, 336), charge(11, 384, first_hour=336)) == pytest.approx([1.0, 0.5, 0.5])
