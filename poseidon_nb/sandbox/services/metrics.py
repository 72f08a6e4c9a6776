"""Metrics of load balancers, apps, autoscale pools and MySQL clusters. Those of droplets are in `monitoring`.

All values are invented, as in `workload`, and the same query always has the same result. A load balancer forwards what the
droplets behind it answer, so a droplet that is off answers nothing, fails its health check and has a downtime. A node of a
load balancer takes 10,000 requests a second, as many connections, and 250 new TLS connections a second, as in
DigitalOcean's documentation. The labels of apps are those of the specification's example.

Not documented, chosen here: the names of the other labels, which are those of the query, ``code`` for a class of responses and
``host_id`` for a droplet behind a load balancer. An unknown id answers 404, and an invalid or missing parameter 400. Nothing
is measured before something is ready, nor where a metric does not apply: TLS without a TLS rule, HTTP on a network load
balancer, a target that a pool does not have. Utilization of pools is a fraction, as in the pools themselves, other
utilization is a percentage. Of more than 100 droplets, the first 100 are measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.sandbox.responses import HTTPResponse, bad_request, not_found
from poseidon_nb.sandbox.services.metric_sources import (
    REQUESTS_PER_NODE,
    Moment,
    app_source,
    load_balancer_source,
    mysql_source,
    pool_source,
)
from poseidon_nb.sandbox.services.monitoring import read_window, reading_times, respond_series
from poseidon_nb.sandbox.timestamps import DAY_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.services.metric_sources import Source
    from poseidon_nb.sandbox.services.monitoring import Series
    from poseidon_nb.sandbox.store import StoredObject

_NODE_TLS_SHARE = 250 / REQUESTS_PER_NODE
_AGGREGATES = {"avg": 1.0, "max": 1.18, "min": 0.84}
#: How reads and writes are divided, and how much longer than a read each takes.
_OPERATION_SHARES = {"select": 0.74, "fetch": 0.74, "insert": 0.12, "update": 0.11, "delete": 0.03}
_OPERATION_COSTS = {"fetch": 1.0, "insert": 2.2, "update": 2.8, "delete": 3.1}
_CODES = {"1xx": 0.0, "2xx": 0.957, "3xx": 0.026, "4xx": 0.0155, "5xx": 0.0015}


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric follows from the state of what is measured.

    Attributes
    ----------
    value : callable
        Returns the value at a `Moment`, or None if there is none.
    digits : int
        Digits behind the decimal point.
    needs : str
        The feature without which there are no readings.
    of_parts : bool
        Whether each part has its own series.
    split : dict
        By the value of the label ``code``, the share of the value.
    shares : dict
        By the value of the query parameter ``metric``, the share of the value.
    off : float, optional
        The value while something is off; by default it has none.
    """

    value: Callable[[Moment], float | None]
    digits: int = 2
    needs: str = ""
    of_parts: bool = False
    split: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    off: float | None = None

    def series(self, source: Source, times: range, factor: float) -> Iterator[Series]:
        """Yield the series of something, multiplied by a factor."""
        shares = [({"code": code}, share) for code, share in self.split.items()] or [({}, 1.0)]
        values = [(time, self._value_at(source, time)) for time in times]
        for labels, share in shares:
            readings = [
                (time, f"{value * share * factor:.{self.digits}f}") for time, value in values if value is not None
            ]
            if readings:
                yield source.labels | labels, readings

    def _value_at(self, source: Source, time: float) -> float | None:
        rate = source.rate(time)
        return (
            self.off
            if rate is None
            else self.value(Moment(rate, source.capacity, time - source.since, source.facts(time)))
        )


def _http(value: Callable[[Moment], float | None], digits: int = 2, **more: Any) -> Metric:
    return Metric(value, digits, "http", **more)


def _response_time(percentile: float) -> Metric:
    # Queues grow faster than the load.
    return _http(lambda now: percentile * 0.045 * (1 + 4 * now.load**2), 4, of_parts=True)


def _session(percentile: float) -> Metric:
    return _http(lambda now: percentile * 1.9 * (1 + now.load), 3, of_parts=True)


def _fact(name: str, now: Moment) -> float | None:
    return now.facts.get(name)


