"""The figure class: it can be changed, and read where it is not drawn."""

from __future__ import annotations

import copy
import os
import pickle
import re
import subprocess
import sys

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from poseidon_nb.plots.marks import spread
from poseidon_nb.plots.picture import (
    _OTHER_RENDERERS,
    BAD,
    COLORS,
    GOOD,
    INK,
    MAX_ROWS,
    PAPER,
    PLOTLY_MIME,
    SVG_MIME,
    Picture,
    build_picture,
    empty_picture,
)
from tests.wcag import contrast, rgb


def a_picture(rows: int = 3) -> Picture:
    table = pd.DataFrame({"slug": [f"s-{row}" for row in range(rows)], "price_monthly": range(rows)})
    trace = go.Scatter(x=table["slug"], y=table["price_monthly"], mode="markers")
    return build_picture(trace, table=table, summary="Three sizes.", title="Prices", axes=("size", "USD a month"))


@pytest.fixture
def renderer():
    before = pio.renderers.default
    yield lambda name: setattr(pio.renderers, "default", name)
    pio.renderers.default = before


def test_a_picture_is_a_figure_that_can_be_changed() -> None:
    picture = a_picture().update_layout(title_text="Mine").add_hline(y=2)
    assert isinstance(picture, Picture)
    assert picture.layout.title.text == "Mine"
    assert picture.layout.xaxis.title.text == "size"
    assert picture.table.shape == (3, 2)


def test_a_picture_has_a_background_on_which_all_is_readable() -> None:
    layout = a_picture().layout.template.layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == layout.hoverlabel.bgcolor == PAPER
    assert layout.font.color == layout.hoverlabel.font.color == layout.modebar.color == INK
    assert contrast(rgb(INK), rgb(PAPER)) > 7
    # The reason why the page does not shine through.
    assert max(min(contrast([gray] * 3, rgb(page)) for page in ("#ffffff", "#111111")) for gray in range(256)) < 4.5
    for color in (*COLORS, GOOD, BAD):
        assert contrast(rgb(color), rgb(PAPER)) >= 3, color


def test_the_title_is_the_largest_text_and_the_finding_the_second() -> None:
    layout = a_picture().layout.template.layout
    sizes = [layout.title.font.size, layout.title.subtitle.font.size, layout.xaxis.title.font.size, layout.font.size]
    assert sizes == sorted({*sizes}, reverse=True)
    assert layout.xaxis.title.font.size == layout.yaxis.title.font.size


def test_the_finding_is_escaped_and_wrapped_and_increases_the_margin() -> None:
    def with_finding(finding: str) -> Picture:
        return build_picture(table=pd.DataFrame(), summary="", title="", finding=finding)

    assert with_finding("<b>a</b> for $2\x1b").layout.title.subtitle.text == "&lt;b&gt;a&lt;/b&gt; for &#36;2\\x1b"
    short, long = with_finding("a word"), with_finding("a word " * 20)
    assert max(map(len, long.layout.title.subtitle.text.split("<br>"))) <= 62
    assert with_finding("word " * 13).layout.title.subtitle.text.split("<br>") == [
        "word word word word word word word",
        "word word word word word word",
    ]
    assert long.layout.margin.t > short.layout.margin.t > with_finding("").layout.margin.t
    assert (short.layout.height, long.layout.height) == (540, 540), "a slide of 960 by 540"


def test_labels_are_spread_around_their_places() -> None:
    assert spread([10, 50, 11], 19) == [1, 50, 20]
    assert spread([0, 0, 0], 10) == [-10, 0, 10]
    # A group that grows into the next one.
    assert spread([0, 5, 12], 10) == pytest.approx([-13 / 3, 17 / 3, 47 / 3])
    assert spread([], 10) == []


def test_a_plotly_front_end_gets_the_figure_and_others_a_still_picture_without_script(renderer) -> None:
    renderer("plotly_mimetype+notebook")
    bundle = a_picture()._repr_mimebundle_()
    assert bundle[PLOTLY_MIME]["data"]
    assert ">s-2</text>" in bundle[SVG_MIME]
    assert "<script" not in bundle[SVG_MIME]
    assert "text/html" not in bundle, "an exported notebook would prefer it to the picture"
    assert bundle["text/plain"].startswith("Three sizes.")
    assert "s-2" in bundle["text/plain"]


def test_a_script_only_front_end_gets_the_script_of_plotly(renderer) -> None:
    renderer("colab")
    bundle = a_picture()._repr_mimebundle_()
    assert "<script" in bundle["text/html"]
    assert bundle[SVG_MIME].startswith("<svg")


def test_a_terminal_gets_the_summary_and_no_browser_opens(renderer) -> None:
    renderer("browser")
    bundle = a_picture()._repr_mimebundle_()
    assert PLOTLY_MIME not in bundle
    assert str(a_picture()) == bundle["text/plain"]


def test_text_is_escaped_in_html() -> None:
    table = pd.DataFrame({"name": ["<img src=x onerror=alert(1)>"]})
    html = Picture({"data": []}, table, "<script>alert(1)</script>")._table_html()
    assert "<img" not in html
    assert "<script" not in html


