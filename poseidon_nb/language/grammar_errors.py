"""One-line errors for a line of `%do`, with the closest valid words and never with a token.

Notebooks save outputs and IPython saves errors, so nothing that looks like a token can appear in a message.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poseidon_nb.errors import GrammarError
from poseidon_nb.language.options import close_options, find_option, is_number
from poseidon_nb.text import close_matches, join_words, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poseidon_nb.language.spec import Group, Verb

_MAX_LENGTH = 60
_TOKEN = re.compile(r"(do[opr]_v1_)\w*", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

CREDENTIAL_IN_CELL = (
    "A cell must not contain a token, because notebooks and IPython's history are saved. Revoke this token, then use "
    "%do login, which hides what you type, or --context NAME."
)
ASSIGNMENT = "Assign the result in front of the command: df = %do ... In a %%do cell or a function use --out NAME."

#: Shell syntax, and what to write instead.
_SHELL = {
    "|": "%do has no pipes. Use df = %do ..., then df.head() or df[df.name.str.contains('x')].",
    ">": "%do cannot redirect output to a file. Use df = %do ..., then df.to_csv('file.csv').",
    "<": "%do cannot read a file with <. Use an option such as --user-data-file, or a %%do cell with a body.",
    "&&": "Write one command per line. A cell that starts with %%do alone runs each of its lines.",
    "&": "%do has no background jobs. Use --no-wait to return without waiting.",
    "=": ASSIGNMENT,
}
_SHELL |= {">>": _SHELL[">"], "2>": _SHELL[">"], "2>&1": _SHELL[">"], "||": _SHELL["&&"], ";": _SHELL["&&"]}
#: Other tools' names for our options. The first of ours that the command has is suggested.
_OPTION_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("since", "from", "begin", "after", "start-time"), ("start", "last")),
    **dict.fromkeys(("until", "to", "till", "before", "end-time"), ("end",)),
    **dict.fromkeys(("period", "window", "range", "duration", "lookback"), ("last",)),
    **dict.fromkeys(("ram", "mem"), ("memory",)),
    **dict.fromkeys(("cpu", "cpus", "cores"), ("vcpus",)),
    **dict.fromkeys(("vram", "gpu-ram"), ("gpu-memory",)),
    **dict.fromkeys(("group-by", "groupby", "per"), ("by",)),
    **dict.fromkeys(("location", "zone", "datacenter", "dc"), ("region",)),
    **dict.fromkeys(("storage", "ssd"), ("disk",)),
    **dict.fromkeys(("bandwidth", "traffic"), ("transfer",)),
    **dict.fromkeys(("top", "max", "count", "head"), ("limit",)),
    **dict.fromkeys(("chart", "graph", "draw", "figure"), ("plot",)),
}
#: Other tools' options for a duration, and the letter that ``--last`` has for the unit.
_DURATION_OPTIONS: Mapping[str, str] = {"hours": "h", "days": "d", "weeks": "w", "minutes": "m"}
#: En and em dash: editors and web pages turn hyphens into these.
_LONG_DASHES = "\u2013\u2014"
_SHELL_OPERATOR = re.compile(r"(?P<operator>\|\|?|&&|;|>>?)")


def grammar_error(
    message: str, *, word: str = "", choices: Iterable[str] = (), close: Sequence[str] = ()
) -> GrammarError:
    """Build the error for a word that is not valid.

    Parameters
    ----------
    message : str
        What failed and what to do, on one line.
    word : str
        The word.
    choices : iterable of str
        The words that would have been valid; the closest ones are suggested.
    close : sequence of str
        The closest words, if the caller knows them.
    """
    close = close or (close_matches(word, choices) if word else [])
    if close:
        message = message.removesuffix(".") + suggestion(close)
    return GrammarError(redact_tokens(_UNPRINTABLE.sub(" ", message)), word=redact_tokens(word), nearest=close)


def redact_tokens(text: str) -> str:
    """Return a text without the secret part of anything that looks like a token."""
    return _TOKEN.sub(r"\1…", text)


def has_token(text: str) -> bool:
    """Check whether a text contains something that looks like a token."""
    return _TOKEN.search(text) is not None


def quoted(word: str) -> str:
    """Return a word in quotes for a message, truncated if it is long."""
    return f"'{word[: _MAX_LENGTH - 1]}…'" if len(word) > _MAX_LENGTH else f"'{word}'"


def shell_syntax_error(word: str) -> GrammarError | None:
    """Return the error for a word that only a shell understands, or None."""
    if word in _SHELL:
        return grammar_error(_SHELL[word], word=word)
    if word.startswith("$") and word[1:].strip("{}").isidentifier():
        name = word[1:].strip("{}")
        return grammar_error(f"{quoted(word)} is shell syntax. Write a Python variable as {{{name}}}.", word=word)
    bare = word.lstrip(_LONG_DASHES + "-")
    if word[:1] in _LONG_DASHES and bare[:1].isalpha():
        return grammar_error(f"An option starts with two hyphens, not a dash: --{bare}", word=word)
    return None


def shell_operator_error(word: str) -> GrammarError | None:
    """Return the error for a group or verb with a shell operator attached (``list|head``, ``list;``), or None."""
    found = _SHELL_OPERATOR.search(word)
    return grammar_error(_SHELL[found["operator"]], word=word) if found else None


def unknown_option_error(group: Group | None, verb: Verb | None, flag: str, following: str = "") -> GrammarError:
    """Build the error for an unknown option, with the option that was probably meant.

    Parameters
    ----------
    group : Group, optional
        The group before it; None if there is none.
    verb : Verb, optional
        The verb before it, or the default verb of the group.
    flag : str
        The option with its dashes: ``--since``.
    following : str
        Its value, or the next word.
    """
    dashes = "--" if flag.startswith("--") else "-"
    name = flag[len(dashes) :]
    if "{" in name:
        return grammar_error(f"The name of an option cannot contain a variable: {quoted(flag)}", word=flag)
    if dashes == "-" and find_option(verb, name):
        return grammar_error(f"{flag} takes two hyphens: -{flag}", word=flag)
    if group is None or verb is None:
        return _misplaced_option_error(group, flag, name)
    for option in verb.options:
        if option.closed and name in option.suggests:
            # The name of a value: `cost --tag` means `cost --by tag`.
            message = f"{verb.title} has no option {quoted(flag)}"
            return grammar_error(message, word=flag, close=[f"{option.flag} {name}"])
    close = _synonyms(verb, name, following) or close_options(verb, name)
    message = f"{verb.title} has no option {quoted(flag)}"
    return grammar_error(message if close else f"{message}. See %do {verb.title} --help", word=flag, close=close)


def _misplaced_option_error(group: Group | None, flag: str, name: str) -> GrammarError:
    verbs = [verb.name for verb in group.verbs if find_option(verb, name)] if group else []
    # A list of some of many verbs would be arbitrary.
    if group and verbs and len(verbs) == len(group.verbs):
        words = join_words(verbs, conjunction="or")
        return grammar_error(f"Write a {group.name} verb before {quoted(flag)}: {words}", word=flag)
    return grammar_error(
        f"{quoted(flag)} is not a global option. Write a command's own options after it: %do GROUP VERB --option",
        word=flag,
    )


def _synonyms(verb: Verb, name: str, following: str) -> list[str]:
    """Return the option that another tool's name stands for, if the verb has it."""
    letter = _DURATION_OPTIONS.get(name)
    if letter and find_option(verb, "last"):
        number = following if is_number(following) and float(following).is_integer() else ""
        return [f"--last {number}{letter}" if number else "--last"]
    return [f"--{option}" for option in _OPTION_SYNONYMS.get(name, ()) if find_option(verb, option)][:1]
