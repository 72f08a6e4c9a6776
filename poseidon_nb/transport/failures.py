"""What went wrong on the wire, in one line, and whether the server may have seen the request."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import requests
import urllib3.exceptions

from poseidon_nb.errors import ConnectionFailed, TimedOut, TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEVER_CONNECTED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.NameResolutionError)
_TOO_LATE = (urllib3.exceptions.ReadTimeoutError, requests.Timeout, TimeoutError)
_UNPROVEN = (ssl.SSLCertVerificationError, ssl.CertificateError)


def failure_for(
    exc: Exception, *, label: str, where: str, timeout_s: float, hint: str = "", sent: bool | None = None
) -> TransportError:
    """Return our error for one of ``requests`` and what lies below it.

    ``sent`` is false only where it is certain that no byte of the request has left: a change that may have arrived is
    never repeated, so a doubt counts as sent.

    Parameters
    ----------
    exc : Exception
    label : str
        What the request is called.
    where : str
        Host and port.
    timeout_s : float
        What the time limit was.
    hint : str
        What to look at when nothing listens there.
    sent : bool or None
        Whether a byte of the request may have left; None where only the error can tell.
    """
    chain = list(_chain(exc))
    why = _words(chain[-1])
    failure: TransportError
    doubt = False
    if isinstance(exc, requests.exceptions.ProxyError):
        failure = ConnectionFailed(f"{label}: the proxy cannot be reached ({why})")
    elif isinstance(exc, requests.exceptions.ConnectTimeout) or (sent is False and _holds(chain, *_TOO_LATE)):
        failure = TimedOut(f"{label}: {where} did not accept a connection in time")
    elif _holds(chain, *_TOO_LATE):
        failure, doubt = TimedOut(f"{label}: {where} did not answer within {seconds(timeout_s)}"), True
    elif _holds(chain, *_UNPROVEN):
        failure = ConnectionFailed(f"{label}: {where} does not prove who it is ({why})")
    elif _holds(chain, *_NEVER_CONNECTED):
        failure = ConnectionFailed(f"{label}: cannot reach {where} ({why}){hint}")
    elif isinstance(exc, ValueError) or not isinstance(exc, (requests.RequestException, urllib3.exceptions.HTTPError)):
        # An address of a proxy that is none, a missing file of certificates: found before anything was opened.
        failure = ConnectionFailed(f"{label}: cannot be sent to {where} ({why})")
    elif sent is False:
        failure = ConnectionFailed(f"{label}: no secure connection to {where} ({why})")
    elif isinstance(exc, requests.exceptions.ContentDecodingError):
        failure, doubt = ConnectionFailed(f"{label}: {where} sent an answer that cannot be unpacked ({why})"), True
    else:
        failure, doubt = ConnectionFailed(f"{label}: the connection to {where} was lost ({why})"), True
    failure.sent = doubt if sent is None else sent
    _strip(exc, chain)
    failure.__cause__ = exc
    return failure


def _strip(exc: Exception, chain: list[BaseException]) -> None:
    """Remove what holds the token: the request, and the frames of http.client, which verbose tracebacks print."""
    if isinstance(exc, requests.RequestException):
        exc.request = None
    for error in chain:
        error.__traceback__ = None


def seconds(timeout_s: float) -> str:
    """Return a time limit in words, to the tenth of a second."""
    return f"{round(timeout_s, 1) or timeout_s:g} s"


def _holds(chain: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(error, kinds) for error in chain)


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """Give an error and the reasons inside it, outermost first: urllib3 wraps them several times."""
    seen: set[int] = set()
    error: BaseException | None = exc
    while error is not None:
        yield error
        seen.add(id(error))
        inner = [*error.args, getattr(error, "reason", None), error.__cause__, error.__context__]
        error = next((cause for cause in inner if isinstance(cause, BaseException) and id(cause) not in seen), None)


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        text = error.verify_message
    elif isinstance(error, OSError) and error.strerror:
        text = error.strerror
    else:
        text = str(error.args[-1] if error.args else "")
    if " object at 0x" in text:
        text = text.split(": ", 1)[-1]
    return " ".join(text.split()) or type(error).__name__
