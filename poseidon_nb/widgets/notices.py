"""What every panel says of how it follows the account. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.text import begun
from poseidon_nb.widgets.activity import error_text

if TYPE_CHECKING:
    from poseidon_nb.client.watching.subscription import Subscription

CLOSED = "This panel is closed: run the cell again."


def following_notice(subscription: Subscription, what: str) -> str:
    """Give what somebody should know who looks at the panel now; nothing while all is well.

    Parameters
    ----------
    subscription : Subscription
    what : str
        What the panel follows: ``the droplet``.
    """
    state = subscription.state
    if subscription.closed:
        return CLOSED
    if subscription.paused:
        return f"Paused: nobody has used this panel for a while, so it does not follow {what}."
    if state.error is not None:
        return f"The account cannot be asked now; it is tried again. {error_text(state.error)}"
    return begun(state.note)
