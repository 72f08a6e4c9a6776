"""Tables and cards as HTML that the browser fits to the page.

A wide table scrolls sideways, and its first column stays. All styles are inline, because a notebook may be displayed where
style sheets are removed, and the colors are those of the page around it.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from poseidon_nb.frames.layout import Layout, fields
from poseidon_nb.text import NO_MATH, truncated_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from poseidon_nb.frames.cells import TextColumn
    from poseidon_nb.frames.layout import View

#: Maximum number of empty columns that are named.
_MAX_NAMES = 30
#: Colors of JupyterLab and VS Code, or of the browser. Cells scroll under the first column, so it needs a background; and
#: text of another theme would be invisible on that, so a table has both colors.
_TEXT = "var(--jp-content-font-color1, var(--vscode-editor-foreground, CanvasText))"
_ROW = "var(--jp-layout-color0, var(--vscode-editor-background, Canvas))"
_OTHER_ROW = "var(--jp-rendermime-table-row-background, color-mix(in srgb, var(--pnb-row) 94%, CanvasText))"
_COLORS = f"--pnb-row: {_ROW}; --pnb-other-row: {_OTHER_ROW}; color: {_TEXT}"
_FIXED = "; position: sticky; left: 0; background: inherit"
_LEFT, _RIGHT = "text-align: left", "text-align: right"
_ONE_LINE = "; white-space: nowrap"
#: Longer text is wrapped. If the page is narrow, its lines have at least so many characters, each about this wide.
_MAX_LINE, _MIN_LINE, _CHARACTER_EM = 72, 60, 0.55
_WRAPPED = f"; min-width: {_MIN_LINE * _CHARACTER_EM:.0f}em; overflow-wrap: anywhere"


def html_table(frame: pd.DataFrame, view: View) -> str:
    """Return a frame as a table with all columns that have values."""
    layout = Layout(frame, view, on_page=True)
    labels = None if layout.labels is None else ["", *layout.labels]
    columns = [] if labels is None else [_cells("th", labels, f"{_LEFT}{_ONE_LINE}{_FIXED}")]
    for column in layout.columns:
        style = f"{_RIGHT if column.is_number else _LEFT}{_WRAPPED if _is_wrapped(column, view) else _ONE_LINE}"
        columns.append(_cells("td", [column.name, *column.cells], style if columns else f"{style}{_FIXED}"))
    rows = [_row(cells, is_other=bool(place % 2)) for place, cells in enumerate(zip(*columns, strict=True), 1)]
    if layout.has_gap:
        rows.insert(1 + layout.head, _row([f'<td colspan="{len(columns)}" style="{_LEFT}">…</td>'], is_other=False))
    head, *body = rows
    lines = [
        f'<table class="dataframe {NO_MATH}" style="{_COLORS}">',
        f"<thead>{head}</thead>",
        "<tbody>",
        *body,
        "</tbody>",
        "</table>",
    ]
    return "\n".join(['<div style="overflow-x: auto" tabindex="0">', *lines, f"</div>{_footer(layout)}"])


def html_card(frame: pd.DataFrame, view: View) -> str:
    """Return a frame with one row as a table of names and values."""
    value_style = f"{_LEFT}; max-width: 60em; overflow-wrap: anywhere"
    rows = [
        f'<tr><th style="{_LEFT}; vertical-align: top">{escape(name)}</th>'
        f'<td style="{value_style}">{"<br>".join(map(escape, lines))}</td></tr>'
        for name, lines in fields(frame, view)
    ]
    if not rows and len(frame.columns):
        return html_sentence(f"Empty columns: {truncated_list(map(str, frame.columns), max_words=_MAX_NAMES)}")
    return "\n".join([f'<table class="dataframe {NO_MATH}">', "<tbody>", *rows, "</tbody>", "</table>"])


def html_sentence(text: str) -> str:
    """Return a sentence as HTML."""
    return f"<p>{escape(text)}</p>"


def _cells(tag: str, texts: Sequence[str], style: str) -> list[str]:
    """Return a column: its name and its cells."""
    name, *cells = texts
    return [
        f'<th style="{style}">{escape(name)}</th>',
        *(f'<{tag} style="{style}">{escape(one)}</{tag}>' for one in cells),
    ]


def _is_wrapped(column: TextColumn, view: View) -> bool:
    """Check whether a column is wrapped. A detail that few scroll to would make the rows of all columns high."""
    is_wanted = not view.first or column.name in view.first or bool(view.asked)
    return is_wanted and any(len(cell) > _MAX_LINE and " " in cell for cell in column.cells)


def _row(cells: Sequence[str], *, is_other: bool) -> str:
    return f'<tr style="background: var(--pnb-{"other-" if is_other else ""}row)">{"".join(cells)}</tr>'


def _footer(layout: Layout) -> str:
    rows = f"{layout.rows:,} rows" if layout.has_gap else ""
    empty = f"empty columns: {truncated_list(layout.empty, max_words=_MAX_NAMES)}" if layout.empty else ""
    text = "; ".join(filter(None, [rows, empty]))
    return html_sentence(f"{text[0].upper()}{text[1:]}") if text else ""
