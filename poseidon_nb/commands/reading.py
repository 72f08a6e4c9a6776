"""Read what an analysis needs: lists concurrently, with a warning before reads that take long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.fetch import fetch_each
from poseidon_nb.errors import BulkFailed
from poseidon_nb.text import escape_unprintable, format_duration, pluralize
from poseidon_nb.transport.rate_limit import min_duration_s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from poseidon_nb.client.metrics import Readings
    from poseidon_nb.commands.context import CommandContext


def fetch_concurrently(context: CommandContext, **reads: Callable[[], Any]) -> Mapping[str, Any]:
    """Run several reads concurrently, and return each result by its name.

    Raises
    ------
    PoseidonError
        A read failed: the first one in the order given.
    """
    # The client is created at first use. All threads must share one.
    _ = context.client
    outcomes = fetch_each([*reads], lambda name: reads[name](), on_idle=context.progress.look)
    for one in outcomes:
        if one.error is not None:
            raise one.error
    return {one.item: one.value for one in outcomes}


def warn_long_read(context: CommandContext, requests: int) -> None:
    """Print how long a read takes if it needs more requests than the rate limit leaves.

    A server that does not count requests always reports that all are left; nothing is printed then.
    """
    limit = context.client.rate_limit
    if limit is None or requests <= limit.remaining or limit.remaining >= limit.limit:
        return
    context.ui.say(
        f"This needs up to {requests:,} requests, but only {limit.remaining:,} of {limit.limit:,} requests per hour remain."
        f" It will take at least {format_duration(min_duration_s(requests, limit))}. Press Ctrl-C to stop. Select fewer droplets, for example with --tag, to make it faster."
    )


def check_complete(context: CommandContext, readings: Readings, found: pd.DataFrame) -> None:
    """Raise if some droplets could not be read, unless ``--keep-going`` was given.

    Parameters
    ----------
    context : CommandContext
    readings : Readings
    found : pandas.DataFrame
        The result of the analysis.

    Raises
    ------
    BulkFailed
        The result was shown, and is the error's ``frame``.
    """
    failed = [one for one in readings.droplets if one.id in readings.failed]
    if not failed or context.command.keep_going:
        return
    context.ui.show(found)
    first = failed[0]
    raise BulkFailed(
        f"{len(failed):,} of {pluralize(len(readings.droplets), 'droplet')} could not be read completely. The first,"
        f" {escape_unprintable(first.name)}: {str(readings.failed[first.id]).rstrip('.')}. Use --keep-going to get the rest.",
        frame=found,
    )
