"""The text in charts: names, escaped and shortened, axis titles and scales, and the hover text of sizes."""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.tables.pricing import AVAILABLE_SIZES, FAMILIES
from poseidon_nb.text import escape_unprintable, format_usd, join_words, truncated_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Characters of a name next to an axis or in a legend; a longer one would displace the chart.
MAX_LABEL_CHARS = 36
#: The end of a shortened name is kept, because it may hold the id.
_LABEL_END_CHARS = 14
#: Characters of a line of hover text, which plotly does not wrap, but clips at the edge of the chart.
_MAX_HOVER_CHARS = 64

#: Columns that the hover text of a size needs, and the function that returns them.
SIZE_COLUMNS = ("slug", "family", "generation", "vcpus", "memory_gib", "disk", "transfer")
SIZES_SOURCE = "po.analysis.sizes.unit_prices"
#: In a fixed order, so that a family always has the same color, symbol and position.
SIZE_FAMILIES = tuple(dict.fromkeys(FAMILIES.values()))

_SIZE_COLUMNS = {column.name: column for column in AVAILABLE_SIZES.columns}
#: The columns that an axis can show.
AXES = tuple(name for name, column in _SIZE_COLUMNS.items() if column.dtype in {"Int64", "float64"})
_AXIS_TITLES = {
    "vcpus": "vCPUs",
    "memory_gib": "memory (GiB)",
    "disk": "disk (GB)",
    "transfer": "included transfer (TB a month)",
    "gpu_count": "GPUs",
    "gpu_vram": "GPU memory (GiB)",
    "price_monthly": "price (USD a month)",
    "price_hourly": "price (USD an hour)",
    "price_per_vcpu": "price per vCPU (USD a month)",
    "price_per_memory_gib": "price per GiB of memory (USD a month)",
    "price_per_disk_gb": "price per GB of disk (USD a month)",
    "price_per_transfer_tb": "price per TB of transfer (USD a month)",
    "price_per_gpu": "price per GPU (USD a month)",
}
#: With more ticks than these, every second is left out, and of prices all but 1, 10, 100 ...
_MAX_TICKS, MAX_PRICE_TICKS = 10, 14


def has_value(value: Any) -> bool:
    """Return whether a cell of a DataFrame has a value; a list is one."""
    return not pd.api.types.is_scalar(value) or not pd.isna(value)


def require_finite(frame: pd.DataFrame, columns: Sequence[str], what: str, name: str) -> None:
    """Raise an error if a number is infinite, because no axis can show it; missing numbers are accepted.

    Parameters
    ----------
    frame : pandas.DataFrame
    columns : sequence of str
        Columns of numbers.
    what, name : str
        How an error refers to the DataFrame, and the column that identifies a row.

    Raises
    ------
    InvalidArgument
        A number is infinite.
    """
    for column in columns:
        is_infinite = np.isinf(frame[column].astype("Float64").to_numpy(np.float64, na_value=np.nan))
        if is_infinite.any():
            rows = truncated_list(dict.fromkeys(map(str, frame.loc[is_infinite, name])))
            raise InvalidArgument(
                f"Column {column} of {what} has infinite values for {rows}. A chart needs finite numbers."
            )


def plotly_text(value: object) -> str:
    """Return a text escaped for plotly, which interprets some HTML, and formulas between dollar signs."""
    return escape(escape_unprintable(str(value))).replace("$", "&#36;")


def short_label(value: object) -> str:
    """Return a name for an axis or legend, escaped as by `plotly_text`; a long one is shortened in the middle."""
    return plotly_text(shortened(value))


def shortened(value: object) -> str:
    """Return a name for a sentence, printable and not escaped; a long one is shortened in the middle."""
    text = escape_unprintable(str(value))
    if len(text) > MAX_LABEL_CHARS:
        text = f"{text[: MAX_LABEL_CHARS - _LABEL_END_CHARS - 1]}…{text[-_LABEL_END_CHARS:]}"
    return text


def hover_text(value: object, max_chars: int = _MAX_HOVER_CHARS) -> str:
    """Return a text for a hover label, complete, escaped and wrapped."""
    return "<br>".join(map(plotly_text, textwrap.wrap(escape_unprintable(str(value)), max_chars)))


def unique_labels(names: pd.Series[Any], ids: pd.Series[Any]) -> pd.Series[str]:
    """Return a label for each row: the name, with the id if several droplets have that name, or else the id.

    Parameters
    ----------
    names, ids : pandas.Series
        With the same index; a droplet may have many rows.

    Returns
    -------
    pandas.Series
        Printable text, not escaped.
    """
    id_texts = ids.astype("string").fillna("?")
    given = names.astype("string").fillna("")
    # Metrics have thousands of rows for each name.
    labels = given.map({name: escape_unprintable(name) for name in given.unique()}).astype("string")
    is_shared = ids.groupby(labels).transform("nunique") > 1
    return labels.mask(is_shared, labels + " (" + id_texts + ")").mask(labels == "", id_texts).astype(str)


