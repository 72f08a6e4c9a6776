"""Curves over time as sums of waves: what they are at a time, and what they add up to, without a step in between.

A counter that is read at any two times has to agree with every other reading, and no state is kept for it. So a curve has
to be a formula with an integral: a level and cosine waves. Products of such curves are such curves again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from poseidon_nb.sandbox import chance

DAY_S = 86_400.0
_WEEK_S = 7 * DAY_S
#: The first Sunday of Unix time began three days after it.
_SUNDAY_S = 3 * DAY_S
#: Below this a wave stands still.
_STILL = 1e-12
#: Seconds that the waves of a noise take; none is a multiple of another, so they do not repeat together.
_NOISE_S = (433.0, 1_709.0, 7_321.0, 40_009.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """A level, and waves around it.

    Attributes
    ----------
    level : float
        The mean over a long time.
    waves : tuple of tuple
        Amplitude, radians in a second, and phase of each.
    """

    level: float
    waves: tuple[tuple[float, float, float], ...] = ()

    def at(self, time: float) -> float:
        """Give the value at a time in Unix seconds."""
        cos = math.cos
        return self.level + sum([a * cos(w * time + p) for a, w, p in self.waves])

    def total(self, time: float) -> float:
        """Give the integral up to a time; only differences between two of them mean something."""
        sin = math.sin
        return self.level * time + sum([a / w * sin(w * time + p) for a, w, p in self.waves])

    @property
    def highest(self) -> float:
        """What the curve never exceeds."""
        return self.level + sum(abs(a) for a, _, _ in self.waves)

    def scaled(self, factor: float) -> Curve:
        """Give the curve so many times as high."""
        return Curve(self.level * factor, tuple((a * factor, w, p) for a, w, p in self.waves))

    def averaged(self, window_s: float) -> Curve:
        """Give the mean over the seconds before each time."""
        waves = []
        for a, w, p in self.waves:
            half = w * window_s / 2
            waves.append((a * math.sin(half) / half, w, p - half))
        return Curve(self.level, tuple(waves))

    def __add__(self, other: Curve) -> Curve:
        return Curve(self.level + other.level, self.waves + other.waves)

    def __mul__(self, other: Curve) -> Curve:
        level = self.level * other.level
        waves = [(a * other.level, w, p) for a, w, p in self.waves]
        waves += [(a * self.level, w, p) for a, w, p in other.waves]
        for a, w, p in self.waves:
            for b, v, q in other.waves:
                half = a * b / 2
                waves.append((half, w + v, p + q))
                if abs(w - v) < _STILL:
                    level += half * math.cos(p - q)
                else:
                    waves.append((half, w - v, p - q))
        return Curve(level, tuple(waves))


def daily(hour: float) -> Curve:
    """Give a curve from 0 to 1 that is highest at an hour of each day (UTC) and lowest twelve hours later."""
    speed = 2 * math.pi / DAY_S
    phase = -speed * hour * 3600
    # The square of (1 + cos) / 2: a longer night than a plain wave has.
    return Curve(0.375, ((0.5, speed, phase), (0.125, 2 * speed, 2 * phase)))


def weekly(dip: float) -> Curve:
    """Give a curve that falls from 1 by this share in the night to Sunday."""
    speed = 2 * math.pi / _WEEK_S
    return Curve(1 - dip / 2, ((-dip / 2, speed, -speed * _SUNDAY_S),))


def noise(strength: float, *parts: object) -> Curve:
    """Give a restless curve around 1, never further from it than the strength; it follows from the parts alone."""
    share = strength / len(_NOISE_S)
    return Curve(
        1.0,
        tuple(
            (
                share,
                2 * math.pi / (period_s * (0.9 + 0.2 * chance.share(*parts, "period", period_s))),
                2 * math.pi * chance.share(*parts, "phase", period_s),
            )
            for period_s in _NOISE_S
        ),
    )
