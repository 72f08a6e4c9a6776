"""The same action on many droplets: sent side by side, waited for as one, and no failure hides another.

Few threads send; the waiting is the one poller's, in the caller's thread.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from poseidon_nb.errors import DropletBusy, PoseidonError
from poseidon_nb.text import counted
from poseidon_nb.transport import calling_off
from poseidon_nb.transport.idle import result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from concurrent.futures import Future

    from poseidon_nb.client.actions import Action, Actions
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.client.progress import OnProgress

#: Threads that send. An action is answered in tens of milliseconds; more would only meet the rate limit sooner.
SENDERS = 8
#: How often droplets that were busy are tried again, each time after what they were busy with has ended.
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What came of one droplet.

    Parameters
    ----------
    droplet : Droplet
    action : Action or None
        None when it could not be started.
    error : PoseidonError or None
    """

    droplet: Droplet
    action: Action | None
    error: PoseidonError | None


def act_on_each(
    actions: Actions,
    droplets: Sequence[Droplet],
    start: Callable[[Droplet], Action],
    *,
    wait: bool = True,
    timeout_s: float | None = None,
    on_progress: OnProgress | None = None,
    on_idle: Callable[[], None] | None = None,
) -> list[BulkOutcome]:
    """Start an action on each droplet, and wait for all of them.

    Parameters
    ----------
    actions : Actions
        The account's actions.
    droplets : sequence of Droplet
        One that is named twice is acted upon once.
    start : callable
        Starts the action on one droplet without waiting; called from several threads.
    wait : bool
        Block until all have ended; else give them as they were started.
    timeout_s : float, optional
        Seconds, for each.
    on_progress : callable, optional
        Told a `Progress` of each, in this thread.
    on_idle : callable, optional
        Called several times a second, in this thread, while others send.

    Returns
    -------
    list of BulkOutcome
        One for each droplet, in the order given.
    """
    outcomes: dict[int, BulkOutcome] = {}
    left = {droplet.id: droplet for droplet in droplets}
    for _ in range(ROUNDS if wait else 1):
        outcomes.update(_start_all(start, left.values(), on_idle))
        errors = {key: outcomes[key].error for key in left}
        busy: dict[int, Action] = {key: error.action for key, error in errors.items() if isinstance(error, DropletBusy)}
        if not busy or not wait:
            break
        failures = _wait_all(actions, busy.values(), timeout_s, on_progress)
        # One that is busy for longer than the caller would wait stays refused.
        left = {key: left[key] for key, action in busy.items() if action.done or action.id not in failures}
    if wait:
        started = {outcome.action.id: key for key, outcome in outcomes.items() if outcome.action is not None}
        waited = [outcome.action for outcome in outcomes.values() if outcome.action is not None]
        for action_id, error in _wait_all(actions, waited, timeout_s, on_progress).items():
            outcomes[started[action_id]] = replace(outcomes[started[action_id]], error=error)
    return [*outcomes.values()]


def _start_all(
    start: Callable[[Droplet], Action], droplets: Collection[Droplet], on_idle: Callable[[], None] | None
) -> dict[int, BulkOutcome]:
    called_off = threading.Event()

    def started(droplet: Droplet) -> BulkOutcome:
        with calling_off.until(called_off):
            try:
                return BulkOutcome(droplet, start(droplet), None)
            except PoseidonError as error:
                return BulkOutcome(droplet, None, error)

    pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="poseidon-bulk")
    futures: dict[int, Future[BulkOutcome]] = {}
    try:
        futures.update((droplet.id, pool.submit(started, droplet)) for droplet in droplets)
        return {key: result_of(future, on_idle) for key, future in futures.items()}
    except KeyboardInterrupt as interrupt:
        # Also those that sit in a wait for the rate limit must not send once nobody waits.
        called_off.set()
        pool.shutdown(wait=False, cancel_futures=True)
        sent = sum(not future.cancelled() for future in futures.values())
        interrupt.add_note(
            f"it may have been started on {sent} of {counted(len(droplets), 'droplet')}: see %do actions list"
        )
        raise
    finally:
        pool.shutdown(wait=False)


def _wait_all(
    actions: Actions, waited: Collection[Action], timeout_s: float | None, on_progress: OnProgress | None
) -> dict[int, PoseidonError]:
    try:
        return actions.wait_each(waited, timeout_s=timeout_s, on_progress=on_progress)
    except PoseidonError as error:
        # The account could not be asked; what was started goes on, and the table has to tell of it.
        return {action.id: error for action in waited if not action.done}
