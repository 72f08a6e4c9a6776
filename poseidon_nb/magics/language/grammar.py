"""The grammar of `%do`: a line of text in, a `Command` or a one-line `GrammarError` out. Nothing is asked or sent.

::

    [doctl] [compute] GROUP VERB ARGUMENT... [--option value] [--option=value] [--flag] [--no-flag] [--] ARGUMENT...

Options and arguments mix freely, and the global options may stand in front too. ``--`` ends the options. A list is
``--tags a,b`` or ``--tags a --tags b``; what comes from a variable is never cut at its commas. How words are cut and
variables filled in: `tokens`.

A last word that ends in ``?`` never arrives: IPython shows the help of that name instead (``%do droplets list?``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from poseidon_nb.magics.language.command import Command
from poseidon_nb.magics.language.completeness import assigned, check_options
from poseidon_nb.magics.language.mistakes import (
    ASSIGNED_INSIDE,
    NO_TOKENS_HERE,
    has_token,
    mistake,
    quoted,
    shell_habit,
)
from poseidon_nb.magics.language.moments import length_meant
from poseidon_nb.magics.language.options import SECRET_OPTIONS, converted, is_number, shown_value
from poseidon_nb.magics.language.tokens import (
    Token,
    filled,
    filled_many,
    held_data,
    held_object,
    is_variable,
    split,
)
from poseidon_nb.magics.language.unknown_option import unknown_option
from poseidon_nb.magics.language.vocabulary import (
    group_meant,
    group_within,
    option_called,
    phrase_called,
    phrase_group,
    phrase_meant,
    phrase_words,
    says_nothing,
    verb_meant,
)
from poseidon_nb.magics.language.words import LISTS, Argument, Option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.magics.language.words import Group, Verb

_NO_VARIABLES: Mapping[str, object] = MappingProxyType({})


def parse(line: str, variables: Mapping[str, object] = _NO_VARIABLES, *, body: str | None = None) -> Command:
    """Read a line.

    Parameters
    ----------
    line : str
        What stands behind ``%do``.
    variables : mapping
        The Python variables that ``{name}`` may stand for.
    body : str, optional
        The body of a ``%%do`` cell, taken as it is.

    Returns
    -------
    Command
        With `help` set where no verb is named, or ``--help`` is given.

    Raises
    ------
    GrammarError
        The line is not a command.
    """
    if has_token(line) or (body is not None and has_token(body)):
        raise mistake(NO_TOKENS_HERE)
    reading = _Reading(split(line), variables, body or None)
    reading.run()
    return replace(reading.command(), line=line.strip())


def commands_in(body: str) -> tuple[str, ...]:
    """Return the lines of a bare ``%%do`` cell that are commands: no blank lines, comments, or ``%do`` in front."""
    lines = (line.strip() for line in body.replace("\\\n", " ").splitlines())
    bare = (_without_magic(line) for line in lines if not line.startswith("#"))
    return tuple(line for line in bare if line)


def _without_magic(line: str) -> str:
    for name in ("%do", "%poseidon"):
        if line.startswith(name) and line[len(name) : len(name) + 1].strip() == "":
            return line[len(name) :].strip()
    return line


def _is_option(token: Token) -> bool:
    return not token.quoted and token.text.startswith("-") and len(token.text) > 1 and not is_number(token.text)


class _Reading:
    """One line being read, from left to right."""

    def __init__(self, tokens: Sequence[Token], variables: Mapping[str, object], body: str | None) -> None:
        self.tokens = deque(tokens)
        self.variables = variables
        self.body = body
        self.doctl_group = ""
        self.group: Group | None = None
        self.verb: Verb | None = None
        self.words: list[Any] = []
        self.named: dict[str, str] = {}  # arguments that were given by an option's name
        self.own: dict[str, Any] = {}
        self.globals: dict[str, Any] = {}
        self.wants_help = (not tokens and body is None) or self._help_is_typed(tokens)

    @staticmethod
    def _help_is_typed(tokens: Sequence[Token]) -> bool:
        for token in tokens:
            if token == ("--", False):
                break
            if token in (("--help", False), ("-h", False)):
                return True
        return tokens[:1] == [("help", False)]

    def run(self) -> None:
        """Read all tokens; when help is asked for, only as far as it takes to know of what."""
        if self.tokens and self.tokens[0] == ("help", False):
            self.tokens.popleft()
        while self.tokens:
            token = self.tokens.popleft()
            if token == ("--", False):
                for rest in self.tokens:
                    self._take_word(rest)
                break
            if _is_option(token):
                self._take_option(token)
            else:
                self._take_word(token)

    def _take_word(self, token: Token) -> None:
        if self.verb is not None:
            if not token.quoted and not self.wants_help:
                habit = shell_habit(token.text)
                if habit:
                    raise habit
            self.words += self._values(token)
            return
        word = filled(token.text, self.variables)
        if self.group is None and not self.doctl_group:
            self._take_group(word)
        else:
            self._take_verb(word)

    def _values(self, token: Token) -> Sequence[object]:
        arguments = self.verb.arguments if self.verb else ()
        if arguments and arguments[0].kind == "object":
            return [held_object(token.text, self.variables)]
        return filled_many(token.text, self.variables)

    def _take_verb(self, word: str) -> None:
        # Another group's word for a verb of ours comes first: `droplet-actions list` is `droplets actions`.
        found = phrase_called(self.group.name if self.group else self.doctl_group, word)
        within = group_within(self.group, word) if self.group else None
        if within is not None:
            self.group = within
        elif found is not None:
            self.group, self.verb = found
        elif self.group is not None:
            self.verb = verb_meant(self.group, word)
        else:
            self.group, self.verb = phrase_meant(self.doctl_group, word)

    def _take_group(self, word: str) -> None:
        if says_nothing(word):
            pass
        elif phrase_words(word):
            self.doctl_group = word
        else:
            if self.tokens and self.tokens[0].text == "=":
                raise mistake(ASSIGNED_INSIDE, word=word)
            self.group = group_meant(word)
            if self.group.bare:
                self.verb = self.group.verbs[0]

    def _take_option(self, token: Token) -> None:
        typed, equals, raw = token.text.partition("=")
        dashes = "--" if typed.startswith("--") else "-"
        name = typed[len(dashes) :]
        if name in SECRET_OPTIONS and (self.verb is None or option_called(self.verb, name) is None):
            raise mistake(NO_TOKENS_HERE)
        if self.verb is None and self.group is not None and self.group.default:
            # An option that only the group's default verb has says that this is meant: `cost --by tag`.
            default = verb_meant(self.group, self.group.default)
            if option_called(None, name) is None and option_called(default, name) is not None:
                self.verb = default
        if self.wants_help:
            self._skip_value(name, given=bool(equals))
            return
        sense = option_called(self.verb, name) if (len(name) == 1) == (dashes == "-") else None
        if sense is None:
            following = raw if equals or not self.tokens else self.tokens[0].text
            raise unknown_option(self.group, self.verb, typed, following)
        option, label = sense.option, typed
        if option.kind != "flag" and not equals and not self._value_follows():
            # `enable_backups --plan daily` is the verb's own, `enable_backups --plan` the one of every verb.
            everywhere = option_called(None, name)
            option = everywhere.option if everywhere and everywhere.option.kind == "flag" else option
        if option.kind == "flag":
            value = converted(filled(raw, self.variables), option, label) if equals else True
            self._keep(option, bool(value) is not sense.negated, label)
        else:
            if not equals:
                raw = self._next_value(option, label)
            self._check_length(option, label, raw)
            if name in SECRET_OPTIONS and not is_variable(raw):
                raise mistake(f"what {typed} takes does not belong in a cell: give it as {{name}} of a Python variable")
            self._keep(option, self._value(raw, option, label), label)

    def _value_follows(self) -> bool:
        return bool(self.tokens) and not _is_option(self.tokens[0])

    def _skip_value(self, name: str, *, given: bool) -> None:
        sense = option_called(self.verb, name)
        if sense and sense.option.kind != "flag" and not given and self._value_follows():
            self.tokens.popleft()

    def _next_value(self, option: Option | Argument, label: str) -> str:
        if not self.tokens:
            shows = option.shows or (shown_value(option) if isinstance(option, Option) else "")
            raise mistake(f"{label} needs a value: {label} {shows}", word=label)
        token = self.tokens[0]
        if _is_option(token):
            raise mistake(
                f"{label} needs a value, and {quoted(token.text)} looks like the next option; "
                f"if it is the value: {label}={token.text}",
                word=label,
            )
        return self.tokens.popleft().text

    def _check_length(self, option: Option | Argument, label: str, raw: str) -> None:
        """Refuse a length of time in two words, of which the second would be an argument: ``--last 1 day``."""
        if isinstance(option, Option) and option.shows == "TIME" and self.tokens and not self.tokens[0].quoted:
            said = f"{raw} {self.tokens[0].text}"
            if near := length_meant(said):
                raise mistake(f"{label} takes one word: write {label} {near}, not {quoted(said)}", word=said)

    def _value(self, raw: str, option: Option | Argument, label: str) -> object:
        if _holds_many(option):
            pieces = [piece.strip() for piece in raw.split(",")] if "," in raw else [raw]
            texts = [text for piece in pieces if piece for text in filled_many(piece, self.variables)]
            return tuple(converted(text, option, label) for text in texts)
        if option.kind == "json":
            held = held_data(raw, self.variables)
            return held if held is not None else converted(raw, option, label)
        text = filled(raw, self.variables)
        if option.source == "tags" and not text.strip():
            # An empty variable: the API would take it for all droplets, or for none.
            raise mistake(f"{label} is empty: it takes the name of a tag", word=label)
        return converted(text, option, label)

    def _keep(self, option: Option | Argument, value: Any, label: str) -> None:
        if isinstance(option, Argument):
            kept, key = self.named, option.name
        else:
            own = self.verb is not None and option in self.verb.options
            kept, key = (self.own if own else self.globals), option.field
        if _holds_many(option):
            value = (*kept.get(key, ()), *value)
        elif key in kept and kept[key] != value:
            raise mistake(f"{label} is given twice, with different values", word=label)
        kept[key] = value

    def command(self) -> Command:
        """Return the command, once everything it needs is there."""
        if self.group is not None and self.verb is None and self.group.default and not self.wants_help:
            self.verb = verb_meant(self.group, self.group.default)
        group = self.group.name if self.group else ""
        if self.wants_help or self.verb is None:
            return self._unfinished(group)
        where = self._where()
        arguments = assigned(self.verb, where, self.words, self.named, self.own)
        check_options(self.verb, where, self.own, body=self.body is not None, check=self.globals.get("check", True))
        return Command(
            group=group,
            verb=self.verb.name,
            arguments=arguments,
            options=self.own,
            body=self.body,
            **self._settings(),
        )

    def _unfinished(self, group: str) -> Command:
        """Return a request for help; or the head of a cell of commands, whose global options are for all of them."""
        if not self.wants_help and self.body is not None:
            if group or self.doctl_group:
                raise mistake(f"which verb of {group or self.doctl_group}? The cell has a body, but no command")
            return Command(body=self.body, **self._settings())
        verb = self.verb.name if self.verb and not (self.group and self.group.bare) else ""
        return Command(group=group or phrase_group(self.doctl_group), verb=verb, help=True)

    def _where(self) -> str:
        if self.group is None or self.verb is None:
            return "%do"
        return self.group.name if self.group.bare else f"{self.group.name} {self.verb.name}"

    def _settings(self) -> dict[str, Any]:
        given = self.globals
        out = given.get("out")
        if out is not None:
            _check_name(out)
        return {
            "out": out,
            "columns": given.get("columns", ()),
            "raw": given.get("raw", False),
            "dry_run": given.get("dry_run", False),
            "plan": given.get("plan", False),
            "yes": given.get("yes", False),
            "no_wait": not given.get("wait", True),
            "keep_going": given.get("keep_going", False),
            "timeout_s": given.get("timeout"),
            "context": given.get("context"),
            "output": "json" if given.get("output") == "json" else "table",
            "header": given.get("header", True),
            "check": given.get("check", True),
        }


def _holds_many(option: Option | Argument) -> bool:
    return option.kind in LISTS or (isinstance(option, Argument) and option.many)


def _check_name(name: str) -> None:
    import keyword  # noqa: PLC0415  # only --out needs it

    if not name.isidentifier() or keyword.iskeyword(name):
        raise mistake(f"--out takes the name of a Python variable, not {quoted(name)}", word=name)
