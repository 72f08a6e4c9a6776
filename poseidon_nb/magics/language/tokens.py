r"""A line cut into tokens, and variables filled into them; in this order, so that no value ever becomes an option.

Quotes are a shell's, but a backslash is only a backslash: ``C:\Users`` survives. A ``#`` that begins a word begins a
comment; inside a word it is a character, as in ``https://example.com/#part``. (`shlex` cuts the word there, and tells
neither where a quote was opened nor what was quoted.)

``{name}`` is the value of one Python variable, and ``{row[name]}`` what a dict or a row of a DataFrame has under a key,
inside its token: no code runs, and what the value holds is never read again, be it blanks, quotes, braces or ``--yes``. A token that is nothing but ``{names}`` becomes as many values as a
list, tuple, set, Series or a DataFrame's column of ids has, each as safe. ``{{`` and ``}}`` are braces. A token that is
JSON as a whole is left as it is. The way back, from a value to what is typed, is `text.quote_argument`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from poseidon_nb.magics.language.mistakes import has_token, mistake, quoted
from poseidon_nb.text import is_integer, is_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SPACE_OR_COMMENT = re.compile(r"(?:\s+|#[^\n]*)*")
_WORD = re.compile(r"""(?:[^\s'"]++|'[^']*'|"[^"]*")+""")
_QUOTES = re.compile(r"""'([^']*)'|"([^"]*)\"""")
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
#: A key of a variable. Its quotes are gone, but where the whole token has some: ``{row['name']}``, ``"{row['name']}"``.
_KEYED = re.compile(r"""(\w+)\[(['"]?)([^\[\]'"]+)\2\]""")
_ONE_FIELD = re.compile(r"\{([^{}]*)\}")
#: Columns of a DataFrame that name its rows, best first: droplets have an id, regions a slug, tags a name.
_NAMING_COLUMNS = ("id", "slug", "name")
_MISSING = ("NAType", "NaTType", "NoneType")


class Token(NamedTuple):
    """A word of the line, quotes removed, nothing filled in yet."""

    text: str
    #: It began with a quote, so it is a value, whatever it looks like.
    quoted: bool


def split(line: str) -> list[Token]:
    """Cut a line into tokens.

    Parameters
    ----------
    line : str
        What stands behind ``%do``. One trailing ``;``, with which IPython hides a result, is dropped.

    Raises
    ------
    GrammarError
        A quote is opened and never closed.
    """
    line = line.rstrip()
    line = line.removesuffix(";")
    tokens: list[Token] = []
    at = _after_space(line, 0)
    while at < len(line):
        word = _WORD.match(line, at)
        end = word.end() if word else at
        if end < len(line) and line[end] in "'\"":
            raise _unclosed(line, end)
        text = line[at:end]
        tokens.append(Token(_QUOTES.sub(_unquoted, text), text[0] in "'\""))
        at = _after_space(line, end)
    return tokens


def _after_space(line: str, at: int) -> int:
    found = _SPACE_OR_COMMENT.match(line, at)
    return found.end() if found else at


def _unquoted(match: re.Match[str]) -> str:
    return match[1] if match[1] is not None else match[2]


def _unclosed(line: str, at: int) -> Exception:
    quote = line[at]
    before, after = line[:at].split()[-1:] or [""], line[at + 1 :].split()[:1] or [""]
    if quote == "'" and at and line[at - 1].isalpha():
        word = f"{before[0]}'{after[0]}"
        return mistake(f'the apostrophe in {word} opens a quote that is never closed: write "{word}"', word=word)
    return mistake(f"the quote {quote} before {quoted(after[0])}, at character {at + 1}, is never closed", word=quote)


def filled(text: str, variables: Mapping[str, object]) -> str:
    """Return a token's text with its variables filled in: one token in, one token out.

    Raises
    ------
    GrammarError
        There is no such variable, it holds many values or none, or braces hold something else than a name.
    """
    if "{" not in text and "}" not in text:
        return text
    if is_json(text):
        return text

    def value(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        name = match[1]
        found = _looked_up(name, variables)
        if _elements(found) is not None:
            raise mistake(f"{{{name}}} holds many values, which fit only where a list can stand by itself", word=name)
        return _as_text(found, name)

    return _FIELD.sub(value, text)


def filled_many(text: str, variables: Mapping[str, object]) -> list[str]:
    """Return the values that one token stands for: those of a list, if the token is one variable that holds one.

    Raises
    ------
    GrammarError
        As in `filled`.
    """
    whole = _ONE_FIELD.fullmatch(text)
    if whole is not None and not is_json(text):
        elements = _elements(_looked_up(whole[1], variables))
        if elements is not None:
            return [_as_text(element, whole[1]) for element in elements]
    return [filled(text, variables)]


def is_variable(text: str) -> bool:
    """Check whether a token is one variable and nothing else."""
    whole = _ONE_FIELD.fullmatch(text)
    return whole is not None and whole[1].isidentifier()


def held_data(text: str, variables: Mapping[str, object]) -> object | None:
    """Return the dict or list that a token's one variable holds, for an option that takes JSON; None for anything else.

    Raises
    ------
    GrammarError
        It holds a token, or something that JSON cannot say.
    """
    whole = _ONE_FIELD.fullmatch(text)
    if whole is None or not whole[1].isidentifier():
        return None
    value = _looked_up(whole[1], variables)
    if not isinstance(value, dict | list | tuple):
        return None
    try:
        written = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise mistake(f"{{{whole[1]}}} holds something that JSON cannot say", word=whole[1]) from None
    if has_token(written):
        raise mistake(f"{{{whole[1]}}} holds a token, which is never part of a command: use %do login", word=whole[1])
    held: object = json.loads(written)
    return held


def held_object(text: str, variables: Mapping[str, object]) -> object:
    """Return what a token's one variable holds, as it is; the text of any other token.

    Raises
    ------
    GrammarError
        There is no such variable, or braces hold something else than a name.
    """
    whole = _ONE_FIELD.fullmatch(text)
    return filled(text, variables) if whole is None else _looked_up(whole[1], variables)


def _looked_up(text: str, variables: Mapping[str, object]) -> object:
    keyed = _KEYED.fullmatch(text)
    name = keyed[1] if keyed else text
    if not name.isidentifier():
        raise mistake(
            f"braces hold the name of one Python variable, or a key of one as in {{row[name]}}, not {quoted(text)}: "
            "assign it to a name first; braces themselves are written {{ and }}",
            word=text,
        )
    if name not in variables:
        names = [known for known in variables if not known.startswith("_")]
        raise mistake(f"there is no variable {quoted(name)}", word=name, among=names)
    return _under_key(variables[name], name, keyed[3]) if keyed else variables[name]


def _under_key(value: object, name: str, key: str) -> object:
    """Return what a dict or a row of a DataFrame has under a key, and run nothing that a class of its own might do."""
    if isinstance(value, dict):
        held: Mapping[object, object] = dict(dict.items(value))
    elif type(value).__name__ == "Series" and type(value).__module__.partition(".")[0] == "pandas":
        held = value.to_dict()  # type: ignore[attr-defined]  # a Series, by its looks
    else:
        raise mistake(
            f"{{{name}[{key}]}}: {name} is a {type(value).__name__}, and only a dict or a row of a DataFrame has keys here",
            word=name,
        )
    if key in held:
        return held[key]
    if is_integer(key) and int(key) in held:
        return held[int(key)]
    raise mistake(f"{name} has no {quoted(key)}", word=key, among=[str(known) for known in held])


def _elements(value: object) -> list[object] | None:
    """Return the values of something that holds many, or None for a single value. pandas is known by its looks only."""
    if isinstance(value, list | tuple | set | frozenset | range):
        return list(value)
    columns = getattr(value, "columns", None)
    if columns is not None and hasattr(value, "iloc"):
        for name in _NAMING_COLUMNS:
            if name in columns:
                column: Iterable[object] = value[name].tolist()  # type: ignore[index]  # a DataFrame, by its looks
                return list(column)
        raise mistake("this DataFrame has no column id, slug or name: give one of its columns as a list")
    if hasattr(value, "tolist") and getattr(value, "shape", ()) != ():
        return list(value.tolist())
    return None


def _as_text(value: object, name: str) -> str:
    text = _text_of(value, name)
    if has_token(text):
        # It would be sent as a name, and stand in the error that says that there is no such name.
        raise mistake(f"{{{name}}} holds a token, which is never part of a command: use %do login", word=name)
    return text


def _text_of(value: object, name: str) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:  # noqa: PLR0124  # NaN, the only number that is not itself
            raise mistake(f"{{{name}}} holds a missing value", word=name)
        # pandas turns a column of ids with a hole into floats.
        return str(int(value)) if value.is_integer() else str(value)
    if type(value).__name__ in _MISSING:
        raise mistake(f"{{{name}}} holds a missing value", word=name)
    identity = getattr(value, "id", None)
    if isinstance(identity, int | str):
        return str(identity)
    if isinstance(value, dict) or callable(value):
        raise mistake(f"{{{name}}} is a {type(value).__name__}, not text, a number or a list", word=name)
    return str(value)
