"""A plot of latencies as SVG: the milliseconds within which a share of the answers came, on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

Curve = Sequence[tuple[float, float]]
"""Shares of the answers and their milliseconds."""
WIDTH, HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 30, 60
COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7")
SHARES = ((0.0, "0"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %"), (0.99999, "99.999 %"))


def write_plot(path: Path, curves: Mapping[str, Curve]) -> None:
    """Write the plot of some runs, by name."""
    path.write_text(svg(curves))


def svg(curves: Mapping[str, Curve]) -> str:
    """Return the plot of some runs, by name."""
    values = [ms for curve in curves.values() for _, ms in curve if ms > 0]
    low, high = (math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))) if values else (-1, 1)
    axis = _Axis(low, max(high, low + 1))
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
            ' font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            *axis.lines(),
            *(line for i, (name, curve) in enumerate(curves.items()) for line in _run(axis, i, name, curve)),
            "</svg>\n",
        )
    )


class _Axis:
    """Places of shares and milliseconds."""

    def __init__(self, low: int, high: int) -> None:
        """Take the powers of ten between which the milliseconds are."""
        self._low, self._high = low, high

    def x(self, share: float) -> float:
        decades = min(-math.log10(max(1 - share, 1e-9)), 5.0)
        return _LEFT + decades / 5 * (WIDTH - _LEFT - _RIGHT)

    def y(self, ms: float) -> float:
        part = (math.log10(max(ms, 10.0**self._low)) - self._low) / (self._high - self._low)
        return HEIGHT - _BOTTOM - part * (HEIGHT - _TOP - _BOTTOM)

    def lines(self) -> Iterator[str]:
        """Yield the grid and its labels."""
        for share, label in SHARES:
            x = self.x(share)
            yield _line(x, _TOP, x, HEIGHT - _BOTTOM)
            yield _text(x, HEIGHT - _BOTTOM + 18, label, "middle")
        for power in range(self._low, self._high + 1):
            y = self.y(10.0**power)
            yield _line(_LEFT, y, WIDTH - _RIGHT, y)
            yield _text(_LEFT - 8, y + 4, f"{10.0**power:g} ms", "end")
        yield _text(WIDTH / 2, HEIGHT - 20, "share of the answers within this latency", "middle")


def _run(axis: _Axis, place: int, name: str, curve: Curve) -> Iterator[str]:
    colour = COLOURS[place % len(COLOURS)]
    points = " ".join(f"{axis.x(share):.1f},{axis.y(ms):.1f}" for share, ms in curve)
    yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield _text(_LEFT + 10, _TOP + 16 * (place + 1), escape(name), "start", colour)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = "black") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'
