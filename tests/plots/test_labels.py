"""What all pictures say alike: names, what is left out, and what a frame has to have."""

from __future__ import annotations

import html

import pandas as pd
import pytest

from poseidon_nb import plots
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plots.labels import MOST_BESIDE, beside, escaped, left_out, told, told_apart


def test_names_that_two_droplets_share_or_none_has_are_told_apart_by_ids():
    names = pd.Series(["web", "web", "db", None, "web", "a\u202eb"], index=[9, 8, 7, 6, 5, 4])
    ids = pd.Series([1, 2, 3, 4, 1, 5], index=names.index)
    assert told_apart(names, ids).to_dict() == {
        9: "web (1)",
        8: "web (2)",
        7: "db",
        6: "4",
        5: "web (1)",
        4: "a\\x202eb",
    }
    assert told_apart(names[:0], ids[:0]).empty


def test_one_droplet_with_many_rows_keeps_its_name():
    assert told_apart(pd.Series(["web", "web"]), pd.Series([1, 1])).tolist() == ["web", "web"]


def test_what_is_escaped_holds_no_tag_and_no_sign_that_turns_the_writing():
    assert escaped("<b>\u202e") == "&lt;b&gt;\\x202e"


def test_two_dollar_signs_are_no_formula():
    assert "$" not in escaped("$x$") + beside("$x$") + told("$x$")
    assert html.unescape(escaped("$x$")) == "$x$"


def test_a_long_name_is_cut_in_its_middle_beside_what_is_drawn_and_broken_where_the_mouse_rests():
    name = f"{'x' * 200}-web (4711)"
    assert len(beside(name)) == MOST_BESIDE
    assert beside(name).startswith("xxx")
    assert beside(name).endswith("-web (4711)")
    assert beside("web-1") == told("web-1") == "web-1"
    assert told(name).replace("<br>", "").replace(" ", "") == name.replace(" ", "")
    assert max(map(len, told(name).split("<br>"))) < 80
    assert told("") == ""


def test_only_what_is_not_drawn_is_said_to_be_left_out():
    assert left_out(30, 30) == ""
    assert left_out(30, 31, "dearest") == " The picture shows the dearest 30; the table has all."


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
def test_a_frame_without_the_columns_is_refused_with_what_gives_it(draw, source):
    with pytest.raises(InvalidArgument, match=rf"has no columns? .*\. Use for example {source}\.$"):
        draw(pd.DataFrame())
