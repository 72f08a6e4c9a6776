"""Check that a verb was given everything it needs, and nothing that it cannot use."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any

from poseidon_nb.language.grammar_errors import grammar_error, quoted
from poseidon_nb.language.values import parse_value
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.language.spec import Argument, Verb

#: Words that can be repeated in a suggested line as they are.
_PLAIN_WORD = re.compile(r"[\w.:-]{1,40}")
_MAX_WORDS = 6


def bind_arguments(
    verb: Verb,
    words: Sequence[str],
    named: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    getter: Verb | None = None,
) -> dict[str, Any]:
    """Assign each word to an argument of the verb.

    Parameters
    ----------
    verb : Verb
    words : sequence of str
        The words after the verb, without its options.
    named : mapping
        Arguments that were given as options.
    options : mapping
        The verb's options that were given.
    getter : Verb, optional
        The verb that reads the resources that this verb lists. It is suggested if there are too many words.

    Raises
    ------
    GrammarError
        There are too few words or too many, or one is not a valid value.
    """
    remaining = deque(words)
    bound: dict[str, Any] = {}
    for argument in verb.arguments:
        if argument.name in named:
            bound[argument.name] = named[argument.name]
        elif argument.many and remaining:
            bound[argument.name] = tuple(parse_value(word, argument, argument.metavar) for word in remaining)
            remaining.clear()
        elif remaining:
            bound[argument.name] = parse_value(remaining.popleft(), argument, argument.metavar)
        _check_argument(verb, argument, options, given=argument.name in bound)
    if remaining:
        word = str(remaining[0])
        expected = " ".join(argument.metavar for argument in verb.arguments) or "no arguments"
        message = f"{verb.title} takes {expected}. Unexpected argument {quoted(word)}."
        raise grammar_error(f"{message}{_suggested_get(getter, [str(one) for one in words])}", word=word)
    return bound


def _suggested_get(getter: Verb | None, words: Sequence[str]) -> str:
    """Return the question whether the words of a list are the names of what to read: ``droplets list web-1 db-1``."""
    if getter is None or not any(argument.many for argument in getter.arguments):
        return ""
    # A long line would be no suggestion, and a word with quotes would need them again.
    if len(words) > _MAX_WORDS or not all(map(_PLAIN_WORD.fullmatch, words)):
        return ""
    return f" Did you mean %do {getter.title} {' '.join(words)}?"


def _check_argument(verb: Verb, argument: Argument, options: Mapping[str, Any], *, given: bool) -> None:
    other = verb.alternative_to(argument)
    has_other = other is not None and other.field in options
    if given and has_other and other:
        # `droplets tag web-1 --tag blue` means the option that is missing.
        missing = [one for one in verb.options if one.required and one.field not in options]
        hints = [f" The {one.help} is {one.flag} {one.metavar}." for one in missing]
        raise grammar_error(
            f"{verb.title} takes either {argument.metavar} or {other.flag}, not both.{''.join(hints)}", word=other.flag
        )
    if argument.required and not given and not has_other:
        needed = f"{argument.metavar} or {other.flag}" if other else argument.metavar
        meaning = f" ({argument.help})" if argument.help else ""
        raise grammar_error(f"{verb.title} needs {needed}{meaning}. Example: {verb.example}", word=argument.metavar)


def check_options(verb: Verb, options: Mapping[str, Any], *, body: bool, check: bool = True) -> None:
    """Check that required options are given, and that options which exclude each other are not.

    Parameters
    ----------
    verb, options
        As in `bind_arguments`.
    body : bool
        Whether the cell has a body. If that is the request's own body, it may contain the required fields.
    check : bool
        Whether a missing field is an error.

    Raises
    ------
    GrammarError
        An option is missing, or options exclude each other.
    """
    missing = [option.flag for option in verb.options if option.required and option.field not in options]
    if missing and check and not (body and verb.body == "body"):
        raise grammar_error(f"{verb.title} requires {join_words(missing)}. Example: {verb.example}", word=missing[0])
    if body and not verb.body:
        raise grammar_error(f"{verb.title} takes no body. Write it as %do, on one line.")
    given = {*options, "body"} if body else {*options}
    flags = {option.field: option.flag for option in verb.options} | {"body": "the cell's body"}
    for fields in (*verb.one_of, *verb.at_most_one_of):
        present = [flags[field] for field in fields if field in given]
        if len(present) > 1:
            raise grammar_error(f"{verb.title} takes only one of {join_words(present)}.", word=present[1])
        if not present and fields in verb.one_of:
            choice = " or ".join(flags[field] for field in fields)
            raise grammar_error(f"{verb.title} requires {choice}. Example: {verb.example}", word=flags[fields[0]])
