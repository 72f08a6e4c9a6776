"""Sending a change once, and looking for what it left behind when its answer was lost or is garbled.

DigitalOcean has no idempotency key (API introduction), so a change is never sent twice. What a look finds is taken for ours
only if it matches everything that the request said and that can be seen, was not there before by what this client knows,
came since by the server's clock, and is the only one.

Two clients whose requests are alike in everything that can be seen (both reboot the same droplet, say) cannot be told
apart: if the answer to one is lost before the service saw it and the other's was carried out, that one is taken for both.
The account is then as both wanted it, and nothing was done twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import match, operation
from poseidon_nb.client.connection import explained
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
from poseidon_nb.transport.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeAlias

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.transport.responses import Response
    from poseidon_nb.transport.session import Session

    Row = Mapping[str, Any]
    #: Given when the request went out, returns the answer that was lost as far as the account shows it, or None.
    Look: TypeAlias = "Callable[[SentWindow], Any]"

#: Failures of a request that only reads which may pass.
PASSING = (ConnectionFailed, TimedOut, ServerError, RateLimited, ShapeError)
#: Seconds before each look for what a lost answer may have been about.
LOOKS_AFTER_S = (0.0, 1.0, 2.0)
#: The API's times and the ``Date`` header are whole seconds, each rounded down on its own.
ROUNDING = timedelta(seconds=1)
#: Clocks that differ by more than this between a request and a look have been set meanwhile, in seconds. Less is the time
#: that an answer was on its way.
JUMP_S = 90.0


class SentWindow:
    """When a request went out, by the server's clock.

    Parameters
    ----------
    session : Session
        About to send the request.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sent_s = session.clock.monotonic()
        self._server_s = session.server_offset_s
        self._wall_s = self._wall_offset_s()

    def since(self) -> datetime:
        """Return the earliest time that the server can have written on what the request made; UTC.

        Call it after the look has read something, so that the server has told its time.

        Raises
        ------
        OutcomeUnknown
            A clock was set meanwhile: what is older and what is newer cannot be told apart.
        """
        server_s = self._session.server_offset_s
        before_s = self._server_s
        jumped = abs(self._wall_offset_s() - self._wall_s) > JUMP_S
        if server_s is None or jumped or (before_s is not None and abs(server_s - before_s) > JUMP_S):
            raise OutcomeUnknown("a clock was set while the answer was awaited")
        # An answer that was long on its way makes the server's clock look late, never early.
        latest_s = server_s if before_s is None else max(server_s, before_s)
        return datetime.fromtimestamp(latest_s + self._sent_s, UTC) - ROUNDING

    def _wall_offset_s(self) -> float:
        clock = self._session.clock
        return clock.now().timestamp() - clock.monotonic()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a change.

    Parameters
    ----------
    answer : object
        Its JSON; None where it was empty.
    found : bool
        The answer was lost, and this was found by looking.
    """

    answer: Any
    found: bool = False


def change(
    connection: Connection,
    request: Request,
    *,
    look: Look | None = None,
    where: str = "",
    usable: Callable[[Any], bool] = lambda _: True,
) -> Accepted:
    """Send a POST, PUT, PATCH or DELETE once; where its answer is lost, look whether it was carried out.

    Parameters
    ----------
    connection : Connection
    request : Request
    look : callable, optional
        By default what can be read at the path of a DELETE, PUT or PATCH; nothing for others.
    where : str
        What a person should look at if nothing is found.
    usable : callable, optional
        Returns whether an answer says what the caller needs of it; one that does not is garbled.

    Raises
    ------
    OutcomeUnknown
        No usable answer came, and nothing was found.
    ServerError
        The answer was a 5xx, and nothing was found.
    """
    window = SentWindow(connection.session)
    readable = match("GET", request.path)
    if look is None and readable is not None and not request.query:
        look = _by_path(connection, request, readable[0])
    where = where or (f"GET {request.path}" if readable is not None else "the account")
    try:
        answer = read_answer(request, connection.send(request), can_look=look is not None)
        if usable(answer):
            return Accepted(answer)
        raise ShapeError(f"{request.label}: the answer does not say what was made or started")  # noqa: TRY301  # as if lost
    except (ConnectionFailed, TimedOut, ServerError, ShapeError) as lost:
        if not getattr(lost, "sent", True) or getattr(lost, "status", 0) == HTTPStatus.NOT_IMPLEMENTED:
            raise
        failure: PoseidonError = lost
    found = _found(connection, look, window) if look is not None else None
    if found is not None:
        return Accepted(None if found is True else found, found=True)
    advice = f"it was sent once and may have been carried out, but does not show: look at {where} before you repeat it"
    if isinstance(failure, ServerError):
        # There was an answer, with an id that DigitalOcean's support asks for.
        raise explained(failure, advice)
    raise OutcomeUnknown(f"{failure}; {advice}", method=request.method, path=request.path) from failure


def _found(connection: Connection, look: Look, window: SentWindow) -> Any:
    """Look several times: what was made may take a moment to show."""
    for pause_s in LOOKS_AFTER_S:
        if pause_s:
            connection.tell_wait(pause_s, "the answer was lost: looking whether it was carried out")
            connection.session.clock.sleep(pause_s)
        try:
            found = look(window)
        except (*PASSING, NotFound):
            # The next look may be answered, or what was made may show by then.
            continue
        except PoseidonError:
            return None
        if found is not None:
            return found
    return None


def read_answer(request: Request, reply: Response, *, can_look: bool) -> Any:
    """Return the JSON of an answer to a change, or None for an empty one.

    Parameters
    ----------
    request : Request
    reply : Reply
        Its status is 2xx.
    can_look : bool
        The account could be looked at instead. Where it cannot, any JSON counts as an answer.

    Raises
    ------
    ShapeError
        The answer is garbled: something between here and the API has written it, or it lacks what the operation needs.
    """
    wanted = operation(request.operation_id) if request.operation_id else None
    if wanted is not None and wanted.method == "DELETE" and wanted.status == HTTPStatus.NO_CONTENT != reply.status:
        raise ShapeError(f"{request.label}: the answer is {reply.status}, and should be 204")
    if wanted is not None and not wanted.response_key and reply.body and _is_data(reply):
        return reply.content()
    answer = reply.json()
    if wanted is None or not wanted.response_key:
        return answer
    if answer is None or (can_look and not _says_enough(answer, wanted)):
        raise ShapeError(f"{request.label}: the answer does not say what was made or started")
    return answer


def _is_data(reply: Response) -> bool:
    """Return whether an answer says of itself that it is neither JSON nor a web page."""
    kind = reply.headers.get("content-type", "").split(";")[0].strip().lower()
    return bool(kind) and "json" not in kind and "html" not in kind


#: By what the API's things are known, or how the names of such fields end; an object without any cannot be found again.
_IDENTITIES = frozenset({"slug", "fingerprint", "ip", "urn", "access_key", "key", "token", "namespace"})
_ENDINGS = ("id", "name")


def _says_enough(answer: Any, wanted: Operation) -> bool:
    if wanted.method in {"PUT", "PATCH"}:
        # Which thing it is about stands in the path.
        return isinstance(answer, dict) and answer.get(wanted.response_key) is not None
    return _says_which(answer, wanted.response_key)


def _says_which(answer: Any, key: str) -> bool:
    """Return whether an answer holds the id or key by which what was made or started is known."""
    if not isinstance(answer, dict):
        return False
    # Creating droplets and acting by tag answer with a list under another key than for one.
    held = [answer[name] for name in (key, f"{key}s", key.removesuffix("s")) if answer.get(name)]
    rows = [row for value in held for row in (value if isinstance(value, list) else [value])]
    return bool(rows) and all(isinstance(row, dict) and any(map(_tells, row.items())) for row in rows)


def _tells(field: tuple[str, Any]) -> bool:
    name, value = field
    return bool(value) and (name in _IDENTITIES or name.endswith(_ENDINGS))


def _by_path(connection: Connection, request: Request, readable: Operation) -> Look | None:
    """Return the look at the path of a change; None where that tells nothing."""
    read, body = Request("GET", request.path, operation_id=readable.id), request.body
    if request.method == "DELETE" and not body:
        return gone(connection, read)
    if request.method not in {"PUT", "PATCH"} or not isinstance(body, dict) or not body or not readable.response_key:
        return None
    key = operation(request.operation_id).response_key if request.operation_id else ""

    def look(_: SentWindow) -> Any:
        row = connection.unwrapped(readable.id, connection.send(read).json())
        # What was written has to be there, all of it: what does not show may not have been.
        shows = isinstance(row, dict) and all(name in row for name in body) and reads_as(row, body)
        return ({key: row} if key else True) if shows else None

    return look


def gone(connection: Connection, read: Request, going: Callable[[SentWindow], bool] = lambda _: False) -> Look:
    """Return the look after a DELETE whose answer was lost.

    Parameters
    ----------
    connection : Connection
    read : Request
        Reads what was to be deleted.
    going : callable, optional
        Returns whether what can still be read is on its way out.
    """

    def look(window: SentWindow) -> bool | None:
        try:
            connection.send(read)
        except NotFound:
            return True
        return going(window) or None

    return look


def started_since(actions: Iterable[Row], action_type: str, since: datetime) -> Row | None:
    """Return the one action of a type that was started since; None for none or several."""
    found = [row for row in actions if row["type"] == action_type and is_since(row.get("started_at"), since)]
    return found[0] if len(found) == 1 else None


def is_since(text: Any, since: datetime) -> bool:
    """Return whether a time of the API is not before another; what is no time is not."""
    try:
        return time_of(text) >= since
    except (TypeError, ValueError):
        return False


def time_of(text: str) -> datetime:
    """Return a time of the API; UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def made_of(droplet: Row, image: object) -> bool:
    """Return whether a droplet's disk came from an image, named by its id or slug."""
    known = droplet.get("image")
    # Without the scope image:read a droplet has no image, and nothing speaks against it.
    return not known or str(image) in {str(known.get("id")), known.get("slug")}


