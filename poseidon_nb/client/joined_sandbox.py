"""A sandbox that another process runs, such as the kernel of another notebook.

A server is first asked without a token whether it is a sandbox. Only then, and only a token that a sandbox created, is sent
to it. No real token can therefore reach a server that is not what it seems.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from poseidon_nb.clock import SYSTEM_CLOCK, Clock
from poseidon_nb.errors import ConfigurationError, Forbidden, ShapeError, Unauthorized
from poseidon_nb.transport.config import validate_base_url
from poseidon_nb.transport.http import HTTPTransport
from poseidon_nb.transport.request import Request
from poseidon_nb.transport.session import Session

if TYPE_CHECKING:
    from poseidon_nb.transport.credentials import Credential

#: Path of a sandbox's own routes. Asked without a token, it says only that the server is a sandbox.
SANDBOX_PATH = "/_sandbox/"
#: Path at which a sandbox returns its id.
SANDBOX_ID = "/_sandbox/id"
#: Tells a sandbox from any other server.
_NAME = "poseidon_nb"
_PROBE_TIMEOUT_S = 10.0
_MAX_PROBE_BYTES = 100_000


def sandbox_url(url: str) -> str:
    """Return the address of a sandbox in its normal form.

    A sandbox listens on 127.0.0.1 only, and another program could listen at the other addresses of ``localhost``.

    Raises
    ------
    ConfigurationError
        It is not a valid URL, or the token would be sent unencrypted.
    """
    found = validate_base_url(url, name="The address of the sandbox")
    scheme, _, rest = found.partition("://")
    if scheme == "http" and rest.partition("/")[0].partition(":")[0] == "localhost":
        return f"http://127.0.0.1{rest.removeprefix('localhost')}"
    return found


def check_is_sandbox(url: str) -> None:
    """Ask a server without a token whether it is a sandbox.

    Raises
    ------
    ConfigurationError
        It is not. No token was sent.
    TransportError
        It did not respond.
    """
    transport = HTTPTransport(url, None, max_response_bytes=_MAX_PROBE_BYTES)
    try:
        response = transport.send(Request("GET", SANDBOX_PATH), timeout_s=_PROBE_TIMEOUT_S)
        answer: Any = json.loads(response.body) if response.status == 200 else None  # noqa: PLR2004  # OK
    except (ShapeError, ValueError, RecursionError):
        answer = None
    finally:
        transport.close()
    if not isinstance(answer, dict) or answer.get("sandbox") != _NAME:
        raise ConfigurationError(f"The server at {url} is not a sandbox. No token was sent to it.")


class JoinedSandbox:
    """The sandbox of another process, as an account to connect to.

    Parameters
    ----------
    url : str
        Its address in normal form.
    credential : Credential
        Its token.

    Raises
    ------
    ConfigurationError
        The token was not created by a sandbox.
    """

    def __init__(self, url: str, credential: Credential, *, clock: Clock = SYSTEM_CLOCK) -> None:
        if not credential.token.of_sandbox:
            raise ConfigurationError(
                f"The token from {credential.source} is not a sandbox's. It was not sent. "
                "A sandbox's token is printed by python -m poseidon_nb.sandbox, and is the attribute token of a Sandbox."
            )
        self.url = url
        self.credential = credential
        self._session = Session(credential, base_url=url, clock=clock)

    def __repr__(self) -> str:
        return f"<JoinedSandbox {self.url}>"

    @property
    def token(self) -> str:
        """The token that it expects."""
        return self.credential.token.reveal()

    def check_token(self) -> None:
        """Check that the sandbox accepts the token.

        Raises
        ------
        ConfigurationError
            It does not.
        """
        try:
            self._session.send(Request("GET", SANDBOX_ID))
        except Unauthorized:
            raise ConfigurationError(
                f"The sandbox at {self.url} does not accept the token from {self.credential.source}. "
                "It may have been started again with another token."
            ) from None

    def request_count(self) -> int | None:
        """Return the number of requests that all of its clients have sent; None if the token may not read it."""
        try:
            found = self._session.send(Request("GET", SANDBOX_PATH)).json()
        except Forbidden:
            return None
        count = found.get("requests") if isinstance(found, dict) else None
        return count if isinstance(count, int) else None

    def reset(self) -> None:
        """Restore the initial state of the account, for all of its clients."""
        self._session.send(Request("POST", f"{SANDBOX_PATH}reset"))

    def close(self) -> None:
        """Disconnect. The sandbox keeps running."""
        self._session.close()
