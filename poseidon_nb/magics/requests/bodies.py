"""The body of a ``%%do`` cell as data: JSON, or YAML 1.2, in which ``no`` and ``on`` are text."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any

from poseidon_nb.errors import GrammarError

#: Levels of a body: far more than any has, and far fewer than would end the reading of it.
_DEEPEST = 100
#: Values in a body, with YAML's aliases written out: ten lines of these can stand for billions.
MOST_VALUES = 100_000


def read_body(text: str) -> Any:
    """Give what a body says.

    Raises
    ------
    GrammarError
        It is neither JSON nor YAML; the line and column are named. Or it says what JSON cannot say.
    """
    value = _read(text)
    check_plain(value)
    return value


def check_plain(value: Any) -> None:
    """Refuse what JSON has no words for: dates, bytes, NaN, keys that are no text, what holds itself, and bombs.

    Raises
    ------
    GrammarError
        Something of it is in the value.
    """
    waiting, seen = [(value, 0)], 0
    while waiting:
        one, depth = waiting.pop()
        seen += 1
        # What holds itself is deep without end.
        if depth > _DEEPEST:
            raise GrammarError("the body is nested too deeply")
        if seen > MOST_VALUES:
            raise GrammarError(f"the body holds more than {MOST_VALUES:,} values")
        if isinstance(one, dict):
            odd = next((key for key in one if not isinstance(key, str)), None)
            if odd is not None or None in one:
                raise GrammarError(f"the body has a key that is no text: write it in quotes, as in '{odd}':")
            waiting += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, list | tuple):
            waiting += [(inner, depth + 1) for inner in one]
        elif isinstance(one, float) and not isfinite(one):
            raise GrammarError(f"the body holds {one}, which is no number in JSON")
        elif not isinstance(one, str | int | float | None):
            raise GrammarError(f"the body holds something that JSON cannot say: {type(one).__name__}")


def _read(text: str) -> Any:
    stripped = text.strip()
    if stripped.startswith(("{", "[")):
        try:
            return json.loads(stripped)
        except json.JSONDecodeError as error:
            reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
            # A flow mapping of YAML begins like JSON; when it is neither, the message for JSON is the clearer one.
            try:
                return _read_yaml(text)
            except GrammarError:
                raise GrammarError(f"the body is not JSON: {reason}") from None
        except RecursionError:
            raise GrammarError("the body is nested too deeply") from None
        except ValueError:
            raise GrammarError("the body holds a number that is too long") from None
    return _read_yaml(text)


def _read_yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415  # only bodies need it

    class Loader(yaml.SafeLoader):
        """YAML's core schema of version 1.2: PyYAML follows 1.1, which reads ``no`` as false and ``1:30`` as 90."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # replaces that of the base class

    core: tuple[tuple[str, str, str], ...] = (
        ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", "~nN\0"),
        ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
        ("tag:yaml.org,2002:int", r"[-+]?[0-9]+", "-+0123456789"),
        ("tag:yaml.org,2002:float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    )
    for tag, pattern, first in core:
        Loader.add_implicit_resolver(
            tag, re.compile(rf"(?:{pattern})\Z"), ["" if one == "\0" else one for one in first]
        )
    # Leading zeros are decimal in 1.2, and PyYAML's own constructor would read them as octal.
    Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))
    try:
        return yaml.load(text, Loader)  # noqa: S506  # a subclass of SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise GrammarError(
            f"the body is neither JSON nor YAML{where}: {getattr(error, 'problem', None) or 'not readable'}"
        ) from None
    except (ValueError, RecursionError):
        raise GrammarError("the body is neither JSON nor YAML") from None
