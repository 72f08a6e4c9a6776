"""The answers of commands that reckon, in words: on small frames, and above the tables of a seeded account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from poseidon_nb.analysis.cost import history
from poseidon_nb.analysis.timeline import durations
from poseidon_nb.client.client import Client
from poseidon_nb.commands.actions.summary import summarize_durations, summarize_timeline
from poseidon_nb.commands.cost.summary import summarize_history, summarize_reconciliation
from poseidon_nb.commands.metrics.summary import summarize_coverage
from poseidon_nb.commands.regions.summary import summarize_features
from poseidon_nb.commands.rightsize.summary import summarize_advice, summarize_rest
from poseidon_nb.commands.sizes.summary import summarize_cheapest
from poseidon_nb.transport.rate_limit import RateLimit

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def advice(*rows: tuple[str, float | None, str | None], anew: float | None = None) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["verdict", "saving_usd_month", "advised_size"])
    frame["saving_usd_month"] = frame["saving_usd_month"].astype(float)
    frame["droplet_id"] = range(len(frame))
    return frame.assign(recreate_saving_usd_month=[anew] * len(frame)).astype({"recreate_saving_usd_month": float})


SMALLER, KEEP = ("smaller", 24.0, "s"), ("keep", 0.0, "s")
LARGER, UNHELD, UNKNOWN = ("larger", -12.0, "s"), ("larger", None, None), ("unknown", None, None)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "There are no droplets to analyze."),
        ([KEEP], "The droplet cannot be resized to a cheaper size."),
        ([KEEP, KEEP], "None of 2 droplets can be resized to a cheaper size."),
        ([SMALLER], "1 of 1 droplet can be smaller, which saves $24.00 a month ($288.00 a year)."),
        (
            [SMALLER, SMALLER, KEEP, LARGER, UNKNOWN],
            (
                "2 of 5 droplets can be smaller, which saves $48.00 a month ($576.00 a year). "
                "1 should be larger, which costs $12.00 a month more. "
                "1 droplet has too little data; see the column why."
            ),
        ),
        (
            [KEEP, LARGER, UNHELD],
            (
                "None of 3 droplets can be resized to a cheaper size. "
                "2 should be larger, which costs $12.00 a month more, 1 of them needs more than any size in their region offers."
            ),
        ),
        (
            [UNKNOWN],
            "1 droplet has too little data; see the column why.",
        ),
        (
            [UNKNOWN, UNKNOWN],
            "2 droplets have too little data; see the column why.",
        ),
    ],
)
def test_what_rightsizing_found_is_one_sentence(rows, said):
    assert summarize_advice(advice(*rows)) == said


def test_a_droplet_that_is_off_does_not_count_as_one_with_too_little_data():
    billed = "so nothing was measured"
    assert summarize_advice(advice(UNKNOWN), off=[0]) == f"1 droplet is off, {billed}; it is still billed."
    assert summarize_advice(advice(KEEP, UNKNOWN, UNKNOWN, UNKNOWN), off=[1, 2]) == (
        f"None of 4 droplets can be resized to a cheaper size. 2 droplets are off, {billed}; they are still billed."
        " 1 droplet has too little data; see the column why."
    )


def test_with_a_chart_only_what_it_does_not_show_is_said():
    assert summarize_rest(advice(SMALLER, KEEP)) == ""
    assert summarize_rest(advice(SMALLER, LARGER, UNKNOWN, UNKNOWN), off=[2]) == (
        "1 should be larger, which costs $12.00 a month more. 1 droplet is off, so nothing was measured; it is still billed."
        " 1 droplet has too little data; see %do rightsize."
    )


def test_what_only_a_droplet_recreated_would_save_is_said():
    assert summarize_advice(advice(KEEP, KEEP, anew=6.0)) == (
        "None of 2 droplets can be resized to a cheaper size. 2 more would save $12.00 a month if recreated with a smaller disk."
    )


def sizes(*rows: tuple[str, float, list[str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["slug", "price_monthly", "available_in"])


def test_the_cheapest_size_is_named_with_its_place_and_its_price():
    one, other = ("m-2", 84.0, ["ams3"]), ("g-4", 126.0, ["ams3", "fra1"])
    told = summarize_cheapest(sizes(one, other), 105, filtered=True)
    assert told == "Cheapest of 105 matching sizes: m-2 in ams3 at $84.00 a month."
    told = summarize_cheapest(sizes(one), 1, filtered=True)
    assert told == "Only match: m-2 in ams3 at $84.00 a month."
    told = summarize_cheapest(sizes(one, ("s-4", 84.0, ["fra1"]), other), 3, filtered=True)
    assert told == "Cheapest of 3 matching sizes: m-2 in ams3 at $84.00 a month; also at this price: s-4."
    told = summarize_cheapest(sizes(one, *((f"s-{place}", 84.0, ["fra1"]) for place in range(5))), 6, filtered=False)
    assert (
        told
        == "Cheapest of 6 available sizes: m-2 in ams3 at $84.00 a month; also at this price: s-0, s-1, s-2 and 2 more."
    )
    assert summarize_cheapest(sizes(), 0, filtered=False) == "No size is available."


def test_who_wishes_for_nothing_sees_where_prices_begin(desk):
    assert len(desk.do("sizes cheapest")) == 10
    said = desk.ui.said[-1]
    assert said.startswith("Cheapest of 147 available sizes: s-1vcpu-512mb-10gb in ")
    assert "Showing the first 10. Filter with --memory" in said
    assert len(desk.do("sizes cheapest --limit 12")) == 12
    assert len(desk.do("sizes cheapest --region ams3")) > 10


def test_regions_that_offer_something_are_named_and_those_closed_too():
    rows = [{"slug": "nyc1", "available": True}, {"slug": "sfo1", "available": False}]
    assert summarize_features(rows, 15, ["image-transfer"]) == (
        "2 of 15 regions offer image_transfer: nyc1 and sfo1; unavailable: sfo1."
    )
    assert summarize_features([], 15, ["a", "b"]) == "None of 15 regions offers a and b."


def test_where_readings_begin_is_said_where_that_is_later_than_asked_for():
    series = pd.DataFrame({"time": pd.to_datetime([NOW - timedelta(days=14), NOW], utc=True)})
    told = summarize_coverage(series, NOW - timedelta(days=30), NOW)
    assert told == "Readings start at 2026-11-09 12:00 UTC: 14 days of the 30 days requested."
    assert summarize_coverage(series, NOW - timedelta(days=14, hours=1), NOW) == ""
    assert summarize_coverage(series.head(0), NOW - timedelta(days=30), NOW) == ""


def test_the_answer_stands_above_the_table(desk):
    frame = desk.do("rightsize --shared-cpu")
    smaller = frame.loc[frame["verdict"] == "smaller", "saving_usd_month"]
    assert (
        f"{len(smaller)} of {len(frame)} droplets can be smaller, which saves ${smaller.sum():,.2f} a month"
        in (desk.ui.said[-1])
    )
    desk.do("metrics cpu web-1 --last 700d")
    assert "days of the 700 days requested" in desk.ui.said[-1]
    desk.do("regions with server_id storage")
    assert desk.ui.said[-1] == "1 of 15 regions offers server_id and storage: tor1."


def _left(monkeypatch, remaining: int) -> None:
    told = RateLimit(5_000, remaining, None, NOW)
    monkeypatch.setattr(Client, "rate_limit", property(lambda _: told))


@pytest.mark.parametrize("line", ["rightsize", "metrics use --tag web"])
def test_a_read_that_the_rate_limit_does_not_hold_is_told_first(desk, monkeypatch, line):
    _left(monkeypatch, 10)
    desk.do(line)
    assert "requests, but only 10 of 5,000 requests per hour remain. " in desk.ui.said[0]
    assert "--tag" in desk.ui.said[0]


@pytest.mark.parametrize("remaining", [4_000, 5_000])
def test_a_read_that_it_holds_is_not_told(desk, monkeypatch, remaining):
    _left(monkeypatch, remaining)
    desk.do("rightsize")
    assert not any("per hour remain" in one for one in desk.ui.said)


def spans(*rows: tuple[str, int, str, int]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["type", "droplet_id", "status", "hours"])
    return frame.assign(
        name="web-" + frame["droplet_id"].astype(str),
        failed=frame["status"] == "errored",
        started_at=NOW,
        ended_at=NOW + pd.to_timedelta(frame["hours"], unit="h"),
    )


def test_what_was_done_is_counted_and_what_failed_is_named():
    done, lost = ("resize", 1, "completed", 1), ("shutdown", 2, "errored", 1)
    assert summarize_timeline(spans(done), "web-1", "7d") == "1 action on 1 droplet in the last 7d; none failed."
    running = ("snapshot", 1, "in-progress", 1)
    assert summarize_timeline(spans(done, lost, ("resize", 1, "errored", 1), lost, running), "any droplet", "2w") == (
        "5 actions on 2 droplets in the last 2w; 3 failed: shutdown of web-2 (2) and resize of web-1; 1 in progress."
    )


def test_what_ends_before_it_begins_is_counted():
    back, forth = ("resize", 1, "completed", -1), ("resize", 1, "completed", 1)
    said = " 2 actions have an end time before the start time, so the duration is unknown."
    assert summarize_timeline(spans(back, forth, back), "web-1", "7d").endswith(f"none failed.{said}")
    one = spans(back, forth).rename(columns={"ended_at": "completed_at"})
    said = " 1 action has an end time before the start time, so the duration is unknown."
    assert summarize_durations(one, durations(one), "7d").endswith(said)


def test_the_slowest_type_is_named_and_the_types_of_those_that_failed():
    fast, slow, lost = ("reboot", 1, "completed", 1), ("resize", 1, "completed", 2), ("resize", 1, "errored", 9)
    actions = spans(fast, slow, lost, lost).rename(columns={"ended_at": "completed_at"})
    assert summarize_durations(actions, durations(actions), "7d") == (
        "4 actions of 2 types in the last 7d; 2 failed: resize (2); slowest: resize (median 2 h)."
    )
    assert summarize_durations(actions[2:3], durations(actions[2:3]), "7d") == (
        "1 action of 1 type in the last 7d; 1 failed: resize."
    )


def bill(*rows: tuple[str, float, float, float, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["product", "expected_usd", "billed_usd", "deleted_usd", "note"])
    return frame.assign(difference_usd=(frame["billed_usd"] - frame["expected_usd"]).round(2))


AGREES = "This month's bill matches the line items to the cent: $12.00 so far"
DIFFERS = "This month's bill differs from the line items by +$3.00: $15.00 billed so far, $12.00 expected"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("Droplets", 12.0, 12.0, 0.0, None), ("(all)", 12.0, 12.0, 0.0, None)], f"{AGREES}."),
        ([("(all)", 12.0, 12.0, 0.0, "1 without a price")], f"{AGREES}; 1 without a price."),
        (
            [
                ("Droplets", 7.0, 9.0, 0.0, None),
                ("Backups", 5.0, 3.0, 0.0, None),
                ("(all)", 12.0, 12.0, 0.0, None),
            ],
            f"{AGREES}; but these products differ: Droplets by +$2.00 and Backups by -$2.00.",
        ),
        (
            [("Droplets", 12.0, 15.0, 3.0, None), ("(all)", 12.0, 15.0, 3.0, None)],
            f"{DIFFERS}; $3.00 billed for deleted resources.",
        ),
        (
            [
                ("Droplets", 7.0, 9.0, 0.0, None),
                ("Backups", 5.0, 6.0, 0.0, None),
                ("Volumes", float("nan"), 6.0, float("nan"), "could not be read"),
                ("(all)", 12.0, 15.0, 0.0, "1 kind of things could not be read"),
            ],
            f"{DIFFERS}; Droplets by +$2.00 and Backups by +$1.00; 1 kind of things could not be read.",
        ),
        (
            [("(all)", 12.0, float("nan"), 0.0, None)],
            "This month's bill cannot be compared with the line items.",
        ),
    ],
)
def test_whether_bill_and_lines_agree_is_said(rows, said):
    assert summarize_reconciliation(bill(*rows)) == said


@pytest.mark.parametrize(
    ("over", "running", "said"),
    [
        ([], [], "No month has been billed yet."),
        ([], [("2026-11", 5.0)], "2026-11: $5.00 so far."),
        ([("2026-10", 5.0)], [], "2026-10: $5.00."),
        (
            [("2026-09", 4.0), ("2026-10", 5.0)],
            [("2026-11", 1.0)],
            "2026-10: $5.00, $1.00 more than 2026-09 (+25.0%). 2026-11: $1.00 so far.",
        ),
        ([("2026-09", 5.0), ("2026-10", 4.0)], [], "2026-10: $4.00, $1.00 less than 2026-09 (-20.0%)."),
        ([("2026-09", 5.0), ("2026-10", 5.0)], [], "2026-10: $5.00, the same as 2026-09."),
        ([("2026-09", 0.0), ("2026-10", 5.0)], [], "2026-10: $5.00, $5.00 more than 2026-09."),
        (
            [("2026-09", None), ("2026-10", 5.0)],
            [],
            "2026-10: $5.00. The cost of 2026-09 is unknown, because an invoice has no amount.",
        ),
    ],
)
def test_the_last_month_and_this_one_are_told(over, running, said):
    def invoices(rows):
        frame = pd.DataFrame(rows, columns=["invoice_period", "amount"])
        return frame.astype({"invoice_period": "string", "amount": "float64"})

    assert summarize_history(history(invoices(over), preview=invoices(running))) == said


def test_bills_and_actions_have_their_sentence_above_the_table(desk):
    for line, said in (
        ("cost reconcile", "This month's bill matches the line items to the cent: $"),
        ("cost history", "2026-10: $"),
        ("actions timeline", " in the last 7d; "),
        ("actions durations", "; slowest: "),
    ):
        desk.ui.said.clear()
        desk.do(line)
        assert said in desk.ui.said[-1]
