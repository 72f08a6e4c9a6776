"""What each command does: for every verb of the table one function, found by its group and name.

A handler gets a `Job` and gives an `Answer`, or None where there is nothing to show. It asks before it acts, and leaves
sending to the client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.handlers import accounts, api, droplet_verbs, droplets, things
from poseidon_nb.magics.handlers import sandbox as sandbox_verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job

HANDLERS: Mapping[tuple[str, str], Callable[[Job], Answer | None]] = {
    **things.HANDLERS,
    **droplets.HANDLERS,
    **droplet_verbs.HANDLERS,
    **sandbox_verbs.HANDLERS,
    **accounts.HANDLERS,
    **api.HANDLERS,
}
