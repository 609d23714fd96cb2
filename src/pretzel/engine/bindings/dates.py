"""Kernels of the operators on dates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.dates import pieces_of
from pretzel.plan.parameter import Parameter


def _pieces(node: Node) -> Mapping[str, Parameter]:
    """Return the format as pairs of bytes: the letter of a directive or 0, and a character."""
    assert isinstance(node, ops.ParseDate)
    pieces = [(ord(letter or "\0"), ord(character or "\0")) for letter, character in pieces_of(node.format)]
    return {"pieces": Parameter.of(np.array(pieces, np.uint8).reshape(-1, 2))}


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.DatePart: (Binding("date_part", "dates.ticks:DatePart"),),
    ops.DateArithmetic: (Binding("date_arithmetic", "dates.ticks:DateArithmetic"),),
    ops.DateScale: (Binding("date_scale", "dates.ticks:DateScale"),),
    ops.LocalTime: (Binding("local_time", "dates.ticks:LocalTime"),),
    ops.ParseDate: (Binding("parse_date", "dates.parsing:ParseDate", derive=_pieces),),
}
