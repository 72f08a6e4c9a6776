"""SVG as text: elements, numbers, colors and texts.

Only presentation attributes are used but for the width of the whole, and neither style sheets, definitions nor references: hosts such as nbviewer remove those
from a picture that they put into their page, and then it would be black.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from html import escape, unescape
from typing import TYPE_CHECKING, Any, TypeAlias

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Left, top, right and bottom, in pixels.
Box: TypeAlias = "tuple[float, float, float, float]"

FONT_FAMILY = "Arial,Helvetica,sans-serif"
#: The distance between two lines of text, and from the middle of a line to its baseline, in font sizes.
LINE_HEIGHT, BASELINE = 1.3, 0.35

#: Names and functions of CSS; a reference to something else is neither.
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]+|(rgb|hsl)a?\([\d\s.,%/-]+\)")
_RGBA = re.compile(r"rgba\(\s*([\d.]+)\s*,\s*([\d.]+)\s*,\s*([\d.]+)\s*,\s*([\d.]+)\s*\)")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
#: The tags that plotly knows. Others are text.
_TAG = re.compile(r"<(/?)(b|strong|i|em|sub|sup|a|span|s|u)(?:\s[^<>]*)?>", re.IGNORECASE)
#: Widths of the characters of Arial in font sizes; all other characters of the alphabet are about as wide as "n".
_WIDTHS = {
    **dict.fromkeys("ijl'|", 0.22),
    **dict.fromkeys(" .,:;!/\\ftI()[]-`", 0.29),
    **dict.fromkeys('r"{}*', 0.36),
    **dict.fromkeys("ckvxyzsJ", 0.5),
    **dict.fromkeys("ABEKPSVXYZ&CDHNRUTFL", 0.68),
    **dict.fromkeys("GOQMm%", 0.82),
    **dict.fromkeys("wW@", 0.88),
}
_WIDTH, _WIDE = 0.556, 1.0
#: Room for fonts that are wider, where there is no Arial.
_SPARE = 1.08


class UnsupportedFigure(InvalidArgument):
    """A figure has something that cannot be drawn without a browser."""


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a line of text."""

    text: str
    bold: bool = False
    italic: bool = False


def number(value: float) -> str:
    """Return a coordinate with one decimal."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def element(name: str, *content: str, **attributes: Any) -> str:
    """Return an element. Underscores in the names of attributes are hyphens; attributes that are None are left out."""
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            text = number(value) if isinstance(value, float | int) else escape(value)
            parts.append(f'{key.strip("_").replace("_", "-")}="{text}"')
    start = " ".join(parts)
    inner = "".join(content)
    return f"<{start}>{inner}</{name}>" if inner else f"<{start}/>"


def fill(color: str | None) -> dict[str, Any]:
    """Return the attributes of an area of a color."""
    return _paint("fill", color)


def stroke(color: str | None, width: float = 1.0, dash: str | None = None) -> dict[str, Any]:
    """Return the attributes of a line, with one of plotly's dashes."""
    if not color or not width:
        return {}
    dashes = dash_array(dash, width)
    return {
        **_paint("stroke", color),
        "stroke_width": None if width == 1 else width,
        "stroke_dasharray": dashes,
    }


def opacity_text(opacity: Any) -> str | None:
    """Return the value of the attribute ``opacity``; None for what is opaque."""
    return f"{opacity:g}" if isinstance(opacity, int | float) and opacity < 1 else None


def third(at: float, first: str, middle: str, last: str) -> str:
    """Return the anchor that plotly chooses for a position from 0 to 1."""
    return first if at <= 1 / 3 else last if at >= 2 / 3 else middle


def dash_array(dash: str | None, width: float) -> str | None:
    """Return the lengths of dashes and gaps: plotly's, which depend on the width of the line."""
    wide = max(width, 3.0)
    steps = {
        "dot": (1, 1),
        "dash": (3, 3),
        "dashdot": (3, 1, 1, 1),
        "longdash": (5, 5),
        "longdashdot": (5, 2, 1, 2),
    }
    if not dash or dash == "solid":
        return None
    if dash in steps:
        return ",".join(number(wide * step) for step in steps[dash])
    if re.fullmatch(r"[\d.,\spx%]+", dash):
        return dash.replace("px", "")
    raise UnsupportedFigure(f"A line with dash={dash!r} cannot be drawn as SVG.")