def created_as_asked(droplets: Iterable[Row], body: Row, since: datetime) -> list[Row] | None:
    """Return the droplets that a create has made, in the order of its names; None where they cannot be told.

    Parameters
    ----------
    droplets : iterable of mapping
        All that have one of the names.
    body : mapping
        What was sent.
    since : datetime
    """
    names = body.get("names") or [body["name"]]
    found = [
        row
        for row in droplets
        if row["name"] in names and is_since(row.get("created_at"), since) and _is_as_asked(row, body)
    ]
    made: list[Row] = []
    for name in names:
        same = [row for row in found if row["name"] == name]
        if len(same) != names.count(name):
            return None
        made.append(same[sum(one["name"] == name for one in made)])
    return made


#: What a create asks for that shows in the new droplet's features (droplets_get).
_FEATURES = ("backups", "ipv6", "monitoring")


def _is_as_asked(row: Row, body: Row) -> bool:
    """Return whether a droplet is what a create asked for, as far as it can be seen."""
    features = row.get("features")
    wanted = {name for name in _FEATURES if body.get(name)}
    volumes = [one if isinstance(one, str) else one.get("id") for one in body.get("volumes") or ()]
    tags = row.get("tags")
    return (
        row["size_slug"] == body["size"]
        and made_of(row, body["image"])
        and str((row.get("region") or {}).get("slug", "")).startswith(body.get("region") or "")
        and (tags is None or {*map(str.casefold, tags)} == {*map(str.casefold, body.get("tags") or ())})
        and (features is None or {*features} & {*_FEATURES} == wanted)
        and (not body.get("vpc_uuid") or row.get("vpc_uuid") in {None, body["vpc_uuid"]})
        and (row.get("volume_ids") is None or {*filter(None, volumes)} <= {*row["volume_ids"]})
    )


def reads_as(row: Any, wanted: Any) -> bool:
    """Return whether what was read is what was asked for, as far as it shows: fields that were not read do not count."""
    if isinstance(row, dict) and isinstance(wanted, dict):
        return all(reads_as(row[name], value) for name, value in wanted.items() if name in row and value is not None)
    if isinstance(row, dict) and isinstance(wanted, str):
        # A region is asked for by its slug and read as an object.
        return wanted in {row.get("slug"), str(row.get("id"))}
    if isinstance(row, list) and isinstance(wanted, list | tuple):
        return len(row) == len(wanted) and all(any(reads_as(one, other) for one in row) for other in wanted)
    if isinstance(row, bool) or isinstance(wanted, bool):
        return bool(row) == bool(wanted)
    return str(row) == str(wanted)
