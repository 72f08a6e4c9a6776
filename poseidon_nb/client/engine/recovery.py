"""Sending a change once, and searching the account for its effect if the response was lost or garbled.

DigitalOcean has no idempotency key (API introduction), so a change is never sent twice. The one exception is what powers a
droplet on again, see `sender`. A search result counts as ours only if it matches every visible field of the request, was not
known before, is newer than the request by the server's clock, and is the only one.

Identical requests of two clients, such as two reboots of one droplet, cannot be told apart. If one request is lost before
it reaches the server and the other is carried out, the result counts for both. The account is then as both wanted it, and
nothing was done twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import match, operation, possible_keys
from poseidon_nb.client.connection import add_detail
from poseidon_nb.errors import (
    ConnectionFailed,
    NotFound,
    OutcomeUnknown,
    PoseidonError,
    RateLimited,
    ServerError,
    ShapeError,
    TimedOut,
)
from poseidon_nb.masked_data import with_masked_repr
from poseidon_nb.transport.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeAlias

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.transport.responses import Response
    from poseidon_nb.transport.session import Session

    Row = Mapping[str, Any]
    #: Called with the time window of the request; returns the lost response as far as the account shows it, or None.
    Search: TypeAlias = "Callable[[SentWindow], Any]"

#: Errors of a read that may be temporary.
TRANSIENT_ERRORS = (ConnectionFailed, TimedOut, ServerError, RateLimited, ShapeError)
#: Seconds before each search after a lost response.
SEARCH_DELAYS_S = (0.0, 1.0, 2.0)
#: The API's times and the ``Date`` header are whole seconds, each rounded down separately.
TIME_RESOLUTION = timedelta(seconds=1)
#: Seconds by which a clock may shift between a request and a search. Smaller shifts come from the latency of a response;
#: a larger one means that the clock was set.
MAX_CLOCK_JUMP_S = 90.0


class SentWindow:
    """The time at which a request was sent, by the server's clock.

    Parameters
    ----------
    session : Session
        The session that is about to send the request.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sent_s = session.clock.monotonic()
        self._server_s = session.server_offset_s
        self._wall_s = self._wall_offset_s()

    def since(self) -> datetime:
        """Return the earliest time, in UTC, that the server can have recorded for the effect of the request.

        Call it after the search has read something, so that the server's time is known.

        Raises
        ------
        OutcomeUnknown
            A clock was set meanwhile, so older and newer results cannot be told apart.
        """
        server_s = self._session.server_offset_s
        before_s = self._server_s
        jumped = abs(self._wall_offset_s() - self._wall_s) > MAX_CLOCK_JUMP_S
        if server_s is None or jumped or (before_s is not None and abs(server_s - before_s) > MAX_CLOCK_JUMP_S):
            raise OutcomeUnknown(
                "The clock of this machine or of the server changed while waiting for the response, so the outcome is unknown."
            )
        # The latency of a response makes the server's clock look slow, never fast.
        latest_s = server_s if before_s is None else max(server_s, before_s)
        return datetime.fromtimestamp(latest_s + self._sent_s, UTC) - TIME_RESOLUTION

    def _wall_offset_s(self) -> float:
        clock = self._session.clock
        return clock.now().timestamp() - clock.monotonic()


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """The response to a change.

    Parameters
    ----------
    answer : object
        Its JSON; None if it was empty.
    found : bool
        Whether the response was lost, and this was found by a search.
    """

    answer: Any
    found: bool = False


def send_change(
    connection: Connection,
    request: Request,
    *,
    search: Search | None = None,
    where: str = "",
    is_usable: Callable[[Any], bool] = lambda _: True,
    attempt: int = 1,
) -> ChangeResult:
    """Send a POST, PUT, PATCH or DELETE once; if its response is lost, search for its effect.

    Parameters
    ----------
    connection : Connection
    request : Request
    search : callable, optional
        By default reads the path of a DELETE, PUT or PATCH; other requests have no default.
    where : str
        What the user should check if nothing is found.
    is_usable : callable, optional
        Returns whether a response contains what the caller needs; otherwise it counts as garbled.
    attempt : int
        How many times the caller has sent it, this time included.

    Raises
    ------
    OutcomeUnknown
        There was no usable response, and nothing was found.
    ServerError
        The response was a 5xx, and nothing was found.
    """
    window = SentWindow(connection.session)
    readable = match("GET", request.path)
    if search is None and readable is not None and not request.query:
        search = _search_by_path(connection, request, readable[0])
    where = where or (f"GET {request.path}" if readable is not None else "the account.")
    try:
        answer = read_answer(request, connection.send(request), can_search=search is not None)
        if is_usable(answer):
            return ChangeResult(answer)
        raise _incomplete(request)  # handled like a lost response
    except (ConnectionFailed, TimedOut, ServerError, ShapeError) as lost:
        if not getattr(lost, "sent", True) or getattr(lost, "status", 0) == HTTPStatus.NOT_IMPLEMENTED:
            raise
        failure: PoseidonError = lost
    found = read_repeatedly(connection, partial(search, window)) if search is not None else None
    if found is not None:
        return ChangeResult(None if found is True else found, found=True)
    sent = "once" if attempt == 1 else f"{attempt} times"
    advice = f"The request was sent {sent}. It may have succeeded, but its effect was not found. Before repeating it, check {where}"
    if isinstance(failure, ServerError):
        # There was a response, with an id that DigitalOcean's support asks for.
        raise add_detail(failure, advice)
    raise add_detail(OutcomeUnknown(str(failure), method=request.method, path=request.path), advice) from failure


