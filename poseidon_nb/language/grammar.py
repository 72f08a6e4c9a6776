"""Parse a line of `%do` into a `Command`, or raise a one-line `GrammarError`. Nothing is asked or sent.

::

    [doctl] [compute] GROUP VERB ARGUMENT... [--option value] [--option=value] [--flag] [--no-flag] [--] ARGUMENT...

Options and arguments can be mixed, and global options can come first. ``--`` ends the options. A list is ``--tags a,b`` or
``--tags a --tags b``; the value of a variable is never split at commas. `tokens` splits words and substitutes variables.

A last word that ends in ``?`` never arrives here: IPython shows its own help for it (``%do droplets list?``).
"""

from __future__ import annotations

import keyword
from collections import deque
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from poseidon_nb.language.command import NO_VERB, Command
from poseidon_nb.language.grammar_errors import (
    ASSIGNMENT,
    CREDENTIAL_IN_CELL,
    grammar_error,
    has_token,
    quoted,
    shell_syntax_error,
    unknown_option_error,
)
from poseidon_nb.language.options import SECRET_OPTIONS, find_option, is_number, option_metavar
from poseidon_nb.language.registry import find_verb
from poseidon_nb.language.spec import LIST_TYPES, Argument, Option
from poseidon_nb.language.time_arguments import as_one_word
from poseidon_nb.language.tokens import (
    LineToken,
    is_variable,
    split,
    split_at_commas,
    substitute,
    substitute_many,
    variable_data,
    variable_object,
)
from poseidon_nb.language.validation import bind_arguments, check_options
from poseidon_nb.language.values import parse_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.language.registry import Registry
    from poseidon_nb.language.spec import Group, Verb

_NO_VARIABLES: Mapping[str, object] = MappingProxyType({})


def parse(
    line: str, registry: Registry, variables: Mapping[str, object] = _NO_VARIABLES, *, body: str | None = None
) -> Command:
    """Parse a line.

    Parameters
    ----------
    line : str
        The text after ``%do``.
    registry : Registry
        The commands.
    variables : mapping
        The Python variables that ``{name}`` can refer to.
    body : str, optional
        The body of a ``%%do`` cell, unchanged.

    Returns
    -------
    Command
        With `help` set if no verb is named, or ``--help`` is given.

    Raises
    ------
    GrammarError
        The line is not a valid command.
    """
    if has_token(line) or (body is not None and has_token(body)):
        raise grammar_error(CREDENTIAL_IN_CELL)
    parser = _Parser(split(line), registry, variables, body or None)
    parser.run()
    return replace(parser.command(), line=line.strip())


def split_commands(body: str) -> tuple[str, ...]:
    """Split the body of a bare ``%%do`` cell into commands, without blank lines, comments, or ``%do`` in front."""
    lines = (line.strip() for line in body.replace("\\\n", " ").splitlines())
    bare = (_without_magic(line) for line in lines if not line.startswith("#"))
    return tuple(line for line in bare if line)


def _without_magic(line: str) -> str:
    for name in ("%do", "%poseidon"):
        if line.startswith(name) and line[len(name) : len(name) + 1].strip() == "":
            return line[len(name) :].strip()
    return line


def _is_option(token: LineToken) -> bool:
    return not token.quoted and token.text.startswith("-") and len(token.text) > 1 and not is_number(token.text)


