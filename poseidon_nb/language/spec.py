"""What the `%do` language is made of: groups, their verbs, and the arguments and options of a verb.

Plain data with no behaviour. The ``spec.py`` of each command is written in these classes, and so is what
`commands.generic` derives from an operation. Parser, help and completion read nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The type of a value. ``list`` holds text and ``integers`` holds integers; both can be repeated or separated by commas.
#: ``seconds`` also accepts ``10m``. ``json`` is an object or a list of objects. ``any`` is an integer if it looks like one,
#: else text: an id or a slug. ``object`` is the value of one Python variable, unchanged.
ValueType = Literal["text", "integer", "number", "flag", "list", "integers", "seconds", "json", "any", "object"]

#: The shorter forms that doctl accepts instead of JSON: firewall rules, flat objects, and URNs such as ``do:droplet:1``.
Shorthand = Literal["", "inbound", "outbound", "object", "objects", "pools", "urns"]

#: The types that hold more than one value.
LIST_TYPES = frozenset({"list", "integers"})

#: Prefix of the completion source with the sizes available in one region; ``"sizes"`` is the source with all of them.
SIZES_IN = "sizes in "


def source_within(source: str, parents: Sequence[object]) -> str:
    """Return the completion source of what is inside of other resources, which are named or have these ids."""
    return "\n".join(map(str, (source, *parents)))


def parts_within(source: str) -> tuple[str, list[str]]:
    """Return the parts of `source_within`."""
    first, *parents = source.split("\n")
    return first, parents


#: doctl's aliases of the verbs that most groups have.
LIST_ALIASES = ("ls", "l")
GET_ALIASES = ("g",)
CREATE_ALIASES = ("c",)
UPDATE_ALIASES = ("u",)
DELETE_ALIASES = ("d", "rm", "del")

#: The columns of a verb that acts on one or many resources: one row for each.
BULK_COLUMNS = ("id", "name", "action", "status", "error")
#: Those of a verb that starts an action on each.
ACTION_COLUMNS = (*BULK_COLUMNS, "action_id")


def kebab(word: str) -> str:
    """Return a word with hyphens instead of underscores: ``power_off`` and ``power-off`` are the same word."""
    return word.replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A positional argument of a verb.

    Attributes
    ----------
    name : str
        The key in `Command.arguments`.
    metavar : str
        How usage lines show it, in capitals.
    source : str
        Where completions come from: a type of resource seen in the account, such as ``"droplets"``.
    suggests : tuple of str
        Words to complete. Other words are allowed too, unless `closed`.
    closed : bool
        Only the suggestions are allowed.
    many : bool
        It takes all remaining words, at least one. Only the last argument of a verb can.
    required : bool
        It must be given, or its alternative.
    alternative : str
        Field of the option that selects the same resources in another way (``tag_name`` for droplets).
    option_names : tuple of str
        Option names that set the argument too, for doctl's users: ``--droplet-name``.
    within : tuple of str
        The arguments before it that name what it is inside of, the outermost first.
    objects : tuple of str
        Classes of this package whose objects a variable in braces passes unchanged: ``("Plan",)``.
    """

    name: str
    metavar: str
    help: str = ""
    type: ValueType = "text"
    source: str = ""
    suggests: tuple[str, ...] = ()
    closed: bool = False
    many: bool = False
    required: bool = True
    alternative: str = ""
    option_names: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A named option of a verb, given in any order.

    Attributes
    ----------
    field : str
        The key in `Command.options`, and the API's own name wherever there is one.
    name : str
        How it is typed, without dashes, if that is not the field in kebab-case: ``"tag"`` for ``tag_name``;
        ``"field.timeout"`` for a field with the name of a global option.
    aliases : tuple of str
        Other ways to type it. One letter means one dash.
    metavar : str
        What stands for its value in a usage line.
    default : str
        What happens without it, as help shows it.
    shorthand : Shorthand
        The shorter form that is accepted instead of JSON.
    negated : bool
        A flag that is on by default; ``--no-...`` turns it off, and help shows that form.
    selects : str
        The verb of the group that a command with this option means: ``cost --last 90d`` is ``cost allocation --last 90d``.

    Notes
    -----
    `source`, `suggests` and `closed` are as in `Argument`.
    """

    field: str
    help: str = ""
    type: ValueType = "text"
    name: str = ""
    aliases: tuple[str, ...] = ()
    metavar: str = ""
    source: str = ""
    suggests: tuple[str, ...] = ()
    closed: bool = False
    required: bool = False
    default: str = ""
    shorthand: Shorthand = ""
    negated: bool = False
    selects: str = ""

    @property
    def flag(self) -> str:
        """The option as it is typed: ``--tag``; ``--no-wait`` for one that is on by default."""
        return f"--{'no-' if self.negated else ''}{self.name or kebab(self.field)}"

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names of this option in kebab-case, without dashes."""
        return (kebab(self.name or self.field), *map(kebab, self.aliases))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One command.

    Attributes
    ----------
    group : str
        The name of its group; set by the registry.
    run : str
        What executes it, imported when the verb is first used: ``"cost.run:show_sums"``, below ``poseidon_nb.commands``.
    reads : str
        What lists its GET requests for ``--dry-run``, if that is not its one operation: ``"cost.run:list_reads"``.
    operations : tuple of str
        The operationIds that it uses, the main one first; empty for a verb that only affects this kernel.
    alias_of : str
        The operationId that this is the name of. Options for its remaining fields are added.
    fixed : mapping
        Fields that the verb itself sets: ``{"type": "attach"}``.
    body : str
        What the body of a ``%%do`` cell means (``"user_data"``); empty if it takes none. ``"body"`` is the body of the
        request, in JSON or YAML.
    table : str
        The table in `frames.schemas` that describes its DataFrame.
    columns : tuple of str
        The columns of its DataFrame, if no table lists them.
    one_of, at_most_one_of : tuple of tuples of str
        Fields of options of which exactly one, or at most one, can be given. The body counts as the field `body`.
    waits : bool
        It starts actions and waits for them, so ``--no-wait`` and ``--timeout`` apply.
    example : str
        A complete line, with names from the sandbox.
    notes : tuple of str
        Lines that help shows as they are, for a verb that needs more than its arguments and options.
    """

    name: str
    help: str
    example: str
    group: str = ""
    run: str = ""
    reads: str = ""
    operations: tuple[str, ...] = ()
    alias_of: str = ""
    fixed: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    aliases: tuple[str, ...] = ()
    body: str = ""
    table: str = ""
    columns: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    at_most_one_of: tuple[tuple[str, ...], ...] = ()
    waits: bool = False
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The words of the command: ``"droplets list"``, or ``"panel"`` for a group that is a command by itself."""
        return self.name if self.name == self.group else f"{self.group} {self.name}"

    def alternative_to(self, argument: Argument) -> Option | None:
        """Return the option that selects the same resources as an argument: ``--tag`` for droplets."""
        return next((option for option in self.options if option.field == argument.alternative), None)


