"""Starting an action once: when the answer is lost, the one that was started is found among the newest, or none is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions import lost
from poseidon_nb.client.connection import items_of
from poseidon_nb.errors import OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.transport.request import Request

    Row = dict[str, Any]


class Starting:
    """Starts actions.

    Parameters
    ----------
    connection : Connection
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # What is known to be older than the next action, so that it is never taken for that action's outcome.
        self._known: set[int] = set()

    def start(self, request: Request, newest: Callable[[], list[Row]], *, where: str) -> tuple[Row, bool]:
        """Send what starts an action; give the action, and whether its answer was lost and it was found by looking.

        Parameters
        ----------
        request : Request
            Its body names the type.
        newest : callable
            Gives the newest actions of the thing that is acted upon.
        where : str
            What a person should look at if nothing is found.
        """
        looked: list[object] = []

        def look(since: Callable[[], datetime]) -> Row | None:
            rows = newest()
            found = lost.started_since(rows, request.body["type"], since(), known=self._known)
            looked[:] = [found] if found is not None else []
            return {"action": found} if found is not None else None

        answer = self._connection.change(request, look=look, where=where)
        row: Row = self._connection.unwrapped(request.operation_id, answer)
        self._known.add(row["id"])
        return row, bool(looked)

    def newest(self, operation_id: str, path: Mapping[str, Any]) -> list[Row]:
        """Give the newest actions of a thing, as many as a page holds, as the API sends them."""
        request = self._connection.request(operation_id, path=path).with_query(page=1, per_page=200)
        return items_of(self._connection.send(request).body, "actions", operation_id)


def not_ours(action: Action, name: str) -> OutcomeUnknown:
    """Give the error for a found action after which a thing does not read as we wanted it.

    An action shows its type but not what it was asked for, so somebody else's of the same type looks like ours.
    """
    return OutcomeUnknown(
        f"the answer to {action.label} was lost, and the {action.type} that was found (action {action.id}) may be "
        f"somebody else's, for {name} reads otherwise: look at it before you repeat it"
    )
