"""What the chains of an execution wait for: actions, and what droplets or images read as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.errors import PoseidonError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.client.actions.actions import Action, Actions
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.engine.consistency import Expected


class Awaited:
    """What is waited for, each by a key, with the number of the chain that waits.

    Parameters
    ----------
    actions : Actions
        The account's, with the one poller.
    on_progress : callable
        Told a `Progress` of each action at each look.
    """

    def __init__(self, actions: Actions, on_progress: OnProgress) -> None:
        self._actions = actions
        self._waiting = actions.waiting(on_progress)
        self._chain_of: dict[int, int] = {}

    def add(self, chain: int, action: Action, limit_s: float) -> None:
        """Wait for an action, under its id."""
        self._chain_of[action.id] = chain
        self._actions.poller.join([action.id])
        self._waiting.add(action, limit_s)

    def add_reading(self, chain: int, expected: Expected) -> int:
        """Wait for what a droplet or an image reads as, where no action tells how it goes; return its key."""
        # Things and actions are numbered apart; a negative key is no action's.
        key = -expected.id
        self._chain_of[key] = chain
        self._waiting.add_expected(key, expected)
        return key

    def chain_of(self, key: int) -> int | None:
        """Return the chain that waits for a key; None where none does."""
        return self._chain_of.get(key)

    def look(self) -> PoseidonError | None:
        """Look how everything goes; return why the account cannot be asked, once that has lasted too long."""
        failure: PoseidonError | None = None
        try:
            self._actions.poll()
        except PoseidonError as error:
            failure = None if self._actions.poller.tolerates(error) else error
        if failure is None:
            self._waiting.seen(self._actions.poller.latest)
        return failure

    def over(self) -> Iterator[tuple[int, int, PoseidonError | None]]:
        """Yield what has ended, and wait for it no more: its key, its chain, and what went wrong."""
        for key in [key for key in self._chain_of if self._waiting.is_over(key)]:
            failure, chain = self._waiting.failures.get(key), self._chain_of[key]
            self.drop(key)
            yield key, chain, failure

    def drop(self, key: int) -> None:
        """Wait for one no more."""
        self._chain_of.pop(key, None)
        self._waiting.drop(key)
        if key > 0:
            self._actions.poller.leave([key])

    def drop_all(self) -> list[tuple[int, int]]:
        """Wait for nothing more; return the keys that were waited for, each with its chain."""
        dropped = [*self._chain_of.items()]
        for key, _ in dropped:
            self.drop(key)
        return dropped
