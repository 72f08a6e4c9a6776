"""What an explorer of sizes knows: which pass its filters, which no other beats, which are selected. No widgets here.

A size is known by its place in `SizeExplorerModel.sizes`, which is ordered once and never changes: the point in the
picture, the row of the table and the selection are the same number for as long as the explorer lives, whatever is
filtered, sorted or drawn anew.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from poseidon_nb.analysis.classification import match_classes, match_regions
from poseidon_nb.analysis.sizes import available, closed_regions, frontier, open_regions, sort_by_price, unit_prices
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.findings.sizes import FAMILIES, OTHER
from poseidon_nb.frames.validation import build_derived
from poseidon_nb.plots.labels import is_price
from poseidon_nb.text import join_words, pluralize, quote_argument, truncated_list
from poseidon_nb.widgets.sizes.axes import AXES, RANGES, better, one_two_five
from poseidon_nb.widgets.sizes.words import IMAGE, known, named_image, slugs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Graphics plans want images with drivers (``images_list``).
_GPU_IMAGES = {"amd": "gpu-amd-base", "one": "gpu-h100x1-base", "many": "gpu-h100x8-base"}
#: Lines to copy; of more selected sizes the cheapest have one.
MOST_LINES = 5
#: Sizes in the table that a saved notebook keeps.
MOST_KEPT = 50


@dataclass(frozen=True, slots=True)
class Filters:
    """What a size must be to be shown.

    Parameters
    ----------
    regions : frozenset of str
        Sold in any of these; empty for any region.
    families : frozenset of str
        Empty for all.
    least, most : tuple of (str, float)
        Bounds, by the column.
    on_sale : bool
        Only what a droplet can be made with now.
    """

    regions: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    least: tuple[tuple[str, float], ...] = ()
    most: tuple[tuple[str, float], ...] = ()
    on_sale: bool = True


class SizeExplorerModel:
    """Sizes to choose from.

    Parameters
    ----------
    sizes, regions : pandas.DataFrame
        As ``client.sizes.frame()`` and ``client.regions.frame()`` give them.
    changed : callable
        Called, from any thread, when there may be something new to show.
    image : str, optional
        What the droplets of the lines are made from; by default Ubuntu, and for graphics plans the image for them.

    Raises
    ------
    InvalidArgument
        The image is empty, or no text of one line.
    """

    def __init__(
        self,
        sizes: pd.DataFrame,
        regions: pd.DataFrame,
        changed: Callable[[], None] = lambda: None,
        *,
        image: str | None = None,
    ) -> None:
        self.image = named_image(image)
        priced = unit_prices(sizes)
        priced = _with_regions(priced, available(sizes, datacenters=regions))
        #: All sizes, with ``available_in``, in the order of `sort_by_price`; a size is its place here.
        self.sizes = sort_by_price(priced)
        self._sold: list[list[str]] = [*self.sizes["available_in"]]
        sold = {region for sold_in in self._sold for region in sold_in}
        names = dict(zip(regions["slug"], regions["name"], strict=True))
        #: Slugs and names of the regions that sell anything, in alphabetical order.
        self.regions = {slug: str(names.get(slug, slug)) for slug in sorted(sold)}
        present = {*self.sizes["family"]}
        #: Those that there are, in the usual order.
        self.families = [one for one in dict.fromkeys((*FAMILIES.values(), OTHER)) if one in present]
        self._closed = closed_regions(regions)
        self._all_regions = [*dict.fromkeys([*regions["slug"].dropna(), *self.regions])]
        self.filters = Filters()
        self.x, self.y = "memory_gib", "price_monthly"
        self._changed = changed
        self._lock = threading.RLock()
        self._chosen: frozenset[int] = frozenset()
        self.shown: tuple[int, ...] = ()
        #: Of those that are shown, the ones that no other shown one beats on everything.
        self.unbeaten: frozenset[int] = frozenset()
        self._sift()

    # --- what is shown -----------------------------------------------------------------------------------------------
    @property
    def chosen(self) -> frozenset[int]:
        """What is selected, also what a filter hides now."""
        return self._chosen

    @property
    def chosen_shown(self) -> tuple[int, ...]:
        """What is selected and shown, cheapest first."""
        return tuple(one for one in self.shown if one in self._chosen)

    def selected(self) -> pd.DataFrame:
        """Give what is selected and shown, cheapest first; ``available_in`` has the chosen regions that sell it."""
        return self._frame(self.chosen_shown)

    def shown_sizes(self) -> pd.DataFrame:
        """Give what passes the filters, cheapest first."""
        return self._frame(self.shown)

    def sold_in(self, place: int) -> list[str]:
        """Give the regions, of those that are asked about, that sell a size now."""
        return [one for one in self._sold[place] if not self.filters.regions or one in self.filters.regions]

    def line(self, place: int) -> str:
        """Give the command that makes a droplet of a size; nothing for one that cannot be had now."""
        size, sold = self.sizes.iloc[place], self.sold_in(place)
        if not sold:
            return ""
        region, slug, image = (quote_argument(str(word)) for word in (sold[0], size["slug"], self._image_for(size)))
        return f"%do droplets create NAME --region {region} --size {slug} --image {image}"

    def lines(self) -> list[str]:
        """Give these commands for what is selected, of the cheapest first."""
        return [line for line in map(self.line, self.chosen_shown) if line][:MOST_LINES]

    def steps(self, column: str) -> list[float]:
        """Give the bounds that can be set: of amounts those that there are, of prices 1, 2, 5, 10 and so on."""
        values = self.sizes[column].dropna().astype(float)
        if values.empty:
            return []
        if not is_price(column):
            return sorted({*values})
        return [step for step in one_two_five(values.max()) if step >= values.min()]

    def line_of_best(self) -> list[int]:
        """Give the sizes that no shown one beats on what is drawn, from left to right."""
        x, y = (self.sizes[column].astype(float) * better(column) for column in (self.x, self.y))
        ranked = sorted(self.drawable(), key=lambda one: (-x[one], -y[one]))
        best: list[int] = []
        for one in ranked:
            # What comes later has no more of x, so it must have more of y, or be equal in both.
            if not best or y[one] > y[best[-1]] or (x[one], y[one]) == (x[best[-1]], y[best[-1]]):
                best.append(one)
        return best if better(self.x) < 0 else best[::-1]

    def drawable(self) -> list[int]:
        """Give what is shown and has some of both that is drawn: a logarithm knows no zero."""
        x, y = (self.sizes[column].astype(float) for column in (self.x, self.y))
        return [one for one in self.shown if x[one] > 0 and y[one] > 0]

    def count_text(self) -> str:
        """Say how many sizes are shown, and how many no other beats."""
        if not self.shown:
            return "No size passes these filters."
        missing = len(self.shown) - len(self.drawable())
        left_out = f" {pluralize(missing, 'size')} with none of what is drawn {'is' if missing == 1 else 'are'} in the table only."
        return (
            f"{len(self.shown):,} of {pluralize(len(self.sizes), 'size')};"
            f" {len(self.unbeaten):,} of them no other beats on everything.{left_out if missing else ''}"
        )

    def selection_text(self) -> str:
        """Say what is selected."""
        slugs = self.sizes["slug"].iloc[[*self.chosen_shown]]
        hidden = len(self._chosen) - len(slugs)
        more = f" {hidden:,} more that the filters hide." if hidden else ""
        if slugs.empty:
            return f"Nothing selected.{more}"
        return f"{len(slugs):,} selected: {truncated_list(slugs)}.{more}"

    def lines_text(self) -> str:
        """Say what the lines are, or why there is none."""
        possible = [one for one in self.chosen_shown if self.line(one)]
        if not self.chosen_shown:
            return "Select points or rows; here is then a line that makes a droplet."
        if not possible:
            return "No region sells what is selected now, so no droplet can be made with it."
        cheapest = f" of the {MOST_LINES} cheapest" if len(possible) > MOST_LINES else ""
        return f"To make a droplet{cheapest}, copy, put a name for NAME, and run:"

    def text(self) -> str:
        """Give the explorer as text."""
        return "\n".join((self.count_text(), self.selection_text(), *self.lines()))

    def html(self) -> str:
        """Give it as HTML that needs neither kernel nor script: what is selected, or else what is shown."""
        places = self.chosen_shown or self.shown
        columns = ["slug", "family", "vcpus", "memory_gib", "disk", "transfer", "price_monthly"]
        table = self.sizes.loc[[*places[:MOST_KEPT]], columns].to_html(index=False, border=0)
        more = f"<p>and {len(places) - MOST_KEPT:,} more</p>" if len(places) > MOST_KEPT else ""
        lines = "".join(f"<pre>{escape(line)}</pre>" for line in self.lines())
        return f"<p>{escape(self.count_text())} {escape(self.selection_text())}</p>{lines}{table}{more}"

    def close(self) -> None:
        """Nothing to end: it follows nobody."""

    # --- what is clicked ---------------------------------------------------------------------------------------------
    def choose_regions(self, words: str | Iterable[str]) -> None:
        """Show what any of these regions sells, by slug, city or part of the world; none of them for all."""
        meant = match_regions(words, self._all_regions)
        selling = [slug for slug in open_regions(meant, self._closed) if slug in self.regions]
        if meant and not selling:
            raise InvalidArgument(f"{join_words(meant)} {'sells' if len(meant) == 1 else 'sell'} no size now")
        self._filter(regions=frozenset(selling))

    def choose_families(self, words: str | Iterable[str]) -> None:
        """Show these families only, whole or short as ``cpu``; none of them for all."""
        self._filter(families=frozenset(match_classes(words, self.families, "family")))

    def bound(self, column: str, least: float | None, most: float | None) -> None:
        """Show what has at least and at most so much; None for no bound."""
        known([column], RANGES, "column to bound")

        def others(bounds: tuple[tuple[str, float], ...], value: float | None) -> tuple[tuple[str, float], ...]:
            kept = tuple(bound for bound in bounds if bound[0] != column)
            return kept if value is None else (*kept, (column, float(value)))

        with self._lock:
            self._filter(least=others(self.filters.least, least), most=others(self.filters.most, most))

    def choose_on_sale(self, *, only: bool) -> None:
        """Show what can be had now only, or all."""
        self._filter(on_sale=only)

    def reset(self) -> None:
        """Show all that can be had now."""
        with self._lock:
            self.filters = Filters()
            self._sift()
        self._changed()

    def draw(self, x: str, y: str) -> None:
        """Draw one column against another."""
        known([x, y], AXES, "column to draw")
        self.x, self.y = x, y
        self._changed()

    def select(self, places: Iterable[int]) -> None:
        """Have exactly these selected."""
        with self._lock:
            self._chosen = frozenset(one for one in places if 0 <= one < len(self.sizes))
        self._changed()

    def mark(self, places: Iterable[int], *, on: bool) -> None:
        """Have these selected, or not, and the others as they are; who calls it has it shown."""
        with self._lock:
            known = {one for one in places if 0 <= one < len(self.sizes)}
            self._chosen = self._chosen | known if on else self._chosen - known

    def select_shown(self, places: Iterable[int]) -> None:
        """Have exactly these of what is shown selected; what a filter hides stays as it is."""
        with self._lock:
            self.select((self._chosen - {*self.shown}) | {*places})

    def toggle(self, place: int) -> None:
        """Have one selected that was not, or the other way round."""
        with self._lock:
            self.select(self._chosen ^ {place})

    def select_slugs(self, slugs: str | Iterable[str]) -> None:
        """Have exactly the size of this name, or the sizes of these names, selected."""
        sold = self.sizes.loc[self.sizes["available_in"].map(bool).astype(bool), "slug"]
        wanted = known(slugs_of(slugs), self.sizes["slug"], "size", suggested=sold)
        self.select(self.sizes.index[self.sizes["slug"].isin(wanted)])

    # --- how ---------------------------------------------------------------------------------------------------------
    def _filter(self, **changes: object) -> None:
        with self._lock:
            self.filters = replace(self.filters, **changes)  # type: ignore[arg-type]  # its own fields
            self._sift()
        self._changed()

    def _sift(self) -> None:
        wanted, sizes = self.filters, self.sizes
        keep = pd.Series(data=True, index=sizes.index)
        if wanted.on_sale:
            keep &= sizes["available_in"].map(bool).astype(bool)
        if wanted.regions:
            # What cannot be had now is still listed by regions.
            place = "available_in" if wanted.on_sale else "regions"
            keep &= sizes[place].map(lambda sold: not wanted.regions.isdisjoint(sold)).astype(bool)
        if wanted.families:
            keep &= sizes["family"].isin(wanted.families)
        for column, least in wanted.least:
            keep &= (sizes[column] >= least).fillna(value=False)
        for column, most in wanted.most:
            keep &= (sizes[column] <= most).fillna(value=False)
        shown = sizes[keep]
        best = frontier(shown[shown["available_in"].map(bool).astype(bool)])["slug"]
        self.shown = tuple(int(one) for one in shown.index)
        self.unbeaten = frozenset(int(one) for one in shown.index[shown["slug"].isin(best)])

    def _frame(self, places: tuple[int, ...]) -> pd.DataFrame:
        picked = self.sizes.loc[[*places]]
        return build_derived(
            "available_sizes", picked.assign(available_in=pd.Series(map(self.sold_in, places), picked.index, object))
        )

    def _image_for(self, size: pd.Series[str]) -> str:
        if self.image is not None:
            return self.image
        if size["family"] != "gpu":
            return IMAGE
        if str(size["gpu_model"]).startswith("amd"):
            return _GPU_IMAGES["amd"]
        return _GPU_IMAGES["many" if int(size["gpu_count"]) > 1 else "one"]


def _with_regions(priced: pd.DataFrame, sold: pd.DataFrame) -> pd.DataFrame:
    where = {slug: sorted(sold_in) for slug, sold_in in zip(sold["slug"], sold["available_in"], strict=True)}
    return priced.assign(available_in=pd.Series([where.get(slug, []) for slug in priced["slug"]], priced.index, object))
