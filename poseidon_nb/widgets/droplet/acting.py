"""Carrying out what is asked of one droplet, in workers' threads; its row in the panel's `Activity` says how it goes.

A single action is sent and then followed by the panel's subscription, so that nobody waits in a thread. Only a sequence,
a resize of a droplet that is on, has a thread of its own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.progress import Progress
from poseidon_nb.client.connection import telling
from poseidon_nb.client.engine.consistency import expected_after
from poseidon_nb.errors import DropletBusy, PoseidonError
from poseidon_nb.widgets.activity import unforeseen

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.droplets.droplet import Droplet
    from poseidon_nb.client.watching.subscription import Subscription
    from poseidon_nb.widgets.activity import Activity, Entry
    from poseidon_nb.widgets.workers import Workers


class DropletActing:
    """Carries out what has a row already.

    Parameters
    ----------
    droplet : Droplet
    activity : Activity
        Of whose rows it is told.
    subscription : Subscription
        Follows what was started.
    workers : Workers
    changed : callable
        Called, from any thread, when a row has changed.
    """

    def __init__(
        self,
        droplet: Droplet,
        activity: Activity,
        subscription: Subscription,
        workers: Workers,
        changed: Callable[[], None],
    ) -> None:
        self._droplet = droplet
        self._activity = activity
        self._subscription = subscription
        self._workers = workers
        self._changed = changed

    def act(self, entry: Entry, verb: str, **parameters: Any) -> None:
        """Have one action started."""
        call = self._droplet.take_snapshot if verb == "snapshot" else getattr(self._droplet, verb)
        self._workers.run(partial(self._carry_out, entry, partial(self._start, entry, call, **parameters)))

    def resize(self, entry: Entry, size: str, *, disk: bool) -> None:
        """Have it resized; with a restart where that is planned."""
        if entry.planned:
            self._workers.run_apart(partial(self._carry_out, entry, partial(self._restart, entry, size, disk=disk)))
        else:
            self.act(entry, "resize", size=size, disk=disk)

    def _carry_out(self, entry: Entry, do: Callable[[], None]) -> None:
        try:
            with telling(partial(self._wait, entry)):
                do()
        except PoseidonError as error:
            self._activity.end(entry, error)
            if isinstance(error, DropletBusy):
                # Somebody else was faster; what they have started is shown too. Not before the row has ended: it might
                # be taken for its own.
                pending = error.action
                # It has ended for us when the droplet shows it: before, it might be acted upon as what it is no more.
                pending.expected = expected_after(pending.type, self._droplet.id, self._droplet.assign)
                self._subscription.follow(pending)
        except Exception as failure:
            self._activity.end(entry, unforeseen(failure))
            raise
        finally:
            self._changed()

    def _start(self, entry: Entry, call: Callable[..., Action], **parameters: Any) -> None:
        """Start one action; how it goes is told by the account."""
        action = call(wait=False, **parameters)
        self._activity.tell(entry, Progress(action.id, action.label, action.status, 0.0))
        self._subscription.follow(action)

    def _restart(self, entry: Entry, size: str, *, disk: bool) -> None:
        """Resize with a restart, and wait until all of it has ended."""

        def tell(progress: Progress) -> None:
            self._activity.tell(entry, progress)
            self._changed()

        try:
            self._droplet.resize(size, disk=disk, restart=True, on_progress=tell)
        finally:
            # Who follows the account hears only by and by what a sequence has done.
            self._subscription.look_again()
        self._activity.end(entry)

    def _wait(self, entry: Entry, seconds: float, reason: str) -> None:
        self._activity.wait(entry, seconds, reason)
        self._changed()
