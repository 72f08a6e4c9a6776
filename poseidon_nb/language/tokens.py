r"""Split a line into tokens, then substitute variables, so that no value can become an option.

Quotes work as in a shell, but a backslash is only a backslash: ``C:\\Users`` survives. A ``#`` at the start of a word starts a
comment; inside a word it is a character, as in ``https://example.com/#part``. (`shlex` ends the word there, and does not
report what was quoted.)

``{name}`` is the value of one Python variable, and ``{row.name}`` or ``{df['id'][0]}`` a part of it; see `variables`. What
stands in braces is one token, with its quotes and spaces. No code runs. The value is not parsed again, even if it contains
spaces, quotes, braces or ``--yes``. A token that is only a variable becomes one value for each element of a list, tuple, set,
Series, or the id column of a DataFrame. ``{{`` and ``}}`` are literal braces. A token that is JSON as a whole is not changed.
`text.quote_argument` is the inverse, from a value to what is typed.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from poseidon_nb.language.grammar_errors import grammar_error, has_token, quoted
from poseidon_nb.language.variables import as_text, elements, read
from poseidon_nb.text import is_json

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What stands in braces. Its own quotes can hold spaces and braces.
IN_BRACES = r"""\{(?:[^{}'"]|'[^']*'|"[^"]*")*+\}"""

_SPACE_OR_COMMENT = re.compile(r"(?:\s+|#[^\n]*)*")
_WORD = re.compile(rf"""(?:\{{\{{|{IN_BRACES}|[^\s'"{{]++|\{{|'[^']*'|"[^"]*")+""")
_QUOTES = re.compile(rf"""\{{\{{|{IN_BRACES}|'(?P<single>[^']*)'|"(?P<double>[^"]*)\"""")
_FIELD = re.compile(rf"\{{\{{|\}}\}}|(?P<field>{IN_BRACES}|\{{[^{{}}]*\}})")
_ONE_FIELD = re.compile(rf"{IN_BRACES}|\{{[^{{}}]*\}}")
_COMMA_SEPARATED = re.compile(rf"(?:{IN_BRACES}|[^,{{]++|\{{)+")


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
    return next((one for one in (match["single"], match["double"]) if one is not None), match[0])


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
        if match["field"] is None:
            return match[0][0]
        name = _inside(match[0])
        found = read(name, variables)
        if elements(found) is not None:
            raise grammar_error(f"{{{name}}} holds several values. Write it as a separate word.", word=name)
        return as_text(found, name)

    return _FIELD.sub(value, text)


def split_at_commas(text: str) -> list[str]:
    """Split the elements of a list, without those that are empty; a comma in braces is part of an element."""
    pieces = (piece.strip() for piece in _COMMA_SEPARATED.findall(text)) if "," in text else (text,)
    return [piece for piece in pieces if piece]


def substitute_many(text: str, variables: Mapping[str, object]) -> list[str]:
    """Return the values of one token: all elements, if the token is one variable that holds a list.

    Raises
    ------
    GrammarError
        As in `substitute`.
    """
    name = _only_field(text)
    if name is not None and not is_json(text):
        found = elements(read(name, variables))
        if found is not None:
            return [as_text(element, name) for element in found]
    return [substitute(text, variables)]


def _only_field(text: str) -> str | None:
    """Return what stands in the braces of a token that is nothing else."""
    return _inside(text) if _ONE_FIELD.fullmatch(text) else None


def _inside(braces: str) -> str:
    return braces[1:-1].strip()


def is_variable(text: str) -> bool:
    """Check whether a token is one variable and nothing else."""
    name = _only_field(text)
    return name is not None and name.isidentifier()


def variable_data(text: str, variables: Mapping[str, object]) -> object | None:
    """Return the dict or list in a token's one variable, for an option that takes JSON; None for any other token.

    Raises
    ------
    GrammarError
        It holds a token, or something that JSON cannot represent.
    """
    name = _only_field(text)
    if name is None or is_json(text):
        return None
    value = read(name, variables)
    if not isinstance(value, dict | list | tuple):
        return None
    try:
        written = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise grammar_error(f"{{{name}}} cannot be converted to JSON.", word=name) from None
    if has_token(written):
        raise grammar_error(f"{{{name}}} holds a token. Use %do login instead.", word=name)
    held: object = json.loads(written)
    return held


def variable_object(text: str, variables: Mapping[str, object]) -> object:
    """Return the value of a token's one variable unchanged; the text of any other token.

    Raises
    ------
    GrammarError
        There is no such variable, or the braces do not contain a name.
    """
    name = _only_field(text)
    return substitute(text, variables) if name is None else read(name, variables)
