"""A droplet as facts, HTML, text and table cells, from a row of the API. HTML is escaped here. No widgets here."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import datetime
from html import escape
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.own_tags import lease_tags
from poseidon_nb.plans.leases import lease_of
from poseidon_nb.text import escape_unprintable, format_age, format_memory, format_usd, join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poseidon_nb.plans.leases import Lease

    Row = Mapping[str, Any]
    #: Labels and values; a list is shown as tags.
    Facts = list[tuple[str, str | list[str]]]
    Cells = tuple[int | float | str, ...]

#: Values for missing fields: the panel of a fleet must not fail because of one droplet among thousands.
_DEFAULTS: Mapping[str, Any] = {
    "status": "unknown",
    "size_slug": "",
    "vcpus": 0,
    "memory": 0,
    "disk": 0,
    "tags": (),
}
#: Facts that the header shows already, or a field with a button to copy them.
_SHOWN_ELSEWHERE = {"Name", "Status", "Account", "Resources", "Region", "Image", "SSH"}
#: Characters that a value gets at least in a line of text.
_MIN_VALUE = 20
#: Tags that are longer together get a line of their own.
_MAX_CHARACTERS = 24

#: The heads of the fleet's table. The first column has the checkboxes.
HEADS = ("", "Name", "Status", "Region", "Size", "Public IPv4", "Tags", "Lease ends (UTC)", "$/month", "Created", "ID")
NAME, STATUS, REGION, TAGS, PRICE = (HEADS.index(head) for head in ("Name", "Status", "Region", "Tags", "$/month"))
#: This column is shown only if a droplet has a lease.
LEASE = HEADS.index("Lease ends (UTC)")
#: In place of the end of a lease whose tag cannot be read.
UNREADABLE = "unreadable"
#: What follows from a lease that is over.
REAPED = "%do reap may destroy the droplet."
#: Between the end of a lease and that it is over: ``2026-12-01 12:00 · over``.
OVER_SEPARATOR = " · "
_LEASE_TIME = "%Y-%m-%d %H:%M"
#: The columns that a text of the table leaves out where they do not fit, and the least width of shortened tags.
_LEFT_OUT_FIRST = ("ID", "Created", "Tags", "Lease ends (UTC)", "Region", "Status", "Size", "Public IPv4")
_MIN_TAGS = 10
_GAP = "  "
#: Between the status and the type of the running action: ``active · power_off``.
ACTION_SEPARATOR = " · "


def with_defaults(row: Row) -> Row:
    """Return a droplet's row with a value for each field that panels read; the same object if none is missing."""
    missing = {name: default for name, default in _DEFAULTS.items() if row.get(name) is None}
    if row.get("name") is None:
        missing["name"] = f"droplet {row['id']}"
    return {**row, **missing} if missing else row


def price_of(row: Row) -> float:
    """Return a droplet's price in USD a month; 0 if it is unknown."""
    return float((row.get("size") or {}).get("price_monthly") or 0.0)


def _addresses(row: Row, family: str, kind: str) -> list[str]:
    found = (row.get("networks") or {}).get(family) or ()
    return [escape_unprintable(str(one.get("ip_address", ""))) for one in found if one.get("type") == kind]


def resources_text(row: Row) -> str:
    """Return the resources of a droplet or size: ``2 vCPUs · 4 GB · 80 GB disk``."""
    parts = (
        (row["vcpus"], pluralize(row["vcpus"], "vCPU")),
        (row["memory"], format_memory(row["memory"])),
        (row["disk"], f"{row['disk']} GB disk"),
    )
    return " · ".join(text for number, text in parts if number)


def region_text(row: Row) -> str:
    """Return a droplet's region: ``New York 3 (nyc3)``."""
    region = row.get("region") or {}
    return escape_unprintable(f"{region.get('name', '')} ({region.get('slug', '')})") if region else ""


def image_text(row: Row) -> str:
    """Return a droplet's image: ``Ubuntu 24.04 (LTS) x64``."""
    image = row.get("image") or {}
    return escape_unprintable(" ".join(filter(None, (image.get("distribution"), image.get("name")))))


def public_address(row: Row) -> str:
    """Return the first valid public address, IPv4 before IPv6; empty if there is none."""
    for address in [*_addresses(row, "v4", "public"), *_addresses(row, "v6", "public")]:
        try:
            return str(ip_address(address))
        except ValueError:
            # It becomes a part of a command, so anything else is left out.
            continue
    return ""


