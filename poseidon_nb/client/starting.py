"""Starting an action once: when the answer is lost, the one that was started is found among the newest, or none is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client import lost

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

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
