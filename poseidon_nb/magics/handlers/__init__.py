"""What each command does: for a verb that is written out one function, for all others those in `operations`.

A handler reads: it gets a `Job` and gives an `Answer`, or None where there is nothing to show. A command that changes the
account is an `Act` instead: what its plan consists of, and what answer the outcomes make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.catalogue.effects import SAFE_METHODS
from poseidon_nb.magics.handlers import (
    accounts,
    api,
    applying,
    cost,
    droplet_verbs,
    droplets,
    explore,
    metrics,
    operations,
    panel,
    plans,
    rightsizing,
    sizes,
    things,
    timeline,
)
from poseidon_nb.magics.handlers import sandbox as sandbox_verbs
from poseidon_nb.magics.language.vocabulary import entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.magics.acting import Act
    from poseidon_nb.magics.answer import Answer, Live, Plain
    from poseidon_nb.magics.job import Job
    from poseidon_nb.magics.language.command import Command

    Handler = Callable[[Job], Answer | Plain | Live | None]

HANDLERS: Mapping[tuple[str, str], Handler] = {
    **things.HANDLERS,
    **droplets.HANDLERS,
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
    **plans.HANDLERS,
}


ACTS: Mapping[tuple[str, str], Act] = {**things.ACTS, **droplet_verbs.ACTS}


def act_of(command: Command) -> Act | None:
    """Return what a command does that changes the account; None for one that reads, or is about this kernel only."""
    if command.group == "apply":
        return applying.ACT
    if command.group == "api":
        return None if command.arguments["method"] in SAFE_METHODS else api.ACT
    if (command.group, command.verb) == ("plans", "resume"):
        return plans.RESUME if command.dry_run or command.plan else None
    own = ACTS.get((command.group, command.verb))
    verb = entry(command.group, command.verb)
    if own is not None or (command.group, command.verb) in HANDLERS or not verb.operations:
        return own
    return None if operation(verb.operations[0]).method == "GET" else operations.ACT


def handler_of(command: Command) -> Handler:
    """Return what carries a command out. One page of a list is the API's own answer, whoever lists it otherwise."""
    own = HANDLERS.get((command.group, command.verb))
    if own is None or is_one_page(command):
        return operations.run
    return own


def is_one_page(command: Command) -> bool:
    """Check whether only one page is asked for, where otherwise all are read."""
    return bool({"page", "per_page"} & command.options.keys())
