"""Clicks beside a running cell: a widget's messages are taken where the front end addresses them.

A front end that knows subshells (the messaging protocol's `subshell_id`; JupyterLab 4.4 and later, by default one for
all widgets) sends what is clicked to one, so that it need not wait for the cell. ipykernel 7.4 overrules this for its own
comms: what belongs to a widget goes to the shell that last published on it, which for a widget made in a cell is the one
that the cell keeps busy. A comm of another class stays as addressed. So each widget of a panel is given one, which sends
through the comm that it had; this is the public face of the `comm` package and of ``Widget.comm``, and no more.

Measured with ipykernel 7.4, from a click to its request at a sandbox in the same kernel, medians of 10: 7 ms while a cell
sleeps, 0.3 s while one computes in Python and holds the interpreter, and without this the rest of the cell's time. Where
the front end addresses nobody, or the kernel has no subshells, a click waits as before, which `busy_kernel` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comm import get_comm_manager
from comm.base_comm import BaseComm

from poseidon_nb.widgets.asking import made_at

if TYPE_CHECKING:
    from collections.abc import Callable


class AddressedComm(BaseComm):
    """Takes the place of a comm that is open already, in the kernel only: the page sees no difference.

    Parameters
    ----------
    comm : BaseComm
        Sends for it.
    beside : callable
        Told whenever a message came to a subshell: such messages do not wait for a cell.
    """

    def __init__(self, comm: BaseComm, beside: Callable[[], None]) -> None:
        self._comm = comm
        self._beside = beside
        self._handle: Callable[[dict[str, Any]], None] | None = None
        self._gone = False
        super().__init__(comm.target_name, comm_id=comm.comm_id, primary=False)

    def publish_msg(self, *args: Any, **keys: Any) -> None:
        """Send as the comm would whose place it has."""
        self._comm.publish_msg(*args, **keys)

    def close(self, *args: Any, **keys: Any) -> None:
        """Close the comm whose place it has, which says so to the page and to the kernel."""
        if not self._gone:
            self._gone = True
            self._comm.close(*args, **keys)

    def handle_close(self, msg: dict[str, Any]) -> None:
        """Take in that the page has closed it: the kernel knows it no more."""
        self._gone = True
        super().handle_close(msg)

    def on_msg(self, callback: Callable[[dict[str, Any]], None] | None) -> None:
        """Have messages handled."""
        self._handle = callback

    def handle_msg(self, msg: dict[str, Any]) -> None:
        """Handle a message, and nothing else.

        Other comms also have the shell do what it does after a cell, such as showing its figures: half way through a
        cell that would take them out of it (ipykernel issue 1564).
        """
        if msg["header"].get("subshell_id"):
            self._beside()
        if self._handle is not None:
            with made_at(msg["header"].get("date")):
                self._handle(msg)


def take_as_addressed(widget: Any, beside: Callable[[], None]) -> None:
    """Have what is clicked in a widget, and in all that is in it, taken where the front end addresses it."""
    comm = widget.comm
    # A widget that was closed has none, and what stands in for a kernel elsewhere may have another kind.
    if isinstance(comm, BaseComm) and not isinstance(comm, AddressedComm):
        widget.comm = AddressedComm(comm, beside)
        get_comm_manager().register_comm(widget.comm)
    for child in getattr(widget, "children", ()):
        take_as_addressed(child, beside)
