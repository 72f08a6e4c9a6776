"""The price list: each price as published, and the hours billed per month."""

from __future__ import annotations

import pytest

from poseidon_nb.catalogue import prices
from poseidon_nb.catalogue.prices import Price
from poseidon_nb.plans.costs import usd_month
from poseidon_nb.sandbox.reference_data import load_reference_data
from tests.each import each

SIZES = load_reference_data().sizes
#: The published prices, written down by hand.
PUBLISHED = {
    "SNAPSHOT_GB": 0.06,
    "CUSTOM_IMAGE_GB": 0.06,
    "CONTROL_PLANE": 40,
    "REGISTRY_GIB": 0.02,
    "SPACES": 5,
    "SPACES_GIB": 0.02,
    "TRANSFER_GIB": 0.01,
    "UPTIME_CHECK": 1,
}
#: Prices that no page confirms.
UNVERIFIED = {
    "VOLUME_GIB": 0.10,
    "LOAD_BALANCER_NODE": 12,
    "UNASSIGNED_IP": 5,
    "APP_DATABASE": 7,
    "APP_STATIC_SITE": 3,
    "APP_DEDICATED_IPS": 25,
    "NAT_GATEWAY_UNIT": 40,
    "NFS_GIB": 0.30,
    "DATABASE_MEMORY_GIB": 15,
    "DATABASE_STORAGE_GIB": 0.215,
}


@pytest.mark.parametrize(("name", "usd"), [*PUBLISHED.items(), *UNVERIFIED.items()])
def test_a_price_is_the_published_one_and_names_its_source(name: str, usd: float) -> None:
    price = getattr(prices, name)
    assert price.usd == usd
    assert price.unverified == (name in UNVERIFIED)
    assert price.page in price.source
    assert price.date in price.source
    assert ("unverified" in price.source) == price.unverified


def test_backups_cost_a_fraction_of_the_droplet() -> None:
    assert {plan: price.usd for plan, price in prices.BACKUPS.items()} == {"weekly": 0.2, "daily": 0.3}
    costs = {plan: prices.backups_usd(48.0, plan) for plan in ("weekly", "daily", None, "usage-based")}
    assert costs == pytest.approx({"weekly": 9.6, "daily": 14.4, None: 14.4, "usage-based": 14.4})


def test_a_create_costs_its_droplets_and_their_backups() -> None:
    price_of = {"s-4vcpu-8gb": 48.0}.get
    cases: list[tuple[dict[str, object], float | None]] = [
        ({}, 48.0),
        ({"names": ["a", "b", "c"]}, 144.0),
        ({"backups": True}, 62.4),
        ({"backups": True, "backup_policy": {"plan": "weekly"}}, 57.6),
        ({"backups": True, "backup_policy": {"hour": 4}, "names": ["a", "b"]}, 124.8),
        # A policy without backups costs nothing.
        ({"backups": False, "backup_policy": {"plan": "weekly"}}, 48.0),
        ({"size": "s-9vcpu"}, None),
        ({"backups": True, "backup_policy": "weekly"}, None),
    ]
    for body, usd in cases:
        assert usd_month("droplets_create", {"size": "s-4vcpu-8gb", **body}, price_of) == pytest.approx(usd), body


def test_every_price_is_tested_here() -> None:
    named = {name for name, value in vars(prices).items() if isinstance(value, Price)}
    assert named == {*PUBLISHED, *UNVERIFIED}


@each("slug", sorted(SIZES))
def test_the_monthly_cap_matches_the_prices_of_the_sizes(slug: str) -> None:
    size = SIZES[slug]
    hours = prices.CAP_HOURS_GPU if "gpu_info" in size else prices.CAP_HOURS
    # Hourly prices are rounded to five digits.
    assert size["price_hourly"] == pytest.approx(size["price_monthly"] / hours, abs=6e-6)


@pytest.mark.parametrize(
    ("size", "nodes"),
    [((3, None), 3), ((None, "lb-medium"), 3), ((None, "lb-large"), 6), ((None, None), 1), ((2, "lb-small"), 2)],
)
def test_old_load_balancer_sizes_are_converted_to_nodes(size: tuple[int | None, str | None], nodes: int) -> None:
    assert prices.load_balancer_nodes(*size) == nodes
    body = {"size_unit": size[0], "size": size[1]}
    assert usd_month("loadBalancers_create", body, {}.get) == 12 * nodes
