"""A picture is a figure that can be changed, and that can be read where it is not drawn."""

from __future__ import annotations

import copy
import pickle

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from poseidon_nb.plots.picture import INK, PLOTLY, ROWS_TOLD, Picture, drawn, nothing


def a_picture(rows: int = 3) -> Picture:
    table = pd.DataFrame({"slug": [f"s-{row}" for row in range(rows)], "price_monthly": range(rows)})
    trace = go.Scatter(x=table["slug"], y=table["price_monthly"], mode="markers")
    return drawn(trace, table=table, words="Three sizes.", title="Prices", x="size", y="USD a month")


@pytest.fixture
def renderer():
    before = pio.renderers.default
    yield lambda name: setattr(pio.renderers, "default", name)
    pio.renderers.default = before


def test_it_is_a_figure_that_can_be_changed() -> None:
    picture = a_picture().update_layout(title_text="Mine").add_hline(y=2)
    assert isinstance(picture, Picture)
    assert picture.layout.title.text == "Mine"
    assert picture.layout.xaxis.title.text == "size"
    assert picture.table.shape == (3, 2)


def test_both_themes_can_read_it() -> None:
    layout = a_picture().layout.template.layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert layout.font.color == INK


@pytest.mark.parametrize("background", ["#ffffff", "#111111"])
def test_the_ink_has_the_contrast_that_large_text_needs_and_more(background: str) -> None:
    def luminance(colour: str) -> float:
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(INK), luminance(background)))
    assert (lighter + 0.05) / (darker + 0.05) > 4.2


def test_a_front_end_that_draws_gets_the_figure_the_others_the_table_and_no_script(renderer) -> None:
    renderer("plotly_mimetype+notebook")
    bundle = a_picture()._repr_mimebundle_()
    assert bundle[PLOTLY]["data"]
    assert "<td>s-2</td>" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert bundle["text/plain"].startswith("Three sizes.")
    assert "s-2" in bundle["text/plain"]


def test_a_front_end_that_can_only_run_a_script_gets_plotlys_own(renderer) -> None:
    renderer("colab")
    assert "<script" in a_picture()._repr_mimebundle_()["text/html"]


def test_a_terminal_gets_words_and_no_browser_opens(renderer) -> None:
    renderer("browser")
    bundle = a_picture()._repr_mimebundle_()
    assert PLOTLY not in bundle
    assert str(a_picture()) == bundle["text/plain"]


def test_hostile_words_are_escaped() -> None:
    table = pd.DataFrame({"name": ["<img src=x onerror=alert(1)>"]})
    html = Picture({"data": []}, table, "<script>alert(1)</script>")._repr_html_()
    assert "<img" not in html
    assert "<script" not in html


def test_a_long_table_is_cut_where_it_is_told_and_says_so() -> None:
    picture = a_picture(ROWS_TOLD + 7)
    assert "7 more rows" in str(picture)
    assert "7 more rows" in picture._repr_html_()
    assert len(picture.table) == ROWS_TOLD + 7


def test_where_nothing_is_drawn_the_words_stand_in_place_of_axes() -> None:
    table = pd.DataFrame({"slug": []})
    picture = nothing("no size of <b>web</b> costs $5 or $6", table=table, title="Prices")
    assert picture.words == "Nothing to show: no size of <b>web</b> costs $5 or $6."
    (note,) = picture.layout.annotations
    assert note.text == "Nothing to show: no size of &lt;b&gt;web&lt;/b&gt; costs &#36;5 or &#36;6."
    assert not picture.data
    assert picture.layout.xaxis.visible is picture.layout.yaxis.visible is False
    assert picture.layout.height < 200
    assert picture.layout.title.text == "Prices"
    long = nothing("a word " * 40, table=table, title="")
    assert max(map(len, long.layout.annotations[0].text.split("<br>"))) <= 80


def test_a_front_end_that_has_a_typesetter_takes_no_two_prices_for_a_formula(renderer) -> None:
    renderer("plotly_mimetype+notebook")
    assert a_picture()._repr_mimebundle_()[PLOTLY]["config"]["typesetMath"] is False


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda picture: pickle.loads(pickle.dumps(picture))])
def test_a_copy_keeps_table_and_words(again) -> None:
    other = again(a_picture())
    assert isinstance(other, Picture)
    assert other.words == "Three sizes."
    assert other.table.equals(a_picture().table)
    assert other.layout.title.text == "Prices"


def test_a_template_of_ones_own_leaves_the_room_that_the_height_is_reckoned_with():
    layout = a_picture().update_layout(template="none").layout
    assert (layout.legend.orientation, layout.legend.entrywidth) == ("h", 0)
    assert layout.margin.to_plotly_json() == {"l": 8, "r": 8, "t": 56, "b": 8}
    assert layout.xaxis.automargin
    assert layout.yaxis.automargin
