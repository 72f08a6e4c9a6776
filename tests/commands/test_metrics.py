"""`%do metrics`: which requests, which frame, and what is said of what is missing."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from poseidon_nb import errors
from poseidon_nb.analysis import metrics
from poseidon_nb.client.metrics import METRIC_QUERIES
from poseidon_nb.commands.metrics.spec import METRICS
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.plots import Picture

DAY_S = 86_400
WORDS = ("cpu", "memory", "load", "filesystem", "bandwidth")


def window(line):
    """Return the beginning and the end of what a request asks for."""
    query = dict(part.split("=") for part in line.partition("?")[2].split("&"))
    return int(query["start"]), int(query["end"])


@pytest.mark.parametrize("metric", WORDS)
def test_a_kind_is_a_verb_that_gives_tidy_series(desk, metric):
    frame = desk.do(f"metrics {metric} web-1 db-1 --last 6h")
    assert [*frame.columns] == [column.name for column in DERIVED_TABLES["metrics"].columns]
    assert [*dict.fromkeys(frame["name"])] == ["web-1", "db-1"]
    assert {*frame["metric"]} == {metric}
    assert frame["value"].notna().all()
    client = desk.session.client()
    served = client.metrics.frame(metric, ["web-1", "db-1"], start=client.now() - pd.Timedelta(hours=6))
    pd.testing.assert_frame_equal(frame, metrics.tidy(metric, served))


def test_each_kind_of_the_client_is_a_verb_with_its_operations():
    verbs = {verb.name: {*verb.operations} for verb in METRICS.verbs}
    assert verbs == {
        metric: {measure.operation_id for measure in measures}
        for metric, measures in METRIC_QUERIES.items()
        # One part of bandwidth, which cost transfer reads.
        if metric != "outbound"
    }


def test_the_window_is_a_day_unless_told(desk, clock):
    now = int(clock.now().timestamp())
    said = {
        "": (now - DAY_S, now),
        "--last 2h": (now - 7200, now),
        "--last 7d --end 1d": (now - 8 * DAY_S, now - DAY_S),
        "--start 2026-11-22T06:00:00Z --end 2026-11-22T07:00": (1795327200, 1795330800),
        "--start 1795327200": (1795327200, now),
    }
    for words, wanted in said.items():
        desk.sent()
        desk.do(f"metrics cpu 521000032 {words}")
        (line,) = [one for one in desk.sent() if "monitoring" in one]
        assert window(line) == wanted, words


def test_other_words_mean_the_same(desk):
    for word, metric in {"mem": "memory", "disk": "filesystem", "network": "bandwidth", "cpus": "cpu"}.items():
        pd.testing.assert_frame_equal(
            desk.do(f"metrics {word} web-1 --last 1h"), desk.do(f"metric {metric} web-1 --last 1h")
        )


def test_droplets_by_tag(desk):
    tagged = {*desk.do("droplets list --tag db")["name"]} - {"staging-db"}
    assert {*desk.do("metrics load --tag db --last 1h")["name"]} == tagged
    with pytest.raises(errors.NoSuchName, match=r"Tag 'wbe' not found. Did you mean web"):
        desk.do("metrics load --tag wbe")


def test_modes_are_shares_that_are_the_whole(desk):
    frame = desk.do("metrics cpu web-1 --last 2h --modes")
    assert {"idle", "iowait", "steal", "user"} <= {*frame["label"]}
    assert frame.groupby("time")["value"].sum().round(6).eq(100).all()


def test_what_is_missing_is_said_and_spoils_nothing(desk):
    desk.ui.said.clear()
    frame = desk.do("metrics memory web-1 legacy-reports staging-db --last 1h")
    assert {*frame["name"]} == {"web-1"}
    assert desk.ui.said == [
        "No readings for legacy-reports: the metrics agent is not installed.",
        "No readings for staging-db: the droplet is off.",
    ]


def test_readings_that_make_no_value_are_said(desk):
    desk.ui.said.clear()
    assert desk.do("metrics cpu web-1 --last 3m").empty
    (said,) = desk.ui.said
    assert said.startswith("No values for web-1: a CPU percentage needs two readings")
    assert said.endswith(" has too few. Use --last to look further back.")


CPU = "monitoring_get_DropletCpuMetrics"


@pytest.mark.parametrize(
    "line", ["metrics cpu", "metrics cpu --modes", "metrics cpu --plot", "metrics use", "rightsize"]
)
def test_a_droplet_that_fails_is_an_error_after_all_were_read(desk, line):
    desk.sandbox.fault("status", status=404, operation=CPU, times=1)
    with pytest.raises(errors.BulkFailed) as caught:
        desk.do(f"{line} --tag web --last 4d")
    said = str(caught.value)
    assert re.match(r"1 of [34] droplets could not be read completely\. The first, web-[0-9]: .*404", said)
    assert said.endswith(". Use --keep-going to get the rest.")
    assert "\n" not in said
    (shown,) = desk.ui.shown
    assert shown is caught.value.frame
    assert shown["name"].nunique() >= 2


def test_with_keep_going_what_was_read_is_the_answer_and_what_was_not_is_said(desk):
    desk.sandbox.fault("status", status=404, operation=CPU, times=1)
    whole = {"web-1", "web-2"}
    (name,) = {*desk.do("metrics cpu web-1 web-2 --last 1h --keep-going")["name"]}
    (failed,) = whole - {name}
    assert any(line.startswith(f"Metrics of {failed} could not be read: ") for line in desk.ui.said)
    for line in ("metrics use", "rightsize"):
        desk.sandbox.fault("status", status=404, operation=CPU, times=1)
        frame = desk.do(f"{line} web-1 web-2 --last 4d --keep-going")
        note = frame["note" if line == "metrics use" else "why"].fillna("")
        assert {*frame["name"]} == whole
        assert note.str.contains("could not be read: ").sum() == 1
    desk.sandbox.fault("status", status=404, operation=CPU, times=1)
    assert len(desk.do("metrics cpu web-1 web-2 --last 1h --keep-going --plot").table) == 1


def test_one_that_is_read_in_part_is_an_error_with_its_part(desk):
    desk.sandbox.fault("status", status=404, operation="monitoring_get_dropletLoad5Metrics", times=1)
    with pytest.raises(
        errors.BulkFailed, match=r"^1 of 1 droplet could not be read completely. The first, web-1: "
    ) as caught:
        desk.do("metrics load web-1 --last 1h")
    assert {*caught.value.frame["label"]} == {"1m", "15m"}


@pytest.mark.parametrize("more", ["", " --keep-going"])
def test_all_that_fail_are_the_first_ones_error(desk, more):
    desk.sandbox.fault("status", status=404, operation=CPU, times=None)
    with pytest.raises(errors.NotFound):
        desk.do(f"metrics cpu web-1 web-2 --last 1h{more}")


def test_use_is_a_row_a_droplet_which_says_what_is_missing(desk):
    frame = desk.do("metrics use web-1 legacy-reports --last 2d")
    assert [*frame.columns] == [column.name for column in DERIVED_TABLES["use"].columns]
    assert frame["name"].tolist() == ["web-1", "legacy-reports"]
    assert frame["note"].fillna("").tolist() == [
        "",
        "no readings in this time range: the metrics agent is not installed",
    ]
    cpu = desk.do("metrics cpu web-1 --last 2d")["value"]
    assert frame["cpu_p95_percent"][0] == pytest.approx(cpu.quantile(0.95))
    memory = desk.do("metrics memory web-1 --last 2d")["value"]
    assert frame["memory_max_percent"][0] == pytest.approx(memory.max())


def test_plot_gives_the_picture(desk):
    picture = desk.do("metrics cpu web-1 web-2 --last 2h --plot")
    assert isinstance(picture, Picture)
    assert picture.table["name"].tolist() == ["web-1", "web-2"]


def test_dry_run_shows_the_requests_and_sends_none(desk):
    desk.do("droplets list")
    desk.sent()
    desk.ui.said.clear()
    desk.do("metrics memory web-1 new-one --last 1h --dry-run")
    shown = "\n".join(map(str, [*desk.ui.said, *desk.ui.shown]))
    assert desk.sent() == []
    assert shown.count("memory_total?") == shown.count("memory_available?") == 2
    assert "host_id=521000032" in shown
    assert "host_id=ID-OF new-one" in shown
    desk.ui.said.clear()
    desk.do("metrics cpu --tag db --dry-run")
    shown = "\n".join(map(str, [*desk.ui.said, *desk.ui.shown]))
    assert "GET /v2/droplets?tag_name=db" in shown
    assert "host_id=ID-OF EACH" in shown


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("metrics cup web-1", "metrics has no verb 'cup'. Did you mean cpu"),
        ("metrics cpu", "metrics cpu needs DROPLET or --tag"),
        ("metrics cpu web-l", "Droplet 'web-l' not found. Did you mean web-"),
        ("metrics cpu web-1 --last 3x", "Invalid duration '3x'"),
        ("metrics cpu web-1 --last 3h --start 4h", "takes only one of --last and --start"),
        ("metrics cpu web-1 --start yesterday", "Invalid time 'yesterday'"),
        ("metrics cpu web-1 --start 1h --end 2h", "must be before the end"),
        ("metrics cpu web-1 --start 99999999999999999", "The time range is too long"),
        ("metrics cpu web-1 --last 999999w", "goes back before 1970"),
        ("metrics use web-1 --plot", "--plot"),
        ("metrics cpu web-1 --columns valeu", "Unknown column 'valeu'. Did you mean value"),
    ],
)
def test_mistakes_are_told_in_one_line_before_metrics_are_asked_for(desk, line, message):
    desk.sent()
    with pytest.raises(errors.PoseidonError) as caught:
        desk.do(line)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not [one for one in desk.sent() if "monitoring" in one]


def test_metrics_are_of_the_last_day_unless_told_otherwise(desk):
    frame = desk.do("monitoring droplet-cpu web-1")
    assert frame["mode"].nunique() == 8
    assert (frame["time"].max() - frame["time"].min()).total_seconds() > 86_000
    short = desk.do("monitoring droplet-cpu web-1 --start 2h --end 1h")
    assert 3_000 < (short["time"].max() - short["time"].min()).total_seconds() <= 3_600
