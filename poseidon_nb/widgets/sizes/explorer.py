"""The size explorer as a panel: filters, a chart, a table and commands to copy, which all show one model."""

from __future__ import annotations

import pathlib
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from poseidon_nb.plots.labels import axis_title
from poseidon_nb.text import format_usd
from poseidon_nb.widgets.components import (
    Button,
    CopyButton,
    add_classes,
    box,
    header_html,
    html,
    notice_html,
    set_html,
    style_sheet,
    toggle_class,
)
from poseidon_nb.widgets.id_table import TEXT_JS, IdTable, TableColumn, TableData, table_script
from poseidon_nb.widgets.panel import Panel, PanelHost
from poseidon_nb.widgets.sizes.chart import SizeChart, legend_html
from poseidon_nb.widgets.sizes.criteria import AXES, BOUNDED_COLUMNS, SizeFilters
from poseidon_nb.widgets.sizes.model import SizeExplorerModel

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.widgets.components import ClickHandler
    from poseidon_nb.widgets.id_table import SetSelected

NOTE = (
    "Filled points are on the price frontier: any other available size shown costs more or has less of something."
    " Dotted line: the best trade-offs between the two axes. Click points or draw around them to select; double-click to clear the selection."
)
#: The label of each pair of bounds, and the format of its choices.
_BOUNDS: dict[str, tuple[str, Callable[[float], str]]] = {
    "vcpus": ("vCPUs", lambda amount: f"{amount:g}"),
    "memory_gib": ("Memory", lambda amount: f"{amount:g} GiB"),
    "disk": ("Disk", lambda amount: f"{amount:,g} GB"),
    "transfer": ("Transfer", lambda amount: f"{amount:g} TB"),
    "price_monthly": ("Price", lambda amount: format_usd(amount, None)),
}
#: No bound. ipywidgets takes None for an empty dropdown.
_ANY = "any"

_NUMBER_JS = "return data === null ? '' : Number(data).toLocaleString('en-US', {maximumFractionDigits: 2});"
_MONEY_JS = "return data === null ? '' : Number(data).toLocaleString('en-US', {minimumFractionDigits: 2, maximumFractionDigits: 2});"
#: Heads of the table, with their columns and formats.
_HEADS = {
    "Size": ("slug", TEXT_JS),
    "Family": ("family", TEXT_JS),
    "CPU": ("generation", TEXT_JS),
    "vCPUs": ("vcpus", _NUMBER_JS),
    "GiB": ("memory_gib", _NUMBER_JS),
    "Disk GB": ("disk", _NUMBER_JS),
    "Transfer TB": ("transfer", _NUMBER_JS),
    "$/month": ("price_monthly", _MONEY_JS),
    "$/GiB": ("price_per_memory_gib", _MONEY_JS),
}
_COLUMNS = [
    TableColumn(head, column.replace("_", "-"), js, numeric=js is not TEXT_JS, align_right=js is not TEXT_JS)
    for head, (column, js) in _HEADS.items()
]
_LANGUAGE = {
    "info": "_START_ to _END_ of _TOTAL_ sizes",
    "infoEmpty": "No sizes",
    "infoFiltered": "",
    "emptyTable": "No sizes",
    "zeroRecords": "No sizes match the filters and the search",
}


