"""Sending one step: at most once, after other actions on its target, and with explained refusals.

Only what powers a droplet on again after a restart is repeated if it was lost: `RESTORE_DELAYS_S`.

API: ``dropletActions_post``, ``droplets_create``, ``droplets_destroy``, ``imageActions_post``, and any other operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.actions.progress import COMPLETED, IN_PROGRESS
from poseidon_nb.client.connection import add_detail
from poseidon_nb.client.engine import recovery
from poseidon_nb.client.engine.checks import ALREADY_DELETED, StepChecks
from poseidon_nb.client.engine.consistency import CONSISTENCY_TIMEOUT_S, image_is_consistent, is_consistent
from poseidon_nb.client.engine.searches import Searches
from poseidon_nb.client.engine.steps import FieldChange, When
from poseidon_nb.client.slugs import NOT_READY, explain_refusal
from poseidon_nb.errors import APIError, Forbidden, NotFound, OutcomeUnknown, PoseidonError, Unprocessable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.recovery import ChangeResult
    from poseidon_nb.client.engine.steps import Step
    from poseidon_nb.client.slugs import SlugChecker

    Row = dict[str, Any]

#: Part of DigitalOcean's message while another action runs. Clients have to match on it: there is no error code.
PENDING_EVENT = "pending event"
#: Part of its message for an action that needs the droplet to be off.
CURRENTLY_ON = "currently on"
#: Parts of its messages for a power action that would change nothing.
ALREADY_DONE = ("already powered on", "already powered off")
#: Seconds before a lost request that powers a droplet on again is repeated, while the droplet is off and nothing runs on it.
#: A droplet that is on refuses it, and otherwise a lost request would leave a droplet off that a restart has shut down.
RESTORE_DELAYS_S = (1.0, 2.0, 4.0, 8.0)
#: Ids of the API are far below this.
MAX_ID = 2**63
#: Statuses for a request that cannot succeed as it is, so that there is something to explain.
_EXPLAINABLE = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, *NOT_READY}
#: What replaced the action types that DigitalOcean has retired.
REPLACEMENTS: Mapping[str, str] = {
    "change_kernel": (
        "Droplets created since March 2017 manage their kernel in the operating system. Install a kernel with the package "
        "manager of the system, then reboot."
    ),
    "enable_private_networking": (
        "VPC networking replaced private networking and is always on. The droplet has a VPC (vpc_uuid) "
        "and a private address (private_ip)."
    ),
}


@dataclass(frozen=True, slots=True)
class AcceptedStep:
    """The API accepted the step.

    Parameters
    ----------
    answer : object
        JSON of the response; None if it was empty.
    found : bool
        Whether the response was lost, and this was found by a search.
    actions : tuple of mapping
        The actions that the step started, one for each target or none.
    rows : tuple of mapping
        What was created, one for each target or none.
    created_id : int or str, optional
        The id of the one other resource that was created.
    """

    answer: Any
    found: bool = False
    actions: tuple[Row, ...] = ()
    rows: tuple[Row, ...] = ()
    created_id: int | str | None = None


@dataclass(frozen=True, slots=True)
class BusyTarget:
    """Another action runs on the target, and nothing was done.

    Parameters
    ----------
    action : mapping or None
        The action that runs, or that completed but does not show in the droplet yet; None if it has just ended.
    refusal : Unprocessable or None
        The API's error, if the step was sent.
    """

    action: Row | None
    refusal: Unprocessable | None = None


@dataclass(frozen=True, slots=True)
class UnneededStep:
    """The target already is as the step would leave it, and nothing was done.

    Parameters
    ----------
    why : str
    row : mapping or None
        The target as it was read; None if it could not be read, and the API's refusal says so.
    """

    why: str
    row: Row | None


@dataclass(frozen=True, slots=True)
class UnreadTarget:
    """The target had to be read first and could not be, and nothing was sent.

    Parameters
    ----------
    error : PoseidonError
        May be temporary.
    """

    error: PoseidonError


class Sender:
    """Sends steps.

    Parameters
    ----------
    connection : Connection
    slugs : SlugChecker
        Explains refusals.
    """

    def __init__(self, connection: Connection, slugs: SlugChecker) -> None:
        self._connection = connection
        self._slugs = slugs
        self.searches = Searches(connection)
        self._checks = StepChecks(connection, self.searches.newest_actions)

    def send(
        self, step: Step, *, read_first: bool = False, skip_read: bool = False
    ) -> AcceptedStep | BusyTarget | UnneededStep | UnreadTarget:
        """Send a step once.

        Parameters
        ----------
        step : Step
            Without references.
        read_first : bool
            Read the droplet, and skip the step if it already reads as the step would leave it.
        skip_read : bool
            Send the step without reading the droplet, which cannot be read. The API refuses an unneeded power action.

        Raises
        ------
        PoseidonError
            The step was refused, or its outcome is unknown.
        """
        is_droplet = step.targets[0].kind == "droplet"
        read = is_droplet and (read_first or step.when is not When.NEXT) and not skip_read
        if before := self._check_before(step, read=read):
            return before
        if step.snapshot:
            step = self._checks.with_snapshot_id(step)
        try:
            accepted = self._send_change(step)
        except Unprocessable as refusal:
            if PENDING_EVENT in refusal.api_message and step.targets[0].kind == "droplet":
                return BusyTarget(self._pending_now(step.targets[0].id), refusal)
            if step.when is not When.NEXT and any(words in refusal.api_message for words in ALREADY_DONE):
                return UnneededStep(refusal.api_message, None)
            raise self._explain(step, refusal) from None
        except APIError as refusal:
            if step.unused and isinstance(refusal, NotFound):
                # Another chain has just deleted the tag that both had used.
                return UnneededStep(ALREADY_DELETED, None)
            raise self._explain(step, refusal) from None
        return self._answered(step, accepted.answer, found=accepted.found)

    def _send_change(self, step: Step) -> ChangeResult:
        """Send a step's request; again, if it was lost and has to power a droplet on that is still off."""
        delays_s = iter(RESTORE_DELAYS_S)
        for attempt in count(1):
            try:
                return recovery.send_change(
                    self._connection,
                    step.request,
                    search=self.searches.for_step(step),
                    where=self.searches.place_to_check(step),
                    is_usable=partial(_is_usable, step),
                    attempt=attempt,
                )
            except (*recovery.TRANSIENT_ERRORS, OutcomeUnknown):
                delay_s = next(delays_s, None)
                if delay_s is None or not self._is_still_off(step):
                    raise
                self._connection.report_wait(delay_s, "response lost, sending it again")
                self._connection.session.clock.sleep(delay_s)
        raise AssertionError

    def _is_still_off(self, step: Step) -> bool:
        """Return whether a step that restores the power of a droplet was not carried out: it is off, and nothing runs."""
        if step.change != FieldChange("status", "off", "active") or step.when is When.NEXT:
            return False
        droplet_id = int(step.targets[0].id or 0)

        def is_off() -> bool:
            return self.droplet(droplet_id).get("status") == "off" and self.pending(droplet_id) is None

        return recovery.read_repeatedly(self._connection, is_off) is True

    def _check_before(self, step: Step, *, read: bool) -> BusyTarget | UnneededStep | UnreadTarget | None:
        """Read what must be known before a step is sent; return why it is not, or not yet, sent; None if it is."""
        try:
            if why := self._checks.why_unneeded(step):
                return UnneededStep(why, None)
            if step.snapshot and (incomplete := self._checks.snapshot_error(step)):
                return UnreadTarget(incomplete)
            if read:
                row = self.droplet(int(step.targets[0].id or 0))
                if why := _why_unneeded(step, row):
                    # An action that still runs, or does not show yet, may be about to change that.
                    running = self._unsettled_action(row) if step.runs_always else None
                    return UnneededStep(why, row) if running is None else BusyTarget(running)
        except (*recovery.TRANSIENT_ERRORS, Forbidden) as error:
            return UnreadTarget(error)
        return None

    def _answered(self, step: Step, answer: Any, *, found: bool) -> AcceptedStep:
        if step.awaits == "droplets":
            created = answer["droplets"] if "droplets" in answer else [answer["droplet"]]
            names = [target.name for target in step.targets]
            rows = [{"name": name, **_with_int_id(row)} for name, row in zip(names, created, strict=False)]
            self.searches.remember("droplets", rows)
            return AcceptedStep(answer, found, self._create_actions(answer, rows), tuple(rows))
        if step.awaits == "action":
            started = answer.get("action") or answer.get("actions") or []
            rows = started if isinstance(started, list) else [started]
            body = step.request.body if isinstance(step.request.body, dict) else {}
            defaults = {"status": IN_PROGRESS, "type": body.get("type", step.verb)}
            actions = tuple(defaults | _readable(_with_int_id(row)) for row in rows)
            self.searches.remember("actions", actions)
            return AcceptedStep(answer, found, actions)
        if step.awaits == "image":
            image = {"name": step.targets[0].name, **_with_int_id(answer["image"])}
            self.searches.remember("images", [image])
            return AcceptedStep(answer, found, rows=(image,))
        return AcceptedStep(answer, found, created_id=_created_id(step, answer))

    def _create_actions(self, answer: Row, rows: list[Row]) -> tuple[Row, ...]:
        links = answer.get("links")
        listed = links.get("actions") if isinstance(links, dict) else None
        ids = [parse_id(link.get("id")) for link in listed or () if link.get("rel") == "create"]
        known = [number for number in ids if number is not None]
        if len(known) == len(rows):
            return tuple(_create_action_row(row, number) for row, number in zip(rows, known, strict=True))
        found = []
        for row in rows:
            try:
                actions = self.searches.newest_actions("dropletActions_list", {"droplet_id": row["id"]})
            except PoseidonError:
                # Without its action, the droplet itself is waited for.
                return ()
            found.append(next((one for one in reversed(actions) if one["type"] == "create"), None))
        return tuple(action for action in found if action is not None) if None not in found else ()

    def _explain(self, step: Step, refusal: APIError) -> APIError:
        if refusal.status not in _EXPLAINABLE or any(words in refusal.api_message for words in ALREADY_DONE):
            return refusal
        body = step.request.body if isinstance(step.request.body, dict) else {}
        if step.request.operation_id == "dropletActions_post":
            return add_detail(refusal, self._explain_action(step, refusal, body))
        if step.request.operation_id == "droplets_create":
            return add_detail(refusal, self._slugs.explain(body))
        return add_detail(refusal, explain_refusal(self._connection, step.request, refusal))

    def _explain_action(self, step: Step, refusal: APIError, body: Row) -> str:
        if body["type"] in REPLACEMENTS:
            return REPLACEMENTS[body["type"]]
        if body["type"] == "resize" and CURRENTLY_ON in refusal.api_message:
            return "Use restart=True (in %do: --restart) to shut it down first and start it again."
        place = {}
        if "size" in body:
            try:
                # The size must be available in the droplet's region.
                region = (self.droplet(int(step.targets[0].id or 0)).get("region") or {}).get("slug")
            except PoseidonError:
                return ""
            place = {"region": region} if region else {}
        return self._slugs.explain({**body, **place})

    def droplet(self, droplet_id: int) -> Row:
        """Read a droplet as the API sends it."""
        return self._checks.droplet(droplet_id)

    def image(self, image_id: int) -> Row | None:
        """Read an image as the API sends it; return None if it does not exist."""
        return self._checks.image(image_id)

    def resource(self, operation_id: str, path: Mapping[str, Any]) -> Row | None:
        """Read any resource as the API sends it; return None if it does not exist."""
        try:
            return self._connection.one(operation_id, path=path)
        except NotFound:
            return None

    def pending(self, droplet_id: int | str | None) -> Row | None:
        """Return the action in progress on a droplet, or None."""
        return _running_action(self.searches.newest_actions("dropletActions_list", {"droplet_id": droplet_id}))

    def _pending_now(self, droplet_id: int | str | None) -> Row | None:
        try:
            return self.pending(droplet_id)
        except (*recovery.TRANSIENT_ERRORS, Forbidden):
            return None

    def _unsettled_action(self, droplet: Row) -> Row | None:
        """Return an action that runs on a droplet, or that has just ended and does not show yet; or None."""
        running, ended = self.recent_actions(droplet["id"])
        return running or (ended if ended and not is_consistent(ended["type"], droplet, {}) else None)

    def recent_actions(self, droplet_id: int) -> tuple[Row | None, Row | None]:
        """Return the action in progress on a droplet, and one that has just ended and may not show yet; each or None."""
        rows = self.searches.newest_actions("dropletActions_list", {"droplet_id": droplet_id})
        return _running_action(rows), self._just_ended(rows)

    def _just_ended(self, rows: list[Row]) -> Row | None:
        """Return the newest action if it has ended so recently that the droplet may not show it yet."""
        if not rows or rows[0]["status"] != COMPLETED or not rows[0].get("completed_at"):
            return None
        age = self._connection.session.server_now() - recovery.parse_time(rows[0]["completed_at"])
        return rows[0] if age < timedelta(seconds=CONSISTENCY_TIMEOUT_S) else None

    def mismatch_error(self, step: Step, action: Action, row: Mapping[str, Any] | None) -> OutcomeUnknown | None:
        """Return the error for an action that was found by a search, if it is not the step's or cannot be checked."""
        try:
            self._check_found(step, action.to_dict(), row)
        except OutcomeUnknown as error:
            return error
        except PoseidonError as error:
            unknown = OutcomeUnknown(
                f"The response to {step.label!r} was lost, and its outcome cannot be read: {error.args[0]}"
            )
            unknown.__cause__, unknown.request_id = error, error.request_id
            return add_detail(unknown, f"A matching {action.type} was found (action {action.id}).")
        return None

    def _check_found(self, step: Step, action: Row, droplet: Mapping[str, Any] | None) -> None:
        """Check that a completed action that was found by a search is the one that the step started.

        An action shows its type but not its parameters, so somebody else's action of the same type looks like ours.

        Raises
        ------
        OutcomeUnknown
            Its result does not match the step.
        """
        body = step.request.body
        parameters = {name: value for name, value in body.items() if name != "type"}
        if droplet is not None and not _matches_request(self._connection, step, action, droplet, parameters):
            name = step.targets[0].name
            raise OutcomeUnknown(
                f"The response to {step.label!r} was lost. Action {action['id']} ({body['type']}) matches, but it may "
                f"have been started elsewhere, because {name} does not show its result. Check {name} before repeating the request."
            )


