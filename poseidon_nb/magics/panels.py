"""Panels as a user opens them: in a notebook they also know when a cell runs, for then a click may have to wait."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from poseidon_nb.widgets import actions_panel, droplet_panel
from poseidon_nb.widgets.busy_kernel import THE_KERNEL

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplet import Droplet


class DropletPanel(droplet_panel.DropletPanel):
    """Buttons for one droplet, with a bar for each action that runs on it.

    Display it, or let it be a cell's last value. It follows the droplet until it is closed, until another panel of
    the same droplet is opened, or until nobody has used it for a quarter of an hour.

    Parameters
    ----------
    droplet : Droplet
        It is read again in place.

    Examples
    --------
    >>> po.DropletPanel(client.droplets.by_name("web-1"))  # doctest: +SKIP
    """

    def __init__(self, droplet: Droplet) -> None:
        watch_cells()
        super().__init__(droplet)


class ActionsPanel(actions_panel.ActionsPanel):
    """What runs in an account now, with a bar for each, and what ended lately, whoever started it.

    Parameters
    ----------
    client : Client

    Examples
    --------
    >>> po.ActionsPanel(client)  # doctest: +SKIP
    """

    def __init__(self, client: Client) -> None:
        watch_cells()
        super().__init__(client)


def watch_cells() -> None:
    """Have panels know while a cell runs; more than once is once. Only a kernel's clicks can wait."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if getattr(shell, "kernel", None) is None or _began in shell.events.callbacks["pre_run_cell"]:
        return
    shell.events.register("pre_run_cell", _began)
    shell.events.register("post_run_cell", _ended)
    # The cell that opens the panel runs now.
    THE_KERNEL.began()


def _began(*_: object) -> None:
    THE_KERNEL.began()


def _ended(*_: object) -> None:
    THE_KERNEL.ended()
