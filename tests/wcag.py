"""The contrast of two opaque colors by WCAG 2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the contrast, from 1 to 21, of two colors with red, green and blue from 0 to 255."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def rgb(color: str, *, over: str = "") -> list[float]:
    """Return red, green and blue of a color: ``#404040``, ``rgb(64, 64, 64)``, or a transparent one over an opaque one."""
    if color.startswith("#"):
        return [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    *parts, alpha = [*map(float, re.findall(r"[\d.]+", color)), 1.0][:4]
    if not over:
        assert alpha == 1, f"{color} is not opaque: what is behind it counts too"
        return parts
    return [part * alpha + behind * (1 - alpha) for part, behind in zip(parts, rgb(over), strict=True)]


def _luminance(color: Sequence[float]) -> float:
    parts = (part / 255 for part in color[:3])
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