def _matches_request(
    connection: Connection, step: Step, action: Row, droplet: Mapping[str, Any], parameters: Row
) -> bool:
    """Return whether a droplet or an image matches the parameters of an action, as far as they are visible."""
    if step.targets[0].kind == "image":
        return image_is_consistent(str(step.request.body["type"]), droplet, parameters)
    path = {"droplet_id": droplet["id"]}
    if not is_consistent(str(step.request.body["type"]), droplet, parameters):
        return False
    if step.request.body["type"] == "snapshot" and parameters.get("name"):
        # A snapshot's created_at equals its action's started_at (terraform-provider-digitalocean finds it by that).
        rows = connection.rows("droplets_list_snapshots", path=path)
        started = recovery.parse_time(action["started_at"]) - recovery.TIME_RESOLUTION
        ended = recovery.parse_time(action["completed_at"]) + recovery.TIME_RESOLUTION
        return any(
            row["name"] == parameters["name"] and started <= recovery.parse_time(row["created_at"]) <= ended
            for row in rows
        )
    if parameters.get("backup_policy"):
        policy = connection.one("droplets_get_backup_policy", path=path).get("backup_policy") or {}
        return all(policy.get(name) == value for name, value in parameters["backup_policy"].items())
    return True


def _running_action(actions: list[Row]) -> Row | None:
    return next((row for row in actions if row["status"] == IN_PROGRESS), None)


