"""A plotly figure as plain dicts and lists, with the settings that its template adds."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from poseidon_nb.plots.svg.elements import UnsupportedFigure
from poseidon_nb.text import expected_one_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: The types of traces that can be drawn.
TRACE_TYPES = ("scatter", "bar", "heatmap")
#: A figure without a width is as wide as its page; this is about a page of text.
WIDTH_PX, HEIGHT_PX = 960.0, 540.0
_FONT_PX = 12.0
_INK = "#444"
#: Plotly's first colors, for a figure whose template has none.
_COLORWAY = ("#636efa", "#ef553b", "#00cc96", "#ab63fa", "#ffa15a")


@dataclass(frozen=True, slots=True)
class PlainFigure:
    """The visible traces and the layout of a figure."""

    traces: list[dict[str, Any]]
    layout: dict[str, Any]

    @property
    def width(self) -> float:
        """The width in pixels."""
        return float(self.layout.get("width") or WIDTH_PX)

    @property
    def height(self) -> float:
        """The height in pixels."""
        return float(self.layout.get("height") or HEIGHT_PX)

    @property
    def ink(self) -> str:
        """The color of text."""
        return str((self.layout.get("font") or {}).get("color") or _INK)

    @property
    def font_size(self) -> float:
        """The size of text."""
        return float((self.layout.get("font") or {}).get("size") or _FONT_PX)

    def font(self, settings: dict[str, Any] | None, name: str = "font", size: float | None = None) -> dict[str, Any]:
        """Return the size and the color of a text, by its own font and that of the figure."""
        own = (settings or {}).get(name) or {}
        return {"size": float(own.get("size") or size or self.font_size), "color": own.get("color") or self.ink}


def plain_figure(figure: go.Figure) -> PlainFigure:
    """Return a figure as plain data.

    Raises
    ------
    UnsupportedFigure
        A trace has a type that cannot be drawn.
    """
    properties = figure.to_plotly_json()
    layout = _plain(properties.get("layout") or {})
    template = layout.pop("template", None) or {}
    layout = merged(template.get("layout") or {}, layout)
    defaults = template.get("data") or {}
    traces = []
    colors = layout.get("colorway") or _COLORWAY
    for position, trace in enumerate(properties.get("data") or []):
        type_ = trace.get("type") or "scatter"
        if type_ not in TRACE_TYPES:
            raise UnsupportedFigure(
                f"A trace of type {type_!r} cannot be drawn as SVG{expected_one_of(type_, TRACE_TYPES)}"
            )
        for axis, first in (("xaxis", "x"), ("yaxis", "y")):
            if (trace.get(axis) or first) != first:
                raise UnsupportedFigure(f"A trace on the axis {trace[axis]} cannot be drawn as SVG.")
        plain = merged(next(iter(defaults.get(type_) or ()), {}), {**_plain(trace), "type": type_})
        plain["_color"] = colors[position % len(colors)]
        traces.append(plain)
    return PlainFigure([one for one in traces if one.get("visible") not in {False, "legendonly"}], layout)


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return a nested dict with the values of both; those of `over` take precedence."""
    result = dict(under)
    for key, value in over.items():
        known = result.get(key)
        result[key] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return result


def per_point(value: Any, count: int) -> list[Any]:
    """Return a property as a list with a value for each point."""
    if isinstance(value, list):
        return [*value[:count], *([None] * (count - len(value)))]
    return [value] * count


def _decoded(array: dict[str, Any]) -> Any:
    """Return the numbers of an array as plotly sends it: its bytes in base64, with the type and the shape."""
    numbers = np.frombuffer(base64.b64decode(array["bdata"]), dtype=np.dtype(array["dtype"]))
    shape = array.get("shape")
    if isinstance(shape, str):
        numbers = numbers.reshape([int(one) for one in shape.split(",")])
    return numbers.tolist()


def _plain(value: Any) -> Any:
    """Return plain lists and numbers in place of arrays."""
    if isinstance(value, dict) and "bdata" in value:
        return _decoded(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "tolist"):
        dtype = str(getattr(value, "dtype", ""))
        return [*value.astype("datetime64[ms]").astype(object)] if dtype.startswith("datetime64") else value.tolist()
    return value
