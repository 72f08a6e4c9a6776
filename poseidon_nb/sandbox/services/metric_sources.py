"""What the metrics of load balancers, apps, autoscale pools and MySQL clusters are computed from.

A source knows its rate at any time: requests of a load balancer or queries of a cluster, a second. A load balancer has what
the droplets behind it answer. The number of droplets of a pool follows from its history, and its use from their work. What
no droplet explains, apps and clusters, follows a curve of its own, with a busy hour and a calmer weekend.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.invoices import node_count
from poseidon_nb.sandbox.responses import bad_request
from poseidon_nb.sandbox.services.load_balancers import with_tagged_droplets
from poseidon_nb.sandbox.timestamps import DAY_S, parse_time
from poseidon_nb.sandbox.workload import Curve, compute_workload, daily, noise, weekly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.workload import RunPeriod, Workload
    from poseidon_nb.sandbox.world import World

_MAX_BACKENDS = 100
#: Requests a second that one busy CPU answers, and that a node of a load balancer forwards.
_REQUESTS_PER_CPU, REQUESTS_PER_NODE = 120.0, 10_000.0
_QUERIES_PER_CPU = 900.0
_ENCRYPTED = ("https", "http2", "http3")
_VCPUS = re.compile(r"([0-9]{1,3})vcpu")
_LOAD_MINUTES = {"load1": 1, "load5": 5, "load15": 15}


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of something at one time.

    Attributes
    ----------
    rate : float
        Requests or queries a second.
    capacity : float
        The rate at which it is fully busy.
    age_s : float
        Seconds since its creation.
    facts : mapping
        What else is known of it then.
    """

    rate: float
    capacity: float
    age_s: float
    facts: Mapping[str, float]

    @property
    def load(self) -> float:
        """Return how busy it is, from 0 to 1."""
        return self.rate / self.capacity


@dataclass(frozen=True, slots=True)
class Source:
    """Something that has metrics.

    Attributes
    ----------
    labels : dict
        The labels of its series.
    since : float
        When it was ready, in Unix seconds.
    capacity : float
        The rate at which it is fully busy.
    rate : callable
        Returns its rate at a time, or None while it is off.
    facts : callable
        Returns what else is known of it at a time.
    features : set of str
        What it has, such as ``tls``.
    parts : tuple of Source
        What it consists of, such as the droplets behind a load balancer.
    """

    labels: dict[str, str]
    since: float
    capacity: float
    rate: Callable[[float], float | None]
    facts: Callable[[float], Mapping[str, float]] = lambda _: {}
    features: frozenset[str] = frozenset()
    parts: tuple[Source, ...] = ()


def _period_at(work: Workload, time: float) -> RunPeriod | None:
    """Return the period in which a droplet is on at a time; None if it is off."""
    return next((period for period in work.run_periods if period.start <= time < period.end), None)


def _rate_of_droplet(world: World, droplet: StoredObject) -> Callable[[float], float | None]:
    work = compute_workload(world, droplet)

    def rate(time: float) -> float | None:
        period = _period_at(work, time)
        return None if period is None else period.cpu_factor * work.busy.at(time) * _REQUESTS_PER_CPU * period.vcpus

    return rate


def load_balancer_source(call: Call, balancer: StoredObject) -> Source:
    """Return a load balancer with the droplets behind it."""
    world, public = call.world, balancer.public
    since = float(parse_time(public["created_at"]) if public["status"] == "active" else math.inf)
    targets = [world.load_balancers[id_] for id_ in public.get("target_load_balancer_ids", ())] or [balancer]
    ids = [id_ for one in targets for id_ in with_tagged_droplets(world, one)["droplet_ids"]]
    backends = tuple(
        Source(
            {"host_id": str(droplet["id"])},
            max(since, parse_time(droplet["created_at"])),
            _REQUESTS_PER_CPU * droplet["vcpus"],
            _rate_of_droplet(world, droplet),
        )
        for droplet in map(world.droplets.get, ids[:_MAX_BACKENDS])
        if droplet is not None
    )
    protocols = {rule["entry_protocol"] for rule in public["forwarding_rules"]}
    if public["type"] == "REGIONAL_NETWORK":
        features = {"network", *(f"network {one}" for one in protocols)}
    else:
        encrypted = public["type"] == "GLOBAL" or protocols.intersection(_ENCRYPTED)
        features = protocols | ({"tls", "http"} if encrypted else set())
    capacity = REQUESTS_PER_NODE * node_count(public)

    def rate(time: float) -> float:
        return min(capacity, sum([one.rate(time) or 0.0 for one in backends]))

    return Source({}, since, capacity, rate, features=frozenset(features), parts=backends)