def is_transparent(color: str | None) -> bool:
    """Return whether a color is invisible."""
    if not color or color in {"transparent", "none"}:
        return True
    rgba = _RGBA.fullmatch(color)
    return rgba is not None and float(rgba[4]) == 0


def _paint(what: str, color: str | None) -> dict[str, Any]:
    if color is None or is_transparent(color):
        return {what: "none"}
    if not _COLOR.fullmatch(color):
        raise UnsupportedFigure(f"The color {color!r} cannot be drawn as SVG.")
    rgba = _RGBA.fullmatch(color)
    if rgba is None:
        return {what: color}
    red, green, blue, alpha = (float(one) for one in rgba.groups())
    opacity = {} if alpha >= 1 else {f"{what}_opacity": f"{alpha:g}"}
    return {what: f"#{round(red):02x}{round(green):02x}{round(blue):02x}", **opacity}


def text_lines(text: object) -> list[list[Run]]:
    """Parse a text of plotly, which interprets some HTML: lines of runs, without escapes."""
    lines = []
    for line in _BREAK.split(str(text)):
        runs, styles, end = [], {"bold": 0, "italic": 0}, 0
        for tag in [*_TAG.finditer(line), None]:
            part = line[end : tag.start() if tag else len(line)]
            if part:
                plain = escape_unprintable(unescape(part))
                runs.append(Run(plain, bold=styles["bold"] > 0, italic=styles["italic"] > 0))
            if tag:
                end = tag.end()
                name = tag[2].lower()
                style = "bold" if name in {"b", "strong"} else "italic" if name in {"i", "em"} else ""
                if style:
                    styles[style] += -1 if tag[1] else 1
        lines.append(runs)
    return lines


def plain_text(text: object) -> str:
    """Return a text of plotly in one line, without tags and escapes."""
    return " ".join("".join(run.text for run in line) for line in text_lines(text))


def text_width(text: object, size: float) -> float:
    """Return the estimated width of the longest line in pixels."""
    return max(_line_width(line) for line in text_lines(text)) * size * _SPARE


def text_height(text: object, size: float) -> float:
    """Return the height of all lines in pixels."""
    return len(text_lines(text)) * LINE_HEIGHT * size


def _line_width(line: Iterable[Run]) -> float:
    return sum(_character_width(one) * (1.07 if run.bold else 1.0) for run in line for one in run.text)


def _character_width(character: str) -> float:
    if character in _WIDTHS:
        return _WIDTHS[character]
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _WIDTH


def draw_text(  # noqa: PLR0913  # a text has as many properties
    text: object,
    x: float,
    y: float,
    *,
    size: float,
    color: str | None = None,
    anchor: str = "start",
    valign: str = "middle",
    angle: float = 0.0,
) -> str:
    """Draw a text at a point; empty if there is none.

    Parameters
    ----------
    anchor : {"start", "middle", "end"}
    valign : {"top", "middle", "bottom"}
        Which part of all its lines is at the point.
    angle : float
        Clockwise, in degrees.
    """
    lines = text_lines(text)
    if not any(lines):
        return ""
    height = len(lines) * LINE_HEIGHT * size
    top = y - {"top": 0.0, "middle": height / 2, "bottom": height}[valign]
    baseline = top + LINE_HEIGHT * size / 2 + BASELINE * size
    attributes = {
        **(fill(color) if color else {}),
        "font_size": size,
        "text_anchor": None if anchor == "start" else anchor,
        "transform": f"rotate({number(angle)} {number(x)} {number(y)})" if angle else None,
    }
    if len(lines) == 1:
        return element("text", _runs(lines[0]), x=x, y=baseline, **attributes)
    spans = [
        element("tspan", _runs(line) or " ", x=x, y=baseline + row * LINE_HEIGHT * size)
        for row, line in enumerate(lines)
    ]
    return element("text", *spans, **attributes)


def _runs(runs: Sequence[Run]) -> str:
    return "".join(
        element(
            "tspan",
            escape(run.text, quote=False),
            font_weight="bold" if run.bold else None,
            font_style="italic" if run.italic else None,
        )
        if run.bold or run.italic
        else escape(run.text, quote=False)
        for run in runs
    )
