"""Your DigitalOcean account as DataFrames and buttons, inside any notebook.

The public API: `connect`, `do`, `Sandbox`, the panels and the errors. Names are imported on first use (PEP 562), so that
importing this package, and ``%load_ext poseidon_nb``, is fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from poseidon_nb import analysis, plots
    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.domains import Domain, Record
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.client.images import Image
    from poseidon_nb.client.keys import Key
    from poseidon_nb.errors import (
        ActionError,
        ActionFailed,
        ActionTimedOut,
        AmbiguousName,
        APIError,
        BudgetExceeded,
        BulkFailed,
        CommandError,
        ConfigurationError,
        ConfirmationRequired,
        Conflict,
        ConnectionFailed,
        DropletBusy,
        Forbidden,
        GrammarError,
        InvalidArgument,
        LookupFailed,
        NoSuchName,
        NotFound,
        NoToken,
        OutcomeUnknown,
        PoseidonError,
        RateLimited,
        ReadOnly,
        ResponseWarning,
        ServerError,
        ShapeError,
        TimedOut,
        TransportError,
        Unauthorized,
        Unprocessable,
    )
    from poseidon_nb.magics.connect import connect
    from poseidon_nb.magics.do import current_client, do, plan, plan_frame
    from poseidon_nb.magics.fleet_panel import FleetPanel
    from poseidon_nb.magics.panels import ActionsPanel, DropletPanel, PlanPanel
    from poseidon_nb.magics.size_explorer import SizeExplorer
    from poseidon_nb.magics.temporary import temporary
    from poseidon_nb.plans.plan import Plan
    from poseidon_nb.sandbox import Sandbox

_MODULES = {
    "Action": "client.actions.actions",
    "ActionsPanel": "magics.panels",
    "Client": "client.client",
    "Domain": "client.domains",
    "Droplet": "client.droplet",
    "DropletPanel": "magics.panels",
    "FleetPanel": "magics.fleet_panel",
    "Image": "client.images",
    "Key": "client.keys",
    "Plan": "plans.plan",
    "PlanPanel": "magics.panels",
    "Progress": "client.actions.progress",
    "Record": "client.domains",
    "Sandbox": "sandbox",
    "SizeExplorer": "magics.size_explorer",
    "connect": "magics.connect",
    "current_client": "magics.do",
    "do": "magics.do",
    "plan": "magics.do",
    "plan_frame": "magics.do",
    "temporary": "magics.temporary",
}

#: Subpackages available as attributes: ``po.analysis.sizes``, ``po.plots.Picture``.
_SUBPACKAGES = ("analysis", "plots")

__all__ = [
    "APIError",
    "Action",
    "ActionError",
    "ActionFailed",
    "ActionTimedOut",
    "ActionsPanel",
    "AmbiguousName",
    "BudgetExceeded",
    "BulkFailed",
    "Client",
    "CommandError",
    "ConfigurationError",
    "ConfirmationRequired",
    "Conflict",
    "ConnectionFailed",
    "Domain",
    "Droplet",
    "DropletBusy",
    "DropletPanel",
    "FleetPanel",
    "Forbidden",
    "GrammarError",
    "Image",
    "InvalidArgument",
    "Key",
    "LookupFailed",
    "NoSuchName",
    "NoToken",
    "NotFound",
    "OutcomeUnknown",
    "Plan",
    "PlanPanel",
    "PoseidonError",
    "Progress",
    "RateLimited",
    "ReadOnly",
    "Record",
    "ResponseWarning",
    "Sandbox",
    "ServerError",
    "ShapeError",
    "SizeExplorer",
    "TimedOut",
    "TransportError",
    "Unauthorized",
    "Unprocessable",
    "__version__",
    "analysis",
    "connect",
    "current_client",
    "do",
    "load_ipython_extension",
    "plan",
    "plan_frame",
    "plots",
    "temporary",
    "unload_ipython_extension",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        # After an AttributeError, `from poseidon_nb import errors` imports the submodule.
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  # lazy import

    if name in _SUBPACKAGES:
        return import_module(f"{__name__}.{name}")
    value = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register ``%do``, ``%%do`` and ``%poseidon``. Called by ``%load_ext poseidon_nb``."""
    from poseidon_nb.magics.magic import load  # noqa: PLC0415  # IPython is only needed here

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove the magics. Called by ``%unload_ext`` and ``%reload_ext``."""
    from poseidon_nb.magics.magic import unload  # noqa: PLC0415  # likewise

    unload(shell)
