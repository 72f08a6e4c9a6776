"""Usage without pandas: the same values as `poseidon_nb.analysis.metrics` computes, whatever the readings are like."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import timedelta

import pytest

from poseidon_nb.analysis import metrics
from poseidon_nb.client.client import connect
from poseidon_nb.client.usage import cpu_percentages, memory_percentages
from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.metrics import series_frame
from poseidon_nb.sandbox import Sandbox

LAZY = """
import sys
import poseidon_nb as po
with po.Sandbox(droplets=1) as sandbox, po.connect(sandbox) as client:
    from poseidon_nb.widgets.droplets.usage import load_usage
    assert all(one.lines for one in load_usage(client.droplets.by_name("web-1")))
assert "pandas" not in sys.modules and "numpy" not in sys.modules
"""


@pytest.fixture(scope="module")
def answers():
    """Return the responses for a droplet's CPU and memory, as served."""
    with Sandbox() as sandbox, connect(sandbox) as client:
        droplet, end = client.droplets.by_name("web-1"), client.now()
        return {
            name: answer
            for metric in ("cpu", "memory")
            for name, answer in client.metrics.responses(
                metric, droplet, start=end - timedelta(hours=24), end=end
            ).items()
        }


def damaged(answer, rng: random.Random, *, counters: bool):
    """Return a response with readings that are missing, garbled or too large, and counters that were reset."""
    result = []
    for one in answer["data"]["result"]:
        values = [[time, value] for time, value in one["values"] if rng.random() > 0.1]
        gap = rng.randrange(len(values))
        values = values[:gap] + values[gap + rng.randrange(20) :]
        for at in rng.sample(range(len(values)), 3):
            values[at][1] = rng.choice(["NaN", "+Inf", "0", "1e18"])
        if counters and rng.random() < 0.3:
            reset, base = rng.randrange(len(values)), float(values[0][1])
            values[reset:] = [[time, str(max(0.0, float(value) - base))] for time, value in values[reset:]]
        result.append({"metric": one["metric"], "values": rng.sample(values, len(values))})
    return {"data": {"result": result}}


def from_pandas(metric: str, responses) -> list[float]:
    series = series_frame([(1, "web-1", name, response) for name, response in responses.items()])
    return metrics.tidy(metric, series)["value"].dropna().tolist()


def test_the_values_are_those_of_the_analysis_also_of_damaged_readings(answers):
    rng = random.Random(7)
    parts = {
        "cpu": {"cpu": answers["cpu"]},
        "memory": {name: answer for name, answer in answers.items() if name != "cpu"},
    }
    compared = 0
    for number in range(12):
        for metric, served in parts.items():
            responses = served
            if number:
                responses = {name: damaged(one, rng, counters=metric == "cpu") for name, one in served.items()}
            ours = cpu_percentages(responses["cpu"]) if metric == "cpu" else memory_percentages(responses)
            assert [time for time, _ in ours] == sorted(time for time, _ in ours)
            known = [percent for _, percent in ours if percent is not None]
            assert known == pytest.approx(from_pandas(metric, responses)), (number, metric)
            compared += len(known)
    assert compared > 1_000


def test_free_and_cached_memory_stand_in_for_what_is_available():
    def response(*values):
        return {"data": {"result": [{"metric": {}, "values": [[60.0 * at, one] for at, one in enumerate(values)]}]}}

    responses = {
        "memory_total": response("100", "100", "100"),
        "memory_available": response("60"),
        "memory_free": response("10", "10"),
        "memory_cached": response("20", "20", "20"),
    }
    assert memory_percentages(responses) == [(0.0, 40.0), (60.0, 70.0)]


def test_a_response_without_series_is_an_error():
    for response in ({}, {"data": None}, {"data": {"result": [{"metric": {}, "values": ["x"]}]}}):
        with pytest.raises(ShapeError, match="no series"):
            cpu_percentages(response)


def test_loading_usage_imports_no_pandas():
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
