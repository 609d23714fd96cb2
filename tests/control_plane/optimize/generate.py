"""Random legal definitions, made by the types of values: every operator that some value fits can come next."""

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
from pretzel.plan.ops.dense import FUNCTIONS
from pretzel.plan.ops.features import POWERS
from pretzel.plan.ops.heads import LINKS
from pretzel.plan.ops.linear import METRICS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import TEXT, TOKENS
from pretzel.plan.values import Csr
from tests.control_plane import optimize as optimize_tests

ROWS = 5
WORDS = ["a", "b", "ab", "ba", "a b", "Ab", "c"]
OFTEN = {
    *(ops.Linear, ops.Concat, ops.Normalize, ops.Affine, ops.Standardize, ops.RequireFinite),
    *(ops.CountNgrams, ops.OneHot, ops.Select, ops.Densify, ops.Cast),
}
"""What models are mostly made of."""
Maker = Callable[["Draw"], Node | None]
MAKERS: dict[type[Node], Maker] = {}


class Draw:
    """What was made so far, and the dice."""

    def __init__(self, seed: int, inputs: Sequence[tuple[str, str]] = ()) -> None:
        self.dice = random.Random(seed)
        kinds = ["str", "f64", "f64[3]", "f64[5]", "i64", "f64{4}", "f32[3]", "f32{4}"]
        chosen = self.dice.sample(kinds, self.dice.randint(1, 4))
        more = [] if inputs else [(f"x{i}", kind) for i, kind in enumerate(chosen)]
        self.nodes: list[Node] = [ops.Input(name, kind) for name, kind in (*inputs, *more)]
        self.wanted: list[Node] = []
        """What the next picks return, in order, where it fits."""

    def pick(self, fits: Callable[[Node], bool]) -> Node | None:
        """A node that is wanted, or else one that fits, often the newest."""
        while self.wanted:
            wanted = self.wanted.pop(0)
            if fits(wanted):
                return wanted
        fitting = [node for node in self.nodes if fits(node)]
        if not fitting:
            return None
        return fitting[-1] if self.dice.random() < 0.8 else self.dice.choice(fitting)

    def array(self, *shape: int, dtype: str = "f8") -> Parameter:
        """Numbers between -3 and 3; sometimes all ones or zeros, sometimes some zeros."""
        kind = self.dice.random()
        values = np.array([self.dice.uniform(-3, 3) for _ in range(int(np.prod(shape)))]).reshape(shape)
        if kind < 0.15:
            values = np.full(shape, float(self.dice.choice([0, 1])))
        elif kind < 0.3:
            values = np.where(np.abs(values) < 1, 0.0, values)
        return Parameter.of(values.astype(dtype))

    def definition(self, always: Sequence[Node] = ()) -> Definition:
        """The newest node, those that always are, and now and then others, as outputs."""
        shown = [node for node in self.nodes if node.type.layout != "ragged"]
        others = self.dice.sample(shown, min(len(shown), self.dice.choice([0, 0, 0, 1])))
        roots = dict.fromkeys([shown[-1], *always, *others])
        inputs = tuple(node for node in self.nodes if isinstance(node, ops.Input))
        return Definition({f"y{i}": root for i, root in enumerate(roots)}, inputs)

    def maybe(self, make: Callable[[], Any], otherwise: Any = None) -> Any:
        """One or the other, by the toss of a coin."""
        return make() if self.dice.random() < 0.5 else otherwise


def definition(seed: int, steps: int = 16) -> Definition:
    """Return the definition of a seed, the same on every machine."""
    draw = Draw(seed)
    random_nodes(draw, steps + 1 - len(draw.nodes), draw.dice.randint(8, 8 * steps))
    return draw.definition()


def random_nodes(draw: Draw, count: int, tries: int = 100) -> None:
    """Add up to so many nodes, each over values that fit it."""
    makers = [maker for operator, maker in MAKERS.items() for _ in range(6 if operator in OFTEN else 1)]
    most = len(draw.nodes) + count
    for _ in range(tries):
        if len(draw.nodes) >= most:
            break
        try:
            node = draw.dice.choice(makers)(draw)
        except DefinitionError:
            continue  # the values did not fit after all
        if node is not None and node.type.columns <= 40:
            draw.nodes.append(node)


