r"""Split a line into tokens, then substitute variables, so that no value can become an option.

Quotes work as in a shell, but a backslash is only a backslash: ``C:\\Users`` survives. A ``#`` at the start of a word starts a
comment; inside a word it is a character, as in ``https://example.com/#part``. (`shlex` ends the word there, and does not
report what was quoted.)

``{name}`` is the value of one Python variable, and ``{row[name]}`` the value under a key of a dict or a DataFrame row. No code
runs. The value is not parsed again, even if it contains spaces, quotes, braces or ``--yes``. A token that is only a variable
becomes one value for each element of a list, tuple, set, Series, or the id column of a DataFrame. ``{{`` and ``}}`` are
literal braces. A token that is JSON as a whole is not changed. `text.typed` is the inverse, from a value to what is typed.
"""

from __future__ import annotations

import json
import re
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from poseidon_nb.language.grammar_errors import grammar_error, has_token, quoted
from poseidon_nb.text import is_integer, is_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SPACE_OR_COMMENT = re.compile(r"(?:\s+|#[^\n]*)*")
_WORD = re.compile(r"""(?:[^\s'"]++|'[^']*'|"[^"]*")+""")
_QUOTES = re.compile(r"""'([^']*)'|"([^"]*)\"""")
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
#: A key of a variable, with its quotes if the whole token was quoted: ``{row['name']}``, ``"{row['name']}"``.
_KEYED = re.compile(r"""(\w+)\[(['"]?)([^\[\]'"]+)\2\]""")
_ONE_FIELD = re.compile(r"\{([^{}]*)\}")
#: Columns that identify the rows of a DataFrame, best first: droplets have an id, regions a slug, tags a name.
_ID_COLUMNS = ("id", "slug", "name")
_MISSING = ("NAType", "NaTType", "NoneType")


class LineToken(NamedTuple):
    """A word of the line, without quotes and before substitution."""

    text: str
    #: It started with a quote, so it is a value, whatever it looks like.
    quoted: bool


def split(line: str) -> list[LineToken]:
    """Split a line into tokens.

    Parameters
    ----------
    line : str
        The text after ``%do``. One trailing ``;``, with which IPython hides a result, is removed.

    Raises
    ------
    GrammarError
        A quote is not closed.
    """
    line = line.rstrip()
    line = line.removesuffix(";")
    tokens: list[LineToken] = []
    at = _after_space(line, 0)
    while at < len(line):
        word = _WORD.match(line, at)
        end = word.end() if word else at
        if end < len(line) and line[end] in "'\"":
            raise _unclosed(line, end)
        text = line[at:end]
        tokens.append(LineToken(_QUOTES.sub(_unquoted, text), text[0] in "'\""))
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
        return grammar_error(f'The apostrophe in {word} opens a quote that is not closed. Write "{word}"', word=word)
    return grammar_error(
        f"The quote {quote} before {quoted(after[0])}, at character {at + 1}, is not closed.", word=quote
    )


