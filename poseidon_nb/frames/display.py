"""How the tables of `%do` are displayed: as HTML that the browser fits to the page, and as text that fits the terminal.

The frame keeps all its columns, their order and exact values; only its display differs. Frames derived from it (a filter, a
sum, a copy) are displayed by pandas.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.frames.html_table import html_card, html_sentence, html_table
from poseidon_nb.frames.layout import View
from poseidon_nb.frames.printable import printable
from poseidon_nb.frames.text_table import text_card, text_table

if TYPE_CHECKING:
    from collections.abc import Callable

#: The name of the attribute of a frame that holds its `View`.
_ATTRIBUTE = "_poseidon_view"
_DEFAULT = View()
#: The defaults of pandas. If the user has changed one of them, pandas displays the frame.
_PANDAS_DEFAULTS: dict[str, tuple[object, ...]] = {
    "display.max_columns": (0, 20),
    "display.max_colwidth": (50,),
    "display.precision": (6,),
    "display.float_format": (None,),
    "display.notebook_repr_html": (True,),
}


def displayed(frame: pd.DataFrame, view: View = _DEFAULT) -> pd.DataFrame:
    """Make IPython display a frame in this way.

    Returns
    -------
    pandas.DataFrame
        The same object, which is a plain frame otherwise. Its copies are displayed by pandas.
    """
    # A strong reference would be a cycle, which only the garbage collector frees.
    reference = weakref.ref(frame)

    def repr_html() -> str | None:
        itself = reference()
        return None if itself is None else to_html(itself, view)

    object.__setattr__(frame, _ATTRIBUTE, view)
    object.__setattr__(frame, "_repr_html_", repr_html)
    return frame


def view_of(value: Any) -> View | None:
    """Return how a frame from `displayed` is displayed; None for anything else, and for its copies."""
    return vars(value).get(_ATTRIBUTE) if isinstance(value, pd.DataFrame) else None


def to_html(frame: pd.DataFrame, view: View = _DEFAULT) -> str | None:
    """Return a frame as an HTML table. All columns with values are in it, and it scrolls sideways on a narrow page.

    Returns
    -------
    str or None
        HTML. If pandas' options or another package change how frames are displayed, their result.
    """
    default: Callable[[pd.DataFrame], str | None] = type(frame)._repr_html_  # type: ignore[attr-defined]  # not in pandas-stubs
    if default.__module__ != "pandas.core.frame" or _options_changed():
        return default(frame)
    if frame.empty:
        return html_sentence(view.nothing)
    return html_card(frame, view) if _is_card(frame, view) else html_table(frame, view)


def to_text(frame: pd.DataFrame, view: View = _DEFAULT, *, width: int) -> str:
    """Return a frame as a table of text.

    Parameters
    ----------
    frame : pandas.DataFrame
    view : View
    width : int
        Characters in a line. Columns that do not fit are named below the table.

    Returns
    -------
    str
        Lines. If pandas' options are changed, what pandas prints.
    """
    if _options_changed():
        return repr(printable(frame))
    if frame.empty:
        return view.nothing
    return text_card(frame, view, width) if _is_card(frame, view) else text_table(frame, view, width)


def _is_card(frame: pd.DataFrame, view: View) -> bool:
    return view.card and len(frame) == 1


def _options_changed() -> bool:
    return any(pd.get_option(name) not in values for name, values in _PANDAS_DEFAULTS.items())
