"""Metrics of droplets, and the curves behind them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseidon_nb.sandbox import Sandbox
from poseidon_nb.sandbox.workload import Curve, daily, noise, weekly
from tests.conftest import FakeClock
from tests.sandbox.conftest import Api

HOUR_S, DAY_S = 3600, 86_400
MIB = 1 << 20
CPU = "cpu"
SIMPLE = (
    *("cpu", "filesystem_free", "filesystem_size", "load_1", "load_5", "load_15"),
    *("memory_cached", "memory_free", "memory_total", "memory_available"),
)


def now(api):
    return int(api.clock.now().timestamp())


def result(api, name, droplet_id, start, end, rest=""):
    query = f"host_id={droplet_id}&start={start}&end={end}{rest}"
    return api.get(f"/v2/monitoring/metrics/droplet/{name}?{query}")["data"]["result"]


def readings(api, name, droplet_id, start, end, rest=""):
    (series,) = result(api, name, droplet_id, start, end, rest)
    return {at: float(value) for at, value in series["values"]}


def modes(api, droplet_id, start, end):
    series = result(api, CPU, droplet_id, start, end)
    return {one["metric"]["mode"]: {at: float(value) for at, value in one["values"]} for one in series}


def busy_share(api, droplet_id, start, end):
    """Return the share of the CPU that was not idle between the first and the last reading."""
    spent = {
        mode: [*values.values()][-1] - next(iter(values.values()))
        for mode, values in modes(api, droplet_id, start, end).items()
    }
    return 1 - spent["idle"] / sum(spent.values())


def test_cpu_seconds_rise_and_add_up_to_the_number_of_cpus(api):
    droplet = api.droplet("web-1")
    end = now(api)
    seen = modes(api, droplet["id"], end - 3 * DAY_S, end)
    assert sorted(seen) == ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"]
    for mode, values in seen.items():
        numbers = [*values.values()]
        assert numbers == sorted(numbers), mode
    times = [*seen["idle"]]
    for before, after in itertools.pairwise(times):
        spent = sum(values[after] - values[before] for values in seen.values())
        assert spent == pytest.approx(droplet["vcpus"] * (after - before), abs=0.1)


def test_the_idle_share_varies_by_hour_and_less_on_sunday(api):
    id_ = api.droplet("web-1")["id"]
    midnight = now(api) - now(api) % DAY_S
    tuesday, sunday = midnight - 6 * DAY_S, midnight - DAY_S
    # The busiest hour of a web server in New York is in the evening there.
    evening = busy_share(api, id_, tuesday + 24 * HOUR_S, tuesday + 25 * HOUR_S)
    night = busy_share(api, id_, tuesday + 11 * HOUR_S, tuesday + 12 * HOUR_S)
    assert evening > 3 * night
    assert evening > 1.2 * busy_share(api, id_, sunday, sunday + HOUR_S)


def test_readings_do_not_depend_on_the_queried_window(make_api):
    api, other = make_api(), make_api()
    id_ = api.droplet("db-1")["id"]
    end = now(api) - 60
    day = modes(api, id_, end - DAY_S, end)
    fortnight = modes(other, id_, end - 14 * DAY_S, end)
    common = set(day["user"]) & set(fortnight["user"])
    assert len(common) > 40
    assert all(day["user"][at] == fortnight["user"][at] for at in common)
    api.clock.advance(7 * DAY_S)
    assert modes(api, id_, end - DAY_S, end) == day
    another = make_api(seed=8)
    assert modes(another, another.droplet("db-1")["id"], end - DAY_S, end) != day


@given(
    start=st.floats(0, 40),
    length=st.floats(0.05, 60),
    name=st.sampled_from(["web-1", "worker-1", "staging-web", "train-1"]),
)
@settings(max_examples=40, deadline=None)
def test_every_window_has_at_most_a_thousand_points_and_rising_counters(start, length, name):
    clock = FakeClock()
    api = Api(Sandbox(clock=clock, seed=3), clock)
    kind = "&type=gpus" if name == "train-1" else ""
    droplet = next(one for one in api.get(f"/v2/droplets?per_page=200{kind}")["droplets"] if one["name"] == name)
    first = int(now(api) - (start + length) * DAY_S)
    last = int(first + length * DAY_S)
    for series in result(api, CPU, droplet["id"], first, last):
        times = [at for at, _ in series["values"]]
        numbers = [float(value) for _, value in series["values"]]
        assert len(times) <= 1001
        assert times == sorted(set(times))
        assert all(first <= at <= last for at in times)
        assert numbers == sorted(numbers)


def test_longer_load_averages_vary_less(api):
    id_, end = api.droplet("web-1")["id"], now(api)
    restless = {}
    for minutes in (1, 5, 15):
        values = [*readings(api, f"load_{minutes}", id_, end - DAY_S, end).values()]
        assert min(values) >= 0
        restless[minutes] = sum(abs(a - b) for a, b in itertools.pairwise(values))
    assert restless[1] > restless[5] > restless[15]


@pytest.mark.parametrize("name", ["web-1", "db-1", "staging-web", "monitor-1", "build-1"])
def test_memory_and_disk_stay_within_the_size(api, name):
    droplet, end = api.droplet(name), now(api)
    window = (droplet["id"], end - 5 * DAY_S, end)
    total, free, cached, available = (
        readings(api, f"memory_{kind}", *window) for kind in ("total", "free", "cached", "available")
    )
    assert len(total) > 100
    for at, whole in total.items():
        assert 0.9 * droplet["memory"] * MIB < whole <= droplet["memory"] * MIB
        assert 0 <= free[at] <= available[at] <= free[at] + cached[at] <= whole
    size, left = (readings(api, f"filesystem_{kind}", *window) for kind in ("size", "free"))
    image = droplet["image"]["size_gigabytes"] or 2.5
    for at, whole in size.items():
        assert whole <= droplet["disk"] << 30
        assert 0 < whole - left[at] <= (image + 3) * 1e9 + 4096


def test_a_web_server_sends_more_than_it_receives_and_a_database_uses_the_private_network(api):
    end = now(api)

    def mean(name, interface, direction):
        rest = f"&interface={interface}&direction={direction}"
        values = readings(api, "bandwidth", api.droplet(name)["id"], end - DAY_S, end, rest).values()
        assert min(values) >= 0
        return sum(values) / len(values)

    assert mean("web-1", "public", "outbound") > 3 * mean("web-1", "public", "inbound")
    assert mean("db-1", "private", "outbound") > 3 * mean("db-1", "public", "outbound")


def test_there_are_no_readings_before_the_droplet_or_after_now(api):
    droplet, end = api.droplet("build-1"), now(api)
    values = readings(api, "load_1", droplet["id"], end - 60 * DAY_S, end + DAY_S)
    assert end - 44 * DAY_S <= min(values) < end - 43 * DAY_S
    assert end - 2 * DAY_S < max(values) < end
    assert result(api, "load_1", droplet["id"], end - 60 * DAY_S, end - 50 * DAY_S) == []


def test_a_droplet_without_the_agent_has_no_series(api):
    id_ = api.droplet("legacy-reports")["id"]
    for name in SIMPLE:
        assert result(api, name, id_, now(api) - DAY_S, now(api)) == []


def test_there_is_a_gap_where_the_droplet_was_off(api):
    id_ = api.droplet("staging-web")["id"]
    midnight = now(api) - now(api) % DAY_S
    hours = {(at - midnight) // HOUR_S % 24 for at in readings(api, "load_1", id_, midnight - 3 * DAY_S, midnight)}
    assert hours >= set(range(8, 19))
    assert not hours & {20, 21, 22, 23, 0, 1, 5, 6}
    spent = modes(api, id_, midnight - 3 * DAY_S, midnight)["idle"]
    assert [*spent.values()] == sorted(spent.values())


def test_a_droplet_that_starts_off_has_readings_from_its_last_run(api):
    id_, midnight = api.droplet("staging-db")["id"], now(api) - now(api) % DAY_S
    times = readings(api, "load_1", id_, midnight - 3 * DAY_S, now(api))
    assert midnight - 6 * HOUR_S < max(times) < midnight - 4 * HOUR_S


def test_a_droplet_that_was_never_on_has_no_readings(make_api):
    api = make_api(droplets=100)
    off = [one for one in api.get("/v2/droplets?per_page=200")["droplets"] if one["status"] == "off"]
    quiet = [one for one in off if "monitoring" in one["features"] and one["name"] != "staging-db"]
    assert quiet
    assert all(result(api, "load_1", one["id"], now(api) - 60 * DAY_S, now(api)) == [] for one in quiet)


def test_a_series_ends_at_power_off_and_continues_at_power_on(api):
    id_ = api.droplet("web-1")["id"]
    began = now(api)
    api.done(id_, "power_off")
    api.clock.advance(2 * HOUR_S)
    assert max(readings(api, "load_1", id_, began - HOUR_S, now(api))) < began + 600
    api.done(id_, "power_on")
    api.clock.advance(HOUR_S)
    times = [*readings(api, "load_1", id_, began - HOUR_S, now(api))]
    assert max(b - a for a, b in itertools.pairwise(times)) > 1.8 * HOUR_S
    assert times[-1] > began + 3 * HOUR_S - 600


def test_a_resize_within_the_window_changes_later_readings(api):
    droplet = api.droplet("web-1")
    began = now(api)
    api.done(droplet["id"], "power_off")
    api.done(droplet["id"], "resize", size="s-4vcpu-8gb", disk=True)
    api.done(droplet["id"], "power_on")
    api.clock.advance(6 * HOUR_S)
    window = (droplet["id"], began - 6 * HOUR_S, now(api))
    total = readings(api, "memory_total", *window)
    assert {value for at, value in total.items() if at < began} == {int(4096 * MIB * 0.967)}
    assert {value for at, value in total.items() if at > began + 3600} == {int(8192 * MIB * 0.967)}
    sizes = sorted(set(readings(api, "filesystem_size", *window).values()))
    assert [size >> 30 for size in map(int, sizes)] == [76, 153]
    seen = modes(api, *window)
    times = [at for at in seen["idle"] if at > began + 3600]
    spent = sum(values[times[-1]] - values[times[0]] for values in seen.values())
    assert spent == pytest.approx(4 * (times[-1] - times[0]), abs=0.2)
    # The same work on twice the CPUs.
    hour = began + 4 * HOUR_S
    before = busy_share(api, droplet["id"], hour - 7 * DAY_S, hour - 7 * DAY_S + HOUR_S)
    assert busy_share(api, droplet["id"], hour, hour + HOUR_S) == pytest.approx(before / 2, rel=0.4)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "host_id is required."),
        ("host_id=1", "start is required."),
        ("host_id=web-1&start=1&end=2", "host_id must be an integer."),
        ("host_id=1&start=1&end=1e9", "end must be an integer."),
        ("host_id=1&start=2&end=1", "end must not be before start."),
    ],
)
def test_invalid_parameters_are_refused(api, refused, query, text):
    refused(api("GET", f"/v2/monitoring/metrics/droplet/cpu?{query}"), 400, text)


def test_the_integral_of_a_product_is_the_sum_of_its_values():
    curve = (Curve(0.1) + daily(19).scale(0.4) * weekly(0.3)) * noise(0.25, 7)
    start, step = 1.76e9, 10
    summed = sum(curve.at(start + step * (index + 0.5)) * step for index in range(8640))
    assert curve.total(start + DAY_S) - curve.total(start) == pytest.approx(summed, rel=1e-6)


@given(st.floats(0, 2e9))
def test_curves_stay_within_their_bounds(at):
    assert -1e-9 <= daily(7).at(at) <= 1 + 1e-9
    assert 0.7 - 1e-9 <= weekly(0.3).at(at) <= 1 + 1e-9
    assert 0.75 - 1e-9 <= noise(0.25, "x").at(at) <= 1.25 + 1e-9
    curve = daily(7) * noise(0.25, "x")
    assert curve.at(at) == pytest.approx(daily(7).at(at) * noise(0.25, "x").at(at), abs=1e-6)
    assert curve.moving_average(60).at(at) == pytest.approx((curve.total(at) - curve.total(at - 60)) / 60, abs=1e-5)