def columns(made: Definition, seed: int) -> dict[str, Any]:
    """Return a value for each input: numbers, now and then infinite or missing; texts of few letters."""
    dice = random.Random(seed)
    return {node.column: _column(node, dice) for node in made.inputs}


def _column(node: ops.Input, dice: random.Random) -> Any:
    kind = node.type
    if kind == TEXT:
        return ["".join(dice.choice("abAB c") for _ in range(dice.randint(0, 9))) for _ in range(ROWS)]
    if kind.layout == "ragged":  # of the same lengths in every such column, as names and values have
        return [[dice.choice(WORDS) if kind.is_text else dice.gauss(0, 3)] * (row % 3) for row in range(ROWS)]
    if kind.dtype == "i64":
        return np.array([dice.randint(-1, 4) for _ in range(ROWS)])
    odd = dice.random() < 0.2
    values = np.array([_number(dice, odd) for _ in range(ROWS * kind.columns)]).astype(kind.numpy)
    if kind.layout == "sparse":
        return _stored(Csr.of(values.reshape(ROWS, kind.columns)), dice.choice([1, 1, 1, 2]))
    return values if kind.width is None else values.reshape(ROWS, kind.width)


def _stored(x: Csr, times: int) -> Csr:
    """Return rows that store each value so many times."""
    return Csr(np.repeat(x.data, times), np.repeat(x.indices, times), x.starts * times, x.width)


def _number(dice: random.Random, odd: bool) -> float:
    special = [0.0, 0.0, 1.0, *([float("nan"), float("inf"), -float("inf")] if odd else [])]
    return dice.choice(special) if dice.random() < 0.3 else dice.gauss(0, 3)


def makes(operator: type[Node]) -> Callable[[Maker], Maker]:
    """Register how an operator is made over a value that fits."""

    def register(maker: Maker) -> Maker:
        MAKERS[operator] = maker
        return maker

    return register


def _is_float(node: Node) -> bool:
    return node.type.is_float


def _is_dense(node: Node) -> bool:
    return node.type.is_float and node.type.layout == "dense"


def _is_wide(node: Node) -> bool:
    return _is_dense(node) and node.type.dtype == "f64"


def _is_matrix(node: Node) -> bool:
    return node.type.layout != "ragged" and bool(node.type.width)


def _is_apart(node: Node) -> bool:
    """Whether no dense columns are equal but for rounding, as the weights of one row taken twice are."""
    return _is_matrix(node) and _is_dense(node) and not isinstance(node, ops.Barycenter)


def _is_number(node: Node) -> bool:
    return not node.type.is_text and node.type.layout != "ragged"


def _is_code(node: Node) -> bool:
    return str(node.type) == "i64"


def _simple(operator: Any, fits: Callable[[Node], bool], fields: Callable[[Draw, Node], dict[str, Any]]) -> None:
    def make(draw: Draw) -> Node | None:
        x = draw.pick(fits)
        return None if x is None else operator(x, **fields(draw, x))

    MAKERS[operator] = make