def omitted_note(shown: int, total: int, which: str = "first") -> str:
    """Return a sentence to append if not all rows are shown; empty if all are."""
    return f" The chart shows the {which} {shown:,}; the table has all {total:,}." if shown < total else ""


def axis_title(name: str) -> str:
    """Return the title of an axis with its unit; for unknown columns their name."""
    if name in _AXIS_TITLES:
        return _AXIS_TITLES[name]
    column = _SIZE_COLUMNS.get(name)
    if column is None:
        return plotly_text(name)
    return f"{column.meaning} ({column.unit})" if column.unit else column.meaning


def axis_name(name: str) -> str:
    """Return the title of an axis without its unit."""
    return axis_title(name).partition(" (")[0]


def is_price(name: str) -> bool:
    """Return whether a column is a price, where less is better; in all other columns more is."""
    return name.startswith("price_")


def axis_scale(values: pd.Series[Any], name: str, *, max_price_ticks: int = MAX_PRICE_TICKS) -> dict[str, Any]:
    """Return the layout of an axis: logarithmic with round ticks if all values are positive.

    Parameters
    ----------
    values : pandas.Series
    name : str
        The column.
    max_price_ticks : int
        Above this number, prices have only powers of ten.
    """
    if values.empty or not (values > 0).all():
        return {"tickprefix": "$" if is_price(name) else "", "separatethousands": True}
    minimum, maximum = float(values.min()), float(values.max())
    steps = (1.0, 2.0, 5.0) if is_price(name) else (1.0,)
    base = 10.0 if is_price(name) else 2.0
    powers = [base**power for power in range(-12, 31)]
    ticks = [tick for power in powers for step in steps if minimum / 2 <= (tick := step * power) <= maximum * 2]
    if not ticks:
        return {"type": "log"}
    if is_price(name):
        ticks = ticks if len(ticks) <= max_price_ticks else [tick for tick in ticks if tick in powers]
    else:
        ticks = ticks[:: 1 + (len(ticks) - 1) // _MAX_TICKS]
    return {
        "type": "log",
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [format_usd(tick, None) if is_price(name) else f"{tick:,g}" for tick in ticks],
        "minor": {"showgrid": False},
    }


def format_number(value: Any) -> str:
    """Format a number with up to two decimals; a missing one is a question mark."""
    return f"{float(value):,.2f}".rstrip("0").rstrip(".") if has_value(value) else "?"


def format_amount(value: Any, name: str) -> str:
    """Format a number of a column with its unit: ``16 GiB``, ``$4.00 a month``, ``1 vCPU``."""
    what, _, unit = axis_title(name).removesuffix(")").partition(" (")
    if is_price(name):
        return f"{format_usd(value, 5 if name == 'price_hourly' else 2)} {unit.removeprefix('USD ')}".rstrip()
    if unit:
        return f"{format_number(value)} {unit}"
    return f"{format_number(value)} {what.removesuffix('s') if value == 1 else what}"


def size_details(frame: pd.DataFrame, *, brief: bool = False, max_chars: int = _MAX_HOVER_CHARS) -> list[str]:
    """Return the hover text of each size: all that is known, or in brief its resources and price."""
    return [
        "".join(f"<br>{hover_text(line, max_chars)}" for line in _size_lines(row, brief=brief))
        for row in frame.to_dict("records")
    ]


def _size_lines(row: Mapping[Any, Any], *, brief: bool) -> list[str]:
    lines = [
        " ".join(escape_unprintable(str(row[name])) for name in ("family", "generation") if has_value(row.get(name))),
        f"{(vcpus := format_number(row['vcpus']))} vCPU{'' if vcpus == '1' else 's'}, {format_number(row['memory_gib'])} GiB memory",
        f"{format_number(row['disk'])} GB disk, {format_number(row['transfer'])} TB transfer",
    ]
    if has_value(row.get("gpu_count")) and row["gpu_count"]:
        lines.append(
            f"{(gpus := format_number(row['gpu_count']))} GPU{'' if gpus == '1' else 's'}, {format_number(row.get('gpu_vram'))} GiB GPU memory"
        )
    hourly = f", {format_usd(row['price_hourly'], 5)} an hour" if has_value(row.get("price_hourly")) else ""
    lines.append(f"{format_usd(row['price_monthly'])} a month{hourly}")
    if brief:
        return lines
    unit_prices = [
        f"{format_usd(row[name])}/{unit}"
        for name, unit in (
            ("price_per_vcpu", "vCPU"),
            ("price_per_memory_gib", "GiB"),
            ("price_per_disk_gb", "GB disk"),
            ("price_per_transfer_tb", "TB transfer"),
        )
        if has_value(row.get(name))
    ]
    regions = row.get("available_in", row.get("regions"))
    where = ""
    if row.get("available") is False:
        where = "no longer available"
    elif isinstance(regions, list):
        where = f"available in {join_words(map(str, regions))}" if regions else "not available in any region"
    return [line for line in (*lines, ", ".join(unit_prices), where) if line]
