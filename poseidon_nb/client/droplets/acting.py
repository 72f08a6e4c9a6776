"""Acting on droplets: one action at a time, never twice, and done only when the droplet agrees.

API: ``dropletActions_post``, ``dropletActions_list``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.actions import Action
from poseidon_nb.client.actions.progress import COMPLETED, IN_PROGRESS
from poseidon_nb.client.engine.consistency import BOUND_S, Expected, ConsistencyWaiter, agrees, expected_after
from poseidon_nb.client.actions.starting import Starting, not_ours
from poseidon_nb.client.connection import explained
from poseidon_nb.client.droplets.steps import REPLACED
from poseidon_nb.errors import APIError, DropletBusy, Unprocessable

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.droplets.droplet import Droplet
    from poseidon_nb.client.droplets.steps import Step
    from poseidon_nb.client.slugs import Slugs

    Row = dict[str, Any]

#: What DigitalOcean says while another action runs; every client matches on it, for nothing else tells.
PENDING = "pending event"
#: Statuses by which the service says that the request itself cannot be: only then is there something to explain.
_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
#: What DigitalOcean says of an action that only a droplet which is off can have.
ON = "currently on"
#: How often a droplet that was busy, and then was not, is tried again.
BUSY_TRIES = 10


class DropletActions:
    """Starts actions on droplets, and waits for them.

    Parameters
    ----------
    connection : Connection
    actions : Actions
        The account's actions, and the one poller.
    slugs : Slugs
        For what a refusal leaves unsaid.
    """

    def __init__(self, connection: Connection, actions: Actions, slugs: Slugs) -> None:
        self._connection = connection
        self._actions = actions
        self._slugs = slugs
        self._clock = connection.session.clock
        self._starting = Starting(connection)

    def act(
        self,
        droplet: Droplet,
        step: Step,
        *,
        wait: bool,
        timeout_s: float | None,
        on_progress: OnProgress | None,
    ) -> Action:
        """Start an action on a droplet, and wait for it; every verb ends here.

        Raises
        ------
        DropletBusy
            Another action runs, and ``wait`` is false.
        Unprocessable
            DigitalOcean refused.
        ActionFailed, ActionTimedOut
            It did not end well, or not in time.
        OutcomeUnknown
            The answer was lost, and what the account shows cannot be told to be ours.
        """

        def post() -> tuple[Row, bool]:
            return self._post(droplet, step)

        try:
            row, found = self.when_idle(
                droplet.id, post, droplet.name, wait=wait, timeout_s=timeout_s, on_progress=on_progress
            )
        except APIError as error:
            if error.status not in _REFUSALS or PENDING in error.api_message:
                raise
            if step.type in REPLACED:
                raise explained(error, REPLACED[step.type]) from None
            if step.type == "resize" and ON in error.api_message:
                raise explained(
                    error, "restart=True (in %do: --restart) shuts it down first, and starts it again"
                ) from None
            # A size has to be sold where the droplet is.
            region = (droplet.get("region") or {}).get("slug")
            place = {"region": region} if "size" in step.parameters and region else {}
            raise explained(error, self._slugs.explain({**step.parameters, **place})) from None
        expected = Expected(droplet.id, lambda now: agrees(step.type, now, step.parameters), droplet.assign)
        action = Action(row, self._actions, subject=droplet.name, expected=expected)
        if not wait:
            return action
        action.wait(timeout_s, on_progress=on_progress)
        if found and not agrees(step.type, droplet.to_dict(), step.parameters):
            raise not_ours(action, droplet.name)
        return action

    def pending(self, droplet_id: int, subject: str = "") -> Action | None:
        """Give the action that runs on a droplet now, or None."""
        return self._pending_of(self.newest(droplet_id), subject or str(droplet_id))

    def _pending_of(self, rows: list[Row], subject: str) -> Action | None:
        running = next((row for row in rows if row["status"] == IN_PROGRESS), None)
        return None if running is None else Action(running, self._actions, subject=subject)

    def newest(self, droplet_id: int) -> list[Row]:
        """Give the newest of a droplet's actions, as the API sends them."""
        return self._starting.newest("dropletActions_list", {"droplet_id": droplet_id})

    def wait_idle(self, droplet: Droplet, *, timeout_s: float | None, on_progress: OnProgress | None) -> None:
        """Block until no action runs on a droplet, however they end, and read it again."""
        rows = self.newest(droplet.id)
        while (pending := self._pending_of(rows, droplet.name)) is not None:
            self._outlast(pending, timeout_s, on_progress)
            rows = self.newest(droplet.id)
        ended = self._just_ended(rows)
        settling = ConsistencyWaiter(self._connection)
        # Without parameters: what somebody else's action wanted is not known, but its type tells of the power.
        settling.add(droplet.id, expected_after(ended, droplet.id, droplet.assign))
        settling.finish()

    def when_idle(  # what a wait is made of, all by keyword
        self,
        droplet_id: int,
        send: Callable[[], Any],
        subject: str = "",
        *,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Any:
        """Send something to a droplet; while another action runs on it, wait for that and send again.

        The refusal comes before anything is done, so sending again repeats nothing.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return send()
            except Unprocessable as refusal:
                if PENDING not in refusal.api_message or attempt == BUSY_TRIES:
                    raise
                busy: Unprocessable = refusal
            pending = self.pending(droplet_id, subject)
            if pending is None:
                # It has just ended, and the next request may well be accepted.
                self._clock.sleep(0.25 * attempt)
            elif wait:
                self._outlast(pending, timeout_s, on_progress)
            else:
                raise DropletBusy(
                    f"{subject or droplet_id} is busy: {pending.type} is still running (action {pending.id}); "
                    f"wait for it with %do actions wait {pending.id}",
                    action=pending,
                ) from busy

    def _just_ended(self, rows: list[Row]) -> str:
        """Give the type of the newest action if the droplet may still lag behind it, else ``""``."""
        if not rows or rows[0]["status"] != COMPLETED or not rows[0].get("completed_at"):
            return ""
        age = self._connection.session.server_now() - datetime.fromisoformat(rows[0]["completed_at"])
        return str(rows[0]["type"]) if age < timedelta(seconds=BOUND_S) else ""

    def _outlast(self, pending: Action, timeout_s: float | None, on_progress: OnProgress | None) -> None:
        """Wait for somebody else's action; that it failed is not our failure, that it does not end is."""
        failures = self._actions.wait_each([pending], timeout_s=timeout_s, on_progress=on_progress)
        if pending.id in failures and not pending.done:
            raise failures[pending.id]

    def _post(self, droplet: Droplet, step: Step) -> tuple[Row, bool]:
        """Start an action; give it, and whether its answer was lost and it was found by looking."""
        request = self._connection.request("dropletActions_post", path={"droplet_id": droplet.id}, body=step.body)
        where = f"%do droplets actions {droplet.id}"
        return self._starting.start(request, lambda: self.newest(droplet.id), where=where)
