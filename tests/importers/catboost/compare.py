"""Compare an imported model with CatBoost: reference implementations on few rows, kernels on many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from catboost import CatBoostClassifier

from pretzel.importers import export
from pretzel.importers.answers import answer_of
from pretzel.importers.files import opened
from pretzel.plan.definition import Definition
from pretzel.plan.forms import as_sent
from pretzel.plan.multioutput import OPTIONAL, methods_of, outputs_of, split
from pretzel.plan.reference import evaluate
from tests.importers.sklearn.compare import BATCHES, _assert_close, run
from tests.importers.sklearn.frames import _plain, count, cut, rows_of

REFERENCE_ROWS = 20
"""References traverse trees row by row in Python."""


def assert_answers(
    model: Any,
    x: Any,
    *,
    served: Any = None,
    sample: Any = None,
    batches: Sequence[int] = BATCHES,
    definition: Definition | None = None,
) -> Definition:
    """Fail unless ``served`` (a path, or the model) predicts as the model does, raw scores to the bit.

    ``definition``: the exported model, if it is known.
    """
    if definition is None:
        definition = export(model if served is None else served, sample=sample)
    for rows in batches:
        part = rows_of(x, np.arange(rows) % count(x))
        columns = cut(definition, part)
        answers = {"kernels": run(definition, columns)}
        if rows <= REFERENCE_ROWS:
            with np.errstate(all="ignore"):
                plain = {name: _plain(column) for name, column in columns.items()}
                answers["reference"] = evaluate(definition, plain)
        for name, want in wanted(model, definition, part, served).items():
            relative, scale = (0.0, 0.0) if name == "decision_function" else (1e-6, 1e-9)
            for by, values in answers.items():
                _assert_close(f"{by}, {name}, {rows} rows", _array(values[name]), want, relative, scale)
    return definition


def wanted(model: Any, definition: Definition, x: Any, served: Any = None) -> dict[str, Any]:
    """Return CatBoost's results; labels of several classes, which it returns as a matrix, are one per row."""
    answers = {}
    for name in methods_of(definition.outputs):
        if name == "decision_function":
            answers[name] = model.predict(x, prediction_type="RawFormulaVal")
        elif name in OPTIONAL:
            ask = answer_of(model if served is None else opened(served), name)  # a file renumbers the leaves
            assert ask is not None
            parts = split(name, ask(x), outputs_of(name, definition.outputs))
            kinds = {part: definition.outputs[part].type for part in parts}
            answers |= {part: as_sent(part, parts[part], kinds[part], definition.metadata) for part in parts}
        else:
            answers[name] = np.asarray(getattr(model, name)(x))
    if isinstance(model, CatBoostClassifier) and definition.outputs["predict"].type.width is None:
        answers["predict"] = answers["predict"].ravel()
    return {name: _array(answer) for name, answer in answers.items()}


def _array(values: Any) -> np.ndarray:
    array = np.asarray(values)
    return array.astype(object) if array.dtype.kind in "US" else array
