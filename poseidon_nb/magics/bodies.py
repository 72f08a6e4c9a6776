"""The body of a ``%%do`` cell as data: JSON, or YAML 1.2, in which ``no`` and ``on`` are text."""

from __future__ import annotations

import json
import re
from typing import Any

from poseidon_nb.errors import GrammarError


def read_body(text: str) -> Any:
    """Give what a body says.

    Raises
    ------
    GrammarError
        It is neither JSON nor YAML; the line and column are named.
    """
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
