"""A test whose body runs for each of many items: it collects what fails, and names every item that failed."""

from __future__ import annotations

import functools
import inspect
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: A message may be so long, in characters, for each item that failed.
LONGEST = 1_500


def each(names: str | tuple[str, ...], items: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Build a decorator that runs a test's body once for each item, instead of making a test of each.

    It is written like ``pytest.mark.parametrize``: `names` are the arguments that hold an item, or the parts of one.
    The other arguments are fixtures, which all items share.
    """
    wanted = (names,) if isinstance(names, str) else names
    rows = [(item,) if isinstance(names, str) else tuple(item) for item in items]
    assert rows, "no items: nothing would be checked"

    def decorate(body: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(body)

        @functools.wraps(body)
        def run(**fixtures: Any) -> None:
            failed: list[tuple[str, BaseException]] = []
            for row in rows:
                try:
                    body(**dict(zip(wanted, row, strict=True)), **fixtures)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  # whatever it is, the others follow
                    failed.append((_label(row), error))
            if failed:
                labels = ", ".join(label for label, _ in failed)
                told = "\n".join(f"{label}\n{_reason(error, body)}" for label, error in failed)
                raise AssertionError(f"{len(failed)} of {len(rows)} failed: {labels}\n\n{told}") from failed[0][1]

        rest = [parameter for name, parameter in signature.parameters.items() if name not in wanted]
        assert len(rest) + len(wanted) == len(signature.parameters)
        run.__signature__ = signature.replace(parameters=rest)
        return run

    return decorate


def _label(row: tuple[Any, ...]) -> str:
    return " ".join(str(getattr(part, "name", part)) for part in row)


def _reason(error: BaseException, body: Callable[..., None]) -> str:
    """Return where in the test an item failed, and the error with its message."""
    file = inspect.getfile(body)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    message = f"{type(error).__name__}: {error}"[:LONGEST].replace("\n", "\n    ")
    return f"    {Path(file).name}:{lines[-1] if lines else '?'}: {message}"
