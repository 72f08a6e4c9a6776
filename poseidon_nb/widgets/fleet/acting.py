"""Carrying a fleet's orders out: side by side, and each droplet in its own time.

A single action is sent by a few threads and followed by the account's one subscription, so that nobody waits in a thread;
a droplet that is busy is sent to when what runs on it has ended. Only a sequence, a resize of a droplet that is on, has a
thread for each, of which the client's bulk road runs a few at a time.
"""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.connection import telling
from poseidon_nb.client.droplets.bulk import ROUNDS, act_on_each, run_on_each
from poseidon_nb.client.droplets.droplet import Droplet
from poseidon_nb.client.engine.consistency import expected_after
from poseidon_nb.errors import ActionError, DropletBusy, PoseidonError
from poseidon_nb.text import printable
from poseidon_nb.widgets.activity import spoken, unforeseen
from poseidon_nb.widgets.verbs import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.watching.subscription import Followed, Subscription
    from poseidon_nb.widgets.fleet.work import FleetWork
    from poseidon_nb.widgets.workers import Workers

    Row = Mapping[str, Any]


_log = logging.getLogger("poseidon_nb")


class FleetActing:
    """Carries orders out, in workers' threads.

    Parameters
    ----------
    client : Client
    subscription : Subscription
        Of all droplets; whoever holds it passes on what it tells.
    workers : Workers
    moved : callable
        Called, from any thread, with an order's work and a droplet's id, when that row has moved.
    ended : callable
        Called, from any thread, with these and the error or None, when it has ended for that droplet.
    """

    def __init__(
        self,
        client: Client,
        subscription: Subscription,
        workers: Workers,
        moved: Callable[[FleetWork, int], None],
        ended: Callable[[FleetWork, int, PoseidonError | None], None],
    ) -> None:
        self._client = client
        self._subscription = subscription
        self._workers = workers
        self._moved = moved
        self._ended = ended
        self._lock = threading.Lock()
        #: By the action that has to end first, what is to be sent then.
        self._waiting: dict[int, list[tuple[FleetWork, int]]] = {}
        self._tries: dict[tuple[FleetWork, int], int] = {}

    def carry_out(self, work: FleetWork, rows: Iterable[Row]) -> None:
        """Have an order carried out on some of its droplets."""
        droplets = [Droplet(row, self._client.droplets) for row in rows]

        def start_each() -> None:
            act_on_each(self._client.actions, droplets, partial(self._start, work), wait=False)

        def resize_each() -> None:
            run_on_each(droplets, lambda droplet, _: self._resize(work, droplet))

        self._workers.run_apart(resize_each if work.order.size else start_each)

    def told(self, followed: Followed) -> None:
        """Take in news of an action; what has waited for its end is sent."""
        if not followed.progress.done and followed.error is None:
            return
        with self._lock:
            waiting = self._waiting.pop(followed.action.id, [])
        for work, droplet_id in waiting:
            self._workers.run(partial(self._start_late, work, droplet_id, followed.action))

    # --- one action --------------------------------------------------------------------------------------------------
    def _start(self, work: FleetWork, droplet: Droplet) -> Action:
        """Start it on one droplet; called from several threads."""
        step = work.order.step(droplet.to_dict())
        try:
            with telling(self._waits(work, droplet)):
                action = self._client.droplets.acting.act(droplet, step, wait=False, timeout_s=None, on_progress=None)
        except DropletBusy as busy:
            self._hold(work, droplet, busy)
            raise
        except PoseidonError as error:
            self._ended(work, droplet.id, error)
            raise
        except Exception as failure:
            raise self._failed(work, droplet.id, failure) from failure
        self._forget(work, droplet)
        # Before it is followed, so that no news of it comes that belongs to nobody.
        work.started(droplet.id, action.id)
        self._subscription.follow(action)
        self._moved(work, droplet.id)
        return action

    def _waits(self, work: FleetWork, droplet: Droplet) -> Callable[[float, str], None]:
        def tell(seconds: float, reason: str) -> None:
            work.wait(droplet.id, seconds, reason)
            self._moved(work, droplet.id)

        return tell

    def _hold(self, work: FleetWork, droplet: Droplet, busy: DropletBusy) -> None:
        """Have it sent once the droplet's pending action has ended, and give up on one that is never free."""
        pending = busy.action
        # It has ended for us when the droplet shows it: before, it might be acted upon as what it is no more.
        pending.expected = expected_after(pending.type, droplet.id, droplet.assign)
        with self._lock:
            tries = self._tries[work, droplet.id] = self._tries.get((work, droplet.id), 0) + 1
        if tries >= ROUNDS:
            self._forget(work, droplet)
            self._ended(work, droplet.id, busy)
            return
        # Before it is followed, so that its end finds what waits for it.
        work.hold(droplet.id, pending.type)
        with self._lock:
            self._waiting.setdefault(pending.id, []).append((work, droplet.id))
        self._subscription.follow(pending)
        self._moved(work, droplet.id)

    def _forget(self, work: FleetWork, droplet: Droplet) -> None:
        with self._lock:
            self._tries.pop((work, droplet.id), None)

    def _failed(self, work: FleetWork, droplet_id: int, failure: Exception) -> PoseidonError:
        """Tell of a failure that nobody has foreseen, and give the error that lets those beside it go on."""
        _log.error("an order failed in a way not foreseen", exc_info=failure)
        error = unforeseen(failure)
        self._ended(work, droplet_id, error)
        return error

    def _start_late(self, work: FleetWork, droplet_id: int, ended: Action) -> None:
        """Start it on a droplet that was busy, unless that has left it so that it makes no sense any more."""
        try:
            droplet = self._client.droplets.get(droplet_id)
        except PoseidonError as error:
            self._ended(work, droplet_id, error)
            return
        except Exception as failure:  # noqa: BLE001  # a row that never ends would lock its droplet
            self._failed(work, droplet_id, failure)
            return
        wanted = VERBS[work.order.verb].status
        if wanted not in {"", droplet.status}:
            done = spoken(work.order.verb)
            state = "on" if droplet.active else printable(str(droplet.status))
            why = f"{printable(droplet.name)} is {state} after its {spoken(ended.type)}: no {done} was sent"
            self._ended(work, droplet_id, ActionError(why, action=ended))
            return
        try:
            self._start(work, droplet)
        except PoseidonError:
            # Told in its row.
            return

    # --- a sequence --------------------------------------------------------------------------------------------------
    def _resize(self, work: FleetWork, droplet: Droplet) -> Action:
        """Resize one droplet, with a restart if it is on; in a thread of its own."""
        order = work.order

        def tell(progress: Progress) -> None:
            work.tell_of(droplet.id, progress)
            self._moved(work, droplet.id)

        try:
            with telling(self._waits(work, droplet)):
                action = droplet.resize(order.size, disk=order.with_disk, restart=True, on_progress=tell)
        except PoseidonError as error:
            self._ended(work, droplet.id, error)
            raise
        except Exception as failure:
            raise self._failed(work, droplet.id, failure) from failure
        self._ended(work, droplet.id, None)
        return action
