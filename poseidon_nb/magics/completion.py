"""Completion of `%do` in IPython: where in a cell the cursor stands, and the matcher that answers there.

What may follow is found by `suggestions`, which is imported at the first Tab. A matcher runs on the kernel's main
thread, at every key in some front ends, so nothing here asks the network or loads anything that is not the language.

Traps (IPython 9.18 and 8.39): a ``matched_fragment`` that does not end the text before the cursor kills the reply; with
no completion at all `suppress` counts for nothing and jedi speaks, so a word that nothing is known about completes to
itself.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.magics.language.suggestions import Suggestions

    Known = Mapping[str, Sequence[str]]

IDENTIFIER = "poseidon_nb.do"

_CELL_MAGICS = ("%%do", "%%poseidon")


def cell_candidates(cell: str, cursor_line: int, text: str, known: Known) -> Suggestions | None:
    """Give what may come next in a cell.

    Parameters
    ----------
    cell : str
        The whole cell.
    cursor_line : int
        The cursor's line, from 0.
    text : str
        That line up to the cursor.
    known : mapping of str to sequence of str
        Words last seen, by kind.

    Returns
    -------
    Suggestions or None
        None where `%do` has nothing to say: other code, and a body that is not made of commands.
    """
    from poseidon_nb.magics.language.suggestions import candidates, command_candidates, is_cell_of_commands  # noqa: PLC0415

    lines = cell.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    magic, *head = lines[first].split(None, 1)[:2] or [""]
    if magic in _CELL_MAGICS and cursor_line > first:
        if not is_cell_of_commands(head[0] if head else ""):
            return None
        words = text.split(None, 1)
        if words[:1] not in (["%do"], ["%poseidon"]):
            return command_candidates(text.lstrip(), known)
    return candidates(_continued(lines[:cursor_line], text), known)


def _continued(above: Sequence[str], text: str) -> str:
    """Put the lines in front that end in a backslash."""
    for line in reversed(above):
        if not line.endswith("\\"):
            break
        text = f"{line[:-1]} {text}"
    return text


def _known() -> Known:
    # What the kernel has seen, if any command has run at all; asking must not load it.
    kernel = sys.modules.get("poseidon_nb.magics.kernel")
    return kernel.THE_KERNEL.known if kernel is not None else {}


@context_matcher(identifier=IDENTIFIER, priority=50)  # type: ignore[untyped-decorator]  # IPython's has no types
def do_matcher(context: CompletionContext) -> SimpleMatcherResult:
    """Complete `%do`, `%%do` and `%poseidon`; say nothing anywhere else."""
    text = context.text_until_cursor
    try:
        found = cell_candidates(context.full_text, context.cursor_line, text, _known())
    except Exception:  # noqa: BLE001  # a completer that fails would be a traceback at every key
        found = None
    if found is None or not text.endswith(found.fragment):
        return {"completions": []}
    completions = [SimpleCompletion(word.text, type=word.kind) for word in found.words]
    return {
        "completions": completions or [SimpleCompletion(found.fragment, type="value")],
        "matched_fragment": found.fragment,
        "ordered": True,
        "suppress": True,
    }
