"""The filters of an explorer of sizes, as widgets: what may be chosen, and what is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from poseidon_nb.plots.labels import axis_title
from poseidon_nb.text import format_usd
from poseidon_nb.widgets.parts import Button, box, classed, html
from poseidon_nb.widgets.sizes.axes import AXES, RANGES
from poseidon_nb.widgets.sizes.model import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from poseidon_nb.widgets.sizes.model import SizeExplorerModel

#: How each bound is called in front of its two lists, and how its steps are written.
_BOUNDS: dict[str, tuple[str, Callable[[float], str]]] = {
    "vcpus": ("vCPUs", lambda amount: f"{amount:g}"),
    "memory_gib": ("Memory", lambda amount: f"{amount:g} GiB"),
    "price_monthly": ("Price", lambda amount: format_usd(amount, None)),
}
#: No bound. Not None, which ipywidgets takes for no choice at all.
_ANY = "any"


class SizeFilters:
    """The skin of the filters and of what is drawn.

    Parameters
    ----------
    model : SizeExplorerModel
    clicked : callable
        Makes a handler of what a button does.
    """

    def __init__(self, model: SizeExplorerModel, clicked: Callable[[Callable[[], None]], Callable[[], None]]) -> None:
        self._model = model
        self._clicked = clicked
        # What is set here because the model changed was clicked by nobody.
        self._showing = False
        self._regions = self._chips(model.regions, self._regions_chosen)
        self._families = self._chips({one: one for one in model.families}, self._families_chosen)
        self._bounds = {column: self._pair(column) for column in RANGES}
        self._on_sale = _chip("only what can be had now", "Leave out what no region sells now")
        self._listen(self._on_sale, lambda: model.choose_on_sale(only=self._on_sale.value))
        self._reset = Button(clicked(model.reset), names=("reset", "quiet"))
        options = [(axis_title(column), column) for column in AXES]
        self._x = _choice("Across", options, "across")
        self._y = _choice("Up", options, "up")
        for axis in (self._x, self._y):
            self._listen(axis, lambda: model.draw(self._x.value, self._y.value))
        pairs = [box(*pair, names=("pair",)) for pair in self._bounds.values()]
        self.widget = box(
            _row("Regions", self._regions.values(), "Sold in any of these; all when none is chosen"),
            _row("Families", self._families.values(), "Only these; all when none is chosen"),
            _row("Limits", pairs, "At least and at most"),
            _row("", (self._on_sale, self._reset.widget), ""),
            names=("filters",),
        )
        self.axes = box(self._x, self._y, names=("axes",))

    def show(self) -> None:
        """Show the model as it is now."""
        filters = self._model.filters
        self._showing = True
        try:
            for slug, chip in self._regions.items():
                chip.value = slug in filters.regions
            for family, chip in self._families.items():
                chip.value = family in filters.families
            for column, pair in self._bounds.items():
                for choice, bounds in zip(pair, (filters.least, filters.most), strict=True):
                    choice.value = dict(bounds).get(column, _ANY)
            self._on_sale.value = filters.on_sale
            self._x.value, self._y.value = self._model.x, self._model.y
        finally:
            self._showing = False
        changed = filters != Filters()
        self._reset.show("Reset filters", enabled=changed, why="Show all sizes that can be had now")

    def _chips(self, told: dict[str, str], chosen: Callable[[], None]) -> dict[str, Any]:
        """Give a chip for each word, with what is told of it where the mouse rests."""
        chips = {word: _chip(word, more) for word, more in told.items()}
        for chip in chips.values():
            self._listen(chip, chosen)
        return chips

    def _pair(self, column: str) -> tuple[Any, Any]:
        name, written = _BOUNDS[column]
        steps = [(written(step), step) for step in self._model.steps(column)]
        least = _choice(f"{name} from", [(_ANY, _ANY), *steps], f"{column.replace('_', '-')}-least")
        most = _choice("to", [(_ANY, _ANY), *steps], f"{column.replace('_', '-')}-most")
        for choice in (least, most):
            self._listen(choice, lambda: self._model.bound(column, _bound(least), _bound(most)))
        return least, most

    def _regions_chosen(self) -> None:
        self._model.choose_regions(slug for slug, chip in self._regions.items() if chip.value)

    def _families_chosen(self) -> None:
        self._model.choose_families(family for family, chip in self._families.items() if chip.value)

    def _listen(self, widget: Any, chosen: Callable[[], None]) -> None:
        act = self._clicked(chosen)
        widget.observe(lambda _: None if self._showing else act(), "value")


def _bound(choice: Any) -> float | None:
    return None if choice.value == _ANY else float(choice.value)


def _chip(label: str, told: str) -> Any:
    return classed(ipywidgets.Checkbox(description=label, tooltip=told, indent=False), "chip")


def _choice(label: str, options: Sequence[tuple[str, Any]], name: str) -> Any:
    choice = classed(ipywidgets.Dropdown(description=label, options=options), name)
    choice.style.description_width = "initial"
    return choice


def _row(name: str, widgets: Iterable[Any], told: str) -> Any:
    label = html("filter-name", value=f"<span title='{told}'>{name}</span>")
    return box(label, box(*widgets, names=("filter-values",)), names=("filter",))
