"""Progress rows: the model as text and as HTML, while actions are in progress and at the end."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from poseidon_nb.client.actions.progress import Estimate, Progress
from poseidon_nb.widgets.progress import (
    MAX_ROWS,
    ProgressModel,
    bar_html,
    progress_row,
)

HOSTILE = "<img src=x onerror=alert(1)>'\"&"


def progress(
    status: str = "in-progress",
    *,
    id: int = 1,  # noqa: A002  # the name in `Progress`
    elapsed_s: float = 5.0,
    median_s: float | None = None,
    label: str = "",
) -> Progress:
    estimate = None if median_s is None else Estimate(median_s=median_s, count=12)
    return Progress(id, label or f"reboot web-{id}", status, elapsed_s, estimate)


@pytest.mark.parametrize(
    ("told", "fraction", "words"),
    [
        (progress(), None, "5 s"),
        (progress(median_s=25.0), 0.2, "5 s, about 20 s left (median of 12 actions)"),
        (progress(elapsed_s=24.9, median_s=25.0), 0.97, "25 s, about 1 s left (median of 12 actions)"),
        (progress(elapsed_s=0.4, median_s=0.3), 0.97, "0 s, about 1 s left (median of 12 actions)"),
        (progress(elapsed_s=25.2, median_s=25.0), 0.97, "25 s, about 1 s left (median of 12 actions)"),
        (progress(elapsed_s=90.0, median_s=25.0), 0.97, "1 min 30 s, longer than usual (25 s, median of 12 actions)"),
        (progress("settling", median_s=5.0), 0.97, "5 s, completed; waiting for the droplet's status to update"),
        (progress("completed", median_s=25.0), 1.0, "✓ completed in 5 s"),
        (progress("errored", median_s=25.0), 1.0, "✗ errored after 5 s"),
    ],
)
def test_a_row_is_marked_as_an_estimate_and_full_only_at_the_end(told, fraction, words):
    row = progress_row(told)
    assert (row.fraction, row.text) == (fraction, words)


def model_of(*news: Progress) -> ProgressModel:
    model = ProgressModel()
    for one in news:
        model.update(one)
    return model


def test_the_last_update_of_an_action_counts():
    model = model_of(progress(), progress(id=2), progress("completed"))
    assert model.counts() == (1, 1, 0)
    assert [row.text for row in model.rows()] == ["✓ completed in 5 s", "5 s"]


def test_one_action_is_shown_by_itself_and_several_are_counted():
    assert model_of(progress()).summary() == "reboot web-1: 5 s"
    several = model_of(progress(), progress("completed", id=2), progress("errored", id=3))
    assert several.summary() == "3 actions: 1 in progress, 1 completed, 1 errored"
    assert several.text().splitlines()[-1] == several.summary()


def test_of_many_actions_the_running_ones_are_shown_and_the_rest_is_counted():
    model = model_of(*(progress("completed" if n % 2 else "in-progress", id=n) for n in range(500)))
    rows = model.rows()
    assert len(rows) == MAX_ROWS
    assert not any("completed" in row.text for row in rows)
    assert "500 actions: 250 in progress, 250 completed" in model.html()
    assert len(model.text().splitlines()) == MAX_ROWS + 1


def test_a_note_is_shown_with_and_without_actions():
    model = model_of()
    model.note = "waiting 12 s: rate limit"
    assert model.summary() == model.text() == "waiting 12 s: rate limit"
    model.update(progress())
    assert model.summary() == "waiting 12 s: rate limit"
    assert "reboot web-1" in model.text()


def test_no_actions_are_empty_text():
    assert (model_of().summary(), model_of().text(), model_of().html()) == ("", "", "")


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_a_hostile_name_stays_text_everywhere():
    model = model_of(progress(label=HOSTILE), progress("errored", id=2, label=HOSTILE))
    model.note = HOSTILE
    for html in (model.html(), model.live_html()):
        tags = Tags(html).found
        assert {tag for tag, _ in tags} <= {"table", "tr", "td", "div", "span", "style"}
        assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
    assert Tags(bar_html(progress_row(progress(label=HOSTILE)))).found[2][1]["aria-label"] == HOSTILE


def test_saved_html_needs_no_script_and_no_widget():
    html = model_of(progress("completed")).html()
    assert "<script" not in html
    assert "reboot web-1" in html
    assert "✓ completed in 5 s" in html


def bar_of(told: Progress) -> dict[str, str | None]:
    return next(attributes for _, attributes in Tags(bar_html(progress_row(told))).found if "role" in attributes)


def test_assistive_technology_reads_name_value_and_text():
    bar = bar_of(progress(median_s=25.0))
    assert (bar["role"], bar["aria-label"], bar["aria-valuenow"]) == ("progressbar", "reboot web-1", "20")
    assert bar["aria-valuetext"] == "5 s, about 20 s left (median of 12 actions)"
    assert (bar["aria-valuemin"], bar["aria-valuemax"]) == ("0", "100")


def test_an_indeterminate_bar_has_no_value():
    assert "aria-valuenow" not in bar_of(progress())


@pytest.mark.parametrize(
    ("status", "colour"),
    [("in-progress", "--jp-brand-color1"), ("completed", "--jp-success-color1"), ("errored", "--jp-error-color1")],
)
def test_the_color_follows_the_theme_and_the_text_says_the_same(status, colour):
    html = bar_html(progress_row(progress(status, median_s=25.0)))
    assert colour in html
    assert status == "in-progress" or status in html


def test_a_notebook_that_was_saved_meanwhile_has_text_and_no_widget():
    model = model_of(progress(median_s=25.0), progress("completed", id=2))
    bundle = model.live_bundle()
    assert {*bundle} == {"text/plain", "text/html"}
    assert "<script" not in bundle["text/html"]
    # Also where styles are removed, words stand apart.
    words = re.sub(r"<style>.*</style>|<[^>]*>", "", bundle["text/html"])
    assert "reboot web-1  5 s, about 20 s left" in words
    assert "2 actions: 1 in progress, 1 completed" in words
    assert "No recent update. %do actions list shows the current state." in words
    assert "No recent update" not in bundle["text/plain"] + model.html()