_simple(ops.Lowercase, lambda n: n.type == TEXT, lambda d, x: {})
_simple(ops.StripAccents, lambda n: n.type == TEXT, lambda d, x: {"form": d.dice.choice(["ascii", "unicode"])})
_simple(ops.Tokenize, lambda n: n.type == TEXT, lambda d, x: {"pattern": r"(?u)\b\w\w+\b"})
_simple(
    ops.FilterTokens,
    lambda n: n.type == TOKENS,
    lambda d, x: {"stop_words": Parameter.strings(d.dice.choice([[], ["ab"]]))},
)
_simple(
    ops.CountNgrams,
    lambda n: n.type in (TEXT, TOKENS),
    lambda d, x: {
        "vocabulary": Parameter.of(d.dice.sample(WORDS, d.dice.randint(1, 5))),
        "unit": "word" if x.type == TOKENS else d.dice.choice(["char", "char_wb"]),
        "low": 1,
        "high": 2,
        "dtype": d.dice.choice(["f64", "f64", "i64", "f32"]),
        "binary": d.dice.random() < 0.3,
    },
)
_simple(
    ops.Lookup,
    lambda n: str(n.type) in ("str", "f64", "i64"),
    lambda d, x: {
        "keys": Parameter.of(WORDS) if x.type.is_text else Parameter.of(np.array([0, 1, 2], x.type.numpy)),
        "nan_code": d.dice.choice([-1, 3]),
        "refuse_unknown": d.dice.random() < 0.1,
    },
)
_simple(
    ops.OneHot,
    _is_code,
    lambda d, x: {"width": d.dice.randint(1, 4), "dtype": d.dice.choice(["f64", "f64", "f32"])},
)
_simple(
    ops.Take,
    _is_code,
    lambda d, x: {
        "table": d.maybe(lambda: d.array(4), d.array(3, 2)),
        "default": d.dice.choice([0.0, float("nan"), 1.5]),
    },
)
_simple(
    ops.Constant,
    lambda n: n.type.layout != "ragged",
    lambda d, x: {"row": Parameter.of(d.maybe(lambda: d.array(1, 2), d.array(1)).array)},
)
_simple(
    ops.Select,
    _is_matrix,
    lambda d, x: {"columns": Parameter.of(np.array(_some_columns(d, x.type.columns), np.int64))},
)
_simple(
    ops.Column,
    lambda n: _is_matrix(n) and n.type.layout == "dense",
    lambda d, x: {"index": d.dice.randrange(x.type.columns)},
)
_simple(ops.Cast, _is_number, lambda d, x: {"dtype": d.dice.choice(["f64", "f64", "f32", "i64"])})
_simple(ops.Densify, lambda n: n.type.layout == "sparse", lambda d, x: {})
_simple(
    ops.Affine,
    _is_float,
    lambda d, x: {
        "scale": d.array(x.type.columns),
        "shift": None if x.type.layout == "sparse" else d.maybe(lambda: d.array(x.type.columns)),
    },
)
_simple(
    ops.Standardize,
    _is_float,
    lambda d, x: {
        "mean": None if x.type.layout == "sparse" else d.maybe(lambda: d.array(x.type.columns)),
        "scale": d.maybe(lambda: Parameter.of(np.exp(d.array(x.type.columns).array))),
    },
)
_simple(ops.Elementwise, _is_float, lambda d, x: {"function": d.dice.choice(FUNCTIONS)})
_simple(
    ops.Clip,
    _is_dense,
    lambda d, x: (
        dict.fromkeys(["low"], Parameter.of(np.full(x.type.columns, d.dice.choice([-np.inf, -1.0]))))
        | dict.fromkeys(["high"], Parameter.of(np.full(x.type.columns, d.dice.choice([np.inf, 1.0]))))
    ),
)
_simple(
    ops.Impute,
    _is_dense,
    lambda d, x: {
        "fill": Parameter.of(d.array(x.type.columns).array.astype(x.type.numpy)),
        "missing": d.dice.choice([float("nan"), 0.0]),
    },
)
_simple(
    ops.MissingIndicator,
    _is_dense,
    lambda d, x: {"columns": Parameter.of(np.arange(x.type.columns))},
)
_simple(ops.Normalize, _is_float, lambda d, x: {"norm": d.dice.choice(["l2", "l2", "l1", "max"])})
_simple(
    ops.RequireFinite,
    _is_float,
    lambda d, x: {"owner": d.dice.choice(["A", "B"]), "allow_nan": d.dice.random() < 0.3},
)
_simple(
    ops.RequireWithin,
    _is_wide,
    lambda d, x: {
        "low": Parameter.of(np.full(x.type.columns, -1e3)),
        "high": Parameter.of(np.full(x.type.columns, 1e3)),
        "owner": "A",
    },
)
_simple(
    ops.RequireFiniteProduct,
    lambda n: _is_wide(n) and _is_matrix(n),
    lambda d, x: {
        "weights": d.array(x.type.columns, 2),
        "bias": d.maybe(lambda: d.array(2)),
        "owner": "A",
        "mean": d.maybe(lambda: d.array(x.type.columns)),
    },
)
_simple(ops.Link, _is_dense, lambda d, x: {"function": d.dice.choice(LINKS)})
_simple(ops.ArgMax, _is_apart, lambda d, x: {})
_simple(ops.ArgMin, _is_apart, lambda d, x: {})
_simple(ops.Threshold, _is_dense, lambda d, x: {"value": d.dice.uniform(-1, 1), "inclusive": d.dice.random() < 0.5})
_simple(ops.LabelLookup, _is_code, lambda d, x: {"labels": d.array(d.dice.randint(2, 6))})
_simple(
    ops.Distances,
    _is_float,
    lambda d, x: {"centers": d.array(3, x.type.columns), "metric": d.dice.choice(METRICS)},
)
_simple(
    ops.NormalizedLinear,
    lambda n: n.type.dtype == "f64",
    lambda d, x: {"weights": d.array(x.type.columns), "bias": d.maybe(lambda: d.array(1)), "norm": "l2"},
)

