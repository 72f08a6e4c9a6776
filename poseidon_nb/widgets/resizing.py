"""Choosing another size: which ones there are, what each costs, and what a resize does to the droplet. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import printable
from poseidon_nb.widgets.droplet_facts import memory_text, money

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Row = Mapping[str, Any]

#: The actions of a resize of a running droplet.
RESTARTING = ("shutdown", "resize", "power_on")


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """A size that a droplet could have.

    Parameters
    ----------
    slug : str
    vcpus, memory, disk : int
        Memory in MiB, disk in GB.
    price_monthly : float
        USD.
    difference : float
        What it costs more a month than now, in USD; less where it is negative.
    """

    slug: str
    vcpus: int
    memory: int
    disk: int
    price_monthly: float
    difference: float

    @property
    def label(self) -> str:
        """What the list shows: in columns, for a font of one width."""
        return (
            f"{self.slug:<25} {self.vcpus:>3} vCPU {memory_text(self.memory):>7} {self.disk:>6} GB disk"
            f" {money(self.price_monthly):>10}/mo {difference_text(self.difference):>11}"
        )


def difference_text(usd: float) -> str:
    """Give a difference in price: ``+$24.00``, ``-$6.00``, ``same``."""
    return "same" if not usd else f"{'+' if usd > 0 else '-'}{money(abs(usd))}"


def choices_of(sizes: Iterable[Row], droplet: Row) -> list[SizeChoice]:
    """Give the choices that fitting sizes are."""
    now_usd = (droplet.get("size") or {}).get("price_monthly", 0.0)
    return [
        SizeChoice(
            row["slug"],
            row["vcpus"],
            row["memory"],
            row["disk"],
            row["price_monthly"],
            round(row["price_monthly"] - now_usd, 2),
        )
        for row in sizes
    ]


def first_choice(choices: list[SizeChoice]) -> str:
    """Give the slug that is chosen at first: the cheapest that costs more than now, for who resizes mostly wants more."""
    larger = next((choice for choice in choices if choice.difference > 0), None)
    chosen = larger or (choices[-1] if choices else None)
    return chosen.slug if chosen else ""


def disk_words(choice: SizeChoice, droplet: Row) -> tuple[str, str]:
    """Give how the two kinds of resize are called: of processors and memory only, and with the disk."""
    return (
        f"Processors and memory only: the disk stays at {droplet['disk']} GB, and this can be undone",
        f"With the disk, from {droplet['disk']} to {choice.disk} GB: this cannot be undone",
    )


def consequences(choice: SizeChoice, droplet: Row, *, with_disk: bool) -> list[str]:
    """Give what a resize would do, sentence by sentence."""
    name = printable(droplet["name"])
    price = f"{money(choice.price_monthly)} a month ({difference_text(choice.difference)})"
    sentences = [
        f"{name} becomes {choice.slug}: {choice.vcpus} vCPU, {memory_text(choice.memory)} memory, for {price}."
    ]
    if droplet["status"] == "active":
        sentences.append(
            f"{name} is on: it is shut down, resized and powered on again. "
            "If its system does not shut down within two minutes, its power is cut."
        )
    else:
        sentences.append(f"{name} is off, and stays off.")
    if with_disk and choice.disk > droplet["disk"]:
        sentences.append(
            f"Its disk grows to {choice.disk} GB for good: no size with a smaller disk will fit it afterwards."
        )
    return sentences


def consequences_html(sentences: list[str], *, grave: bool) -> str:
    """Give them as HTML."""
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f"<div class='pnb-consequence{' pnb-grave' if grave else ''}'>{lines}</div>" if lines else ""
