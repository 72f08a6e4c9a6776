"""Choosing another size, for one droplet or for many: which fit, what each costs, and what a resize does."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.slugs import fitting
from poseidon_nb.errors import PoseidonError
from poseidon_nb.plans.builders import unchanged_reason
from poseidon_nb.text import escape_unprintable, format_usd, join_words, pluralize, truncated_list
from poseidon_nb.widgets.activity import error_text
from poseidon_nb.widgets.droplet_facts import memory_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poseidon_nb.client.client import Client

    Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """A size that a droplet, or each of many, could have.

    Parameters
    ----------
    slug : str
    vcpus, memory, disk : int
        Memory in MiB, disk in GB.
    price_monthly : float
        USD, for each.
    difference : float
        What it costs more a month than now, in USD, for all of them; less where it is negative.
    """

    slug: str
    vcpus: int
    memory: int
    disk: int
    price_monthly: float
    difference: float

    @property
    def name(self) -> str:
        """Its slug, fit to be shown."""
        return escape_unprintable(self.slug)

    @property
    def label(self) -> str:
        """What the list shows: in columns, for a font of one width. In a narrow window the last may be cut off."""
        return (
            f"{self.name:<25}{format_usd(self.price_monthly):>10}/mo {difference_text(self.difference):>11}"
            f"  {self.vcpus:>3} vCPU {memory_text(self.memory):>7} {self.disk:>6} GB disk"
        )


def difference_text(more: float) -> str:
    """Give a difference in price: ``+$24.00``, ``-$6.00``, ``same``."""
    return format_usd(more, signed=True) if more else "same"


class Resizing:
    """The size that is being chosen for a droplet, or for many: the list, the choice, and what it would do.

    Parameters
    ----------
    droplets : callable
        Gives them as they are now.
    """

    def __init__(self, droplets: Callable[[], Sequence[Row]]) -> None:
        self._droplets = droplets
        #: All sizes there are; None while they are being read.
        self.sold: list[Row] | None = None
        #: Why they cannot be read.
        self.error = ""
        #: What was chosen by a person; empty when nothing was.
        self.wanted = ""
        self.with_disk = False

    def begin(self) -> None:
        """Choose anew, from sizes that are to be read."""
        self.sold, self.error, self.wanted, self.with_disk = None, "", "", False

    def read(self, client: Client) -> None:
        """Read all sizes, or take in why that cannot be."""
        try:
            self.sold = [size.to_dict() for size in client.sizes.list()]
        except PoseidonError as error:
            self.error = error_text(error)

    @property
    def sizes(self) -> Mapping[str, Row]:
        """All sizes there are, by slug."""
        return {size["slug"]: size for size in self.sold or ()}

    @property
    def choices(self) -> list[SizeChoice]:
        """The sizes that fit all of them, cheapest first."""
        rows = self._droplets()
        now_usd = sum((row.get("size") or {}).get("price_monthly") or 0.0 for row in rows)
        return [_choice(size, len(rows), now_usd) for size in fitting(self.sold or (), rows)] if rows else []

    @property
    def choice(self) -> SizeChoice | None:
        """The size that is chosen: at first the cheapest that costs more than now, for who resizes mostly wants more."""
        choices = self.choices
        wanted = next((one for one in choices if one.slug == self.wanted), None)
        larger = next((one for one in choices if one.difference > 0), None)
        return wanted or larger or (choices[-1] if choices else None)

    @property
    def can_grow_disk(self) -> bool:
        """Whether the chosen size has a larger disk than one of them."""
        choice = self.choice
        return choice is not None and any(choice.disk > row["disk"] for row in self._droplets())

    @property
    def grows_disk(self) -> bool:
        """Whether a disk would grow."""
        return self.with_disk and self.can_grow_disk

    @property
    def concerned(self) -> list[Row]:
        """Those of the droplets that the resize would change."""
        rows, choice = self._droplets(), self.choice
        if choice is None:
            return []
        wanted, sizes = {"size": choice.slug, "disk": self.grows_disk}, self.sizes
        return [row for row in rows if not unchanged_reason(row, "resize", wanted, sizes)]

    def lacks(self) -> str:
        """Say what has to be there before it can be done; nothing when all is."""
        if self.error:
            return self.error
        if self.sold is None:
            return "The sizes are being read."
        rows = self._droplets()
        if self.choice is not None or not rows:
            return ""
        what = escape_unprintable(rows[0]["name"]) if len(rows) == 1 else f"all {len(rows):,} of them"
        return f"No other size fits {what}."

    def disk_words(self) -> tuple[str, str]:
        """Give how the two kinds of resize are called: of processors and memory only, and with the disk."""
        rows, choice = self._droplets(), self.choice
        if choice is None or not rows:
            return ("", "")
        sizes = sorted({row["disk"] for row in rows})
        growing = [size for size in sizes if size < choice.disk]
        disk, stays = ("disk", "stays") if len(rows) == 1 else ("disks", "stay")
        return (
            f"Processors and memory only: the {disk} {stays} at {join_words(map(str, sizes))} GB, and this can be undone",
            f"With the {disk}, from {join_words(map(str, growing))} to {choice.disk} GB: this cannot be undone",
        )

    def label(self) -> str:
        """Give what the button says that does it."""
        choice, rows = self.choice, self.concerned
        if choice is None:
            return "Resize"
        return f"Resize {f'{len(rows):,} ' if len(rows) > 1 else ''}to {choice.name}"

    def consequences(self) -> list[str]:
        """Give what it would do, sentence by sentence."""
        choice, rows = self.choice, self.concerned
        if choice is None or not rows:
            return []
        one = len(rows) == 1
        what = escape_unprintable(rows[0]["name"]) if one else pluralize(len(rows), "droplet")
        power = f"{choice.vcpus} vCPU, {memory_text(choice.memory)} memory"
        becomes = "becomes" if one else "become"
        sentences = [f"{what} {becomes} {choice.name}: {power}, for {_price(choice, len(rows))}."]
        changed = {row["id"] for row in rows}
        kept = [str(row["name"]) for row in self._droplets() if row["id"] not in changed]
        if kept:
            sentences.append(
                f"{truncated_list(kept)} {'has' if len(kept) == 1 else 'have'} this size already: left as it is."
            )
        on = [str(row["name"]) for row in rows if row["status"] == "active"]
        off = [str(row["name"]) for row in rows if row["status"] != "active"]
        if on:
            who = "All are" if len(on) == len(rows) > 1 else f"{truncated_list(on)} {'is' if len(on) == 1 else 'are'}"
            sentences.append(
                f"{who} on: {'it is' if len(on) == 1 else 'each is'} shut down, resized and powered on again. "
                "If its system does not shut down within two minutes, its power is cut."
            )
        if off:
            who = (
                "All are" if len(off) == len(rows) > 1 else f"{truncated_list(off)} {'is' if len(off) == 1 else 'are'}"
            )
            sentences.append(f"{who} off, and {'stays' if len(off) == 1 else 'stay'} off.")
        growing = [str(row["name"]) for row in rows if choice.disk > row["disk"]]
        if self.grows_disk and growing:
            whose, them = ("Its disk grows", "it") if one else ("Their disks grow", "them")
            only = "" if len(growing) == len(rows) else f" ({truncated_list(growing)})"
            sentences.append(
                f"{whose}{only} to {choice.disk} GB for good: no size with a smaller disk will fit {them} afterwards."
            )
        return sentences


def _choice(size: Row, number: int, now_usd: float) -> SizeChoice:
    difference = round(size["price_monthly"] * number - now_usd, 2)
    return SizeChoice(size["slug"], size["vcpus"], size["memory"], size["disk"], size["price_monthly"], difference)


def _price(choice: SizeChoice, number: int) -> str:
    difference = difference_text(choice.difference)
    each, all_of_them = (" each", " for all") if number > 1 else ("", "")
    return f"{format_usd(choice.price_monthly)} a month{each} ({difference}{all_of_them})"


def consequences_html(sentences: list[str], *, grave: bool) -> str:
    """Give them as HTML."""
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f"<div class='pnb-consequence{' pnb-grave' if grave else ''}'>{lines}</div>" if lines else ""
