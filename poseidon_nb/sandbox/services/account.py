"""The account itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox.records import Record

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply


def get_account(call: Call) -> Reply:
    """Answer ``account_get``."""
    return call.one("account", Record(call.world.state.account))


OPERATIONS = {"account_get": get_account}
