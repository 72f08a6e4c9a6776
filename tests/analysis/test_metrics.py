"""Metrics from counters whose percentages are known, and the problems of real readings."""

from __future__ import annotations

import pandas as pd
import pytest

from poseidon_nb.analysis import metrics
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.metrics import metrics_frame, series_frame
from poseidon_nb.frames.schemas import DERIVED_TABLES

START = 1_790_000_000
STEP = 300
GIB = 1 << 30


def answer(*series):
    """Return an API response with some labels, and a value or None for each step."""
    result = [
        {
            "metric": {"host_id": "7", **labels},
            "values": [[START + STEP * step, str(value)] for step, value in enumerate(values) if value is not None],
        }
        for labels, values in series
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def counters(**modes):
    return answer(*[({"mode": mode}, values) for mode, values in modes.items()])


def of(*answers, droplet_id=7, name="web-1"):
    return series_frame([(droplet_id, name, metric, one) for metric, one in answers])


def cpu_of(**modes):
    return metrics.cpu(of(("cpu", counters(**modes))))


def values(frame, label=None):
    """Return the values by step, None for a gap."""
    picked = frame if label is None else frame[frame["label"] == label]
    steps = [(int(time.timestamp()) - START) / STEP for time in picked["time"]]
    return {
        step: None if pd.isna(value) else pytest.approx(value)
        for step, value in zip(steps, picked["value"], strict=True)
    }


def test_cpu_is_the_non_idle_share_of_all_vcpus_between_two_readings():
    # Two vCPUs have 600 seconds in a step: 150 of them busy, then 600, then none.
    frame = cpu_of(
        idle=[1000.0, 1420.0, 1420.0, 2020.0],
        iowait=[5.0, 35.0, 35.0, 35.0],
        user=[70.0, 170.0, 670.0, 670.0],
        system=[10.0, 50.0, 100.0, 100.0],
        steal=[0.0, 10.0, 60.0, 60.0],
    )
    assert values(frame) == {1: 25.0, 2: 100.0, 3: 0.0}
    assert frame[["droplet_id", "name", "metric", "label", "unit"]].drop_duplicates().to_numpy().tolist() == [
        [7, "web-1", "cpu", "busy", "%"]
    ]


def test_iowait_is_not_busy_but_steal_is():
    assert values(cpu_of(idle=[0, 100], iowait=[0, 100], user=[0, 50], steal=[0, 50])) == {1: 100 / 3}


def test_the_shares_of_all_modes_add_up_to_100():
    series = of(("cpu", counters(idle=[0, 150, 450], user=[0, 120, 120], nice=[0, 30, 30])))
    frame = metrics.cpu(series, modes=True)
    assert values(frame, "user") == {1: 40.0, 2: 0.0}
    assert values(frame, "nice") == {1: 10.0, 2: 0.0}
    assert frame.groupby("time")["value"].sum().tolist() == [pytest.approx(100.0)] * 2


def test_a_counter_reset_is_a_gap_and_never_negative():
    frame = cpu_of(idle=[9000, 9200, 60, 260], user=[900, 1000, 20, 120])
    assert values(frame) == {1: 100 / 3, 2: None, 3: 100 / 3}


def test_a_reset_followed_by_a_higher_counter_is_a_gap():
    assert values(cpu_of(idle=[100, 60, 160], user=[10, 900, 1000])) == {1: None, 2: 50.0}


def test_a_decreasing_iowait_counter_is_not_a_reset():
    frame = cpu_of(idle=[0, 200, 400], user=[0, 100, 200], iowait=[10, 10, 7])
    assert values(frame) == {1: 100 / 3, 2: 100 / 3}


def test_missing_readings_leave_a_gap():
    frame = cpu_of(idle=[0, 200, None, None, 800, 1000, 1200], user=[0, 100, None, None, 400, 500, 600])
    assert values(frame) == {1: 100 / 3, 4: None, 5: 100 / 3, 6: 100 / 3}


def test_a_mode_that_starts_later_affects_no_step():
    assert values(cpu_of(idle=[0, 200, 400], user=[0, 100, 190], steal=[None, 0, 10])) == {1: 100 / 3, 2: 100 / 3}


def test_an_unchanged_counter_has_no_percentage():
    assert values(cpu_of(idle=[5, 5], user=[5, 5])) == {1: None}


def test_one_reading_or_a_missing_idle_mode_has_no_value():
    assert cpu_of(idle=[5], user=[5]).empty
    assert values(cpu_of(user=[0, 100])) == {1: None}


def test_order_and_duplicates_of_readings_do_not_matter():
    series = of(("cpu", counters(idle=[0, 200, 300], user=[0, 100, 300])))
    mixed = pd.concat([series.iloc[::-1], series.iloc[[0, 2]]], ignore_index=True)
    pd.testing.assert_frame_equal(metrics.cpu(mixed), metrics.cpu(series))


def test_two_droplets_are_independent_and_keep_their_order():
    first = (9, "b", "cpu", counters(idle=[0, 100], user=[0, 300]))
    second = (4, "a", "cpu", counters(idle=[9000, 9300], user=[0, 100]))
    frame = metrics.cpu(series_frame([first, second]))
    assert list(zip(frame["name"], frame["droplet_id"], frame["value"], strict=True)) == [
        ("b", 9, pytest.approx(75.0)),
        ("a", 4, pytest.approx(25.0)),
    ]


def test_a_single_api_response_is_accepted():
    frame = metrics.cpu(metrics_frame(counters(idle=[0, 200], user=[0, 200])))
    assert values(frame) == {1: 50.0}
    assert frame["droplet_id"].tolist() == [7]
    assert frame["name"].isna().all()


def test_values_that_are_not_finite_are_ignored():
    assert values(cpu_of(idle=[0, "NaN", 400, 600], user=[0, "NaN", 200, "+Inf"])) == {2: 100 / 3, 3: 0.0}


def memory_of(**parts):
    return of(*[(f"memory_{part}", answer(({}, [*readings]))) for part, readings in parts.items()])


def test_memory_is_the_total_without_the_available():
    frame = metrics.memory(memory_of(total=[GIB, GIB], available=[GIB / 4, GIB], free=[1, 1], cached=[1, 1]))
    assert values(frame) == {0: 75.0, 1: 0.0}


def test_free_and_cached_replace_a_missing_available():
    frame = metrics.memory(
        memory_of(total=[100, 100, 100], available=[30, None, None], free=[1, 10, 10], cached=[1, 30, None])
    )
    assert values(frame) == {0: 70.0, 1: 60.0}


def test_memory_and_disk_are_relative_to_the_size_at_that_time():
    assert values(metrics.memory(memory_of(total=[100, 200, 200], available=[50, 150, 150]))) == {
        0: 50.0,
        1: 25.0,
        2: 25.0,
    }
    root = {"device": "/dev/vda1", "mountpoint": "/"}
    disk = of(("filesystem_size", answer((root, [100, 200]))), ("filesystem_free", answer((root, [40, 140]))))
    assert values(metrics.filesystem(disk), "/") == {0: 60.0, 1: 30.0}


def test_each_filesystem_has_its_own_size():
    root, volume = {"device": "/dev/vda1", "mountpoint": "/"}, {"device": "/dev/sda", "mountpoint": "/mnt/data"}
    frame = metrics.filesystem(
        of(
            ("filesystem_size", answer((root, [100]), (volume, [1000]))),
            ("filesystem_free", answer((root, [50]), (volume, [900]))),
        )
    )
    assert values(frame, "/") == {0: 50.0}
    assert values(frame, "/mnt/data") == {0: 10.0}
    assert set(frame["unit"]) == {"%"}


def test_loads_have_labels_and_gaps_start_one_step_after_the_last_reading():
    frame = metrics.load(of(*[(f"load_{m}", answer(({}, [m, m, None, None, m, m, m]))) for m in (1, 5, 15)]))
    for minutes in (1, 5, 15):
        assert values(frame, f"{minutes}m") == dict.fromkeys((0, 1, 4, 5, 6), float(minutes)) | {2: None}
    assert set(frame["unit"]) == {"processes"}
    assert [*dict.fromkeys(frame["label"])] == ["1m", "5m", "15m"]


def test_bandwidth_is_labeled_by_interface_and_direction():
    roads = [{"interface": one, "direction": way} for one in ("public", "private") for way in ("inbound", "outbound")]
    frame = metrics.bandwidth(of(*[("bandwidth", answer((road, [n, n]))) for n, road in enumerate(roads)]))
    assert values(frame, "public outbound") == {0: 1.0, 1: 1.0}
    assert values(frame, "private inbound") == {0: 2.0, 1: 2.0}
    assert set(frame["unit"]) == {"Mbit/s"}


@pytest.mark.parametrize("metric", metrics.METRICS)
def test_no_readings_give_an_empty_frame_of_the_same_dtypes(metric):
    frame = metrics.tidy(metric, series_frame([]))
    assert frame.empty
    assert [*frame.columns] == [column.name for column in DERIVED_TABLES["metrics"].columns]
    assert [str(dtype) for dtype in frame.dtypes] == [column.dtype for column in DERIVED_TABLES["metrics"].columns]


@pytest.mark.parametrize("metric", metrics.METRICS)
def test_the_input_is_not_changed(metric):
    root = {"device": "/dev/vda1", "mountpoint": "/"}
    series = pd.concat(
        [
            of(("cpu", counters(idle=[0, 100], user=[0, 300])), ("load_1", answer(({}, [1, None, None, 2])))),
            memory_of(total=[100, 100], available=[50, 50]),
            of(("filesystem_size", answer((root, [9, 9]))), ("filesystem_free", answer((root, [4, 4])))),
            of(("bandwidth", answer(({"interface": "public", "direction": "inbound"}, [1, 1])))),
        ]
    )
    before = series.copy(deep=True)
    assert len(metrics.tidy(metric, series))
    pd.testing.assert_frame_equal(series, before)


def test_an_unknown_kind_raises_with_a_suggestion():
    with pytest.raises(InvalidArgument, match=r"^Unknown metric 'cpuu'\. Did you mean cpu\?$"):
        metrics.tidy("cpuu", series_frame([]))


def test_a_frame_without_the_columns_raises():
    with pytest.raises(InvalidArgument, match="The metrics frame has no columns time and value"):
        metrics.cpu(pd.DataFrame({"mode": []}))
    with pytest.raises(InvalidArgument, match="The metrics frame has no column metric"):
        metrics.memory(metrics_frame(answer()))
    with pytest.raises(
        InvalidArgument, match=r"Invalid value 'x' in column host_id, row 0 of the metrics frame\. Expected an integer"
    ):
        metrics.cpu(pd.DataFrame({"time": [pd.Timestamp(0)], "host_id": ["x"], "mode": ["idle"], "value": [1.0]}))


def test_wide_has_a_utc_index_and_a_column_for_each_droplet():
    rows = [(1, "a", [0, 100], [0, 300]), (2, "b", [0, 300], [0, 100]), (3, "b", [0, 400], [0, 0])]
    frame = metrics.cpu(series_frame([(i, n, "cpu", counters(idle=idle, user=user)) for i, n, idle, user in rows]))
    table = metrics.wide(frame)
    assert str(table.index.tz) == "UTC"
    assert table.to_dict("list") == {"a": [75.0], "2": [25.0], "3": [0.0]}
    several = metrics.wide(metrics.load(of(*[(f"load_{m}", answer(({}, [m]))) for m in (1, 5)])))
    assert several["web-1"].to_dict("list") == {"1m": [1.0], "5m": [5.0]}


def test_an_invalid_reading_is_a_gap():
    """Free memory or disk is negative or above the total, or traffic is negative."""
    memory = of(
        ("memory_total", answer(({}, [4 * GIB] * 4))),
        ("memory_available", answer(({}, [GIB, 156 * GIB, -GIB, 4 * GIB]))),
    )
    assert values(metrics.memory(memory)) == {0: 75.0, 3: 0.0}
    root = {"device": "/dev/vda1", "mountpoint": "/"}
    disk = of(
        ("filesystem_size", answer((root, [10e9] * 5))),
        ("filesystem_free", answer((root, [5e9, 5e9, 11e9, 0.0, 10e9]))),
    )
    assert values(metrics.filesystem(disk)) == {0: 50.0, 1: 50.0, 2: None, 3: 100.0, 4: 0.0}
    out = {"interface": "public", "direction": "outbound"}
    sent = of(("bandwidth", answer((out, [1.0, 1.0, -3.0, 0.0, 1.0]))))
    assert values(metrics.bandwidth(sent)) == {0: 1.0, 1: 1.0, 2: None, 3: 0.0, 4: 1.0}
