"""Draw an explanation as SVG: the plan in layers, from inputs at the top to outputs at the bottom."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pretzel.compiler.explain.explanation import Explanation
from pretzel.compiler.explain.graphs import Picture
from pretzel.errors import InputError

LINE, PAD, GAP, DROP, ADVANCE, BEND = 16, 10, 28, 40, 7.1, 4
_SWEEPS = 8
MOST_BOXES = 500
_STYLE = """
  text { font: 12px Helvetica, Arial, sans-serif; text-anchor: middle; fill: #1f2430; }
  text.first { font-weight: bold; }
  .input rect { fill: #e8f1fb; stroke: #5b8fc7; } .output rect { fill: #eaf6e9; stroke: #5aa457; }
  .stage rect { fill: #fdfdfb; stroke: #8a8f99; } .hot rect { fill: #f6c7b6; } .warm rect { fill: #fbe9c6; }
  path { fill: none; stroke: #9aa1ad; stroke-width: 1.3; }
"""


@dataclass
class Box:
    """The position of a box (the middle of its top edge) and its size; a bend has no height until it is placed."""

    x: float
    y: float
    width: float
    height: float


def as_svg(report: Explanation, verbose: bool, width: int) -> str:
    """Return the plan as a standalone SVG document.

    Raises:
        InputError: the plan is too large to draw.
    """
    picture = Picture(report)
    if len(picture.boxes) > MOST_BOXES:
        raise InputError(f"a plan of {len(picture.boxes)} boxes is too large to draw; use the format text or json")
    drawing = Drawing.of(picture)
    across = max(box.x + box.width / 2 for box in drawing.boxes) + GAP
    height = max(box.y + box.height for box in drawing.boxes) + GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:.0f} {height:.0f}" width="{across:.0f}">',
        f"<title>{_escape(report.title)}</title>",
        f"<style>{_STYLE}</style>",
        *(_arrow([drawing.boxes[i] for i in way]) for way in drawing.ways),
        *(
            line
            for box, (kind, text), heat in zip(drawing.boxes, picture.boxes, picture.heat, strict=False)
            for line in _drawn(box, f"{kind} {heat}".strip(), text)
        ),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


@dataclass
class Drawing:
    """Positioned boxes: those of the picture first, then the bends of arrows that cross layers."""

    boxes: list[Box]
    ways: list[list[int]]
    """The boxes that each arrow passes through, from end to end."""
    layers: list[list[int]]

    @classmethod
    def of(cls, picture: Picture) -> Drawing:
        """Lay out a picture: each box in the layer below all its inputs, next to boxes with the same readers."""
        depth = _depths(picture)
        layers: list[list[int]] = [[] for _ in range(max(depth, default=0) + 1)]
        for i, d in enumerate(depth):
            layers[d].append(i)
        boxes = [Box(0, 0, _width(lines), LINE * len(lines) + PAD) for _, lines in picture.boxes]
        drawing = cls(boxes, [], layers)
        for a, b in picture.arrows:
            drawing._lead(a, b, depth)
        drawing._place(_ordered(layers, drawing.ways))
        return drawing

    def _lead(self, a: int, b: int, depth: list[int]) -> None:
        way = [a]
        for d in range(depth[a] + 1, depth[b]):
            way.append(len(self.boxes))
            self.layers[d].append(len(self.boxes))
            self.boxes.append(Box(0, 0, BEND, 0))
        self.ways.append([*way, b])

    def _place(self, layers: list[list[int]]) -> None:
        widest = max(self._layer_width(layer) for layer in layers)
        top = float(GAP)
        for layer in layers:
            height = max(self.boxes[i].height for i in layer)
            left = GAP + (widest - self._layer_width(layer)) / 2
            for i in layer:
                box = self.boxes[i]
                box.x, box.y, box.height = left + box.width / 2, top, box.height or height
                left += box.width + GAP
            top += height + DROP

    def _layer_width(self, layer: list[int]) -> float:
        return sum(self.boxes[i].width for i in layer) + GAP * (len(layer) - 1)


def _depths(picture: Picture) -> list[int]:
    depth = [0] * len(picture.boxes)
    for a, b in picture.arrows:  # readers follow their inputs, so one pass finds the longest path
        depth[b] = max(depth[b], depth[a] + 1)
    return [max(depth) if kind == "output" else d for d, (kind, _) in zip(depth, picture.boxes, strict=True)]


def _ordered(layers: list[list[int]], ways: list[list[int]]) -> list[list[int]]:
    # Sweep down and up in turn; sort each layer by the mean position of its boxes' neighbors in the previous layer.
    above: dict[int, list[int]] = defaultdict(list)
    below: dict[int, list[int]] = defaultdict(list)
    for way in ways:
        for a, b in zip(way, way[1:], strict=False):
            above[b].append(a)
            below[a].append(b)
    at = {i: place - len(layer) / 2 for layer in layers for place, i in enumerate(layer)}
    for sweep in range(_SWEEPS):
        joined = above if sweep % 2 == 0 else below
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            middles = {i: _mean([at[j] for j in joined[i]], at[i]) for i in layer}
            layer.sort(key=middles.__getitem__)
            at.update((i, place - len(layer) / 2) for place, i in enumerate(layer))
    return layers


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _width(lines: list[str]) -> float:
    return max(72.0, max(map(len, lines)) * ADVANCE + 2 * PAD)


def _arrow(way: list[Box]) -> str:
    a = way[0]
    path = f"M{a.x:.1f} {a.y + a.height:.1f}"
    for above, b in zip(way, way[1:], strict=False):
        start, end = above.y + above.height, b.y
        middle = (start + end) / 2
        path += f"C{above.x:.1f} {middle:.1f} {b.x:.1f} {middle:.1f} {b.x:.1f} {end:.1f}"
        if b is not way[-1]:
            path += f"V{b.y + b.height:.1f}"
    return f'<path d="{path}"/>'


def _drawn(box: Box, kind: str, lines: list[str]) -> Iterator[str]:
    left = box.x - box.width / 2
    yield f'<g class="{kind}">'
    yield f'<rect x="{left:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height}" rx="5"/>'
    for i, line in enumerate(lines):
        style = ' class="first"' if i == 0 else ""
        yield f'<text{style} x="{box.x:.1f}" y="{box.y + LINE * (i + 1):.1f}">{_escape(line)}</text>'
    yield "</g>"


def _escape(text: str) -> str:
    # XML cannot represent most control characters, escaped or not.
    return html.escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text))
