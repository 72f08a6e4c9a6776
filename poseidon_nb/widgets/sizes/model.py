"""The state of the size explorer: the filters, the visible sizes, the best of these, and the selection. No widgets here.

A size is identified by its position in `SizeExplorerModel.sizes`, which is sorted once and never changes. The point in the
chart, the row of the table and the selection use the same number as long as the explorer lives.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from poseidon_nb.analysis.classification import match_classes, match_regions
from poseidon_nb.analysis.sizes import available, closed_regions, frontier, open_regions, sort_by_price, unit_prices
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.html_table import html_table
from poseidon_nb.frames.layout import View
from poseidon_nb.frames.tables.pricing import FAMILIES, OTHER
from poseidon_nb.frames.text_table import text_table
from poseidon_nb.frames.validation import build_derived
from poseidon_nb.plots.labels import is_price
from poseidon_nb.text import LINE_WIDTH, join_words, pluralize, quote_argument, truncated_list
from poseidon_nb.widgets.models import MAX_SAVED_ROWS
from poseidon_nb.widgets.sizes.criteria import (
    AXES,
    BOUNDED_COLUMNS,
    DEFAULT_IMAGE,
    MAX_EXACT_BOUNDS,
    SizeFilters,
    checked_image,
    checked_words,
    direction,
    round_steps,
    size_slugs,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: Images with drivers for GPU sizes (``images_list``).
_GPU_IMAGES = {"amd": "gpu-amd-base", "single": "gpu-h100x1-base", "multiple": "gpu-h100x8-base"}
#: The columns of the table that a saved notebook keeps.
SAVED_COLUMNS = ("slug", "family", "vcpus", "memory_gib", "disk", "transfer", "price_monthly")
#: Commands to copy. If more sizes are selected, the cheapest have one.
MAX_COMMANDS = 5


class SizeExplorerModel:
    """Sizes to choose from.

    Parameters
    ----------
    sizes, regions : pandas.DataFrame
        As returned by ``client.sizes.frame()`` and ``client.regions.frame()``.
    on_change : callable
        Called from any thread when there may be something new to show.
    image : str, optional
        The image in the commands; by default Ubuntu, and for GPU sizes an image with drivers.

    Raises
    ------
    InvalidArgument
        The image is empty, or has several lines.
    """

    def __init__(
        self,
        sizes: pd.DataFrame,
        regions: pd.DataFrame,
        on_change: Callable[[], None] = lambda: None,
        *,
        image: str | None = None,
    ) -> None:
        self.image = checked_image(image)
        priced = _with_regions(unit_prices(sizes), available(sizes, regions_frame=regions))
        #: All sizes, with ``available_in``, in the order of `sort_by_price`.
        self.sizes = sort_by_price(priced)
        self._regions_by_position: list[list[str]] = [*self.sizes["available_in"]]
        selling = {region for slugs in self._regions_by_position for region in slugs}
        names = dict(zip(regions["slug"], regions["name"], strict=True))
        #: Slugs and names of the regions with available sizes, in alphabetical order.
        self.regions = {slug: str(names.get(slug, slug)) for slug in sorted(selling)}
        present = {*self.sizes["family"]}
        #: The families of the sizes, in their usual order.
        self.families = [one for one in dict.fromkeys((*FAMILIES.values(), OTHER)) if one in present]
        self._closed_regions = closed_regions(regions)
        self._all_regions = [*dict.fromkeys([*regions["slug"].dropna(), *self.regions])]
        self.filters = SizeFilters()
        self.x, self.y = "memory_gib", "price_monthly"
        self._on_change = on_change
        self._lock = threading.RLock()
        self._selected: frozenset[int] = frozenset()
        #: The positions that pass the filters, cheapest first.
        self.visible: tuple[int, ...] = ()
        #: The visible positions that no other visible size beats on every measure.
        self.frontier: frozenset[int] = frozenset()
        self._apply_filters()

    @property
    def selected(self) -> frozenset[int]:
        """The selected positions, including those that the filters hide."""
        return self._selected

    @property
    def visible_selected(self) -> tuple[int, ...]:
        """The selected and visible positions, cheapest first."""
        return tuple(one for one in self.visible if one in self._selected)

    def selected_frame(self) -> pd.DataFrame:
        """Return the selected and visible sizes, cheapest first. ``available_in`` only has the filtered regions."""
        return self._frame(self.visible_selected)

    def visible_frame(self) -> pd.DataFrame:
        """Return the visible sizes, cheapest first."""
        return self._frame(self.visible)

    def available_regions(self, position: int) -> list[str]:
        """Return the filtered regions in which a size is available now."""
        regions = self.filters.regions
        return [one for one in self._regions_by_position[position] if not regions or one in regions]

    def command(self, position: int) -> str:
        """Return the command that creates a droplet of a size; empty if the size is not available now."""
        size, regions = self.sizes.iloc[position], self.available_regions(position)
        if not regions:
            return ""
        region, slug, image = (
            quote_argument(str(value)) for value in (regions[0], size["slug"], self._image_for(size))
        )
        return f"%do droplets create NAME --region {region} --size {slug} --image {image}"

    def commands(self) -> list[str]:
        """Return the commands for the selected sizes, cheapest first."""
        return [command for command in map(self.command, self.visible_selected) if command][:MAX_COMMANDS]

    def bounds(self, column: str) -> list[float]:
        """Return the choices for the bounds of a column: its values, or 1, 2, 5, 10 and so on for prices and many values."""
        values = self.sizes[column].dropna().astype(float)
        if values.empty:
            return []
        if not is_price(column) and values.nunique() <= MAX_EXACT_BOUNDS:
            return sorted({*values})
        return [step for step in round_steps(values.max()) if step >= values.min()]

    def best_tradeoffs(self) -> list[int]:
        """Return the plotted positions that no other beats on the two axes, from left to right."""
        x, y = (self.sizes[column].astype(float) * direction(column) for column in (self.x, self.y))
        ranked = sorted(self.plotted(), key=lambda one: (-x[one], -y[one]))
        best: list[int] = []
        for one in ranked:
            # Later positions have no more of x, so they need more of y, or equal values of both.
            if not best or y[one] > y[best[-1]] or (x[one], y[one]) == (x[best[-1]], y[best[-1]]):
                best.append(one)
        return best if direction(self.x) < 0 else best[::-1]

    def plotted(self) -> list[int]:
        """Return the visible positions with positive values on both axes, which are logarithmic."""
        x, y = (self.sizes[column].astype(float) for column in (self.x, self.y))
        return [one for one in self.visible if x[one] > 0 and y[one] > 0]

    def count_text(self) -> str:
        """Return the numbers of visible sizes and of the best of them."""
        if not self.visible:
            return "No sizes match these filters."
        missing = len(self.visible) - len(self.plotted())
        have, appear = ("has", "appears") if missing == 1 else ("have", "appear")
        note = f" {pluralize(missing, 'size')} {have} no positive value on an axis and {appear} only in the table."
        return (
            f"{len(self.visible):,} of {pluralize(len(self.sizes), 'size')} shown;"
            f" {len(self.frontier):,} on the price frontier.{note if missing else ''}"
        )

    def selection_text(self) -> str:
        """Return the selected sizes as text."""
        slugs = self.sizes["slug"].iloc[[*self.visible_selected]]
        hidden = len(self._selected) - len(slugs)
        note = f" {hidden:,} more hidden by the filters." if hidden else ""
        if slugs.empty:
            return f"No sizes selected.{note}"
        return f"{len(slugs):,} selected: {truncated_list(slugs)}.{note}"

    def commands_text(self) -> str:
        """Return the sentence above the commands, or why there are none."""
        creatable = [one for one in self.visible_selected if self.command(one)]
        if not self.visible_selected:
            return "Select points or rows to get a command that creates a droplet."
        if not creatable:
            return "The selected sizes are not available in any region now, so no droplet can be created."
        cheapest = f" with one of the {MAX_COMMANDS} cheapest sizes" if len(creatable) > MAX_COMMANDS else ""
        return f"To create a droplet{cheapest}, copy a command, replace NAME and run it:"

    def text(self, width: int = LINE_WIDTH) -> str:
        """Return the explorer as text: the selected sizes, or all visible ones."""
        columns = [one for one in SAVED_COLUMNS if one != "family" or width >= LINE_WIDTH]
        table, more = self._saved_sizes(columns), self._more_text()
        shown = [text_table(table, View(asked=(*columns,)), width)] if len(table) else []
        return "\n".join((self.count_text(), *shown, *filter(None, [more]), self.selection_text(), *self.commands()))

    def html(self) -> str:
        """Return the explorer as HTML that works without scripts or a kernel: the selected sizes, or all visible ones."""
        table, more = self._saved_sizes(SAVED_COLUMNS), self._more_text()
        shown = html_table(table, View()) if len(table) else ""
        commands = "".join(f"<pre>{escape(command)}</pre>" for command in self.commands())
        lines = f"<p>{escape(self.count_text())} {escape(self.selection_text())}</p>"
        return f"{lines}{commands}{shown}{f'<p>{more}</p>' if more else ''}"

    def _saved_sizes(self, columns: Sequence[str]) -> pd.DataFrame:
        positions = (self.visible_selected or self.visible)[:MAX_SAVED_ROWS]
        return self.sizes.loc[[*positions], [*columns]].reset_index(drop=True)

    def _more_text(self) -> str:
        more = len(self.visible_selected or self.visible) - MAX_SAVED_ROWS
        return f"and {more:,} more" if more > 0 else ""

    def close(self) -> None:
        """Do nothing: there are no updates to end."""

    def filter_regions(self, words: str | Iterable[str]) -> None:
        """Show sizes available in any of these regions, given as slugs, cities or continents; none for all."""
        regions = match_regions(words, self._all_regions)
        selling = [slug for slug in open_regions(regions, self._closed_regions) if slug in self.regions]
        if regions and not selling:
            raise InvalidArgument(f"No sizes are available in {join_words(regions)}.")
        self._filter(regions=frozenset(selling))

    def filter_families(self, words: str | Iterable[str]) -> None:
        """Show these families only, by their names or short as ``cpu``; none for all."""
        self._filter(families=frozenset(match_classes(words, self.families, "family")))

    def set_bounds(self, column: str, minimum: float | None, maximum: float | None) -> None:
        """Show sizes within these bounds; None for no bound."""
        checked_words([column], BOUNDED_COLUMNS, "column")

        def replaced(bounds: tuple[tuple[str, float], ...], value: float | None) -> tuple[tuple[str, float], ...]:
            others = tuple(bound for bound in bounds if bound[0] != column)
            return others if value is None else (*others, (column, float(value)))

        with self._lock:
            self._filter(
                minimums=replaced(self.filters.minimums, minimum), maximums=replaced(self.filters.maximums, maximum)
            )

    def filter_available(self, *, only: bool) -> None:
        """Show only sizes that are available now, or all."""
        self._filter(available_only=only)

    def reset_filters(self) -> None:
        """Show all available sizes."""
        with self._lock:
            self.filters = SizeFilters()
            self._apply_filters()
        self._on_change()

    def set_axes(self, x: str, y: str) -> None:
        """Set the columns of the axes."""
        checked_words([x, y], AXES, "column")
        self.x, self.y = x, y
        self._on_change()

    def select(self, positions: Iterable[int]) -> None:
        """Select exactly these positions."""
        with self._lock:
            self._selected = frozenset(one for one in positions if 0 <= one < len(self.sizes))
        self._on_change()

    def set_selected(self, positions: Iterable[int], *, on: bool) -> None:
        """Select or deselect these positions, and leave the others as they are. The caller refreshes the panel."""
        with self._lock:
            known = {one for one in positions if 0 <= one < len(self.sizes)}
            self._selected = self._selected | known if on else self._selected - known

    def select_visible(self, positions: Iterable[int]) -> None:
        """Select exactly these visible positions, and leave hidden ones as they are."""
        with self._lock:
            self.select((self._selected - {*self.visible}) | {*positions})

    def toggle(self, position: int) -> None:
        """Select a position, or deselect it if it is selected."""
        with self._lock:
            self.select(self._selected ^ {position})

    def select_slugs(self, slugs: str | Iterable[str]) -> None:
        """Select exactly the sizes with these slugs."""
        available_slugs = self.sizes.loc[self.sizes["available_in"].map(bool).astype(bool), "slug"]
        checked = checked_words(size_slugs(slugs), self.sizes["slug"], "size", suggested=available_slugs)
        self.select(self.sizes.index[self.sizes["slug"].isin(checked)])

    def _filter(self, **changes: object) -> None:
        with self._lock:
            self.filters = replace(self.filters, **changes)  # type: ignore[arg-type]  # its own fields
            self._apply_filters()
        self._on_change()

    def _apply_filters(self) -> None:
        filters, sizes = self.filters, self.sizes
        keep = pd.Series(data=True, index=sizes.index)
        if filters.available_only:
            keep &= sizes["available_in"].map(bool).astype(bool)
        if filters.regions:
            # Sizes that are not available are still listed by regions.
            column = "available_in" if filters.available_only else "regions"
            keep &= sizes[column].map(lambda regions: not filters.regions.isdisjoint(regions)).astype(bool)
        if filters.families:
            keep &= sizes["family"].isin(filters.families)
        for column, minimum in filters.minimums:
            keep &= (sizes[column] >= minimum).fillna(value=False)
        for column, maximum in filters.maximums:
            keep &= (sizes[column] <= maximum).fillna(value=False)
        visible = sizes[keep]
        best = frontier(visible[visible["available_in"].map(bool).astype(bool)])["slug"]
        self.visible = tuple(int(one) for one in visible.index)
        self.frontier = frozenset(int(one) for one in visible.index[visible["slug"].isin(best)])

    def _frame(self, positions: tuple[int, ...]) -> pd.DataFrame:
        rows = self.sizes.loc[[*positions]]
        regions = pd.Series(map(self.available_regions, positions), rows.index, object)
        return build_derived("available_sizes", rows.assign(available_in=regions))

    def _image_for(self, size: pd.Series[str]) -> str:
        if self.image is not None:
            return self.image
        if size["family"] != "gpu":
            return DEFAULT_IMAGE
        if str(size["gpu_model"]).startswith("amd"):
            return _GPU_IMAGES["amd"]
        return _GPU_IMAGES["multiple" if int(size["gpu_count"]) > 1 else "single"]


def _with_regions(sizes: pd.DataFrame, selling: pd.DataFrame) -> pd.DataFrame:
    regions = {slug: sorted(slugs) for slug, slugs in zip(selling["slug"], selling["available_in"], strict=True)}
    return sizes.assign(available_in=pd.Series([regions.get(slug, []) for slug in sizes["slug"]], sizes.index, object))
