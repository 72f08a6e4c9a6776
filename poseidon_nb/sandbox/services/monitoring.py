"""Metrics of droplets, computed from `workload`, and alert policies, which are stored but never raise an alert.

Nothing is measured, and the same query always has the same result. Shape, labels and units are those of the
specification's examples (``droplet_cpu``, ``droplet_filesystem``). Memory has no example and is in bytes, as the agent
reports it.

Not documented, chosen here: an unknown droplet answers 404, a droplet without the agent has an empty result, and a
missing or invalid parameter answers 400. Readings are at multiples of a step of at least two minutes, which grows so
that a series has at most a thousand. The CPU counters start with the droplet and continue after a reboot, unlike a
kernel's, so that differences are never negative. For alert policies, a value that the specification does not list
answers 422, as does an unknown droplet in ``entities``. A policy keeps the ids of deleted droplets. Tags, entities and
both kinds of alerts may be null or absent, which means none: godo sends null for no tags.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.call import check_type, optional_field, parse_id, required_field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import HTTPResponse, bad_request, not_found, unprocessable
from poseidon_nb.sandbox.services.tags import validate_tag
from poseidon_nb.sandbox.store import StoredObject, to_json
from poseidon_nb.sandbox.workload import compute_workload, noise, used_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.workload import RunPeriod, Workload
    from poseidon_nb.sandbox.world import World

    Series = tuple[dict[str, str], list[tuple[int, str]]]
    Times = list[tuple[RunPeriod, int]]

_MAX_POINTS = 1000
_STEPS_S = (120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
_MAX_DIGITS = 12
_MIB, _GIB = 1 << 20, 1 << 30
#: The fraction of memory that a kernel leaves, and of a disk that ext4 leaves (25832407040 bytes of 25 GiB in the
#: specification's example).
_USABLE_MEMORY, _USABLE_DISK = 0.967, 0.9623
#: How the busy time is divided; the rest is `user`.
_MODE_SHARES = {"softirq": 0.02, "steal": 0.03, "system": 0.21}
_NICE = 0.0005
_INBOUND_SHARE = {"public": 0.14, "private": 0.7}
_POLICY_FIELDS = ("type", "description", "compare", "value", "window", "entities", "tags", "alerts", "enabled")
_DROPLET_TYPE_PREFIX = "v1/insights/droplet/"


_POLICIES = Resource("alert_policies", id_field="uuid")


def read_window(call: Call) -> tuple[int, int]:
    """Return the start and the end of a query in Unix seconds, or raise 400."""
    start, end = (_required_number(call, name) for name in ("start", "end"))
    if end < start:
        raise bad_request("end must not be before start.")
    return start, end


def reading_times(first: float, last: float, window: tuple[int, int]) -> range:
    """Return the times of a query's readings in a period, whose end is exclusive."""
    start, end = window
    wanted = (end - start) / _MAX_POINTS
    step = next((step for step in _STEPS_S if step >= wanted), 0) or -int(-wanted // _STEPS_S[-1]) * _STEPS_S[-1]
    return range(-int(-max(start, first) // step) * step, min(end + 1, math.ceil(last)), step)


def respond_series(series: Iterable[Series], **labels: str) -> HTTPResponse:
    """Return the response to a query, whose series all have some labels."""
    result = [{"metric": own | labels, "values": values} for own, values in series]
    return HTTPResponse(200, to_json({"status": "success", "data": {"resultType": "matrix", "result": result}}))


def _respond(call: Call, measure: Callable[[Call, StoredObject, Workload, Times], list[Series]]) -> HTTPResponse:
    host = _required_number(call, "host_id")
    window = read_window(call)
    droplet = call.world.droplets.get(host)
    if droplet is None:
        raise not_found()
    series: list[Series] = []
    if "monitoring" in droplet["features"]:
        work = compute_workload(call.world, droplet)
        times = [
            (period, time) for period in work.run_periods for time in reading_times(period.start, period.end, window)
        ]
        series = measure(call, droplet, work, times) if times else []
    return respond_series(series, host_id=str(host))


def _required_number(call: Call, name: str) -> int:
    text = call.query.get(name)
    if not text:
        raise bad_request(f"{name} is required.")
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise bad_request(f"{name} must be an integer.")
    return int(text)


def _one_of(call: Call, name: str, *words: str) -> str:
    word = call.query.get(name)
    if not word:
        raise bad_request(f"{name} is required.")
    if word not in words:
        raise bad_request(f"{name} must be {' or '.join(words)}.")
    return word


def _cpu(_call: Call, _droplet: StoredObject, work: Workload, times: Times) -> list[Series]:
    busy, waiting = work.busy.total, work.waiting.total
    starts = {id(period): (busy(period.start), waiting(period.start)) for period, _ in times}
    modes: dict[str, list[tuple[int, str]]] = {
        mode: [] for mode in ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
    }
    for period, time in times:
        busy_then, iowait_then = starts[id(period)]
        capacity = period.cpu_factor * period.vcpus
        busy_s = period.busy_s + capacity * (busy(time) - busy_then)
        iowait_s = period.iowait_s + capacity * (waiting(time) - iowait_then)
        elapsed_s = period.elapsed_s + period.vcpus * (time - period.start)
        spent = {mode: share * busy_s for mode, share in _MODE_SHARES.items()}
        spent |= {"iowait": iowait_s, "irq": 0.0, "nice": _NICE * elapsed_s, "user": busy_s - sum(spent.values())}
        spent["idle"] = elapsed_s - busy_s - iowait_s - spent["nice"]
        for mode, readings in modes.items():
            readings.append((time, f"{spent[mode]:.2f}"))
    return [({"mode": mode}, readings) for mode, readings in modes.items()]


def _load(_call: Call, _droplet: StoredObject, work: Workload, times: Times, *, minutes: int) -> list[Series]:
    # Processes that run, and that wait for the disk or for their turn.
    curve = (work.busy.scale(1.12) + work.waiting).moving_average(60.0 * minutes)
    return [({}, [(time, f"{period.cpu_factor * period.vcpus * curve.at(time):.2f}") for period, time in times])]


def _memory(_call: Call, _droplet: StoredObject, work: Workload, times: Times, *, kind: str) -> list[Series]:
    readings = []
    for period, time in times:
        total = int(period.memory_mib * _MIB * _USABLE_MEMORY)
        used = int(total * min(0.92, period.memory_factor * work.memory.at(time)))
        # After a boot, cached files fill most of the free memory within a day.
        since_s = time - period.start
        cached = int((total - used) * 0.8 * since_s / (since_s + 14_400))
        free = total - used - cached
        value = {"total": total, "free": free, "cached": cached, "available": free + int(0.86 * cached)}[kind]
        readings.append((time, str(value)))
    return [({}, readings)]


def _filesystem(_call: Call, droplet: StoredObject, _work: Workload, times: Times, *, kind: str) -> list[Series]:
    readings = []
    for period, time in times:
        size = int(period.disk_gb * _GIB * _USABLE_DISK) // 4096 * 4096
        value = size if kind == "size" else max(0, size - used_bytes(droplet, time)) // 4096 * 4096
        readings.append((time, str(value)))
    return [({"device": "/dev/vda1", "fstype": "ext4", "mountpoint": "/"}, readings)]


def _bandwidth(call: Call, droplet: StoredObject, work: Workload, times: Times) -> list[Series]:
    interface, direction = call.query["interface"], call.query["direction"]
    rate = work.role.public if interface == "public" else work.role.private
    if direction == "inbound":
        rate *= _INBOUND_SHARE[interface]
    variation = noise(0.3, call.world.seed, interface, direction, droplet["id"]).scale(rate)
    readings = [
        (time, str(round(0.002 + period.cpu_factor * period.vcpus * work.busy.at(time) * variation.at(time), 6)))
        for period, time in times
    ]
    return [({"direction": direction, "interface": interface}, readings)]


def get_bandwidth(call: Call) -> HTTPResponse:
    """Handle ``monitoring_get_dropletBandwidthMetrics``, in Mbit/s."""
    _one_of(call, "interface", "private", "public")
    _one_of(call, "direction", "inbound", "outbound")
    return _respond(call, _bandwidth)


def create_policy(call: Call) -> HTTPResponse:
    """Handle ``monitoring_create_alertPolicy``."""
    return call.respond("policy", add_policy(call.world, _validated_fields(call)))


def add_policy(world: World, fields: dict[str, Any]) -> StoredObject:
    """Add an alert policy without checking it."""
    uuid = rng.uuid(world.seed, "alert policy", world.next_number("alert_policies"))
    policy = StoredObject({"uuid": uuid, **fields})
    world.alert_policies.put(uuid, policy)
    return policy


def update_policy(call: Call) -> HTTPResponse:
    """Handle ``monitoring_update_alertPolicy``, which replaces the whole policy."""
    uuid = _POLICIES.find(call)["uuid"]
    policy = StoredObject({"uuid": uuid, **_validated_fields(call)})
    call.world.alert_policies.put(uuid, policy)
    return call.respond("policy", policy)


def _validated_fields(call: Call) -> dict[str, Any]:
    body = call.body
    for field in operation(call.operation).body_fields:
        if field.enum and body[field.name] not in field.enum:
            raise unprocessable(f"{body[field.name]} is not a valid {field.name} of an alert policy.")
    alerts = body["alerts"]
    emails, hooks = (optional_field(alerts, name, "array") or [] for name in ("email", "slack"))
    for address in emails:
        check_type("an item of email", address, "string")
    for hook in hooks:
        check_type("an item of slack", hook, "object")
    hooks = [{name: required_field(hook, name, "string") for name in ("url", "channel")} for hook in hooks]
    tags, entities = (body.get(name) or [] for name in ("tags", "entities"))
    for tag in tags:
        validate_tag(tag)
    if body["type"].startswith(_DROPLET_TYPE_PREFIX):
        for entity in entities:
            if parse_id(entity) not in call.world.droplets:
                raise unprocessable(f"Droplet {entity} not found.")
    read = {"alerts": {"email": emails, "slack": hooks}, "tags": tags, "entities": entities}
    return {name: read.get(name, body.get(name)) for name in _POLICY_FIELDS}


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "monitoring_get_dropletBandwidthMetrics": get_bandwidth,
    "monitoring_get_DropletCpuMetrics": partial(_respond, measure=_cpu),
    **{
        f"monitoring_get_dropletFilesystem{kind.capitalize()}Metrics": partial(
            _respond, measure=partial(_filesystem, kind=kind)
        )
        for kind in ("free", "size")
    },
    **{
        f"monitoring_get_dropletLoad{minutes}Metrics": partial(_respond, measure=partial(_load, minutes=minutes))
        for minutes in (1, 5, 15)
    },
    **{
        f"monitoring_get_dropletMemory{kind.capitalize()}Metrics": partial(
            _respond, measure=partial(_memory, kind=kind)
        )
        for kind in ("cached", "free", "total", "available")
    },
    "monitoring_list_alertPolicy": _POLICIES.list(),
    "monitoring_create_alertPolicy": create_policy,
    "monitoring_get_alertPolicy": _POLICIES.get(),
    "monitoring_update_alertPolicy": update_policy,
    "monitoring_delete_alertPolicy": _POLICIES.delete(),
}
