"""`--plot --save FILE`: a chart as a page, JSON or SVG, or as PNG where plotly's exporter is installed."""

from __future__ import annotations

import importlib.util
import json
import re
import stat

import plotly.graph_objects as go
import pytest

from poseidon_nb import errors
from poseidon_nb.plots import Picture

LINE = "sizes frontier --region ams3 --plot"


@pytest.fixture
def exporter(monkeypatch):
    """Return what decides whether plotly's exporter is installed."""
    found = importlib.util.find_spec

    def install(installed):
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: installed if name == "kaleido" else found(name), raising=True
        )

    return install


def test_a_chart_is_written_as_a_page_as_svg_and_as_json(desk, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    page, data = tmp_path / "chart.html", tmp_path / "chart.JSON"
    assert desk.do(f"{LINE} --save ~/chart.html") is None
    assert desk.ui.said == [f"Wrote a chart as HTML to {page}, which only you can read."]
    assert "Plotly.newPlot(" in page.read_text()
    assert f"<title>{desk.do(LINE).summary}</title>" in page.read_text()
    page.write_text("something else")
    desk.do(f"{LINE} --save {page}")
    assert "Plotly.newPlot(" in page.read_text()
    drawn = tmp_path / "chart.svg"
    desk.do(f"{LINE} --save {drawn}")
    assert drawn.read_text() == desk.do(LINE).svg()
    desk.do(f"{LINE} --save {data}")
    assert go.Figure(json.loads(data.read_text())) == go.Figure(desk.do(LINE))
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_another_file_or_folder_is_refused_before_anything_is_sent(desk, exporter, tmp_path):
    exporter(None)
    desk.sent()
    for name, message in (
        ("chart.csv", "--plot --save writes FILE.html, FILE.json, FILE.svg or FILE.png, not 'chart.csv'."),
        ("chart", "--plot --save writes FILE.html, FILE.json, FILE.svg or FILE.png, not 'chart'."),
        ("c.PNG", "--save c.PNG needs plotly's exporter. Use pip install kaleido, or FILE.svg."),
        (f"{tmp_path}/no/c.html", f"--save {tmp_path}/no/c.html: the folder {tmp_path}/no does not exist."),
        (f"{tmp_path}", f"--save {tmp_path} is a folder. Add the name of a file."),
    ):
        with pytest.raises(errors.InvalidArgument) as caught:
            desk.do(f"{LINE} --save {name}")
        assert str(caught.value) == message
    assert desk.sent() == []
    assert [*tmp_path.iterdir()] == []


def test_an_image_has_the_size_of_a_slide_and_a_failure_is_one_line(desk, exporter, tmp_path, monkeypatch):
    exporter("installed")
    asked = []
    monkeypatch.setattr(Picture, "to_image", lambda _, **options: asked.append(options) or b"an image")
    desk.do(f"{LINE} --save {tmp_path}/first.png")
    assert (tmp_path / "first.png").read_bytes() == b"an image"
    assert asked == [{"format": "png", "width": 960, "height": 540, "scale": 2}]
    assert desk.ui.said[-1].startswith("Wrote a chart as PNG to ")

    def fail(*_, **__):
        raise RuntimeError("Kaleido requires Google Chrome\n\n  to be installed.\x1b[31m")

    monkeypatch.setattr(Picture, "to_image", fail)
    with pytest.raises(errors.InvalidArgument) as caught:
        desk.do(f"{LINE} --save {tmp_path}/chart.png")
    assert str(caught.value) == (
        "plotly's exporter failed (Kaleido requires Google Chrome to be installed.\\x1b[31m). Use FILE.svg instead."
    )
    assert not (tmp_path / "chart.png").exists()


def test_a_chart_without_plot_and_a_panel_are_refused(desk, tmp_path):
    with pytest.raises(errors.InvalidArgument, match=r"^--save chart\.png writes a chart\. Add --plot\.$"):
        desk.do("sizes frontier --save chart.png")
    with pytest.raises(
        errors.InvalidArgument, match=r"^--save writes tables, charts and text\. A panel or a plan cannot"
    ):
        desk.do(f"panel web-1 --save {tmp_path}/x.html")
    with pytest.raises(errors.InvalidArgument, match="--plan returns a Plan, so it cannot be combined with --save"):
        desk.do(f"droplets reboot web-1 --plan --save {tmp_path}/x.html")


def test_the_sentence_above_a_chart_does_not_repeat_the_numbers_of_the_chart(desk):
    lines = (
        *("cost", "cost --by tag --last 90d", "cost history", "rightsize", "regions matrix --family gpu"),
        *("actions timeline --last 7d", "actions durations", "sizes frontier", "metrics cpu --tag web --last 1h"),
    )
    for line in lines:
        desk.ui.said.clear()
        picture = desk.do(f"{line} --plot")
        above, below = (
            {*re.findall(r"\$[\d,.]+\d|\d+ failed|\d+ actions", text)}
            for text in (" ".join(desk.ui.said), picture.summary)
        )
        assert not above & below, line
        assert below or line.startswith(("regions", "metrics")), line
    desk.ui.said.clear()
    desk.do("rightsize --plot")
    assert desk.ui.said == ["2 droplets are off, so nothing was measured; they are still billed."]
