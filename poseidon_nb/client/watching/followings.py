"""The actions that are followed for an account's panels: those that they have started, and those found running."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.consistency import expected_after
from poseidon_nb.client.watching.subscription import Followed
from poseidon_nb.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.actions.actions import Action, Actions
    from poseidon_nb.client.actions.following import Following
    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.watching.account_reading import AccountReading

    Row = Mapping[str, Any]


class Followings:
    """Actions on their way to their ends.

    Parameters
    ----------
    actions : Actions
    reading : AccountReading
        Knows the names of droplets, and learns what the actions came to.
    tell : callable
        Told a `Followed` of each, in the thread that looks.
    lost : callable
        Told that none is followed any more, and that those which run have to be found again.
    """

    def __init__(
        self,
        actions: Actions,
        reading: AccountReading,
        *,
        tell: Callable[[Followed], None],
        lost: Callable[[], None],
    ) -> None:
        self._actions = actions
        self._reading = reading
        self._tell = tell
        self._lost = lost
        self._lock = threading.Lock()
        self._followings: dict[int, Following] = {}

    def __contains__(self, action_id: int) -> bool:
        return action_id in self._followings

    def __len__(self) -> int:
        return len(self._followings)

    @property
    def actions(self) -> list[Action]:
        """What is followed."""
        with self._lock:
            return [following.action for following in self._followings.values()]

    def add(self, action: Action) -> None:
        """Follow an action; one that is followed already is followed as this one."""
        if action.expected is not None and action.get("resource_type") == "droplet":
            action.expected = replace(action.expected, assign=self._shared(action.expected.assign))
        with self._lock:
            known = self._followings.pop(action.id, None)
            if known is not None:
                known.stop()
            self._reading.put_action(action.to_dict())
            self._followings[action.id] = self._actions.follow(action, lambda told: self._told(action, told))

    def adopt(self, row: Row) -> None:
        """Follow an action that somebody else has started; without parameters, for what it was asked for is not told."""
        droplet = self._reading.droplets.get(row["resource_id"]) if row.get("resource_type") == "droplet" else None
        action = self._actions.adopt(row, subject=droplet["name"] if droplet else "")
        if droplet is not None:
            action.expected = expected_after(action.type, droplet["id"], lambda _: None)
        self.add(action)

    def _shared(self, assign: Callable[[Row], None]) -> Callable[[Row], None]:
        """Share what was read to see how one action ended with all who follow the account."""

        def take_in(row: Row) -> None:
            assign(row)
            self._reading.put([row])

        return take_in

    def stop(self) -> None:
        """Follow none any more."""
        with self._lock:
            followings = [*self._followings.values()]
            self._followings.clear()
        for following in followings:
            following.stop()

    def look(self) -> list[Action]:
        """Ask if it is time to, tell of each, and give those that have ended. Never sleeps."""
        with self._lock:
            followings = [*self._followings.values()]
        if not followings:
            return []
        try:
            self._actions.poll()
        except NotFound as error:
            # One is not there, and the poller does not say which.
            self.stop()
            for following in followings:
                self._tell(Followed(following.action, following.progress, error))
            self._lost()
            return []
        return [following.action for following in followings if self._is_over(following)]

    def _is_over(self, following: Following) -> bool:
        over = following.look()
        if over:
            with self._lock:
                if self._followings.get(following.action.id) is following:
                    del self._followings[following.action.id]
            self._reading.put_action(following.action.to_dict())
        return over

    def _told(self, action: Action, progress: Progress) -> None:
        following = self._followings.get(action.id)
        self._tell(Followed(action, progress, following.failure if following is not None else None))
