"""What has to be asked before something is done: pure. A question names the account, the things, and the money."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from poseidon_nb.text import joined, printable, usd
from poseidon_nb.transport.secrets import hidden

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Things named in a question; of more the rest is counted.
MOST_NAMED = 8
#: Letters of a request's body in a question.
MOST_TOLD = 200


def named(things: Sequence[str]) -> str:
    """Give the names of things, the first few of many."""
    if len(things) <= MOST_NAMED:
        return joined(things)
    return f"{', '.join(map(printable, things[:MOST_NAMED]))} and {len(things) - MOST_NAMED:,} more"


def delete_question(account: str, noun: str, things: Sequence[str], usd_month: float | None = None) -> str:
    """Ask before something is destroyed."""
    what = f"{noun} {printable(things[0])}" if len(things) == 1 else f"{len(things):,} {noun}s: {named(things)}"
    price = f" ({usd(usd_month)} a month)" if usd_month else ""
    return f"{account}: delete {what}{price}? This cannot be undone."


def many_question(account: str, action: str, things: Sequence[str]) -> str:
    """Ask before something is done to several droplets at once."""
    billed = " A droplet that is off is billed all the same." if action in {"power_off", "shutdown"} else ""
    many = f"{len(things):,} droplets: {named(things)}" if len(things) > 1 else f"droplet {printable(things[0])}"
    return f"{account}: {action} {many}?{billed}"


def replace_question(account: str, action: str, things: Sequence[str], image: str) -> str:
    """Ask before what is on disks is replaced by an image."""
    whose = "its disk" if len(things) == 1 else "their disks"
    return f"{account}: {action} {named(things)} from image {printable(image)}? What is on {whose} now is lost."


def disk_question(account: str, things: Sequence[str], size: str, usd_month: float | None) -> str:
    """Ask before disks grow for good."""
    price = f" ({usd(usd_month)} a month each)" if usd_month is not None else ""
    return (
        f"{account}: resize {named(things)} to {size}{price}, the disk too? A larger disk cannot be made smaller again."
    )


def price_question(account: str, things: Sequence[str], size: str, usd_month: float) -> str:
    """Ask before droplets are made that cost more than the limit."""
    many = f"{len(things):,} droplets" if len(things) > 1 else "a droplet"
    return f"{account}: create {many} of {size} for {usd(usd_month)} a month: {named(things)}?"


def request_question(account: str, request: str, body: object = None) -> str:
    """Ask before a bare request that may destroy something, for which there are no better words."""
    told = json.dumps(hidden(body), ensure_ascii=False) if body is not None else ""
    what = f" {printable(told if len(told) <= MOST_TOLD else told[: MOST_TOLD - 1] + '…')}" if told else ""
    return f"{account}: {printable(request)}{what}? This cannot be undone."


def cost_question(account: str, command: str, thing: str, usd_month: float | None) -> str:
    """Ask before something is made that costs more than the limit, or nobody knows how much."""
    price = f"for {usd(usd_month)} a month" if usd_month is not None else "at a price that the API does not tell"
    return f"{account}: {command} {printable(thing)} {price}?"
