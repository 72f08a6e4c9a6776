"""What the models share of panels that follow the account: whether they do so now, and what is to be said of it.

No widgets here and no kernel.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from poseidon_nb.text import capitalized
from poseidon_nb.widgets.activity import error_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.watching.subscription import Subscription

CLOSED = "This panel is closed: run the cell again."


class Following:
    """What follows the account; a subclass subscribes to what it wants to know.

    Parameters
    ----------
    client : Client
    changed : callable
        Called, from any thread, when there may be something new to show.
    """

    #: What the panel follows, in words.
    followed: ClassVar[str] = "the account"

    _subscription: Subscription

    def __init__(self, client: Client, changed: Callable[[], None]) -> None:
        self.client = client
        self.account = client.label()
        self._changed = changed
        # Held while subscribing: what is told at once, in another thread, waits until there is a subscription to ask.
        self._lock = threading.RLock()

    @property
    def paused(self) -> bool:
        """Whether nothing is followed now, because nobody has used the panel for long."""
        return self._subscription.paused

    @property
    def closed(self) -> bool:
        """Whether nothing is followed any more."""
        return self._subscription.closed

    def following_notice(self) -> str:
        """Return what somebody should know who looks at the panel now; nothing while all is well."""
        state = self._subscription.state
        if self.closed:
            return CLOSED
        if self.paused:
            return f"Paused: nobody has used this panel for a while, so it does not follow {self.followed}."
        if state.error is not None:
            return f"The account cannot be asked now; it is tried again. {error_text(state.error)}"
        return capitalized(state.note)

    def resume(self) -> None:
        """Follow again after a pause."""
        self._subscription.touch()
        self._changed()

    def close(self) -> None:
        """Follow no more. What was ordered goes on."""
        self._subscription.close()
