"""What panel models share: the account that they track. No widgets here and no kernel."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from poseidon_nb.text import capitalized, escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.monitor.subscription import Subscription
    from poseidon_nb.errors import PoseidonError

#: Rows in the table that a saved notebook keeps.
MAX_SAVED_ROWS = 50
READ_ONLY = "This client is read-only."
PAUSED = "Updates are paused because this panel has been idle."


def closed_text(reason: str = "") -> str:
    """Return that a panel is closed, and why if that is known: ``the sandbox was stopped``."""
    return f"This panel is closed{f': {reason}' if reason else ''}. Run the cell again to reopen it."


def error_text(error: PoseidonError) -> str:
    """Return an error in one line."""
    return escape_unprintable(str(error))


class AccountModel:
    """A model that tracks an account; a subclass subscribes to what it needs.

    Parameters
    ----------
    client : Client
    on_change : callable
        Called from any thread when there may be something new to show.
    """

    _subscription: Subscription

    def __init__(self, client: Client, on_change: Callable[[], None]) -> None:
        self.client = client
        self.account = client.label()
        self._on_change = on_change
        # Held while subscribing: updates that arrive at once, in another thread, wait until the subscription is set.
        self._lock = threading.RLock()

    @property
    def paused(self) -> bool:
        """Whether updates are paused because nobody has used the panel for long."""
        return self._subscription.paused

    @property
    def closed(self) -> bool:
        """Whether updates have ended."""
        return self._subscription.closed

    def status_notice(self) -> str:
        """Return why the panel may be out of date; empty if it is not."""
        state = self._subscription.state
        if self.closed:
            return closed_text(self._subscription.closed_because)
        if self.paused:
            return PAUSED
        if state.error is not None:
            return f"The account could not be read; retrying. {error_text(state.error)}"
        return capitalized(state.note) or (f"Warning: {state.unread}" if state.unread else "")

    def resume(self) -> None:
        """Resume updates after a pause."""
        self._subscription.touch()
        self._on_change()

    def close(self) -> None:
        """End the updates. Requested changes continue."""
        self._subscription.close()
