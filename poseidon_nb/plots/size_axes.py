"""The axes of pictures of sizes: what they are called, and where they have ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.frames.findings.sizes import SIZES_ON_SALE
from poseidon_nb.plots.labels import escaped, known
from poseidon_nb.text import format_usd

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = {column.name: column for column in SIZES_ON_SALE.columns}
#: What an axis can show: the columns of numbers.
AXES = tuple(name for name, column in _COLUMNS.items() if column.dtype in {"Int64", "float64"})
#: What they are called, in the explorer of sizes too; the unit stands in brackets.
_LABELS = {
    "vcpus": "vCPUs",
    "memory_gib": "memory (GiB)",
    "disk": "disk (GB)",
    "transfer": "outbound traffic included (TB a month)",
    "gpu_count": "graphics processors",
    "gpu_vram": "graphics memory (GiB)",
    "price_monthly": "price (USD a month)",
    "price_hourly": "price (USD an hour)",
    "price_per_vcpu": "price of a vCPU (USD a month)",
    "price_per_memory_gib": "price of a GiB of memory (USD a month)",
    "price_per_disk_gb": "price of a GB of disk (USD a month)",
    "price_per_transfer_tb": "price of a TB of traffic (USD a month)",
    "price_per_gpu": "price of a graphics processor (USD a month)",
}
#: Of more ticks each second is left out; of money only those of 1, 10, 100 ... stay.
_MOST_TICKS, _MOST_OF_MONEY = 10, 14


def label_of(name: str) -> str:
    """Give what an axis is called, with its unit; a column of one's own by its name."""
    if name in _LABELS:
        return _LABELS[name]
    column = _COLUMNS.get(name)
    if column is None:
        return escaped(name)
    return f"{column.meaning} ({column.unit})" if column.unit else column.meaning


def what_of(name: str) -> str:
    """Give what an axis is called, without its unit."""
    return label_of(name).partition(" (")[0]


def so_much(name: str) -> str:
    """Give how one speaks of an amount: ``that much`` memory, ``that many`` vCPUs."""
    return "that much" if "(" in label_of(name) else "that many"


def number(value: Any) -> str:
    """Give a number with no more digits behind the point than it takes; what is not known is a question mark."""
    return f"{float(value):,.2f}".rstrip("0").rstrip(".") if known(value) else "?"


def amount(value: Any, name: str) -> str:
    """Give a number of a column as a person says it: ``16 GiB``, ``$4.00 a month``, ``1 vCPU``."""
    what, _, unit = label_of(name).removesuffix(")").partition(" (")
    if is_price(name):
        return f"{format_usd(value, 5 if name == 'price_hourly' else 2)} {unit.removeprefix('USD ')}".rstrip()
    if unit:
        return f"{number(value)} {unit}"
    return f"{number(value)} {what.removesuffix('s') if value == 1 else what}"


def is_price(name: str) -> bool:
    """Say whether a column is money: less is better, where of all others more is."""
    return name.startswith("price_")


def scale(values: pd.Series[Any], name: str) -> dict[str, Any]:
    """Give how an axis goes: in powers where all its numbers are above nothing, with round numbers at its ticks."""
    if values.empty or not (values > 0).all():
        return {"tickprefix": "$" if is_price(name) else "", "separatethousands": True}
    least, most = float(values.min()), float(values.max())
    steps = (1.0, 2.0, 5.0) if is_price(name) else (1.0,)
    base = 10.0 if is_price(name) else 2.0
    powers = [base**power for power in range(-12, 31)]
    ticks = [tick for power in powers for step in steps if least / 2 <= (tick := step * power) <= most * 2]
    if not ticks:
        return {"type": "log"}
    if is_price(name):
        ticks = ticks if len(ticks) <= _MOST_OF_MONEY else [tick for tick in ticks if tick in powers]
    else:
        ticks = ticks[:: 1 + (len(ticks) - 1) // _MOST_TICKS]
    return {
        "type": "log",
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [format_usd(tick, None) if is_price(name) else f"{tick:,g}" for tick in ticks],
        "minor": {"showgrid": False},
    }
