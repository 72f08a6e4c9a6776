"""Metrics of droplets, drawn from `workload`: nothing is measured, and the same question has the same answer for ever.

Shape, labels and units are those of the specification's examples (``droplet_cpu``, ``droplet_filesystem``); memory, which
has no example, is in bytes as the agent has it. Not settled by any source, chosen here: a droplet that the account does not
have answers 404, one without the agent an empty result; what is missing or cannot be read answers 400; readings lie on
whole steps of at least two minutes, which grow so that a series has a thousand at most; the CPU's counters start with the
droplet and, other than a kernel's, go on after a reboot, so that differences are never negative.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from poseidon_nb.sandbox.curves import noise
from poseidon_nb.sandbox.records import render
from poseidon_nb.sandbox.replies import Reply, bad_request, not_found
from poseidon_nb.sandbox.workload import used_bytes, workload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Record
    from poseidon_nb.sandbox.workload import Span, Workload

    Series = tuple[dict[str, str], list[tuple[int, str]]]
    Times = list[tuple[Span, int]]

_POINTS_MOST = 1000
_STEPS_S = (120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
_DIGITS_MOST = 12
_MIB, _GIB = 1 << 20, 1 << 30
#: What a kernel leaves of the memory, and ext4 of the disk (25832407040 bytes of 25 GiB in the specification's example).
_MEMORY_LEFT, _DISK_LEFT = 0.967, 0.9623
#: How the busy time is split; what is missing to 1 is `user`.
_MODES = {"softirq": 0.02, "steal": 0.03, "system": 0.21}
_NICE = 0.0005
_IN_FOR_OUT = {"public": 0.14, "private": 0.7}


def _answered(call: Call, measure: Callable[[Call, Record, Workload, Times], list[Series]]) -> Reply:
    host, start, end = (_number(call, name) for name in ("host_id", "start", "end"))
    if end < start:
        raise bad_request("end must not be before start.")
    droplet = call.world.droplets.get(host)
    if droplet is None:
        raise not_found()
    series: list[Series] = []
    if "monitoring" in droplet["features"]:
        work = workload(call.world, droplet)
        times = [*_times(work.spans, start, end)]
        series = measure(call, droplet, work, times) if times else []
    result = [{"metric": labels | {"host_id": str(host)}, "values": values} for labels, values in series]
    return Reply(200, render({"status": "success", "data": {"resultType": "matrix", "result": result}}))


def _number(call: Call, name: str) -> int:
    text = call.query.get(name)
    if not text:
        raise bad_request(f"{name} is required.")
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MOST):
        raise bad_request(f"{name} must be a whole number.")
    return int(text)


def _one_of(call: Call, name: str, *words: str) -> str:
    word = call.query.get(name)
    if not word:
        raise bad_request(f"{name} is required.")
    if word not in words:
        raise bad_request(f"{name} must be {' or '.join(words)}.")
    return word


def _times(spans: list[Span], start: int, end: int) -> Iterator[tuple[Span, int]]:
    wanted = (end - start) / _POINTS_MOST
    step = next((step for step in _STEPS_S if step >= wanted), 0) or -int(-wanted // _STEPS_S[-1]) * _STEPS_S[-1]
    for span in spans:
        first = -int(-max(start, span.start) // step) * step
        for time in range(first, min(end, int(span.end)) + 1, step):
            if time < span.end:
                yield span, time


# --- what is measured ------------------------------------------------------------------------------------------------
def _cpu(_call: Call, _droplet: Record, work: Workload, times: Times) -> list[Series]:
    busy, waiting = work.busy.total, work.waiting.total
    starts = {id(span): (busy(span.start), waiting(span.start)) for span, _ in times}
    modes: dict[str, list[tuple[int, str]]] = {
        mode: [] for mode in ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
    }
    for span, time in times:
        busy_then, waiting_then = starts[id(span)]
        power = span.load * span.vcpus
        busy_s = span.busy_s + power * (busy(time) - busy_then)
        waited_s = span.waited_s + power * (waiting(time) - waiting_then)
        all_s = span.all_s + span.vcpus * (time - span.start)
        spent = {mode: share * busy_s for mode, share in _MODES.items()}
        spent |= {"iowait": waited_s, "irq": 0.0, "nice": _NICE * all_s, "user": busy_s - sum(spent.values())}
        spent["idle"] = all_s - busy_s - waited_s - spent["nice"]
        for mode, readings in modes.items():
            readings.append((time, f"{spent[mode]:.2f}"))
    return [({"mode": mode}, readings) for mode, readings in modes.items()]


def _load(_call: Call, _droplet: Record, work: Workload, times: Times, *, minutes: int) -> list[Series]:
    # What runs, and what waits for the disk or for its turn.
    curve = (work.busy.scaled(1.12) + work.waiting).averaged(60.0 * minutes)
    return [({}, [(time, f"{span.load * span.vcpus * curve.at(time):.2f}") for span, time in times])]


def _memory(_call: Call, _droplet: Record, work: Workload, times: Times, *, kind: str) -> list[Series]:
    readings = []
    for span, time in times:
        total = int(span.memory_mib * _MIB * _MEMORY_LEFT)
        used = int(total * min(0.92, span.fill * work.memory.at(time)))
        # After a start the files that are read fill what is left, within a day for the most part.
        since_s = time - span.start
        cached = int((total - used) * 0.8 * since_s / (since_s + 14_400))
        free = total - used - cached
        value = {"total": total, "free": free, "cached": cached, "available": free + int(0.86 * cached)}[kind]
        readings.append((time, str(value)))
    return [({}, readings)]


def _filesystem(_call: Call, droplet: Record, _work: Workload, times: Times, *, kind: str) -> list[Series]:
    readings = []
    for span, time in times:
        size = int(span.disk_gb * _GIB * _DISK_LEFT) // 4096 * 4096
        value = size if kind == "size" else max(0, size - used_bytes(droplet, time)) // 4096 * 4096
        readings.append((time, str(value)))
    return [({"device": "/dev/vda1", "fstype": "ext4", "mountpoint": "/"}, readings)]


def _bandwidth(call: Call, droplet: Record, work: Workload, times: Times) -> list[Series]:
    interface, direction = call.query["interface"], call.query["direction"]
    rate = work.role.public if interface == "public" else work.role.private
    if direction == "inbound":
        rate *= _IN_FOR_OUT[interface]
    uneven = noise(0.3, call.world.seed, interface, direction, droplet["id"]).scaled(rate)
    readings = [
        (time, str(round(0.002 + span.load * span.vcpus * work.busy.at(time) * uneven.at(time), 6)))
        for span, time in times
    ]
    return [({"direction": direction, "interface": interface}, readings)]


def get_bandwidth(call: Call) -> Reply:
    """Answer ``monitoring_get_dropletBandwidthMetrics``, in Mbit/s."""
    _one_of(call, "interface", "private", "public")
    _one_of(call, "direction", "inbound", "outbound")
    return _answered(call, _bandwidth)


OPERATIONS: dict[str, Callable[[Call], Reply]] = {
    "monitoring_get_dropletBandwidthMetrics": get_bandwidth,
    "monitoring_get_DropletCpuMetrics": partial(_answered, measure=_cpu),
    **{
        f"monitoring_get_dropletFilesystem{kind.capitalize()}Metrics": partial(
            _answered, measure=partial(_filesystem, kind=kind)
        )
        for kind in ("free", "size")
    },
    **{
        f"monitoring_get_dropletLoad{minutes}Metrics": partial(_answered, measure=partial(_load, minutes=minutes))
        for minutes in (1, 5, 15)
    },
    **{
        f"monitoring_get_dropletMemory{kind.capitalize()}Metrics": partial(
            _answered, measure=partial(_memory, kind=kind)
        )
        for kind in ("cached", "free", "total", "available")
    },
}
