"""The usage of droplets: computed by hand, compared with the sandbox, and with missing readings."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from poseidon_nb.analysis import metrics
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.builders import frame_from_rows
from poseidon_nb.frames.metrics import series_frame
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.sandbox.workload import compute_workload, used_bytes
from tests.analysis.test_metrics import STEP, answer, counters
from tests.sandbox.conftest import Api

GIB = 1 << 30
DAY_S = 86_400
ROOT = {"device": "/dev/vda1", "mountpoint": "/"}
OUT = {"interface": "public", "direction": "outbound"}


def droplets_of(*names, **columns):
    return pd.DataFrame({"id": [*range(1, len(names) + 1)], "name": [*names], **columns})


def busy_counters(percents, vcpus=2):
    """Return the counters of a droplet with some CPU usage in each step."""
    busy = [0.0, *itertools.accumulate(vcpus * STEP * percent / 100 for percent in percents)]
    return counters(idle=[vcpus * STEP * step - spent for step, spent in enumerate(busy)], user=busy)


def everything(percents=(10.0, 20.0, 95.0), droplet_id=1, name="web-1"):
    steps = len(percents) + 1
    boot, volume = {"device": "/dev/vda15", "mountpoint": "/boot"}, {"device": "/dev/xvdb", "mountpoint": "/mnt/data"}
    answers = {
        "cpu": busy_counters(percents),
        "memory_total": answer(({}, [4 * GIB] * steps)),
        "memory_available": answer(({}, [3 * GIB] * (steps - 1) + [GIB])),
        "filesystem_size": answer((ROOT, [79e9] * steps), (boot, [1e9] * steps), (volume, [500e9] * steps)),
        "filesystem_free": answer((ROOT, [59e9] * steps), (boot, [0.5e9] * steps), (volume, [1e9] * steps)),
        "bandwidth": answer((OUT, [3.0, 5.0] * (steps // 2)), ({**OUT, "direction": "inbound"}, [900.0] * steps)),
    }
    return [(droplet_id, name, metric, one) for metric, one in answers.items()]


def use_of(answers, *names, **more):
    return metrics.use(series_frame(answers), droplets_of(*names), **more)


def test_usage_equals_numbers_computed_by_hand():
    row = use_of(everything(), "web-1").iloc[0]
    assert (row["droplet_id"], row["name"], row["readings"]) == (1, "web-1", 3)
    assert row[["cpu_p50_percent", "cpu_max_percent"]].tolist() == pytest.approx([20.0, 95.0])
    # Between the second and the third reading, nine tenths of the way.
    assert row["cpu_p95_percent"] == pytest.approx(20 + 0.9 * 75)
    assert row["burst_percent"] == pytest.approx(100 / 3)
    assert row["cpu_max_vcpus"] == pytest.approx(1.9)
    assert row[["memory_p50_percent", "memory_max_percent"]].tolist() == pytest.approx([25.0, 75.0])
    assert row["memory_max_mib"] == pytest.approx(3072.0)
    assert row["disk_used_gb"] == pytest.approx(20.5)
    assert row["disk_used_percent"] == pytest.approx(100 * 20.5 / 80)
    # 4 Mbit/s are half a megabyte a second, and a month has 2,628,000 seconds.
    assert row["outbound_tb_month"] == pytest.approx(0.5 * 2_628_000 / 1e6)
    assert row["hours"] == pytest.approx(0.25)
    assert (row["to"] - row["from"]).total_seconds() == 3 * STEP
    assert not row["resized"]
    assert pd.isna(row["note"])


def test_gaps_and_resets_count_neither_as_samples_nor_as_hours():
    cpu = counters(idle=[0, 300, None, None, 1200, 1500, 30, 330], user=[0, 300, None, None, 1200, 1500, 30, 330])
    row = use_of([(1, "a", "cpu", cpu)], "a").iloc[0]
    assert row["readings"] == 3
    assert row["hours"] == pytest.approx(3 * STEP / 3600)
    assert row["cpu_max_percent"] == pytest.approx(50.0)


def test_an_agent_installed_late_limits_samples_and_hours():
    """CPU readings need no agent, so there may be days of them, and minutes of memory readings."""
    nothing = [None] * 9
    answers = [
        (1, "a", "cpu", busy_counters([10.0] * 11)),
        (1, "a", "memory_total", answer(({}, [*nothing, 4 * GIB, 4 * GIB, 4 * GIB]))),
        (1, "a", "memory_available", answer(({}, [*nothing, 3 * GIB, 3 * GIB, 3 * GIB]))),
    ]
    row = use_of(answers, "a").iloc[0]
    assert (row["readings"], row["hours"]) == (3, pytest.approx(3 * STEP / 3600))
    # Of what was not read at all there are no hours to be fewer.
    row = use_of(answers[:1], "a").iloc[0]
    assert (row["readings"], row["hours"]) == (11, pytest.approx(11 * STEP / 3600))


def test_usage_after_a_resize_is_in_vcpus_and_mib():
    # 180 % of one CPU's time on two, then the same work on four.
    busy = [0.0, 540.0, 1080.0, 1620.0, 2160.0]
    idle = [0.0, 60.0, 120.0, 780.0, 1440.0]
    answers = [
        (1, "a", "cpu", counters(idle=idle, user=busy)),
        (1, "a", "memory_total", answer(({}, [2 * GIB, 2 * GIB, 4 * GIB, 4 * GIB]))),
        (1, "a", "memory_available", answer(({}, [GIB / 2, GIB / 2, 2.5 * GIB, 2.5 * GIB]))),
    ]
    row = use_of(answers, "a").iloc[0]
    assert row["cpu_max_percent"] == pytest.approx(90.0)
    assert row["cpu_p50_percent"] == pytest.approx(67.5)
    assert row["cpu_p95_vcpus"] == row["cpu_max_vcpus"] == pytest.approx(1.8)
    assert row["memory_max_percent"] == pytest.approx(75.0)
    assert row["memory_p95_mib"] == row["memory_max_mib"] == pytest.approx(1536.0)
    assert row["resized"]
    assert row[["last_vcpus", "last_memory_mib"]].tolist() == [4.0, 4096.0]
    assert row["note"] == "no disk or traffic readings; resized during this time range"


def test_more_vcpus_with_the_same_memory_are_a_resize():
    idle, user = [0, 500, 1000, 1900, 2800], [0, 100, 200, 500, 800]
    assert use_of([(1, "a", "cpu", counters(idle=idle, user=user))], "a").iloc[0]["resized"]


def test_a_resize_is_detected_by_the_last_readings():
    """Of 52 steps the last two have four vCPUs, which is less than a twentieth."""
    vcpus = [2] * 50 + [4] * 2
    idle = [0.0, *itertools.accumulate(STEP * one for one in vcpus)]
    found = use_of([(1, "a", "cpu", counters(idle=idle, user=[0.0] * len(idle)))], "a").iloc[0]
    assert (found["last_vcpus"], found["resized"]) == (4.0, True)
    # A droplet that was on for half of the last step only has as many as before.
    idle = [*range(0, 600 * 51, 600), 600 * 50 + 300]
    found = use_of([(1, "a", "cpu", counters(idle=idle, user=[0.0] * len(idle)))], "a").iloc[0]
    assert (found["last_vcpus"], found["resized"]) == (2.0, False)


def test_monthly_traffic_counts_gaps_as_powered_off():
    """It sent 4 Mbit/s for 20 minutes of 40: a gap is a time in which it was off."""
    out = answer((OUT, [3.0, 5.0, None, None, None, None, 3.0, 5.0]))
    found = use_of([(1, "a", "bandwidth", out)], "a").iloc[0]
    assert found["outbound_tb_month"] == pytest.approx(0.25 * 2_628_000 / 1e6)
    alone = use_of([(1, "a", "bandwidth", answer((OUT, [4.0])))], "a").iloc[0]
    assert alone["outbound_tb_month"] == pytest.approx(0.5 * 2_628_000 / 1e6)


def test_invalid_readings_are_ignored_and_counted():
    known = use_of(everything(), "web-1").iloc[0]
    wrong = {
        "memory_available": answer(({}, [3 * GIB, 39 * GIB, -GIB, GIB])),
        "filesystem_free": answer((ROOT, [59e9, -1e12, 59e9, 59e9])),
        "bandwidth": answer((OUT, [3.0, -5.0, 5.0, 4.0])),
    }
    answers = [(key, name, metric, wrong.get(metric, one)) for key, name, metric, one in everything()]
    row = use_of(answers, "web-1").iloc[0]
    assert row["note"] == "4 invalid readings ignored"
    assert (row["memory_max_percent"], row["readings"]) == (75.0, 2)
    assert row["disk_used_gb"] == pytest.approx(20.0)
    # Of that moment it is not known what was sent, but it was on.
    assert row["outbound_tb_month"] == pytest.approx(known["outbound_tb_month"])


@pytest.mark.parametrize(
    ("times", "note"),
    [
        (12, ""),
        (24, "each reading covers 2 hours, so peaks are hidden"),
        (18, "each reading covers 90 minutes,"),
    ],
)
def test_coarse_readings_have_a_note(times, note):
    series = series_frame(everything())
    first = series["time"].min()
    found = metrics.use(series.assign(time=first + times * (series["time"] - first)), droplets_of("web-1")).iloc[0]
    assert found["step_minutes"] == pytest.approx(5 * times)
    assert (pd.isna(found["note"]) and not note) or found["note"].startswith(note)


def test_each_droplet_has_a_note_about_missing_readings():
    features = [["monitoring"], ["backups"], ["monitoring"], [], None, ["monitoring"]]
    status = ["active", "active", "active", "active", "active", "off"]
    droplets = droplets_of("web-1", "legacy", "new", "gone", "half", "idle", features=features, status=status)
    answers = [*everything(), (5, "half", "cpu", busy_counters([10.0]))]
    frame = metrics.use(series_frame(answers), droplets, failed={4: "timed out"})
    assert frame["name"].tolist() == ["web-1", "legacy", "new", "gone", "half", "idle"]
    assert frame["note"].fillna("").tolist() == [
        "",
        "no readings in this time range: the metrics agent is not installed",
        "no readings in this time range",
        "could not be read: timed out",
        "no memory, disk or traffic readings",
        "no readings in this time range: the droplet is off",
    ]
    assert frame["cpu_p50_percent"].notna().tolist() == [True, False, False, False, True, False]
    assert frame["readings"].tolist() == [3, 0, 0, 0, 1, 0]
    assert frame["resized"].isna().tolist() == [False, True, True, True, False, True]


def test_without_readings_or_droplets_all_columns_are_present():
    promised = [(column.name, column.dtype) for column in DERIVED_TABLES["use"].columns]
    for frame in (use_of([], "a"), use_of([]), metrics.use(series_frame([]), frame_from_rows("droplets", []))):
        assert [(name, str(dtype)) for name, dtype in frame.dtypes.items()] == promised
    assert use_of([], "a")["note"].tolist() == ["no readings in this time range"]


def test_readings_of_other_droplets_are_ignored_and_the_input_is_not_changed():
    series, droplets = series_frame([*everything(), *everything(droplet_id=9)]), droplets_of("web-1")
    before = series.copy(deep=True), droplets.copy(deep=True)
    assert metrics.use(series, droplets)["droplet_id"].tolist() == [1]
    pd.testing.assert_frame_equal(series, before[0])
    pd.testing.assert_frame_equal(droplets, before[1])


def test_a_missing_column_raises():
    with pytest.raises(InvalidArgument, match="The droplets frame has no column name"):
        metrics.use(series_frame([]), pd.DataFrame({"id": [1]}))
    with pytest.raises(InvalidArgument, match="The metrics frame has no column metric"):
        metrics.use(pd.DataFrame({"time": [], "value": []}), droplets_of("a"))


METRICS = ("cpu", "memory_total", "memory_available", "filesystem_size", "filesystem_free")


def served(api, id_, start, end):
    def get(metric, rest=""):
        return api.get(f"/v2/monitoring/metrics/droplet/{metric}?host_id={id_}&start={start}&end={end}{rest}")

    answers = {metric: get(metric) for metric in METRICS}
    answers["bandwidth"] = get("bandwidth", "&interface=public&direction=outbound")
    return series_frame([(id_, "", metric, one) for metric, one in answers.items()])


@pytest.fixture
def api(clock):
    return Api(Sandbox(clock=clock), clock)


@pytest.mark.parametrize("name", ["web-1", "db-1", "worker-1", "staging-web"])
def test_cpu_equals_the_integral_of_the_sandbox_curve(api, name):
    droplet, end = api.droplet(name), int(api.clock.now().timestamp())
    series = served(api, droplet["id"], end - 2 * DAY_S, end)
    frame = metrics.cpu(series)
    world = api.sandbox._dispatcher.world
    work = compute_workload(world, world.droplets[droplet["id"]])
    known = frame.dropna(subset="value")
    step = frame["time"].diff().median().total_seconds()
    assert len(known) > 100
    for time, value in zip(known["time"], known["value"], strict=True):
        at = time.timestamp()
        period = next(one for one in work.run_periods if one.start <= at < one.end)
        # Besides its work a droplet spends a twentieth of a percent on what is nice.
        share = period.cpu_factor * (work.busy.total(at) - work.busy.total(at - step)) / step + 0.0005
        assert value == pytest.approx(100 * share, abs=0.05)


def test_usage_equals_the_workload_of_the_sandbox(api):
    droplet, end = api.droplet("web-1"), int(api.clock.now().timestamp())
    series = served(api, droplet["id"], end - 7 * DAY_S, end)
    row = metrics.use(series, droplets_of("web-1").assign(id=droplet["id"])).iloc[0]
    world = api.sandbox._dispatcher.world
    record = world.droplets[droplet["id"]]
    work = compute_workload(world, record)
    (period,) = [one for one in work.run_periods if one.end > end - 7 * DAY_S]
    shares = [100 * period.cpu_factor * work.busy.at(end - 7 * DAY_S + 60 * minute) for minute in range(7 * 1440)]
    assert row["cpu_p50_percent"] == pytest.approx(np.percentile(shares, 50), rel=0.05)
    assert row["cpu_p95_percent"] == pytest.approx(np.percentile(shares, 95), rel=0.05)
    memory = [100 * period.memory_factor * work.memory.at(end - 7 * DAY_S + 60 * minute) for minute in range(7 * 1440)]
    # What files hold is not used, but the sandbox lets a part of it be lost.
    assert np.percentile(memory, 50) < row["memory_p50_percent"] < np.percentile(memory, 50) + 12
    most = max(used_bytes(record, end - 7 * DAY_S + 3600 * hour) for hour in range(7 * 24))
    assert row["disk_used_gb"] == pytest.approx(most / 1e9, rel=0.01)
    assert row["cpu_p95_vcpus"] == pytest.approx(row["cpu_p95_percent"] / 100 * droplet["vcpus"], rel=0.01)
    assert row["hours"] == pytest.approx(7 * 24, rel=0.02)
    assert not row["resized"]


def test_a_resized_droplet_has_as_many_busy_vcpus_as_before(api):
    droplet, began = api.droplet("web-1"), int(api.clock.now().timestamp())
    api.done(droplet["id"], "power_off")
    api.done(droplet["id"], "resize", size="s-4vcpu-8gb", disk=True)
    api.done(droplet["id"], "power_on")
    api.clock.advance(DAY_S)
    end = int(api.clock.now().timestamp())
    series = served(api, droplet["id"], began - DAY_S, end)
    row = metrics.use(series, droplets_of("web-1").assign(id=droplet["id"])).iloc[0]
    assert row["resized"]
    busy = metrics.cpu(series).set_index("time")["value"]
    cut = pd.Timestamp(began, unit="s", tz="UTC")
    assert busy[busy.index > cut].mean() == pytest.approx(busy[busy.index < cut].mean() / 2, rel=0.25)
    assert row["cpu_p95_vcpus"] == pytest.approx(busy[busy.index < cut].quantile(0.95) / 100 * 2, rel=0.15)
