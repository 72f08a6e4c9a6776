"""All actions of the account, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox.replies import not_found

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply


def list_actions(call: Call) -> Reply:
    """Answer ``actions_list``."""
    return call.page("actions", "action", call.world.actions.listed()[::-1])


def get_action(call: Call) -> Reply:
    """Answer ``actions_get``."""
    action = call.world.actions.get(call.id("action_id"))
    if action is None:
        raise not_found()
    return call.one("action", action)


OPERATIONS = {"actions_list": list_actions, "actions_get": get_action}
