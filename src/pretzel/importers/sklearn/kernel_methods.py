"""Linear models over kernels with what was learned, and features whose products stand for kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import decomposition, kernel_approximation, kernel_ridge, preprocessing
from sklearn.metrics.pairwise import PAIRWISE_KERNEL_FUNCTIONS, pairwise_kernels

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_SHARES, ROUNDED_WAVES
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.doubts import cancels, note_cancelling
from pretzel.importers.sklearn.common.integers import TO_FLOATS, cut_to, kept_whole, unwrapped
from pretzel.importers.sklearn.common.matrices import checked, is_sparse, product, vector
from pretzel.importers.sklearn.common.members import cast, divided, total
from pretzel.importers.sklearn.common.pairwise import kernel, within
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

ALIKE = frozenset({"linear", "poly", "polynomial", "rbf", "sigmoid"})
"""Kernels that read a repeated column of a sparse float64 row as the library does; the norms of cosine do not."""
STEEP = 1e6  # larger weights make angles whose last digits show in the result


@imports(kernel_ridge.KernelRidge)
def kernel_ridge_regression(estimator: Any, x: Columns, step: Step) -> Methods:
    """``kernel(X, X_fit_) @ dual_coef_``."""
    step.reads_entries(x, alike=estimator.kernel in ALIKE)
    node = checked(x, estimator)
    given = {"gamma": estimator.gamma, "coef0": estimator.coef0, "degree": estimator.degree}
    _note_cancelling(estimator, node, estimator.X_fit_, given, estimator.dual_coef_, step)
    kernels = kernel(node, estimator.X_fit_, estimator.kernel, step, **given)
    predicted = _product(kernels, np.asarray(estimator.dual_coef_))
    return {"predict": _as_numpy(predicted, estimator.kernel, node, estimator.X_fit_, estimator.dual_coef_)}


@imports(kernel_approximation.Nystroem)
def nystroem(estimator: Any, x: Columns, step: Step) -> Methods:
    """``kernel(X, components_) @ normalization_.T``."""
    step.reads_entries(x, alike=estimator.kernel in ALIKE)
    node = checked(x, estimator)
    own = {name: getattr(estimator, name) for name in ("gamma", "coef0", "degree")}
    given = dict(estimator.kernel_params or {}) | {name: value for name, value in own.items() if value is not None}
    kernels = kernel(node, estimator.components_, estimator.kernel, step, **given)
    weights = np.asarray(estimator.normalization_)
    _note_cancelling(estimator, node, estimator.components_, given, weights.T, step)
    mapped = _product(kernels, weights.T)
    return {"transform": _as_numpy(mapped, estimator.kernel, node, estimator.components_, weights)}


@imports(decomposition.KernelPCA)
def kernel_pca(estimator: Any, x: Columns, step: Step) -> Methods:
    """The centered kernel with ``X_fit_`` times the scaled eigenvectors; the weights include the centering."""
    step.reads_entries(x, alike=estimator.kernel in ALIKE)
    node = checked(x, estimator)
    given = {"gamma": estimator.gamma_, "coef0": estimator.coef0, "degree": estimator.degree}
    kernels = kernel(node, estimator.X_fit_, estimator.kernel, step, **given)
    mapped = projected(estimator, kernels)
    return {"transform": _as_numpy(mapped, estimator.kernel, node, estimator.X_fit_, estimator.eigenvectors_)}


def projected(estimator: Any, kernels: Node) -> Node:
    """Return the projection by a ``KernelPCA`` of uncentered kernels with all training rows."""
    vectors, values = np.asarray(estimator.eigenvectors_), np.asarray(estimator.eigenvalues_)
    scaled = np.where(values != 0, vectors / np.sqrt(np.where(values != 0, values, 1)), 0.0).astype(np.float64)
    center = estimator._centerer
    sums = scaled.sum(axis=0)
    weights = scaled - sums / len(center.K_fit_rows_)
    bias = center.K_fit_all_ * sums - (np.asarray(center.K_fit_rows_)[:, None] * scaled).sum(axis=0)
    return ops.Linear(kernels, Parameter.of(weights), Parameter.of(bias.astype(np.float64)))


def _note_cancelling(estimator: Any, x: Node, rows: Any, given: dict[str, Any], weights: Any, step: Step) -> None:
    """Add a note if the weighted kernels with these training rows cancel in float32."""
    if estimator.kernel not in PAIRWISE_KERNEL_FUNCTIONS:
        return

    def kernels(count: int) -> Any:
        return pairwise_kernels(rows[:count], rows, metric=estimator.kernel, filter_params=True, **given)

    note_cancelling(kernels, weights, (x.type.numpy, rows.dtype, weights.dtype), step)


def _product(kernels: Node, weights: np.ndarray) -> Node:
    return ops.Linear(kernels, Parameter.of(np.ascontiguousarray(weights, np.float64)))


def _as_numpy(result: Node, name: str, x: Node, *others: Any) -> Node:
    """Return the result in the library's type; laplacian kernels use SciPy's distances, which are float64."""
    types = [x.type.numpy, *(other.dtype for other in others), *([np.float64] if name == "laplacian" else [])]
    return cast(result, "f32" if np.result_type(*types) == np.float32 else "f64")


@imports(preprocessing.KernelCenterer)
def kernel_centerer(estimator: Any, x: Columns, step: Step) -> Methods:
    """``K`` minus the mean of its row and the fitted means of each column, plus the mean of all."""
    node = checked(x, estimator)
    if cancels(np.asarray(estimator.K_fit_rows_)[:, None]):
        step.may_differ(ROUNDED_SHARES.reason, ROUNDED_SHARES.remedy)
    width = node.type.columns
    means = divided(ops.Linear(node, Parameter.of(np.ones(width, node.type.numpy))), width)
    everything, rows = (np.asarray(means, node.type.numpy) for means in (estimator.K_fit_all_, estimator.K_fit_rows_))
    shift = everything - rows
    moved = ops.Affine(node, Parameter.of(np.ones(width, node.type.numpy)), Parameter.of(shift))
    return {"transform": ops.Sum((moved, ops.Linear(means, Parameter.of(np.full((1, width), -1.0, node.type.numpy)))))}


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
    return {"transform": cast(_waves(estimator, logs, scale, step), node.type.dtype)}


def _waves(estimator: Any, x: Node, scale: float, step: Step) -> Node:
    if np.abs(estimator.random_weights_).max(initial=0.0) > STEEP:
        step.may_differ(ROUNDED_WAVES.reason, ROUNDED_WAVES.remedy)
    waves = ops.Elementwise(product(x, estimator.random_weights_.T, estimator.random_offset_), "cos")
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
    for each in range(1, estimator.degree):
        a, b = _spectrum(estimator, node, each, turns)
        real, imaginary = (
            total([_times(real, a), ops.Elementwise(_times(imaginary, b), "negative")]),
            total([_times(real, b), _times(imaginary, a)]),
        )
    mirrored = np.where((np.arange(size // 2 + 1) * 2) % size == 0, 1.0, 2.0) / size
    back = np.concatenate([(np.cos(turns) * mirrored).T, (-np.sin(turns) * mirrored).T])
    return {"transform": ops.Linear(ops.Concat((real, imaginary)), Parameter.of(np.ascontiguousarray(back)))}


def _spectrum(estimator: Any, x: Node, each: int, turns: np.ndarray) -> tuple[Node, Node]:
    """Return the real and the imaginary half spectrum of one count sketch."""
    places, signs = estimator.indexHash_[each], estimator.bitHash_[each]
    parts = []
    for waves in (np.cos(turns), -np.sin(turns)):
        rows = waves[places] * signs[:, None]
        weights = np.ascontiguousarray(rows[: x.type.columns] * np.sqrt(estimator.gamma))
        bias = Parameter.of(rows[-1] * np.sqrt(estimator.coef0)) if estimator.coef0 != 0 else None
        parts.append(ops.Linear(x, Parameter.of(weights), bias))
    return parts[0], parts[1]


def _times(a: Node, b: Node) -> Node:
    return ops.Combine((a, b), "product")
