"""The assertion that an estimator is served with its own answers."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.compiler.optimize import optimize
from pretzel.control_plane.verify.compare import Tolerance, compare, is_single, tolerance_of
from pretzel.control_plane.verify.ties import tied_labels
from pretzel.errors import InputError, PretzelError, VerificationError
from pretzel.importers import definition_of
from pretzel.importers.answers import answer_of
from pretzel.importers.files import opened
from pretzel.local import Predictor, compile
from pretzel.plan.definition import Definition
from pretzel.plan.multioutput import OPTIONAL, methods_of, usual_outputs
from pretzel.plan.values import Csr
from pretzel.testing.faults import suspect
from pretzel.testing.forms import batches, other_forms
from pretzel.testing.ways import by_kernels, by_library, by_references, canonical, classes_of, columns_for, quietly

ROWS = 100
_ROW = re.compile(r"row (\d+)")


def assert_serves(
    estimator: Any,
    X: Any,
    *,
    methods: Collection[str] | None = None,
    rows: int = ROWS,
    tolerance: tuple[float, float] = (1e-6, 1e-9),
    forms: bool = True,
) -> None:
    """Fail unless Pretzel's answers are the estimator's, for every method, in every way that it computes them.

    The answers are computed by the references of the operators, by those of the optimized definition, and by compiled
    kernels; for many rows, permuted, and for single rows, each compared with the estimator's answer to the same rows;
    and by :func:`pretzel.compile` for X in other forms that the estimator takes: lists, arrays of other layouts and of
    float32, pandas tables.

    Args:
        estimator: a fitted estimator, or a model file's path.
        X: rows in the form that it takes: an array, a table, a sparse matrix, documents.
        methods: exactly the methods that must be served, besides ``contributions`` and other optional ones; None:
            any.
        rows: most rows of X to compare; those with unusual values are among them.
        tolerance: the largest difference of numbers, relative to the value, and relative to the largest of its column.
        forms: compare X in other forms too.

    Raises:
        AssertionError: an answer differs; the message names method and row, has both values, and the step likely at
            fault.
        UnsupportedError: a step cannot be served; the message names it.
        InputError: ``rows`` is less than 1, or X has none.
    """
    if rows < 1:
        raise InputError(f"rows: expected at least 1, got {rows}")
    estimator = opened(estimator)
    definition = definition_of(estimator, sample=X)
    _check_methods(definition, methods)
    comparison = _Comparison(estimator, definition, optimize(definition), Tolerance(*tolerance))
    for batch, part, numbers in batches(X, rows):
        comparison.check(batch, part, numbers)
    if forms:
        fast = compile(estimator, sample=X)
        for form, given in other_forms(estimator, X):
            comparison.check_form(fast, form, given)


def _check_methods(definition: Definition, methods: Collection[str] | None) -> None:
    served = set(methods_of(usual_outputs(definition.outputs))) - OPTIONAL
    if methods is not None and served != set(methods) - OPTIONAL:
        raise AssertionError(f"methods: expected {sorted(methods)}, {sorted(served)} are served")


@dataclass(frozen=True)
class _Comparison:
    """One estimator, its definitions, and the tolerance of its answers."""

    estimator: Any
    definition: Definition
    optimized: Definition
    tolerance: Tolerance

    def check(self, batch: str, X: Any, numbers: np.ndarray) -> None:
        """Compare the answers to a batch by every way; ``numbers`` are its rows in the whole X."""
        library = by_library(self.estimator, self.definition, X)
        columns = columns_for(self.definition, X)
        ways = {
            "references": by_references(self.definition, columns, library),
            "optimized references": by_references(self.optimized, columns, library),
            "kernels": by_kernels(self.optimized, columns),
        }
        for way, ours in ways.items():
            for output, want in library.items():
                problem = self._problem(output, ours, library, want) if output in ours else None
                if problem is not None:
                    row = _row_in(problem)
                    fault = suspect(self.estimator, self.definition, self.optimized, way, output, X, row)
                    where = "" if row is None else f" (row {numbers[row]} of X)"
                    raise AssertionError(f"by {way}, {batch}: {problem}{where}\nlikely at fault: {fault}")

    def check_form(self, fast: Predictor, form: str, X: Any) -> None:
        """Compare the answers of a predictor to X in another form, if the estimator takes it."""
        for method in methods_of(usual_outputs(self.definition.outputs)):
            ask = answer_of(self.estimator, method)
            try:
                answer = None if ask is None else quietly(ask, X)
            except Exception:  # the library does not take this form
                continue
            if answer is None or isinstance(answer, list):
                continue
            try:
                got = quietly(getattr(fast, method), X)
            except PretzelError as error:
                raise AssertionError(
                    f"X as {form}: the estimator has a {method}, Pretzel rejects it: {error}"
                ) from None
            problem = _difference(method, canonical(got), canonical(answer), self.tolerance)
            if problem is not None:
                fault = f"an importer that does not read {form} as the estimator does"
                raise AssertionError(f"X as {form}: {problem}\nlikely at fault: {fault}")

    def _problem(self, output: str, ours: dict[str, Any], library: dict[str, Any], want: Any) -> str | None:
        tied = tied_labels(output, ours[output], want, library, ours, classes_of(self.definition, output))
        return _difference(output, ours[output], want, self.tolerance, tied)


def _difference(output: str, got: Any, want: Any, tolerance: Tolerance, tied: Any = False) -> str | None:
    """Return the first difference of two answers as a text; None if they agree."""
    kinds = [value.data.dtype if isinstance(value, Csr) else getattr(value, "dtype", None) for value in (got, want)]
    if all(kind is not None and kind.kind == "f" for kind in kinds) and kinds[0] != kinds[1]:
        return f"output {output!r}: expected {kinds[1]}, got {kinds[0]}"
    if isinstance(got, Csr) != isinstance(want, Csr):
        got, want = (value.dense() if isinstance(value, Csr) else value for value in (got, want))
    try:
        compare(output, got, want, tolerance_of(output, want, tolerance, single=is_single(want)), tied)
    except VerificationError as error:
        return str(error)
    return None


def _row_in(problem: str) -> int | None:
    match = _ROW.search(problem)
    return None if match is None else int(match[1])
