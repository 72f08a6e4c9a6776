"""Metrics of many droplets: what is asked for, side by side, and that one that fails spoils no other."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

import poseidon_nb as po
from poseidon_nb.client.metrics import METRIC_QUERIES
from poseidon_nb.frames.schemas import DERIVED_TABLES

HOST = "https://api.digitalocean.com"
METRICS = f"{HOST}/v2/monitoring/metrics/droplet"
REQUESTS = {"cpu": 1, "memory": 2, "load": 3, "filesystem": 2, "bandwidth": 4, "outbound": 1, "use": 6}


def matrix(*values, **labels):
    series = [
        {"metric": {"host_id": "1", **labels}, "values": [[60 * n, str(value)] for n, value in enumerate(values)]}
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": series if values else []}}


def asked(sandbox):
    return [one for one in sandbox.requests if "/monitoring/" in one.path]


@pytest.fixture
def some(client):
    return [one for one in client.droplets.list() if one.name in {"web-1", "web-2", "db-1"}]


@pytest.mark.parametrize("metric", METRIC_QUERIES)
def test_no_more_requests_are_sent_than_the_api_needs(client, sandbox, some, metric):
    before = len(sandbox.requests)
    frame = client.metrics.frame(metric, some)
    assert len(sandbox.requests) - before == REQUESTS[metric] * 3
    assert frame["name"].unique().tolist() == [one.name for one in some]
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        column.name: column.dtype for column in DERIVED_TABLES["series"].columns
    }


def test_droplets_may_be_objects_ids_and_names_and_one_named_twice_is_read_once(client, sandbox, some):
    first, second, third = some
    before = len(asked(sandbox))
    frame = client.metrics.frame("load", [second, first.id, third.name, str(second.id), first])
    assert frame["droplet_id"].unique().tolist() == [second.id, first.id, third.id]
    assert len(asked(sandbox)) - before == 9
    assert client.metrics.frame("load", third.name)["name"].unique().tolist() == [third.name]
    assert client.metrics.frame("load", first.id)["name"].unique().tolist() == [first.name]
    with pytest.raises(po.NoSuchName, match="web-1"):
        client.metrics.frame("load", ["web-l", first])


def test_no_droplets_are_no_rows_and_no_requests(client, sandbox):
    before = len(sandbox.requests)
    assert client.metrics.frame("cpu", []).empty
    assert len(sandbox.requests) == before


@responses.activate
def test_the_window_is_in_whole_unix_seconds_and_the_droplet_a_text(clock):
    responses.get(f"{HOST}/v2/droplets/7", json={"droplet": {"id": 7, "name": "a", "features": ["monitoring"]}})
    responses.get(f"{METRICS}/cpu", json=matrix(1, 2, mode="idle"))
    client = po.connect(token="dop_v1_test", clock=clock)

    def window(**more):
        client.metrics.frame("cpu", 7, **more)
        query = parse_qs(urlsplit(responses.calls[-1].request.url).query)
        assert query["host_id"] == ["7"]
        return int(query["start"][0]), int(query["end"][0])

    now = int(clock.now().timestamp())
    assert window() == (now - 86_400, now)
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert window(end=noon) == (int(noon.timestamp()) - 86_400, int(noon.timestamp()))
    assert window(start=noon, end=noon + timedelta(hours=1.0001)) == (
        int(noon.timestamp()),
        int(noon.timestamp()) + 3600,
    )
    assert window(start=noon.replace(tzinfo=None))[0] == int(noon.timestamp())
    assert window(start=noon.astimezone(timezone(timedelta(hours=5))))[0] == int(noon.timestamp())
    with pytest.raises(po.InvalidArgument, match="must be before the end"):
        window(start=noon, end=noon)


@responses.activate
def test_an_agent_that_does_not_tell_what_is_available_is_requested_what_is_free_and_cached(clock):
    for name, values in {"total": [100, 100], "free": [10, 20], "cached": [30, 40]}.items():
        responses.get(f"{METRICS}/memory_{name}", json=matrix(*values))
    responses.get(f"{METRICS}/memory_available", json=matrix())
    droplet = {"id": 1, "name": "a", "features": ["monitoring"]}
    responses.get(f"{HOST}/v2/droplets/1", json={"droplet": droplet})
    client = po.connect(token="dop_v1_test", clock=clock)
    frame = client.metrics.frame("memory", 1)
    assert po.analysis.metrics.memory(frame)["value"].tolist() == [60.0, 40.0]
    assert sum("monitoring" in call.request.url for call in responses.calls) == 4


def test_a_droplet_without_the_agent_is_asked_no_more_and_said(client, sandbox, caplog):
    before = len(asked(sandbox))
    with caplog.at_level(logging.WARNING, "poseidon_nb"):
        frame = client.metrics.frame("memory", ["legacy-reports", "web-1"])
    assert len(asked(sandbox)) - before == 3
    assert frame["name"].unique().tolist() == ["web-1"]
    assert caplog.messages == ["No readings for legacy-reports: the metrics agent is not installed."]


def test_without_the_agent_half_of_the_requests_tell_what_a_droplet_uses(client, sandbox):
    droplets = [client.droplets.by_name(name) for name in ("legacy-reports", "web-1")]
    before = len(asked(sandbox))
    client.metrics.frame("use", droplets)
    sent = [one for one in asked(sandbox)[before:] if str(droplets[0].id) in one.query]
    assert sorted(one.path.rpartition("/")[2] for one in sent) == ["bandwidth", "cpu", "memory_total"]
    assert len(asked(sandbox)) - before == 3 + 6


def test_where_the_agent_is_not_known_to_be_gone_all_is_requested(client, sandbox):
    sandbox.fault("status", status=404, operation="monitoring_get_dropletMemoryTotalMetrics", times=1)
    before = len(asked(sandbox))
    readings = client.metrics.read("use", ["web-1"])
    assert len(asked(sandbox)) - before == 6
    assert {*readings.failed} == {client.droplets.by_name("web-1").id}
    assert {"cpu", "filesystem_size"} <= {*readings.frame["metric"]}


def test_a_droplet_that_was_off_is_distinguished_from_one_without_the_agent(client):
    off = client.droplets.by_name("staging-db")
    end = client.now() - timedelta(minutes=5)
    readings = client.metrics.read("load", ["staging-db", "web-1"], start=end - timedelta(minutes=30), end=end)
    assert (off.status, [one.name for one in readings.silent]) == ("off", ["staging-db"])
    assert readings.notes() == ["No readings for staging-db: the droplet is off."]


def test_one_that_fails_does_not_stop_the_others(client, sandbox, some):
    sandbox.fault("status", status=404, operation="monitoring_get_DropletCpuMetrics", times=1)
    readings = client.metrics.read("cpu", some)
    assert len(readings.failed) == 1
    (failed,) = [one for one in some if one.id in readings.failed]
    assert {*readings.frame["name"]} == {one.name for one in some} - {failed.name}
    assert readings.silent == []
    (note,) = readings.notes()
    assert note.startswith(f"Metrics of {failed.name} could not be read: ")


def test_when_all_fail_it_is_an_error(client, sandbox, some):
    sandbox.fault("status", status=404, operation="monitoring_get_DropletCpuMetrics", times=None)
    with pytest.raises(po.NotFound):
        client.metrics.frame("cpu", some)


def test_a_token_that_may_not_read_is_not_tried_a_hundred_times(clock):
    with po.Sandbox(droplets=100, clock=clock) as sandbox, po.connect(sandbox, clock=clock) as client:
        droplets = client.droplets.list()
        sandbox.fault("status", status=403, operation="monitoring_get_DropletCpuMetrics", times=None)
        with pytest.raises(po.Forbidden):
            client.metrics.frame("cpu", droplets)
        assert len(asked(sandbox)) < 40


@responses.activate
def test_an_answer_that_cannot_be_read_affects_its_own_droplet_only(clock):
    rows = [{"id": n, "name": f"d{n}", "features": ["monitoring"]} for n in (1, 2)]
    responses.get(f"{HOST}/v2/droplets", json={"droplets": rows, "links": {}, "meta": {"total": 2}})
    query = responses.matchers.query_param_matcher
    responses.get(f"{METRICS}/cpu", json=matrix(1, mode="idle"), match=[query({"host_id": "1"}, strict_match=False)])
    responses.get(f"{METRICS}/cpu", json={"data": 7}, match=[query({"host_id": "2"}, strict_match=False)])
    readings = po.connect(token="dop_v1_test", clock=clock).metrics.read("cpu", [1, 2])
    assert readings.frame["droplet_id"].tolist() == [1]
    assert isinstance(readings.failed[2], po.ShapeError)


def test_they_are_read_concurrently(client, sandbox, monkeypatch):
    """As many requests wait for each other as there are connections: one after another they would wait for ever."""
    meeting = threading.Barrier(8)
    send = client._connection.send

    def met(request):
        if "/monitoring/" in request.path:
            meeting.wait(timeout=20)
        return send(request)

    monkeypatch.setattr(client._connection, "send", met)
    droplets = client.droplets.list()[:8]
    readings = client.metrics.read("cpu", droplets)
    assert readings.failed == {}
    assert len(readings.droplets) == 8


def test_an_unknown_kind_is_refused_before_anything_is_sent(client, sandbox):
    before = len(sandbox.requests)
    with pytest.raises(po.InvalidArgument, match=r"Unknown metric 'memroy'. Did you mean memory\?$"):
        client.metrics.frame("memroy", "web-1")
    assert len(sandbox.requests) == before
