"""The help of `%do`, of a group, and of a verb, generated from the specs. Nothing is fetched.

Plain text for terminals and for notebooks, wrapped to their width. The first page fits a terminal of 24 lines of 80.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.commands.registry import TOPICS, registry
from poseidon_nb.language.options import GLOBAL_OPTIONS, option_metavar
from poseidon_nb.language.spec import BULK_COLUMNS
from poseidon_nb.text import LINE_WIDTH, join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from poseidon_nb.frames.columns import Column
    from poseidon_nb.language.spec import Argument, Group, Option, Verb

    #: A part of a page, which is wrapped once the width is known.
    Part: TypeAlias = Callable[[int], str]

#: The most characters in a line, also where there is room for more; the first page is narrower.
WIDTH = LINE_WIDTH
FIRST_PAGE_WIDTH = 79
#: The fewest, for a right column that can be read.
_MIN_WIDTH = 60
#: The width of the left column, in characters. Longer text gets a line of its own.
_MAX_LEFT = 34

_FIRST_STEPS = (
    ("%do sandbox start", "a simulated account: no token, no cost"),
    ("%do droplets list", "a DataFrame; assign it with df = %do droplets list"),
    ("%do panel web-1", "buttons and progress bars"),
    ("%do droplets get {name}", "the Python variable `name`; also {row.name}"),
)


def help_text(group: str = "", verb: str = "", *, width: int = WIDTH) -> str:
    """Return the help of all groups, of one group, or of one verb.

    Parameters
    ----------
    group, verb : str
        Names; ``""`` for all.
    width : int
        Characters in a line of the terminal.

    Raises
    ------
    GrammarError
        There is no such group or verb.
    """
    width = max(_MIN_WIDTH, min(width, WIDTH))
    if not group:
        return _first_page()(min(width, FIRST_PAGE_WIDTH))
    found = registry().require_group(group)
    if not verb and (found.is_command or len(found.verbs) == 1):
        verb = found.verbs[0].name
    page = _verb(found, registry().require_verb(found, verb)) if verb else _group(found)
    return page(width)


def _first_page() -> Part:
    topics = ((topic, ", ".join(group.name for group in groups)) for topic, groups in TOPICS.items())
    options = (f"{option.flag}\u00a0{option_metavar(option)}".rstrip() for option in GLOBAL_OPTIONS)
    return _page(
        "%do GROUP VERB [ARGUMENTS] [--options]",
        _rows(_FIRST_STEPS),
        _section("Groups", _rows(topics)),
        _section("Options", _wrapped(", ".join(options), "  ")),
        "%do GROUP --help and %do GROUP VERB --help explain them. %do aliases lists all\n"
        f"groups ({len(registry().further_groups)} more), options and aliases, doctl's among them.",
    )


def aliases_text(*, width: int = WIDTH) -> str:
    """Return all groups, the global options, and the other words that work, in lines of at most this many characters."""
    page = _page(
        _section("Groups", _rows((group.name, group.help) for group in registry().groups)),
        _section("More groups, for the rest of the API", _wrapped(", ".join(registry().further_groups), indent="  ")),
        _section("Global options", _rows(_option_row(option) for option in GLOBAL_OPTIONS)),
        _section("Aliases, including doctl's names", _rows(_synonym_rows())),
        _wrapped(
            "%%do GROUP VERB uses the rest of the cell as the body of the command. %%do alone runs each line of the cell "
            "as a command. See also %do GROUP --help and %do GROUP VERB --help."
        ),
    )
    return page(max(_MIN_WIDTH, min(width, WIDTH)))


def _synonym_rows() -> Iterable[tuple[str, str]]:
    for name, aliases in registry().synonyms():
        yield (name, ", ".join(aliases))


def _group(group: Group) -> Part:
    default = f"%do {group.name} is short for %do {group.name} {group.default}." if group.default else ""
    # These can follow the group's name too: `%do cost --by tag`.
    options = registry().require_verb(group, group.default).options if group.default else ()
    ours = [verb for verb in group.verbs if not registry().is_derived(verb)] or group.verbs
    rest = [verb.name for verb in group.verbs if verb not in ours]
    return _page(
        f"%do {group.name} VERB [ARGUMENTS] [--options]",
        _sentence(group.help),
        _section("Verbs", _rows((_title(verb), verb.help) for verb in ours)),
        _section("More verbs, for the rest of the API", _wrapped(", ".join(rest), indent="  ")) if rest else "",
        default,
        _section(f"Options of {group.default}", _rows(_option_row(option) for option in options)),
        _aliases(group.aliases),
        f"See also %do {group.name} VERB --help.",
    )


def _title(verb: Verb) -> str:
    shapes = (_shape(verb, argument) for argument in verb.arguments)
    return " ".join((verb.name, *shapes))


def _verb(group: Group, verb: Verb) -> Part:
    return _page(
        _wrapped(usage(group, verb), later="    "),
        _sentence(verb.help),
        _section("Arguments", _rows((_metavar(argument), argument.help) for argument in verb.arguments)),
        _section("Options", _rows(_option_row(option) for option in verb.options)),
        _section("Global options", _global_options(verb)),
        _body_line(verb),
        _confirmation_line(group, verb),
        _section("Columns", _columns(verb)),
        _aliases(verb.aliases),
        _section("Notes", "\n".join(f"  {line}".rstrip() for line in verb.notes)),
        _section("Example", f"  {verb.example}"),
        _section("API", _pages(verb)),
    )


def usage(group: Group, verb: Verb) -> str:
    """Return the usage line of a verb: ``%do droplets power_off DROPLET...|--tag TAG``."""
    words = ["%do", group.name]
    if not group.is_command:
        words.append(f"[{verb.name}]" if verb.name == group.default else verb.name)
    words += [_shape(verb, argument) for argument in verb.arguments]
    words += [f"{option.flag} {option_metavar(option)}".rstrip() for option in verb.options if option.required]
    for fields in verb.one_of:
        choice = (option for option in verb.options if option.field in fields)
        words.append("|".join(f"{option.flag} {option_metavar(option)}" for option in choice))
    if any(not option.required for option in verb.options):
        words.append("[--options]")
    return " ".join(words)


def _metavar(argument: Argument) -> str:
    return f"{argument.metavar}..." if argument.many else argument.metavar


def _shape(verb: Verb, argument: Argument) -> str:
    other = verb.alternative_to(argument)
    shape = f"{_metavar(argument)}|{other.flag} {option_metavar(other)}" if other else _metavar(argument)
    return shape if argument.required else f"[{shape}]"


def _option_row(option: Option) -> tuple[str, str]:
    short = [f"-{alias}" for alias in option.aliases if len(alias) == 1]
    typed = ", ".join([" ".join(filter(None, (option.flag, option_metavar(option)))), *short])
    notes = []
    if option.required:
        notes.append("required")
    if option.suggests:
        more = "" if option.closed else " ..."
        notes.append(f"{', '.join(option.suggests)}{more}")
    if option.type == "list":
        notes.append("repeatable")
    if option.default:
        notes.append(f"default: {option.default}")
    return typed, f"{option.help} ({'; '.join(notes)})" if notes else option.help


def _global_options(verb: Verb) -> Part:
    # A verb without arguments may find several itself.
    many = any(argument.many for argument in verb.arguments) or (not verb.arguments and verb.columns == BULK_COLUMNS)
    hidden = {"help"} | (set() if verb.waits else {"wait", "timeout"}) | (set() if many else {"keep_going"})
    rows = (_option_row(option)[0].replace(" ", "\u00a0") for option in GLOBAL_OPTIONS if option.field not in hidden)
    return _wrapped(", ".join(rows), indent="  ")


def _body_line(verb: Verb) -> Part:
    if verb.body == "body":
        return _wrapped("The body of a %%do cell is the request's body, in JSON or YAML. Options are added to it.")
    return _wrapped(f"The body of a %%do cell is used as the {verb.body.replace('_', ' ')}." if verb.body else "")


def _confirmation_line(group: Group, verb: Verb) -> Part:
    reasons = _reasons(group, verb)
    if not reasons:
        return _wrapped("")
    return _wrapped(f"Asks for confirmation {reasons} Use --yes to confirm in advance, for example in scripts.")


def _reasons(group: Group, verb: Verb) -> str:
    """Return when a verb asks, as the end of a sentence; empty if it never does."""
    if group.name == "apply":
        return "like the commands that would do the same, and before anything is deleted."
    if group.name == "api":
        return "before any request other than GET."
    if not verb.operations or operation(verb.operations[0]).method == "GET":
        return ""
    from poseidon_nb.plans.confirmation import MAX_TARGETS, confirmation_help  # noqa: PLC0415  # only help needs it
    from poseidon_nb.plans.costs import may_cost  # noqa: PLC0415  # only help needs it

    body = dict(verb.fixed) or {"type": verb.name}
    first = confirmation_help(verb.operations[0], body)
    if first.startswith("first"):
        return first
    options = {option.field for option in verb.options}
    found = [first] if first else []
    found += ["when it restarts an active droplet"] if "restart" in options else []
    found += ["when a disk grows, because it cannot shrink again"] if "disk" in options else []
    if may_cost(verb.operations[0], body):
        found.append("when it adds more to the monthly cost than %config DoMagics.price_limit_usd_month")
    if any(argument.many for argument in verb.arguments):
        found.append(f"when it affects more than {MAX_TARGETS} resources")
    return f"{join_words(found, conjunction='or')}." if found else ""


def _columns(verb: Verb) -> Part:
    names = list(verb.columns)
    if verb.table:
        from poseidon_nb.frames.schemas import DERIVED_TABLES, get_table  # noqa: PLC0415  # only help needs it

        if verb.table in DERIVED_TABLES:
            # The API documents its own fields; derived columns are only described here.
            return _rows(
                (_column(column), column.meaning.replace("`", "")) for column in DERIVED_TABLES[verb.table].columns
            )
        table = get_table(verb.table)
        names = [_column(column).replace(" ", "\u00a0") for column in table.columns]
    return _wrapped(", ".join(names), indent="  ")


def _column(column: Column) -> str:
    return f"{column.name} ({column.unit})" if column.unit else column.name


def _pages(verb: Verb) -> str:
    if not verb.operations:
        return ""
    rows = []
    for operation_id in verb.operations:
        known = operation(operation_id)
        rows += [f"  {known.method} {known.path}", f"    {known.page}"]
    return "\n".join(rows)


def _page(*parts: Part | str) -> Part:
    """Return a page. Its parts are text or wrap themselves; empty ones are left out."""

    def render(width: int) -> str:
        texts = (part if isinstance(part, str) else part(width) for part in parts)
        return "\n\n".join(filter(None, texts)) + "\n"

    return render


def _section(title: str, part: Part | str) -> Part:
    def render(width: int) -> str:
        text = part if isinstance(part, str) else part(width)
        return f"{title}\n{text}" if text else ""

    return render


def _sentence(text: str) -> Part:
    return _wrapped(f"{text[0].upper()}{text[1:]}.")


def _aliases(words: Iterable[str]) -> Part:
    listed = ", ".join(words)
    return _wrapped(f"Aliases: {listed}" if listed else "", later="  ")


def _wrapped(text: str, indent: str = "", *, later: str = "") -> Part:
    """Wrap a text. Words that belong together are joined by a no-break space; later lines can have a further indent."""
    return lambda width: textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + later,
        break_long_words=False,
        break_on_hyphens=False,
    ).replace("\u00a0", " ")


def _rows(rows: Iterable[tuple[str, str]]) -> Part:
    """Format two columns."""
    listed = list(rows)
    widest = max((len(left) for left, _ in listed if len(left) <= _MAX_LEFT), default=0)
    return lambda width: "\n".join(_row(left, right, widest, width) for left, right in listed)


def _row(left: str, right: str, widest: int, width: int) -> str:
    indent = " " * (widest + 4)
    text = _wrapped(right, indent)(width) if right else ""
    if len(left) > widest:
        return f"  {left}\n{text}" if text else f"  {left}"
    return f"  {left.ljust(widest)}  {text.removeprefix(indent)}".rstrip()
