"""The choice of another size for one droplet or many: which sizes fit, what they cost, and what a resize does."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.droplet_steps import SHUTDOWN_TIMEOUT_S
from poseidon_nb.client.slugs import fitting_sizes
from poseidon_nb.errors import PoseidonError
from poseidon_nb.plans.builders import unchanged_reason
from poseidon_nb.text import escape_unprintable, format_duration, format_usd, join_words, pluralize, truncated_list
from poseidon_nb.widgets.droplets.facts import memory_text, price_of
from poseidon_nb.widgets.models import error_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poseidon_nb.client.client import Client

    Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """A size that fits all droplets.

    Parameters
    ----------
    slug : str
    vcpus, memory, disk : int
        Memory in MiB, disk in GB.
    price_monthly : float
        USD for each droplet.
    difference : float
        The change of the monthly price of all droplets together, in USD.
    """

    slug: str
    vcpus: int
    memory: int
    disk: int
    price_monthly: float
    difference: float

    @property
    def name(self) -> str:
        """The slug as text to show."""
        return escape_unprintable(self.slug)

    @property
    def label(self) -> str:
        """The label in the list, in columns for a monospaced font. Narrow windows may cut off the last column."""
        return (
            f"{self.name:<25}{format_usd(self.price_monthly):>10}/mo {difference_text(self.difference):>11}"
            f"  {self.vcpus:>3} vCPU {memory_text(self.memory):>7} {self.disk:>6} GB disk"
        )


def difference_text(difference: float) -> str:
    """Format a price difference: ``+$24.00``, ``-$6.00``, ``same``."""
    return format_usd(difference, signed=True) if difference else "same"


class ResizeOptions:
    """The sizes that droplets can be resized to, the chosen one, and its consequences.

    Parameters
    ----------
    droplets : callable
        Returns the current rows of the droplets.
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

    def reset(self) -> None:
        """Discard the choice and the loaded sizes."""
        self.sizes, self.error, self.chosen_slug, self.with_disk = None, "", "", False

    def load(self, client: Client) -> None:
        """Load all sizes, or set `error`."""
        try:
            self.sizes = [size.to_dict() for size in client.sizes.list()]
        except PoseidonError as error:
            self.error = error_text(error)

    @property
    def sizes_by_slug(self) -> Mapping[str, Row]:
        """All loaded sizes by slug."""
        return {size["slug"]: size for size in self.sizes or ()}

    @property
    def choices(self) -> list[SizeChoice]:
        """The sizes that fit all droplets, cheapest first."""
        rows = self._droplets()
        current_usd = sum(map(price_of, rows))
        return (
            [_size_choice(size, len(rows), current_usd) for size in fitting_sizes(self.sizes or (), rows)]
            if rows
            else []
        )

    @property
    def choice(self) -> SizeChoice | None:
        """The chosen size; by default the cheapest that costs more than now, because most resizes go up."""
        choices = self.choices
        chosen = next((one for one in choices if one.slug == self.chosen_slug), None)
        larger = next((one for one in choices if one.difference > 0), None)
        return chosen or larger or (choices[-1] if choices else None)

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

    def consequences(self) -> list[str]:
        """Return sentences that say what the resize would do."""
        choice, rows = self.choice, self.affected
        if choice is None or not rows:
            return []
        one = len(rows) == 1
        what = escape_unprintable(rows[0]["name"]) if one else pluralize(len(rows), "droplet")
        resources = f"{pluralize(choice.vcpus, 'vCPU')}, {memory_text(choice.memory)} memory"
        sentences = [f"Resize {what} to {choice.name}: {resources}, {_price_text(choice, len(rows))}."]
        affected = {row["id"] for row in rows}
        unchanged = [str(row["name"]) for row in self._droplets() if row["id"] not in affected]
        if unchanged:
            verb, pronoun = ("has", "is") if len(unchanged) == 1 else ("have", "are")
            sentences.append(f"{truncated_list(unchanged)} already {verb} this size and {pronoun} left unchanged.")
        on = [str(row["name"]) for row in rows if row["status"] == "active"]
        off = [str(row["name"]) for row in rows if row["status"] != "active"]
        if on:
            sentences.append(
                f"{_subject(on, rows)} on: {'it is' if len(on) == 1 else 'each is'} shut down, resized and powered on again. "
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


def _size_choice(size: Row, count: int, current_usd: float) -> SizeChoice:
    difference = round(size["price_monthly"] * count - current_usd, 2)
    return SizeChoice(size["slug"], size["vcpus"], size["memory"], size["disk"], size["price_monthly"], difference)


def _price_text(choice: SizeChoice, count: int) -> str:
    each, in_total = (" each", " in total") if count > 1 else ("", "")
    return f"{format_usd(choice.price_monthly)} a month{each} ({difference_text(choice.difference)}{in_total})"


def _subject(names: list[str], rows: list[Row]) -> str:
    if len(names) == len(rows) > 1:
        return "All are"
    return f"{truncated_list(names)} {'is' if len(names) == 1 else 'are'}"


def consequences_html(sentences: list[str], *, permanent: bool) -> str:
    """Return the consequences as HTML, highlighted if they cannot be undone."""
    lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f"<div class='pnb-consequence{' pnb-permanent' if permanent else ''}'>{lines}</div>" if lines else ""