class FilterControls:
    """The widgets of the filters and the axes.

    Parameters
    ----------
    model : SizeExplorerModel
    on_click : callable
        Wraps a function as the handler of a click.
    """

    def __init__(self, model: SizeExplorerModel, on_click: ClickHandler) -> None:
        self._model = model
        self._on_click = on_click
        # Changes made by `show` are not clicks.
        self._updating = False
        self._regions = self._chips(model.regions, self._regions_changed)
        self._families = self._chips({one: one for one in model.families}, self._families_changed)
        self._bounds = {column: self._bound_pair(column) for column in BOUNDED_COLUMNS}
        self._available = _chip("Available only", "Hide sizes that are not available in any region")
        self._listen(self._available, lambda: model.filter_available(only=self._available.value))
        self._reset = Button(on_click(model.reset_filters), names=("reset", "quiet"))
        options = [(axis_title(column), column) for column in AXES]
        self._x = _dropdown("X axis", options, "x-axis")
        self._y = _dropdown("Y axis", options, "y-axis")
        for axis in (self._x, self._y):
            self._listen(axis, lambda: model.set_axes(self._x.value, self._y.value))
        pairs = [box(*pair, names=("pair",)) for pair in self._bounds.values()]
        self.widget = box(
            _filter_row(
                "Regions",
                self._regions.values(),
                "Sizes available in any selected region; all regions if none is selected",
            ),
            _filter_row(
                "Families", self._families.values(), "Sizes of the selected families; all families if none is selected"
            ),
            _filter_row("Limits", pairs, "Minimum and maximum"),
            _filter_row("", (self._available, self._reset.widget), ""),
            names=("filters",),
        )
        self.axes = box(self._x, self._y, names=("axes",))

    def show(self) -> None:
        """Show the model."""
        filters = self._model.filters
        self._updating = True
        try:
            for slug, chip in self._regions.items():
                chip.value = slug in filters.regions
            for family, chip in self._families.items():
                chip.value = family in filters.families
            for column, pair in self._bounds.items():
                for dropdown, bounds in zip(pair, (filters.minimums, filters.maximums), strict=True):
                    dropdown.value = dict(bounds).get(column, _ANY)
            self._available.value = filters.available_only
            self._x.value, self._y.value = self._model.x, self._model.y
        finally:
            self._updating = False
        self._reset.show("Reset filters", enabled=filters != SizeFilters(), tooltip="Show all available sizes")

    def _chips(self, tooltips: dict[str, str], on_change: Callable[[], None]) -> dict[str, Any]:
        chips = {label: _chip(label, tooltip) for label, tooltip in tooltips.items()}
        for chip in chips.values():
            self._listen(chip, on_change)
        return chips

    def _bound_pair(self, column: str) -> tuple[Any, Any]:
        label, formatted = _BOUNDS[column]
        options = [(_ANY, _ANY), *((formatted(bound), bound) for bound in self._model.bounds(column))]
        name = column.replace("_", "-")
        minimum = _dropdown(f"{label} from", options, f"{name}-min")
        maximum = _dropdown("to", options, f"{name}-max")
        for dropdown in (minimum, maximum):
            self._listen(dropdown, lambda: self._model.set_bounds(column, _bound(minimum), _bound(maximum)))
        return minimum, maximum

    def _regions_changed(self) -> None:
        self._model.filter_regions(slug for slug, chip in self._regions.items() if chip.value)

    def _families_changed(self) -> None:
        self._model.filter_families(family for family, chip in self._families.items() if chip.value)

    def _listen(self, widget: Any, on_change: Callable[[], None]) -> None:
        handler = self._on_click(on_change)
        widget.observe(lambda _: None if self._updating else handler(), "value")


def _bound(dropdown: Any) -> float | None:
    return None if dropdown.value == _ANY else float(dropdown.value)


def _chip(label: str, tooltip: str) -> Any:
    return add_classes(ipywidgets.Checkbox(description=label, tooltip=tooltip, indent=False), "chip")


def _dropdown(label: str, options: Sequence[tuple[str, Any]], name: str) -> Any:
    dropdown = add_classes(ipywidgets.Dropdown(description=label, options=options), name)
    dropdown.style.description_width = "initial"
    return dropdown


def _filter_row(name: str, widgets: Iterable[Any], tooltip: str) -> Any:
    label = html("filter-name", value=f"<span title='{tooltip}'>{name}</span>")
    return box(label, box(*widgets, names=("filter-values",)), names=("filter",))


class _SizeData(TableData):
    """All rows, and which of them are visible."""

    _esm = table_script(pathlib.Path(__file__).with_name("size_table.js"))
    rows: traitlets.List[list[Any]] = traitlets.List().tag(sync=True)
    visible: traitlets.List[int] = traitlets.List().tag(sync=True)


class ExplorerTable(IdTable):
    """The table of sizes. All rows are sent once; the id of a row is its position.

    Parameters
    ----------
    sizes : pandas.DataFrame
    set_selected, refresh : callable
        As in `IdTable`.
    """

    def __init__(self, sizes: pd.DataFrame, set_selected: SetSelected, refresh: Callable[[], None]) -> None:
        super().__init__(
            _SizeData(rows=_json_rows(sizes), visible=[]),
            _COLUMNS,
            set_selected,
            refresh,
            sorted_by="$/month",
            page_lengths=(10, 25, 50, 150),
            language=_LANGUAGE,
        )

    def show(self, positions: Collection[int]) -> None:
        """Show these rows and hide the others."""
        if self._data.visible != [*positions]:
            self._data.visible = [*positions]


def _json_rows(sizes: pd.DataFrame) -> list[list[Any]]:
    columns = [column for column, _ in _HEADS.values()]
    plain = sizes[columns].astype(object).where(sizes[columns].notna(), None)
    return [[position, *row] for position, row in enumerate(plain.itertuples(index=False, name=None))]