_simple(
    ops.Bin,
    _is_dense,
    lambda d, x: {
        "edges": Parameter.of(np.tile([-1.0, 0.0, 1.0], x.type.columns)),
        "starts": Parameter.of(np.arange(x.type.columns + 1) * 3),
    },
)
_simple(
    ops.Products,
    _is_dense,
    lambda d, x: {"factors": Parameter.of(np.array([[0, -1], [x.type.columns - 1, 0]]))},
)
_simple(
    ops.Power,
    _is_wide,
    lambda d, x: {"exponents": d.array(x.type.columns), "form": d.dice.choice(POWERS)},
)
_simple(
    ops.Interpolate,
    _is_dense,
    lambda d, x: {
        "knots": Parameter.of(np.tile([-1.0, 0.0, 2.0], (x.type.columns, 1))),
        "levels": Parameter.of(np.array([0.0, 0.5, 1.0])),
    },
)
_simple(ops.NormalQuantile, _is_wide, lambda d, x: {})


@makes(ops.Linear)
def _linear(draw: Draw) -> Node | None:
    x = draw.pick(_is_float)
    if x is None:
        return None
    k = draw.dice.choice([None, 1, 2, 4])
    dtype = draw.dice.choice(["f8", "f8", "f8", "f4"])
    weights = draw.array(x.type.columns, *([] if k is None else [k]), dtype=dtype)
    return ops.Linear(x, weights, draw.maybe(lambda: draw.array(k or 1)))


@makes(ops.Concat)
def _concat(draw: Draw) -> Node | None:
    parts = [draw.pick(_is_number) for _ in range(draw.dice.randint(1, 4))]
    return ops.Concat(tuple(part for part in parts if part is not None))


@makes(ops.Sum)
def _sum(draw: Draw) -> Node | None:
    first = draw.pick(_is_dense)
    if first is None:
        return None
    parts = [first, *(node for node in draw.nodes if node.type == first.type and draw.dice.random() < 0.5)]
    return ops.Sum(tuple(parts), draw.maybe(lambda: draw.array(first.type.columns)))


@makes(ops.TreeEnsemble)
def _trees(draw: Draw) -> Node | None:
    x = draw.pick(lambda n: _is_matrix(n) and _is_dense(n))
    if x is None:
        return None
    return ops.TreeEnsemble(
        x,
        roots=Parameter.of(np.array([0, 3], np.int32)),
        feature=Parameter.of(np.array([draw.dice.randrange(x.type.columns), 0, 0, 0], np.int32)),
        threshold=Parameter.of(np.array([draw.dice.uniform(-1, 1), 0, 0, 0])),
        left=Parameter.of(np.array([1, -1, -1, -1], np.int32)),
        right=Parameter.of(np.array([2, 0, 1, 2], np.int32)),
        missing_left=Parameter.of(np.array([True, False, False, False])),
        leaves=draw.array(3),
        base=draw.array(1),
    )


def _some_columns(draw: Draw, width: int) -> list[int]:
    if draw.dice.random() < 0.15:
        return list(range(width))
    return draw.dice.sample(range(width), draw.dice.randint(1, width))


for _family in pkgutil.iter_modules(optimize_tests.__path__):
    if _family.name.startswith("generate_"):  # each registers its makers
        importlib.import_module(f"{optimize_tests.__name__}.{_family.name}")
