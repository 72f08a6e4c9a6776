"""`%do explore`: what is opened, what it costs, and what is refused."""

from __future__ import annotations

import pytest

import poseidon_nb as po
from poseidon_nb.errors import GrammarError, InvalidArgument
from poseidon_nb.widgets.sizes.explorer import SizeExplorer


def test_it_opens_with_the_filters_asked_for(desk):
    explorer = desk.do("explore sizes --region ams3,fra1 --family basic --image debian-13-x64")
    assert isinstance(explorer, SizeExplorer)
    assert explorer.model.filters.regions == {"ams3", "fra1"}
    assert {*explorer.shown["family"]} == {"basic"}
    explorer.select(["s-1vcpu-1gb"])
    assert explorer.lines == ["%do droplets create NAME --region ams3 --size s-1vcpu-1gb --image debian-13-x64"]
    explorer.close()


def test_it_reads_two_lists_and_changes_nothing(desk):
    desk.sent()
    desk.do("explore sizes").close()
    sent = desk.sent()
    assert {line.split("?")[0] for line in sent} <= {"GET /v2/sizes", "GET /v2/regions", "GET /v2/account"}


def test_the_line_makes_a_droplet(desk):
    explorer = desk.do("explore sizes --region tor1")
    explorer.select(["s-1vcpu-2gb"])
    made = desk.do(explorer.lines[0].removeprefix("%do ").replace("NAME", "chosen"))
    assert (made["name"][0], made["region"][0], made["size"][0]) == ("chosen", "tor1", "s-1vcpu-2gb")
    explorer.close()


def test_a_plan_shows_what_would_be_read(desk):
    desk.sent()
    assert desk.do("explore sizes --region ams3 --dry-run") is None
    assert desk.ui.said[-1] == "GET /v2/sizes\n\nGET /v2/regions"
    assert desk.sent() == []


def test_words_that_are_unknown_are_told_with_the_nearest(desk):
    with pytest.raises(InvalidArgument, match=r"Did you mean (\S+ or )?ams3\b"):
        desk.do("explore sizes --region ams4")
    with pytest.raises(InvalidArgument, match="Did you mean basic"):
        desk.do("explore sizes --family basics")
    with pytest.raises(GrammarError):
        desk.do("explore regions")


def test_regions_and_families_are_called_as_by_sizes_cheapest(desk):
    for words in ("--region europe", "--region AMS3 --family cpu", "--family GPU", "--region nyc,tor --family memory"):
        explorer = desk.do(f"explore sizes {words}")
        assert explorer.shown["slug"].tolist() != []
        assert {*explorer.shown["slug"]} == {*desk.do(f"sizes cheapest {words}")["slug"]}
        explorer.close()
    with pytest.raises(InvalidArgument, match="Region sfo1 is not available for new droplets"):
        desk.do("explore sizes --region sfo1")


def test_an_image_of_several_words_stays_one_value_in_the_line_to_copy(desk):
    explorer = desk.do('explore sizes --image "ubuntu 24 04"')
    explorer.select("s-1vcpu-1gb")
    assert explorer.lines[0].endswith(' --image "ubuntu 24 04"')
    explorer.close()
    with pytest.raises(InvalidArgument, match="The image is empty"):
        desk.do('explore sizes --image ""')


def test_the_public_name_makes_the_same(desk):
    explorer = po.SizeExplorer(desk.session.client(), families=["gpu"])
    assert isinstance(explorer, SizeExplorer)
    assert len(explorer.shown) == 9
    explorer.close()


def test_its_text_is_the_table_of_sizes_in_lines_that_fit(desk):
    explorer = desk.do("explore sizes --region ams3 --family basic")
    for width in (80, 120):
        lines = explorer.text(width).splitlines()
        assert "sizes shown" in lines[0]
        assert lines[1].split()[0] == "slug"
        assert lines[1].split()[-1] == "price_monthly"
        assert lines[2].split()[0] == explorer.shown["slug"][0]
        assert max(map(len, lines)) <= width
    explorer.close()
