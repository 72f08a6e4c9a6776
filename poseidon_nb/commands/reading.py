"""Read what an analysis needs: lists concurrently, with a warning before reads that take long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.fetch import fetch_each
from poseidon_nb.errors import APIError, BulkFailed, Forbidden, NotFound, ServerError
from poseidon_nb.text import escape_unprintable, format_duration, pluralize
from poseidon_nb.transport.rate_limit import min_duration_s

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.metrics import Readings
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.errors import PoseidonError


#: How to make a read shorter.
SELECT_FEWER = "Select fewer droplets, for example with --tag, to make it faster."


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


def read_all(operation_id: str) -> Callable[[Client], Any]:
    """Return a function that reads everything that an operation lists, as a DataFrame."""
    return lambda client: client.call(operation_id, frame=True)


def fetch_available(
    context: CommandContext, reads: Mapping[str, Callable[[], Any]], *, required: Container[str] = ()
) -> tuple[dict[str, Any], dict[str, str]]:
    """Run several reads concurrently. Return the results by name, and why each of the others could not be read.

    Raises
    ------
    PoseidonError
        A read failed for another reason than a refused or missing service, or one of `required` failed.
    """
    # The client is created at first use. All threads must share one.
    _ = context.client
    results: dict[str, Any] = {}
    unread: dict[str, str] = {}
    for one in fetch_each([*reads], lambda name: reads[name](), on_idle=context.progress.look):
        if one.error is None:
            results[one.item] = one.value
        elif isinstance(one.error, Forbidden | NotFound | ServerError) and one.item not in required:
            unread[one.item] = unread_reason(one.error)
        else:
            raise one.error
    return results, unread


def unread_reason(error: PoseidonError) -> str:
    """Return why something could not be read, in one line, with the missing scope if there is one."""
    if not isinstance(error, APIError):
        return escape_unprintable(str(error))
    scope = f" (it needs the scope {error.scope})" if isinstance(error, Forbidden) and error.scope else ""
    return escape_unprintable(f"{error.status} {error.api_message or error}{scope}")


def warn_long_read(context: CommandContext, requests: int, *, hint: str = SELECT_FEWER) -> None:
    """Print how long a read takes if it needs more requests than the rate limit leaves.

    A server that does not count requests always reports that all are left; nothing is printed then.
    """
    limit = context.client.rate_limit
    if limit is None or requests <= limit.remaining or limit.remaining >= limit.limit:
        return
    context.ui.say(
        f"This needs up to {requests:,} requests, but only {limit.remaining:,} of {limit.limit:,} requests per hour remain."
        f" It will take at least {format_duration(min_duration_s(requests, limit))}. Press Ctrl-C to stop."
        f" {hint}"
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
