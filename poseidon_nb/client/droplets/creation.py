"""Making droplets: in batches, each sent once, and found again when its answer was lost.

API: ``droplets_create``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions import lost
from poseidon_nb.client.actions.actions import Action
from poseidon_nb.client.engine.consistency import Expected, ConsistencyWaiter, agrees
from poseidon_nb.client.connection import explained
from poseidon_nb.client.droplets.droplet import Droplet
from poseidon_nb.errors import NotFound, PoseidonError, ShapeError, Unprocessable
from poseidon_nb.text import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.droplets.droplets import Droplets
    from poseidon_nb.client.slugs import Slugs

    Row = dict[str, Any]
    Created = list[tuple[Droplet, Action | None]]

#: Droplets that one request can make.
AT_ONCE = 10
#: How long a droplet may take to read ``active`` after its create action has completed, in seconds.
ACTIVE_S = 60.0


class DropletCreation:
    """Makes droplets, and waits for them.

    Parameters
    ----------
    connection : Connection
    actions : Actions
        The account's actions, and the one poller.
    slugs : Slugs
        For what a refusal leaves unsaid.
    droplets : Droplets
        Where they will be found.
    """

    def __init__(self, connection: Connection, actions: Actions, slugs: Slugs, droplets: Droplets) -> None:
        self._connection = connection
        self._actions = actions
        self._slugs = slugs
        self._droplets = droplets
        # What is known to be older than the next create, so that it is never taken for that create's outcome.
        self._known: set[int] = set()

    def create(self, names: Sequence[str], wanted: Row, *, single: bool) -> Created:
        """Send what makes them, ten at a time; what was made before something failed is named.

        Parameters
        ----------
        names : sequence of str
        wanted : dict
            The other fields.
        single : bool
            Send ``name`` and not ``names``.
        """
        created: Created = []
        for start in range(0, len(names), AT_ONCE):
            try:
                created += self._batch(names[start : start + AT_ONCE], wanted, single=single)
            except PoseidonError as error:
                if created:
                    error.args = (f"{error.args[0]}; made before that, and still there: {_named(created)}",)
                raise
            except KeyboardInterrupt as interrupt:
                interrupt.add_note(f"made so far: {_named(created) or 'none that was answered'}; see %do droplets list")
                raise
        return created

    def wait(self, created: Created, *, timeout_s: float | None, on_progress: OnProgress | None) -> None:
        """Block until all run, and read them again.

        Raises
        ------
        ActionFailed, ActionTimedOut
            The first that did not come up, after all have ended or run out of time; the others are named.
        """
        actions = [action for _, action in created if action is not None]
        failures = self._actions.wait_each(actions, timeout_s=timeout_s, on_progress=on_progress)
        settling = ConsistencyWaiter(self._connection)
        for droplet, action in created:
            if action is None:
                settling.add(droplet.id, _active(droplet))
        settling.finish()
        if failures:
            first = next(iter(failures.values()))
            going = [one for one in created if one[1] is not None and not one[1].done]
            made = [one for one in created if one not in going and (one[1] is None or one[1].completed)]
            told = f"; made all the same: {_named(made)}" if made else ""
            told += f"; being made, so do not repeat it: {_named(going)}" if going else ""
            first.args = (f"{first.args[0]}{told}",)
            raise first

    def _batch(self, names: Sequence[str], wanted: Row, *, single: bool) -> Created:
        body = {"name": names[0], **wanted} if single else {"names": [*names], **wanted}
        request = self._connection.request("droplets_create", body=body)

        def look(since: Callable[[], datetime]) -> Row | None:
            rows = [droplet.to_dict() for name in {*names} for droplet in self._droplets.list(name=name)]
            found = [lost.created_since(rows, wanted, name, since(), known=self._known) for name in names]
            if any(row is None for row in found):
                return None
            return {"droplets": found, "links": {}}

        where = f"the droplets named {joined(names)}: %do droplets list"
        try:
            answer: Row = self._connection.change(request, look=look, where=where)
        except (Unprocessable, NotFound) as error:
            raise explained(error, self._slugs.explain(wanted)) from None
        rows = answer["droplets"] if "droplets" in answer else [answer["droplet"]]
        droplets = [Droplet(row, self._droplets) for row in rows]
        if not all(isinstance(droplet.id, int) for droplet in droplets):
            raise ShapeError("droplets_create: the answer has a droplet without a number; see %do droplets list")
        self._known.update(droplet.id for droplet in droplets)
        links = [link for link in (answer.get("links") or {}).get("actions", []) if link.get("rel") == "create"]
        if len(links) != len(droplets):
            return [(droplet, self._create_action(droplet)) for droplet in droplets]
        return [
            (droplet, self._started_create(droplet, link["id"])) for droplet, link in zip(droplets, links, strict=True)
        ]

    def _started_create(self, droplet: Droplet, action_id: int) -> Action:
        row = {
            "id": action_id,
            "status": "in-progress",
            "type": "create",
            "started_at": droplet.get("created_at"),
            "completed_at": None,
            "resource_id": droplet.id,
            "resource_type": "droplet",
        }
        return self._create_of(row, droplet)

    def _create_action(self, droplet: Droplet) -> Action | None:
        """Look for the action that makes a droplet; None when it does not show."""
        rows = [row for row in self._droplets.acting.newest(droplet.id) if row["type"] == "create"]
        return self._create_of(rows[-1], droplet) if rows else None

    def _create_of(self, row: Row, droplet: Droplet) -> Action:
        return Action(row, self._actions, subject=droplet.name, expected=_active(droplet))


def _active(droplet: Droplet) -> Expected:
    return Expected(droplet.id, lambda row: agrees("create", row, {}), droplet.assign, ACTIVE_S)


def _named(created: Iterable[tuple[Droplet, Action | None]]) -> str:
    return joined(f"{droplet.name} ({droplet.id})" for droplet, _ in created)
