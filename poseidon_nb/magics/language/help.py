"""The help of `%do`, at every level, made from the same table that the grammar reads. Nothing is fetched.

Plain text of at most 100 columns, which reads the same in a terminal and under a cell.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.magics.language.completeness import standing_in
from poseidon_nb.magics.language.naming import by_rule_alone, further_groups
from poseidon_nb.magics.language.options import GLOBAL_OPTIONS, shown_value
from poseidon_nb.magics.language.vocabulary import entry, group_meant, own_groups, synonyms
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.frames.columns import Column
    from poseidon_nb.magics.language.words import Argument, Group, Option, Verb

WIDTH = 100
#: The widest left column, in characters; what is wider gets a line of its own.
_LEFT_MOST = 34

_FIRST_STEPS = (
    ("%do sandbox start", "an account to play with: no token, no cost"),
    ("%do droplets list", "a DataFrame; df = %do droplets list keeps it"),
    ("%do droplets create --help", "all about one verb"),
    ("%do droplets get {name}", "the value of the Python variable `name`"),
)


def help_text(group: str = "", verb: str = "") -> str:
    """Return the help of everything, of a group, or of one verb.

    Parameters
    ----------
    group, verb : str
        As a `Command` names them; ``""`` for all of them.

    Raises
    ------
    GrammarError
        There is no such group or verb.
    """
    if not group:
        return _whole()
    found = group_meant(group)
    if not verb and (found.bare or len(found.verbs) == 1):
        verb = found.verbs[0].name
    return _of_verb(found, entry(group, verb)) if verb else _of_group(found)


def _whole() -> str:
    return _page(
        "%do GROUP VERB [ARGUMENTS] [--options]",
        _rows(_FIRST_STEPS),
        _section("Groups", _rows((group.name, group.help) for group in own_groups())),
        _section("Further groups, for the rest of the API", _wrapped(", ".join(further_groups()), indent="  ")),
        _section("Options of every verb", _rows(_option_row(option) for option in GLOBAL_OPTIONS)),
        _section("Other words for the same, doctl's among them", _rows(_synonym_rows())),
        _wrapped(
            "A cell that begins with %%do and a verb gives it the rest as its body; with nothing behind it, each "
            "line is a command. %do GROUP --help and %do GROUP VERB --help tell more."
        ),
    )


def _synonym_rows() -> Iterable[tuple[str, str]]:
    for meant, words in synonyms():
        yield (meant, ", ".join(words))


def _of_group(group: Group) -> str:
    default = f"%do {group.name} alone is %do {group.name} {group.default}." if group.default else ""
    # They may stand behind the group's name too: who asks about `cost` wants to know of `--by`.
    options = entry(group.name, group.default).options if group.default else ()
    ours = [verb for verb in group.verbs if not by_rule_alone(group.name, verb.name)] or group.verbs
    rest = [verb.name for verb in group.verbs if verb not in ours]
    return _page(
        f"%do {group.name} VERB [ARGUMENTS] [--options]",
        _sentence(group.help),
        _section("Verbs", _rows((_title(verb), verb.help) for verb in ours)),
        _section("Further verbs, for the rest of the API", _wrapped(", ".join(rest), indent="  ")) if rest else "",
        default,
        _section(f"Options of {group.default}", _rows(_option_row(option) for option in options)),
        _also(group.aliases),
        f"%do {group.name} VERB --help tells more.",
    )


def _title(verb: Verb) -> str:
    shapes = (_shape(verb, argument) for argument in verb.arguments)
    return " ".join((verb.name, *shapes))


def _of_verb(group: Group, verb: Verb) -> str:
    return _page(
        usage(group, verb),
        _sentence(verb.help),
        _section("Arguments", _rows((_shows(argument), argument.help) for argument in verb.arguments)),
        _section("Options", _rows(_option_row(option) for option in verb.options)),
        _section("Options of every verb", _everywhere(verb)),
        _body_line(verb),
        _asks_line(group, verb),
        _section("The DataFrame's columns", _columns(verb)),
        _also(verb.aliases),
        _section("Example", f"  {verb.example}"),
        _section("API", _pages(verb)),
    )


def usage(group: Group, verb: Verb) -> str:
    """Return the line that shows how a verb is written: ``%do droplets power_off DROPLET...|--tag TAG``."""
    words = ["%do", group.name]
    if not group.bare:
        words.append(f"[{verb.name}]" if verb.name == group.default else verb.name)
    words += [_shape(verb, argument) for argument in verb.arguments]
    words += [f"{option.typed} {shown_value(option)}".rstrip() for option in verb.options if option.required]
    for fields in verb.one_of:
        choice = (option for option in verb.options if option.field in fields)
        words.append("|".join(f"{option.typed} {shown_value(option)}" for option in choice))
    if any(not option.required for option in verb.options):
        words.append("[--options]")
    return " ".join(words)


def _shows(argument: Argument) -> str:
    return f"{argument.shows}..." if argument.many else argument.shows


def _shape(verb: Verb, argument: Argument) -> str:
    other = standing_in(verb, argument)
    shape = f"{_shows(argument)}|{other.typed} {shown_value(other)}" if other else _shows(argument)
    return shape if argument.required else f"[{shape}]"


def _option_row(option: Option) -> tuple[str, str]:
    short = [f"-{alias}" for alias in option.aliases if len(alias) == 1]
    typed = ", ".join([" ".join(filter(None, (option.typed, shown_value(option)))), *short])
    notes = []
    if option.required:
        notes.append("required")
    if option.suggests:
        more = "" if option.closed else " ..."
        notes.append(f"{', '.join(option.suggests)}{more}")
    if option.kind == "list":
        notes.append("again for more")
    if option.default:
        notes.append(f"else {option.default}")
    return typed, f"{option.help} ({'; '.join(notes)})" if notes else option.help


def _everywhere(verb: Verb) -> str:
    many = any(argument.many for argument in verb.arguments)
    silent = {"help"} | (set() if verb.waits else {"wait", "timeout"}) | (set() if many else {"keep_going"})
    rows = (_option_row(option)[0].replace(" ", "\u00a0") for option in GLOBAL_OPTIONS if option.field not in silent)
    return _wrapped(", ".join(rows), indent="  ").replace("\u00a0", " ")


def _body_line(verb: Verb) -> str:
    if verb.body == "body":
        return _wrapped("The rest of a %%do cell is the request's body, in JSON or YAML; options come on top of it.")
    return f"The rest of a %%do cell is its {verb.body.replace('_', ' ')}." if verb.body else ""


def _asks_line(group: Group, verb: Verb) -> str:
    reasons = _reasons(group, verb)
    if not reasons:
        return ""
    return _wrapped(f"It asks {reasons} --yes answers. Where nobody can answer it refuses without --yes.")


def _reasons(group: Group, verb: Verb) -> str:
    """Return in words when a verb asks, as a sentence goes on; empty where it never does."""
    if group.name == "apply":
        return "whatever the command would ask that made the plan."
    if group.name == "api":
        return "before any request but a GET."
    if not verb.operations or operation(verb.operations[0]).method == "GET":
        return ""
    from poseidon_nb.plans.costs import may_cost  # noqa: PLC0415  # needed for this page
    from poseidon_nb.plans.questions import MAX_THINGS, asks_first  # noqa: PLC0415  # as above

    body = dict(verb.fixed) or {"type": verb.name}
    first = asks_first(verb.operations[0], body)
    if first.startswith("first"):
        return first
    options = {option.field for option in verb.options}
    found = [first] if first else []
    found += ["when a droplet runs and is restarted"] if "restart" in options else []
    found += ["when a disk grows, which cannot be undone"] if "disk" in options else []
    if may_cost(verb.operations[0], body):
        found.append("when it adds more a month than %config DoMagics.price_limit_usd_month")
    if any(argument.many for argument in verb.arguments):
        found.append(f"when more than {MAX_THINGS} are meant")
    return f"{join_words(found, conjunction='or')}." if found else ""


def _columns(verb: Verb) -> str:
    names = list(verb.columns)
    if verb.table:
        from poseidon_nb.frames.schemas import DERIVED_TABLES, get_table  # noqa: PLC0415  # pure data, for this page

        if verb.table in DERIVED_TABLES:
            # The API's own words are told on its page; what was found out is told nowhere else.
            return _rows(
                (_named(column), column.meaning.replace("`", "")) for column in DERIVED_TABLES[verb.table].columns
            )
        table = get_table(verb.table)
        names = [_named(column).replace(" ", "\u00a0") for column in table.columns]
    return _wrapped(", ".join(names), indent="  ").replace("\u00a0", " ") if names else ""


def _named(column: Column) -> str:
    return f"{column.name} ({column.unit})" if column.unit else column.name


def _pages(verb: Verb) -> str:
    if not verb.operations:
        return ""
    rows = []
    for operation_id in verb.operations:
        known = operation(operation_id)
        rows += [f"  {known.method} {known.path}", f"    {known.page}"]
    return "\n".join(rows)


def _page(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, text: str) -> str:
    return f"{title}\n{text}" if text else ""


def _sentence(text: str) -> str:
    return _wrapped(f"{text[0].upper()}{text[1:]}.")


def _also(words: Iterable[str]) -> str:
    listed = ", ".join(words)
    return f"Also: {listed}" if listed else ""


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    """Set two columns; what is too wide for the left one gets a line of its own."""
    listed = list(rows)
    widest = max((len(left) for left, _ in listed if len(left) <= _LEFT_MOST), default=0)
    return "\n".join(_row(left, right, widest) for left, right in listed)


def _row(left: str, right: str, widest: int) -> str:
    indent = " " * (widest + 4)
    text = _wrapped(right, indent) if right else ""
    if len(left) > widest:
        return f"  {left}\n{text}" if text else f"  {left}"
    return f"  {left.ljust(widest)}  {text.removeprefix(indent)}".rstrip()
