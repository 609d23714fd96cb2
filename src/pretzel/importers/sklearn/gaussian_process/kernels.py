"""Kernels of Gaussian processes: sums, products and powers of functions of distances and dot products."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.gaussian_process import kernels

from pretzel.importers.registry import Step
from pretzel.importers.sklearn.common.matrices import vector
from pretzel.importers.sklearn.common.members import total
from pretzel.importers.sklearn.common.pairwise import decay, distances, dot, kernel, power, shifted
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

Between = Callable[[Any, Node, np.ndarray, Step], Node]
Alone = Callable[[Any, Node, Step], Node]
_ONE = ("rbf", "laplacian", "cosine", "chi2")
"""Pairwise kernels that are one for a row with itself."""


def between(tree: Any, x: Node, learned: np.ndarray, step: Step) -> Node:
    """Return ``tree(X, learned)``.

    Raises:
        UnsupportedError: one of its kernels is not supported.
    """
    function = _BETWEEN.get(type(tree))
    if function is None:
        raise _unknown(tree, step)
    return function(tree, x, learned, step)


def alone(tree: Any, x: Node, step: Step) -> Node:
    """Return ``tree.diag(X)``: the kernel of each row with itself."""
    function = _ALONE.get(type(tree))
    if function is None:
        raise _unknown(tree, step)
    return function(tree, x, step)


def _unknown(tree: Any, step: Step) -> Exception:
    return step.refuse("kernel", f"{type(tree).__name__} is not supported", "use kernels of sklearn.gaussian_process")


def _constant(x: Node, value: Any, width: int | None = None) -> Node:
    return ops.Constant(x, Parameter.of(np.full((1,) if width is None else (1, width), float(value))))


def _squares(tree: Any, x: Node, learned: np.ndarray) -> Node:
    """Return squared distances in units of the length scale, which is one number or one per column."""
    scale = np.asarray(tree.length_scale, np.float64).squeeze()
    units = np.broadcast_to(scale, (x.type.columns,))
    return distances(ops.Standardize(x, None, vector(units, x.type.columns)), learned / units, "squares")


def _rbf(tree: Any, x: Node, learned: np.ndarray, step: Step) -> Node:
    return decay(_squares(tree, x, learned), 0.5)


def _matern(tree: Any, x: Node, learned: np.ndarray, step: Step) -> Node:
    """``exp(-d)`` times a polynomial of d, where d is the distance times the root of twice nu."""
    if tree.nu == math.inf:
        return _rbf(tree, x, learned, step)
    if tree.nu not in (0.5, 1.5, 2.5):
        raise step.refuse("kernel", f"Matern(nu={tree.nu}) needs Bessel functions", "use nu of 0.5, 1.5, 2.5 or inf")
    d = shifted(ops.Elementwise(_squares(tree, x, learned), "sqrt"), math.sqrt(2 * tree.nu))
    falling = decay(d, 1.0)
    if tree.nu == 0.5:
        return falling
    terms = [shifted(d, 1.0, 1.0)]
    if tree.nu == 2.5:
        terms.append(shifted(ops.Elementwise(d, "square"), 1.0 / 3.0))
    return _product([total(terms), falling])


def _rational_quadratic(tree: Any, x: Node, learned: np.ndarray, step: Step) -> Node:
    squares = distances(x, learned, "squares")
    return power(shifted(squares, 1.0 / (2 * tree.alpha * tree.length_scale**2), 1.0), -float(tree.alpha))


def _exp_sine_squared(tree: Any, x: Node, learned: np.ndarray, step: Step) -> Node:
    d = ops.Elementwise(distances(x, learned, "squares"), "sqrt")
    sines = ops.Elementwise(shifted(d, math.pi / tree.periodicity), "sin")
    return decay(ops.Elementwise(shifted(sines, 1.0 / tree.length_scale), "square"), 2.0)


def _dot_product(tree: Any, x: Node, learned: np.ndarray, step: Step) -> Node:
    return shifted(dot(x, learned), 1.0, tree.sigma_0**2)


def _pairwise(tree: Any, x: Node, learned: np.ndarray, step: Step) -> Node:
    options = {"gamma": tree.gamma} | dict(tree.pairwise_kernels_kwargs or {})
    return kernel(x, learned, tree.metric, step, **options)


def _product(parts: list[Node]) -> Node:
    return ops.Combine(tuple(parts), "product")


def _squared_norm(tree: Any, x: Node, step: Step) -> Node:
    lengths = ops.Linear(ops.Elementwise(x, "square"), Parameter.of(np.ones(x.type.columns)))
    return shifted(lengths, 1.0, tree.sigma_0**2)


def _pairwise_alone(tree: Any, x: Node, step: Step) -> Node:
    if tree.metric not in _ONE:
        raise step.refuse(
            "kernel", f"PairwiseKernel({tree.metric!r}) has no known variance", f"use one of {', '.join(_ONE)}"
        )
    return _constant(x, 1.0)


def _one(tree: Any, x: Node, step: Step) -> Node:
    return _constant(x, 1.0)


_BETWEEN: dict[type, Between] = {
    kernels.Sum: lambda t, x, y, step: total([between(t.k1, x, y, step), between(t.k2, x, y, step)]),
    kernels.Product: lambda t, x, y, step: _product([between(t.k1, x, y, step), between(t.k2, x, y, step)]),
    kernels.Exponentiation: lambda t, x, y, step: power(between(t.kernel, x, y, step), float(t.exponent)),
    kernels.ConstantKernel: lambda t, x, y, step: _constant(x, t.constant_value, len(y)),
    kernels.WhiteKernel: lambda t, x, y, step: _constant(x, 0.0, len(y)),
    kernels.RBF: _rbf,
    kernels.Matern: _matern,
    kernels.RationalQuadratic: _rational_quadratic,
    kernels.ExpSineSquared: _exp_sine_squared,
    kernels.DotProduct: _dot_product,
    kernels.PairwiseKernel: _pairwise,
}
_ALONE: dict[type, Alone] = {
    kernels.Sum: lambda t, x, step: total([alone(t.k1, x, step), alone(t.k2, x, step)]),
    kernels.Product: lambda t, x, step: _product([alone(t.k1, x, step), alone(t.k2, x, step)]),
    kernels.Exponentiation: lambda t, x, step: power(alone(t.kernel, x, step), float(t.exponent)),
    kernels.ConstantKernel: lambda t, x, step: _constant(x, t.constant_value),
    kernels.WhiteKernel: lambda t, x, step: _constant(x, t.noise_level),
    kernels.RBF: _one,
    kernels.Matern: _one,
    kernels.RationalQuadratic: _one,
    kernels.ExpSineSquared: _one,
    kernels.DotProduct: _squared_norm,
    kernels.PairwiseKernel: _pairwise_alone,
}
