"""What can go wrong, as a tree; every error of this package is a `PoseidonError`.

::

    PoseidonError
    ├── ConfigurationError      NoToken  ReadOnly
    ├── CommandError            GrammarError  InvalidArgument  ConfirmationRequired
    ├── LookupFailed            NoSuchName (also a KeyError)  AmbiguousName
    ├── TransportError          ConnectionFailed  TimedOut  OutcomeUnknown
    ├── APIError                a bad reply
    │   ├── Unauthorized 401   Forbidden 403   NotFound 404   Conflict 409   Unprocessable 422
    │   └── RateLimited 429   ServerError 5xx
    ├── ActionError             ActionFailed  ActionTimedOut  DropletBusy  BulkFailed
    └── ShapeError

Messages say what failed, with which name, and what to do next; the attributes hold the same facts, so that no caller
has to read a message with a regular expression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class PoseidonError(Exception):
    """Anything that this package reports as failed."""

    #: Set by the magics on an error that passes through them: a person at a prompt wants a line, not a traceback.
    shown_as_one_line: bool = False
    #: The `Step` that the service had accepted when this went wrong; None where nothing was accepted.
    step: Any = None
    #: The `Action` that carries it out, where one was told.
    action: Any = None
    #: The droplet in question; for ``create(names=...)`` the list of all that were created.
    droplet: Any = None

    def __str__(self) -> str:
        """Return the message alone, also for errors that are a `KeyError` too, which would quote it."""
        return Exception.__str__(self)

    @property
    def _render_traceback_(self) -> Callable[[], list[str]]:
        # IPython asks `hasattr(error, "_render_traceback_")` and draws what it returns. The attribute exists only on
        # marked errors, so that plain Python callers and unmarked errors keep their whole traceback.
        if not self.shown_as_one_line:
            raise AttributeError("_render_traceback_")  # the attribute's own name is the whole message
        return lambda: [f"{type(self).__name__}: {self}"]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state: the constructors take keywords that `Exception` would not replay."""
        return _rebuild, (type(self), self.args, {**self.__dict__})


def _rebuild(cls: type[PoseidonError], args: tuple[object, ...], state: dict[str, object]) -> PoseidonError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(PoseidonError):
    """The account, the address or a setting cannot be used as it is."""


class NoToken(ConfigurationError):
    """No account was chosen and no token was found."""


class ReadOnly(ConfigurationError):
    """A request that changes something was refused because the client only reads."""


class CommandError(PoseidonError):
    """A command or a call cannot be carried out as written; nothing was sent."""


class GrammarError(CommandError):
    """A `%do` line that does not parse.

    Attributes
    ----------
    word : str
        What was typed and not understood.
    nearest : tuple of str
        The valid words most like it.
    """

    def __init__(self, message: str, *, word: str = "", nearest: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.word = word
        self.nearest = tuple(nearest)


class InvalidArgument(CommandError, ValueError):
    """An argument that cannot be right, noticed before anything was sent."""


class ConfirmationRequired(CommandError):
    """A question had to be asked and nobody could answer, or the answer was no."""


class LookupFailed(PoseidonError):
    """A name does not lead to exactly one thing."""


class NoSuchName(LookupFailed, KeyError):
    """Nothing has this name.

    Attributes
    ----------
    name : str
        The name asked for.
    nearest : tuple of str
        The existing names most like it.
    """

    def __init__(self, message: str, *, name: str = "", nearest: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.nearest = tuple(nearest)


class AmbiguousName(LookupFailed):
    """More than one thing has this name.

    Attributes
    ----------
    name : str
        The name asked for.
    ids : tuple of int
        The ids of all that have it.
    """

    def __init__(self, message: str, *, name: str = "", ids: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.ids = tuple(ids)


class TransportError(PoseidonError):
    """No usable reply came back.

    Attributes
    ----------
    sent : bool
        Whether the server may have seen the request, and so may have carried it out.
    """

    sent: bool = True


class ConnectionFailed(TransportError):
    """The server could not be reached, or the connection broke."""


class TimedOut(TransportError):
    """The server did not answer within the time limit of one request."""


class OutcomeUnknown(TransportError):
    """A change was sent, no answer came, and a look at the account did not tell whether it was made.

    Attributes
    ----------
    method, path : str
        The request that was sent once and not repeated.
    """

    def __init__(self, message: str, *, method: str = "", path: str = "") -> None:
        super().__init__(message)
        self.method = method
        self.path = path


class APIError(PoseidonError):
    """DigitalOcean answered with an error.

    Attributes
    ----------
    operation : str
        The operationId that was called, or ``"METHOD /path"``.
    status : int
        The HTTP status. Branch on the class or on this, never on ``id``, which differs between servers.
    id : str
        The API's short word for the error.
    api_message : str
        The API's own sentence.
    request_id : str or None
        What DigitalOcean's support asks for.
    attributes : mapping
        Further members of the error's body, such as ``error_attributes``.
    """

    def __init__(  # the facts of a reply, all by keyword
        self,
        message: str,
        *,
        operation: str = "",
        status: int = 0,
        id: str = "",  # noqa: A002  # the API's own word
        api_message: str = "",
        request_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.status = status
        self.id = id
        self.api_message = api_message
        self.request_id = request_id
        self.attributes = dict(attributes or {})


class Unauthorized(APIError):
    """401: the token is not valid."""


class Forbidden(APIError):
    """403: the token lacks a scope.

    Attributes
    ----------
    scope : str
        The scope, or the scopes joined by a comma, that the operation needs.
    """

    scope: str = ""


class NotFound(APIError):
    """404: there is no such thing."""


class Conflict(APIError):
    """409: the thing is in a state that does not allow this."""


class Unprocessable(APIError):
    """422: the request was understood and refused."""


class RateLimited(APIError):
    """429: too many requests, and waiting would take longer than the caller allows.

    Attributes
    ----------
    retry_after_s : float or None
        Seconds until the server accepts requests again.
    """

    retry_after_s: float | None = None


class ServerError(APIError):
    """5xx: DigitalOcean could not answer."""


class ActionError(PoseidonError):
    """An action did not end well.

    Attributes
    ----------
    action : object or None
        The `Action`, as last read.
    """

    def __init__(self, message: str, *, action: Any = None) -> None:  # Action lives three floors up
        super().__init__(message)
        self.action = action


class ActionFailed(ActionError):
    """The action ended as ``errored``."""


class ActionTimedOut(ActionError):
    """The action was still running when the time was up; it goes on."""


class DropletBusy(ActionError):
    """The droplet has another action running; ``action`` is that one."""


class BulkFailed(ActionError):
    """Some of many things failed.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row for each thing: id, name, action, status, error.
    """

    def __init__(self, message: str, *, frame: Any = None) -> None:  # pandas is not imported here
        super().__init__(message)
        self.frame = frame


class ShapeError(PoseidonError):
    """The API sent something that does not have the shape it should have."""
