"""What each command does: for a verb that is written out one function, for all others the one in `operations`.

A handler gets a `Job` and gives an `Answer`, or None where there is nothing to show. It asks before it acts, and leaves
sending to the client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.handlers import (
    accounts,
    api,
    cost,
    droplet_verbs,
    droplets,
    explore,
    metrics,
    operations,
    panel,
    rightsizing,
    sizes,
    things,
    timeline,
)
from poseidon_nb.magics.handlers import sandbox as sandbox_verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.magics.answer import Answer, Live, Plain
    from poseidon_nb.magics.job import Job
    from poseidon_nb.magics.language.command import Command

    Handler = Callable[[Job], Answer | Plain | Live | None]

HANDLERS: Mapping[tuple[str, str], Handler] = {
    **things.HANDLERS,
    **droplets.HANDLERS,
    **droplet_verbs.HANDLERS,
    **sandbox_verbs.HANDLERS,
    **accounts.HANDLERS,
    **api.HANDLERS,
    **panel.HANDLERS,
    **sizes.HANDLERS,
    **explore.HANDLERS,
    **timeline.HANDLERS,
    **rightsizing.HANDLERS,
    **cost.HANDLERS,
    **metrics.HANDLERS,
}


def handler_of(command: Command) -> Handler:
    """Give what carries a command out. One page of a list is the API's own answer, whoever lists it otherwise."""
    own = HANDLERS.get((command.group, command.verb))
    if own is None or is_one_page(command):
        return operations.run
    return own


def is_one_page(command: Command) -> bool:
    """Say whether only one page is asked for, where otherwise all are read."""
    return bool({"page", "per_page"} & command.options.keys())
