"""The panels as users open them: they display themselves, and know when a cell runs, because clicks can then be queued."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.magics.do import default_session
from poseidon_nb.magics.ui import current_shell, current_ui
from poseidon_nb.plans.confirmation import PRICE_LIMIT_USD_MONTH
from poseidon_nb.plans.plan import WITHOUT_CLIENT
from poseidon_nb.widgets import actions, plan_panel
from poseidon_nb.widgets.droplets import panel as droplet_panel
from poseidon_nb.widgets.panel import NO_BUTTONS

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.plans.plan import Plan
    from poseidon_nb.widgets.panel import Panel, PanelHost

#: How long a terminal waits for what a panel shows, in seconds.
READ_TIMEOUT_S = 15.0
#: What stands for the buttons where there are none, as in a saved notebook or a terminal.
_NO_BUTTONS_HERE = {"text/plain": f"{NO_BUTTONS} Run the cell there to show them."}


class DropletPanel(droplet_panel.DropletPanel):
    """Buttons for one droplet, with a bar for each action that runs on it.

    Display it, or make it the last value of a cell. It tracks the droplet until it is closed, until another panel of the
    same droplet is opened, or until it has not been used for 15 minutes.

    Parameters
    ----------
    droplet : Droplet
        It is updated in place.
    size : str, optional
        Slug of a size to open the resize form with, for example the ``advised_size`` of `analysis.rightsizing`. Nothing
        is sent before the button is clicked and confirmed.

    Attributes
    ----------
    droplet : Droplet

    Raises
    ------
    InvalidArgument
        The droplet cannot have that size.

    Examples
    --------
    >>> po.DropletPanel(client.droplets.by_name("web-1"))  # doctest: +SKIP
    """

    def __init__(self, droplet: Droplet, *, size: str | None = None) -> None:
        if size is not None:
            droplet.client.droplets.check_resize(droplet, size, disk=False)
        super().__init__(droplet, host=panel_host())
        self.model.fleet.price_limit_usd_month = price_limit_usd_month
        if size is not None:
            self.model.offer_size(size)

    def _ipython_display_(self) -> None:
        show(self)


class ActionsPanel(actions.ActionsPanel):
    """The actions in progress in an account, with a bar for each, and the recent ones, whoever started them.

    Display it, or make it the last value of a cell. It tracks the account until it is closed, until another actions panel
    of the same account is opened, or until it has not been used for 15 minutes.

    Parameters
    ----------
    client : Client

    Examples
    --------
    >>> po.ActionsPanel(client)  # doctest: +SKIP
    """

    def __init__(self, client: Client) -> None:
        super().__init__(client, host=panel_host())

    def _ipython_display_(self) -> None:
        show(self)


class PlanPanel(plan_panel.PlanPanel):
    """The steps of a plan and its price, a button that applies it, and a bar for each of its chains.

    Display it, or make it the last value of a cell. The button asks first where `%do` would.

    Parameters
    ----------
    plan : Plan
    client : Client, optional
        Of the plan's account; by default the one that the plan was built with.

    Raises
    ------
    InvalidArgument
        The plan was copied or stored, and no client was given.

    Examples
    --------
    >>> po.PlanPanel(po.plan("droplets resize --tag web --size s-2vcpu-4gb --restart"))  # doctest: +SKIP
    """

    def __init__(self, plan: Plan, *, client: Client | None = None) -> None:
        client = client or plan.client
        if client is None:
            raise InvalidArgument(WITHOUT_CLIENT)
        super().__init__(plan, client, host=panel_host())
        self.model.price_limit_usd_month = price_limit_usd_month

    def _ipython_display_(self) -> None:
        show(self)


def show(panel: Panel) -> None:
    """Display a panel below the cell: its facts, and in their place the panel itself while it is open.

    JupyterLab prefers a widget to the HTML beside it, even if the widget's kernel is gone; it then only shows that the
    widget was not found. So the facts are an output of their own, which the panel's style sheet hides. They remain when
    the panel is closed.
    """
    from IPython import display  # noqa: PLC0415  # panels work without IPython

    show: Any = display.display
    in_terminal = getattr(current_shell(), "kernel", None) is None
    if in_terminal:
        # A terminal shows a panel once.
        panel.wait_until_read(READ_TIMEOUT_S)
    width = current_ui().line_width
    saved, live = panel.saved_output(width), panel.widget_view()
    if not live:
        show(saved, raw=True)
        return
    if in_terminal:
        show(saved | {"text/plain": f"{saved['text/plain']}\n{NO_BUTTONS}"}, raw=True)
        return
    handle = show(saved, raw=True, display_id=True)
    place = show(live | _NO_BUTTONS_HERE, raw=True, display_id=True)
    panel.on_saved_output(
        saved,
        lambda news: handle.update(news, raw=True),
        lambda: place.update({"text/plain": panel.closed_text}, raw=True),
    )


def price_limit_usd_month() -> float:
    """Return the monthly cost in USD that a plan can add without confirmation: ``%config DoMagics``, or the default."""
    magics = getattr(current_shell(), "magics_manager", None)
    settings = magics.registry.get("DoMagics") if magics is not None else None
    return PRICE_LIMIT_USD_MONTH if settings is None else float(settings.price_limit_usd_month)


def panel_host() -> PanelHost:
    """Return what the panels of this process share. In a kernel it hears when cells start and finish."""
    host, shell = default_session().panel_host, current_shell()
    if getattr(shell, "kernel", None) is not None and _cell_started not in shell.events.callbacks["pre_run_cell"]:
        shell.events.register("pre_run_cell", _cell_started)
        shell.events.register("post_run_cell", _cell_finished)
        # The cell that opens the panel is running.
        host.monitor.cell_started()
    return host


def _cell_started(*_: object) -> None:
    default_session().panel_host.monitor.cell_started()


def _cell_finished(*_: object) -> None:
    default_session().panel_host.monitor.cell_finished()
