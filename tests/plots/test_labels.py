"""Labels, and the required columns of all charts."""

from __future__ import annotations

import html

import pandas as pd
import pytest

from poseidon_nb import plots
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plots.labels import (
    MAX_LABEL_CHARS,
    axis_scale,
    hover_text,
    omitted_note,
    plotly_text,
    short_label,
    unique_labels,
)


def test_shared_and_missing_names_are_labeled_by_id():
    names = pd.Series(["web", "web", "db", None, "web", "a\u202eb"], index=[9, 8, 7, 6, 5, 4])
    ids = pd.Series([1, 2, 3, 4, 1, 5], index=names.index)
    assert unique_labels(names, ids).to_dict() == {
        9: "web (1)",
        8: "web (2)",
        7: "db",
        6: "4",
        5: "web (1)",
        4: "a\\u202eb",
    }
    assert unique_labels(names[:0], ids[:0]).empty


def test_one_droplet_with_many_rows_keeps_its_name():
    assert unique_labels(pd.Series(["web", "web"]), pd.Series([1, 1])).tolist() == ["web", "web"]


def test_plotly_text_escapes_tags_and_direction_marks():
    assert plotly_text("<b>\u202e") == "&lt;b&gt;\\u202e"


def test_dollar_signs_are_not_a_formula():
    assert "$" not in plotly_text("$x$") + short_label("$x$") + hover_text("$x$")
    assert html.unescape(plotly_text("$x$")) == "$x$"


def test_a_long_name_is_shortened_on_the_axis_and_wrapped_in_the_hover_text():
    name = f"{'x' * 200}-web (4711)"
    assert len(short_label(name)) == MAX_LABEL_CHARS
    assert short_label(name).startswith("xxx")
    assert short_label(name).endswith("-web (4711)")
    assert short_label("web-1") == hover_text("web-1") == "web-1"
    assert hover_text(name).replace("<br>", "").replace(" ", "") == name.replace(" ", "")
    assert max(map(len, hover_text(name).split("<br>"))) < 80
    assert hover_text("") == ""


def test_omitted_rows_are_mentioned():
    assert omitted_note(30, 30) == ""
    assert omitted_note(30, 31, "dearest") == " The chart shows the dearest 30; the table has all 31."


@pytest.mark.parametrize(
    ("draw", "source"),
    [
        (plots.cost_by, "po.analysis.cost.by"),
        (plots.cost_history, "po.analysis.cost.history"),
        (plots.durations, "po.analysis.timeline.durations"),
        (plots.metric_lines, "po.analysis.metrics.tidy"),
        (plots.savings, "po.analysis.rightsizing.advice"),
        (plots.use_of_size, "po.analysis.metrics.use"),
        (plots.price_map, "po.analysis.sizes.unit_prices"),
        (plots.availability_map, "po.analysis.sizes.availability"),
        (plots.timeline, "po.analysis.timeline.spans"),
    ],
)
def test_a_missing_column_raises_with_the_function_that_returns_it(draw, source):
    with pytest.raises(InvalidArgument, match=rf"has no columns? .*\. Use for example {source}\.$"):
        draw(pd.DataFrame())


def test_prices_over_many_powers_have_few_labels_where_there_is_little_room():
    prices = pd.Series([4.0, 20_000.0])
    assert len(axis_scale(prices, "price_monthly")["ticktext"]) > 8
    assert axis_scale(prices, "price_monthly", max_price_ticks=8)["ticktext"] == ["$10", "$100", "$1,000", "$10,000"]
    assert len(axis_scale(prices[:1], "price_monthly", max_price_ticks=8)["ticktext"]) > 1
