"""Kernels of the operators on dates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.dates import formats_of, pieces_of
from pretzel.plan.parameter import Parameter


def _pieces(node: Node) -> Mapping[str, Parameter]:
    """Return the formats as pairs of bytes, the letter of a directive or 0 and a character; 0, 0 ends each."""
    assert isinstance(node, ops.ParseDate)
    pieces = [piece for format in formats_of(node.format) for piece in (*pieces_of(format), ("", ""))]
    pairs = [(ord(letter or "\0"), ord(character or "\0")) for letter, character in pieces]
    return {"pieces": Parameter.of(np.array(pairs, np.uint8))}


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.DatePart: (Binding("date_part", "dates.ticks:DatePart"),),
    ops.DateArithmetic: (Binding("date_arithmetic", "dates.ticks:DateArithmetic"),),
    ops.DateScale: (Binding("date_scale", "dates.ticks:DateScale"),),
    ops.LocalTime: (Binding("local_time", "dates.ticks:LocalTime"),),
    ops.ParseDate: (Binding("parse_date", "dates.parsing:ParseDate", derive=_pieces),),
}
