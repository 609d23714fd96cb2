"""The ways in which Pretzel computes a definition, and the answers of the library in the same form."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel import engine
from pretzel.adapters.inputs import columns_of
from pretzel.adapters.result_tables import split
from pretzel.adapters.tables import is_sparse
from pretzel.compiler.compile import compile_plan
from pretzel.importers.answers import answer_of
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.forms import as_sent
from pretzel.plan.model import InputDescription
from pretzel.plan.multioutput import MATRICES, method_of, methods_of, outputs_of
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import evaluate
from pretzel.plan.values import Csr, Ragged, Texts

Columns = Mapping[str, Any]
Answers = dict[str, Any]


def columns_for(definition: Definition, X: Any) -> Columns:
    """Return the columns of X as a client splits it."""
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    return columns_of(X, described, definition.metadata)


def by_references(definition: Definition, columns: Columns, only: Iterable[str] | None = None) -> Answers:
    """Return outputs by the meaning of each operator in NumPy; not contributions, which walk every path of a tree."""
    nodes = {name: node for name, node in definition.outputs.items() if method_of(name) not in MATRICES}
    wanted = nodes if only is None else {name: nodes[name] for name in only if name in nodes}
    if not wanted:
        return {}
    with np.errstate(all="ignore"):
        values = evaluate(Definition(wanted), {name: _plain(column) for name, column in columns.items()})
    return {name: packed(value, wanted[name]) for name, value in values.items()}


def by_kernels(definition: Definition, columns: Columns) -> Answers:
    """Return outputs by the kernels of the definition as it is, without rewriting it."""
    compiled = compile_plan(definition)
    executable = engine.load(compiled.plan, lambda digest: compiled.blobs[digest])
    read = {node.column for node in definition.inputs}
    return executable.run({name: column for name, column in columns.items() if name in read}, list(definition.outputs))


def by_library(estimator: Any, definition: Definition, X: Any) -> Answers:
    """Return the estimator's answers by output, in the form in which they are sent.

    Outputs that no method of the estimator computes are left out.
    """
    answers: Answers = {}
    separate = definition.metadata.get("apart") or ()
    for method in methods_of(definition.outputs):
        ask = None if method in separate else answer_of(estimator, method)
        if ask is not None:
            answers |= split(method, quietly(ask, X), outputs_of(method, definition.outputs), definition.metadata)
    kinds = {name: definition.outputs[name].type for name in answers}
    about = definition.metadata
    return {name: canonical(as_sent(name, answer, kinds[name], about)) for name, answer in answers.items()}


def quietly(ask: Any, X: Any) -> Any:
    """Return the answer of a function of X, without the warnings of libraries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ask(X)


def canonical(answer: Any) -> Any:
    """Return an answer of a library as an array, or as sparse rows."""
    if is_sparse(answer):
        rows = answer.tocsr()
        return Csr(rows.data, rows.indices.astype(np.int32), rows.indptr.astype(np.int64), rows.shape[1])
    return np.asarray(answer)


def packed(value: Any, node: Node) -> Any:
    """Return a value of the references in the form of the kernels."""
    return np.array(value, object) if isinstance(value, list) and node.type.is_text else value


def classes_of(definition: Definition, output: str) -> Sequence[Any] | None:
    """Return the labels that an output holds; None if it holds none."""
    head = definition.outputs[output]
    if not isinstance(head, ops.LabelLookup):
        return None
    table: Parameter = head.labels
    return table.texts if table.dtype == "str" else table.array.tolist()


def _plain(column: Any) -> Any:
    """Return a column as the references read it."""
    if isinstance(column, Ragged):
        return column.tolist()
    if not isinstance(column, Texts):
        return column
    texts, width = column.tolist(), column.width
    return texts if width is None else [texts[i : i + width] for i in range(0, len(texts), width)]
