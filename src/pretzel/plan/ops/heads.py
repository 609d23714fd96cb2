"""Operators at the end of a model: link functions, decisions, labels."""

from __future__ import annotations

import math

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["ArgMax", "ArgMin", "Coupling", "LabelLookup", "Link", "Threshold"]

LINKS = (
    "sigmoid",
    "softmax",
    "softmax_in_order",
    "sigmoid_pair",
    "softmax_pair",
    "complement_pair",
    "log",
    "shares",
    "log_softmax",
    "log_sum_exp",
    "inverse_distances",
)


class Link(Node):
    """A link function, such as from scores to probabilities, row by row.

    ``sigmoid`` is ``1 / (1 + exp(-x))`` of each value; ``softmax`` subtracts the row's maximum first, as
    ``sklearn.utils.extmath.softmax`` does, and ``softmax_in_order`` adds the exponentials in order in float64, as
    LightGBM and XGBoost do; ``sigmoid_pair`` turns one score d into ``[1 - p, p]`` with ``p = sigmoid(d)``;
    ``softmax_pair`` into the softmax of ``[-d, d]``; ``complement_pair`` turns p into ``[1 - p, p]``; ``log`` is the
    logarithm (``predict_log_proba``); ``shares`` divides each row by its sum, with equal shares if the sum is zero
    (one-vs-rest probabilities); ``log_softmax`` subtracts the logarithm of the sum of the row's exponentials
    (``logsumexp``), which turns the log-likelihoods of naive Bayes and discriminants into log-probabilities;
    ``log_sum_exp`` is that logarithm alone, one value per row (the likelihood of a mixture); ``inverse_distances`` is
    ``1 / x``, or, in a row with infinite quotients, one for these and zero for the rest (neighbours with
    ``weights="distance"``).
    """

    x: Node
    function: str
    """One of the functions above."""
    breaker = True

    @property
    def exact(self) -> bool:
        """True for logarithms and shares, which magnify cancellation; the results of another link have none."""
        return self.function == "inverse_distances" or (
            self.function in ("log", "shares") and not isinstance(self.x, Link)
        )

    def infer(self) -> ValueType:
        """Dense floats in, the same type out; pairs: one value in, two columns out; ``log_sum_exp``: one value out."""
        t = self.x.type
        if not t.is_float or t.layout != "dense" or self.function not in LINKS:
            raise self.fail(f"function: {self.function!r} of {t}; expected one of {', '.join(LINKS)} of dense floats")
        if self.function.endswith("_pair"):
            if t.width is not None:
                raise self.fail(f"x: {self.function} takes one value per row, got {t}")
            return dense(t.dtype, 2)
        of_columns = ("softmax", "softmax_in_order", "shares", "log_softmax", "log_sum_exp", "inverse_distances")
        if self.function in of_columns and not t.width:
            raise self.fail(f"x: {self.function} takes columns, got {t}")
        if self.function == "log_sum_exp":
            return dense(t.dtype)
        return t


class Coupling(Node):
    """Class probabilities from pairwise probabilities, by the iteration of ``libsvm``.

    Pairs are ordered (0, 1), (0, 2), ..., (1, 2), ...; each is the probability of the first class against the second,
    between zero and one.  The iteration starts at equal probabilities and ends below a bound, so that its result is
    not an exact solution; therefore each step is reproduced.  Source: ``multiclass_probability``.
    """

    x: Node
    breaker = True
    compute_bound = True
    exact = True

    def infer(self) -> ValueType:
        """Dense float64 of ``k * (k - 1) / 2`` columns in, k columns out."""
        t = self.x.type
        classes = (1 + math.isqrt(1 + 8 * t.columns)) // 2
        if t.dtype != "f64" or t.layout != "dense" or classes < 2 or classes * (classes - 1) // 2 != t.columns:
            raise self.fail(f"x: expected dense f64, one column for each pair of classes, got {t}")
        return dense("f64", classes)


TIES = ("numpy", "first", "last")


class ArgMax(Node):
    """The position of each row's largest value, by default the first of equal ones (``numpy.argmax``).

    Source: with ``ties``, ``ArgMax`` of ONNX.
    """

    x: Node
    ties: str = "numpy"
    """``numpy``: the first of equal ones, and NaN counts as largest.  ``first`` or ``last`` of equal ones: passes over
    NaN, except in the first column, whose NaN is the result."""
    later = ("ties",)
    breaker = True

    def infer(self) -> ValueType:
        """Columns in, one i64 per row out."""
        return _position(self)


class ArgMin(Node):
    """The position of each row's smallest value, by default the first of equal ones (``numpy.argmin``).

    Source: with ``ties``, ``ArgMin`` of ONNX.
    """

    x: Node
    ties: str = "numpy"
    """``numpy``: the first of equal ones, and NaN counts as smallest.  ``first`` or ``last`` of equal ones: passes over
    NaN, except in the first column, whose NaN is the result."""
    later = ("ties",)
    breaker = True

    def infer(self) -> ValueType:
        """Columns in, one i64 per row out."""
        return _position(self)


def _position(node: ArgMax | ArgMin) -> ValueType:
    t = node.x.type
    if node.ties not in TIES:
        raise node.fail(f"ties: expected one of {', '.join(TIES)}, got {node.ties!r}")
    if not t.width or t.layout != "dense" or t.is_text:
        raise node.fail(f"x: expected a dense matrix with columns, got {t}")
    return dense("i64")


class Threshold(Node):
    """One if x is above ``value`` (or equal, if ``inclusive``), else zero; sparse rows stay sparse."""

    x: Node
    value: float = 0.0
    """Compared with x in float64."""
    inclusive: bool = False
    """If true, values equal to ``value`` count as above it."""

    def infer(self) -> ValueType:
        """Floats in, i64 of the same width and layout out."""
        t = self.x.type
        if not t.is_float:
            raise self.fail(f"x: expected floats, got {t}")
        if t.layout == "sparse" and (0 > self.value or (self.inclusive and self.value == 0)):
            raise self.fail("value: zeros above it would fill a sparse matrix; densify first")
        return ValueType("i64", t.width, t.layout)


class LabelLookup(Node):
    """The label of each code (``classes_[codes]``), as in a classifier's ``predict``."""

    codes: Node
    """One i64 per row, in 0..n-1."""
    labels: Parameter
    """``[n]`` numbers or strings."""
    refuses = True

    def infer(self) -> ValueType:
        """One i64 code per row in, one label per row out."""
        if self.codes.type != dense("i64") or len(self.labels.shape) != 1:
            raise self.fail(f"codes: expected i64 and a list of labels, got {self.codes.type}")
        return dense(self.labels.dtype)
