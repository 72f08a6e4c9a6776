"""What pictures tell of a size: its family, and all of it where the mouse rests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.frames.findings.sizes import FAMILIES
from poseidon_nb.plots.labels import known, told
from poseidon_nb.plots.picture import COLOURS
from poseidon_nb.plots.size_axes import number
from poseidon_nb.text import escape_unprintable, format_usd, join_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

#: What is shown of each size in any case, and what gives it.
SIZE_COLUMNS = ("slug", "family", "generation", "vcpus", "memory_gib", "disk", "transfer")
SIZES_FROM = "po.analysis.sizes.unit_prices"
#: In the order of the catalogue, so that a family keeps its colour, its sign and its place whatever else is drawn.
SIZE_FAMILIES = tuple(dict.fromkeys(FAMILIES.values()))
#: A sign for each colour, because colour is never the only one. A cross is for what failed.
_SIGNS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "star", "pentagon")


def family_look(family: str) -> tuple[str, str]:
    """Give the sign and the colour of a family: the last ones for whatever is in none."""
    place = SIZE_FAMILIES.index(family) if family in SIZE_FAMILIES else -1
    return _SIGNS[place], COLOURS[place]


def size_facts(frame: pd.DataFrame, *, brief: bool = False) -> list[str]:
    """Give all that is known of each size, a line each; in brief what it has and costs."""
    return ["".join(f"<br>{told(line)}" for line in _lines(row, brief=brief)) for row in frame.to_dict("records")]


def _lines(row: Mapping[Any, Any], *, brief: bool) -> list[str]:
    lines = [" ".join(escape_unprintable(str(row[name])) for name in ("family", "generation") if known(row.get(name)))]
    lines += [
        f"{number(row['vcpus'])} vCPU, {number(row['memory_gib'])} GiB of memory",
        f"{number(row['disk'])} GB of disk, {number(row['transfer'])} TB of transfer",
    ]
    if known(row.get("gpu_count")) and row["gpu_count"]:
        lines.append(f"{number(row['gpu_count'])} GPU, {number(row.get('gpu_vram'))} GiB")
    hourly = f", {format_usd(row['price_hourly'], 5)} an hour" if known(row.get("price_hourly")) else ""
    lines.append(f"{format_usd(row['price_monthly'])} a month{hourly}")
    if brief:
        return lines
    per = [
        f"{format_usd(row[name])} a {unit}"
        for name, unit in (
            ("price_per_vcpu", "vCPU"),
            ("price_per_memory_gib", "GiB"),
            ("price_per_disk_gb", "GB of disk"),
            ("price_per_transfer_tb", "TB"),
        )
        if known(row.get(name))
    ]
    sold_in = row.get("sold_in", row.get("regions"))
    where = ""
    if isinstance(sold_in, list):
        where = f"sold in {join_words(map(str, sold_in))}" if sold_in else "sold nowhere now"
    gone = "no longer sold" if row.get("available") is False else ""
    return [line for line in (*lines, ", ".join(per), gone or where) if line]
