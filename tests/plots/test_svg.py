"""Charts as SVG: what is drawn is at the places of the figure's numbers, readable, escaped, and the same each time."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

import poseidon_nb as po
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.magics.do import run_line
from poseidon_nb.plots.picture import MAX_ROWS, PLOTLY_MIME, SVG_MIME, TIME_AXIS, build_picture
from poseidon_nb.plots.svg import UnsupportedFigure, draw_svg
from poseidon_nb.plots.svg.ticks import date_ticks
from tests.each import each
from tests.wcag import contrast, rgb

WHITE = (255, 255, 255)
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert('x')</script> & \"quoted\" \x1b[31m"
#: How each picture is drawn from an account. One without a line here fails.
SAMPLES = {
    "availability_map": lambda _, client: po.plots.availability_map(
        po.analysis.sizes.availability(client.sizes.frame(), client.regions.frame())
    ),
    "cost_by": lambda do, _: do("cost --by tag --plot"),
    "cost_allocation": lambda do, _: do("cost --by tag --last 90d --plot"),
    "cost_history": lambda do, _: do("cost history --plot"),
    "durations": lambda do, _: do("actions durations --last 90d --plot"),
    "metric_lines": lambda do, _: do("metrics bandwidth web-1 web-2 db-1 --last 6h --plot"),
    "price_map": lambda _, client: po.plots.price_map(po.analysis.sizes.available(client.sizes.frame())),
    "savings": lambda do, _: do("rightsize --plot"),
    "timeline": lambda do, _: do("actions timeline --last 14d --plot"),
    "use_of_size": lambda do, _: po.plots.use_of_size(do("rightsize")),
}


@pytest.fixture(scope="module")
def pictures():
    """Every picture of the package, from the sandbox."""
    session = DoSession()
    run_line("sandbox start --droplets 12 --seed 7", session=session)
    drawn = {
        name: draw(lambda line: run_line(line, session=session), session.client()) for name, draw in SAMPLES.items()
    }
    run_line("sandbox stop", session=session)
    return drawn


def parse(picture) -> ET.Element:
    return ET.fromstring(draw_svg(picture, summary="A summary."))


def groups(root: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in root.iter(f"{SVG}g") if name in (one.get("class") or "").split()]


def texts(root: ET.Element) -> list[str]:
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


def middles(marker: ET.Element) -> tuple[float, float]:
    """Return the middle of a marker: of a circle, or of the corners of a path."""
    if marker.tag == f"{SVG}circle":
        return float(marker.get("cx")), float(marker.get("cy"))
    numbers = [float(one) for one in re.findall(r"-?[\d.]+", marker.get("d"))]
    x, y = numbers[::2], numbers[1::2]
    return sum(x) / len(x), sum(y) / len(y)


def numbers(picture, name: str, values) -> list[float | None]:
    """Return the values of an axis as numbers in which it is linear."""
    axis = picture.layout[f"{name}axis"]
    found = []
    for value in values:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            found.append(None)
        elif axis.type == "category":
            found.append(float([*axis.categoryarray].index(value)))
        elif axis.type == "log":
            found.append(math.log10(value))
        elif axis.type == "date":
            found.append(pd.Timestamp(value).timestamp())
        else:
            found.append(float(value))
    return found


def assert_linear(numbers, pixels) -> None:
    """Check that pixels are a linear function of numbers."""
    if len({*numbers}) > 1:
        slope, start = np.polyfit(numbers, pixels, 1)
        assert np.abs(np.polyval([slope, start], numbers) - pixels).max() < 0.75


def test_every_picture_of_the_package_has_a_sample():
    assert {*SAMPLES} == {*po.plots.__all__} - {"Picture"}


def test_markers_of_every_picture_are_at_the_places_of_its_numbers(pictures):
    count = 0

    @each("name", [*SAMPLES])
    def check(name):
        nonlocal count
        picture = pictures[name]
        drawn = groups(parse(picture), "scatter")
        traces = [one for one in picture.data if one.type == "scatter"]
        assert len(drawn) == len(traces)
        for group, trace in zip(drawn, traces, strict=True):
            if "markers" not in (trace.mode or "lines"):
                assert not groups(group, "markers")
                continue
            sizes = trace.marker.size if isinstance(trace.marker.size, tuple) else [1] * len(trace.x)
            pairs = zip(numbers(picture, "x", trace.x), numbers(picture, "y", trace.y), sizes, strict=True)
            expected = [(x, y) for x, y, size in pairs if x is not None and y is not None and size]
            found = [middles(one) for one in groups(group, "markers")[0]]
            assert len(found) == len(expected)
            if len(found) > 1:
                for which in (0, 1):
                    # A star and a triangle have their corners around another middle, the same for all.
                    assert_linear([one[which] for one in expected], [one[which] for one in found])
                count += len(found)

    check()
    assert count > 150


def test_lines_have_a_corner_for_each_reading(pictures):
    picture = pictures["metric_lines"]
    drawn = groups(parse(picture), "scatter")
    lines = [(group, trace) for group, trace in zip(drawn, picture.data, strict=True) if [*trace.x] != [None]]
    assert len(lines) == 12
    for group, trace in lines:
        path = group.find(f"{SVG}path").get("d")
        places = np.array([[float(one) for one in pair.split()] for pair in re.findall(r"[ML]([\d. -]+)", path)])
        known = [(x, y) for x, y in zip(trace.x, trace.y, strict=True) if not math.isnan(y)]
        assert len(places) == len(known)
        assert path.count("M") == 1 + sum(math.isnan(y) for y in trace.y[1:-1])
        assert_linear(numbers(picture, "x", [x for x, _ in known]), places[:, 0])
        assert_linear([y for _, y in known], places[:, 1])


def test_bars_are_as_long_as_their_numbers(pictures):
    @each("name", ["cost_by", "cost_history", "durations", "savings", "timeline"])
    def check(name):
        picture = pictures[name]
        traces = [one for one in picture.data if one.type == "bar"]
        drawn = groups(parse(picture), "bar")
        assert len(drawn) == len(traces)
        lengths, pixels = [], []
        for group, trace in zip(drawn, traces, strict=True):
            rects = groups(group, "bars")[0].findall(f"{SVG}rect")
            values = [*(trace.x if trace.orientation == "h" else trace.y)]
            assert len(rects) == len(values)
            lengths += values
            pixels += [float(one.get("width" if trace.orientation == "h" else "height")) for one in rects]
            shown = [text for text in trace.text or () if text]
            assert [text.strip() for text in texts(group)] == [one.replace("&#36;", "$").strip() for one in shown]
        assert_linear(lengths, pixels)

    check()


def test_cells_of_the_map_are_counted_by_color(pictures):
    picture = pictures["availability_map"]
    (group,) = groups(parse(picture), "cells")
    counts = {path.get("fill"): path.get("d").count("M") for path in group}
    available = int(np.sum(picture.data[0].z))
    assert counts[picture.data[0].colorscale[1][1]] == available
    assert sum(counts.values()) == np.size(picture.data[0].z)


def test_every_picture_is_readable_well_formed_small_and_the_same_each_time(pictures):
    @each("name", [*SAMPLES])
    def check(name):
        picture = pictures[name]
        svg = picture.svg()
        assert svg == picture.svg()
        assert len(svg) < 120_000
        root = ET.fromstring(svg)
        assert root.get("role") == "img"
        assert [one.tag.removeprefix(SVG) for one in root][:2] == ["title", "desc"]
        assert root[1].text == picture.summary
        shown = " ".join(texts(root))
        for title in (picture.layout.title.text, picture.layout.xaxis.title.text, picture.layout.yaxis.title.text):
            assert title in shown
        # The ink of all texts, and that of a text with its own color.
        inks = {one.get("fill") for one in root.iter(f"{SVG}text")} - {None} | {root.get("fill")}
        assert contrast(rgb(root.get("fill")), WHITE) >= 7
        assert min(contrast(rgb(one), WHITE) for one in inks) >= 4.5
        width, height = float(root.get("width")), float(root.get("height"))
        for text in root.iter(f"{SVG}text"):
            x, y = (float(text.get(key) or text[0].get(key)) for key in ("x", "y"))
            assert 0 <= x <= width
            assert 0 <= y <= height
        assert not re.search(r"<(script|style|image|use|foreignObject|a)\b|href|url\(|on\w+=", svg)

    check()


def test_only_elements_and_attributes_are_used_that_no_host_removes(pictures):
    """A host that puts a picture into its page removes styles and references, and draws the rest in black."""
    attributes = {
        *("x", "y", "cx", "cy", "r", "d", "width", "height", "transform", "class"),
        *("fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "opacity"),
        *("font-size", "font-weight", "font-style", "text-anchor"),
    }
    for picture in pictures.values():
        root = parse(picture)
        below = [one for one in root.iter() if one is not root]
        assert {one.tag.removeprefix(SVG) for one in below} <= {
            *("title", "desc", "g", "rect", "circle", "path", "text", "tspan")
        }
        assert {key for one in below for key in one.attrib} <= attributes


def test_a_front_end_gets_the_picture_beside_the_figure_and_no_html_that_it_would_prefer(pictures):
    from IPython.core.formatters import DisplayFormatter

    picture = pictures["savings"]
    bundle, _ = DisplayFormatter().format(picture)
    assert {*bundle} - {PLOTLY_MIME} == {"text/plain", SVG_MIME}
    assert bundle[SVG_MIME] == picture.svg(in_page=True)


def test_a_chart_with_something_unknown_is_still_displayed_with_its_table():
    table = pd.DataFrame({"name": [HOSTILE] * (MAX_ROWS + 1)})
    picture = build_picture(go.Pie(values=[1, 2]), table=table, summary="A <pie>.", title="Pie")
    with pytest.raises(UnsupportedFigure, match="type 'pie' cannot be drawn as SVG"):
        picture.svg()
    bundle = picture._repr_mimebundle_()
    assert SVG_MIME not in bundle
    assert "A &lt;pie&gt;." in bundle["text/html"]
    assert "1 more rows" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


@each(
    ("what", "change"),
    [
        ("symbol 'cirle'", lambda one: one.update_traces(marker_symbol="cirle")),
        ("color 'url", lambda one: one.update_traces(marker_color="url(#x)")),
        ("axis x2", lambda one: one.update_traces(xaxis="x2")),
        ("type 'circle'", lambda one: one.add_shape(type="circle", x0=0, x1=1, y0=0, y1=1)),
        ("axis 'y2'", lambda one: one.add_annotation(x=0, y=0, yref="y2", text="here")),
        ("type 'multicategory'", lambda one: one.update_xaxes(type="multicategory")),
    ],
)
def test_an_error_names_what_cannot_be_drawn(what, change):
    # Without plotly's own check, as in a figure that was read from a file.
    trace = {"type": "scatter", "x": [1, 2], "y": [1, 2], "mode": "markers"}
    figure = go.Figure({"data": [trace]}, skip_invalid=True)
    try:
        change(figure)
    except ValueError:
        figure._data[0]["marker"] = {"symbol": "cirle"} if "symbol" in what else {"color": "url(#x)"}
    with pytest.raises(UnsupportedFigure, match=re.escape(what)):
        draw_svg(figure)


def test_all_text_is_escaped_and_html_of_plotly_is_interpreted():
    picture = build_picture(
        go.Scatter(x=[HOSTILE], y=[1], mode="markers+text", text=[po.plots.labels.plotly_text(HOSTILE)], name="a"),
        go.Bar(x=[HOSTILE], y=[2], text=["<b>bold</b><br>second &amp; last"], textposition="outside", name="b"),
        table=pd.DataFrame(),
        summary=HOSTILE,
        title=po.plots.labels.plotly_text(HOSTILE),
    )
    svg = picture.svg()
    assert "<script" not in svg
    assert "\x1b" not in svg
    root = ET.fromstring(svg)
    plain = "<script>alert('x')</script> & \"quoted\" \\x1b[31m"
    assert root[0].text == plain
    assert texts(root).count(plain) == 3, "the label of the axis, the text of the point, and the title"
    (bold,) = [one for one in root.iter(f"{SVG}tspan") if one.get("font-weight") == "bold"]
    assert bold.text == "bold"
    assert "second & last" in svg.replace("&amp;", "&")


def test_limits_and_notes_are_at_their_values_on_linear_logarithmic_and_date_axes():
    figure = go.Figure(go.Scatter(x=["2026-11-01", "2026-11-05"], y=[1, 1000], mode="markers"))
    figure.update_layout(width=600, height=400, yaxis={"type": "log"}, xaxis={"type": "date"})
    figure.add_hline(y=10, line={"color": "#d55e00", "dash": "dot"})
    figure.add_vline(x="2026-11-03", line_color="#0072b2")
    figure.add_annotation(x="2026-11-05", y=3, text="top", showarrow=False)
    figure.add_annotation(x=0, xref="paper", y=1, text="limit 10", showarrow=False, xanchor="left", yanchor="bottom")
    root = parse(figure)
    across, down = ([float(one) for one in re.findall(r"[\d.]+", path.get("d"))] for path in groups(root, "shapes")[0])
    first, last = (middles(one) for one in groups(root, "markers")[0])
    # 10 is a third of the way from 1 to 1000.
    assert across[1] == across[3] == pytest.approx(first[1] + (last[1] - first[1]) / 3, abs=0.2)
    assert down[0] == down[2] == pytest.approx((first[0] + last[0]) / 2, abs=0.2)
    labels = {"".join(one.itertext()): one for one in groups(root, "annotations")[0].iter(f"{SVG}text")}
    assert {*labels} == {"limit 10", "top"}
    # Unlike that of a shape, plotly's own number for an annotation is the logarithm.
    assert float(labels["top"].get("x")) == pytest.approx(last[0], abs=0.2)
    assert across[1] - 20 < float(labels["limit 10"].get("y")) < across[1]


def test_bars_stand_beside_each_other_or_upon_each_other():
    def boxes(mode):
        traces = [go.Bar(x=["a", "b"], y=values) for values in ([1, 2], [3, 4])]
        root = parse(go.Figure(traces, {"barmode": mode}))
        return [
            [{key: float(one.get(key)) for key in ("x", "y", "width", "height")} for one in groups(group, "bars")[0]]
            for group in groups(root, "bar")
        ]

    first, second = boxes("group")
    assert first[0]["x"] + first[0]["width"] == pytest.approx(second[0]["x"], abs=0.2)
    first, second = boxes("stack")
    assert first[0]["x"] == second[0]["x"]
    assert second[1]["y"] + second[1]["height"] == pytest.approx(first[1]["y"], abs=0.2)
    first, second = boxes("overlay")
    assert second[1]["y"] + second[1]["height"] == pytest.approx(first[1]["y"] + first[1]["height"], abs=0.2)


def test_times_have_a_date_without_a_year_where_the_day_is_new():
    evening = 1_795_984_200_000  # 2026-11-29 20:30 UTC
    hours = [tick.label for tick in date_ticks(evening, evening + 24 * 3_600_000, 8, TIME_AXIS)]
    assert hours[:3] == ["21:00<br>Nov 29", "00:00<br>Nov 30", "03:00"]
    days = [tick.label for tick in date_ticks(evening, evening + 7 * 24 * 3_600_000, 8, TIME_AXIS)]
    assert days[:2] == ["Nov 30<br>2026", "Dec 1"]


def test_what_is_outside_of_the_axes_is_cut_off():
    figure = go.Figure(go.Scatter(x=[0, 10, 20], y=[0, 10, 20], mode="lines+markers"))
    figure.update_layout(width=500, height=500, xaxis_range=[0, 12], yaxis_range=[0, 12])
    root = parse(figure)
    assert len(groups(root, "markers")[0]) == 2
    path = groups(root, "scatter")[0].find(f"{SVG}path").get("d")
    x, y = (float(one) for one in path.rpartition("L")[2].split())
    assert (x, y) == pytest.approx((500 - 80, 100), abs=1)


def test_a_long_line_keeps_its_extremes_but_not_every_reading():
    values = np.sin(np.arange(50_000) / 100.0)
    values[31_234] = 9.0
    svg = draw_svg(go.Figure(go.Scatter(x=np.arange(50_000), y=values, mode="lines")))
    assert len(svg) < 60_000
    path = groups(ET.fromstring(svg), "scatter")[0].find(f"{SVG}path").get("d")
    heights = [float(pair.split()[1]) for pair in re.findall(r"[ML]([\d. -]+)", path)]
    assert sorted(heights)[1] - min(heights) > 200, "the peak is there"
