"""What droplets did, as it was measured: read for many of them side by side, in as few requests as the API allows.

API: ``monitoring_get_DropletCpuMetrics`` and its like, each for one ``host_id``. What comes is readings as they were
served, such as counters of seconds; `poseidon_nb.analysis.metrics` makes percentages of them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.droplets.droplet import Droplet
from poseidon_nb.client.each import on_each
from poseidon_nb.errors import Forbidden, InvalidArgument, PoseidonError, ShapeError, Unauthorized
from poseidon_nb.text import expected_one_of, pluralize, truncated_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.droplets.droplets import Droplets
    from poseidon_nb.transport.request import Request

_log = logging.getLogger("poseidon_nb")

#: Requests at the same time: as many as there are connections.
AT_ONCE = 16
#: How far back is looked when nothing else was said.
WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Measure:
    """One request for each droplet.

    Attributes
    ----------
    metric : str
        What it reads, as the path has it.
    operation_id : str
    query : tuple of tuple
        What it takes besides the droplet and the window.
    """

    metric: str
    operation_id: str
    query: tuple[tuple[str, str], ...] = ()


def _plain(metric: str, word: str) -> Measure:
    return Measure(metric, f"monitoring_get_{word}Metrics")


def _bandwidth(interface: str, direction: str) -> Measure:
    query = (("interface", interface), ("direction", direction))
    return Measure("bandwidth", "monitoring_get_dropletBandwidthMetrics", query)


_CPU = (_plain("cpu", "DropletCpu"),)
_MEMORY = (_plain("memory_total", "dropletMemoryTotal"), _plain("memory_available", "dropletMemoryAvailable"))
_FILESYSTEM = (_plain("filesystem_size", "dropletFilesystemSize"), _plain("filesystem_free", "dropletFilesystemFree"))
_OUT = _bandwidth("public", "outbound")
#: Where an agent does not tell what is available, it is told by these.
_INSTEAD = (_plain("memory_free", "dropletMemoryFree"), _plain("memory_cached", "dropletMemoryCached"))

_TOTAL = _MEMORY[0]
#: The agent that tells `_TOTAL` tells these, too, and nothing else does.
_BY_AGENT = (_MEMORY[1], *_FILESYSTEM)

#: What has to be read for each kind; ``use`` is what a droplet's size is judged by.
KINDS: dict[str, tuple[Measure, ...]] = {
    "cpu": _CPU,
    "memory": _MEMORY,
    "load": tuple(_plain(f"load_{minutes}", f"dropletLoad{minutes}") for minutes in (1, 5, 15)),
    "filesystem": _FILESYSTEM,
    "bandwidth": (
        *(_bandwidth("public", "inbound"), _OUT),
        *(_bandwidth("private", "inbound"), _bandwidth("private", "outbound")),
    ),
    "use": (*_CPU, *_MEMORY, *_FILESYSTEM, _OUT),
}


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What was read.

    Attributes
    ----------
    frame : pandas.DataFrame
        Table ``series``: the readings; of a droplet that failed, those that came.
    droplets : list of Droplet
        Whose they should be, in the order asked for.
    failed : dict
        What went wrong, by the id of the droplet.
    silent : list of Droplet
        Those that answered with no readings: the metrics agent is not installed, or they were off.
    """

    frame: pd.DataFrame
    droplets: list[Droplet]
    failed: dict[int, PoseidonError]
    silent: list[Droplet]

    def notes(self) -> list[str]:
        """Return what is missing, a line for each reason."""
        from poseidon_nb.frames.metrics import explain_missing  # noqa: PLC0415  # pandas comes at first use

        reasons: dict[str, list[Droplet]] = {}
        for droplet in self.silent:
            why = explain_missing(droplet.features, droplet.status) or " in this window"
            reasons.setdefault(why, []).append(droplet)
        lines = [f"no readings of {_names(some)}{why}" for why, some in reasons.items()]
        by_error: dict[str, list[Droplet]] = {}
        for droplet in self.droplets:
            if droplet.id in self.failed:
                by_error.setdefault(str(self.failed[droplet.id]), []).append(droplet)
        lines += [f"{_names(some)} could not be read: {error}" for error, some in by_error.items()]
        return lines


def _names(droplets: Iterable[Droplet]) -> str:
    return truncated_list(droplet.name for droplet in droplets)


