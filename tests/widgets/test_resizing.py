"""Choosing another size: only what fits all, what it costs them together, and what is said before it is done."""

from __future__ import annotations

import pytest

from poseidon_nb.widgets.resizing import Resizing


def size(slug: str, disk: int, usd: float, *regions: str, available: bool = True) -> dict:
    place = [*(regions or ("nyc3", "fra1"))]
    return {
        "slug": slug,
        "vcpus": 2,
        "memory": 4096,
        "disk": disk,
        "price_monthly": usd,
        "regions": place,
        "available": available,
    }


SOLD = [
    size("small", 25, 6.0),
    size("medium", 50, 12.0),
    size("large", 80, 24.0),
    size("here-only", 80, 20.0, "nyc3"),
    size("sold-out", 80, 18.0, available=False),
]


def droplet(name: str, region: str = "nyc3", *, disk: int = 25, status: str = "active", slug: str = "small") -> dict:
    usd = next(one["price_monthly"] for one in SOLD if one["slug"] == slug)
    return {
        "id": sum(map(ord, name)),
        "name": name,
        "status": status,
        "disk": disk,
        "size_slug": slug,
        "size": {"price_monthly": usd},
        "region": {"slug": region},
    }


def resizing(*droplets: dict) -> Resizing:
    made = Resizing(lambda: [*droplets])
    made.sold = SOLD
    return made


def slugs(made: Resizing) -> list[str]:
    return [one.slug for one in made.choices]


@pytest.mark.parametrize(
    ("droplets", "fitting"),
    [
        ([droplet("a")], ["medium", "here-only", "large"]),
        ([droplet("a"), droplet("b", "fra1")], ["medium", "large"]),
        ([droplet("a"), droplet("b", disk=60, slug="large")], ["here-only", "large"]),
        ([droplet("a"), droplet("b", slug="medium", disk=50)], ["medium", "here-only", "large"]),
        ([droplet("a"), droplet("b", "ams3")], []),
        ([], []),
    ],
    ids=["one", "two regions", "a larger disk", "two sizes", "a region that sells none", "none"],
)
def test_only_sizes_are_offered_that_fit_all(droplets, fitting):
    assert slugs(resizing(*droplets)) == fitting


def test_the_difference_is_that_of_all_together():
    made = resizing(droplet("a"), droplet("b"), droplet("c", slug="medium", disk=50))
    assert {one.slug: one.difference for one in made.choices} == {"medium": 12.0, "here-only": 36.0, "large": 48.0}
    made.wanted = "large"
    assert made.label() == "Resize 3 to large"
    assert made.consequences()[0] == (
        "3 droplets become large: 2 vCPU, 4 GB memory, for $24.00 a month each (+$48.00 for all)."
    )


def test_what_has_the_size_already_is_left_alone_and_that_is_said():
    made = resizing(droplet("a"), droplet("b", slug="medium", disk=50))
    made.wanted = "medium"
    assert [row["name"] for row in made.concerned] == ["a"]
    assert made.consequences()[0] == "a becomes medium: 2 vCPU, 4 GB memory, for $12.00 a month (+$6.00)."
    assert "b has this size already: left as it is." in made.consequences()


def test_a_droplet_that_has_the_size_but_not_its_disk_is_meant_when_disks_grow():
    made = resizing(droplet("a"), droplet("b", slug="medium", disk=25))
    made.wanted, made.with_disk = "medium", True
    assert [row["name"] for row in made.concerned] == ["a", "b"]


def test_running_and_stopped_ones_are_told_apart_and_the_disk_is_for_good():
    made = resizing(droplet("a"), droplet("b", status="off"), droplet("c"))
    made.wanted, made.with_disk = "large", True
    told = made.consequences()
    assert told[1].startswith("a and c are on: each is shut down, resized and powered on again.")
    assert told[2] == "b is off, and stays off."
    assert told[3] == "Their disks grow to 80 GB for good: no size with a smaller disk will fit them afterwards."


def test_only_disks_that_grow_are_said_to_grow():
    made = resizing(droplet("a"), droplet("b", disk=80))
    made.wanted = "large"
    keeps, grows = made.disk_words()
    assert "stay at 25 and 80 GB" in keeps
    assert grows == "With the disks, from 25 to 80 GB: this cannot be undone"


def test_what_is_the_same_for_all_is_said_without_their_names():
    made = resizing(droplet("a"), droplet("b"))
    assert made.consequences()[1].startswith("All are on: each is shut down, resized and powered on again.")
    assert (
        resizing(droplet("a", status="off"), droplet("b", status="off")).consequences()[1]
        == "All are off, and stay off."
    )


def test_a_choice_that_does_not_fit_any_more_is_not_kept():
    rows = [droplet("a")]
    made = Resizing(lambda: rows)
    made.sold = SOLD
    made.wanted = "here-only"
    assert made.choice.slug == "here-only"
    rows.append(droplet("b", "fra1"))
    assert made.choice.slug == "medium"


def test_nothing_that_fits_is_said():
    assert resizing(droplet("a"), droplet("b", "ams3")).lacks() == "No other size fits all 2 of them."
