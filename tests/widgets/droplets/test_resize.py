"""The choice of another size: which sizes fit, what they cost, and the consequences."""

from __future__ import annotations

import pytest

from poseidon_nb.widgets.droplets.advice import MAX_DROPLETS, Advice, AdvisedSize, expected_advice
from poseidon_nb.widgets.droplets.resize import ResizeOptions


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


SIZES = [
    size("small", 25, 6.0),
    size("medium", 50, 12.0),
    size("large", 80, 24.0),
    size("here-only", 80, 20.0, "nyc3"),
    size("sold-out", 80, 18.0, available=False),
]


def droplet(name: str, region: str = "nyc3", *, disk: int = 25, status: str = "active", slug: str = "small") -> dict:
    usd = next(one["price_monthly"] for one in SIZES if one["slug"] == slug)
    return {
        "id": sum(map(ord, name)),
        "name": name,
        "status": status,
        "disk": disk,
        "size_slug": slug,
        "size": {"price_monthly": usd},
        "region": {"slug": region},
    }


def resize_options(*droplets: dict) -> ResizeOptions:
    options = ResizeOptions(lambda: [*droplets])
    options.sizes = SIZES
    return options


def slugs(options: ResizeOptions) -> list[str]:
    return [one.slug for one in options.choices]


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
def test_only_sizes_that_fit_all_droplets_are_offered(droplets, fitting):
    assert slugs(resize_options(*droplets)) == fitting


def test_the_difference_is_the_total_of_all_droplets():
    options = resize_options(droplet("a"), droplet("b"), droplet("c", slug="medium", disk=50))
    assert {one.slug: one.difference for one in options.choices} == {"medium": 12.0, "here-only": 36.0, "large": 48.0}
    options.chosen_slug = "large"
    assert options.button_label() == "Resize 3 droplets to large"
    assert options.consequences()[0] == (
        "Resize 3 droplets to large: 2 vCPUs, 4 GB memory, $24.00 a month each (+$48.00 in total)."
    )


def test_a_droplet_that_already_has_the_size_is_left_unchanged():
    options = resize_options(droplet("a"), droplet("b", slug="medium", disk=50))
    options.chosen_slug = "medium"
    assert [row["name"] for row in options.affected] == ["a"]
    assert options.consequences()[0] == "Resize a to medium: 2 vCPUs, 4 GB memory, $12.00 a month (+$6.00)."
    assert "b already has this size and is left unchanged." in options.consequences()


def test_a_droplet_that_has_the_size_but_not_its_disk_is_affected_if_disks_grow():
    options = resize_options(droplet("a"), droplet("b", slug="medium", disk=25))
    options.chosen_slug, options.with_disk = "medium", True
    assert [row["name"] for row in options.affected] == ["a", "b"]


def test_consequences_differ_for_running_and_stopped_droplets():
    options = resize_options(droplet("a"), droplet("b", status="off"), droplet("c"))
    options.chosen_slug, options.with_disk = "large", True
    sentences = options.consequences()
    assert sentences[1].startswith("a and c are active: each is shut down, resized and powered on again.")
    assert sentences[2] == "b is off and stays off."
    assert sentences[3] == "Their disks grow to 80 GB permanently: sizes with a smaller disk no longer fit."


def test_disk_labels_name_only_disks_that_grow():
    options = resize_options(droplet("a"), droplet("b", disk=80))
    options.chosen_slug = "large"
    keeps, grows = options.disk_labels()
    assert "stay at 25 and 80 GB" in keeps
    assert grows == "Disk, CPU and RAM: the disks grow from 25 to 80 GB; cannot be undone"


def test_names_are_omitted_if_all_have_the_same_status():
    options = resize_options(droplet("a"), droplet("b"))
    options.chosen_slug = "medium"
    assert options.consequences()[1].startswith("All are active: each is shut down, resized and powered on again.")
    off = resize_options(droplet("a", status="off"), droplet("b", status="off"))
    off.chosen_slug = "medium"
    assert off.consequences()[1] == "All are off and stay off."


def test_no_size_is_chosen_before_somebody_chooses_one():
    options = resize_options(droplet("a"))
    assert options.choice is None
    assert options.consequences() == []
    assert options.validation_error() == "Choose a size."
    options.chosen_slug = "medium"
    assert options.validation_error() == ""
    assert options.choice_text() == "medium: 2 vCPUs, 4 GB memory, $12.00 a month (+$6.00)"


def test_a_choice_that_no_longer_fits_is_dropped():
    rows = [droplet("a")]
    options = ResizeOptions(lambda: rows)
    options.sizes = SIZES
    options.chosen_slug = "here-only"
    assert options.choice.slug == "here-only"
    rows = [*rows, droplet("b", "fra1")]
    assert options.choice is None


def test_a_message_says_that_no_size_fits():
    assert resize_options(droplet("a"), droplet("b", "ams3")).validation_error() == "No other size fits all 2 droplets."


def marks(options: ResizeOptions) -> dict[str, list[str]]:
    return {row["slug"]: [mark["text"] for mark in row["marks"]] for row in options.table() if row["marks"]}


def test_the_current_sizes_are_in_the_table_even_where_they_cannot_be_chosen():
    options = resize_options(droplet("a"))
    first = options.table()[0]
    assert (first["slug"], first["enabled"]) == ("small", False)
    assert first["cells"] == ["small", "2", "4 GB", "25 GB", "$6.00", "same"]
    assert marks(options) == {"small": ["current"]}
    mixed = resize_options(droplet("a"), droplet("b"), droplet("c", slug="medium", disk=50))
    assert marks(mixed) == {"small": ["current for 2 of 3"], "medium": ["current for 1 of 3"]}
    assert {row["slug"]: row["enabled"] for row in mixed.table()}["medium"], "a and b can be resized to it"
    prices = [float(row["cells"][4].removeprefix("$")) for row in mixed.table()]
    assert prices == sorted(prices)


def test_the_advised_sizes_are_marked_and_told_and_choose_nothing():
    one, other = droplet("a"), droplet("b")
    options = resize_options(one, other)
    options.advice = Advice(
        {one["id"]: AdvisedSize("large", -18.0, "high", "it is busy"), other["id"]: AdvisedSize("small", 0.0, "", "")}
    )
    assert marks(options) == {"small": ["current", "advised for 1 of 2"], "large": ["advised for 1 of 2"]}
    assert options.advice_text() == "Advised by the last 14 days: large for a; small for b."
    assert options.choice is None


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (AdvisedSize("large", -18.0, "high", "w"), "large, which adds $18.00 a month (high confidence). w."),
        (AdvisedSize("tiny", 2.0, "low", "w"), "tiny, which saves $2.00 a month (low confidence). w."),
        (AdvisedSize("small", 0.0, "high", "w"), "keep small (high confidence). w."),
    ],
)
def test_the_advice_for_one_droplet_has_its_saving_and_reason(found, text):
    row = droplet("a")
    assert Advice({row["id"]: found}).text([row]) == f"Advised by the last 14 days: {text}"


def test_without_advice_the_reason_is_told():
    row = droplet("a")
    unknown = Advice({row["id"]: AdvisedSize("", 0.0, "", "it is off")})
    assert unknown.text([row]) == "No advised size: it is off."
    assert unknown.text([droplet("b")]) == "Close and reopen this form to see the advised sizes of these droplets."
    assert unknown.text([row, droplet("b")]).endswith(" Not read: 1 droplet selected since.")
    assert expected_advice([row] * (MAX_DROPLETS + 1)).note.startswith(
        f"Advised sizes are shown for up to {MAX_DROPLETS}"
    )