def _curve(world: World, id_: str, *parts: object) -> Curve:
    """Return how busy something is that no droplet explains, from 0 to 1."""
    drawn = world.seed, "metrics", id_, *parts
    peak = 0.25 + 0.3 * rng.random(*drawn, "peak")
    shape = (daily(13 + 8 * rng.random(*drawn, "hour")) * weekly(0.4)).scale(peak)
    return (Curve(0.06) + shape) * noise(0.25, *drawn)


def _same(facts: Mapping[str, float], _time: float) -> Mapping[str, float]:
    return facts


def app_source(call: Call, app: StoredObject) -> Source:
    """Return an app with its instances, or with those of the component that a query asks for."""
    world, wanted = call.world, call.query.get("app_component")
    active = app.public.get("active_deployment")
    since = float(parse_time(app["created_at"])) if active else math.inf
    spec = (active or {}).get("spec") or app["spec"]
    instances = []
    for component in (*spec.get("services", ()), *spec.get("workers", ())):
        name = component["name"]
        scaling = component.get("autoscaling") or {}
        count = scaling.get("min_instance_count") or component.get("instance_count") or 1
        for number in range(count if wanted in {None, "", name} else 0):
            drawn = world.seed, "restart", app["id"], name, number
            facts = {"restart_s": DAY_S * (12 + 40 * rng.random(*drawn))}
            instances.append(
                Source(
                    {"app_component": name, "app_component_instance": f"{name}-{number}"},
                    since,
                    1.0,
                    _curve(world, app["id"], name, number).at,
                    partial(_same, facts),
                )
            )
    return Source({}, since, 1.0, lambda _: 0.0, parts=tuple(instances))


def pool_source(call: Call, pool: StoredObject) -> Source:
    """Return a pool, whose number of droplets follows from its history, and its use from its present droplets."""
    world = call.world
    events = [
        (parse_time(event["created_at"]), parse_time(event["updated_at"]), event.public)
        for event in world.store("autoscale_pools.history").all()
        if event.internal["parent"] == pool["id"]
    ]
    members = [one for one in world.store("autoscale_pools.members").all() if one.internal["parent"] == pool["id"]]
    droplets = [world.droplets.get(one["droplet_id"]) for one in members[:_MAX_BACKENDS]]
    works = [compute_workload(world, droplet) for droplet in droplets if droplet is not None]
    targets = {name: pool["config"][name] for name in pool["config"] if name.endswith("_utilization")}

    def facts(time: float) -> Mapping[str, float]:
        known: dict[str, float] = {**targets}
        for begun, ended, event in events:
            if begun <= time:
                known["target_instances"] = event["desired_instance_count"]
                known.setdefault("current_instances", event["current_instance_count"])
            if ended <= time and event["status"] == "success":
                known["current_instances"] = event["desired_instance_count"]
        running = [(work, period) for work in works if (period := _period_at(work, time)) is not None]
        if running:
            cpu = sum(one.cpu_factor * (work.busy.at(time) + work.waiting.at(time)) for work, one in running)
            memory = sum(min(1.0, one.memory_factor * work.memory.at(time)) for work, one in running)
            known["current_cpu_utilization"] = cpu / len(running)
            known["current_memory_utilization"] = memory / len(running)
        return known

    return Source({}, float(parse_time(pool["created_at"])), 1.0, lambda _: 0.0, facts)


def mysql_source(call: Call, cluster: StoredObject) -> Source:
    """Return a MySQL cluster; raise 400 for another engine."""
    if cluster["engine"] != "mysql":
        raise bad_request("db_id must be the id of a MySQL cluster.")
    since = float(parse_time(cluster["created_at"]) if cluster["status"] != "creating" else math.inf)
    size = _VCPUS.search(cluster["size"])
    vcpus = float(size[1]) if size else 1.0
    curve = _curve(call.world, cluster["id"])
    minutes = _LOAD_MINUTES.get(call.query.get("metric", ""))
    if minutes:
        curve = curve.moving_average(60.0 * minutes)
    capacity = _QUERIES_PER_CPU * vcpus
    known = f"{cluster['id']}/{call.query.get('schema')}" in call.world.store("databases.dbs")
    features = frozenset({"schema"} if known else ())
    return Source({}, since, capacity, curve.scale(capacity).at, partial(_same, {"vcpus": vcpus}), features)
