"""What the `%do` language is made of: groups, their verbs, and the arguments and options of a verb.

Plain facts with no behaviour. The table is written in them, and so is what the rule over the catalogue makes of an
operation: parser, help and completion read nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What an option or argument holds. A ``list`` is of text and ``integers`` of whole numbers: repeated, or with commas.
#: ``seconds`` also reads ``10m``. ``json`` is an object, or a list of them; ``any`` is a whole number if it looks like
#: one, and else text, for what the API takes as an id or a slug. ``object`` is what one Python variable holds, as it is.
Kind = Literal["text", "integer", "number", "flag", "list", "integers", "seconds", "json", "any", "object"]

#: How JSON may be written shorter: as doctl writes rules of firewalls, objects of plain values, or things in ``do:`` words.
Shorthand = Literal["", "inbound", "outbound", "object", "objects", "urns"]

#: The kinds of which more than one can be given.
LISTS = frozenset({"list", "integers"})

#: Before a region's slug: the source of the sizes that can be had there, beside ``"sizes"`` for all.
SIZES_IN = "sizes in "

#: doctl's other words for the verbs that most groups have.
LIST_WORDS = ("ls", "l")
GET_WORDS = ("g",)
CREATE_WORDS = ("c",)
UPDATE_WORDS = ("u",)
DELETE_WORDS = ("d", "rm", "del")

#: What a verb upon one or many things shows: a row each.
BULK_COLUMNS = ("id", "name", "action", "status", "error")


def folded(word: str) -> str:
    """Make the two ways to write a word one: ``power-off`` and ``power_off``."""
    return word.replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What stands behind a verb without a name.

    Attributes
    ----------
    name : str
        The key in `Command.arguments`.
    shows : str
        How usage lines write it, in capitals.
    source : str
        What completes it: a kind of name seen in the account, such as ``"droplets"``.
    suggests : tuple of str
        Words to complete; never the only ones allowed, unless `closed`.
    closed : bool
        The suggestions are ours, not the API's, so that any other word is a mistake.
    many : bool
        It takes all that is left, one or more; only the last argument of a verb may.
    required : bool
        It must be given, or what stands in for it.
    instead : str
        Field of the option that names the same things in another way (``tag_name`` for droplets).
    spelled : tuple of str
        Option names under which the argument may be given too, for doctl's users: ``--droplet-name``.
    """

    name: str
    shows: str
    help: str = ""
    kind: Kind = "text"
    source: str = ""
    suggests: tuple[str, ...] = ()
    closed: bool = False
    many: bool = False
    required: bool = True
    instead: str = ""
    spelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What stands behind a verb with a name, in any order.

    Attributes
    ----------
    field : str
        The key in `Command.options`, and the API's own name wherever there is one.
    name : str
        How it is typed, without the dashes, where that is not the field in kebab-case: ``"tag"`` for ``tag_name``;
        ``"field.timeout"`` for a field whose own name is a global option's.
    aliases : tuple of str
        Other ways to type it; one letter means one dash.
    shows : str
        What stands for its value in a usage line.
    default : str
        What happens without it, in words.
    shorthand : Shorthand
        What its JSON may be given in, too.
    on : bool
        A flag that is on until ``--no-...`` switches it off; help shows it so.

    Notes
    -----
    `source`, `suggests` and `closed` are as in `Argument`.
    """

    field: str
    help: str = ""
    kind: Kind = "text"
    name: str = ""
    aliases: tuple[str, ...] = ()
    shows: str = ""
    source: str = ""
    suggests: tuple[str, ...] = ()
    closed: bool = False
    required: bool = False
    default: str = ""
    shorthand: Shorthand = ""
    on: bool = False

    @property
    def typed(self) -> str:
        """The option as a person types it: ``--tag``; ``--no-wait`` for one that is on by itself."""
        return f"--{'no-' if self.on else ''}{self.name or folded(self.field)}"

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names, without dashes and folded, that mean this option."""
        return (folded(self.name or self.field), *map(folded, self.aliases))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One command.

    Attributes
    ----------
    operations : tuple of str
        The operationIds that it rests on, the main one first; empty for what happens in this kernel.
    stands_for : str
        The operationId that this is the name of. All its fields that the row does not spell are added as options.
    fixed : mapping
        Fields that the verb itself stands for: ``{"type": "attach"}``.
    body : str
        What the body of a ``%%do`` cell is to it (``"user_data"``); empty where it takes none. ``"body"`` is the
        request's own body, in JSON or YAML.
    table : str
        The table in `frames.schemas` that describes its DataFrame.
    columns : tuple of str
        The columns of its DataFrame, where no table has them.
    one_of, at_most_one_of : tuple of tuples of str
        Fields of options of which exactly one, or at most one, can be given; the body counts as the field `body`.
    waits : bool
        It starts actions and waits for them, so ``--no-wait`` and ``--timeout`` mean something.
    example : str
        A line as it is typed, with names from the sandbox; the id of an action is only the form of one.
    """

    name: str
    help: str
    example: str
    operations: tuple[str, ...] = ()
    stands_for: str = ""
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


@dataclass(frozen=True, slots=True)
class Named:
    """An operation under a name of our own; all the rest of its verb follows from the catalogue.

    Attributes
    ----------
    operation : str
        Its operationId.
    name, help : str
        The verb, and what it does.
    arguments : tuple of str
        Fields of the query or the body that are given by position, behind those of the path.
    fixed : mapping
        Fields that the verb itself stands for; an operation may have several such names, and keeps one by the rule.
    only : tuple of str
        The further fields that it takes, where it does not take all.
    aliases : tuple of str
        Other words for it.
    example : str
        As in `Verb`; by default one is made.
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
    def whole(self) -> bool:
        """Whether it is the operation's one name, rather than a part of what the operation can do."""
        return not self.fixed and self.only is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A noun and its verbs.

    Attributes
    ----------
    verbs : tuple of Verb
        Those that are written out, which have handlers of their own.
    prefixes : tuple of str
        What operationIds begin with that belong to the group. Those without another name get one by the rule.
    named : tuple of Named
        Operations with a name of our own.
    default : str
        The verb that is meant where none is given. If it is the group's own name, the group is a command by itself
        and takes no verb: ``%do login``.
    """

    name: str
    help: str
    verbs: tuple[Verb, ...] = ()
    aliases: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    named: tuple[Named, ...] = ()
    default: str = ""

    @property
    def bare(self) -> bool:
        """Whether the group is a command by itself."""
        return self.default == self.name