def ssh_command(row: Row) -> str:
    """Return the command that connects to a droplet; empty if it has no public address."""
    address = public_address(row)
    return f"ssh root@{address}" if address else ""


def droplet_facts(row: Row, account: str, now: datetime) -> Facts:
    """Return the facts of a droplet in reading order.

    Parameters
    ----------
    row : mapping
        The droplet as the API sends it.
    account : str
        An e-mail address, or ``SANDBOX``.
    now : datetime
        By the server's clock, in UTC.
    """
    price = (row.get("size") or {}).get("price_monthly")
    facts: Facts = [
        ("Name", escape_unprintable(row["name"])),
        ("Status", escape_unprintable(str(row["status"]))),
        ("Account", escape_unprintable(account)),
        ("ID", str(row["id"])),
        ("Region", region_text(row)),
        ("Size", escape_unprintable(str(row["size_slug"]))),
        ("Resources", resources_text(row)),
    ]
    if price is not None:
        # A droplet that is off still costs its full price, which surprises users.
        note = ", even while off" if row["status"] == "off" else ""
        facts.append(("Price", f"{format_usd(price)} a month{note}"))
    facts += [
        (label, ", ".join(found))
        for label, found in (
            ("Public IPv4", _addresses(row, "v4", "public")),
            ("Private IPv4", _addresses(row, "v4", "private")),
            ("Public IPv6", _addresses(row, "v6", "public")),
        )
        if found
    ]
    facts.append(("Image", image_text(row)))
    if row.get("created_at"):
        created = datetime.fromisoformat(row["created_at"])
        facts.append(("Created", f"{format_age((now - created).total_seconds())} ago ({created:%Y-%m-%d})"))
    facts.append(("SSH", ssh_command(row)))
    if lease := lease_of(row):
        facts.append(_lease_fact(lease, now))
    if row.get("tags"):
        facts.append(("Tags", [escape_unprintable(str(tag)) for tag in row["tags"]]))
    return [fact for fact in facts if fact[1]]


def _lease_fact(lease: Lease, now: datetime) -> tuple[str, str]:
    if lease.ends_at is None:
        return "Lease ends", UNREADABLE
    end = f"{lease.ends_at:{_LEASE_TIME}} UTC"
    return ("Lease ended", f"{end}. {REAPED}") if lease.is_over(now) else ("Lease ends", end)


def status_html(row: Row, *, deleted: bool = False) -> str:
    """Return the status as HTML, in words and with a colored dot."""
    status = "deleted" if deleted else escape_unprintable(str(row["status"]))
    css = "deleted" if deleted else escape(str(row["status"]), quote=True)
    return f"<span class='pnb-pill pnb-{css}'><span class='pnb-dot' aria-hidden='true'></span>{escape(status)}</span>"


def subtitle_text(row: Row) -> str:
    """Return the line below a droplet's name: its resources, region and image."""
    return " · ".join(filter(None, (resources_text(row), region_text(row), image_text(row))))


def facts_html(facts: Facts, copied: str = "") -> str:
    """Return the facts below the header as a description list, which the style sheet lays out in columns.

    Parameters
    ----------
    facts : list
    copied : str
        An address that has a button to copy it, and is not repeated.
    """
    cells = "".join(
        f"<div{' class=pnb-wide' if _is_wide(value) else ''}><dt>{escape(label)}</dt><dd>{_value_html(value)}</dd></div>"
        for label, value in facts
        if label not in _SHOWN_ELSEWHERE and value != copied
    )
    return f"<dl class='pnb-facts'>{cells}</dl>"


def _is_wide(value: str | list[str]) -> bool:
    return not isinstance(value, str) and sum(map(len, value)) > _MAX_CHARACTERS


def _value_html(value: str | list[str]) -> str:
    if isinstance(value, str):
        return escape(value)
    return "".join(f"<span class='pnb-tag'>{escape(one)}</span>" for one in value)


def facts_table_html(facts: Facts) -> str:
    """Return the facts as a table that works without widgets and style sheets."""
    left = "style='text-align:left'"
    rows = "".join(
        f"<tr><th scope='row' {left}>{escape(label)}</th><td {left}>{escape(_value_text(value))}</td></tr>"
        for label, value in facts
    )
    return f"<table class='pnb-facts-table'>{rows}</table>"


def facts_text(facts: Facts, width: int) -> str:
    """Return the facts as lines of text; values that are longer than a line are wrapped below themselves."""
    indent = max(len(label) for label, _ in facts) + 2
    lines: list[str] = []
    for label, value in facts:
        parts = textwrap.wrap(_value_text(value), max(width - indent, _MIN_VALUE), break_on_hyphens=False)
        lines += [f"{'' if at else label:<{indent}}{part}" for at, part in enumerate(parts or [""])]
    return "\n".join(lines)


