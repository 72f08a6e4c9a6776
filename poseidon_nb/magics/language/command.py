"""What a line of `%do` means, once it is understood: plain values, ready to be carried out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a line means.

    Attributes
    ----------
    group, verb : str
        Canonical names; ``""`` as far as only help is asked for, or for the head of a cell of commands.
    arguments : mapping
        By `Argument.name`; a tuple where it takes many. Only what was given.
    options : mapping
        The verb's own, by `Option.field`, converted; a list is a tuple. Only what was given.
    out, columns, raw, dry_run, plan, yes, no_wait, keep_going, timeout_s, context
        The global options.
    help : bool
        Show the help of what `group` and `verb` name, and do nothing.
    output : str
        ``"table"`` or ``"json"``.
    header : bool
        False for ``--no-header``.
    check : bool
        False for ``--no-check``: what is unknown to the catalogue is sent all the same.
    line : str
        What was typed; two ways to type the same are equal.
    body : str or None
        The body of a ``%%do`` cell. With no group it is a cell of commands, see `commands_in`.
    """

    group: str = ""
    verb: str = ""
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
    timeout_s: float | None = None
    context: str | None = None
    help: bool = False
    output: str = "table"
    header: bool = True
    check: bool = True
    body: str | None = None
    line: str = field(default="", compare=False)