def substitute(text: str, variables: Mapping[str, object]) -> str:
    """Return a token's text with its variables substituted. The result is one token.

    Raises
    ------
    GrammarError
        There is no such variable, it holds several values or none, or the braces do not contain a name.
    """
    if "{" not in text and "}" not in text:
        return text
    if is_json(text):
        return text

    def value(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        name = match[1]
        found = _look_up(name, variables)
        if _elements(found) is not None:
            raise grammar_error(f"{{{name}}} holds several values. Write it as a separate word.", word=name)
        return _as_text(found, name)

    return _FIELD.sub(value, text)


def substitute_many(text: str, variables: Mapping[str, object]) -> list[str]:
    """Return the values of one token: all elements, if the token is one variable that holds a list.

    Raises
    ------
    GrammarError
        As in `substitute`.
    """
    whole = _ONE_FIELD.fullmatch(text)
    if whole is not None and not is_json(text):
        elements = _elements(_look_up(whole[1], variables))
        if elements is not None:
            return [_as_text(element, whole[1]) for element in elements]
    return [substitute(text, variables)]


def is_variable(text: str) -> bool:
    """Check whether a token is one variable and nothing else."""
    whole = _ONE_FIELD.fullmatch(text)
    return whole is not None and whole[1].isidentifier()


def variable_data(text: str, variables: Mapping[str, object]) -> object | None:
    """Return the dict or list in a token's one variable, for an option that takes JSON; None for any other token.

    Raises
    ------
    GrammarError
        It holds a token, or something that JSON cannot represent.
    """
    whole = _ONE_FIELD.fullmatch(text)
    if whole is None or not whole[1].isidentifier():
        return None
    value = _look_up(whole[1], variables)
    if not isinstance(value, dict | list | tuple):
        return None
    try:
        written = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise grammar_error(f"{{{whole[1]}}} cannot be converted to JSON.", word=whole[1]) from None
    if has_token(written):
        raise grammar_error(f"{{{whole[1]}}} holds a token. Use %do login instead.", word=whole[1])
    held: object = json.loads(written)
    return held


def variable_object(text: str, variables: Mapping[str, object]) -> object:
    """Return the value of a token's one variable unchanged; the text of any other token.

    Raises
    ------
    GrammarError
        There is no such variable, or the braces do not contain a name.
    """
    whole = _ONE_FIELD.fullmatch(text)
    return substitute(text, variables) if whole is None else _look_up(whole[1], variables)


def _look_up(text: str, variables: Mapping[str, object]) -> object:
    keyed = _KEYED.fullmatch(text)
    name = keyed[1] if keyed else text
    if not name.isidentifier():
        raise grammar_error(
            f"Braces must contain the name of a Python variable, or a key as in {{row[name]}}, not {quoted(text)}. "
            "Assign the value to a variable first, or write {{ and }} for literal braces.",
            word=text,
        )
    if name not in variables:
        # Modules and functions, such as those that IPython adds, have no text.
        names = [
            known
            for known, value in variables.items()
            if not known.startswith("_") and not callable(value) and not isinstance(value, ModuleType)
        ]
        raise grammar_error(f"Unknown variable {quoted(name)}.", word=name, choices=names)
    return _under_key(variables[name], name, keyed[3]) if keyed else variables[name]


def _under_key(value: object, name: str, key: str) -> object:
    """Return the value under a key of a dict or a DataFrame row, without calling any code of a subclass."""
    if isinstance(value, dict):
        held: Mapping[object, object] = dict(dict.items(value))
    elif type(value).__name__ == "Series" and type(value).__module__.partition(".")[0] == "pandas":
        held = value.to_dict()  # type: ignore[attr-defined]  # a Series, by its name
    else:
        raise grammar_error(
            f"{{{name}[{key}]}}: {name} must be a dict or a DataFrame row, not a {type(value).__name__}.", word=name
        )
    if key in held:
        return held[key]
    if is_integer(key) and int(key) in held:
        return held[int(key)]
    raise grammar_error(f"{name} has no key {quoted(key)}.", word=key, choices=[str(known) for known in held])


def _elements(value: object) -> list[object] | None:
    """Return the elements of a list-like value, or None for a single value. pandas is not imported for it."""
    if isinstance(value, list | tuple | set | frozenset | range):
        return list(value)
    columns = getattr(value, "columns", None)
    if columns is not None and hasattr(value, "iloc"):
        for name in _ID_COLUMNS:
            if name in columns:
                column: Iterable[object] = value[name].tolist()  # type: ignore[index]  # a DataFrame, by its attributes
                return list(column)
        raise grammar_error("This DataFrame has no column id, slug or name. Pass one of its columns as a list.")
    if hasattr(value, "tolist") and getattr(value, "shape", ()) != ():
        return list(value.tolist())
    return None


def _as_text(value: object, name: str) -> str:
    text = _text_of(value, name)
    if has_token(text):
        # It would be looked up as a name, and appear in the error.
        raise grammar_error(f"{{{name}}} holds a token. Use %do login instead.", word=name)
    return text


def _text_of(value: object, name: str) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:  # noqa: PLR0124  # NaN is the only number that does not equal itself
            raise grammar_error(f"{{{name}}} holds a missing value.", word=name)
        # pandas converts a column of ids with a missing value to floats.
        return str(int(value)) if value.is_integer() else str(value)
    if type(value).__name__ in _MISSING:
        raise grammar_error(f"{{{name}}} holds a missing value.", word=name)
    identity = getattr(value, "id", None)
    if isinstance(identity, int | str):
        return str(identity)
    if isinstance(value, dict) or callable(value):
        raise grammar_error(f"{{{name}}} must hold text, a number or a list, not a {type(value).__name__}.", word=name)
    return str(value)
