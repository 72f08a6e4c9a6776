"""Retention: restic's documented rules by an independent implementation, and the snapshots that always stay."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from poseidon_nb.analysis.retention import DELETE, KEEP, UNLIMITED, Policy, verdicts
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.frames.validation import build_derived

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
#: What tells the periods of two times apart, as a text.
FORMATS = {"hourly": "%Y-%m-%d %H", "daily": "%Y-%m-%d", "weekly": "%G-%V", "monthly": "%Y-%m", "yearly": "%Y"}


def frame(times, *, of="1", kind="droplet", tags=()):
    return pd.DataFrame(
        {
            "id": [f"{of}{number:04}" for number in range(len(times))],
            "name": [f"{of}-{number}" for number in range(len(times))],
            "resource_type": kind,
            "resource_id": of,
            "size_gigabytes": 10.0,
            "created_at": pd.to_datetime(pd.Series(times, dtype=object), utc=True),
            "tags": [[*dict(tags).get(number, ())] for number in range(len(times))],
        }
    )


def days(*numbers):
    return [NOW - timedelta(days=number) for number in numbers]


def kept(found):
    return [*found.loc[found["verdict"] == KEEP, "name"]]


def by_restic(times, policy, now):
    """Walk from the newest to the oldest with a counter and the last period of each rule, as a person would with a list."""
    walk = sorted(range(len(times)), key=lambda one: (times[one], one))[::-1]
    left = {name: getattr(policy, name) for name in ("last", *FORMATS)}
    seen = dict.fromkeys(FORMATS)
    stay = set()
    latest = max((time for time in times if time <= now), default=None)
    for step, one in enumerate(walk):
        if left["last"]:
            left["last"] -= 1
            stay.add(one)
        if times[one] > now:
            stay.add(one)
            continue
        for rule, text in FORMATS.items():
            period = times[one].strftime(text)
            if left[rule] and (period != seen[rule] or step == len(walk) - 1):
                seen[rule] = period
                left[rule] -= 1
                stay.add(one)
        if policy.within and times[one] >= before(latest, policy.within):
            stay.add(one)
    return stay


def before(time, within):
    """Return the start of a duration such as ``1y2m3d4h``, by counting months."""
    number, parts = "", dict.fromkeys("ymwdh", 0)
    for letter in within:
        if letter.isdigit():
            number += letter
        else:
            parts[letter], number = parts[letter] + int(number), ""
    months = time.year * 12 + time.month - 1 - 12 * parts["y"] - parts["m"]
    year, month = divmod(months, 12)
    for day in range(time.day, 0, -1):
        try:
            time = time.replace(year=year, month=month + 1, day=day)
            break
        except ValueError:
            continue
    return time - timedelta(weeks=parts["w"], days=parts["d"], hours=parts["h"])


def random_times(draw):
    spread = timedelta(days=draw.choice([1, 10, 100, 1_000, 4_000]))
    step = draw.choice([1, 60, 3_600, 86_400])
    times = [NOW - spread * draw.random() for _ in range(draw.randint(1, 60))]
    # Whole steps, so that times are equal and at the limits of periods, and now and then some are in the future.
    times = [datetime.fromtimestamp(one.timestamp() // step * step, UTC) for one in times]
    return times + [NOW + spread * draw.random() for _ in range(draw.randint(1, 3))] * (draw.random() < 0.1)


def random_policy(draw):
    numbers = {name: draw.choice([0, 1, 2, 3, 7, 30, UNLIMITED]) for name in ("last", *FORMATS) if draw.random() < 0.4}
    within = "".join(f"{draw.randint(0, 40)}{unit}" for unit in "ymwdh" if draw.random() < 0.15)
    keeps = any(numbers.values()) or any(digit in within for digit in "123456789")
    return Policy(**numbers, within=within) if keeps else random_policy(draw)


def test_restics_rules_on_a_thousand_random_sets_of_dates():
    draw = random.Random(14)
    deleted = 0
    # Ten sets at a time, each of a droplet of its own.
    for _ in range(100):
        sets, policy = {str(number): random_times(draw) for number in range(10)}, random_policy(draw)
        found = verdicts(pd.concat([frame(times, of=of) for of, times in sets.items()]), policy, now=NOW)
        assert found["resource_id"].unique().tolist() == [*sets]
        for of, rows in found.groupby("resource_id"):
            times = sets[of]
            wanted = by_restic(times, policy, NOW)
            assert {*kept(rows)} == {f"{of}-{one}" for one in wanted}, (policy, times)
            assert rows["created_at"].is_monotonic_decreasing
            deleted += len(times) - len(wanted)
    assert deleted > 5_000


@pytest.mark.parametrize(
    ("policy", "stay"),
    [
        # Sundays, as in restic's example.
        (Policy(daily=4), [77, 84, 91, 98]),
        (Policy(last=1), [77]),
        (Policy(weekly=2), [77, 84]),
        (Policy(within="14d"), [77, 84, 91]),
        (Policy(within="2w"), [77, 84, 91]),
        (Policy(last=1, yearly=1), [77]),
        # Fewer years than wanted, so that the oldest stays too.
        (Policy(yearly=3), [77, 154]),
        (Policy(daily=UNLIMITED), [*range(77, 155, 7)]),
    ],
)
def test_each_rule_on_one_snapshot_a_week(policy, stay):
    ages = [*range(77, 155, 7)]
    found = verdicts(frame(days(*ages)), policy)
    assert kept(found) == [f"1-{ages.index(age)}" for age in stay]


def test_the_reason_names_the_rules_and_the_saving_is_what_the_snapshot_costs():
    found = verdicts(frame(days(0, 0.1, 1, 2, 40)), Policy(last=1, daily=2, monthly=5), now=NOW)
    assert [*found["why"]] == [
        "last, daily, monthly", "no rule keeps it", "daily", "no rule keeps it", "monthly",
    ]  # fmt: skip
    assert [*found["rules"]] == [["last", "daily", "monthly"], [], ["daily"], [], ["monthly"]]
    assert found["saving_usd_month"].round(2).tolist() == [0.0, 0.6, 0.0, 0.6, 0.0]
    assert verdicts(frame(days(0, 1, 2)), Policy(monthly=2))["why"].tolist()[-1] == "oldest monthly"


def test_each_droplet_and_volume_is_a_group_of_its_own():
    both = pd.concat([frame(days(9, 8)), frame(days(7, 6), of="2"), frame(days(5, 4), of="1", kind="volume")])
    found = verdicts(both, Policy(last=1))
    assert [*found["name"]] == ["1-1", "1-0", "2-1", "2-0", "1-1", "1-0"]
    assert [*found["verdict"]] == [KEEP, DELETE] * 3
    assert [*found["resource_type"]] == ["droplet"] * 4 + ["volume"] * 2


def test_frozen_snapshots_and_sources_of_droplets_stay():
    given = frame(days(1, 2, 3, 4), tags={1: ["Frozen"], 2: ["frozen:size:s-1vcpu-1gb"]})
    droplets = pd.DataFrame({"id": [1, 2, 3], "name": ["web-1", "web-2", "web-3"], "image_id": [7, 10003, 10003]})
    found = verdicts(given, Policy(last=1), droplets=droplets)
    assert [*found["verdict"]] == [KEEP, KEEP, DELETE, KEEP]
    assert [*found["why"]] == ["last", "tagged frozen", "no rule keeps it", "web-2 and web-3 were made from it"]
    assert found["resource_name"].unique().tolist() == ["web-1"]
    found = verdicts(given, Policy(last=1), droplets=droplets, include_sources=True)
    assert [*found["verdict"]] == [KEEP, KEEP, DELETE, DELETE]
    assert found["why"].iloc[3] == "no rule keeps it; web-2 and web-3 were made from it"
    # They count for the rules like the others.
    assert kept(verdicts(given, Policy(last=2), droplets=droplets)) == ["1-0", "1-1", "1-3"]


def test_the_last_one_and_one_without_a_time_stay():
    draw = random.Random(7)
    for _ in range(50):
        times = [None if draw.random() < 0.2 else time for time in random_times(draw)]
        found = verdicts(frame(times), random_policy(draw), now=NOW)
        assert found["verdict"].iloc[0] == KEEP
        assert (found.loc[found["created_at"].isna(), "why"] == "creation time unknown").all()
        assert found.loc[found["created_at"].isna(), "verdict"].eq(KEEP).all()


def test_names_of_volumes_and_an_empty_account():
    volumes = pd.DataFrame({"id": ["v"], "name": ["data"]})
    found = verdicts(frame(days(1), of="v", kind="volume"), Policy(last=1), volumes=volumes)
    assert found["resource_name"].tolist() == ["data"]
    empty = verdicts(frame([]), Policy(last=1))
    pd.testing.assert_frame_equal(
        empty, build_derived("retention", {one.name: [] for one in DERIVED_TABLES["retention"].columns})
    )


def test_an_invalid_policy_is_refused():
    for given, message in (
        ({}, "A policy must keep something: give at least one rule a number above 0."),
        ({"last": 0, "daily": 0}, "A policy must keep something: give at least one rule a number above 0."),
        ({"daily": -2}, "daily must be 0 or more, or unlimited, not -2."),
        ({"within": "soon"}, "within must be a duration such as 30d, 6m or 1y6m, not 'soon'."),
        ({"within": "0d"}, "A policy must keep something: give at least one rule a number above 0."),
    ):
        with pytest.raises(InvalidArgument) as error:
            Policy(**given)
        assert str(error.value) == message
    # Years that no calendar has.
    assert kept(verdicts(frame(days(0, 5_000)), Policy(within="9999y"))) == ["1-0", "1-1"]
