"""`%do metrics`: read the metrics of droplets concurrently, in comparable units."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from poseidon_nb.client.metrics import DEFAULT_WINDOW, METRIC_QUERIES
from poseidon_nb.commands.dry_run import droplet_ids, droplet_lists
from poseidon_nb.commands.metrics.summary import summarize_coverage, summarize_missing
from poseidon_nb.commands.reading import check_complete, warn_long_read
from poseidon_nb.commands.results import Live, TableResult, table_of_frame
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.language.time_arguments import subtract_duration, unix_seconds

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.metrics import Readings
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.language.command import Command
    from poseidon_nb.transport.request import Request


def window(command: Command, now: datetime) -> tuple[datetime, datetime]:
    """Return the start and end of the window of a command: ``--last`` before the end, or from ``--start``.

    Raises
    ------
    InvalidArgument
        A time or duration is invalid or out of range.
    """
    options = command.options
    try:
        end = _time(options.get("end", "now"), now)
        if "start" in options:
            return _time(options["start"], now), end
        return subtract_duration(options["last"], end) if "last" in options else end - DEFAULT_WINDOW, end
    except OverflowError:
        raise InvalidArgument("The time range is too long. Use for example --last 24h, 7d or 2w.") from None


def _time(text: str, now: datetime) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(unix_seconds(text, now)))


def list_reads(command: Command, client: Client, session: DoSession) -> list[Request]:
    """Return the requests of a command, for ``--dry-run``."""
    tag = command.options.get("tag_name")
    start, end = window(command, client.now())
    ids = droplet_ids(command, session)
    requests = client.metrics.requests(command.verb.name, ids, start=start, end=end)
    return [*(droplet_lists(client, {"tag_name": tag}) if tag else []), *requests]


def show_metrics(context: CommandContext) -> TableResult | Live:
    """Return the metrics of a type."""
    readings = _read(context)
    from poseidon_nb.analysis import metrics  # noqa: PLC0415  # loads pandas

    metric = context.verb.name
    by_mode = context.option("modes")
    found = metrics.cpu(readings.frame, modes=True) if by_mode else metrics.tidy(metric, readings.frame)
    read, valued = {*readings.frame["droplet_id"]}, {*found.loc[found["value"].notna(), "droplet_id"]}
    without = [one.name for one in readings.droplets if one.id in read - valued]
    if without:
        context.ui.say(summarize_missing(metric, without))
    check_complete(context, readings, found)
    if context.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # loads plotly

        return Live(plots.metric_lines(found))
    return table_of_frame(found)


def show_use(context: CommandContext) -> TableResult:
    """Return one row for each droplet with what it uses."""
    readings = _read(context, say=False)
    from poseidon_nb.analysis import metrics  # noqa: PLC0415  # loads pandas
    from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # loads pandas

    droplets = frame_from_rows("droplets", [one.to_dict() for one in readings.droplets])
    found = metrics.use(readings.frame, droplets, failed=readings.failed)
    check_complete(context, readings, found)
    return table_of_frame(found)


def _read(context: CommandContext, *, say: bool = True) -> Readings:
    # An invalid time is refused before anything is read.
    window(context.command, context.client.now())
    droplets = context.droplets()
    warn_long_read(context, len(droplets) * len(METRIC_QUERIES[context.verb.name]))
    start, end = window(context.command, context.client.now())
    readings = context.client.metrics.read(context.verb.name, droplets, start=start, end=end)
    reach = summarize_coverage(readings.frame, start, end)
    for note in (*(readings.notes() if say else ()), *([reach] if reach else [])):
        context.ui.say(note)
    return readings
