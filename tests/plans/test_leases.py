"""The tags of leases: text to time and back, in any case, and what counts where a droplet has several."""

from __future__ import annotations

import random
import string
from datetime import UTC, datetime, timedelta

import pytest

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plans.leases import (
    check_ttl,
    cost_so_far_usd,
    format_lease,
    lease_chains,
    lease_end,
    lease_of,
    over,
    parse_lease,
    reap_chains,
    unused_tag_chains,
)

NOW = datetime(2026, 11, 30, 12, 0, 0, 500_000, tzinfo=UTC)


def row(*tags, number=1, **more):
    return {"id": number, "name": f"web-{number}", "status": "active", "tags": [*tags], **more}


def test_a_lease_is_read_as_it_was_written_in_any_case():
    chance = random.Random(1)
    for _ in range(1_000):
        end = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(10**9))
        tag = format_lease(end)
        assert parse_lease(tag) == parse_lease(tag.lower()) == parse_lease(tag.upper()) == end


def test_what_is_no_lease_is_none():
    good = "lease:2026-12-01T12:00:00Z"
    for tag in (
        "", "lease:", "lease", "lease:soon", "lease:2026-02-30T12:00:00Z", "lease:2026-12-01", good[:-1], f"{good}x",
        f" {good}", f"x{good}", "lease:\uff12026-12-01T12:00:00Z", "lease:2026-12-01T12:00:60Z", "lease: 026-12-01T12:00:00Z",
        "leases:2026-12-01T12:00:00", "lease:2026-12-01 12:00:00Z", "lease:2026-1-01T12:000:00Z",
    ):  # fmt: skip
        assert parse_lease(tag) is None, tag
    chance = random.Random(2)
    for _ in range(2_000):
        place = chance.randrange(len(good))
        changed = good[:place] + chance.choice(string.printable) + good[place + 1 :]
        end = parse_lease(changed)
        assert end is None or format_lease(end).casefold() == changed.casefold()


def test_the_latest_of_several_leases_counts_and_one_that_cannot_be_read_is_never_over():
    early, late = "lease:2026-11-30T10:00:00Z", "lease:2026-11-30T13:00:00Z"
    assert lease_of(row("web")) is None
    assert lease_of({"id": 1, "tags": None}) is None
    assert lease_of(row("web", early, late)).ends_at == parse_lease(late)
    assert lease_of(row(early, "lease:soon")).ends_at is None
    rows = [
        row(early, number=1),
        row(early, late, number=2),
        row(early, "lease:soon", number=3),
        row("leased", number=4),
        row(late, number=5),
    ]
    assert [one["id"] for one in over(rows, NOW)] == [1]
    # The second at which it ends belongs to nobody.
    assert [one["id"] for one in over([row("LEASE:2026-11-30t12:00:00z")], NOW)] == [1]


def test_a_new_lease_ends_at_a_second_of_its_own():
    end = lease_end(NOW, 60)
    assert end == datetime(2026, 11, 30, 12, 1, 1, tzinfo=UTC)
    taken = [format_lease(end), format_lease(end + timedelta(seconds=1)).lower()]
    assert lease_end(NOW, 60, taken) == end + timedelta(seconds=2)


@pytest.mark.parametrize("seconds", [0, 59, 365 * 86_400 + 1, float("inf"), float("nan"), -5])
def test_a_lease_is_not_too_short_or_too_long(seconds):
    with pytest.raises(InvalidArgument, match="A lease must be from 1m to 365d long"):
        check_ttl(seconds)


def test_a_droplet_is_never_without_a_lease_while_it_gets_another():
    old, end = "lease:2026-11-30T13:00:00Z", datetime(2026, 12, 2, tzinfo=UTC)
    (chain,) = lease_chains([row("web", old), row("web", number=2)], end)
    new = "lease:2026-12-02T00:00:00Z"
    assert [(step.verb, step.change.after, step.change.before) for step in chain] == [
        ("create", None, None), ("tag", new, None), ("untag", None, old), ("delete", None, None),
    ]  # fmt: skip
    assert [target.id for target in chain[1].targets] == [1, 2]
    assert [target.id for target in chain[2].targets] == [1]
    assert chain[3].unused


def test_each_step_that_destroys_is_guarded_by_the_lease_that_was_read():
    tags = ("lease:2026-11-30T10:00:00Z", "lease:2026-11-30T11:00:00Z")
    ((delete, *rest),) = reap_chains([row("web", *tags)])
    assert (delete.request.method, delete.request.path, delete.lease) == ("DELETE", "/v2/droplets/1", ",".join(tags))
    assert [(step.request.path.replace("%3A", ":"), step.unused) for step in rest] == [
        (f"/v2/tags/{tag}", True) for tag in tags
    ]


def test_only_tags_of_leases_that_are_over_and_that_nothing_has_are_deleted():
    past, future = "lease:2026-11-30T10:00:00Z", "lease:2026-11-30T13:00:00Z"

    def tag(name, count):
        return {"name": name, "resources": {"count": count}}

    tags = [
        tag(past, 0),
        tag(future, 0),
        tag(past.replace("10", "11"), 1),
        tag("web", 0),
        tag("lease:soon", 0),
        {"name": past},
    ]
    assert [chain[0].targets[0].name for chain in unused_tag_chains(tags, NOW)] == [past]


def test_the_cost_so_far_is_by_the_hour_up_to_the_price_of_each_month():
    size = {"price_monthly": 6.72, "price_hourly": 0.01}
    for begin, expected in (
        ("2026-11-30T10:00:00Z", 0.02),
        ("2026-11-01T00:00:00Z", 6.72),
        # Ten hours of October, and November.
        ("2026-10-31T14:00:00Z", 6.82),
        ("2026-12-31T00:00:00Z", 0.0),
    ):
        assert cost_so_far_usd({"created_at": begin, "size": size}, NOW) == pytest.approx(expected, abs=0.001), begin
    for odd in ({}, {"created_at": "yesterday", "size": size}, {"created_at": "2026-11-30T10:00:00Z"}):
        assert cost_so_far_usd(odd, NOW) is None
