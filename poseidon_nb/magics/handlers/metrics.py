"""`%do metrics`: what droplets did, read side by side and made comparable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from poseidon_nb.client.metrics import KINDS, WINDOW
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.magics.answer import Live, answer_of_frame
from poseidon_nb.magics.in_words import no_value_in_words, reach_in_words
from poseidon_nb.magics.language.moments import before, unix_seconds
from poseidon_nb.magics.reading import check_read, tell_long_read

if TYPE_CHECKING:
    from poseidon_nb.client.metrics import Readings
    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job
    from poseidon_nb.magics.language.command import Command


def window(command: Command, now: datetime) -> tuple[datetime, datetime]:
    """Give from when until when a command asks for metrics: ``--last`` before the end, or from ``--start`` on.

    Raises
    ------
    InvalidArgument
        A word is no moment, or one that no calendar has.
    """
    options = command.options
    try:
        end = _moment(options.get("end", "now"), now)
        if "start" in options:
            return _moment(options["start"], now), end
        return before(options["last"], end) if "last" in options else end - WINDOW, end
    except OverflowError:
        raise InvalidArgument("metrics reach not so far: write --last 24h, 7d or 2w") from None


def _moment(text: str, now: datetime) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(unix_seconds(text, now)))


def show_metrics(job: Job) -> Answer | Live:
    """Show the metrics of a kind; what is missing is said."""
    readings = _read(job)
    from poseidon_nb.analysis import metrics  # noqa: PLC0415  # pandas comes at first use

    kind = job.command.verb
    by_mode = job.option("modes")
    found = metrics.cpu(readings.frame, modes=True) if by_mode else metrics.tidy(kind, readings.frame)
    read, valued = {*readings.frame["droplet_id"]}, {*found.loc[found["value"].notna(), "droplet_id"]}
    without = [one.name for one in readings.droplets if one.id in read - valued]
    if without:
        job.front.say(no_value_in_words(kind, without))
    check_read(job, readings, found)
    if job.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # plotly comes at first use

        return Live(plots.metric_lines(found))
    return answer_of_frame(found)


def show_use(job: Job) -> Answer:
    """Show what each droplet uses, in a row that also says what is missing."""
    readings = _read(job, say=False)
    from poseidon_nb.analysis import metrics  # noqa: PLC0415  # pandas comes at first use
    from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # as above

    droplets = frame_from_rows("droplets", [one.to_dict() for one in readings.droplets])
    found = metrics.use(readings.frame, droplets, failed=readings.failed)
    check_read(job, readings, found)
    return answer_of_frame(found)


def _read(job: Job, *, say: bool = True) -> Readings:
    # A word that is no moment is refused before anything is asked for.
    window(job.command, job.client.now())
    droplets = job.droplets()
    tell_long_read(job, len(droplets) * len(KINDS[job.command.verb]))
    start, end = window(job.command, job.client.now())
    readings = job.client.metrics.read(job.command.verb, droplets, start=start, end=end)
    reach = reach_in_words(readings.frame, start, end)
    for note in (*(readings.notes() if say else ()), *([reach] if reach else [])):
        job.front.say(note)
    return readings


HANDLERS = {
    **{("metrics", kind): show_metrics for kind in ("cpu", "memory", "load", "filesystem", "bandwidth")},
    ("metrics", "use"): show_use,
}
