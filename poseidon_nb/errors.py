"""The exceptions of this package; all derive from `PoseidonError`.

::

    PoseidonError
    ├── ConfigurationError      NoToken  ReadOnly
    ├── CommandError            GrammarError  InvalidArgument  ConfirmationRequired  BudgetExceeded
    ├── LookupFailed            NoSuchName (also a KeyError)  AmbiguousName
    ├── TransportError          ConnectionFailed  TimedOut  OutcomeUnknown
    ├── APIError                an error response
    │   ├── Unauthorized 401   Forbidden 403   NotFound 404   Conflict 409   Unprocessable 422
    │   └── RateLimited 429   ServerError 5xx
    ├── ActionError             ActionFailed  ActionTimedOut  DropletBusy  BulkFailed
    └── ShapeError

A message says what failed, with the name, and what to do next. Attributes hold the same facts, so that no caller has to
parse a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class PoseidonError(Exception):
    """The base class of all errors of this package."""

    #: Set by the magics, so that the user sees one line instead of a traceback.
    shown_as_one_line: bool = False
    #: The last `Step` that the service had accepted; None if nothing was accepted.
    step: Any = None
    #: The `Action` of that step, if known.
    action: Any = None
    #: The droplet concerned; for ``create(names=...)`` the list of all created droplets.
    droplet: Any = None
    #: The id of the request that DigitalOcean's support asks for; None if there is none.
    request_id: str | None = None

    def __str__(self) -> str:
        """Return the message, which ends in the id of the request. `KeyError`, a base class of some errors, would quote it."""
        message = Exception.__str__(self)
        if not self.request_id:
            return message
        return f"{message}{'' if message.endswith(('.', '?', '!')) else '.'} Request id: {self.request_id}"

    @property
    def _render_traceback_(self) -> Callable[[], list[str]]:
        # IPython prints what `_render_traceback_` returns if the attribute exists. It exists only on marked errors, so
        # all others keep their full traceback.
        if not self.shown_as_one_line:
            raise AttributeError("_render_traceback_")  # as Python words it
        return lambda: [f"{type(self).__name__}: {self}"]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state, because `Exception` would not pass keyword arguments to the constructor."""
        return _rebuild, (type(self), self.args, {**self.__dict__})


def _rebuild(cls: type[PoseidonError], args: tuple[object, ...], state: dict[str, object]) -> PoseidonError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(PoseidonError):
    """The account, the base URL or a setting is invalid."""


class NoToken(ConfigurationError):
    """No account is selected and no token was found."""


class ReadOnly(ConfigurationError):
    """A change was refused because the client is read-only."""


class CommandError(PoseidonError):
    """A command or call is invalid; nothing was sent."""


class GrammarError(CommandError):
    """A `%do` line cannot be parsed.

    Attributes
    ----------
    word : str
        The word that was not understood.
    nearest : tuple of str
        The closest valid words.
    """

    def __init__(self, message: str, *, word: str = "", nearest: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.word = word
        self.nearest = tuple(nearest)


class InvalidArgument(CommandError, ValueError):
    """An argument is invalid; nothing was sent."""


class ConfirmationRequired(CommandError):
    """A confirmation was declined, or nobody could answer."""


class BudgetExceeded(CommandError):
    """The cost of the month exceeds a budget, or will; raised by ``%do cost budget --check``.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row per limit: table ``cost_budget``.
    """

    def __init__(self, message: str, *, frame: Any = None) -> None:  # pandas is not imported here
        super().__init__(message)
        self.frame = frame


class LookupFailed(PoseidonError):
    """A name does not match exactly one resource."""


class NoSuchName(LookupFailed, KeyError):
    """No resource has this name.

    Attributes
    ----------
    name : str
        The name looked up.
    nearest : tuple of str
        The closest existing names.
    """

    def __init__(self, message: str, *, name: str = "", nearest: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.nearest = tuple(nearest)


class AmbiguousName(LookupFailed):
    """Several resources have this name.

    Attributes
    ----------
    name : str
        The name looked up.
    ids : tuple of int
        The ids of all resources with the name.
    """

    def __init__(self, message: str, *, name: str = "", ids: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.ids = tuple(ids)


class TransportError(PoseidonError):
    """No complete response arrived.

    Attributes
    ----------
    sent : bool
        Whether the server may have received the request, and may have carried it out.
    """

    sent: bool = True


class ConnectionFailed(TransportError):
    """The server could not be reached, or the connection was lost."""


class TimedOut(TransportError):
    """The server did not respond within the timeout of the request."""


class OutcomeUnknown(TransportError):
    """A change was sent without a response, and the account does not show whether it was made.

    Attributes
    ----------
    method, path : str
        The request, which was sent once and not retried.
    """

    def __init__(self, message: str, *, method: str = "", path: str = "") -> None:
        super().__init__(message)
        self.method = method
        self.path = path


class APIError(PoseidonError):
    """DigitalOcean returned an error.

    Attributes
    ----------
    operation : str
        The operationId, or ``"METHOD /path"``.
    status : int
        The HTTP status. Branch on this or the class, not on ``id``, which differs between servers.
    id : str
        The API's identifier of the error.
    api_message : str
        The API's message.
    attributes : mapping
        Other fields of the response, such as ``error_attributes``.
    """

    def __init__(  # all by keyword
        self,
        message: str,
        *,
        operation: str = "",
        status: int = 0,
        id: str = "",  # noqa: A002  # the API's name
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
    """403: the token does not have the required scope.

    Attributes
    ----------
    scope : str
        The scopes that the operation needs, separated by commas.
    """

    scope: str = ""


class NotFound(APIError):
    """404: the resource does not exist."""


class Conflict(APIError):
    """409: the state of the resource does not allow the request."""


class Unprocessable(APIError):
    """422: the request is invalid."""


class RateLimited(APIError):
    """429: too many requests, and the wait would exceed the timeout.

    Attributes
    ----------
    retry_after_s : float or None
        Seconds until the server accepts requests again.
    """

    retry_after_s: float | None = None


class ServerError(APIError):
    """5xx: DigitalOcean failed."""


class ActionError(PoseidonError):
    """An action did not complete.

    Attributes
    ----------
    action : object or None
        The `Action` as last read.
    """

    def __init__(self, message: str, *, action: Any = None) -> None:  # `Action` is in a higher package
        super().__init__(message)
        self.action = action


class ActionFailed(ActionError):
    """The action ended with the status ``errored``."""


class ActionTimedOut(ActionError):
    """The action was still in progress at the timeout. It continues."""


class DropletBusy(ActionError):
    """The droplet has another action in progress, which is ``action``."""


class BulkFailed(ActionError):
    """Some of several resources failed.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row per resource: id, name, action, status, error.
    """

    def __init__(self, message: str, *, frame: Any = None) -> None:  # pandas is not imported here
        super().__init__(message)
        self.frame = frame


class ShapeError(PoseidonError):
    """A response does not have the expected structure."""


class ResponseWarning(UserWarning):
    """A part of a response could not be read. What it concerns is missing in the result."""
