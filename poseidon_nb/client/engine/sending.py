"""Sending one step: at most once, after what keeps its target busy, and with what the service leaves unsaid of a refusal.

API: ``dropletActions_post``, ``droplets_create``, ``droplets_destroy``, ``imageActions_post``, and any other operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.progress import COMPLETED, IN_PROGRESS
from poseidon_nb.client.connection import explained
from poseidon_nb.client.engine import recovery
from poseidon_nb.client.engine.consistency import BOUND_S, agrees, image_agrees
from poseidon_nb.client.engine.looks import Looks
from poseidon_nb.client.engine.steps import When
from poseidon_nb.client.explanations import explanation
from poseidon_nb.errors import APIError, Forbidden, NotFound, OutcomeUnknown, PoseidonError, Unprocessable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.steps import Step
    from poseidon_nb.client.slugs import Slugs

    Row = dict[str, Any]

#: What DigitalOcean says while another action runs; every client matches on it, for nothing else tells.
PENDING = "pending event"
#: What it says of an action that only a droplet which is off can have.
ON = "currently on"
#: What it says of a droplet that is as a power action would leave it.
ALREADY = ("already powered on", "already powered off")
#: No id of the service comes near it.
MAX_ID = 2**63
#: Statuses by which the service says that the request itself cannot be: only then is there something to explain.
_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
#: What DigitalOcean has retired, by action type, and what replaced it.
REPLACED: Mapping[str, str] = {
    "change_kernel": (
        "droplets made since March 2017 manage their kernel inside the system: install one with its package manager, "
        "then reboot"
    ),
    "enable_private_networking": (
        "VPC networking replaced it and is always on: the droplet is in the VPC of its vpc_uuid, with its private_ip"
    ),
}


@dataclass(frozen=True, slots=True)
class Answered:
    """The service has accepted the step.

    Parameters
    ----------
    answer : object
        JSON; None where it was empty.
    found : bool
        The answer was lost, and the account shows this.
    actions : tuple of mapping
        The actions that carry the step out, one for each target or none.
    rows : tuple of mapping
        What was made, one for each target or none.
    """

    answer: Any
    found: bool = False
    actions: tuple[Row, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Busy:
    """Something else runs on the target, and nothing was done.

    Parameters
    ----------
    action : mapping or None
        What runs, or has completed without its droplet showing it; None where it has just ended.
    refusal : Unprocessable or None
        The service's, if it was asked.
    """

    action: Row | None
    refusal: Unprocessable | None = None


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """The target is as the step would leave it, and nothing was done.

    Parameters
    ----------
    why : str
    row : mapping or None
        The target as it was read; None where it could not be, and the service's refusal says so.
    """

    why: str
    row: Row | None


@dataclass(frozen=True, slots=True)
class Unread:
    """The target has to be looked at first and could not be, and nothing was sent.

    Parameters
    ----------
    error : PoseidonError
        May pass.
    """

    error: PoseidonError


class Sender:
    """Sends steps.

    Parameters
    ----------
    connection : Connection
    slugs : Slugs
        For what a refusal leaves unsaid.
    """

    def __init__(self, connection: Connection, slugs: Slugs) -> None:
        self._connection = connection
        self._slugs = slugs
        self.looks = Looks(connection)

    def send(
        self, step: Step, *, look_first: bool = False, unseen: bool = False
    ) -> Answered | Busy | NotNeeded | Unread:
        """Send a step once.

        Parameters
        ----------
        step : Step
            Without references.
        look_first : bool
            Read the droplet and leave the step out where it reads as the step would leave it.
        unseen : bool
            The droplet cannot be read: send a power action all the same, for one that is not needed is refused.

        Raises
        ------
        PoseidonError
            It was refused, or nobody knows what became of it.
        """
        if (look_first or step.when is not When.NEXT) and not unseen:
            try:
                row = self.droplet(int(step.targets[0].id or 0))
                if why := _not_needed(step, row):
                    # What still runs, or does not show yet, may be about to change that.
                    running = self._unsettled(row) if step.when in {When.ALWAYS, When.ANYWAY} else None
                    return NotNeeded(why, row) if running is None else Busy(running)
            except (*recovery.PASSING, Forbidden) as error:
                return Unread(error)
        looks = self.looks
        try:
            accepted = recovery.change(
                self._connection,
                step.request,
                look=looks.look_for(step),
                where=looks.where(step),
                usable=partial(_is_usable, step),
            )
        except Unprocessable as refusal:
            if PENDING in refusal.api_message and step.targets[0].kind == "droplet":
                return Busy(self._pending_now(step.targets[0].id), refusal)
            if step.when is not When.NEXT and any(words in refusal.api_message for words in ALREADY):
                return NotNeeded(refusal.api_message, None)
            raise self._explained(step, refusal) from None
        except APIError as refusal:
            raise self._explained(step, refusal) from None
        return self._answered(step, accepted.answer, found=accepted.found)

    # What an answer says.

    def _answered(self, step: Step, answer: Any, *, found: bool) -> Answered:
        if step.awaits == "droplets":
            told = answer["droplets"] if "droplets" in answer else [answer["droplet"]]
            names = [target.name for target in step.targets]
            rows = [{"name": name, **_with_number(row)} for name, row in zip(names, told, strict=False)]
            self.looks.know("droplets", rows)
            return Answered(answer, found, self._create_actions(answer, rows), tuple(rows))
        if step.awaits == "action":
            started = answer.get("action") or answer.get("actions") or []
            rows = started if isinstance(started, list) else [started]
            body = step.request.body if isinstance(step.request.body, dict) else {}
            least = {"status": IN_PROGRESS, "type": body.get("type", step.verb)}
            actions = tuple(least | _with_number(row) for row in rows)
            self.looks.know("actions", actions)
            return Answered(answer, found, actions)
        if step.awaits == "image":
            image = {"name": step.targets[0].name, **_with_number(answer["image"])}
            self.looks.know("images", [image])
            return Answered(answer, found, rows=(image,))
        return Answered(answer, found)

    def _create_actions(self, answer: Row, rows: list[Row]) -> tuple[Row, ...]:
        links = answer.get("links")
        listed = links.get("actions") if isinstance(links, dict) else None
        ids = [number_of(link.get("id")) for link in listed or () if link.get("rel") == "create"]
        known = [number for number in ids if number is not None]
        if len(known) == len(rows):
            return tuple(_create_action(row, number) for row, number in zip(rows, known, strict=True))
        found = []
        for row in rows:
            try:
                actions = self.looks.newest("dropletActions_list", {"droplet_id": row["id"]})
            except PoseidonError:
                # Without its action the droplet itself is waited for.
                return ()
            found.append(next((one for one in reversed(actions) if one["type"] == "create"), None))
        return tuple(action for action in found if action is not None) if None not in found else ()

    # What a refusal leaves unsaid.

    def _explained(self, step: Step, refusal: APIError) -> APIError:
        if refusal.status not in _REFUSALS or any(words in refusal.api_message for words in ALREADY):
            return refusal
        body = step.request.body if isinstance(step.request.body, dict) else {}
        if step.request.operation_id == "dropletActions_post":
            return explained(refusal, self._about_action(step, refusal, body))
        if step.request.operation_id == "droplets_create":
            return explained(refusal, self._slugs.explain(body))
        missing = isinstance(refusal, NotFound)
        return explained(refusal, explanation(self._connection, step.request, missing=missing))

    def _about_action(self, step: Step, refusal: APIError, body: Row) -> str:
        if body["type"] in REPLACED:
            return REPLACED[body["type"]]
        if body["type"] == "resize" and ON in refusal.api_message:
            return "restart=True (in %do: --restart) shuts it down first, and starts it again"
        place = {}
        if "size" in body:
            try:
                # A size has to be sold where the droplet is.
                region = (self.droplet(int(step.targets[0].id or 0)).get("region") or {}).get("slug")
            except PoseidonError:
                return ""
            place = {"region": region} if region else {}
        return self._slugs.explain({**body, **place})

    # What the account shows.

    def droplet(self, droplet_id: int) -> Row:
        """Return a droplet as the API sends it."""
        return self._connection.one("droplets_get", path={"droplet_id": droplet_id})

    def image(self, image_id: int) -> Row | None:
        """Return an image as the API sends it, or None when it is gone."""
        try:
            return self._connection.one("images_get", path={"image_id": image_id})
        except NotFound:
            return None

    def pending(self, droplet_id: int | str | None) -> Row | None:
        """Return the action that runs on a droplet now, or None."""
        return _running(self.looks.newest("dropletActions_list", {"droplet_id": droplet_id}))

    def _pending_now(self, droplet_id: int | str | None) -> Row | None:
        try:
            return self.pending(droplet_id)
        except (*recovery.PASSING, Forbidden):
            return None

    def _unsettled(self, droplet: Row) -> Row | None:
        """Return the action that is about to change a droplet: one that runs, or that has just ended and does not show."""
        running, ended = self.pending_or_ended(droplet["id"])
        return running or (ended if ended and not agrees(ended["type"], droplet, {}) else None)

    def pending_or_ended(self, droplet_id: int) -> tuple[Row | None, Row | None]:
        """Return the action that runs on a droplet now, and the one that has just ended and may not show yet; or None."""
        rows = self.looks.newest("dropletActions_list", {"droplet_id": droplet_id})
        return _running(rows), self._just_ended(rows)

    def _just_ended(self, rows: list[Row]) -> Row | None:
        """Return the newest action if the droplet may still lag behind it."""
        if not rows or rows[0]["status"] != COMPLETED or not rows[0].get("completed_at"):
            return None
        age = self._connection.session.server_now() - recovery.time_of(rows[0]["completed_at"])
        return rows[0] if age < timedelta(seconds=BOUND_S) else None

    def mistaken(self, step: Step, action: Action, row: Mapping[str, Any] | None) -> OutcomeUnknown | None:
        """Return the error for an action that was found by looking and is not the one of a step, or cannot be checked."""
        try:
            self.check_found(step, action.to_dict(), row)
        except OutcomeUnknown as error:
            return error
        except PoseidonError as error:
            unknown = OutcomeUnknown(
                f"the answer to {step.label} was lost, and whether the {action.type} that was found (action {action.id}) "
                f"did what was asked cannot be read: {error}"
            )
            unknown.__cause__ = error
            return unknown
        return None

    def check_found(self, step: Step, action: Row, droplet: Mapping[str, Any] | None) -> None:
        """Check that an action which was found by looking is the one that the step asked for, once it has completed.

        An action shows its type but not what it was asked for, so somebody else's of the same type looks like ours.

        Raises
        ------
        OutcomeUnknown
            What it left behind is not what the step asked for.
        """
        body = step.request.body
        parameters = {name: value for name, value in body.items() if name != "type"}
        if droplet is not None and not _shows(self, step, action, droplet, parameters):
            raise OutcomeUnknown(
                f"the answer to {step.label} was lost, and the {body['type']} that was found (action {action['id']}) may "
                f"be somebody else's, for {step.targets[0].name} reads otherwise: look at it before you repeat it"
            )


def _shows(sender: Sender, step: Step, action: Row, droplet: Mapping[str, Any], parameters: Row) -> bool:
    """Return whether a droplet shows what an action was asked for, as far as anything does."""
    if step.targets[0].kind == "image":
        return image_agrees(str(step.request.body["type"]), droplet, parameters)
    connection, path = sender._connection, {"droplet_id": droplet["id"]}  # noqa: SLF001  # one module
    if not agrees(str(step.request.body["type"]), droplet, parameters):
        return False
    if step.request.body["type"] == "snapshot" and parameters.get("name"):
        # A snapshot's created_at equals its action's started_at (terraform-provider-digitalocean finds it by that).
        rows = connection.rows("droplets_list_snapshots", path=path)
        began = recovery.time_of(action["started_at"]) - recovery.ROUNDING
        ended = recovery.time_of(action["completed_at"]) + recovery.ROUNDING
        return any(
            row["name"] == parameters["name"] and began <= recovery.time_of(row["created_at"]) <= ended for row in rows
        )
    if parameters.get("backup_policy"):
        policy = connection.one("droplets_get_backup_policy", path=path).get("backup_policy") or {}
        return all(policy.get(name) == value for name, value in parameters["backup_policy"].items())
    return True


def _running(actions: list[Row]) -> Row | None:
    return next((row for row in actions if row["status"] == IN_PROGRESS), None)


def _not_needed(step: Step, droplet: Row) -> str:
    """Return why a step makes no sense for a droplet as it is now; ``""`` where it does."""
    status = droplet.get("status")
    state = {"active": "on", "off": "off"}.get(str(status), str(status))
    if step.status and status != step.status:
        return f"already {state}"
    return f"already {state}" if step.change.field == "status" and status == step.change.after else ""


def number_of(value: Any) -> int | None:
    """Return an id as a number, also where it came as text; None where it is no id."""
    is_number = not isinstance(value, bool) and str(value).isascii() and str(value).isdecimal()
    return int(value) if is_number and 0 < int(value) < MAX_ID else None


def _is_usable(step: Step, answer: Any) -> bool:
    """Return whether an answer tells the id of everything that a step has made or started."""
    if step.awaits == "droplets":
        told = answer["droplets"] if "droplets" in answer else [answer.get("droplet")]
        return len(told) == len(step.targets) and all(map(_has_number, told))
    if step.awaits == "action":
        started = answer.get("action") or answer.get("actions") if isinstance(answer, dict) else None
        return started is None or all(map(_has_number, started if isinstance(started, list) else [started]))
    return step.awaits != "image" or (isinstance(answer, dict) and _has_number(answer.get("image")))


def _has_number(row: Any) -> bool:
    return isinstance(row, dict) and number_of(row.get("id")) is not None


def _with_number(row: Row) -> Row:
    """Return a row whose id is a number, also where it came as text."""
    return {**row, "id": number_of(row["id"])}


def _create_action(droplet: Row, action_id: int) -> Row:
    return {
        "id": action_id,
        "status": IN_PROGRESS,
        "type": "create",
        "started_at": droplet.get("created_at"),
        "completed_at": None,
        "resource_id": droplet["id"],
        "resource_type": "droplet",
    }
