"""Approximate feature maps of kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import kernel_approximation

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_WAVES
from pretzel.importers.registry import Methods, Step, imports, reads_entries
from pretzel.importers.sklearn.common.handing import reads_as_given
from pretzel.importers.sklearn.common.integers import TO_FLOATS, cut_to, kept_whole, unwrapped
from pretzel.importers.sklearn.common.kernels import ALIKE, as_library, note_cancelling_kernels, weighted
from pretzel.importers.sklearn.common.matrices import checked, is_sparse, product, vector
from pretzel.importers.sklearn.common.members import cast, total
from pretzel.importers.sklearn.common.pairwise import bounded, kernel, within
from pretzel.importers.small_integers import computes_with
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

reads_as_given(kernel_approximation.AdditiveChi2Sampler)
reads_entries(kernel_approximation.AdditiveChi2Sampler, alike=False)
computes_with("random_weights_", kernel_approximation.RBFSampler)

STEEP = 1e6  # larger weights make angles whose last digits show in the result
MOST = 1e6  # the last digit of a larger float64 is more than the tolerance of a cosine


@imports(kernel_approximation.Nystroem)
def nystroem(estimator: Any, x: Columns, step: Step) -> Methods:
    """``kernel(X, components_) @ normalization_.T``."""
    step.reads_entries(x, alike=estimator.kernel in ALIKE)
    node = checked(x, estimator)
    own = {name: getattr(estimator, name) for name in ("gamma", "coef0", "degree")}
    options = dict(estimator.kernel_params or {}) | {name: value for name, value in own.items() if value is not None}
    kernels = kernel(node, estimator.components_, estimator.kernel, step, **options)
    weights = np.asarray(estimator.normalization_)
    note_cancelling_kernels(estimator, node, estimator.components_, options, weights.T, step)
    mapped = weighted(kernels, weights.T)
    return {"transform": as_library(mapped, estimator.kernel, node, estimator.components_, weights)}


@imports(kernel_approximation.RBFSampler)
def rbf_sampler(estimator: Any, x: Columns, step: Step) -> Methods:
    """``cos(X @ random_weights_ + random_offset_)``, scaled."""
    return {"transform": _waves(estimator, checked(x, estimator), (2.0 / estimator.n_components) ** 0.5, step)}


@imports(kernel_approximation.SkewedChi2Sampler)
def skewed_chi2_sampler(estimator: Any, x: Columns, step: Step) -> Methods:
    """The same of ``log(X + skewedness)``; values of minus ``skewedness`` or less are rejected."""
    node, skewedness = checked(x, estimator), float(estimator.skewedness)
    reason = "X may not contain entries smaller than -skewedness"
    inside = within(cast(node, "f64"), float(np.nextafter(-skewedness, np.inf)), estimator, reason)
    width = node.type.columns
    logs = ops.Elementwise(ops.Affine(inside, vector(1.0, width), vector(skewedness, width)), "log")
    scale = float(np.sqrt(2.0) / np.sqrt(estimator.n_components))
    single = node.type.dtype == "f32"
    wide = np.result_type(node.type.numpy, estimator.random_weights_) == np.float64
    return {"transform": cast(_waves(estimator, logs, scale, step, single=single), "f64" if wide else "f32")}


def _waves(estimator: Any, x: Node, scale: float, step: Step, *, single: bool = False) -> Node:
    """Return scaled cosines; angles of which rounding decides the cosine are rejected.

    ``single``: the library computes x in float32.
    """
    angles = product(x, estimator.random_weights_.T, estimator.random_offset_)
    if single or angles.type.dtype == "f32" or np.abs(estimator.random_weights_).max(initial=0.0) > STEEP:
        step.may_differ(ROUNDED_WAVES.reason, ROUNDED_WAVES.remedy)
    reason = f"rounding decides the cosine of an angle beyond {MOST:g}; scale the features, in training too"
    waves = ops.Elementwise(bounded(angles, MOST, estimator, reason), "cos")
    return ops.Affine(waves, Parameter.of(np.full(waves.type.columns, scale, waves.type.numpy)))


@imports(kernel_approximation.AdditiveChi2Sampler)
def additive_chi2_sampler(estimator: Any, x: Columns, step: Step) -> Methods:
    """``sqrt(X * interval)``, then cosines and sines of multiples of ``interval * log(X)``, each times a root.

    The library truncates the results for integers to integers.
    """
    node, whole = checked(x, estimator), kept_whole(x, step)
    if is_sparse(node):
        raise step.refuse("", "its output is sparse for sparse input", "give it dense rows", about_input=True)
    if step.is_given_entries(x):  # the library takes the logarithm of a stored zero and returns NaN
        step.inputs.stored_zeros = "refused"
    wide = cast(node, "f64") if whole is None else _doubled(whole, step)
    wide = within(wide, 0.0, estimator, "Negative values in data passed to X in AdditiveChi2Sampler.transform")
    interval = estimator.sample_interval or {1: 0.8, 2: 0.5, 3: 0.4}[estimator.sample_steps]
    parts = [_root(wide, interval)]
    # Zeros are replaced by one, whose logarithm is zero rather than infinite; the root makes the product zero.
    logs = ops.Elementwise(ops.Impute(wide, vector(1.0, wide.type.columns), 0.0), "log")
    for j in range(1, estimator.sample_steps):
        root = _root(wide, 2 * interval / float(np.cosh(np.pi * j * interval)))
        angles = ops.Affine(logs, vector(j * interval, logs.type.columns))
        parts += [ops.Combine((root, ops.Elementwise(angles, wave)), "product") for wave in ("cos", "sin")]
    features = ops.Concat(tuple(parts))
    return {"transform": cast(features, node.type.dtype) if whole is None else cut_to(whole, features, step)}


def _doubled(whole: Node, step: Step) -> Node:
    """Return integers as float64; the library doubles them in their own type and takes NumPy's logarithm."""
    if whole.type.numpy.itemsize <= 2:
        reason = f"NumPy computes the logarithm of {whole.type.numpy.name} in a smaller type than float64"
        raise step.refuse("", reason, TO_FLOATS, about_input=True)
    return unwrapped(whole, int(np.iinfo(whole.type.numpy).max) // 2, step)


def _root(x: Node, scale: float) -> Node:
    return ops.Elementwise(ops.Affine(x, vector(scale, x.type.columns)), "sqrt")


@imports(kernel_approximation.PolynomialCountSketch)
def polynomial_count_sketch(estimator: Any, x: Columns, step: Step) -> Methods:
    """The circular convolution of ``degree`` count sketches of X: the product of their Fourier transforms.

    Sketch and transform are both linear, so together they are one product.  Only half of each transform is
    computed, because the other half of a real signal mirrors it.
    """
    node, size = cast(checked(x, estimator), "f64"), estimator.n_components
    turns = np.outer(np.arange(size), np.arange(size // 2 + 1)) % size * (2 * np.pi / size)
    real, imaginary = _spectrum(estimator, node, 0, turns)
    for number in range(1, estimator.degree):
        a, b = _spectrum(estimator, node, number, turns)
        real, imaginary = (
            total([_times(real, a), ops.Elementwise(_times(imaginary, b), "negative")]),
            total([_times(real, b), _times(imaginary, a)]),
        )
    mirrored = np.where((np.arange(size // 2 + 1) * 2) % size == 0, 1.0, 2.0) / size
    back = np.concatenate([(np.cos(turns) * mirrored).T, (-np.sin(turns) * mirrored).T])
    sketch = ops.Linear(ops.Concat((real, imaginary)), Parameter.of(np.ascontiguousarray(back)))
    step.inputs.cancelled.add(sketch)  # bins that no product of features falls into
    return {"transform": sketch}


def _spectrum(estimator: Any, x: Node, sketch: int, turns: np.ndarray) -> tuple[Node, Node]:
    """Return the real and the imaginary half spectrum of one count sketch."""
    places, signs = estimator.indexHash_[sketch], estimator.bitHash_[sketch]
    parts = []
    for waves in (np.cos(turns), -np.sin(turns)):
        rows = waves[places] * signs[:, None]
        weights = np.ascontiguousarray(rows[: x.type.columns] * np.sqrt(estimator.gamma))
        bias = Parameter.of(rows[-1] * np.sqrt(estimator.coef0)) if estimator.coef0 != 0 else None
        parts.append(ops.Linear(x, Parameter.of(weights), bias))
    return parts[0], parts[1]


def _times(a: Node, b: Node) -> Node:
    return ops.Combine((a, b), "product")
