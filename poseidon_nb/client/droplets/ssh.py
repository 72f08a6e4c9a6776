"""Waiting until droplets answer on the SSH port: the API calls them active some time before their systems listen.

The only place that speaks to a droplet and not to the API. It opens a connection and closes it, and sends nothing.

A sandbox's droplets have addresses, and nothing behind them. So a server on this machine is asked first whether it
plays the network too (``GET /_sandbox/ports``); one that does not, such as a proxy to the real service, answers 404,
and then the port itself is tried.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from poseidon_nb.catalogue.wait_limits import wait_limit_s
from poseidon_nb.client.actions.progress import COMPLETED, ERRORED, IN_PROGRESS, Progress
from poseidon_nb.client.each import on_each
from poseidon_nb.errors import ActionTimedOut, InvalidArgument, NotFound
from poseidon_nb.text import did_you_mean, join_words
from poseidon_nb.transport.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.droplets.droplet import Droplet

#: Says whether something listens at an address and a port.
Probe = Callable[[str, int], bool]

SSH = "ssh"
PORT = 22
#: How long one try may take, and how often is tried, in seconds.
TRY_S = 3.0
TICK_S = 1.0


def listens(address: str, port: int) -> bool:
    """Try to connect."""
    try:
        with socket.create_connection((address, port), TRY_S):
            return True
    except OSError:
        return False


def checked_wait_for(wait_for: str | None, *, wait: bool, public: bool) -> None:
    """Refuse what cannot be waited for, before anything is made.

    Raises
    ------
    InvalidArgument
        It is not ``"ssh"``, nobody waits, or nobody could reach the droplet.
    """
    if wait_for is None:
        return
    if wait_for != SSH:
        raise InvalidArgument(f'wait_for takes "ssh", not {wait_for!r}{did_you_mean(wait_for, [SSH])}')
    if not wait:
        raise InvalidArgument('wait_for="ssh" has to wait; leave out wait=False')
    if not public:
        raise InvalidArgument('wait_for="ssh" needs a public address; leave out public_networking=False')


class SshWaiting:
    """Waits for droplets to answer.

    Parameters
    ----------
    connection : Connection
    probe : callable
        Tries an address; called from several threads.
    """

    def __init__(self, connection: Connection, probe: Probe = listens) -> None:
        self._connection = connection
        self._probe = probe

    def wait(self, droplets: Sequence[Droplet], *, timeout_s: float | None, on_progress: OnProgress | None) -> None:
        """Block until all answer.

        Raises
        ------
        LookupFailed
            One has no public address.
        ActionTimedOut
            Some did not answer in time; they exist, and may answer yet. It carries no action, for there is none.
        """
        clock = self._connection.session.clock
        most_s = timeout_s or wait_limit_s(SSH)
        began_s = clock.monotonic()
        left = {droplet.ip_address: droplet for droplet in droplets}

        def tell(droplet: Droplet, status: str) -> None:
            if on_progress is not None:
                on_progress(Progress(droplet.id, f"{SSH} {droplet.name}", status, clock.monotonic() - began_s))

        try:
            while left:
                for address in self._that_answer(left):
                    tell(left.pop(address), COMPLETED)
                late = clock.monotonic() - began_s >= most_s
                for droplet in left.values():
                    tell(droplet, ERRORED if late else IN_PROGRESS)
                if late:
                    break
                clock.sleep(TICK_S if left else 0.0)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"{join_words(one.name for one in left.values())} had not answered on port {PORT} yet")
            raise
        if left:
            which = join_words(f"{droplet.name} ({address})" for address, droplet in left.items())
            raise ActionTimedOut(
                f"no answer on port {PORT} after {most_s:g} s from {which}: active, so do not make it again; a firewall "
                "may be closed, or its system still starting"
            )

    def _that_answer(self, addresses: Iterable[str]) -> list[str]:
        tried = on_each([*addresses], self._answers, on_idle=self._connection.on_idle)
        failure = next((one.error for one in tried if one.error is not None), None)
        if failure is not None:
            raise failure
        return [one.thing for one in tried if one.answer]

    def _answers(self, address: str) -> bool:
        if self._connection.session.loopback:
            request = Request("GET", "/_sandbox/ports", query={"address": address, "port": PORT})
            try:
                return bool(self._connection.send(request).json()["open"])
            except NotFound:
                pass
        return self._probe(address, PORT)