def _value_text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def table_cells(droplet: Row, action_type: str = "", *, now: datetime) -> Cells:
    """Return the cells of a droplet in the fleet's table: text and numbers, which the page sorts, searches and escapes.

    Parameters
    ----------
    droplet : mapping
        As the API sends it. Its id is the first cell and identifies the row.
    action_type : str
        The type of the action that is running on it, if any.
    now : datetime
        By the server's clock, for a lease that is over.
    """
    size = droplet.get("size") or {}
    status = escape_unprintable(str(droplet.get("status", "")))
    return (
        droplet["id"],
        escape_unprintable(str(droplet.get("name", ""))),
        f"{status}{ACTION_SEPARATOR}{escape_unprintable(action_type)}" if action_type else status,
        escape_unprintable(str((droplet.get("region") or {}).get("slug", ""))),
        escape_unprintable(str(droplet.get("size_slug") or size.get("slug") or "")),
        next(iter(_addresses(droplet, "v4", "public")), ""),
        # The tag of a lease has a column of its own.
        ", ".join(escape_unprintable(str(tag)) for tag in droplet.get("tags") or () if not lease_tags([tag])),
        lease_text(droplet, now),
        price_of(droplet),
        escape_unprintable(str(droplet.get("created_at") or "")[:10]),
        droplet["id"],
    )


def lease_text(row: Row, now: datetime) -> str:
    """Return when the lease of a droplet ends, and whether it is over; empty without one."""
    lease = lease_of(row)
    if lease is None:
        return ""
    if lease.ends_at is None:
        return UNREADABLE
    return f"{lease.ends_at:{_LEASE_TIME}}{OVER_SEPARATOR + 'over' if lease.is_over(now) else ''}"


def shown_columns(rows: Iterable[Cells]) -> list[int]:
    """Return the places of the columns to show, without that of the checkboxes."""
    hidden = () if any(cells[LEASE] for cells in rows) else (LEASE,)
    return [place for place in range(1, len(HEADS)) if place not in hidden]


def cell_texts(cells: Cells, columns: Iterable[int]) -> list[str]:
    """Return cells of a row as text; a price has two decimals."""
    return [f"{cells[place]:,.2f}" if place == PRICE else str(cells[place]) for place in columns]


def cells_text(rows: Sequence[Cells], width: int) -> str:
    """Return rows of cells as aligned lines of text; columns that do not fit are named below."""
    places = shown_columns(rows)
    lines = [[HEADS[place] for place in places], *(cell_texts(cells, places) for cells in rows)]
    columns = dict(zip(lines[0], zip(*lines, strict=True), strict=True))
    wanted = {head: max(map(len, cells)) for head, cells in columns.items()}
    for head in (one for one in _LEFT_OUT_FIRST if one in columns):
        left = width - sum(most + len(_GAP) for most in wanted.values()) + len(_GAP)
        if left >= 0:
            break
        # Half a list of tags is still of use.
        shorter = wanted.pop(head) + left
        if head == HEADS[TAGS] and shorter >= _MIN_TAGS:
            wanted = {one: wanted.get(one, shorter) for one in columns if one in wanted or one == head}
    pad = {HEADS[PRICE]: str.rjust}
    cut = [
        [pad.get(head, str.ljust)(_cut(cell, most), most) for cell in columns[head]] for head, most in wanted.items()
    ]
    missing = [head for head in columns if head not in wanted]
    footer = [f"No room for {join_words(missing)}"] if missing else []
    return "\n".join([*(_GAP.join(line).rstrip() for line in zip(*cut, strict=True)), *footer])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


@dataclass(frozen=True, slots=True)
class CellsDiff:
    """The difference between two readings of a table.

    Parameters
    ----------
    updated : mapping
        Cells of new and changed rows, by id.
    removed : frozenset of int
        Ids of rows that no longer exist.
    """

    updated: Mapping[int, Cells]
    removed: frozenset[int]

    def __bool__(self) -> bool:
        return bool(self.updated or self.removed)


def diff_cells(before: Mapping[int, Cells], after: Mapping[int, Cells]) -> CellsDiff:
    """Return the difference between two readings. Their order does not matter: the table has its own."""
    updated = {key: cells for key, cells in after.items() if before.get(key) != cells}
    return CellsDiff(updated, frozenset(before.keys() - after.keys()))
