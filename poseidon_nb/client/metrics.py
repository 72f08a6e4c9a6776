"""Droplet metrics, read for many droplets concurrently and in as few requests as the API allows.

API: ``monitoring_get_DropletCpuMetrics`` and similar operations, each for one ``host_id``. Readings are returned as the API
sends them, such as counters in seconds; `poseidon_nb.analysis.metrics` computes percentages from them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.metrics import explain_missing
from poseidon_nb.client.droplet import Droplet
from poseidon_nb.client.fetch import fetch_each
from poseidon_nb.client.resource import HidesInternals
from poseidon_nb.errors import Forbidden, InvalidArgument, PoseidonError, ShapeError, Unauthorized
from poseidon_nb.text import expected_one_of, truncated_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.droplets import Droplets
    from poseidon_nb.transport.request import Request

_log = logging.getLogger("poseidon_nb")

#: Maximum number of concurrent requests, as many as there are connections.
MAX_CONCURRENT = 16
#: Default time window.
DEFAULT_WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """A request that is sent for each droplet.

    Attributes
    ----------
    metric : str
        Name of the metric, as in the path.
    operation_id : str
    query : tuple of tuple
        Query parameters besides the droplet and the window.
    """

    metric: str
    operation_id: str
    query: tuple[tuple[str, str], ...] = ()


def _query(metric: str, word: str) -> MetricQuery:
    return MetricQuery(metric, f"monitoring_get_{word}Metrics")


def _bandwidth(interface: str, direction: str) -> MetricQuery:
    query = (("interface", interface), ("direction", direction))
    return MetricQuery("bandwidth", "monitoring_get_dropletBandwidthMetrics", query)


_CPU = (_query("cpu", "DropletCpu"),)
_MEMORY = (_query("memory_total", "dropletMemoryTotal"), _query("memory_available", "dropletMemoryAvailable"))
_FILESYSTEM = (_query("filesystem_size", "dropletFilesystemSize"), _query("filesystem_free", "dropletFilesystemFree"))
_OUTBOUND = _bandwidth("public", "outbound")
#: Read instead if the agent does not report available memory.
_MEMORY_FALLBACK = (_query("memory_free", "dropletMemoryFree"), _query("memory_cached", "dropletMemoryCached"))

_MEMORY_TOTAL = _MEMORY[0]
#: Reported by the same agent as `_MEMORY_TOTAL`, and by nothing else.
_AGENT_ONLY = (_MEMORY[1], *_FILESYSTEM)

#: The queries of each metric; ``use`` is what rightsizing needs, ``outbound`` what is charged as transfer.
METRIC_QUERIES: dict[str, tuple[MetricQuery, ...]] = {
    "cpu": _CPU,
    "memory": _MEMORY,
    "load": tuple(_query(f"load_{minutes}", f"dropletLoad{minutes}") for minutes in (1, 5, 15)),
    "filesystem": _FILESYSTEM,
    "bandwidth": (
        *(_bandwidth("public", "inbound"), _OUTBOUND),
        *(_bandwidth("private", "inbound"), _bandwidth("private", "outbound")),
    ),
    "outbound": (_OUTBOUND,),
    "use": (*_CPU, *_MEMORY, *_FILESYSTEM, _OUTBOUND),
}


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """The readings of some droplets, and what is missing.

    Attributes
    ----------
    frame : pandas.DataFrame
        Table ``series``; for a failed droplet the readings that could be read.
    droplets : list of Droplet
        The requested droplets, in the given order.
    failed : dict
        Errors by droplet id.
    silent : list of Droplet
        Droplets without readings: the metrics agent is not installed, or they were off.
    """

    frame: pd.DataFrame
    droplets: list[Droplet]
    failed: dict[int, PoseidonError]
    silent: list[Droplet]

    def notes(self) -> list[str]:
        """Return what is missing, one line for each reason."""
        reasons: dict[str, list[Droplet]] = {}
        for droplet in self.silent:
            why = explain_missing(droplet.features, droplet.status) or " in this time range"
            reasons.setdefault(why, []).append(droplet)
        lines = [f"No readings for {_names(some)}{why}." for why, some in reasons.items()]
        by_error: dict[str, list[Droplet]] = {}
        for droplet in self.droplets:
            if droplet.id in self.failed:
                by_error.setdefault(str(self.failed[droplet.id]), []).append(droplet)
        lines += [f"Metrics of {_names(some)} could not be read: {error}" for error, some in by_error.items()]
        return lines


def _names(droplets: Iterable[Droplet]) -> str:
    return truncated_list(droplet.name for droplet in droplets)


class Metrics(HidesInternals):
    """The metrics of the account's droplets.

    Parameters
    ----------
    connection : Connection
    droplets : Droplets
        Finds droplets that are given by id or name.
    """

    _internal = frozenset({"requests"})

    def __init__(self, connection: Connection, droplets: Droplets) -> None:
        self._connection = connection
        self._droplets = droplets

    def __repr__(self) -> str:
        return f"<metrics of {self._connection.session.base_url}: frame, read>"

    def frame(
        self,
        metric: str,
        droplets: Droplet | int | str | Sequence[Droplet | int | str],
        *,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pd.DataFrame:
        """Return the readings of a metric; missing readings are logged as warnings.

        Parameters
        ----------
        metric : str
            ``"cpu"``, ``"memory"``, ``"load"``, ``"filesystem"``, ``"bandwidth"``, ``"outbound"`` for only
            what is sent to the internet, or ``"use"`` for `poseidon_nb.analysis.metrics.use`.
        droplets : Droplet, int, str, or sequence of these
            Objects, ids or names; duplicates are read once.
        start, end : datetime, optional
            UTC if they have no time zone. By default the end is now, by the server's clock, and the start 24 hours
            before the end.

        Returns
        -------
        pandas.DataFrame
            Table ``series``.

        Raises
        ------
        PoseidonError
            Nothing could be read of any droplet; the error of the first is raised.
        """
        readings = self.read(metric, droplets, start=start, end=end)
        for note in readings.notes():
            _log.warning("%s", note)
        return readings.frame

    def read(
        self,
        metric: str,
        droplets: Droplet | int | str | Sequence[Droplet | int | str],
        *,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Readings:
        """Read a metric, and return the readings and what is missing; parameters and errors as for `frame`.

        Notes
        -----
        Requests per droplet: cpu and outbound 1 each, memory and filesystem 2 each, load 3, bandwidth 4, use 6. Without the
        metrics agent memory takes 1 and use 3, because the agent's other metrics are not requested. If the agent does not
        report available memory, two more are sent.
        """
        measures = _queries_of(metric)
        chosen = self._resolve(droplets)
        answers, failed = self._fetch(measures, chosen, *self._window(start, end))
        if chosen and len(failed) == len(chosen) and not answers:
            raise next(iter(failed.values()))
        return self._readings(chosen, answers, failed)

    def responses(self, metric: str, droplet: Droplet, *, start: datetime, end: datetime) -> dict[str, Any]:
        """Return the responses for a metric of one droplet as the API sends them, by the name of each part.

        As `read`, but without pandas.

        Raises
        ------
        PoseidonError
            A part could not be read.
        """
        answers, failed = self._fetch(_queries_of(metric), [droplet], *self._window(start, end))
        if failed:
            raise failed[droplet.id]
        return {measure.metric: answer for (_, measure), answer in answers.items()}

    def _fetch(
        self, measures: Sequence[MetricQuery], chosen: list[Droplet], start: datetime, end: datetime
    ) -> tuple[_Answers, dict[int, PoseidonError]]:
        # Without memory readings the agent is not installed, and its other metrics need not be requested.
        by_agent = [one for one in measures if one in _AGENT_ONLY and _MEMORY_TOTAL in measures]
        first = [one for one in measures if one not in by_agent]
        answers, failed = self._answers([(one, measure) for one in chosen for measure in first], start, end)
        refused = any(isinstance(error, Forbidden | Unauthorized) for error in failed.values())
        silent = {
            one.id
            for one in chosen
            if (one.id, _MEMORY_TOTAL) in answers and not _has_readings(answers[one.id, _MEMORY_TOTAL])
        }
        others = [one for one in chosen if one.id not in silent and not refused]
        rest, rest_failed = self._answers([(one, measure) for one in others for measure in by_agent], start, end)
        answers, failed = {**answers, **rest}, {**rest_failed, **failed}
        needing_fallback = [one for one in chosen if _needs_fallback(one, answers)]
        more, more_failed = self._answers(
            [(one, measure) for one in needing_fallback for measure in _MEMORY_FALLBACK], start, end
        )
        return {**answers, **more}, {**more_failed, **failed}

    def requests(
        self,
        metric: str,
        droplet_ids: Iterable[int | str],
        *,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> list[Request]:
        """Return the requests that `read` would send for these ids. Sends nothing."""
        start, end = self._window(start, end)
        return [self._request(one, measure, start, end) for one in droplet_ids for measure in _queries_of(metric)]

    def _resolve(self, droplets: Droplet | int | str | Sequence[Droplet | int | str]) -> list[Droplet]:
        words = [droplets] if isinstance(droplets, Droplet | int | str) else [*droplets]
        unread = [one for one in words if not isinstance(one, Droplet)]
        # One list resolves many; what it does not resolve is looked up by itself, with the usual errors.
        listed = self._droplets.list() if len(unread) > 1 else []
        known = {str(one.id): one for one in listed}
        by_name: dict[str, list[Droplet]] = {}
        for one in listed:
            by_name.setdefault(one.name, []).append(one)
        for name, same in by_name.items():
            if len(same) == 1:
                known.setdefault(name, same[0])
        found = [one if isinstance(one, Droplet) else known.get(str(one)) or self._droplets.find(one) for one in words]
        return [*{one.id: one for one in found}.values()]

    def _window(self, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
        end = _utc(end) if end is not None else self._connection.session.server_now()
        start = _utc(start) if start is not None else end - DEFAULT_WINDOW
        if start >= end:
            raise InvalidArgument(
                f"The start of the metrics ({start:%Y-%m-%d %H:%M} UTC) must be before the end ({end:%Y-%m-%d %H:%M} UTC)."
            )
        return start, end

    def _request(self, droplet_id: int | str, measure: MetricQuery, start: datetime, end: datetime) -> Request:
        window = {"start": str(int(start.timestamp())), "end": str(int(end.timestamp()))}
        query = {"host_id": str(droplet_id), **dict(measure.query), **window}
        return self._connection.request(measure.operation_id, query=query)

    def _answers(
        self, wanted: Sequence[tuple[Droplet, MetricQuery]], start: datetime, end: datetime
    ) -> tuple[_Answers, dict[int, PoseidonError]]:
        refused: list[PoseidonError] = []

        def ask(one: tuple[Droplet, MetricQuery]) -> Any:
            if refused:
                raise refused[0]
            try:
                return self._connection.send(self._request(one[0].id, one[1], start, end)).json()
            except (Forbidden, Unauthorized) as error:
                # The token is refused for every droplet, so more requests would fail too.
                refused.append(error)
                raise

        answers: _Answers = {}
        failed: dict[int, PoseidonError] = {}
        for outcome in fetch_each(
            wanted, ask, on_idle=self._connection.on_idle, threads=MAX_CONCURRENT, interrupt_note=_interrupt_note
        ):
            droplet, measure = outcome.item
            if outcome.error is None:
                answers[droplet.id, measure] = outcome.value
            else:
                failed.setdefault(droplet.id, outcome.error)
        return answers, failed

    def _readings(self, chosen: list[Droplet], answers: _Answers, failed: dict[int, PoseidonError]) -> Readings:
        from poseidon_nb.frames.metrics import series_frame  # noqa: PLC0415  # pandas comes at first use

        names = {one.id: one.name for one in chosen}
        parts = [(key, names[key], measure.metric, answer) for (key, measure), answer in answers.items()]
        try:
            frame = series_frame(parts)
        except ShapeError:
            readable = []
            for part in parts:
                try:
                    series_frame([part])
                    readable.append(part)
                except ShapeError as error:
                    failed.setdefault(part[0], error)
            frame = series_frame(readable)
        reported = {*frame["droplet_id"].unique().tolist()}
        silent = [one for one in chosen if one.id not in reported and one.id not in failed]
        return Readings(frame, chosen, failed, silent)


_Answers = dict[tuple[int, MetricQuery], Any]


def _queries_of(metric: str) -> tuple[MetricQuery, ...]:
    if metric not in METRIC_QUERIES:
        raise InvalidArgument(f"Unknown metric {metric!r}{expected_one_of(metric, METRIC_QUERIES)}")
    return METRIC_QUERIES[metric]


def _needs_fallback(droplet: Droplet, answers: _Answers) -> bool:
    total, available = (answers.get((droplet.id, measure)) for measure in _MEMORY)
    return available is not None and not _has_readings(available) and _has_readings(total)


def _has_readings(answer: Any) -> bool:
    try:
        return bool(answer["data"]["result"])
    except (KeyError, TypeError):
        return False


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _interrupt_note(unfinished: Sequence[Any], finished: Sequence[Any]) -> str:
    return f"{len(finished)} of {len(finished) + len(unfinished)} responses were received before the interruption."