class Metrics:
    """The metrics of the account's droplets.

    Parameters
    ----------
    connection : Connection
    droplets : Droplets
        Finds those that are given by id or name.
    """

    def __init__(self, connection: Connection, droplets: Droplets) -> None:
        self._connection = connection
        self._droplets = droplets

    def frame(
        self,
        kind: str,
        droplets: Droplet | int | str | Sequence[Droplet | int | str],
        *,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> pd.DataFrame:
        """Return the readings of a kind; what is missing is logged, as a warning.

        Parameters
        ----------
        kind : str
            ``"cpu"``, ``"memory"``, ``"load"``, ``"filesystem"``, ``"bandwidth"``, or ``"use"`` for what
            `poseidon_nb.analysis.metrics.use` takes.
        droplets : Droplet, int, str, or sequence of them
            Objects, ids or names; one that is named twice is read once.
        start, end : datetime, optional
            UTC where no zone is named. By default the last 24 hours before the end, and until now by the server's clock.

        Returns
        -------
        pandas.DataFrame
            Table ``series``.

        Raises
        ------
        PoseidonError
            Nothing could be read of any droplet: the first one's error.
        """
        readings = self.read(kind, droplets, start=start, end=end)
        for note in readings.notes():
            _log.warning("%s", note)
        return readings.frame

    def read(
        self,
        kind: str,
        droplets: Droplet | int | str | Sequence[Droplet | int | str],
        *,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Readings:
        """Return the readings of a kind, and what is missing; parameters and errors as of `frame`.

        Notes
        -----
        Requests for each droplet: cpu 1, memory and filesystem 2 each, load 3, bandwidth 4, use 6. Of one without the
        metrics agent memory takes 1, and use 3: what the same agent would tell is not asked for. Two more are sent for the
        memory of a droplet whose agent does not tell what is available.
        """
        measures = _measures(kind)
        chosen = self._chosen(droplets)
        start, end = self._window(start, end)
        # Where the agent is not there, which the memory tells, what else it would tell need not be asked for.
        by_agent = [one for one in measures if one in _BY_AGENT and _TOTAL in measures]
        first = [one for one in measures if one not in by_agent]
        answers, failed = self._answers([(one, measure) for one in chosen for measure in first], start, end)
        refused = any(isinstance(error, Forbidden | Unauthorized) for error in failed.values())
        silent = {
            one.id for one in chosen if (one.id, _TOTAL) in answers and not _has_readings(answers[one.id, _TOTAL])
        }
        others = [one for one in chosen if one.id not in silent and not refused]
        rest, rest_failed = self._answers([(one, measure) for one in others for measure in by_agent], start, end)
        answers, failed = {**answers, **rest}, {**rest_failed, **failed}
        untold = [one for one in chosen if _lacks_available(one, answers)]
        more, more_failed = self._answers([(one, measure) for one in untold for measure in _INSTEAD], start, end)
        answers, failed = {**answers, **more}, {**more_failed, **failed}
        if chosen and len(failed) == len(chosen) and not answers:
            raise next(iter(failed.values()))
        return self._readings(chosen, answers, failed)

    def requests(
        self, kind: str, droplet_ids: Iterable[int | str], *, start: datetime | None = None, end: datetime | None = None
    ) -> list[Request]:
        """Return the requests that `read` would send for these ids, and send nothing."""
        start, end = self._window(start, end)
        return [self._request(one, measure, start, end) for one in droplet_ids for measure in _measures(kind)]

    def _chosen(self, droplets: Droplet | int | str | Sequence[Droplet | int | str]) -> list[Droplet]:
        words = [droplets] if isinstance(droplets, Droplet | int | str) else [*droplets]
        unread = [one for one in words if not isinstance(one, Droplet)]
        # One list answers for many; what it does not settle is asked for by itself, and fails as one does.
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
        end = _aware(end) if end is not None else self._connection.session.server_now()
        start = _aware(start) if start is not None else end - WINDOW
        if start >= end:
            raise InvalidArgument(
                f"metrics from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC: the end comes first"
            )
        return start, end

    def _request(self, droplet_id: int | str, measure: Measure, start: datetime, end: datetime) -> Request:
        window = {"start": str(int(start.timestamp())), "end": str(int(end.timestamp()))}
        query = {"host_id": str(droplet_id), **dict(measure.query), **window}
        return self._connection.request(measure.operation_id, query=query)

    def _answers(
        self, wanted: Sequence[tuple[Droplet, Measure]], start: datetime, end: datetime
    ) -> tuple[_Answers, dict[int, PoseidonError]]:
        refused: list[PoseidonError] = []

        def ask(one: tuple[Droplet, Measure]) -> Any:
            if refused:
                raise refused[0]
            try:
                return self._connection.send(self._request(one[0].id, one[1], start, end)).json()
            except (Forbidden, Unauthorized) as error:
                # The token is refused whatever the droplet: hundreds more would only be refused, too.
                refused.append(error)
                raise

        answers: _Answers = {}
        failed: dict[int, PoseidonError] = {}
        for outcome in on_each(
            wanted, ask, on_idle=self._connection.on_idle, threads=AT_ONCE, interrupted=_interrupted
        ):
            droplet, measure = outcome.thing
            if outcome.error is None:
                answers[droplet.id, measure] = outcome.answer
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
            whole = []
            for part in parts:
                try:
                    series_frame([part])
                    whole.append(part)
                except ShapeError as error:
                    failed.setdefault(part[0], error)
            frame = series_frame(whole)
        told = {*frame["droplet_id"].unique().tolist()}
        silent = [one for one in chosen if one.id not in told and one.id not in failed]
        return Readings(frame, chosen, failed, silent)


_Answers = dict[tuple[int, Measure], Any]


def _measures(kind: str) -> tuple[Measure, ...]:
    if kind not in KINDS:
        raise InvalidArgument(f"no kind of metrics {kind!r}{expected_one_of(kind, KINDS)}")
    return KINDS[kind]


def _lacks_available(droplet: Droplet, answers: _Answers) -> bool:
    total, available = (answers.get((droplet.id, measure)) for measure in _MEMORY)
    return available is not None and not _has_readings(available) and _has_readings(total)


def _has_readings(answer: Any) -> bool:
    try:
        return bool(answer["data"]["result"])
    except (KeyError, TypeError):
        return False


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _interrupted(going: Sequence[Any], ended: Sequence[Any]) -> str:
    return f"{len(ended)} of the answers had been read, and {pluralize(len(going), 'request')} were on their way"
