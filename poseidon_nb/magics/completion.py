"""Completion of `%do` in IPython.

`language.completion` finds the words; it is imported at the first Tab. A matcher runs on the kernel's main thread, in some
front ends at every key, so it loads nothing but the specs, and waits only a moment for names that `commands.account_words`
reads from the account.

Quirks of IPython 9.18 and 8.39: a ``matched_fragment`` that is not the end of the text before the cursor loses the whole
reply. Without any completion `suppress` is ignored and jedi answers, so an unknown word completes to itself.
"""

from __future__ import annotations

import sys
from collections import ChainMap
from typing import TYPE_CHECKING

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.getipython import get_ipython

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.language.completion import Completions

    Known = Mapping[str, Sequence[str]]

IDENTIFIER = "poseidon_nb.do"

#: Types whose values `%do apply` takes, by name, because nothing is loaded for completion.
_FRAMES = frozenset({"DataFrame", "Plan"})
_CELL_MAGICS = ("%%do", "%%poseidon")


def complete_cell(cell: str, cursor_line: int, text: str, known: Known) -> Completions | None:
    """Return what can come next in a cell.

    Parameters
    ----------
    cell : str
        The whole cell.
    cursor_line : int
        The cursor's line, from 0.
    text : str
        That line up to the cursor.
    known : mapping of str to sequence of str
        Words last seen, by source.

    Returns
    -------
    Completions or None
        None for other code, and for a body that does not consist of commands.
    """
    from poseidon_nb.commands.registry import registry  # noqa: PLC0415  # loads the specs
    from poseidon_nb.language.completion import complete_command, complete_line, is_cell_of_commands  # noqa: PLC0415

    lines = cell.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    magic, *head = lines[first].split(None, 1)[:2] or [""]
    if magic in _CELL_MAGICS and cursor_line > first:
        if not is_cell_of_commands(head[0] if head else "", registry()):
            return None
        words = text.split(None, 1)
        if words[:1] not in (["%do"], ["%poseidon"]):
            return complete_command(text.lstrip(), registry(), known)
    return complete_line(_join_continued(lines[:cursor_line], text), registry(), known)


def _join_continued(above: Sequence[str], text: str) -> str:
    """Prepend the lines that end in a backslash."""
    for line in reversed(above):
        if not line.endswith("\\"):
            break
        text = f"{line[:-1]} {text}"
    return text


def _known_words() -> Known:
    # Before the first command nothing is known, and nothing must be loaded.
    commands = sys.modules.get("poseidon_nb.magics.do")
    words = commands.default_session().account_words if commands is not None else {}
    return ChainMap({"frames": _frames()}, words)


def _frames() -> list[str]:
    """Return the variables that hold a DataFrame or a Plan, in braces and the latest first."""
    shell = get_ipython()
    variables = shell.user_ns.items() if shell is not None else ()
    names = [name for name, value in variables if type(value).__name__ in _FRAMES and not name.startswith("_")]
    return [f"{{{name}}}" for name in reversed(names)]


@context_matcher(identifier=IDENTIFIER, priority=50)  # type: ignore[untyped-decorator]  # IPython's has no types
def do_matcher(context: CompletionContext) -> SimpleMatcherResult:
    """Complete `%do`, `%%do` and `%poseidon`."""
    text = context.text_until_cursor
    try:
        found = complete_cell(context.full_text, context.cursor_line, text, _known_words())
    except Exception:  # noqa: BLE001  # an error would show a traceback at every key
        found = None
    if found is None or not text.endswith(found.fragment):
        return {"completions": []}
    completions = [SimpleCompletion(word.text, type=word.type) for word in found.words]
    return {
        "completions": completions or [SimpleCompletion(found.fragment, type="value")],
        "matched_fragment": found.fragment,
        "ordered": True,
        "suppress": True,
    }
