"""Random legal definitions, built by type: the next operator is any that accepts an existing value."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TEXT
from pretzel.plan.values import Csr
from tests.compiler import optimize as optimize_tests

ROWS = 5
WORDS = ["a", "b", "ab", "ba", "a b", "Ab", "c"]
OFTEN = {
    *(ops.Linear, ops.Concat, ops.Normalize, ops.Affine, ops.Standardize, ops.RequireFinite),
    *(ops.CountNgrams, ops.OneHot, ops.Select, ops.Densify, ops.Cast),
}
"""The most common operators of models."""
Maker = Callable[["Draw"], Node | None]
MAKERS: dict[type[Node], Maker] = {}


class Draw:
    """The nodes so far, and the random generator."""

    def __init__(self, seed: int, inputs: Sequence[tuple[str, str]] = ()) -> None:
        self.dice = random.Random(seed)
        kinds = ["str", "f64", "f64[3]", "f64[5]", "i64", "f64{4}", "f32[3]", "f32{4}"]
        chosen = self.dice.sample(kinds, self.dice.randint(1, 4))
        more = [] if inputs else [(f"x{i}", kind) for i, kind in enumerate(chosen)]
        self.nodes: list[Node] = [ops.Input(name, kind) for name, kind in (*inputs, *more)]
        self.preferred: list[Node] = []
        """Nodes that the next picks return, in order, if they fit."""

    def pick(self, fits: Callable[[Node], bool]) -> Node | None:
        """Return a preferred node, or else one that fits, often the newest."""
        while self.preferred:
            node = self.preferred.pop(0)
            if fits(node):
                return node
        fitting = [node for node in self.nodes if fits(node)]
        if not fitting:
            return None
        return fitting[-1] if self.dice.random() < 0.8 else self.dice.choice(fitting)

    def array(self, *shape: int, dtype: str = "f8") -> Parameter:
        """Return numbers between -3 and 3; sometimes all ones or zeros, sometimes some zeros."""
        kind = self.dice.random()
        values = np.array([self.dice.uniform(-3, 3) for _ in range(int(np.prod(shape)))]).reshape(shape)
        if kind < 0.15:
            values = np.full(shape, float(self.dice.choice([0, 1])))
        elif kind < 0.3:
            values = np.where(np.abs(values) < 1, 0.0, values)
        return Parameter.of(values.astype(dtype))

    def definition(self, always: Sequence[Node] = ()) -> Definition:
        """Return a definition whose outputs are the newest node, those in ``always``, and sometimes others."""
        shown = [node for node in self.nodes if node.type.layout != "ragged"]
        others = self.dice.sample(shown, min(len(shown), self.dice.choice([0, 0, 0, 1])))
        roots = dict.fromkeys([shown[-1], *always, *others])
        inputs = tuple(node for node in self.nodes if isinstance(node, ops.Input))
        return Definition({f"y{i}": root for i, root in enumerate(roots)}, inputs)

    def maybe(self, make: Callable[[], Any], otherwise: Any = None) -> Any:
        """Return one or the other at random."""
        return make() if self.dice.random() < 0.5 else otherwise


def definition(seed: int, steps: int = 16) -> Definition:
    """Return a random definition, the same for a seed on every machine."""
    draw = Draw(seed)
    random_nodes(draw, steps + 1 - len(draw.nodes), draw.dice.randint(8, 8 * steps))
    return draw.definition()


def random_nodes(draw: Draw, count: int, tries: int = 100) -> None:
    """Add up to so many nodes over values that fit."""
    makers = [maker for operator, maker in MAKERS.items() for _ in range(6 if operator in OFTEN else 1)]
    most = len(draw.nodes) + count
    for _ in range(tries):
        if len(draw.nodes) >= most:
            break
        try:
            node = draw.dice.choice(makers)(draw)
        except DefinitionError:
            continue  # the values did not fit
        if node is not None and node.type.columns <= 40:
            draw.nodes.append(node)


def columns(definition: Definition, seed: int) -> dict[str, Any]:
    """Return a value for each input: numbers, sometimes infinite or missing; texts of few characters."""
    dice = random.Random(seed)
    return {node.column: _column(node, dice) for node in definition.inputs}


def _column(node: ops.Input, dice: random.Random) -> Any:
    kind = node.type
    if kind == TEXT:
        return ["".join(dice.choice("abAB c") for _ in range(dice.randint(0, 9))) for _ in range(ROWS)]
    if kind.layout == "ragged":  # the same lengths in every such column, as for names and values
        return [[dice.choice(WORDS) if kind.is_text else dice.gauss(0, 3)] * (row % 3) for row in range(ROWS)]
    if kind.dtype == "i64":
        return np.array([dice.randint(-1, 4) for _ in range(ROWS)])
    odd = dice.random() < 0.2
    values = np.array([_number(dice, odd) for _ in range(ROWS * kind.columns)]).astype(kind.numpy)
    if kind.layout == "sparse":
        matrix = values.reshape(ROWS, kind.columns)
        return _stored(dice.choice([Csr.of, Csr.of, _whole])(matrix), dice.choice([1, 1, 1, 2]))
    return values if kind.width is None else values.reshape(ROWS, kind.width)


def _whole(matrix: np.ndarray) -> Csr:
    """Return rows that also store their zeros."""
    rows, width = matrix.shape
    columns = np.tile(np.arange(width, dtype=np.int32), rows)
    return Csr(matrix.ravel(), columns, np.arange(rows + 1, dtype=np.int64) * width, width)


def _stored(x: Csr, times: int) -> Csr:
    """Return rows that store each value several times."""
    return Csr(np.repeat(x.data, times), np.repeat(x.indices, times), x.starts * times, x.width)


def _number(dice: random.Random, odd: bool) -> float:
    special = [0.0, 0.0, 1.0, *([float("nan"), float("inf"), -float("inf")] if odd else [])]
    return dice.choice(special) if dice.random() < 0.3 else dice.gauss(0, 3)


def makes(operator: type[Node]) -> Callable[[Maker], Maker]:
    """Register the function that builds an operator over a value that fits."""

    def register(maker: Maker) -> Maker:
        MAKERS[operator] = maker
        return maker

    return register


def is_float(node: Node) -> bool:
    return node.type.is_float


def is_dense(node: Node) -> bool:
    return node.type.is_float and node.type.layout == "dense"


def is_wide(node: Node) -> bool:
    """Return whether the values are dense float64."""
    return is_dense(node) and node.type.dtype == "f64"


def is_matrix(node: Node) -> bool:
    return node.type.layout != "ragged" and bool(node.type.width)


def has_distinct_columns(node: Node) -> bool:
    """Return whether no two columns are equal up to rounding, as the weights of a duplicated row are."""
    return is_matrix(node) and is_dense(node) and not isinstance(node, ops.Barycenter)


def is_number(node: Node) -> bool:
    return not node.type.is_text and node.type.layout != "ragged"


def is_code(node: Node) -> bool:
    return str(node.type) == "i64"


def simple(operator: Any, fits: Callable[[Node], bool], fields: Callable[[Draw, Node], dict[str, Any]]) -> None:
    """Register an operator of one input whose other fields are drawn after it."""

    def make(draw: Draw) -> Node | None:
        x = draw.pick(fits)
        return None if x is None else operator(x, **fields(draw, x))

    MAKERS[operator] = make


for _family in pkgutil.iter_modules(optimize_tests.__path__):
    if _family.name.startswith("generate_"):  # these register their makers
        importlib.import_module(f"{optimize_tests.__name__}.{_family.name}")
