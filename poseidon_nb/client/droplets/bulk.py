"""The same done to many things: side by side, and no failure hides another.

Few threads send; the waiting is the one poller's, in the caller's thread. Only a sequence, which is several actions one
after another, has a thread to itself.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from poseidon_nb.errors import DropletBusy, PoseidonError
from poseidon_nb.text import counted, joined
from poseidon_nb.transport import cancellation
from poseidon_nb.transport.idle import result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from concurrent.futures import Future

    from poseidon_nb.client.actions.actions import Action, Actions
    from poseidon_nb.client.actions.progress import OnProgress, Progress
    from poseidon_nb.client.droplets.droplet import Droplet

T = TypeVar("T")
R = TypeVar("R")

#: Threads that send. An action is answered in tens of milliseconds; more would only meet the rate limit sooner.
SENDERS = 8
#: Sequences that run at the same time. Their threads mostly wait; more would only meet the rate limit sooner.
SEQUENCES = 16
#: How often droplets that were busy are tried again, each time after what they were busy with has ended.
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T, R]):
    """What came of one thing.

    Parameters
    ----------
    thing : object
    answer : object or None
        None when it failed.
    error : PoseidonError or None
    """

    thing: T
    answer: R | None
    error: PoseidonError | None


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


def on_each(
    things: Sequence[T],
    do: Callable[[T], R],
    *,
    on_idle: Callable[[], None] | None = None,
    threads: int = SENDERS,
    interrupted: Callable[[list[T], list[T]], str] | None = None,
) -> list[Outcome[T, R]]:
    """Do the same to each thing, side by side; one failure neither hides nor stops the others.

    Parameters
    ----------
    things : sequence
    do : callable
        Called with each, from several threads.
    on_idle : callable, optional
        Called several times a second, in this thread, while others work.
    threads : int
        How many work at the same time.
    interrupted : callable, optional
        Given those that were begun and have not ended, and those that have ended, when a person pressed Ctrl-C: gives
        what that person should know.

    Returns
    -------
    list of Outcome
        One for each thing, in the order given.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C: nothing more is begun, and what waits for its turn does not send any more.
    """
    cancelled = threading.Event()
    begun: list[int] = []

    def done(number: int) -> Outcome[T, R]:
        begun.append(number)
        with cancellation.until(cancelled):
            try:
                return Outcome(things[number], do(things[number]), None)
            except PoseidonError as error:
                return Outcome(things[number], None, error)

    pool = ThreadPoolExecutor(threads, thread_name_prefix="poseidon-bulk")
    futures: list[Future[Outcome[T, R]]] = []
    try:
        futures += [pool.submit(done, number) for number in range(len(things))]
        return [result_of(future, on_idle) for future in futures]
    except KeyboardInterrupt as interrupt:
        # Also those that sit in a wait for the rate limit must not send once nobody waits.
        cancelled.set()
        pool.shutdown(wait=False, cancel_futures=True)
        ended = [number for number in begun if futures[number].done()]
        note = interrupted or _general_note
        interrupt.add_note(
            note(
                [things[number] for number in sorted({*begun} - {*ended})],
                [things[number] for number in sorted(ended)],
            )
        )
        raise
    finally:
        pool.shutdown(wait=False)


def _general_note(going: Sequence[object], ended: Sequence[object]) -> str:
    return f"{len(ended)} had been done, and {len(going)} more may have been: look before you repeat it"


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
        outcomes.update(_start_all(start, [*left.values()], on_idle))
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


def run_on_each(
    droplets: Sequence[Droplet],
    run: Callable[[Droplet, OnProgress], Action],
    *,
    on_progress: OnProgress | None = None,
    on_idle: Callable[[], None] | None = None,
) -> list[BulkOutcome]:
    """Run a sequence of actions on each droplet, side by side: a restart, say, with something done in between.

    Parameters
    ----------
    droplets : sequence of Droplet
        One that is named twice is acted upon once.
    run : callable
        Does all of it to one droplet, waiting, and tells its second argument how far it is:
        ``lambda droplet, tell: droplet.resize(size, restart=True, on_progress=tell)``. Called from several threads.
    on_progress : callable, optional
        Told a `Progress` of each, in this thread.
    on_idle : callable, optional
        Called several times a second, in this thread.

    Returns
    -------
    list of BulkOutcome
        One for each droplet, in the order given; of one that failed the action that did.
    """
    news: SimpleQueue[Progress] = SimpleQueue()

    def tell(progress: Progress) -> None:
        # A sequence that nobody waits for any more stops here, for while it waits it sends nothing that would.
        cancellation.check()
        news.put(progress)

    def pass_on() -> None:
        while on_progress is not None:
            try:
                on_progress(news.get_nowait())
            except Empty:
                break

    def look() -> None:
        pass_on()
        if on_idle is not None:
            on_idle()

    once = [*{droplet.id: droplet for droplet in droplets}.values()]
    done = on_each(
        once, lambda droplet: run(droplet, tell), on_idle=look, threads=SEQUENCES, interrupted=_half_way_note
    )
    pass_on()
    return [
        BulkOutcome(one.thing, getattr(one.error, "action", None) if one.error else one.answer, one.error)
        for one in done
    ]


def _half_way_note(going: Sequence[Droplet], ended: Sequence[Droplet]) -> str:
    finished = f"done with {joined(droplet.name for droplet in ended)}; " if ended else ""
    if not going:
        return f"{finished}none was left half way"
    names = joined(droplet.name for droplet in going)
    return f"{finished}left half way: {names}: look whether they have to be powered on"


def _start_all(
    start: Callable[[Droplet], Action], droplets: Sequence[Droplet], on_idle: Callable[[], None] | None
) -> dict[int, BulkOutcome]:
    def note(going: Sequence[Droplet], ended: Sequence[Droplet]) -> str:
        sent = len(going) + len(ended)
        return f"it may have been started on {sent} of {counted(len(droplets), 'droplet')}: see %do actions list"

    outcomes = on_each(droplets, start, on_idle=on_idle, interrupted=note)
    return {one.thing.id: BulkOutcome(one.thing, one.answer, one.error) for one in outcomes}


def _wait_all(
    actions: Actions, waited: Collection[Action], timeout_s: float | None, on_progress: OnProgress | None
) -> dict[int, PoseidonError]:
    try:
        return actions.wait_each(waited, timeout_s=timeout_s, on_progress=on_progress)
    except PoseidonError as error:
        # The account could not be asked; what was started goes on, and the table has to tell of it.
        return {action.id: error for action in waited if not action.done}