def _incomplete(request: Request) -> ShapeError:
    return ShapeError(f"The response to {request.label} does not contain what was created or started.")


def read_repeatedly(connection: Connection, read: Callable[[], Any]) -> Any:
    """Read several times until there is a result, because the effect of a request may take a moment to show; else None."""
    for delay_s in SEARCH_DELAYS_S:
        if delay_s:
            connection.report_wait(delay_s, "response lost, checking the account")
            connection.session.clock.sleep(delay_s)
        try:
            found = read()
        except (*TRANSIENT_ERRORS, NotFound):
            # The next one may succeed, or the effect may show by then.
            continue
        except PoseidonError:
            return None
        if found is not None:
            return found
    return None


def read_answer(request: Request, reply: Response, *, can_search: bool) -> Any:
    """Return the JSON of the response to a change, or None if it is empty.

    Parameters
    ----------
    request : Request
    reply : Response
        With a 2xx status.
    can_search : bool
        Whether the account can be searched instead. If not, any JSON is accepted.

    Raises
    ------
    ShapeError
        The response is garbled: it does not come from the API, or lacks what the operation returns.
    """
    wanted = operation(request.operation_id) if request.operation_id else None
    if wanted is not None and wanted.status == HTTPStatus.NO_CONTENT != reply.status:
        # Only the status tells that it comes from the API: a proxy answers 200, with or without a body.
        raise ShapeError(f"The response to {request.label} has status {reply.status}, expected 204.")
    if wanted is not None and not wanted.response_key and reply.body and _is_raw_data(reply):
        return with_masked_repr(reply.content())
    answer = with_masked_repr(reply.json())
    if wanted is None or not wanted.response_key:
        return answer
    if answer is None or (can_search and not _is_complete(answer, wanted)):
        raise _incomplete(request)
    return answer


def _is_raw_data(reply: Response) -> bool:
    """Return whether a response declares a content type other than JSON and HTML."""
    kind = reply.headers.get("content-type", "").split(";")[0].strip().lower()
    return bool(kind) and "json" not in kind and "html" not in kind


#: Fields that identify a resource, and suffixes of such fields; without any of them a resource cannot be found again.
_ID_FIELDS = frozenset({"slug", "fingerprint", "ip", "urn", "access_key", "key", "token", "namespace"})
_ID_SUFFIXES = ("id", "name")


def _is_complete(answer: Any, wanted: Operation) -> bool:
    if wanted.method in {"PUT", "PATCH"}:
        # The path identifies the resource.
        keys = possible_keys(wanted.response_key)
        return isinstance(answer, dict) and any(answer.get(key) is not None for key in keys)
    return _has_identity(answer, wanted.response_key)


def _has_identity(answer: Any, key: str) -> bool:
    """Return whether a response contains the id or key of everything that was created or started."""
    if not isinstance(answer, dict):
        return False
    # Creating several droplets and acting by tag return a list, under another key than for one.
    values = [answer[name] for name in possible_keys(key) if answer.get(name)]
    rows = [row for value in values for row in (value if isinstance(value, list) else [value])]
    return bool(rows) and all(isinstance(row, dict) and any(map(_is_identity, row.items())) for row in rows)


def _is_identity(field: tuple[str, Any]) -> bool:
    name, value = field
    return bool(value) and (name in _ID_FIELDS or name.endswith(_ID_SUFFIXES))


