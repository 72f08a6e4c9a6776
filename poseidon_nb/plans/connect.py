"""`connect` as users call it: a client whose changes are kept in the journal of plans."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

from poseidon_nb.client.client import connect as _connect
from poseidon_nb.plans.journal import PlanJournal, keep_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.client import Client

P = ParamSpec("P")


def _journalled(connect: Callable[P, Client]) -> Callable[P, Client]:
    @wraps(connect)
    def with_journal(*args: P.args, **kwargs: P.kwargs) -> Client:
        client = connect(*args, **kwargs)
        client.engine.recorder = PlanJournal(client)
        client.changes.on_add = keep_change
        return client

    return with_journal


connect = _journalled(_connect)
