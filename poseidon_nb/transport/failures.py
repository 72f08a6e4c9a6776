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
_UNPROVEN = (ssl.SSLCertVerificationError, ssl.CertificateError)


def failure_for(exc: Exception, *, label: str, where: str, timeout_s: float, hint: str = "") -> TransportError:
    """Give our error for one of ``requests`` and what lies below it.

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
    """
    chain = list(_chain(exc))
    why = _words(chain[-1])
    failure: TransportError
    sent = False
    if isinstance(exc, requests.exceptions.ConnectTimeout):
        failure = TimedOut(f"{label}: {where} did not accept a connection in time")
    elif _holds(chain, urllib3.exceptions.ReadTimeoutError) or isinstance(exc, requests.Timeout):
        failure, sent = TimedOut(f"{label}: {where} did not answer within {round(timeout_s, 1) or timeout_s:g} s"), True
    elif isinstance(exc, requests.exceptions.ProxyError):
        failure = ConnectionFailed(f"{label}: the proxy cannot be reached ({why})")
    elif _holds(chain, *_UNPROVEN):
        failure = ConnectionFailed(f"{label}: {where} does not prove who it is ({why})")
    elif _holds(chain, *_NEVER_CONNECTED):
        failure = ConnectionFailed(f"{label}: cannot reach {where} ({why}){hint}")
    elif isinstance(exc, ValueError) or not isinstance(exc, (requests.RequestException, urllib3.exceptions.HTTPError)):
        # An address of a proxy that is none, a missing file of certificates: found before anything was opened.
        failure = ConnectionFailed(f"{label}: cannot be sent to {where} ({why})")
    elif isinstance(exc, requests.exceptions.ContentDecodingError):
        failure, sent = ConnectionFailed(f"{label}: {where} sent an answer that cannot be unpacked ({why})"), True
    else:
        failure, sent = ConnectionFailed(f"{label}: the connection to {where} was lost ({why})"), True
    failure.sent = sent
    if isinstance(exc, requests.RequestException):
        exc.request = None  # it holds the token's header
    for error in chain:
        # The frames of http.client hold the header with the token, and verbose tracebacks print what frames hold.
        error.__traceback__ = None
    failure.__cause__ = exc
    return failure


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
