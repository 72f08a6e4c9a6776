"""The usage of a droplet as a chart and in words: pure parts, and what is requested when."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from poseidon_nb.widgets.droplets import panel_models
from poseidon_nb.widgets.droplets.panel import DropletPanel
from poseidon_nb.widgets.droplets.usage import MAX_POINTS, Usage, usage_of
from tests.widgets.conftest import User

END = datetime(2026, 11, 23, 12, tzinfo=UTC)


def readings(*values: float | None, step: timedelta = timedelta(hours=1), end: datetime = END) -> list:
    return [
        ((end - step * after).timestamp(), value)
        for after, value in zip(reversed(range(len(values))), values, strict=True)
    ]


def test_the_words_have_the_latest_value_the_mean_and_the_peak():
    usage = usage_of("CPU", readings(10.0, 20.0, 60.0, 30.0), END)
    assert usage.summary == "30% now, 30% on average, 60% at most"
    ((first, *_, last),) = usage.lines
    assert (first, last) == ((21 / 24, 10.0), (1.0, 30.0))


def test_a_reading_that_is_not_recent_is_not_called_the_current_one():
    usage = usage_of("CPU", readings(10.0, end=END - timedelta(hours=3)), END)
    assert usage.summary == "10% at 09:00 UTC, 10% on average, 10% at most"


def test_a_gap_ends_a_line():
    usage = usage_of("CPU", readings(10.0, 20.0, None, 40.0, 50.0), END)
    assert [[percent for _, percent in line] for line in usage.lines] == [[10.0, 20.0], [40.0, 50.0]]
    assert usage.html().count("pnb-line") == 2


def test_many_readings_become_few_points_and_the_peak_stays():
    values = [5.0] * 1440
    values[700] = 93.0
    usage = usage_of("CPU", readings(*values, step=timedelta(minutes=1)), END)
    assert sum(map(len, usage.lines)) == MAX_POINTS
    assert max(percent for line in usage.lines for _, percent in line) == 93.0
    assert len(usage.html()) < 6_000


def test_a_chart_has_a_name_with_all_its_facts_and_fixed_limits():
    html = usage_of("CPU", readings(0.0, 100.0, 250.0), END).html()
    assert "role='img' aria-label='CPU, last 24 hours: 250% now, 117% on average, 250% at most'" in html
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", html)]
    assert (min(heights), max(heights)) == (0.0, 40.0)


def test_what_has_no_readings_says_why_and_what_it_says_is_escaped():
    html = Usage("CPU", problem="<img src=x>").html()
    assert "&lt;img" in html
    assert "<img" not in html
    assert "role='img'" not in html


def test_nothing_is_requested_before_the_page_has_drawn_the_panel_and_then_once(desk):
    desk.run(1.0)
    desk.metrics_workers.release()
    droplet = desk.droplet()
    before = len(desk.sandbox.requests)
    panel = DropletPanel(droplet)
    # Its monitoring has a thread of its own, which the test drives.
    assert len(desk.sandbox.requests) == before
    assert "Loading" in panel.model.usage_html()
    for _ in range(3):
        panel._accessibility._handle_custom_msg({"event": "drawn"}, [])
    paths = [one.path.removeprefix("/v2/monitoring/metrics/droplet/") for one in desk.sandbox.requests[before:]]
    assert paths == ["cpu", "memory_total", "memory_available"]
    assert [one.label for one in panel.model.usage] == ["CPU", "Memory"]
    assert "role='img' aria-label='CPU, last 24 hours: " in panel._usage.value
    assert "CPU, 24 h" in panel.text()
    panel.close()


def test_charts_that_are_old_are_loaded_again_when_the_panel_is_used(desk):
    def reads():
        return sum(one.path.endswith("/cpu") for one in desk.sandbox.requests)

    desk.metrics_workers.release()
    user = User(desk, desk.droplet())
    user.model.press("snapshot")
    assert reads() == 0, "nothing was drawn"
    user.model.load_usage()
    user.model.press("snapshot")
    assert reads() == 1
    desk.clock.advance(panel_models.MAX_USAGE_AGE_S)
    assert reads() == 1, "idle"
    user.model.press("snapshot")
    assert reads() == 2
    user.model.close()


def test_a_panel_that_was_closed_meanwhile_reads_nothing(desk):
    user = User(desk, desk.droplet())
    user.model.load_usage()
    user.model.close()
    before = len(desk.sandbox.requests)
    desk.metrics_workers.release()
    assert len(desk.sandbox.requests) == before


def test_a_failure_and_a_missing_agent_are_told_in_their_place(desk):
    desk.metrics_workers.release()
    user = User(desk, desk.droplet())
    desk.sandbox.fault("status", status=403, path="/v2/monitoring/metrics/droplet/cpu")
    user.model.load_usage()
    cpu, memory = user.model.usage
    assert "403" in cpu.summary
    assert "on average" in memory.summary
    user.model.close()
    user = User(desk, desk.droplet("legacy-reports"))
    user.model.load_usage()
    assert user.model.usage[1].summary == "No readings: the metrics agent is not installed"
    user.model.close()
