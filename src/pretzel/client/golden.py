"""The sample rows of a deployment, and the library's answers to them, for verification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.adapters.inputs import columns_of
from pretzel.adapters.pieces import cut
from pretzel.adapters.result_tables import split
from pretzel.adapters.tables import is_sparse
from pretzel.client.sampling import choose_rows, row_count, take_rows
from pretzel.errors import InputError, renumbered
from pretzel.plan import wire
from pretzel.plan.definition import Definition
from pretzel.plan.forms import as_sent
from pretzel.plan.model import InputDescription
from pretzel.plan.multioutput import OPTIONAL, SQUARE, methods_of, outputs_of
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr
from pretzel.v1 import control_pb2 as pb

SAMPLE_ROWS = 1000
"""Default number of sample rows to verify."""
SAMPLE_BYTES = 16 << 20
"""Largest size of the rows and their answers: the whole sample travels in one message."""


@dataclass(frozen=True)
class Golden:
    """A sample, and the source of the answers to it."""

    model: Any
    """The fitted estimator, or a definition, which cannot compute answers."""
    sample: Any
    expected: Mapping[str, Any] | None
    """The answers by method, if the model cannot compute them."""
    rows: int = SAMPLE_ROWS
    """Largest number of rows to verify."""


def golden_sample(golden: Golden, definition: Definition) -> pb.Sample:
    """Return the chosen rows of the sample and the library's answers to them, as many as fit in one message."""
    if golden.rows < 1:
        raise InputError(f"sample_rows: expected 1 at least, got {golden.rows}")
    most = golden.rows
    while True:
        rows = choose_rows(golden.sample, most)
        columns = _tagged(golden, definition, rows)
        fitting = len(next(iter(cut(columns, most=SAMPLE_BYTES)[0].values()))) if columns else len(rows)
        if fitting >= len(rows):
            return _sample_message(columns, rows, row_count(golden.sample))
        most = fitting


def _tagged(golden: Golden, definition: Definition, rows: np.ndarray) -> dict[str, Any]:
    """Return inputs as ``<name`` and answers as ``>name``, so that their names cannot collide."""
    X = take_rows(golden.sample, rows)
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    try:
        inputs = columns_of(X, described, definition.metadata)
    except InputError as error:
        raise InputError(renumbered(str(error), rows.tolist())) from None
    has_answers = golden.expected is not None
    answers = _expected(golden, definition, rows) if has_answers else _answers(golden.model, X, definition)
    outputs = {name: _golden(name, value) for name, value in answers.items()}
    for name, value in outputs.items():
        if len(value) != len(rows):
            raise InputError(f"sample: {len(rows)} rows, but {name!r} has {len(value)} answers")
    return {f"<{name}": value for name, value in inputs.items()} | {f">{name}": v for name, v in outputs.items()}


def _sample_message(columns: Mapping[str, Any], rows: np.ndarray, total: int) -> pb.Sample:
    sides = {side: {name[1:]: v for name, v in columns.items() if name[0] == side} for side in "<>"}
    return pb.Sample(
        inputs=[wire.column_to_proto(name, value) for name, value in sides["<"].items()],
        outputs=[wire.column_to_proto(name, value) for name, value in sides[">"].items()],
        rows=[] if len(rows) == total else rows.tolist(),
        total_rows=total,
    )


def _expected(golden: Golden, definition: Definition, rows: np.ndarray) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    total = row_count(golden.sample)
    for method, answer in (golden.expected or {}).items():
        outputs = outputs_of(method, definition.outputs) or [method]
        answers |= split(method, answer, outputs, definition.metadata)
    for name, answer in answers.items():
        if row_count(answer) != total:
            raise InputError(f"sample: {total} rows, but {name!r} has {row_count(answer)} answers")
    return {name: take_rows(value, rows) for name, value in answers.items()}


def _answers(estimator: Any, X: Any, definition: Definition) -> dict[str, Any]:
    if isinstance(estimator, Definition):
        raise InputError("sample: a definition cannot answer it; pass the library's answers as expected={method: ...}")
    from pretzel.importers.answers import answer_of  # already loaded, with the estimator's library

    separate = definition.metadata.get("apart") or ()
    with blaming_the_sample(estimator):
        answers: dict[str, Any] = {}
        for method in methods_of(definition.outputs):
            ask = None if method in separate else answer_of(estimator, method)
            if ask is None or method == SQUARE:  # matrices would exceed the message
                continue
            with suppress(Exception) if method in OPTIONAL else nullcontext():  # the library may reject rows for these
                outputs = outputs_of(method, definition.outputs)
                answers |= split(method, ask(X), outputs, definition.metadata)
    if not answers:
        names = ", ".join(methods_of(definition.outputs))
        failure = InputError(f"sample: {type(estimator).__name__} has no method to compute {names}")
        failure.add_note("pass the answers as expected={method: ...}, or deploy without a sample")
        raise failure
    kinds = {name: definition.outputs[name].type for name in answers}
    plain = {name: _plain(name, _one_per_row(answer, kinds[name]), kinds[name]) for name, answer in answers.items()}
    return {name: as_sent(name, answer, kinds[name], definition.metadata) for name, answer in plain.items()}


def _plain(name: str, answer: Any, kind: ValueType) -> Any:
    """Convert numbers that the library returns as objects, as from a table of booleans and floats, to one type.

    Raises:
        InputError: an answer is not a number.
    """
    if kind.is_text or is_sparse(answer):
        return answer
    array = np.asarray(answer)
    if array.dtype.kind != "O":
        return answer
    missing = np.array([type(value).__name__ == "NAType" for value in array.ravel()], bool).reshape(array.shape)
    try:
        return np.where(missing, np.nan, array).astype(kind.numpy)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"sample: the estimator's {name} returns objects, but {kind} is served ({error}); "
            "convert the columns to numbers, also for fitting"
        ) from None


def _one_per_row(answer: Any, kind: ValueType) -> Any:
    """Flatten an answer of one value per row: CatBoost returns the labels of several classes as a matrix."""
    is_column = kind.width is None and getattr(answer, "ndim", 1) == 2 and answer.shape[1] == 1
    return answer.ravel() if is_column else answer


_ROWS = "pass rows like those it was fitted on, without the values that it rejects"
_MISSING = "fill missing values with a text; in a file, --no-na reads cells such as NA and None as texts"
_CATEGORIES = "convert the columns that held categories: astype('category'), or --types COLUMN=category for a file"


@contextmanager
def blaming_the_sample(estimator: Any) -> Iterator[None]:
    """Raise an error of the estimator as an InputError about the sample, with the first line of its message."""
    try:
        yield
    except Exception as error:
        message = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(":. ")
        failure = InputError(f"sample: {type(estimator).__name__} rejects it: {message}")
        failure.add_note(_remedy(message))
        raise failure from error


def _remedy(message: str) -> str:
    if "cat_features must be integer or string" in message:
        return _MISSING
    return _CATEGORIES if "categorical_feature" in message else _ROWS


def _golden(name: str, value: Any) -> Any:
    if is_sparse(value):
        csr = value.tocsr()
        return Csr(csr.data, csr.indices.astype(np.int32), csr.indptr.astype(np.int64), csr.shape[1])
    array = np.asarray(value)
    if array.dtype.kind in "UO":
        return wire.column_from_proto(wire.column_to_proto(name, array))
    return array
