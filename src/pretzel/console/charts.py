"""Charts of time series as SVG, drawn on the server; the page's style sheet gives them colors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from pretzel.console.history import WINDOW, Point

WIDTH, HEIGHT = 600, 120
"""Of the drawing; the page stretches it."""
GAP = 45.0
"""Seconds without a point that interrupt a line: longer than the time between two scrapes."""
Value = Callable[[Point], float | None]


@dataclass(frozen=True)
class Line:
    """One line of a chart."""

    name: str
    value: Value
    kind: str
    """Class of its color."""


@dataclass(frozen=True)
class Scale:
    """The vertical axis of a chart."""

    low: float
    high: float
    is_logarithmic: bool
    """The bounds are exponents of ten."""

    def place(self, value: float) -> float:
        """Return the height of a value, from 0 to 1."""
        amount = math.log10(max(value, 1e-300)) if self.is_logarithmic else value
        return min(max((amount - self.low) / (self.high - self.low), 0.0), 1.0)

    def value(self, share: float) -> float:
        """Return the value at a height."""
        amount = self.low + share * (self.high - self.low)
        return 10.0**amount if self.is_logarithmic else amount


@dataclass(frozen=True)
class Chart:
    """A drawn chart, and the texts next to it."""

    title: str
    svg: Markup
    levels: Sequence[str]
    """The values at the upper edge, in the middle, and at the lower edge."""
    lines: Sequence[tuple[str, str, str]]
    """Name, kind and present value of each line."""

    @property
    def is_single(self) -> bool:
        """True if it has one line, which needs no legend."""
        return len(self.lines) == 1


def chart(
    title: str,
    points: Sequence[Point],
    now: float,
    lines: Sequence[Line],
    unit: Callable[[float], str],
    scaled: Callable[[Sequence[float]], Scale],
) -> Chart:
    """Draw lines over the last ten minutes."""
    scale = scaled([value for line in lines for point in points if (value := line.value(point)) is not None])
    drawn = "".join(_drawn(line, points, now, scale) for line in lines)
    last = points[-1] if points else None
    current = [(line.name, line.kind, _current(line, last, unit)) for line in lines]
    spoken = f"{title} over ten minutes; " + ", ".join(f"{name} now {value}" for name, _, value in current)
    svg = (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(spoken)}"><path class="grid" d="M0 {HEIGHT // 2}H{WIDTH}M0 0.5H{WIDTH}"/>'
        f'{drawn}<path class="axis" d="M0 {HEIGHT}H{WIDTH}"/></svg>'
    )
    return Chart(title, Markup(svg), [_plain(unit(scale.value(share))) for share in (1.0, 0.5, 0.0)], current)


def from_zero(values: Sequence[float]) -> Scale:
    """Return a scale from zero to 1, 2 or 5 times a power of ten."""
    return Scale(0.0, _ceiling(max(values, default=0.0)), False)


def by_decades(values: Sequence[float]) -> Scale:
    """Return a logarithmic scale of two or four decades, or more, around all values."""
    positive = [value for value in values if value > 0]
    low = math.floor(math.log10(min(positive, default=1e-5)))
    high = max(math.ceil(math.log10(max(positive, default=1e-3))), low + 2)
    return Scale(low, high + (high - low) % 2, True)  # the middle is a power of ten, too


def bar(share: float, kind: str = "") -> Markup:
    """Draw a share of a whole, 0 to 1."""
    width = 100 * min(max(share, 0.0), 1.0)
    return Markup(
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="whole" width="100" height="6"/>'
        f'<rect class="part {escape(kind)}" width="{width:.1f}" height="6"/></svg>'
    )


def _plain(text: str) -> str:
    """Return a round number without its zeros: ``50 /s`` for ``50.0 /s``."""
    number, _, rest = text.partition(" ")
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {rest}"


def _current(line: Line, last: Point | None, unit: Callable[[float], str]) -> str:
    value = None if last is None else line.value(last)
    return "–" if value is None else unit(value)


def _drawn(line: Line, points: Sequence[Point], now: float, scale: Scale) -> str:
    """Return the paths of a line: interrupted where nothing is known, and with an area if it is the only one."""
    parts: list[list[tuple[float, float]]] = [[]]
    before = -math.inf
    for point in points:
        value = line.value(point)
        if value is None or point.at - before > GAP:
            parts.append([])
        if value is not None:
            x = WIDTH * (1 - (now - point.at) / WINDOW)
            parts[-1].append((min(max(x, 0.0), WIDTH), HEIGHT * (1 - scale.place(value))))
            before = point.at
    return "".join(_path(part, line.kind) for part in parts if part)


def _path(part: Sequence[tuple[float, float]], kind: str) -> str:
    if len(part) == 1:
        part = [(max(part[0][0] - 3, 0.0), part[0][1]), part[0]]
    steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in part)
    area = f"M{part[0][0]:.1f} {HEIGHT}L{steps}L{part[-1][0]:.1f} {HEIGHT}Z"
    return f'<path class="area {kind}" d="{area}"/><path class="line {kind}" d="M{steps}"/>'


def _ceiling(value: float) -> float:
    """Return 1, 2 or 5 times a power of ten that is at least ``value``; 1 for zero."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))
