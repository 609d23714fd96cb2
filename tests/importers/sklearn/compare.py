"""Comparison of an imported estimator with the original: by references, and by optimized, compiled kernels."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.control_plane.verify.ties import tied_labels
from pretzel.engine import Executable
from pretzel.importers import export
from pretzel.importers.answers import answer_of
from pretzel.local.results import labels_of
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.forms import as_sent
from pretzel.plan.multioutput import MATRICES, OPTIONAL, method_of, methods_of, outputs_of, split, usual_outputs
from pretzel.plan.reference import evaluate
from pretzel.plan.values import Csr, Labels
from tests.helpers.rows import take

BATCHES = (1, 7, 1000)
_LATEST: list[tuple[Definition, Executable]] = []


def assert_served(
    estimator: Any, x: Any, *, relative: float = 1e-6, scale: float = 1e-9, methods: set[str] | None = None
) -> Definition:
    """Fail unless every method of the definition equals the estimator's, over batches of several sizes.

    ``methods``: exactly those that the definition must have, in addition to optional outputs.
    """
    definition = export(estimator, sample=x)
    if methods is not None:
        assert set(usual_outputs(definition.outputs)) == methods
    assert_classes(estimator, definition)
    for rows in BATCHES:
        part = x[np.arange(rows) % x.shape[0]]
        wanted = _wanted(estimator, definition, part)
        columns = {definition.inputs[0].column: _column(definition, part)}
        by_reference = referred_in_turn(
            lambda rows: {definition.inputs[0].column: _column(definition, x[rows])}, definition, x.shape[0], rows
        )
        by_kernels = run(definition, columns)
        for name, want in wanted.items():
            for way, ours in (("reference", by_reference), ("kernels", by_kernels)):
                if name in ours:
                    got = with_ties_of_the_library(definition, name, want, wanted, ours)
                    _assert_close(f"{way}, {name}, {rows} rows", got, want, relative, scale)
    return definition


def assert_classes(estimator: Any, definition: Definition) -> None:
    """Fail unless the labels of ``predict`` are the estimator's classes, which name the columns of its scores."""
    classes = getattr(estimator, "classes_", None)
    heads = [definition.outputs[name] for name in outputs_of("predict", definition.outputs)]
    if classes is None or not heads or not all(isinstance(head, ops.LabelLookup) for head in heads):
        return
    tables = classes if isinstance(classes, list) else [classes]
    ours = [labels_of(head.labels).tolist() for head in heads if isinstance(head, ops.LabelLookup)]
    if hasattr(estimator, "outlier_label_"):  # a label of its own, after the classes
        ours = [labels[: len(table)] for labels, table in zip(ours, tables, strict=True)]
    assert ours == [np.asarray(table).tolist() for table in tables]


def with_ties_of_the_library(
    definition: Definition, name: str, want: Any, library: dict[str, Any], ours: dict[str, Any]
) -> Any:
    """Return our answer, with the library's labels in place of those that only rounding decides."""
    head = definition.outputs[name]
    classes = labels_of(head.labels) if isinstance(head, ops.LabelLookup) else None
    tied = tied_labels(name, ours[name], want, library, ours, classes)
    return ours[name] if tied is False else np.where(tied, want, ours[name])


def referred_in_turn(
    columns_of: Callable[[np.ndarray], dict[str, Any]], definition: Definition, count: int, rows: int
) -> dict[str, Any]:
    """Return outputs by their references for ``rows`` rows, of which every ``count`` are the same."""
    chosen = np.arange(min(rows, count))
    with np.errstate(all="ignore"):
        distinct = referred(definition, columns_of(chosen))
    return (
        distinct
        if rows <= count
        else {name: take(column, np.arange(rows) % count) for name, column in distinct.items()}
    )


def referred(definition: Definition, columns: dict[str, Any]) -> dict[str, Any]:
    """Return outputs by their references, except contributions, whose reference walks every path of every tree."""
    whole = shared(definition)
    nodes = {name: node for name, node in whole.outputs.items() if method_of(name) not in MATRICES}
    return evaluate(Definition(nodes, whole.inputs), columns)


