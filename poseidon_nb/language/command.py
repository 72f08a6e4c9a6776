"""A parsed line of `%do`: plain values, ready to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.language.spec import Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The verb of a line that names none.
NO_VERB = Verb(name="", help="", example="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A parsed line.

    Attributes
    ----------
    verb : Verb
        `NO_VERB` if only help is requested, and for the first line of a cell of commands.
    group : str
        The group's name; ``""`` if no group is named.
    arguments : mapping
        Keyed by `Argument.name`; a tuple if it takes many. Only those that were given.
    options : mapping
        The verb's own options, keyed by `Option.field`, converted; a list is a tuple. Only those that were given.
    out, columns, raw, dry_run, plan, yes, no_wait, keep_going, strict, reveal, save,
    timeout_s, context
        The global options.
    help : bool
        Show the help of the group or verb, and do nothing.
    output : str
        ``"table"`` or ``"json"``.
    header : bool
        False for ``--no-header``.
    check : bool
        False for ``--no-check``: fields that the catalogue does not know are sent as they are.
    line : str
        What was typed. It is ignored when commands are compared.
    body : str or None
        The body of a ``%%do`` cell. Without a group it is a cell of commands, see `grammar.split_commands`.
    """

    verb: Verb = NO_VERB
    group: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    out: str | None = None
    columns: tuple[str, ...] = ()
    raw: bool = False
    dry_run: bool = False
    plan: bool = False
    yes: bool = False
    no_wait: bool = False
    keep_going: bool = False
    strict: bool = False
    reveal: bool = False
    save: str | None = None
    timeout_s: float | None = None
    context: str | None = None
    help: bool = False
    output: str = "table"
    header: bool = True
    check: bool = True
    body: str | None = None
    line: str = field(default="", compare=False)
