"""What a panel tells of a droplet: pure. A row of the API in; facts, HTML and text out, every word escaped."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import escape_unprintable, format_usd, pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = Mapping[str, Any]
    #: What a fact is of, and what it says; a list is shown as labels.
    Facts = list[tuple[str, str | list[str]]]

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_MIB_A_GIB = 1_024


#: What stands for what an answer has left out: a panel of a fleet must not fail at one droplet of thousands.
_UNTOLD: Mapping[str, Any] = {
    "status": "unknown",
    "size_slug": "",
    "vcpus": 0,
    "memory": 0,
    "disk": 0,
    "tags": (),
}


def filled(row: Row) -> Row:
    """Give a droplet's row with something in each place that a panel reads; the same one where nothing lacks."""
    lacking = {name: instead for name, instead in _UNTOLD.items() if row.get(name) is None}
    if row.get("name") is None:
        lacking["name"] = f"droplet {row['id']}"
    return {**row, **lacking} if lacking else row


def memory_text(mib: int) -> str:
    """Give memory as sizes are sold: ``512 MB``, ``4 GB``."""
    return f"{mib / _MIB_A_GIB:g} GB" if mib >= _MIB_A_GIB else f"{mib} MB"


def age_text(seconds: float) -> str:
    """Give how long ago something was, in the one unit that says most: ``12 days``."""
    for unit_s, word in ((_DAY_S, "day"), (_HOUR_S, "hour"), (_MINUTE_S, "minute")):
        if seconds >= unit_s:
            return pluralize(int(seconds // unit_s), word)
    return "less than a minute"


def status_word(row: Row) -> str:
    """Give the status as a person says it."""
    known = {"active": "On", "off": "Off", "new": "Being made", "archive": "Archived"}
    return known.get(row["status"], escape_unprintable(str(row["status"])).capitalize())


def _addresses(row: Row, family: str, kind: str) -> list[str]:
    found = (row.get("networks") or {}).get(family) or ()
    return [escape_unprintable(str(one.get("ip_address", ""))) for one in found if one.get("type") == kind]


def resources_text(row: Row) -> str:
    """Give what a droplet, or a size, consists of: ``2 vCPU · 4 GB · 80 GB disk``."""
    parts = (
        (row["vcpus"], f"{row['vcpus']} vCPU"),
        (row["memory"], memory_text(row["memory"])),
        (row["disk"], f"{row['disk']} GB disk"),
    )
    return " · ".join(words for number, words in parts if number)


def region_text(row: Row) -> str:
    """Give where a droplet stands: ``New York 3 (nyc3)``."""
    region = row.get("region") or {}
    return escape_unprintable(f"{region.get('name', '')} ({region.get('slug', '')})") if region else ""


def image_text(row: Row) -> str:
    """Give what a droplet was made from: ``Ubuntu 24.04 (LTS) x64``."""
    image = row.get("image") or {}
    return escape_unprintable(" ".join(filter(None, (image.get("distribution"), image.get("name")))))


def facts_of(row: Row, account: str, now: datetime) -> Facts:
    """Give the facts in the order in which they are read.

    Parameters
    ----------
    row : mapping
        The droplet as the API sends it.
    account : str
        Whose it is: an e-mail address, or ``SANDBOX``.
    now : datetime
        For its age; UTC.
    """
    price = (row.get("size") or {}).get("price_monthly")
    facts: Facts = [
        ("Name", escape_unprintable(row["name"])),
        ("Status", status_word(row)),
        ("Account", escape_unprintable(account)),
        ("ID", str(row["id"])),
        ("Region", region_text(row)),
        ("Size", escape_unprintable(str(row["size_slug"]))),
        ("Resources", resources_text(row)),
    ]
    if price is not None:
        # Who switches one off to save its price is in for a surprise: only a deleted one costs nothing.
        also = ", also while off" if row["status"] == "off" else ""
        facts.append(("Price", f"{format_usd(price)} a month{also}"))
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
        made = datetime.fromisoformat(row["created_at"])
        facts.append(("Created", f"{age_text((now - made).total_seconds())} ago ({made:%Y-%m-%d})"))
    if row.get("tags"):
        facts.append(("Tags", [escape_unprintable(tag) for tag in row["tags"]]))
    return [fact for fact in facts if fact[1]]


#: What stands in the head, and is not said again below it.
_IN_HEAD = {"Name", "Status", "Account", "Resources", "Region", "Image"}
#: Labels that are longer together have a line to themselves.
_MOST_LETTERS = 24


def head_html(row: Row, account: str, *, gone: bool = False) -> str:
    """Give the head: the name, the status as a word and a colour, and whose it is."""
    status = "Deleted" if gone else status_word(row)
    kind = "gone" if gone else escape(str(row["status"]), quote=True)
    return (
        f"<div class='pnb-title'><span class='pnb-name' role='heading' aria-level='3'>{escape(escape_unprintable(row['name']))}</span>"
        f"<span class='pnb-pill pnb-{kind}'><span class='pnb-dot' aria-hidden='true'></span>{escape(status)}</span>"
        f"<span class='pnb-account' title='Account'>{escape(escape_unprintable(account))}</span></div>"
        f"<div class='pnb-sub'>{escape(' · '.join(filter(None, (resources_text(row), region_text(row), image_text(row)))))}</div>"
    )


def facts_html(facts: Facts) -> str:
    """Give the facts below the head, as a list of terms that flows into columns."""
    cells = "".join(
        f"<div{' class=pnb-wide' if _is_wide(value) else ''}><dt>{escape(label)}</dt><dd>{_value_html(value)}</dd></div>"
        for label, value in facts
        if label not in _IN_HEAD
    )
    return f"<dl class='pnb-facts'>{cells}</dl>"


def _is_wide(value: str | list[str]) -> bool:
    return not isinstance(value, str) and sum(map(len, value)) > _MOST_LETTERS


def _value_html(value: str | list[str]) -> str:
    if isinstance(value, str):
        return escape(value)
    return "".join(f"<span class='pnb-tag'>{escape(one)}</span>" for one in value)


def table_html(facts: Facts) -> str:
    """Give the facts as a table, for a page that knows neither widgets nor style sheets."""
    left = "style='text-align:left'"
    rows = "".join(
        f"<tr><th scope='row' {left}>{escape(label)}</th><td {left}>{escape(_value_text(value))}</td></tr>"
        for label, value in facts
    )
    return f"<table class='pnb-facts-table'>{rows}</table>"


def facts_text(facts: Facts) -> str:
    """Give the facts as lines of text."""
    width = max(len(label) for label, _ in facts)
    return "\n".join(f"{label:<{width}}  {_value_text(value)}" for label, value in facts)


def _value_text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
