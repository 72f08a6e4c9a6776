"""The values of cells in a form in which equal ones compare equal. A `ValueError` says what is wrong with a cell."""

from __future__ import annotations

import ast
import contextlib
import json
import re
from typing import Any

from poseidon_nb.masking import MASK
from poseidon_nb.text import is_integer

_TAG = re.compile(r"[a-zA-Z0-9_\-:]{1,255}")
#: The longest text of a cell that is read as a list.
_MAX_CHARS = 200_000


def is_masked(value: Any) -> bool:
    """Return whether a cell holds a mask instead of a secret, which can be neither compared nor written."""
    return MASK in value if isinstance(value, str) else isinstance(value, list) and any(map(is_masked, value))


def text(value: Any) -> str:
    """Return text; a number becomes text without ``.0``."""
    if isinstance(value, list | dict):
        raise ValueError("must be text")  # noqa: TRY004  # one type for all wrong cells
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def integer(value: Any) -> int:
    """Return an integer, also from ``80.0`` and ``"80"``."""
    if isinstance(value, bool | list | dict):
        raise ValueError("must be a whole number")  # noqa: TRY004  # likewise
    if isinstance(value, float) and value.is_integer():
        return int(value)
    word = str(value).strip().removesuffix(".0")
    if not is_integer(word):
        raise ValueError(f"must be a whole number, not {str(value)!r}")
    return int(word)


def items(value: Any) -> list[Any]:
    """Return the elements of a list, which a file may write as JSON (``["a", "b"]``), as Python, or as ``a;b``."""
    if not isinstance(value, str):
        return value if isinstance(value, list) else [value]
    stripped = value.strip()
    if stripped[:1] not in {"[", "{"}:
        return [piece.strip() for piece in stripped.split(";") if piece.strip()]
    if len(stripped) > _MAX_CHARS:
        raise ValueError("is too long")
    try:
        found = json.loads(stripped)
    except (ValueError, RecursionError):
        try:
            # `DataFrame.to_csv` writes lists as Python does.
            found = ast.literal_eval(stripped)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise ValueError("is not a list. Write it as a;b or as JSON") from None
    return list(found) if isinstance(found, list | tuple) else [found]


def words(value: Any) -> list[str]:
    """Return the texts in a list, each once."""
    return [*dict.fromkeys(text(one) for one in items(value) if one is not None)]


def folded(value: Any) -> frozenset[str]:
    """Return names as a set that ignores order and case."""
    return frozenset(one.casefold() for one in words(value))


def tags(value: Any) -> frozenset[str]:
    """Return tags as a set that ignores order and case."""
    for tag in words(value):
        if not _TAG.fullmatch(tag):
            pieces = [piece.strip() for piece in tag.split(",")]
            if all(map(_TAG.fullmatch, pieces)):
                raise ValueError(f"has the tag {tag!r}. Did you mean {';'.join(pieces)}?")
            raise ValueError(f"has the tag {tag!r}. Tags consist of letters, digits, colons, dashes and underscores")
    return folded(value)


def loose(value: Any) -> str:
    """Return any plain value as text in which the same number, time or list is the same, whatever its dtype became."""
    if isinstance(value, str) and value[:1] == "[":
        with contextlib.suppress(ValueError):
            value = items(value)
    if isinstance(value, list):
        return ";".join(sorted(map(loose, value)))
    word = str(value).strip().replace("T", " ").removesuffix("+00:00").removesuffix("Z")
    try:
        return str(float(word))
    except ValueError:
        return word.casefold()


def frozen(value: Any) -> Any:
    """Return any plain value as one that can be compared and hashed; ``1.0`` equals ``1``."""
    if isinstance(value, dict):
        return tuple(sorted((name, frozen(inner)) for name, inner in value.items()))
    if isinstance(value, list | tuple):
        return tuple(frozen(inner) for inner in value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
