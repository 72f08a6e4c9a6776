"""How the table of a command is displayed: what its question asked for first, one object as a card, and nothing in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.frames.layout import View
from poseidon_nb.frames.schemas import DERIVED_TABLES, TABLES
from poseidon_nb.masking import mask
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    import pandas as pd

    from poseidon_nb.language.command import Command

#: What runs the verbs that return objects of the API as they are.
_AS_SERVED = ("generic.", "api.")
#: The columns of such objects to show first.
_FIRST = (
    *("name", "label", "slug", "status", "state", "region", "region_slug", "size", "size_slug", "ip", "ip_address"),
    *("price_monthly", "amount", "tags", "mode", "db", "user", "connection_host", "connection_port"),
)
#: What the rows of a table are, if the API's word for them is not the usual one.
_PROPER_NAMES = {
    "databases": "database clusters",
    "kubernetes": "Kubernetes clusters",
    "vpcs": "VPCs",
    "reserved_ips": "reserved IPs",
    "reserved_ipv6": "reserved IPv6 addresses",
}
#: What the rows of a derived table are, if not what its group is about.
_SUBJECTS = {
    "idle": "idle resources",
    "frozen": "frozen droplets",
    "cost_by": "resources that cost money",
    "cost_lines": "resources that cost money",
    "cost_changes": "changes of the cost",
    "cost_history": "days with a cost",
    "rightsizing": "droplets to analyze",
}
#: Tables of yes and no. In a table full of words, nobody finds the few that say yes.
_MARKED = frozenset({"regions matrix"})
#: The statuses of actions, and of droplets, that were not waited for.
_UNFINISHED = frozenset({"in-progress", "new"})
#: What is displayed first of what was not waited for.
_NOT_WAITED = ("name", "action", "type", "action_id", "region", "size", "id")


def command_view(command: Command, frame: pd.DataFrame, *, single: bool, nothing: str = "") -> View:
    """Return how the table of a command is displayed.

    Parameters
    ----------
    command : Command
    frame : pandas.DataFrame
        The table, with the columns that the user asked for.
    single : bool
        It is one object.
    nothing : str
        What is displayed if there are no rows; by default a sentence made of the command.
    """
    is_outdated = _is_outdated(command, frame)
    return View(
        asked=tuple(map(str, frame.columns)) if command.columns else (),
        first=_NOT_WAITED if is_outdated else _first(command),
        # The id of an action that has ended is for programs.
        hidden=("status",) if is_outdated else () if command.no_wait else ("action_id",),
        card=single,
        nothing=nothing or nothing_found(command),
        marks=command.verb.title in _MARKED,
    )


def _is_outdated(command: Command, frame: pd.DataFrame) -> bool:
    """Return whether actions go on that the command did not wait for: the progress rows show their status, not the table."""
    return command.no_wait and "status" in frame and {*frame["status"]} <= _UNFINISHED


def _first(command: Command) -> tuple[str, ...]:
    table = (TABLES | DERIVED_TABLES).get(command.verb.table)
    if table is not None:
        return table.first
    return _FIRST if command.verb.run.startswith(_AS_SERVED) else ()


def nothing_found(command: Command) -> str:
    """Return the sentence for a table without rows, such as ``No droplets match 'zzz*'``."""
    verb = command.verb
    if "action" in verb.columns:
        return "Nothing was changed."
    required = [one.name for one in verb.arguments if one.required]
    owners = [word for name in required if name in command.arguments for word in _words(command.arguments[name])]
    filters = [
        *(repr(word) for name, value in command.arguments.items() if name not in required for word in _words(value)),
        *(
            f"{option.flag} {' '.join(_words(mask(command.options[option.field], name=option.field)))}"
            for option in verb.options
            if option.field in command.options and option.type != "flag"
        ),
    ]
    subject = f"No {_plural(command)}{f' of {join_words(owners)}' if owners else ''}"
    return f"{subject} match {join_words(filters)}." if filters else f"{subject} were found."


def _plural(command: Command) -> str:
    """Return what the rows are, as the API calls them; for a derived table, what it is about."""
    verb = command.verb
    if verb.table in DERIVED_TABLES:
        name = _SUBJECTS.get(verb.table, verb.group)
    elif verb.table in _PROPER_NAMES:
        return _PROPER_NAMES[verb.table]
    else:
        name = verb.table or (operation(verb.operations[0]).response_key if verb.operations else "")
    return (name or "rows").replace("_", " ").replace("-", " ")


def _words(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
