"""Actions of reserved IPs, and of floating IPs under their old name: assign and unassign.

In the account's list of actions they are of a ``reserved_ip``; asked for by the old name, of a ``floating_ip``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import not_found
from poseidon_nb.sandbox.services import reserved_ip_assignment
from poseidon_nb.sandbox.services.reserved_ips import RESERVED, find_ip, number_of, word_of

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply


def start_action(call: Call) -> Reply:
    """Answer ``reservedIPsActions_post`` and ``floatingIPsAction_post``."""
    address = find_ip(call)
    action = reserved_ip_assignment.start(call, RESERVED, address, number_of(address), word=word_of(call))
    return _one(call, address, action, status=201)


def list_ip_actions(call: Call) -> Reply:
    """Answer ``reservedIPsActions_list`` and ``floatingIPsAction_list``, newest first."""
    ip = find_ip(call)["ip"]
    actions = [action for action in call.world.actions.listed()[::-1] if _is_of(action, ip)]
    return call.page("actions", "action", [action.showing(resource_type=word_of(call)) for action in actions])


def get_ip_action(call: Call) -> Reply:
    """Answer ``reservedIPsActions_get`` and ``floatingIPsAction_get``; an action of another address is not found."""
    address = find_ip(call)
    action = call.world.actions.get(call.id("action_id"))
    if action is None or not _is_of(action, address["ip"]):
        raise not_found()
    return _one(call, address, action)


def _is_of(action: Record, ip: str) -> bool:
    return action.shown["resource_type"] == RESERVED and bool(action.kept.get("target") == ip)


def _one(call: Call, address: Record, action: Record, *, status: int = 200) -> Reply:
    shown = {**action.shown, "resource_type": word_of(call)}
    if call.scopes is None or "project:read" in call.scopes:
        # Only these two answers have it; the lists of actions do not.
        shown["project_id"] = address["project_id"]
    return call.one("action", Record(shown), status=status)


OPERATIONS = {
    f"{prefix}_{verb}": function
    for prefix in ("reservedIPsActions", "floatingIPsAction")
    for verb, function in {"post": start_action, "list": list_ip_actions, "get": get_ip_action}.items()
}
