"""An explanation as a picture that any browser shows: the plan in layers, from inputs at the top to outputs below."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pretzel.control_plane.explain.explanation import Explanation
from pretzel.control_plane.explain.graphs import Picture

LINE, PAD, GAP, DROP, LETTER = 16, 10, 28, 46, 7.1
_SWEEPS = 6
_STYLE = """
  text { font: 12px Helvetica, Arial, sans-serif; text-anchor: middle; fill: #1f2430; }
  text.first { font-weight: bold; }
  .input rect { fill: #e8f1fb; stroke: #5b8fc7; } .output rect { fill: #eaf6e9; stroke: #5aa457; }
  .stage rect { fill: #fdfdfb; stroke: #8a8f99; }
  path { fill: none; stroke: #9aa1ad; stroke-width: 1.3; }
"""


@dataclass
class Box:
    """Where a box stands: the middle of its top edge, and its size."""

    x: float
    y: float
    width: float
    height: float


def as_svg(told: Explanation, verbose: bool) -> str:
    """Return the plan as a standalone SVG document."""
    picture = Picture(told.plan)
    boxes = place(picture)
    width = max(box.x + box.width / 2 for box in boxes) + GAP
    height = max(box.y + box.height for box in boxes) + GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">',
        f"<title>{_escape(told.title)}</title>",
        f"<style>{_STYLE}</style>",
        *(_arrow(boxes[a], boxes[b]) for a, b in picture.arrows),
        *(line for i, box in enumerate(boxes) for line in _drawn(box, *picture.boxes[i])),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def place(picture: Picture) -> list[Box]:
    """Return a place for each box: in the layer below all that it reads, beside those it shares readers with."""
    layers = _ordered(_layers(picture), picture)
    boxes = [Box(0, 0, _width(lines), LINE * len(lines) + PAD) for _, lines in picture.boxes]
    widest = max(_layer_width(layer, boxes) for layer in layers)
    top = float(GAP)
    for layer in layers:
        left = GAP + (widest - _layer_width(layer, boxes)) / 2
        for i in layer:
            boxes[i].x, boxes[i].y = left + boxes[i].width / 2, top
            left += boxes[i].width + GAP
        top += max(boxes[i].height for i in layer) + DROP
    return boxes


def _layers(picture: Picture) -> list[list[int]]:
    depth = [0] * len(picture.boxes)
    for a, b in picture.arrows:  # readers come after what they read, so one pass finds the longest path
        depth[b] = max(depth[b], depth[a] + 1)
    last = max(depth, default=0)
    layers: dict[int, list[int]] = defaultdict(list)
    for i, (kind, _) in enumerate(picture.boxes):
        layers[last if kind == "output" else depth[i]].append(i)
    return [layers[d] for d in sorted(layers)]


def _ordered(layers: list[list[int]], picture: Picture) -> list[list[int]]:
    neighbours: dict[int, list[int]] = defaultdict(list)
    for a, b in picture.arrows:
        neighbours[a].append(b)
        neighbours[b].append(a)
    for _ in range(_SWEEPS):
        at = {i: (place + 0.5) / len(layer) for layer in layers for place, i in enumerate(layer)}
        layers = [sorted(layer, key=lambda i: _mean([at[j] for j in neighbours[i]], at[i])) for layer in layers]
    return layers


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _layer_width(layer: list[int], boxes: list[Box]) -> float:
    return sum(boxes[i].width for i in layer) + GAP * (len(layer) - 1)


def _width(lines: list[str]) -> float:
    return max(72.0, max(map(len, lines)) * LETTER + 2 * PAD)


def _arrow(a: Box, b: Box) -> str:
    start, end = a.y + a.height, b.y
    bend = (end - start) / 2
    curve = f"C{a.x:.1f} {start + bend:.1f} {b.x:.1f} {end - bend:.1f} {b.x:.1f} {end:.1f}"
    return f'<path d="M{a.x:.1f} {start:.1f}{curve}"/>'


def _drawn(box: Box, kind: str, lines: list[str]) -> Iterator[str]:
    left = box.x - box.width / 2
    yield f'<g class="{kind}">'
    yield f'<rect x="{left:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height}" rx="5"/>'
    for i, line in enumerate(lines):
        style = ' class="first"' if i == 0 else ""
        yield f'<text{style} x="{box.x:.1f}" y="{box.y + LINE * (i + 1):.1f}">{_escape(line)}</text>'
    yield "</g>"


def _escape(text: str) -> str:
    # XML has no way to hold most control characters, escaped or not.
    return html.escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text))
