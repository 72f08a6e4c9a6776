"""How commands that reckon read: independent lists side by side, and with a word before a read of hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.each import on_each
from poseidon_nb.errors import BulkFailed
from poseidon_nb.text import escape_unprintable, format_duration, pluralize
from poseidon_nb.transport.rate_limit import min_duration_s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from poseidon_nb.client.metrics import Readings
    from poseidon_nb.magics.job import Job


def side_by_side(job: Job, **reads: Callable[[], Any]) -> Mapping[str, Any]:
    """Read several things at once, and return each by its name.

    Raises
    ------
    PoseidonError
        One of them could not be read: the first that was named.
    """
    # One client for all threads; made here, for it is made at first use.
    _ = job.client
    outcomes = on_each([*reads], lambda name: reads[name](), on_idle=job.view.look)
    for one in outcomes:
        if one.error is not None:
            raise one.error
    return {one.thing: one.answer for one in outcomes}


def tell_long_read(job: Job, requests: int) -> None:
    """Show in a line that a read asks for more than the rate limit leaves, how long that takes, and what takes less.

    Nothing is shown where the server counts no requests: what is left is then what an hour allows.
    """
    told = job.client.rate_limit
    if told is None or requests <= told.remaining or told.remaining >= told.limit:
        return
    job.front.say(
        f"This takes up to {requests:,} requests, and the rate limit leaves {told.remaining:,} of {told.limit:,} an hour:"
        f" {format_duration(min_duration_s(requests, told))} at least. Some droplets by name or --tag take fewer; Ctrl-C stops it."
    )


def check_read(job: Job, readings: Readings, found: pd.DataFrame) -> None:
    """Raise when a droplet could not be read, unless ``--keep-going`` was given: as commands do that act on many.

    Parameters
    ----------
    job : Job
    readings : Readings
    found : pandas.DataFrame
        What was made of them.

    Raises
    ------
    BulkFailed
        What was found has been shown, and is the error's ``frame``.
    """
    failed = [one for one in readings.droplets if one.id in readings.failed]
    if not failed or job.command.keep_going:
        return
    from poseidon_nb.frames.display import truncated  # noqa: PLC0415  # pandas comes at first use

    job.front.show(truncated(found))
    first = failed[0]
    raise BulkFailed(
        f"{len(failed):,} of {pluralize(len(readings.droplets), 'droplet')} could not be read in full; the first,"
        f" {escape_unprintable(first.name)}: {readings.failed[first.id]}; with --keep-going what was read is the answer",
        frame=found,
    )
