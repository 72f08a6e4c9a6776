"""Charts of the cost."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from poseidon_nb import plots
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.validation import build_derived
from poseidon_nb.plots.cost import MAX_BARS
from poseidon_nb.plots.labels import MAX_LABEL_CHARS

HOSTILE = "<img src=x onerror=alert(1)>"


def sums(*rows: tuple[str | None, float | None]) -> pd.DataFrame:
    total = sum(usd or 0.0 for _, usd in rows)
    made = [
        {
            "group": name,
            "resources": 2,
            "price_usd_month": usd,
            "price_usd_hour": None if usd is None else usd / 672,
            "share_percent": None if usd is None or not total else 100 * usd / total,
            "unpriced": int(usd is None),
            "unavailable": 0,
            "droplet_id": None,
            "note": None if usd else "no price",
        }
        for name, usd in rows
    ]
    columns = [
        "group",
        "resources",
        "price_usd_month",
        "price_usd_hour",
        "share_percent",
        "unpriced",
        "unavailable",
        "droplet_id",
        "note",
    ]
    return build_derived("cost_by", pd.DataFrame(made, columns=columns))


def months(*rows: tuple[str, float, bool]) -> pd.DataFrame:
    made = pd.DataFrame(
        [{"month": month, "billed_usd": usd, "final": final, "invoices": 1} for month, usd, final in rows],
        columns=["month", "billed_usd", "final", "invoices"],
    )
    change = made["billed_usd"].astype(float).diff()
    return build_derived("cost_history", made.assign(change_usd=change, change_percent=change))


def test_bars_show_the_cost_with_the_most_expensive_group_on_top() -> None:
    picture = plots.cost_by(sums(("web", 72.0), (None, 24.0), ("db", 4.0), ("app", None)), by="tag")
    (bars,) = picture.data
    assert bars.x == (4.0, 24.0, 72.0)
    assert picture.layout.yaxis.ticktext == ("db", "(no tag)", "web")
    assert "72.0% of the total" in bars.hovertext[2]
    assert (picture.layout.xaxis.title.text, picture.layout.title.text) == ("USD a month", "Monthly cost by tag")
    assert picture.table["tag"].tolist()[0] == "web"
    assert picture.layout.title.subtitle.text == "web costs the most: &#36;72.00 a month, 72% of the total"
    # No amount stands on a line of a grid.
    assert picture.layout.xaxis.showgrid is picture.layout.yaxis.showgrid is False
    assert picture.summary.startswith("web costs the most: $72.00 a month (72% of the total). 3 groups in total.")
    assert "1 resource without a price is not included." in picture.summary


def test_two_groups_with_one_name_are_two_bars() -> None:
    picture = plots.cost_by(sums(("twin", 10.0), ("twin", 5.0)), by="droplet")
    assert picture.data[0].y == (0, 1)
    assert picture.layout.yaxis.ticktext == ("twin", "twin")


def test_the_most_expensive_groups_are_drawn_and_the_table_has_all() -> None:
    picture = plots.cost_by(sums(*[(f"t{number}", float(number + 1)) for number in range(80)]), by="tag")
    assert min(picture.data[0].x) == 80 - MAX_BARS + 1
    assert len(picture.table) == 80
    assert f"most expensive {MAX_BARS}" in picture.summary


def test_names_are_escaped_and_shortened_on_the_axis_only() -> None:
    picture = plots.cost_by(sums((HOSTILE, 2.0), ("x" * 200, 1.0)), by="project")
    text = picture.to_json() + picture._table_html()
    assert "<img" not in text
    assert "\\u003cimg" not in text
    assert len(picture.layout.yaxis.ticktext[0]) == MAX_LABEL_CHARS
    assert "x" * 200 in picture.data[0].hovertext[0].replace("<br>", "")


def test_an_empty_chart_says_why() -> None:
    for frame, words in (
        (sums(), "Nothing to show: there are no resources that cost money."),
        (sums(("db", None), ("web", None)), "Nothing to show: 2 resources without a known price."),
    ):
        picture = plots.cost_by(frame, by="tag")
        assert picture.summary == words
        assert not picture.data
        assert [*picture.table["tag"]] == [*frame["group"]]


def test_amounts_have_room_at_the_end_of_their_bars() -> None:
    picture = plots.cost_by(sums(("web", 90.0), ("db", 0.0)), by="tag")
    (bars,) = picture.data
    assert (bars.text, bars.textposition) == (("$0.00", "$90.00"), "outside")
    assert picture.layout.xaxis.range[0] == 0
    assert picture.layout.xaxis.range[1] > 95
    free = plots.cost_by(sums(("web", 0.0)), by="tag")
    assert free.layout.xaxis.range == (0, 1)
    assert "$0.00 a month" in free.summary
    assert "nan" not in free.summary + free.data[0].hovertext[0]


def test_the_height_depends_on_the_number_of_bars() -> None:
    one, ten = (plots.cost_by(sums(*[(f"t{n}", 1.0) for n in range(number)])).layout.height for number in (1, 10))
    assert one < 200
    assert ten - one == 9 * 32


def test_the_current_month_is_hatched_and_named() -> None:
    picture = plots.cost_history(months(("2026-09", 20.0, True), ("2026-10", 30.0, True), ("2026-11", 12.5, False)))
    billed, running = picture.data
    assert (billed.x, billed.y) == (("2026-09", "2026-10"), (20.0, 30.0))
    assert (running.name, running.y, running.marker.pattern.shape) == ("month to date", (12.5,), "/")
    # The axis says so, instead of a legend.
    assert picture.layout.xaxis.ticktext == ("Sep 2026", "Oct 2026", "Nov 2026<br>to date")
    assert not picture.layout.showlegend
    assert picture.layout.title.subtitle.text == "Oct 2026: &#36;30.00 (+10%); Nov 2026 to date: &#36;12.50"
    assert "from the previous month" not in billed.hovertext[0]
    assert "+$10.00 (+10%) from the previous month" in billed.hovertext[1]
    assert picture.layout.xaxis.categoryarray == ("2026-09", "2026-10", "2026-11")
    assert picture.summary == (
        "2 months, most recently Oct 2026: $30.00; the most expensive was Oct 2026 at $30.00. Nov 2026 to date: $12.50."
    )


def test_no_billed_month_is_said() -> None:
    assert plots.cost_history(months()).summary == "Nothing to show: no month has been billed yet."
    assert not plots.cost_history(months()).data
    picture = plots.cost_history(months(("2026-11", 1.0, False)))
    assert picture.summary == "No month has been billed yet. Nov 2026 to date: $1.00."
    assert not math.isnan(picture.data[0].y[0])


def test_bars_of_months_have_a_maximum_width_and_amounts_do_not_overlap() -> None:
    one = plots.cost_history(months(("2026-11", 1.0, True)))
    assert one.layout.xaxis.range == (-3, 3)
    assert one.data[0].text == ("$1.00",)
    year = plots.cost_history(months(*[(f"2026-{number:02}", 1.0, True) for number in range(1, 13)]))
    assert year.layout.xaxis.range == (-0.5, 11.5)
    assert len(year.data[0].text) == 12
    more = plots.cost_history(
        months(*[(f"{2020 + number // 12}-{number % 12 + 1:02}", 1.0, True) for number in range(13)])
    )
    assert more.data[0].text is None
    # Every second month is named, back from the last, and there are lines instead of amounts.
    named = ["Jan 2020", "Mar 2020", "May 2020", "Jul 2020", "Sep 2020", "Nov 2020", "Jan 2021"]
    assert [*more.layout.xaxis.ticktext] == named
    assert (more.layout.yaxis.showgrid, year.layout.yaxis.showgrid) == (True, False)


def test_an_unknown_amount_has_no_bar_but_is_mentioned() -> None:
    unknown = float("nan")
    picture = plots.cost_history(
        months(("2026-09", 20.0, True), ("2026-10", unknown, True), ("2026-11", unknown, False))
    )
    assert picture.summary == (
        "2 months, most recently Oct 2026: an unknown amount; the most expensive was Sep 2026 at $20.00. Nov 2026 to date: an unknown amount."
    )
    assert picture.data[0].text == ("$20.00", "")
    assert "an unknown amount" in picture.data[0].hovertext[1]
    assert "nan" not in picture.summary + "".join(picture.data[0].hovertext + picture.data[1].hovertext)
    none = plots.cost_history(months(("2026-10", unknown, True)))
    assert none.summary == "1 month, Oct 2026: an unknown amount."
    assert none.layout.yaxis.range == (0, 1)


def test_an_infinite_amount_raises() -> None:
    with pytest.raises(InvalidArgument, match=r"^Column billed_usd of months has infinite values for 2026-10\. "):
        plots.cost_history(months(("2026-10", float("inf"), True)))
    with pytest.raises(InvalidArgument, match=r"^Column price_usd_month of sums has infinite values for web\. "):
        plots.cost_by(sums(("web", float("inf")), ("db", 1.0)))


def test_unavailable_types_are_counted_separately_from_unpriced_resources() -> None:
    given = sums(("web", 24.0), ("nfs", None)).assign(unpriced=0, unavailable=[0, 1])
    words = plots.cost_by(given, by="resource_type").summary
    assert words.endswith("1 group in total. 1 resource type could not be read.")
    assert "without a price" not in words
    assert plots.cost_by(given.drop(columns="unavailable"), by="resource_type").summary.endswith("1 group in total.")
    assert "no resource could be read" in plots.cost_by(given[1:], by="resource_type").summary


def allocation(*rows: tuple[int, str | None, float]) -> pd.DataFrame:
    """Return the cost of weeks, by their numbers; the last week is half over."""
    first = pd.Timestamp("2026-11-02", tz="UTC")
    last = max((week for week, _, _ in rows), default=0)
    made = [
        {
            "start": first + pd.Timedelta(weeks=week),
            "end": first + pd.Timedelta(weeks=week + 1) - pd.Timedelta(days=3 * (week == last)),
            "group": group,
            "usd": usd,
            "resources": 1,
            "period": "week",
        }
        for week, group, usd in rows
    ]
    columns = ["start", "end", "group", "usd", "resources", "period"]
    return build_derived("cost_allocation", pd.DataFrame(made, columns=columns))


def test_the_cost_over_time_is_a_stacked_bar_for_each_period() -> None:
    rows = [(0, "web", 5.0), (0, None, 2.0), (1, "web", 6.0), (1, HOSTILE, 1.0), (2, "web", 3.0)]
    picture = plots.cost_allocation(allocation(*rows), by="tag")
    assert [bars.name for bars in picture.data] == ["web", "(no tag)", "&lt;img src=x onerror=alert(1)&gt;"]
    assert picture.data[0].y == (5.0, 6.0, 3.0)
    assert picture.data[1].y == (2.0, 0.0, 0.0)
    assert picture.layout.barmode == "stack"
    assert picture.layout.xaxis.ticktext == ("Nov 2", "Nov 9", "Nov 16<br>to date")
    assert (
        picture.layout.title.subtitle.text
        == "web cost the most in 3 weeks:<br>&#36;14.00, 82% of the sum of the groups"
    )
    assert picture.summary.endswith("From Nov 2 to Nov 16; the most expensive was Nov 2 at $7.00.")
    assert "<svg" in picture.svg()
    assert HOSTILE not in picture.svg()
    assert picture.table["tag"].tolist()[0] == "web"


def test_the_cheapest_groups_over_time_are_one() -> None:
    picture = plots.cost_allocation(allocation(*[(0, f"t{number}", 10.0 - number) for number in range(9)]))
    assert [bars.name for bars in picture.data] == [*(f"t{number}" for number in range(6)), "others"]
    assert picture.data[-1].y == (4.0 + 3.0 + 2.0,)
    assert "The 3 cheapest groups are drawn as one." in picture.summary
    assert "nothing was billed" in plots.cost_allocation(allocation()).summary
    with pytest.raises(InvalidArgument, match="infinite"):
        plots.cost_allocation(allocation((0, "web", math.inf)))


def test_titles_and_axes_name_a_key_in_words() -> None:
    over_time = plots.cost_allocation(allocation((0, "droplet", 1.0)), by="resource_type")
    assert over_time.layout.title.text == "Cost over time by resource type"
    assert "resource_type" in over_time.table
    groups = plots.cost_by(sums(("droplet", 1.0)), by="resource_type")
    assert groups.layout.title.text == "Monthly cost by resource type"
    assert groups.layout.yaxis.title.text == "resource type"
    assert "resource_type" in groups.table, "the table keeps the name of the column"