def _why_unneeded(step: Step, droplet: Row) -> str:
    """Return why a step is not needed for a droplet in its current state; ``""`` if it is."""
    status = droplet.get("status")
    state = {"active": "on", "off": "off"}.get(str(status), str(status))
    if step.status and status != step.status:
        return f"already {state}"
    return f"already {state}" if step.change.field == "status" and status == step.change.after else ""


def parse_id(value: Any) -> int | None:
    """Return an id as an integer, also if it is text; None if it is not an id."""
    is_number = not isinstance(value, bool) and str(value).isascii() and str(value).isdecimal()
    return int(value) if is_number and 0 < int(value) < MAX_ID else None


def _is_usable(step: Step, answer: Any) -> bool:
    """Return whether a response contains the id of everything that a step created or started."""
    if step.awaits == "droplets":
        created = answer["droplets"] if "droplets" in answer else [answer.get("droplet")]
        return len(created) == len(step.targets) and all(map(_has_id, created))
    if step.awaits == "action":
        started = answer.get("action") or answer.get("actions") if isinstance(answer, dict) else None
        return started is None or all(map(_has_id, started if isinstance(started, list) else [started]))
    return step.awaits != "image" or (isinstance(answer, dict) and _has_id(answer.get("image")))


def _created_id(step: Step, answer: Any) -> int | str | None:
    """Return the id of the one resource that a step created, or None."""
    request = step.request
    if request.method != "POST" or not request.operation_id or len(step.targets) != 1 or step.targets[0].id is not None:
        return None
    row = answer.get(operation(request.operation_id).response_key) if isinstance(answer, dict) else None
    id_ = row.get("id") if isinstance(row, dict) else None
    return id_ if isinstance(id_, int | str) and not isinstance(id_, bool) else None


def _has_id(row: Any) -> bool:
    return isinstance(row, dict) and parse_id(row.get("id")) is not None


def _readable(row: Row) -> Row:
    """Return an action without a status or type that is no text."""
    return {name: value for name, value in row.items() if name not in {"status", "type"} or isinstance(value, str)}


def _with_int_id(row: Row) -> Row:
    """Return a row with its id as an integer, also if it is text."""
    return {**row, "id": parse_id(row["id"])}


def _create_action_row(droplet: Row, action_id: int) -> Row:
    return {
        "id": action_id,
        "status": IN_PROGRESS,
        "type": "create",
        "started_at": droplet.get("created_at"),
        "completed_at": None,
        "resource_id": droplet["id"],
        "resource_type": "droplet",
    }
