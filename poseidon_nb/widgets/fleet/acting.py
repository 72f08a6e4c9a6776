"""Carrying orders out, of one droplet or of many: the client's engine does it in the background and tells how it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.steps import When
from poseidon_nb.errors import ActionError, PoseidonError
from poseidon_nb.text import printable
from poseidon_nb.widgets.activity import spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.widgets.fleet.work import FleetWork

    Row = Mapping[str, Any]


class FleetActing:
    """Carries orders out.

    Parameters
    ----------
    client : Client
    moved : callable
        Called, from any thread, with an order's work and a droplet's id, when that row has moved.
    ended : callable
        Called, from any thread, with these and the error or None, when it has ended for that droplet.
    """

    def __init__(
        self,
        client: Client,
        moved: Callable[[FleetWork, int], None],
        ended: Callable[[FleetWork, int, PoseidonError | None], None],
    ) -> None:
        self._client = client
        self._moved = moved
        self._ended = ended

    def carry_out(self, work: FleetWork, rows: Iterable[Row]) -> None:
        """Have an order carried out on some of its droplets."""
        droplets = [*rows]

        def changed(number: int, run: ChainRun) -> None:
            droplet = droplets[number]
            if run.ended:
                self._ended(work, droplet["id"], _error_of(work, droplet, run))
                return
            for progress in [*run.told.values()]:
                work.started(droplet["id"], progress)
            if run.held_by is not None:
                work.hold(droplet["id"], run.held_by.type)
            elif run.note:
                work.hold_up(droplet["id"], run.note)
            self._moved(work, droplet["id"])

        chains = [work.order.chain(droplet) for droplet in droplets]
        self._client.engine.start(chains, title=work.order.title, on_change=changed)


def _error_of(work: FleetWork, droplet: Row, run: ChainRun) -> PoseidonError | None:
    """Return what a row says went wrong: also that the droplet had become what makes the order senseless."""
    if run.error is not None:
        return run.error
    main = [one for one in run.outcomes if one.step.when is When.NEXT]
    left_out = next((one for one in main if one.status in {"unchanged", "skipped"}), None)
    if left_out is None or any(one.status == "completed" for one in main):
        return None
    why = left_out.why or "left as it is"
    return ActionError(f"{printable(str(droplet['name']))} is {why}: no {spoken(work.order.verb)} was sent")
