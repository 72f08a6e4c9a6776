"""Who is told what the engine does, so that it can be taken up again after the kernel has ended. `plans` keeps such records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Chain


class Record(Protocol):
    """The record of one execution. Its methods may be called from any thread and never raise."""

    def sending(self, chain: int, step: int) -> None:
        """Record that a step's request is about to be sent: without it, it was surely not."""

    def accepted(self, chain: int, step: int, *, things: Sequence[int | str | None], actions: Sequence[int]) -> None:
        """Record that the service has accepted a step.

        Parameters
        ----------
        chain, step : int
            Their numbers, from 0.
        things : sequence
            The id of each target, as far as the answer told it.
        actions : sequence of int
            The actions that carry it out.
        """

    def ended(self, chain: int, step: int, outcomes: Sequence[Outcome]) -> None:
        """Record what became of a step, an outcome for each target."""

    def close(self) -> None:
        """Record that nothing more will come: everything has ended."""

    def leave(self) -> None:
        """Record nothing more: what has not ended goes on without this kernel, or not at all."""


class Recorder(Protocol):
    """Begins records."""

    def begin(self, chains: Sequence[Chain], title: str) -> Record:
        """Return the record of an execution that is about to send its first request.

        Parameters
        ----------
        chains : sequence of Chain
        title : str
            The command, for people: ``"droplets resize web-1"``.
        """


class _Nowhere:
    """Records nothing."""

    def begin(self, chains: Sequence[Chain], title: str) -> Record:  # noqa: ARG002  # the protocol's
        return self

    def sending(self, chain: int, step: int) -> None:
        pass

    def accepted(self, chain: int, step: int, *, things: Sequence[int | str | None], actions: Sequence[int]) -> None:
        pass

    def ended(self, chain: int, step: int, outcomes: Sequence[Outcome]) -> None:
        pass

    def close(self) -> None:
        pass

    def leave(self) -> None:
        pass


NOWHERE: Recorder = _Nowhere()
