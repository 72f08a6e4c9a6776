"""What the table of a fleet shows of a droplet: one list of cells for each, and what has changed between two readings. Pure.

A cell is text or a number that the page sorts, searches and escapes; the droplet's id is the first of them and names the
row for ever. Positions mean nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Row = Mapping[str, Any]
    Cells = tuple[int | float | str, ...]

#: The heads of the table. The first holds the boxes that select, and is given its own there.
HEADS = ("", "Name", "Status", "Region", "Size", "Address", "Tags", "$/month", "Created", "Id")
NAME, STATUS, TAGS, PRICE = (HEADS.index(head) for head in ("Name", "Status", "Tags", "$/month"))
#: Between a status and what runs on the droplet now: ``active · power_off``.
RUNS = " · "


def cells_of(droplet: Row, running: str = "") -> Cells:
    """Return what the table shows of a droplet.

    Parameters
    ----------
    droplet : mapping
        As the API sends it.
    running : str
        The type of the action that runs on it now, if one does.
    """
    size = droplet.get("size") or {}
    status = escape_unprintable(str(droplet.get("status", "")))
    return (
        droplet["id"],
        escape_unprintable(str(droplet.get("name", ""))),
        f"{status}{RUNS}{escape_unprintable(running)}" if running else status,
        escape_unprintable(str((droplet.get("region") or {}).get("slug", ""))),
        escape_unprintable(str(droplet.get("size_slug") or size.get("slug") or "")),
        escape_unprintable(address_of(droplet)),
        ", ".join(escape_unprintable(str(tag)) for tag in droplet.get("tags") or ()),
        float(size.get("price_monthly") or 0.0),
        escape_unprintable(str(droplet.get("created_at") or "")[:10]),
        droplet["id"],
    )


def rows_text(rows: Iterable[Cells]) -> str:
    """Return rows as lines of text in columns, without the boxes that select."""
    lines = [[*HEADS[1:]], *([str(cell) for cell in cells[1:]] for cells in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def address_of(droplet: Row) -> str:
    """Return the first public IPv4 address of a droplet, or nothing."""
    v4 = (droplet.get("networks") or {}).get("v4") or ()
    return next((str(one.get("ip_address", "")) for one in v4 if one.get("type") == "public"), "")


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done to a table so that it shows the last reading.

    Parameters
    ----------
    put : mapping
        Cells of the rows that came or changed, by id.
    dropped : frozenset of int
        Rows that went.
    """

    put: Mapping[int, Cells]
    dropped: frozenset[int]

    def __bool__(self) -> bool:
        return bool(self.put or self.dropped)


def change_between(before: Mapping[int, Cells], now: Mapping[int, Cells]) -> Change:
    """Return what has changed; that rows are served in another order is nothing, for the table has an order of its own."""
    put = {key: cells for key, cells in now.items() if before.get(key) != cells}
    return Change(put, frozenset(before.keys() - now.keys()))
