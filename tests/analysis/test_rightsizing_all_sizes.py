"""Rightsizing compared with plain Python over all 147 sizes, and properties that always hold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poseidon_nb.analysis.rightsizing import Rule, advice
from poseidon_nb.frames.builders import frame_from_rows
from poseidon_nb.sandbox.reference_data import load_reference_data

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, Any]
ROWS = [dict(size) for size in load_reference_data().sizes.values()]
BY_SLUG = {row["slug"]: row for row in ROWS}
REGIONS = ("nyc1", "nyc2", "sfo2", "sfo1", "atl1", "tor1", "ams3")


def percents(most: float = 100.0) -> Any:
    return st.floats(0, most).map(lambda value: round(value, 2))


def last_readings(size: Row, own: Row) -> Row:
    """Return the last readings of a droplet of a size; none if it is too similar to the current size."""
    near = size["vcpus"] == own["vcpus"] and 0.7 < size["memory"] / own["memory"] < 1.2 and size is not own
    return (
        {}
        if near
        else {"last_vcpus": float(size["vcpus"]), "last_memory_mib": 0.967 * size["memory"], "last_size": size["slug"]}
    )


@st.composite
def droplets_in_use(draw: Any) -> tuple[Row, Row]:
    size = draw(st.sampled_from(ROWS))
    p95 = draw(percents())
    disk = draw(st.sampled_from(sorted({10, 25, 50, 80, size["disk"]})))
    droplet = {
        "id": 1,
        "name": "a",
        "status": "active",
        "region": draw(st.sampled_from(REGIONS)),
        "size": size["slug"],
        **{name: size[name] for name in ("vcpus", "memory", "price_monthly")},
        "disk": min(disk, size["disk"]),
        "tags": [],
    }
    use = {
        "droplet_id": 1,
        "cpu_p95_percent": p95,
        "cpu_max_percent": max(p95, draw(percents())),
        "memory_max_percent": draw(percents()),
        "disk_used_gb": round(draw(st.floats(0, 1)) * droplet["disk"], 2),
        "outbound_tb_month": draw(st.one_of(st.none(), percents(20))),
        "hours": draw(st.sampled_from([336.0, 336.0, 336.0, 160.0, 100.0, 71.95, 71.5])),
        "step_minutes": draw(st.sampled_from([None, 5.0, 30.0, 60.0, 120.0, 720.0])),
        **draw(
            st.sampled_from(
                [
                    last_readings(size, size),
                    last_readings(size, size),
                    last_readings(draw(st.sampled_from(ROWS)), size),
                    {},
                ]
            )
        ),
    }
    use["disk_used_gb"] = draw(st.sampled_from([use["disk_used_gb"], use["disk_used_gb"], None]))
    return droplet, use


RULES = st.builds(
    Rule,
    cpu_headroom=st.sampled_from([0.0, 30.0, 60.0]),
    memory_headroom=st.sampled_from([0.0, 20.0]),
    transfer_headroom=st.sampled_from([0.0, 10.0]),
    burst=st.sampled_from([100.0, 200.0]),
    min_saving_usd_month=st.sampled_from([0.0, 1.0, 20.0]),
    same_family=st.booleans(),
    shared_cpu=st.booleans(),
    regular_cpu=st.booleans(),
)


def fits(size: Row, droplet: Row, use: Row, rule: Rule, *, disk: float) -> bool:
    """Check the rule as its docstring states it."""
    busy, most = (use[name] / 100 * droplet["vcpus"] for name in ("cpu_p95_percent", "cpu_max_percent"))
    filled = use["memory_max_percent"] / 100 * droplet["memory"]
    return (
        busy <= size["vcpus"] * (1 - rule.cpu_headroom / 100) * (1 + 1e-8)
        and most <= size["vcpus"] * rule.burst / 100 * (1 + 1e-8)
        and filled <= size["memory"] * (1 - rule.memory_headroom / 100) * (1 + 1e-8)
        and (use["disk_used_gb"] or 0.0) <= disk * (1 - rule.disk_headroom / 100) * (1 + 1e-8)
    )


def traffic_usd(size: Row, use: Row, rule: Rule) -> float:
    outbound = use["outbound_tb_month"]
    if outbound is None:
        return 0.0
    gib = outbound * 1_000_000_000_000 / 1_073_741_824 / (1 - rule.transfer_headroom / 100)
    return 0.01 * max(0.0, gib - 1000 * size["transfer"])


def is_premium(slug: str) -> bool:
    return slug.endswith(("-intel", "-amd"))


def candidates(droplet: Row, use: Row, rule: Rule, *, any_price: bool) -> list[Row]:
    own = droplet["size"]
    return [
        size
        for size in ROWS
        if size["slug"] != own
        and not size["slug"].startswith("gpu")
        and size["available"]
        and droplet["region"] in size["regions"]
        and size["disk"] >= droplet["disk"]
        and fits(size, droplet, use, rule, disk=size["disk"])
        and (any_price or size["price_monthly"] < droplet["price_monthly"])
        and (not rule.same_family or size["slug"].split("-")[0] == own.split("-")[0])
        and (rule.shared_cpu or own.startswith("s-") or not size["slug"].startswith("s-"))
        and (rule.regular_cpu or not is_premium(own) or is_premium(size["slug"]))
    ]


def is_another(size: Row, own: Row) -> bool:
    return (size["vcpus"], size["memory"]) != (own["vcpus"], own["memory"])


def is_unknown(droplet: Row, use: Row, rule: Rule) -> bool:
    last_size = BY_SLUG[use.get("last_size", droplet["size"])]
    missing = rule.min_hours - use["hours"]
    return is_another(last_size, droplet) or missing > (use["step_minutes"] or 0.0) / 60


def expected_confidence(droplet: Row, use: Row, verdict: str, slug: str | None) -> str:
    """Return the confidence by the doubts that the docstring of the rule lists."""
    step_h = (use["step_minutes"] or 0.0) / 60
    doubts = [use["hours"] < 0.95 * 168, step_h > 1, step_h > 6, use["outbound_tb_month"] is None]
    doubts.append(use["disk_used_gb"] is None)
    if verdict == "smaller" and slug is not None:
        doubts.append(use["cpu_max_percent"] * droplet["vcpus"] > 100 * BY_SLUG[slug]["vcpus"] * (1 + 1e-9))
    return ("high", "medium", "low")[min(2, sum(doubts))]


def expected(droplet: Row, use: Row, rule: Rule) -> tuple[str, str | None, float]:
    """Return the verdict, the size and the saving by a search through all sizes."""
    own = BY_SLUG[droplet["size"]]
    enough = fits(droplet, droplet, use, rule, disk=own["disk"])
    fitting = candidates(droplet, use, rule, any_price=not enough)
    if not fitting:
        return ("keep", droplet["size"], 0.0) if enough else ("larger", None, math.nan)
    best = min(
        fitting,
        key=lambda size: (
            round(100 * (size["price_monthly"] + traffic_usd(size, use, rule))),
            size["slug"].split("-")[0] != droplet["size"].split("-")[0],
            size["price_monthly"],
            -size["memory"],
            -size["vcpus"],
            -size["disk"],
            size["slug"],
        ),
    )
    more = max(0.0, traffic_usd(best, use, rule) - traffic_usd(own, use, rule))
    saving = round(droplet["price_monthly"] - best["price_monthly"] - more, 2)
    if not enough:
        return "larger", best["slug"], saving
    if saving >= rule.min_saving_usd_month:
        return "smaller", best["slug"], saving
    return "keep", droplet["size"], 0.0


def advised(pairs: Sequence[tuple[Row, Row]], rule: Rule) -> pd.DataFrame:
    droplets = pd.DataFrame([{**droplet, "id": number} for number, (droplet, _) in enumerate(pairs)])
    use = pd.DataFrame([{**use, "droplet_id": number} for number, (_, use) in enumerate(pairs)])
    return advice(droplets, SIZES, use, rule=rule).sort_values("droplet_id").reset_index(drop=True)


SIZES = frame_from_rows("sizes", ROWS)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pairs=st.lists(droplets_in_use(), min_size=1, max_size=30), rule=RULES)
def test_advice_equals_a_brute_force_search(pairs, rule):
    found = advised(pairs, rule)
    for (droplet, use), (_, row) in zip(pairs, found.iterrows(), strict=True):
        if BY_SLUG[droplet["size"]]["slug"].startswith("gpu"):
            assert row["verdict"] == "keep"
            continue
        if is_unknown(droplet, use, rule):
            assert row["verdict"] == "unknown"
            assert row[["advised_size", "saving_usd_month", "confidence"]].isna().all()
            continue
        verdict, slug, saving = expected(droplet, use, rule)
        assert row["verdict"] == verdict, (droplet, use, row["why"])
        assert (None if pd.isna(row["advised_size"]) else row["advised_size"]) == slug, (droplet, use, rule)
        assert row["saving_usd_month"] == pytest.approx(saving, abs=0.011, nan_ok=True)
        assert row["confidence"] == expected_confidence(droplet, use, verdict, slug), (droplet, use, row["why"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pairs=st.lists(droplets_in_use(), min_size=1, max_size=30), rule=RULES)
def test_the_advised_size_fits_and_smaller_is_cheaper(pairs, rule):
    found = advised(pairs, rule)
    for (droplet, use), (_, row) in zip(pairs, found.iterrows(), strict=True):
        if pd.isna(row["advised_size"]):
            assert row["verdict"] in {"larger", "unknown"} or droplet["size"].startswith("gpu")
            continue
        size = BY_SLUG[row["advised_size"]]
        assert size["disk"] >= droplet["disk"]
        assert fits(size, droplet, use, rule, disk=size["disk"])
        assert row["advised_cpu_p95_percent"] <= 100 - rule.cpu_headroom + 1e-6
        assert row["advised_memory_max_percent"] <= 100 - rule.memory_headroom + 1e-6
        if row["verdict"] == "smaller":
            assert droplet["region"] in size["regions"]
            assert row["advised_price_usd_month"] < row["price_usd_month"]
            assert rule.min_saving_usd_month <= row["saving_usd_month"] + 1e-6
            assert row["saving_usd_month"] <= row["price_usd_month"] - row["advised_price_usd_month"] + 1e-6
        assert row["saving_usd_year"] == pytest.approx(12 * row["saving_usd_month"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pair=droplets_in_use(), less=st.floats(0, 1))
def test_lower_usage_never_needs_a_more_expensive_size(pair, less):
    droplet, use = pair
    calmer = {
        name: value * less
        if value is not None and name in {"cpu_p95_percent", "cpu_max_percent", "memory_max_percent", "disk_used_gb"}
        else value
        for name, value in use.items()
    }
    found = advised([(droplet, use), (droplet, calmer)], Rule(transfer_headroom=0.0, min_saving_usd_month=0.0))
    prices = found["advised_price_usd_month"]
    if found["verdict"].tolist() != ["keep", "keep"] and use["outbound_tb_month"] is None:
        assert math.isnan(prices[0]) or prices[1] <= prices[0]
