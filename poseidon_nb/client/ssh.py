"""Waiting until droplets answer on the SSH port, which happens some time after the API reports them ``active``.

This is the only module that connects to a droplet instead of the API. It opens a connection, sends nothing and closes it.

The droplets of a sandbox have addresses but no machines. A server that may be a sandbox is therefore asked first whether
it simulates the network (``GET /_sandbox/ports``). If it answers 404, such as a proxy to the real service, the port itself is
tried.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from poseidon_nb.catalogue.wait_limits import wait_limit_s
from poseidon_nb.client.actions.progress import COMPLETED, ERRORED, IN_PROGRESS, Progress
from poseidon_nb.client.fetch import fetch_each
from poseidon_nb.errors import ActionTimedOut, InvalidArgument, NotFound
from poseidon_nb.text import did_you_mean, join_words
from poseidon_nb.transport.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.droplet import Droplet

#: Returns whether something listens at an address and a port.
Probe = Callable[[str, int], bool]
SSH = "ssh"
PORT = 22
#: Time limit of one attempt, and pause between two attempts, in seconds.
PROBE_TIMEOUT_S = 3.0
PROBE_INTERVAL_S = 1.0


def is_listening(address: str, port: int) -> bool:
    """Return whether a connection can be opened."""
    try:
        with socket.create_connection((address, port), PROBE_TIMEOUT_S):
            return True
    except OSError:
        return False


def check_wait_for(wait_for: str | None, *, wait: bool, public: bool) -> None:
    """Check that the condition can be waited for, before anything is created.

    Raises
    ------
    InvalidArgument
        It is not ``"ssh"``, ``wait`` is false, or the droplet has no public address.
    """
    if wait_for is None:
        return
    if wait_for != SSH:
        raise InvalidArgument(f'wait_for must be "ssh", not {wait_for!r}{did_you_mean(wait_for, [SSH]) or "."}')
    if not wait:
        raise InvalidArgument('wait_for="ssh" cannot be combined with wait=False.')
    if not public:
        raise InvalidArgument('wait_for="ssh" needs a public address. Remove public_networking=False.')


class SshWaiter:
    """Waits until droplets answer on the SSH port.

    Parameters
    ----------
    connection : Connection
    probe : callable
        Tries an address; called from several threads.
    """

    def __init__(self, connection: Connection, probe: Probe = is_listening) -> None:
        self._connection = connection
        self._probe = probe

    def wait(self, droplets: Sequence[Droplet], *, timeout_s: float | None, on_progress: OnProgress | None) -> None:
        """Block until all droplets answer.

        Raises
        ------
        LookupFailed
            A droplet has no public address.
        ActionTimedOut
            Some did not answer in time. They exist, and may still answer. The error carries no action.
        """
        clock = self._connection.session.clock
        limit = timeout_s or wait_limit_s(SSH)
        started_s = clock.monotonic()
        pending = {droplet.ip_address: droplet for droplet in droplets}

        def report(droplet: Droplet, status: str) -> None:
            if on_progress is not None:
                on_progress(Progress(droplet.id, f"{SSH} {droplet.name}", status, clock.monotonic() - started_s))

        try:
            while pending:
                for address in self._answering(pending):
                    report(pending.pop(address), COMPLETED)
                timed_out = clock.monotonic() - started_s >= limit
                for droplet in pending.values():
                    report(droplet, ERRORED if timed_out else IN_PROGRESS)
                if timed_out:
                    break
                clock.sleep(PROBE_INTERVAL_S if pending else 0.0)
        except KeyboardInterrupt as interrupt:
            names = join_words(droplet.name for droplet in pending.values())
            interrupt.add_note(f"Port {PORT} does not accept connections yet: {names}.")
            raise
        if pending:
            which = join_words(f"{droplet.name} ({address})" for address, droplet in pending.items())
            raise ActionTimedOut(
                f"Created and active, but port {PORT} did not accept connections within {limit:g} s: {which}. A firewall may "
                "block the port, or the system may still be starting."
            )

    def _answering(self, addresses: Iterable[str]) -> list[str]:
        results = fetch_each([*addresses], self._answers, on_idle=self._connection.on_idle)
        error = next((result.error for result in results if result.error is not None), None)
        if error is not None:
            raise error
        return [result.item for result in results if result.value]

    def _answers(self, address: str) -> bool:
        if self._connection.session.may_be_sandbox:
            request = Request("GET", "/_sandbox/ports", query={"address": address, "port": PORT})
            try:
                return bool(self._connection.send(request).json()["open"])
            except NotFound:
                pass
        return self._probe(address, PORT)
