"""A table as HTML for pages without style sheets, such as an exported notebook. No widgets here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

#: A page that is narrower scrolls the table sideways: half an address or a date is of no use.
_SCROLLER = "<div style='overflow-x:auto' tabindex='0'>"


def static_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[str] = (), caption: str = ""
) -> str:
    """Return a table of text; all text is escaped.

    Parameters
    ----------
    heads : sequence of str
    rows : iterable of sequence of str
        The cells of each row, in the order of `heads`.
    right : collection of str
        The heads of columns that are aligned right.
    caption : str
    """
    # The style sheets of exported notebooks align all cells right.
    styles = [f"text-align:{'right' if head in right else 'left'};white-space:nowrap" for head in heads]

    def row_html(tag: str, cells: Sequence[str]) -> str:
        made = (f"<{tag} style='{style}'>{escape(cell)}</{tag}>" for style, cell in zip(styles, cells, strict=True))
        return f"<tr>{''.join(made)}</tr>"

    titled = f"<caption style='text-align:left'>{escape(caption)}</caption>" if caption else ""
    body = "".join(row_html("td", cells) for cells in rows)
    return f"{_SCROLLER}<table>{titled}<thead>{row_html('th', heads)}</thead><tbody>{body}</tbody></table></div>"
