"""The charges of a resource: what part of the monthly price each is, up to the monthly cap."""

from __future__ import annotations

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


def test_each_month_has_a_cap_of_its_own():
    assert shares(charge(10, 744), charge(11, 336), charge(11, 384, first_hour=336)) == pytest.approx([1.0, 0.5, 0.5])
