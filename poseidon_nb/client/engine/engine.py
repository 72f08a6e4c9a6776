"""The engine of a client: runs chains of steps, in the caller's thread or in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.client.engine.recording import NOWHERE, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.execution import Execution
    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Chain


class Engine:
    """Carries steps out.

    Parameters
    ----------
    connection : Connection
    actions : Actions
        The account's actions, and the one poller.
    """

    def __init__(self, connection: Connection, actions: Actions) -> None:
        self._connection = connection
        self._actions = actions
        #: Told of every execution; `po.connect` sets one that keeps a journal.
        self.recorder: Recorder = NOWHERE

    def run(
        self,
        chains: Sequence[Chain],
        *,
        title: str = "",
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
        on_idle: Callable[[], None] | None = None,
        assign: Mapping[int, Callable[[Mapping[str, Any]], None]] | None = None,
    ) -> list[Outcome]:
        """Run chains side by side, and block until they have ended.

        Parameters
        ----------
        chains : sequence of Chain
        title : str
            The command, for the record.
        wait : bool
            Block until everything has ended; else return once each chain's first step was answered. A droplet that is
            busy is then not waited for: its outcome is `DropletBusy`.
        timeout_s : float, optional
            Seconds from now for all of it. Without it each action has the limit of its type, from its acceptance.
        on_progress : callable, optional
            Told a `Progress` of each action, in this thread.
        on_idle : callable, optional
            Called several times a second, in this thread, while others send.
        assign : mapping, optional
            By droplet id: takes in each row of that droplet that is read.

        Returns
        -------
        list of Outcome
            One for each step and target, chain by chain. A failure is an outcome's ``error`` and is not raised.

        Raises
        ------
        KeyboardInterrupt
            Ctrl-C. Chains that have begun go on in the background; its notes say so.
        """
        raise NotImplementedError

    def start(self, chains: Sequence[Chain], *, title: str = "", on_change: Callable[[int], None]) -> Execution:
        """Run chains in the background, and return at once.

        Parameters
        ----------
        chains : sequence of Chain
        title : str
        on_change : callable
            Called, from any thread, with a chain's number whenever there is news of it.
        """
        raise NotImplementedError

    @property
    def background(self) -> list[Execution]:
        """What runs without anybody waiting for it."""
        raise NotImplementedError

    def stop(self) -> list[Execution]:
        """End everything in the background after the step in progress, and power on what was shut down."""
        raise NotImplementedError
