"""The public class `Sandbox`: a simulated DigitalOcean account, served on this machine."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from poseidon_nb.clock import SYSTEM_CLOCK
from poseidon_nb.errors import ConfigurationError, InvalidArgument, NoSuchName
from poseidon_nb.sandbox.access import TOKEN_PREFIX, RateLimits, TokenStore
from poseidon_nb.sandbox.actions import finish_action
from poseidon_nb.sandbox.control import Controls, coverage
from poseidon_nb.sandbox.dispatch import Dispatcher
from poseidon_nb.sandbox.faults import make_fault
from poseidon_nb.sandbox.reference_data import load_reference_data
from poseidon_nb.sandbox.request_log import RequestLog
from poseidon_nb.sandbox.responses import HTTPException
from poseidon_nb.sandbox.seeds.builder import seed_account
from poseidon_nb.sandbox.server import HOST, Server, error_response
from poseidon_nb.sandbox.services import EFFECTS, OPERATIONS
from poseidon_nb.sandbox.services.container_images import push_image
from poseidon_nb.sandbox.settings import change_settings, check_settings, get_settings, refuse_unknown
from poseidon_nb.sandbox.state_file import StateFile, read_state, save_state
from poseidon_nb.sandbox.timestamps import SteadyClock
from poseidon_nb.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Never, Self

    from poseidon_nb.clock import Clock
    from poseidon_nb.sandbox.diff import Diff
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.tls import TLSFiles

R = TypeVar("R")
#: Methods of HTTP that change nothing.
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Sandbox:
    """A simulated DigitalOcean API v2 on 127.0.0.1.

    Parameters
    ----------
    droplets : int
        The number of droplets. One GPU droplet is added to them.
    seed : int
        The same seed and the same calls produce the same responses, except for dates.
    speed : float
        Durations of actions are divided by it; at 20 a droplet is created in about three seconds.
    lag_s : float
        How long a droplet still shows its old status after an action has completed, in seconds at DigitalOcean; divided by
        the speed like other durations. Users have reported such a lag; by default there is none.
    rate_limit : str
        ``"real"`` enforces DigitalOcean's limits, ``"off"`` counts nothing.
    token : str, optional
        The token that clients must send; by default a new random one.
    port : int
        The port on 127.0.0.1; 0 takes any free port.
    state : path, optional
        A file from which the account is loaded if it exists. It is saved there after each change.
    validation : str
        ``"service"`` accepts what DigitalOcean accepts: unknown fields and query parameters, numbers as text, forms, a slash
        at the end of a path, and some bodies without fields that the specification requires. ``"strict"`` refuses them.
    limits : dict, optional
        What the account may have: ``droplet_limit``, ``floating_ip_limit`` and ``volume_limit``, as in ``GET /v2/account``.
    tokens : dict, optional
        Further tokens, each with its scopes: ``{"reader": ["*:read"]}``.
    tls : bool
        Serve https, with a certificate made at the start. Needs ``poseidon-nb[tls]``.
    cert, key : path, optional
        A certificate of your own and its key, as PEM files, for https.
    ca_file : path, optional
        Where the certificate is written that clients have to trust; by default a temporary file.
    clock : Clock
        The source of time.

    Attributes
    ----------
    url : str
        ``http://127.0.0.1:PORT``; empty while the sandbox is stopped.
    token : str
        The token to send as ``Authorization: Bearer``.

    Notes
    -----
    As a context manager it serves during the block. As a decorator it does so during each call of a function, with a new
    account, and with the variables of `environment` set. The function gets it as ``sandbox`` if it has that parameter.
    """

    def __init__(  # noqa: PLR0913  # settings, all by keyword
        self,
        *,
        droplets: int = 12,
        seed: int = 7,
        speed: float = 20.0,
        lag_s: float = 0.0,
        rate_limit: str = "off",
        validation: str = "service",
        limits: Mapping[str, int] | None = None,
        token: str | None = None,
        tokens: Mapping[str, Sequence[str]] | None = None,
        port: int = 0,
        state: str | os.PathLike[str] | None = None,
        tls: bool = False,
        cert: str | os.PathLike[str] | None = None,
        key: str | os.PathLike[str] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        clock: Clock = SYSTEM_CLOCK,
        **unknown: Never,
    ) -> None:
        refuse_unknown(unknown, Sandbox.__init__.__kwdefaults__ or ())
        limits, tokens = {} if limits is None else limits, {} if tokens is None else tokens
        settings: dict[str, Any] = {"speed": speed, "lag_s": lag_s, "rate_limit": rate_limit, "validation": validation}
        settings["limits"] = limits
        check_settings(droplets=droplets, seed=seed, **settings, port=port)
        self.token = token if token is not None else f"{TOKEN_PREFIX}{os.urandom(16).hex()}"
        check_settings(token=self.token, tokens=tokens)
        account = {"droplets": droplets, "seed": seed, **settings, "token": token, "tokens": tokens}
        served = {
            "port": port,
            "state": state,
            "tls": tls,
            "cert": cert,
            "key": key,
            "ca_file": ca_file,
            "clock": clock,
        }
        self._options: dict[str, Any] = account | served
        self.url = ""
        self._port, self._clock, self._seed = port, clock, seed
        self._server: Server | None = None
        self._tls = _tls_files(cert, key, ca_file) if tls or cert or key or ca_file else None
        world = World(load_reference_data(), SteadyClock(clock), EFFECTS, seed=seed, speed=float(speed))
        self._seed_state = seed_account(world, droplets)
        self._seed_state.account.update(limits)
        self._dispatcher = Dispatcher(
            world, OPERATIONS, TokenStore(self.token), RateLimits(enforced=False), Controls(self._reset)
        )
        for name, scopes in tokens.items():
            self._create_token(scopes, name, keep=True)
        world.restore(self._seed_state)
        self._state = None if state is None else StateFile(state, self._dispatcher)
        change_settings(self._dispatcher, **settings)

    def __repr__(self) -> str:
        where = self.url or "stopped"
        return f"<Sandbox {where}, {len(self._dispatcher.world.droplets)} droplets>"

    @property
    def running(self) -> bool:
        """Whether the sandbox is running."""
        return self._server is not None

    def start(self) -> Self:
        """Start the server and return at once.

        Raises
        ------
        ConfigurationError
            The port is in use or not allowed, or there is no certificate.
        """
        if self._server is None:
            try:
                context = None if self._tls is None else self._tls.load(self._clock.now())
                self._server = Server(self._port, self.dispatch, self._clock, context)
            except ConfigurationError:
                if self._tls is not None:
                    self._tls.forget()
                raise
            self._dispatcher.scheme = "http" if context is None else "https"
            self.url = f"{self._dispatcher.scheme}://{HOST}:{self._server.port}"
        return self

    def stop(self) -> None:
        """Close the port and all connections, and save the state if a state file was given."""
        server, self._server, self.url = self._server, None, ""
        if server is None:
            return
        server.stop()
        if self._tls is not None:
            self._tls.forget()
        if self._state is not None:
            self._state.save()

    @property
    def ca_file(self) -> Path | None:
        """The file with the certificate that clients have to trust; None without TLS or with a certificate of your own."""
        return None if self._tls is None else self._tls.ca_file

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which clients find the sandbox: its address and its token.

        With TLS also those by which Python, Go and Node.js find the certificate to trust.
        """
        variables = {"DIGITALOCEAN_API_URL": self.url}
        variables |= dict.fromkeys(("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"), self.token)
        if self.ca_file is not None:
            names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
            variables |= dict.fromkeys(names, str(self.ca_file))
        return variables

    def __call__(self, function: Callable[..., R]) -> Callable[..., R]:
        """Return a function that runs with a sandbox of its own, which has these settings."""
        from poseidon_nb.sandbox.decorator import with_sandbox  # noqa: PLC0415  # few need it

        return with_sandbox(lambda: Sandbox(**self._options), function)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def dispatch(
        self, method: str, path: str, query: str = "", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HTTPResponse:
        """Handle a request without a connection. Header names are in lower case."""
        response = self._dispatcher.dispatch(method, path, query, headers or {}, body)
        if method not in _READING and response.status < HTTPStatus.BAD_REQUEST:
            try:
                self._keep()
            except ConfigurationError as error:
                return error_response(500, "server_error", str(error))
        return response

    def _keep(self) -> None:
        """Save a change to the state file while the sandbox runs."""
        if self._state is not None and self.running:
            self._state.save_change()

    def reset(self) -> None:
        """Restore the account and the time of the start, and clear the log, the faults, the marks and the created tokens.

        Settings and the tokens given at the start stay.
        """
        self._reset()
        self._keep()

    def _reset(self) -> None:
        with self._dispatcher.lock:
            world = self._dispatcher.world
            world.seed = self._seed
            world.clock.moved_s = 0.0
            world.restore(self._seed_state)
            self._dispatcher.clear()

    @property
    def requests(self) -> RequestLog:
        """The logged requests, oldest first, without those to the sandbox's own routes.

        A list, with methods to select requests, to make assertions about them, and to get them as a DataFrame.
        """
        with self._dispatcher.lock:
            return RequestLog(self._dispatcher.log)

    def mark(self, name: str | None = None) -> str:
        """Remember the present account under a name for `diff`, and return the name."""
        with self._dispatcher.lock:
            self._dispatcher.world.advance()
            return self._dispatcher.world.mark(name)

    def diff(self, since: str = "") -> Diff:
        """Return what was created, changed and deleted since the start or the last reset, or since a mark.

        Parameters
        ----------
        since : str
            The name of a mark; empty compares with the start or the last reset.

        Raises
        ------
        NoSuchName
            The mark does not exist.
        """
        from poseidon_nb.sandbox.diff import compare  # noqa: PLC0415  # few need it

        with self._dispatcher.lock:
            world = self._dispatcher.world
            world.advance()
            try:
                return compare(world.marked(since), world.state)
            except ValueError as error:
                raise NoSuchName(str(error), name=since) from None

    def create_token(self, *scopes: str, token: str | None = None) -> str:
        """Create a token that is limited to scopes, and return it. A reset removes it.

        Parameters
        ----------
        *scopes : str
            Scopes such as ``droplet:read``, or patterns such as ``*:read`` and ``droplet:*``.
        token : str, optional
            The token; by default a new one.

        Raises
        ------
        InvalidArgument
            A scope is unknown, or the token cannot be used.
        """
        return self._create_token(scopes, token)

    def _create_token(self, scopes: Sequence[str], token: str | None, *, keep: bool = False) -> str:
        try:
            with self._dispatcher.lock:
                return self._dispatcher.tokens.create(scopes, token, keep=keep)
        except ValueError as error:
            raise InvalidArgument(str(error)) from None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that can change while it runs, as ``/_sandbox/settings`` shows them."""
        with self._dispatcher.lock:
            return get_settings(self._dispatcher)

    def change_settings(self, **changes: Any) -> None:
        """Change settings: ``speed``, ``lag_s``, ``rate_limit``, ``validation`` and ``limits``.

        Raises
        ------
        InvalidArgument
            Unknown setting, or invalid value.
        """
        with self._dispatcher.lock:
            change_settings(self._dispatcher, **changes)
        self._keep()

    @property
    def speed(self) -> float:
        """How many times faster future actions run than on DigitalOcean. It can be set."""
        return self._dispatcher.world.speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self.change_settings(speed=speed)

    def fault(self, kind: str, **details: Any) -> None:
        """Inject a fault: ``sandbox.fault("rate_limited", operation="droplets_list")``.

        Kinds, names of faults and details are those of `poseidon_nb.sandbox.faults`.

        Raises
        ------
        InvalidArgument
            Unknown kind or detail.
        """
        try:
            fault = make_fault({"kind": kind, **details})
        except (TypeError, ValueError) as error:
            raise InvalidArgument(str(error)) from None
        with self._dispatcher.lock:
            self._dispatcher.world.faults.add(fault)

    def clear_faults(self) -> None:
        """Remove the pending faults."""
        with self._dispatcher.lock:
            self._dispatcher.world.faults.clear()

    def finish(self, action_id: int) -> None:
        """End an action now; an action that has already ended stays unchanged.

        Raises
        ------
        NoSuchName
            The action does not exist.
        """
        with self._dispatcher.lock:
            if action_id not in self._dispatcher.world.actions:
                raise NoSuchName(f"Action {action_id} not found in the sandbox.", name=str(action_id))
            finish_action(self._dispatcher.world, action_id)
        self._keep()

    def push_image(self, registry: str, repository: str, tag: str = "latest") -> dict[str, Any]:
        """Push an image to a container registry, as Docker would, and return its manifest.

        Raises
        ------
        InvalidArgument
            The registry does not exist or is read-only, or a name is invalid.
        """
        world = self._dispatcher.world
        with self._dispatcher.lock:
            world.advance()
            try:
                manifest = push_image(world, registry, repository, tag, world.now()).public
            except HTTPException as error:
                raise InvalidArgument(f"Cannot push to the registry {registry}: {error.message}") from None
        self._keep()
        return {**manifest}

    @property
    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        # While a request runs events, its time is that of an event.
        with self._dispatcher.lock:
            return datetime.fromtimestamp(self._dispatcher.world.now(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock forward, so that actions end, bills grow and leases expire.

        Parameters
        ----------
        seconds : float

        Raises
        ------
        InvalidArgument
            The number is negative, or more than ten years.
        """
        try:
            with self._dispatcher.lock:
                self._dispatcher.world.move_clock(seconds)
        except ValueError as error:
            raise InvalidArgument(str(error)) from None
        self._keep()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the account to a file. The file is replaced only when everything is written."""
        save_state(self._dispatcher, path)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Load a saved account, with the time of its clock."""
        read_state(self._dispatcher, path)
        self._keep()

    def coverage(self) -> dict[str, Any]:
        """Return every operation of the specification, and whether it is simulated or returns 501."""
        return coverage(OPERATIONS)


def _tls_files(*files: str | os.PathLike[str] | None) -> TLSFiles:
    from poseidon_nb.sandbox.tls import TLSFiles  # noqa: PLC0415  # ssl takes long to load

    return TLSFiles(*files)