def test_a_long_table_is_truncated_with_a_note() -> None:
    picture = a_picture(MAX_ROWS + 7)
    assert "7 more rows" in str(picture)
    assert "7 more rows" in picture._table_html()
    assert len(picture.table) == MAX_ROWS + 7


def test_an_empty_chart_has_text_instead_of_axes() -> None:
    table = pd.DataFrame({"slug": []})
    picture = empty_picture("no size of <b>web</b> costs $5 or $6", table=table, title="Prices")
    assert picture.summary == "Nothing to show: no size of <b>web</b> costs $5 or $6."
    (note,) = picture.layout.annotations
    assert note.text == "Nothing to show: no size of &lt;b&gt;web&lt;/b&gt; costs &#36;5 or &#36;6."
    assert not picture.data
    assert picture.layout.xaxis.visible is picture.layout.yaxis.visible is False
    assert picture.layout.height < 200
    assert picture.layout.title.text == "Prices"
    long = empty_picture("a word " * 40, table=table, title="")
    assert max(map(len, long.layout.annotations[0].text.split("<br>"))) <= 80


def test_a_bug_of_the_svg_writer_is_logged_and_a_figure_that_it_does_not_draw_is_not(monkeypatch, caplog) -> None:
    changed = Picture(go.Figure(go.Pie(values=[1, 2]), {"template": "none"}), pd.DataFrame({"name": ["a"]}), "A pie.")
    assert "<td" in changed._repr_mimebundle_()["text/html"]
    assert caplog.records == []

    def draw(*_: object, **__: object) -> str:
        raise KeyError("x")

    monkeypatch.setattr("poseidon_nb.plots.svg.draw_svg", draw)
    assert "<td" in a_picture()._repr_mimebundle_()["text/html"]
    assert [record.message for record in caplog.records] == [
        "A chart could not be drawn as SVG. Its table is shown instead."
    ]


def test_the_text_fits_the_line_and_names_the_columns_that_do_not() -> None:
    table = pd.DataFrame({"name": ["web"], "price_usd_month": [6.0], "why": ["because " * 9]})
    text = Picture(go.Figure(layout={"template": "none"}), table, "A sentence. " * 9).text(48)
    assert max(map(len, text.splitlines())) <= 48
    assert "web" in text
    assert "6.00" in text, "money has cents, as in each table"
    assert (
        Picture(go.Figure(layout={"template": "none"}), table.assign(other="a word of text"), "")
        .text(28)
        .endswith("More in .table: why, other")
    )


def test_a_picture_in_a_page_takes_its_width_and_a_file_has_the_size_of_a_slide() -> None:
    picture = a_picture()
    file, shown = (svg.partition(">")[0] for svg in (picture.svg(), picture._repr_mimebundle_()[SVG_MIME]))
    assert ' width="960" height="540" style="max-width:100%;height:auto"' in file
    # With a width of its own, an image is cut where the page is narrower.
    assert ' style="max-width:960px"' in shown
    assert not re.search(r" (width|height)=", shown)
    for root in (file, shown):
        assert ' viewBox="0 0 960 540"' in root


def test_a_first_chart_does_not_load_what_plotly_needs_to_choose_a_renderer() -> None:
    code = (
        "import sys, plotly.graph_objects as go, pandas as pd; from poseidon_nb.plots.picture import Picture, PLOTLY_MIME\n"
        "bundle = Picture(go.Figure(), pd.DataFrame(), 'x')._repr_mimebundle_()\n"
        "print(PLOTLY_MIME in bundle, 'nbformat' in sys.modules)"
    )
    clean = {name: value for name, value in os.environ.items() if name not in _OTHER_RENDERERS}
    done = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"], "that takes seconds"


def test_math_typesetting_is_off(renderer) -> None:
    renderer("plotly_mimetype+notebook")
    assert a_picture()._repr_mimebundle_()[PLOTLY_MIME]["config"]["typesetMath"] is False


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda picture: pickle.loads(pickle.dumps(picture))])
def test_a_copy_keeps_table_and_summary(again) -> None:
    other = again(a_picture())
    assert isinstance(other, Picture)
    assert other.summary == "Three sizes."
    assert other.table.equals(a_picture().table)
    assert other.layout.title.text == "Prices"


def test_another_template_keeps_margins_and_legend():
    layout = a_picture().update_layout(template="none").layout
    assert (layout.legend.orientation, layout.legend.entrywidth) == ("h", 0)
    assert layout.margin.to_plotly_json() == {"l": 16, "r": 16, "t": 58, "b": 16}
    assert layout.xaxis.automargin
    assert layout.yaxis.automargin


def test_a_page_needs_no_network_and_its_text_is_escaped() -> None:
    picture = Picture(a_picture(), pd.DataFrame(), "<script>alert(1)</script>")
    page = picture.page()
    assert page.startswith("<!DOCTYPE html>")
    assert "<title>&lt;script&gt;alert(1)&lt;/script&gt;</title>" in page
    assert "alert(1)</script>" not in page
    assert "Plotly.newPlot(" in page
    assert not re.search(r"<(script|link)[^>]+(src|href)=", page)