class SizeExplorer(Panel):
    """Sizes as points and rows, to filter, compare and select.

    Display it, or make it the last value of a cell. Sizes and regions are read once, when it is created.

    Parameters
    ----------
    client : Client
    regions, families : str or iterable of str
        The initial filters; all by default. As in ``%do sizes cheapest``: slugs, cities such as ``nyc`` or continents;
        families by name, or short as ``cpu``.
    image : str, optional
        The image in the commands to copy.
    host : PanelHost, optional
    """

    model: SizeExplorerModel

    def __init__(
        self,
        client: Client,
        *,
        regions: str | Iterable[str] = (),
        families: str | Iterable[str] = (),
        image: str | None = None,
        host: PanelHost | None = None,
    ) -> None:
        super().__init__("Sizes", host)
        # The table shares the style sheet of the fleet's table.
        for name in ("pnb-fleet", "pnb-explorer"):
            self.widget.add_class(name)
        self._account = client.label()
        with self._lock:
            self.model = SizeExplorerModel(client.sizes.frame(), client.regions.frame(), self.refresh, image=image)
            self.model.filter_regions(regions)
            self.model.filter_families(families)
            self._head = html("head")
            self._filters = FilterControls(self.model, self.on_click)
            self._table = ExplorerTable(self.model.sizes, self._set_selected, self.refresh)
            # Last, because its script is large: all else is in the page before it.
            self._chart = SizeChart(self.model, self._on_point, self._on_points)
            self._selection, self._commands_text = html("selection"), html("why")
            self._clear = Button(self.on_click(lambda: self.model.select(())), names=("clear",))
            self._commands, self._copy = html("command"), CopyButton(label="Copy the commands")
            bar = (
                self._selection,
                box(self._clear.widget, names=("buttons",)),
                self._commands_text,
                box(self._commands, self._copy, names=("commands",)),
            )
            self._notice = html("notice-text")
            self._notices = box(self._notice, names=("notice",))
            self.widget.children = (
                *self.widget.children,
                style_sheet("table.css"),
                style_sheet("sizes/explorer.css"),
                self._head,
                box(
                    self._filters.widget,
                    box(
                        self._filters.axes,
                        self._chart.widget,
                        html(value=legend_html(self.model.families)),
                        html("why", "note", value=escape(NOTE)),
                        names=("chart",),
                    ),
                    box(*self._table.widgets, names=("table-box",)),
                    box(*bar, names=("bar",), column=True),
                    names=("explorer-body",),
                ),
                self._notices,
            )
        self._open(("sizes", client.base_url, self._account))

    @property
    def selected(self) -> pd.DataFrame:
        """The selected sizes that pass the filters, cheapest first."""
        return self.model.selected_frame()

    @property
    def shown(self) -> pd.DataFrame:
        """The sizes that pass the filters, cheapest first."""
        return self.model.visible_frame()

    @property
    def lines(self) -> list[str]:
        """The commands that create droplets of the selected sizes, cheapest first."""
        return self.model.commands()

    def select(self, slugs: str | Iterable[str]) -> None:
        """Select exactly the sizes with these slugs.

        Raises
        ------
        InvalidArgument
            A slug is unknown, or not a string.
        """
        self.model.select_slugs(slugs)

    def _on_point(self, position: int) -> None:
        self._kernel.click_received()
        self.model.toggle(position)

    def _on_points(self, positions: Sequence[int]) -> None:
        self._kernel.click_received()
        self.model.select_visible(positions)

    def _set_selected(self, ids: Collection[int], *, on: bool) -> None:
        self._kernel.click_received()
        self.model.set_selected(ids, on=on)

    def _show(self) -> None:
        model = self.model
        set_html(self._head, header_html("Sizes", self._account, model.count_text()))
        self._filters.show()
        self._chart.show()
        self._table.show(model.visible)
        self._table.show_selection(lambda: model.selected)
        set_html(self._selection, f"<b>{escape(model.selection_text())}</b>")
        self._clear.show("Clear selection", enabled=bool(model.selected))
        commands = "\n".join(model.commands())
        set_html(self._commands_text, escape(model.commands_text()))
        set_html(self._commands, f"<pre>{escape(commands)}</pre>" if commands else "")
        self._copy.text = commands
        notices = self._with_kernel_notice([])
        set_html(self._notice, notice_html(notices))
        toggle_class(self._notices, "hidden", on=not notices)
        self.announce(model.count_text(), model.selection_text(), *notices)