def run(definition: Definition, columns: dict[str, Any], outputs: list[str] | None = None) -> dict[str, Any]:
    """Return outputs by the kernels of the optimized plan, with labels; without names, all for these columns."""
    names = list(shared(definition).outputs) if outputs is None else outputs
    return {name: _plain(value) for name, value in _loaded(definition).run(columns, names).items()}


def _loaded(definition: Definition) -> Executable:
    """Return the executable of the optimized plan; those of the latest two definitions are kept, for more batches."""
    for kept, executable in _LATEST:
        if kept is definition:
            return executable
    compiled = compile_plan(optimize(definition))
    executable = engine.load(compiled.plan, lambda digest: compiled.blobs[digest])
    _LATEST[:] = [(definition, executable), *_LATEST[:1]]
    return executable


def _wanted(estimator: Any, definition: Definition, x: Any) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return answers_of(estimator, definition, x)


def answers_of(estimator: Any, definition: Definition, x: Any) -> dict[str, Any]:
    """Return the library's answers by output: several targets separate, in the form of responses."""
    answers: dict[str, Any] = {}
    for method in methods_of(shared(definition).outputs):
        ask = answer_of(estimator, method)
        if ask is not None:
            answers |= split(method, ask(x), outputs_of(method, definition.outputs))
        else:
            assert method in OPTIONAL, f"{type(estimator).__name__} has no {method}"
    kinds = {name: definition.outputs[name].type for name in answers}
    return {name: as_sent(name, answer, kinds[name], definition.metadata) for name, answer in answers.items()}


def shared(definition: Definition) -> Definition:
    """Return the definition of the methods that read the same X."""
    apart = definition.metadata.get("apart") or {}
    own = {name for form in apart.values() for name in form["inputs"]}
    outputs = {name: node for name, node in definition.outputs.items() if name not in apart}
    return replace(
        definition, outputs=outputs, inputs=tuple(node for node in definition.inputs if node.column not in own)
    )


def _column(definition: Definition, x: Any) -> Any:
    kind = definition.inputs[0].type
    if kind.layout == "sparse":
        rows = x.tocsr()
        data, indices = rows.data.astype(kind.numpy), rows.indices.astype(np.int32)
        return Csr(data, indices, rows.indptr.astype(np.int64), rows.shape[1])
    return np.ascontiguousarray(x.toarray() if hasattr(x, "toarray") else x, kind.numpy)


def _plain(value: Any) -> Any:
    if isinstance(value, Labels):
        return np.asarray(value.labels)[value.codes]
    return value


def _assert_close(what: str, got: Any, want: Any, relative: float, scale: float) -> None:
    got = got.dense() if isinstance(got, Csr) else got
    want = want.toarray() if hasattr(want, "toarray") else np.asarray(want)
    assert got.shape == want.shape, f"{what}: shape {got.shape}, want {want.shape}"
    if "contributions" in what or "interactions" in what:
        _assert_contributions(what, got, want)
        return
    if want.dtype.kind not in "f":
        np.testing.assert_array_equal(got, want, err_msg=what)
        return
    assert got.dtype == want.dtype, f"{what}: {got.dtype}, want {want.dtype}"
    largest = np.abs(want[np.isfinite(want)]).max(initial=1.0)
    np.testing.assert_allclose(got, want, rtol=relative, atol=scale * largest, err_msg=what)


def _assert_contributions(what: str, got: Any, want: Any) -> None:
    """Fail unless contributions are the library's; of float32 sums, which cancel, the largest of a row is the scale."""
    assert got.dtype == want.dtype, f"{what}: {got.dtype}, want {want.dtype}"
    single, size = want.dtype == np.float32, np.abs(want)
    scale = 1e-5 * size.max(axis=1, keepdims=True, initial=0.0) if single else 1e-9 * size.max(axis=0, initial=1.0)
    with np.errstate(invalid="ignore"):
        far = ~(np.abs(got - want) <= 1e-6 * size + scale) & ~(np.isnan(got) & np.isnan(want))
    assert not far.any(), f"{what}: got {got[far]}, want {want[far]}"
