"""The public class `Sandbox`: a simulated DigitalOcean account, served on this machine."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseidon_nb.clock import SYSTEM_CLOCK
from poseidon_nb.errors import ConfigurationError, InvalidArgument, NoSuchName
from poseidon_nb.sandbox.access import TOKEN_PREFIX, RateLimits, TokenStore
from poseidon_nb.sandbox.actions import finish_action
from poseidon_nb.sandbox.control import Controls, coverage
from poseidon_nb.sandbox.dispatch import Dispatcher
from poseidon_nb.sandbox.faults import make_fault
from poseidon_nb.sandbox.reference_data import load_reference_data
from poseidon_nb.sandbox.seeds.builder import seed_account
from poseidon_nb.sandbox.server import HOST, Server
from poseidon_nb.sandbox.services import EFFECTS, OPERATIONS
from poseidon_nb.sandbox.timestamps import SteadyClock
from poseidon_nb.sandbox.world import World, dump_state, load_state, write_state_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from poseidon_nb.clock import Clock
    from poseidon_nb.sandbox.dispatch import LoggedRequest
    from poseidon_nb.sandbox.responses import HTTPResponse

_MAX_PORT = 65_535
_MAX_DROPLETS = 100_000
_MAX_SPEED = 1e9
_MAX_LAG_S = 3600


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
        A file from which the account is loaded if it exists, and to which it is saved at the end.
    clock : Clock
        The source of time.

    Attributes
    ----------
    url : str
        ``http://127.0.0.1:PORT``; empty while the sandbox is stopped.
    token : str
        The token to send as ``Authorization: Bearer``.
    """

    def __init__(  # noqa: PLR0913  # settings, all by keyword
        self,
        *,
        droplets: int = 12,
        seed: int = 7,
        speed: float = 20.0,
        lag_s: float = 0.0,
        rate_limit: str = "off",
        token: str | None = None,
        port: int = 0,
        state: str | os.PathLike[str] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        _check(droplets=droplets, speed=speed, lag_s=lag_s, rate_limit=rate_limit, port=port, token=token)
        self.token = token if token is not None else f"{TOKEN_PREFIX}{os.urandom(16).hex()}"
        self.url = ""
        self._port = port
        self._clock = clock
        self._file = None if state is None else Path(state)
        if self._file is not None and not self._file.parent.is_dir():
            raise ConfigurationError(
                f"{self._file.parent} is not a folder, so the sandbox's state cannot be saved there."
            )
        self._server: Server | None = None
        world = World(
            load_reference_data(), SteadyClock(clock), EFFECTS, seed=seed, speed=float(speed), lag_s=float(lag_s)
        )
        self._seed_state = seed_account(world, droplets)
        self._seed = seed
        self._dispatcher = Dispatcher(
            world, OPERATIONS, TokenStore(self.token), RateLimits(enforced=rate_limit == "real"), Controls(self.reset)
        )
        if self._file is not None and self._file.exists():
            self.load(self._file)

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
            The port is in use or not allowed.
        """
        if self._server is None:
            self._server = Server(self._port, self.dispatch, self._clock)
            self.url = f"http://{HOST}:{self._server.port}"
        return self

    def stop(self) -> None:
        """Close the port and all connections, and save the state if a state file was given."""
        server, self._server, self.url = self._server, None, ""
        if server is None:
            return
        server.stop()
        if self._file is not None:
            self.save(self._file)

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
        return self._dispatcher.dispatch(method, path, query, headers or {}, body)

    def reset(self) -> None:
        """Restore the account from its seed, and clear the log, the pending faults and the limited tokens."""
        with self._dispatcher.lock:
            self._dispatcher.world.seed = self._seed
            self._dispatcher.world.restore(self._seed_state)
            self._dispatcher.clear()

    @property
    def requests(self) -> list[LoggedRequest]:
        """The logged requests, oldest first, without those to the sandbox's own routes."""
        with self._dispatcher.lock:
            return [*self._dispatcher.log]

    def fault(self, kind: str, **details: Any) -> None:
        """Inject a fault; kinds and details are those of `poseidon_nb.sandbox.faults.Fault`.

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

    @property
    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the account to a file. The file is replaced only when everything is written."""
        with self._dispatcher.lock:
            self._dispatcher.world.advance()
            saved = dump_state(self._dispatcher.world)
        try:
            write_state_file(Path(path), saved)
        except OSError as error:
            raise ConfigurationError(f"The sandbox's state cannot be saved to {path}: {error.strerror}.") from error

    def load(self, path: str | os.PathLike[str]) -> None:
        """Load a saved account."""
        try:
            saved = Path(path).read_bytes()
        except OSError as error:
            raise ConfigurationError(f"The sandbox's state cannot be read from {path}: {error.strerror}.") from error
        try:
            with self._dispatcher.lock:
                load_state(self._dispatcher.world, saved)
        except ValueError as error:
            raise ConfigurationError(f"{path} is not a saved sandbox: {error}.") from None

    def coverage(self) -> dict[str, Any]:
        """Return every operation of the specification, and whether it is simulated or returns 501."""
        return coverage(OPERATIONS)


def _check(*, droplets: int, speed: float, lag_s: float, rate_limit: str, port: int, token: str | None) -> None:
    for name, value, kind in (
        ("number of droplets", droplets, int),
        ("port", port, int),
        ("speed", speed, (int, float)),
        ("lag_s", lag_s, (int, float)),
    ):
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InvalidArgument(
                f"The {name} must be {'a whole number' if kind is int else 'a number'}, not {value!r}."
            )
    if not 0 <= droplets <= _MAX_DROPLETS:
        raise InvalidArgument(f"The number of droplets must be from 0 to {_MAX_DROPLETS:,}, not {droplets}.")
    if not 0 < speed <= _MAX_SPEED:
        raise InvalidArgument(f"The speed must be more than 0 and at most {_MAX_SPEED:g}, not {speed}.")
    if not 0 <= lag_s <= _MAX_LAG_S:
        raise InvalidArgument(f"The lag_s must be from 0 to {_MAX_LAG_S:,} seconds, not {lag_s}.")
    if rate_limit not in {"off", "real"}:
        raise InvalidArgument(f'The rate_limit must be "off" or "real", not "{rate_limit}".')
    if not 0 <= port <= _MAX_PORT:
        raise InvalidArgument(f"The port must be from 0 to {_MAX_PORT}, not {port}.")
    if token is not None and (not token or not token.isascii() or any(c.isspace() for c in token)):
        raise InvalidArgument("The token must be ASCII text without spaces.")