def _search_by_path(connection: Connection, request: Request, readable: Operation) -> Search | None:
    """Return the search at the path of a change; None if the path shows nothing."""
    read, body = Request("GET", request.path, operation_id=readable.id), request.body
    if request.method == "DELETE" and not body:
        return search_deleted(connection, read)
    if request.method not in {"PUT", "PATCH"} or not isinstance(body, dict) or not body or not readable.response_key:
        return None
    key = operation(request.operation_id).response_key if request.operation_id else ""

    def search(_: SentWindow) -> Any:
        row = connection.unwrapped(readable.id, connection.send(read).json())
        # Every written field must be visible: a field that is not may not have been written.
        visible = isinstance(row, dict) and all(name in row for name in body)
        return ({key: row} if key else True) if visible and matches(row, body) else None

    return search


def search_deleted(
    connection: Connection, read: Request, is_deleting: Callable[[SentWindow], bool] = lambda _: False
) -> Search:
    """Return the search after a DELETE whose response was lost.

    Parameters
    ----------
    connection : Connection
    read : Request
        Reads what was to be deleted.
    is_deleting : callable, optional
        Returns whether a resource that can still be read is being deleted.
    """

    def search(window: SentWindow) -> bool | None:
        try:
            connection.send(read)
        except NotFound:
            return True
        return is_deleting(window) or None

    return search


def find_started(actions: Iterable[Row], action_type: str, since: datetime) -> Row | None:
    """Return the only action of a type that started since; None if there is none, or more than one."""
    found = [row for row in actions if row["type"] == action_type and is_since(row.get("started_at"), since)]
    return found[0] if len(found) == 1 else None


def is_since(text: Any, since: datetime) -> bool:
    """Return whether a time of the API is not before another; False for anything but a time."""
    try:
        return parse_time(text) >= since
    except (TypeError, ValueError):
        return False


def parse_time(text: str) -> datetime:
    """Parse a time of the API; return it in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def is_made_from(droplet: Row, image: object) -> bool:
    """Return whether a droplet was created from an image, given by id or slug."""
    known = droplet.get("image")
    # Without the scope image:read a droplet shows no image, so it may be this one.
    return not known or str(image) in {str(known.get("id")), known.get("slug")}


def find_created(droplets: Iterable[Row], body: Row, since: datetime) -> list[Row] | None:
    """Return the droplets that a create request made, in the order of its names; None if that is ambiguous.

    Parameters
    ----------
    droplets : iterable of mapping
        All droplets with one of the names.
    body : mapping
        The body of the request.
    since : datetime
    """
    names = body.get("names") or [body["name"]]
    found = [
        row
        for row in droplets
        if row["name"] in names and is_since(row.get("created_at"), since) and _matches_request(row, body)
    ]
    created: list[Row] = []
    for name in names:
        same = [row for row in found if row["name"] == name]
        if len(same) != names.count(name):
            return None
        created.append(same[sum(row["name"] == name for row in created)])
    return created


#: Options of a create that show in the droplet's features (droplets_get).
_FEATURES = ("backups", "ipv6", "monitoring")


def _matches_request(row: Row, body: Row) -> bool:
    """Return whether a droplet matches all visible fields of a create request."""
    features = row.get("features")
    wanted = {name for name in _FEATURES if body.get(name)}
    volumes = [one if isinstance(one, str) else one.get("id") for one in body.get("volumes") or ()]
    tags = row.get("tags")
    return (
        row["size_slug"] == body["size"]
        and is_made_from(row, body["image"])
        and str((row.get("region") or {}).get("slug", "")).startswith(body.get("region") or "")
        and (tags is None or {*map(str.casefold, tags)} == {*map(str.casefold, body.get("tags") or ())})
        and (features is None or {*features} & {*_FEATURES} == wanted)
        and (not body.get("vpc_uuid") or row.get("vpc_uuid") in {None, body["vpc_uuid"]})
        and (row.get("volume_ids") is None or {*filter(None, volumes)} <= {*row["volume_ids"]})
    )


def matches(row: Any, wanted: Any) -> bool:
    """Return whether a row matches the wanted values; fields that the row does not have are ignored."""
    if isinstance(row, dict) and isinstance(wanted, dict):
        return all(matches(row[name], value) for name, value in wanted.items() if name in row and value is not None)
    if isinstance(row, dict) and isinstance(wanted, str):
        # A region is written as a slug and read as an object.
        return wanted in {row.get("slug"), str(row.get("id"))}
    if isinstance(row, list) and isinstance(wanted, list | tuple):
        return len(row) == len(wanted) and all(any(matches(one, other) for one in row) for other in wanted)
    if isinstance(row, bool) or isinstance(wanted, bool):
        return bool(row) == bool(wanted)
    return str(row) == str(wanted)
