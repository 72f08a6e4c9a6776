"""The same action on many droplets: sent side by side, waited for as one, and no failure hides another.

Few threads send; the waiting is the one poller's, in the caller's thread.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poseidon_nb.client.actions import Action
from poseidon_nb.errors import DropletBusy, PoseidonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from poseidon_nb.client.actions import Actions
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
) -> list[BulkOutcome]:
    """Start an action on each droplet, and wait for all of them.

    Parameters
    ----------
    actions : Actions
        The account's actions.
    droplets : sequence of Droplet
    start : callable
        Starts the action on one droplet without waiting; called from several threads.
    wait : bool
        Block until all have ended; else give them as they were started.
    timeout_s : float, optional
        Seconds, for each.
    on_progress : callable, optional
        Told a `Progress` of each, in this thread.

    Returns
    -------
    list of BulkOutcome
        One for each droplet, in the order given.
    """
    outcomes: dict[int, BulkOutcome] = {}
    left = list(droplets)
    for _ in range(ROUNDS if wait else 1):
        busy: dict[int, Action] = {}
        with ThreadPoolExecutor(SENDERS, thread_name_prefix="poseidon-bulk") as pool:
            for droplet, result in zip(left, pool.map(lambda one: _started(start, one), left), strict=True):
                error = result if isinstance(result, PoseidonError) else None
                outcomes[droplet.id] = BulkOutcome(droplet, result if isinstance(result, Action) else None, error)
                if isinstance(result, DropletBusy) and result.action is not None:
                    busy[droplet.id] = result.action
        left = [droplet for droplet in left if droplet.id in busy]
        if not left or not wait:
            break
        actions.wait_each(busy.values(), timeout_s=timeout_s, on_progress=on_progress)
    if wait:
        started = [outcome.action for outcome in outcomes.values() if outcome.action is not None]
        failures = actions.wait_each(started, timeout_s=timeout_s, on_progress=on_progress)
        outcomes.update(_with_failures(outcomes.values(), failures))
    return [outcomes[droplet.id] for droplet in droplets]


def _started(start: Callable[[Droplet], Action], droplet: Droplet) -> Action | PoseidonError:
    try:
        return start(droplet)
    except PoseidonError as error:
        return error


def _with_failures(
    outcomes: Iterable[BulkOutcome], failures: dict[int, PoseidonError]
) -> list[tuple[int, BulkOutcome]]:
    return [
        (outcome.droplet.id, BulkOutcome(outcome.droplet, outcome.action, failures[outcome.action.id]))
        for outcome in outcomes
        if outcome.action is not None and outcome.action.id in failures
    ]