@dataclass(frozen=True, slots=True)
class OperationAlias:
    """A name of our own for an operation; the rest of the verb follows from the catalogue.

    Attributes
    ----------
    operation : str
        Its operationId.
    name, help : str
        The verb, and what it does.
    arguments : tuple of str
        Fields of the query or the body that are positional arguments, after those of the path.
    fixed : mapping
        Fields that the verb itself sets. An operation can have several such names; it keeps its derived name too.
    only : tuple of str
        The other fields that it takes, if it does not take all.
    aliases : tuple of str
        Other words for it.
    example : str
        As in `Verb`; by default one is derived.
    """

    operation: str
    name: str
    help: str
    arguments: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    only: tuple[str, ...] | None = None
    aliases: tuple[str, ...] = ()
    example: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether it can do all that the operation can, so that it replaces the derived name."""
        return not self.fixed and self.only is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A noun and its verbs.

    Attributes
    ----------
    verbs : tuple of Verb
        The verbs that are written out.
    operation_aliases : tuple of OperationAlias
        Operations with a name of our own.
    prefixes : tuple of str
        The first words of the operationIds that belong to the group. An operation without an alias gets a derived name.
    default : str
        The verb that runs when none is given. If it has the group's own name, the group is a command by itself and takes
        no verb: ``%do login``.
    """

    name: str
    help: str
    verbs: tuple[Verb, ...] = ()
    operation_aliases: tuple[OperationAlias, ...] = ()
    aliases: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    default: str = ""

    @property
    def is_command(self) -> bool:
        """Whether the group is a command by itself."""
        return self.default == self.name
