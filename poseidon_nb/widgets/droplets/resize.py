"""The choice of another size for one droplet or many: which sizes fit, what they cost, and what a resize does."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.droplet_steps import SHUTDOWN_TIMEOUT_S
from poseidon_nb.client.slugs import fitting_sizes
from poseidon_nb.errors import PoseidonError
from poseidon_nb.plans.builders import unchanged_reason
from poseidon_nb.text import (
    escape_unprintable,
    format_duration,
    format_memory,
    format_usd,
    join_words,
    pluralize,
    truncated_list,
)
from poseidon_nb.widgets.droplets.advice import LOADING, Advice, expected_advice
from poseidon_nb.widgets.droplets.facts import price_of
from poseidon_nb.widgets.models import error_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poseidon_nb.client.client import Client

    Row = Mapping[str, Any]


#: The heads of the table of sizes.
HEADS = ("Size", "vCPUs", "Memory", "Disk", "$/month", "Difference")


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """A size in the table: one that fits all droplets, or one that a droplet has now.

    Parameters
    ----------
    slug : str
    vcpus, memory, disk : int
        Memory in MiB, disk in GB.
    price_monthly : float
        USD for each droplet.
    difference : float
        The change of the monthly price of all droplets together, in USD.
    fits : bool
        Whether all droplets can be resized to it.
    """

    slug: str
    vcpus: int
    memory: int
    disk: int
    price_monthly: float
    difference: float
    fits: bool = True

    @property
    def name(self) -> str:
        """The slug as text to show."""
        return escape_unprintable(self.slug)

    @property
    def cells(self) -> list[str]:
        """The cells of its row, in the order of `HEADS`."""
        price, difference = format_usd(self.price_monthly), difference_text(self.difference)
        return [self.name, str(self.vcpus), format_memory(self.memory), f"{self.disk} GB", price, difference]


def difference_text(difference: float) -> str:
    """Format a price difference: ``+$24.00``, ``-$6.00``, ``same``."""
    return format_usd(difference, signed=True) if difference else "same"


class ResizeOptions:
    """The sizes that droplets can be resized to, the chosen one, and its consequences.

    Parameters
    ----------
    droplets : callable
        Returns the current rows of the droplets; the same list until they change.
    """

    def __init__(self, droplets: Callable[[], Sequence[Row]]) -> None:
        self._droplets = droplets
        #: All sizes; None until they are loaded.
        self.sizes: list[Row] | None = None
        #: Why loading failed.
        self.error = ""
        #: The slug that the user chose; empty if none.
        self.chosen_slug = ""
        self.with_disk = False
        self.advice = Advice()
        self._is_advice_requested = False
        # Each refresh asks for them several times, and comparing thousands of droplets with all sizes takes long.
        self._choices: tuple[Sequence[Row], list[Row] | None, list[SizeChoice]] = ((), None, [])

    def reset(self) -> None:
        """Discard the choice and the loaded sizes."""
        self.sizes, self.error, self.chosen_slug, self.with_disk = None, "", "", False
        self.advice, self._is_advice_requested = expected_advice(self._droplets()), False

    def load(self, client: Client) -> None:
        """Load all sizes, or set `error`."""
        try:
            self.sizes = [size.to_dict() for size in client.sizes.list()]
        except PoseidonError as error:
            self.error = error_text(error)

    def request_advice(self) -> Sequence[Row]:
        """Return the droplets to load advised sizes for: once after `reset`, and none if there are too many."""
        requested, self._is_advice_requested = self._is_advice_requested, True
        return self._droplets() if not requested and self.advice.note == LOADING else []

    def heads(self) -> list[str]:
        """Return the heads of the table of sizes."""
        several = len(self._droplets()) > 1
        return [*HEADS[:-2], *(("$/month each", "Difference in total") if several else HEADS[-2:])]

    def table(self) -> list[dict[str, Any]]:
        """Return the rows of the table of sizes, cheapest first, as the page gets them.

        Sizes that droplets have now are there too, even if they cannot be chosen.
        """
        choices, rows = self.choices, self._droplets()
        if self.sizes is None or not rows:
            return []
        current: dict[str, int] = {}
        for row in rows:
            current[row["size_slug"]] = current.get(row["size_slug"], 0) + 1
        advised, known = self.advice.counts(rows), self.sizes_by_slug
        total_usd, fitting = sum(map(price_of, rows)), {one.slug for one in choices}
        slugs = {row["size_slug"]: row.get("size") or {} for row in rows}
        # A size that is no longer sold is known from the droplet only.
        sizes = {slug: known.get(slug, size) for slug, size in slugs.items() if slug not in fitting}
        others = [
            _size_choice({**size, "slug": slug}, len(rows), total_usd, fits=False)
            for slug, size in sizes.items()
            if all(isinstance(size.get(name), int | float) for name in ("vcpus", "memory", "disk", "price_monthly"))
        ]
        table = sorted([*choices, *others], key=lambda one: (one.price_monthly, one.slug))
        return [_table_row(one, current.get(one.slug, 0), advised.get(one.slug, 0), len(rows)) for one in table]

    def advice_text(self) -> str:
        """Return the advised sizes in words, or why there are none."""
        return self.advice.text(self._droplets()) if self.sizes is not None else ""

    @property
    def sizes_by_slug(self) -> Mapping[str, Row]:
        """All loaded sizes by slug."""
        return {size["slug"]: size for size in self.sizes or ()}

    @property
    def choices(self) -> list[SizeChoice]:
        """The sizes that fit all droplets, cheapest first."""
        rows, sizes = self._droplets(), self.sizes
        known_rows, known_sizes, choices = self._choices
        if rows is not known_rows or sizes is not known_sizes:
            current_usd = sum(map(price_of, rows))
            fitting = fitting_sizes(sizes or (), rows) if rows else []
            choices = [_size_choice(size, len(rows), current_usd) for size in fitting]
            self._choices = (rows, sizes, choices)
        return choices

    @property
    def choice(self) -> SizeChoice | None:
        """The chosen size; None until somebody chooses one, because a size that is preselected looks like advice."""
        return next((one for one in self.choices if one.slug == self.chosen_slug), None)

    @property
    def can_grow_disk(self) -> bool:
        """Whether the chosen size has a larger disk than one of the droplets."""
        choice = self.choice
        return choice is not None and any(choice.disk > row["disk"] for row in self._droplets())

    @property
    def grows_disk(self) -> bool:
        """Whether the resize grows a disk."""
        return self.with_disk and self.can_grow_disk

    @property
    def affected(self) -> list[Row]:
        """The droplets that the resize changes."""
        rows, choice = self._droplets(), self.choice
        if choice is None:
            return []
        parameters, sizes = {"size": choice.slug, "disk": self.grows_disk}, self.sizes_by_slug
        return [row for row in rows if not unchanged_reason(row, "resize", parameters, sizes)]

    def validation_error(self) -> str:
        """Return why the resize cannot be submitted yet; empty if it can."""
        if self.error:
            return self.error
        if self.sizes is None:
            return "The sizes are still loading."
        rows = self._droplets()
        if self.choice is not None or not rows:
            return ""
        if self.choices:
            return "Choose a size."
        what = escape_unprintable(rows[0]["name"]) if len(rows) == 1 else f"all {len(rows):,} droplets"
        return f"No other size fits {what}."

    def disk_labels(self) -> tuple[str, str]:
        """Return the labels of the two kinds of resize: without and with the disk."""
        rows, choice = self._droplets(), self.choice
        if choice is None or not rows:
            return ("", "")
        disks = sorted({row["disk"] for row in rows})
        growing = [disk for disk in disks if disk < choice.disk]
        stays, grows = ("disk stays", "disk grows") if len(rows) == 1 else ("disks stay", "disks grow")
        return (
            f"CPU and RAM only: the {stays} at {join_words(map(str, disks))} GB; can be undone",
            f"Disk, CPU and RAM: the {grows} from {join_words(map(str, growing))} to {choice.disk} GB; cannot be undone",
        )

    def button_label(self) -> str:
        """Return the label of the submit button."""
        choice, rows = self.choice, self.affected
        if choice is None:
            return "Resize"
        return f"Resize {f'{len(rows):,} droplets ' if len(rows) > 1 else ''}to {choice.name}"

    def choice_text(self) -> str:
        """Return the chosen size with its resources and price; empty if there is none."""
        return "" if self.choice is None else _choice_text(self.choice, len(self._droplets()))

    def consequences(self) -> list[str]:
        """Return sentences that say what the resize would do."""
        choice, rows = self.choice, self.affected
        if choice is None or not rows:
            return []
        one = len(rows) == 1
        what = escape_unprintable(rows[0]["name"]) if one else pluralize(len(rows), "droplet")
        sentences = [f"Resize {what} to {_choice_text(choice, len(rows))}."]
        affected = {row["id"] for row in rows}
        unchanged = [str(row["name"]) for row in self._droplets() if row["id"] not in affected]
        if unchanged:
            verb, pronoun = ("has", "is") if len(unchanged) == 1 else ("have", "are")
            sentences.append(f"{truncated_list(unchanged)} already {verb} this size and {pronoun} left unchanged.")
        on = [str(row["name"]) for row in rows if row["status"] == "active"]
        off = [str(row["name"]) for row in rows if row["status"] != "active"]
        if on:
            sentences.append(
                f"{_subject(on, rows)} active: {'it is' if len(on) == 1 else 'each is'} shut down, resized and powered on again. "
                f"A droplet that does not shut down within {format_duration(SHUTDOWN_TIMEOUT_S)} is powered off."
            )
        if off:
            sentences.append(f"{_subject(off, rows)} off and {'stays' if len(off) == 1 else 'stay'} off.")
        growing = [str(row["name"]) for row in rows if choice.disk > row["disk"]]
        if self.grows_disk and growing:
            disks = "Its disk grows" if one else "Their disks grow"
            names = "" if len(growing) == len(rows) else f" ({truncated_list(growing)})"
            sentences.append(
                f"{disks}{names} to {choice.disk} GB permanently: sizes with a smaller disk no longer fit."
            )
        return sentences


def _size_choice(size: Row, count: int, current_usd: float, *, fits: bool = True) -> SizeChoice:
    price = float(size["price_monthly"])
    difference = round(price * count - current_usd, 2)
    return SizeChoice(size["slug"], size["vcpus"], size["memory"], size["disk"], price, difference, fits)


def _table_row(choice: SizeChoice, current: int, advised: int, count: int) -> dict[str, Any]:
    marks = [
        {"name": word, "text": word if number == count else f"{word} for {number:,} of {count:,}"}
        for word, number in (("current", current), ("advised", advised))
        if number
    ]
    return {"slug": choice.slug, "cells": choice.cells, "marks": marks, "enabled": choice.fits}


def _choice_text(choice: SizeChoice, count: int) -> str:
    each, in_total = (" each", " in total") if count > 1 else ("", "")
    resources = f"{pluralize(choice.vcpus, 'vCPU')}, {format_memory(choice.memory)} memory"
    price = f"{format_usd(choice.price_monthly)} a month{each} ({difference_text(choice.difference)}{in_total})"
    return f"{choice.name}: {resources}, {price}"


def _subject(names: list[str], rows: list[Row]) -> str:
    if len(names) == len(rows) > 1:
        return "All are"
    return f"{truncated_list(names)} {'is' if len(names) == 1 else 'are'}"


def consequences_html(sentences: list[str], *, permanent: bool) -> str:
    """Return the consequences as HTML, highlighted if they cannot be undone."""
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f"<div class='pnb-consequence{' pnb-permanent' if permanent else ''}'>{lines}</div>" if lines else ""