_LOAD_BALANCER = {
    "frontend_connections_current": Metric(lambda now: 2.4 * now.rate, 0),
    "frontend_connections_limit": Metric(lambda now: now.capacity, 0),
    "frontend_cpu_utilization": Metric(lambda now: min(98.0, 1.5 + 90 * now.load**0.5)),
    "frontend_firewall_dropped_bytes": Metric(lambda now: 840 + 0.3 * now.rate, 1, "network"),
    "frontend_firewall_dropped_packets": Metric(lambda now: 14 + 0.005 * now.rate, 2, "network"),
    "frontend_http_responses": _http(lambda now: now.rate, 3, split=_CODES),
    "frontend_http_requests_per_second": _http(lambda now: now.rate),
    "frontend_network_throughput_http": _http(lambda now: 18_400 * now.rate, 0),
    "frontend_network_throughput_udp": Metric(lambda now: 600 * now.rate, 0, "udp"),
    "frontend_network_throughput_tcp": Metric(lambda now: 9_100 * now.rate, 0, "tcp"),
    "frontend_nlb_tcp_network_throughput": Metric(lambda now: 9_100 * now.rate, 0, "network tcp"),
    "frontend_nlb_udp_network_throughput": Metric(lambda now: 600 * now.rate, 0, "network udp"),
    "frontend_tls_connections_current": Metric(lambda now: 0.08 * now.rate, 2, "tls"),
    "frontend_tls_connections_limit": Metric(lambda now: _NODE_TLS_SHARE * now.capacity, 0, "tls"),
    "frontend_tls_connections_exceeding_rate_limit": Metric(
        lambda now: max(0.0, 0.08 * now.rate - _NODE_TLS_SHARE * now.capacity), 2, "tls"
    ),
    "droplets_http_session_duration_avg": _session(1.0),
    "droplets_http_session_duration_50p": _session(0.7),
    "droplets_http_session_duration_95p": _session(3.1),
    "droplets_http_response_time_avg": _response_time(1.0),
    "droplets_http_response_time_50p": _response_time(0.72),
    "droplets_http_response_time_95p": _response_time(2.6),
    "droplets_http_response_time_99p": _response_time(4.3),
    "droplets_queue_size": _http(lambda now: max(0.0, 60 * (now.load - 0.85)), 0, of_parts=True),
    "droplets_http_responses": _http(lambda now: now.rate, 3, of_parts=True, split=_CODES),
    "droplets_connections": Metric(lambda now: 1.6 * now.rate, 0, of_parts=True),
    "droplets_health_checks": Metric(lambda _: 1.0, 0, of_parts=True, off=0.0),
    "droplets_downtime": Metric(lambda _: 0.0, 0, of_parts=True, off=1.0),
}
_APP = {
    "appMemoryPercentageMetrics": Metric(lambda now: 31 + 34 * now.load**0.5, 6, of_parts=True),
    "appCPUPercentageMetrics": Metric(lambda now: 100 * now.load, 6, of_parts=True),
    "appRestartCountMetrics.yml": Metric(lambda now: now.age_s // now.facts["restart_s"], 0, of_parts=True),
}
_POOL = {
    f"{name}{ending}": Metric(partial(_fact, name), digits)
    for name, ending, digits in (
        ("current_instances", "", 0),
        ("target_instances", "", 0),
        ("current_cpu_utilization", ".yml", 4),
        ("target_cpu_utilization", "", 4),
        ("current_memory_utilization", "", 4),
        ("target_memory_utilization", "", 4),
    )
}
_MYSQL = {
    "cpu_usage": Metric(lambda now: 80 * now.load),
    "load": Metric(lambda now: 1.1 * now.load * now.facts["vcpus"]),
    "memory_usage": Metric(lambda now: 41 + 30 * now.load),
    "disk_usage": Metric(lambda now: 14 + 46 * (1 - math.exp(-now.age_s / (400 * DAY_S)))),
    "threads_connected": Metric(lambda now: 9 + 0.04 * now.rate, 0),
    "threads_created_rate": Metric(lambda now: 0.01 + 0.0004 * now.rate, 4),
    "threads_active": Metric(lambda now: 1 + 4 * now.load * now.facts["vcpus"], 0),
    "index_vs_sequential_reads": Metric(lambda now: 98.5 - 7 * now.load),
    "op_rates": Metric(lambda now: now.rate, 3, shares=_OPERATION_SHARES),
    "schema_throughput": Metric(lambda now: 3.2 * now.rate, 3, "schema", shares=_OPERATION_SHARES),
    "schema_latency": Metric(lambda now: 0.0004 * (1 + 3 * now.load), 6, "schema", shares=_OPERATION_COSTS),
}


#: By the start of the operationId: the store, the query parameter with the id, the label with it, the source and the metrics.
_KINDS: dict[str, tuple[str, str, str, Callable[[Call, StoredObject], Source], dict[str, Metric]]] = {
    "lb_": ("load_balancers", "lb_id", "lb_id", load_balancer_source, _LOAD_BALANCER),
    "": ("apps", "app_id", "app_uuid", app_source, _APP),
    "droplet_autoscale_": ("autoscale_pools", "autoscale_pool_id", "autoscale_pool_id", pool_source, _POOL),
    "database_mysql_": ("databases", "db_id", "db_id", mysql_source, _MYSQL),
}


def _respond(
    call: Call,
    *,
    store: str,
    parameter: str,
    label: str,
    find: Callable[[Call, StoredObject], Source],
    metric: Metric,
) -> HTTPResponse:
    _check_needed(call)
    window = read_window(call)
    record = call.world.store(store).get(call.query[parameter])
    if record is None:
        raise not_found()
    _check_choices(call)
    source = find(call, record)
    factor = _AGGREGATES.get(call.query.get("aggregate", ""), 1.0) * metric.shares.get(
        call.query.get("metric", ""), 1.0
    )
    found: Iterable[Source] = source.parts if metric.of_parts else (source,)
    if metric.needs and metric.needs not in source.features:
        found = ()
    series = (
        one
        for each in found
        if each.since < math.inf
        for one in metric.series(each, reading_times(each.since, call.world.now(), window), factor)
    )
    return respond_series(series, **{label: call.query[parameter]})


def _check_needed(call: Call) -> None:
    for parameter in operation(call.operation).query_parameters:
        if parameter.required and not call.query.get(parameter.name):
            raise bad_request(f"{parameter.name} is required.")


def _check_choices(call: Call) -> None:
    for parameter in operation(call.operation).query_parameters:
        if parameter.enum and call.query.get(parameter.name) not in parameter.enum:
            raise bad_request(f"{parameter.name} must be {' or '.join(map(str, parameter.enum))}.")


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    f"monitoring_get_{start}{name}": partial(
        _respond, store=store, parameter=parameter, label=label, find=find, metric=metric
    )
    for start, (store, parameter, label, find, metrics) in _KINDS.items()
    for name, metric in metrics.items()
}
