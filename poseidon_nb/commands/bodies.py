"""Read the text of commands: the body of a ``%%do`` cell as JSON or YAML 1.2, and files that an option names.

YAML is limited to what JSON can represent: mappings with text keys, lists, text, numbers, booleans and null. In YAML 1.2
``no``, ``on``, ``1:30`` and dates are text. Tags such as ``!!binary``, repeated keys, and aliases that expand to more than
100,000 values are refused.
"""

from __future__ import annotations

import json
import re
from math import isfinite
from pathlib import Path
from typing import Any

from poseidon_nb.errors import GrammarError, InvalidArgument

#: Levels of nesting: far more than any body has, and far fewer than Python can parse.
_MAX_DEPTH = 100
#: Values in a body with YAML's aliases expanded, because ten lines of aliases can expand to billions.
MAX_VALUES = 100_000

#: The largest file that is read: no field of the API takes more.
MAX_BYTES = 1_000_000


def parse_body(text: str) -> Any:
    """Parse a body.

    Raises
    ------
    GrammarError
        It is neither JSON nor YAML (the line and column are named), or JSON cannot represent it.
    """
    value = _parse(text)
    check_json(value)
    return value


def check_json(value: Any) -> None:
    """Check that JSON can represent a value: no dates, bytes, NaN, other keys than text, cycles, or huge expansions.

    Raises
    ------
    GrammarError
        It cannot.
    """
    waiting, seen = [(value, 0)], 0
    while waiting:
        one, depth = waiting.pop()
        seen += 1
        # A value that contains itself is infinitely deep.
        if depth > _MAX_DEPTH:
            raise GrammarError("The body is nested too deeply.")
        if seen > MAX_VALUES:
            raise GrammarError(f"The body has more than {MAX_VALUES:,} values.")
        if isinstance(one, dict):
            odd = next((key for key in one if not isinstance(key, str)), None)
            if odd is not None or None in one:
                raise GrammarError(f"The body has a key that is not text. Write it in quotes, as in '{odd}':")
            waiting += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, list | tuple):
            waiting += [(inner, depth + 1) for inner in one]
        elif isinstance(one, float) and not isfinite(one):
            raise GrammarError(f"The body contains {one}, which is not a number in JSON.")
        elif not isinstance(one, str | int | float | None):
            raise GrammarError(f"The body contains a value of type {type(one).__name__}, which JSON cannot represent.")


def _parse(text: str) -> Any:
    stripped = text.strip()
    if stripped.startswith(("{", "[")):
        try:
            return json.loads(stripped, object_pairs_hook=_without_repetition)
        except json.JSONDecodeError as error:
            reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
            # A flow mapping of YAML starts like JSON. If it is neither, the message for JSON is clearer.
            try:
                return _parse_yaml(text)
            except GrammarError:
                raise GrammarError(f"The body is not valid JSON: {reason}") from None
        except RecursionError:
            raise GrammarError("The body is nested too deeply.") from None
        except ValueError:
            raise GrammarError("The body contains a number with too many digits.") from None
    return _parse_yaml(text)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise GrammarError(f"The body has the key {repeated!r} twice.")
    return found


def _parse_yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415  # slow to import

    class Loader(yaml.SafeLoader):
        """YAML's core schema of version 1.2: PyYAML follows 1.1, which reads ``no`` as false and ``1:30`` as 90."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # replaces that of the base class

        def compose_node(self, parent: Any, index: Any) -> Any:
            event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML has no types
            if getattr(event, "tag", None) is not None:
                line = event.start_mark.line + 1
                tag = event.tag.replace("tag:yaml.org,2002:", "!!")
                raise GrammarError(f"The body has the YAML tag {tag} in line {line}. Write the value without it.")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  # PyYAML's own
            keys = [(key.value, key.start_mark.line + 1) for key, _ in node.value if isinstance(key.value, str)]
            for place, (key, line) in enumerate(keys):
                if key in [other for other, _ in keys[:place]]:
                    raise GrammarError(f"The body has the key {key!r} twice, again in line {line}.")
            return super().construct_mapping(node, deep)

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
    # Leading zeros are decimal in 1.2; PyYAML's own constructor reads them as octal.
    Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))
    try:
        return yaml.load(text, Loader)  # noqa: S506  # a subclass of SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise GrammarError(
            f"The body is neither JSON nor YAML{where}: {getattr(error, 'problem', None) or 'syntax error'}"
        ) from None
    except (ValueError, RecursionError):
        raise GrammarError("The body is neither JSON nor YAML.") from None


def read_text(name: str) -> str:
    """Read a text file such as a key or a cloud-init script; ``~`` is the home folder.

    Raises
    ------
    InvalidArgument
        It cannot be read, is too large, or is not text.
    """
    path = Path(name).expanduser()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidArgument(f"{name} is too large: {path.stat().st_size:,} bytes, at most {MAX_BYTES:,}.")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidArgument(f"Cannot read {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidArgument(f"{name} is not a text file.") from None
