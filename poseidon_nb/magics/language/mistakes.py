"""One-line messages about what was typed, with the nearest valid words and without any token.

A notebook keeps its outputs, IPython keeps its errors: nothing that looks like a token may get into a message.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poseidon_nb.errors import GrammarError
from poseidon_nb.text import close_matches, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LONGEST = 60
_TOKEN = re.compile(r"(do[opr]_v1_)\w*", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

NO_TOKENS_HERE = (
    "a token does not belong in a cell: notebooks and IPython's history are saved; "
    "use %do login, which asks without showing it, or --context NAME; this one is in the history now: revoke it"
)
ASSIGNED_INSIDE = "the name goes in front: df = %do ...; in a %%do cell or a function use --out NAME"

#: What people type out of habit for a shell, and what does the same here.
_SHELL = {
    "|": "%do has no pipes: df = %do ..., then df.head() or df[df.name.str.contains('x')]",
    ">": "%do writes no files: df = %do ..., then df.to_csv('file.csv')",
    "<": "%do reads no files by <: an option such as --user-data-file does, or a %%do cell with a body",
    "&&": "one command a line: a cell that starts with a bare %%do runs its lines one by one",
    "&": "to return at once instead of waiting, use --no-wait",
    "=": ASSIGNED_INSIDE,
}
_SHELL |= {">>": _SHELL[">"], "2>": _SHELL[">"], "2>&1": _SHELL[">"], "||": _SHELL["&&"], ";": _SHELL["&&"]}
#: What other tools call an option of ours: the first of those meant that a command has is named.
FIELD_WORDS: Mapping[str, tuple[str, ...]] = {
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
#: What other tools count in an option of that name, and is a letter behind the number of ``--last``.
LENGTHS: Mapping[str, str] = {"hours": "h", "days": "d", "weeks": "w", "minutes": "m"}
#: En and em dash, into which editors and web pages turn hyphens.
_LONG_DASHES = "\u2013\u2014"
_GLUED = re.compile(r"(?P<sign>\|\|?|&&|;|>>?)")


def mistake(message: str, *, word: str = "", among: Iterable[str] = (), close: Sequence[str] = ()) -> GrammarError:
    """Make the error for a word that was typed and is not right.

    Parameters
    ----------
    message : str
        What is wrong and what to do, in one line.
    word : str
        The word.
    among : iterable of str
        The words that would have been right; the nearest are named.
    close : sequence of str
        The nearest, where the caller knows them already.
    """
    close = close or (close_matches(word, among) if word else [])
    message += suggestion(close)
    return GrammarError(without_token(_UNPRINTABLE.sub(" ", message)), word=without_token(word), nearest=close)


def without_token(text: str) -> str:
    """Cut the secret part out of whatever looks like a token."""
    return _TOKEN.sub(r"\1…", text)


def has_token(text: str) -> bool:
    """Say whether something in the text looks like a token."""
    return _TOKEN.search(text) is not None


def quoted(word: str) -> str:
    """Give the word in quotes for a message, cut where it is long."""
    return f'"{word[: _LONGEST - 1]}…"' if len(word) > _LONGEST else f'"{word}"'


def shell_habit(word: str) -> GrammarError | None:
    """Give the error for a word that only a shell understands, or None."""
    if word in _SHELL:
        return mistake(_SHELL[word], word=word)
    if word.startswith("$") and word[1:].strip("{}").isidentifier():
        name = word[1:].strip("{}")
        return mistake(f"a Python variable is written {{{name}}}, not {quoted(word)}", word=word)
    bare = word.lstrip(_LONG_DASHES + "-")
    if word[:1] in _LONG_DASHES and bare[:1].isalpha():
        return mistake(f"an option begins with two hyphens: --{bare}", word=word)
    return None


def glued_habit(word: str) -> GrammarError | None:
    """Give the error for a group or verb with a shell's sign stuck to it (``list|head``, ``list;``), or None."""
    found = _GLUED.search(word)
    return mistake(_SHELL[found["sign"]], word=word) if found else None
