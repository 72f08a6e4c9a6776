"""Colors: text that is readable on the white of the picture, and the scale of a heatmap."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from poseidon_nb.plots.svg.elements import UnsupportedFigure, is_transparent

if TYPE_CHECKING:
    from collections.abc import Sequence

    Color = tuple[float, float, float, float]

#: The contrast of text, by WCAG: of the ink, which is in all texts without a color of their own, and of others.
INK_CONTRAST, TEXT_CONTRAST = 7.0, 4.5
_BYTE = 255
#: Part of the light that is left in each step to a darker color.
_DARKER = 0.93
_FUNCTION = re.compile(r"rgba?\(\s*([\d.]+)\s*,\s*([\d.]+)\s*,\s*([\d.]+)\s*(?:,\s*([\d.]+)\s*)?\)")
_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_NAMES = {"black": "#000", "white": "#fff", "gray": "#808080", "grey": "#808080", "red": "#f00", "green": "#008000"}


def parsed(color: str) -> Color | None:
    """Return red, green and blue from 0 to 255 and the opacity; None for a color by a name that is not known here."""
    color = _NAMES.get(color, color)
    function, digits = _FUNCTION.fullmatch(color), _HEX.fullmatch(color)
    if function:
        red, green, blue, alpha = function.groups()
        return float(red), float(green), float(blue), float(alpha or 1)
    if digits:
        text = digits[1] if len(digits[1]) > 3 else "".join(2 * one for one in digits[1])  # noqa: PLR2004  # a short form
        red, green, blue = (int(text[at : at + 2], 16) for at in (0, 2, 4))
        return float(red), float(green), float(blue), 1.0
    return None


def contrast_with_white(color: Color) -> float:
    """Return the contrast of an opaque color and white, by WCAG."""
    channels = [one / _BYTE for one in color[:3]]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)  # noqa: PLR2004  # of sRGB
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def readable(color: str, at_least: float = TEXT_CONTRAST) -> str:
    """Return a color of text for a white page: the same, or the darker one that has enough contrast."""
    known = parsed(color)
    if known is None or is_transparent(color):
        return color
    red, green, blue, _ = known
    if contrast_with_white(known) >= at_least:
        return color
    while contrast_with_white((red, green, blue, 1.0)) < at_least:
        red, green, blue = red * _DARKER, green * _DARKER, blue * _DARKER
    return f"#{round(red):02x}{round(green):02x}{round(blue):02x}"


def scale_color(scale: Sequence[Sequence[object]], part: float) -> str:
    """Return the color of a scale at a part of it from 0 to 1."""
    stops = [(float(str(at)), str(color)) for at, color in scale]
    part = min(max(part, stops[0][0]), stops[-1][0])
    for (low, color), (high, next_color) in itertools.pairwise(stops):
        if part <= high:
            if part in {low, high}:
                return color if part == low else next_color
            first, second = parsed(color), parsed(next_color)
            if first is None or second is None:
                raise UnsupportedFigure(f"A color scale with the color {color!r} cannot be drawn as SVG.")
            mix = (part - low) / (high - low)
            red, green, blue, alpha = (a + (b - a) * mix for a, b in zip(first, second, strict=True))
            return f"rgba({round(red)}, {round(green)}, {round(blue)}, {alpha:.3f})"
    return stops[-1][1]