class _Parser:
    """Reads one line from left to right."""

    def __init__(
        self, tokens: Sequence[LineToken], registry: Registry, variables: Mapping[str, object], body: str | None
    ) -> None:
        self.tokens = deque(tokens)
        self.registry = registry
        self.variables = variables
        self.body = body
        self.doctl_group = ""
        self.group: Group | None = None
        self.verb: Verb | None = None
        self.words: list[Any] = []
        self.named: dict[str, str] = {}  # arguments that were given as options
        self.own: dict[str, Any] = {}
        self.globals: dict[str, Any] = {}
        self.wants_help = (not tokens and body is None) or self._requests_help(tokens)

    @staticmethod
    def _requests_help(tokens: Sequence[LineToken]) -> bool:
        for token in tokens:
            if token == ("--", False):
                break
            if token in (("--help", False), ("-h", False)):
                return True
        return tokens[:1] == [("help", False)]

    def run(self) -> None:
        """Read all tokens."""
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

    def _take_word(self, token: LineToken) -> None:
        if token == ("help", False) and not self.tokens and self._may_be_verb():
            # `droplets help`, and `login help` of a group that has no verbs.
            self.wants_help = True
            return
        if self.verb is not None:
            if not token.quoted and not self.wants_help:
                shell = shell_syntax_error(token.text)
                if shell:
                    raise shell
            self.words += self._values(token)
            return
        word = substitute(token.text, self.variables)
        if self.group is None and not self.doctl_group:
            self._take_group(word)
        else:
            self._take_verb(word)

    def _may_be_verb(self) -> bool:
        if self.group is None:
            return bool(self.doctl_group)
        return find_verb(self.group, "help") is None and not self.words and (self.verb is None or self.group.is_command)

    def _values(self, token: LineToken) -> Sequence[object]:
        arguments = self.verb.arguments if self.verb else ()
        if arguments and arguments[0].type == "object":
            return [variable_object(token.text, self.variables)]
        if arguments and arguments[0].objects and is_variable(token.text):
            value = variable_object(token.text, self.variables)
            if type(value).__name__ in arguments[0].objects and type(value).__module__.startswith("poseidon_nb."):
                return [value]
        return substitute_many(token.text, self.variables)

    def _take_verb(self, word: str) -> None:
        # doctl's words come first: `droplet-actions list` is `droplets actions`.
        found = self.registry.find_phrase(self.group.name if self.group else self.doctl_group, word)
        nested = self.registry.find_nested_group(self.group, word) if self.group else None
        if nested is not None:
            self.group = nested
        elif found is not None:
            self.group, self.verb = found
        elif self.group is not None:
            self.verb = self.registry.require_verb(self.group, word)
        else:
            self.group, self.verb = self.registry.require_phrase(self.doctl_group, word)

    def _take_group(self, word: str) -> None:
        if self.registry.is_noise_word(word):
            pass
        elif self.registry.phrase_verbs(word):
            self.doctl_group = word
        else:
            if self.tokens and self.tokens[0].text == "=":
                raise grammar_error(ASSIGNMENT, word=word)
            self.group = self.registry.require_group(word)
            if self.group.is_command:
                self.verb = self.group.verbs[0]

    def _take_option(self, token: LineToken) -> None:
        typed, equals, raw = token.text.partition("=")
        dashes = "--" if typed.startswith("--") else "-"
        name = typed[len(dashes) :]
        if name in SECRET_OPTIONS and (self.verb is None or find_option(self.verb, name) is None):
            raise grammar_error(CREDENTIAL_IN_CELL)
        if self.verb is None and self.group is not None and self.group.default:
            # An option of the group's default verb selects that verb: `cost --by tag`.
            default = self.registry.require_verb(self.group, self.group.default)
            if find_option(None, name) is None and find_option(default, name) is not None:
                self.verb = default
        if self.wants_help:
            self._skip_value(name, given=bool(equals))
            return
        match = find_option(self.verb, name) if (len(name) == 1) == (dashes == "-") else None
        if match is None:
            following = raw if equals or not self.tokens else self.tokens[0].text
            raise unknown_option_error(self.group, self.verb or self._default_verb(), typed, following)
        option, label = match.option, typed
        if option.type != "flag" and not equals and not self._value_follows():
            # `enable_backups --plan daily` is the verb's own option, `enable_backups --plan` the global one.
            in_all = find_option(None, name)
            option = in_all.option if in_all and in_all.option.type == "flag" else option
        if option.type == "flag":
            value = parse_value(substitute(raw, self.variables), option, label) if equals else True
            self._keep(option, bool(value) is not match.negated, label)
        else:
            if not equals:
                raw = self._next_value(option, label)
            self._check_duration(option, label, raw)
            if name in SECRET_OPTIONS and not is_variable(raw):
                raise grammar_error(
                    f"A cell must not contain the value of {typed}. Pass it from a Python variable: {typed} {{name}}"
                )
            self._keep(option, self._value(raw, option, label), label)

    def _value_follows(self) -> bool:
        return bool(self.tokens) and not _is_option(self.tokens[0])

    def _skip_value(self, name: str, *, given: bool) -> None:
        match = find_option(self.verb, name)
        if match and match.option.type != "flag" and not given and self._value_follows():
            self.tokens.popleft()

    def _next_value(self, option: Option | Argument, label: str) -> str:
        if not self.tokens:
            metavar = option.metavar or (option_metavar(option) if isinstance(option, Option) else "")
            raise grammar_error(f"{label} needs a value: {label} {metavar}", word=label)
        token = self.tokens[0]
        if _is_option(token):
            raise grammar_error(
                f"{label} needs a value, but {quoted(token.text)} looks like an option. If it is the value, write "
                f"{label}={token.text}",
                word=label,
            )
        return self.tokens.popleft().text

    def _check_duration(self, option: Option | Argument, label: str, raw: str) -> None:
        """Refuse a duration in two words, because the second would be an argument: ``--last 1 day``."""
        if isinstance(option, Option) and option.metavar == "TIME" and self.tokens and not self.tokens[0].quoted:
            words = f"{raw} {self.tokens[0].text}"
            if one_word := as_one_word(words):
                raise grammar_error(
                    f"{label} takes one word. Write {label} {one_word}, not {quoted(words)}.", word=words
                )

    def _value(self, raw: str, option: Option | Argument, label: str) -> object:
        if _takes_many(option):
            texts = [text for piece in split_at_commas(raw) for text in substitute_many(piece, self.variables)]
            return tuple(parse_value(text, option, label) for text in texts)
        if option.type == "json":
            data = variable_data(raw, self.variables)
            return data if data is not None else parse_value(raw, option, label)
        text = substitute(raw, self.variables)
        if option.source == "tags" and not text.strip():
            # The API would take an empty tag for all droplets, or for none.
            raise grammar_error(f"{label} must be the name of a tag, not empty.", word=label)
        return parse_value(text, option, label)

    def _keep(self, option: Option | Argument, value: Any, label: str) -> None:
        if isinstance(option, Argument):
            kept, key = self.named, option.name
        else:
            own = self.verb is not None and option in self.verb.options
            kept, key = (self.own if own else self.globals), option.field
        if _takes_many(option):
            value = (*kept.get(key, ()), *value)
        elif key in kept and kept[key] != value:
            raise grammar_error(f"{label} is given twice, with different values.", word=label)
        kept[key] = value

    def command(self) -> Command:
        """Build the command, and check that it is complete."""
        if not self.wants_help:
            self.verb = self.verb or self._default_verb()
        group = self.group.name if self.group else ""
        if self.wants_help or self.verb is None:
            return self._unfinished(group)
        selected = next((one.selects for one in self.verb.options if one.selects and one.field in self.own), "")
        if selected and self.group is not None:
            self.verb = self.registry.require_verb(self.group, selected)
        getter = find_verb(self.group, "get") if self.group is not None and self.verb.name == "list" else None
        arguments = bind_arguments(self.verb, self.words, self.named, self.own, getter=getter)
        check_options(self.verb, self.own, body=self.body is not None, check=self.globals.get("check", True))
        return Command(
            group=group,
            verb=self.verb,
            arguments=arguments,
            options=self.own,
            body=self.body,
            **self._settings(),
        )

    def _unfinished(self, group: str) -> Command:
        """Build a request for help, or the first line of a cell of commands, whose global options apply to all of them."""
        if not self.wants_help and self.body is not None:
            if group or self.doctl_group:
                raise grammar_error(
                    f"Add a verb after {group or self.doctl_group}. The cell has a body but no command."
                )
            return Command(body=self.body, **self._settings())
        verb = self.verb if self.verb and self.group and not self.group.is_command else NO_VERB
        return Command(group=group or self.registry.phrase_group(self.doctl_group), verb=verb, help=True)

    def _default_verb(self) -> Verb | None:
        if self.group is None or not self.group.default:
            return None
        return self.registry.require_verb(self.group, self.group.default)

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
            "strict": given.get("strict", False),
            "reveal": given.get("reveal", False),
            "save": given.get("save"),
            "timeout_s": given.get("timeout"),
            "context": given.get("context"),
            "output": "json" if given.get("output") == "json" else "table",
            "header": given.get("header", True),
            "check": given.get("check", True),
        }


def _takes_many(option: Option | Argument) -> bool:
    return option.type in LIST_TYPES or (isinstance(option, Argument) and option.many)


def _check_name(name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise grammar_error(f"--out must be the name of a Python variable, not {quoted(name)}.", word=name)
