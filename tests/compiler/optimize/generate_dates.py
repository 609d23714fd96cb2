"""Makers of operators on dates."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.dates import FIELDS, TICKS, UNITS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TEXT
from tests.compiler.optimize.generate import Draw, makes


def _ticks(draw: Draw) -> Node | None:
    return draw.pick(lambda node: node.type == TICKS)


@makes(ops.DatePart)
def _date_part(draw: Draw) -> Node | None:
    x = _ticks(draw)
    return None if x is None else ops.DatePart(x, draw.dice.choice([*UNITS]), draw.dice.choice(FIELDS))


@makes(ops.DateArithmetic)
def _date_arithmetic(draw: Draw) -> Node | None:
    a, b = _ticks(draw), _ticks(draw)
    return None if a is None or b is None else ops.DateArithmetic(a, b, draw.dice.choice(["add", "subtract"]))


@makes(ops.DateScale)
def _date_scale(draw: Draw) -> Node | None:
    x = _ticks(draw)
    return None if x is None else ops.DateScale(x, draw.dice.choice([1, 1000]), draw.dice.choice([1, 60]))


@makes(ops.LocalTime)
def _local_time(draw: Draw) -> Node | None:
    x = _ticks(draw)
    table = Parameter.of(np.array([0, 2])), Parameter.of(np.array([1, 2, 1]))
    return None if x is None else ops.LocalTime(x, *table, first=-100, last=10**6, zone="Europe/Berlin")


@makes(ops.ParseDate)
def _parse_date(draw: Draw) -> Node | None:
    x = draw.pick(lambda node: node.type == TEXT)
    return None if x is None else ops.ParseDate(x, "%Y-%m-%d", draw.dice.choice([*UNITS]), coerce=True)
