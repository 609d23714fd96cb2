"""A pipeline: named outputs over typed inputs, and what can be done with them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import pretzel
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.compile.labels import peel_labels
from pretzel.compiler.optimize import optimize
from pretzel.errors import DefinitionError
from pretzel.plan import bundle, ops
from pretzel.plan.builder import Value
from pretzel.plan.builder.places import place_of_caller
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.plan import Plan
from pretzel.plan.types import NUMBERS, TEXT, TOKENS

if TYPE_CHECKING:
    from pretzel.local import Predictor

BY_CLASS = ("predict_proba", "predict_log_proba")
"""Outputs with one column for each label of ``predict``."""


def pipeline(
    outputs: Mapping[str, Value] | None = None,
    /,
    *,
    inputs: Sequence[Value] | None = None,
    name: str = "",
    metadata: Mapping[str, Any] | None = None,
    **named: Value,
) -> Pipeline:
    """Return the pipeline with these outputs.

    Args:
        outputs: values by the name of the method that returns them: ``predict``, ``predict_proba``, ``transform``, ...
            Clients call ``predict(model, X)``, or ``score(model, X, name)`` for any name.
        named: the same by keyword.
        inputs: the inputs in order, if they are not only those that the outputs read.
        name: what ``describe`` shows as the estimator.
        metadata: all facts for clients, in place of those that follow from inputs and outputs (docs/format.md).

    Raises:
        DefinitionError: no output, or an input declared twice with different types.  Without ``metadata`` also an
            output of lists of any length, and labels that do not match their codes or probabilities.
    """
    every = {**(outputs or {}), **named}
    for output, value in every.items():
        if not isinstance(value, Value):
            raise _wrong(f"output {output!r:.80}: expected a value of a pipeline, got {type(value).__name__}")
    given = tuple(_input_nodes(inputs or ()))
    try:
        declared = Definition({output: value.node for output, value in every.items()}, given)
    except DefinitionError as error:
        raise _wrong(str(error).removeprefix("definition: ")) from None
    columns = list(dict.fromkeys(column for value in every.values() for column in value.names))
    nodes = declared.inputs if inputs is not None else _in_order(declared.inputs, columns)
    if metadata is not None:
        return Pipeline(Definition(declared.outputs, nodes, dict(metadata)))
    _check_outputs(every, declared)
    return Pipeline(Definition(declared.outputs, nodes, metadata_of(nodes, columns, declared.outputs, name)))


class Pipeline:
    """A pipeline written by hand, as :func:`pipeline` returns it.  Immutable."""

    def __init__(self, definition: Definition) -> None:
        """Wrap a definition."""
        self._definition = definition

    def definition(self) -> Definition:
        """Return the graph of operators, which ``pretzel.ControlPlane.deploy`` takes too."""
        return self._definition

    def plan(self) -> Plan:
        """Return the optimized, compiled plan: its stages with their fingerprints, and its digest.

        Raises:
            DefinitionError: a step cannot be compiled, such as a token pattern that is not linear.
        """
        return compile_plan(optimize(self._definition)).plan

    def compile(self, *, threads: int | None = None, without: Collection[str] = ()) -> Predictor:
        """Return a predictor in this process, with a method for each output (:func:`pretzel.compile`).

        Raises:
            DefinitionError: as for :meth:`plan`.
        """
        from pretzel.local import Predictor

        return Predictor(self._definition, threads=threads, without=without)

    def deploy(self, control_plane: Any, name: str, **options: Any) -> Any:
        """Deploy as a version of the model ``name``, and return the version.

        Args:
            control_plane: a :class:`pretzel.ControlPlane`; from an ``AsyncControlPlane`` the result is awaited.
            name: name of the model.
            options: those of :meth:`pretzel.ControlPlane.deploy`.  With ``sample=`` and ``expected={output: answers}``
                the version goes live only if the plan returns these answers, those of where the model was trained.
        """
        return control_plane.deploy(name, self._definition, **options)

    def explain(self, X: Any = None, *, format: str = "text", verbose: bool = False) -> str:
        """Explain the plan and its cost, as :meth:`pretzel.local.Predictor.explain`."""
        return self.compile().explain(X, format=format, verbose=verbose)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the definition and its parameters to a file, for ``pretzel.load`` and ``pretzel deploy NAME FILE``."""
        bundle.save(path, self._definition)

    def __repr__(self) -> str:
        """Return the inputs and the outputs with their types."""
        inputs = ", ".join(f"{node.column}: {node.type}" for node in self._definition.inputs)
        outputs = ", ".join(f"{name}: {node.type}" for name, node in self._definition.outputs.items())
        return f"<Pipeline ({inputs}) -> ({outputs})>"


def metadata_of(
    inputs: Sequence[ops.Input], columns: Sequence[str], outputs: Mapping[str, Node], name: str
) -> dict[str, Any]:
    """Return how clients split X into the inputs, and the facts that ``describe`` shows."""
    records = _records(inputs)
    reads_text = any(node.type.is_text for node in inputs)
    labels = outputs.get("predict")
    optional: dict[str, Any] = {
        "feature_names": list(columns) or ([node.column for node in inputs] if len(inputs) > 1 and not records else []),
        "records": {stem: {} for stem in records},
        "unicode": unicodedata.unidata_version if reads_text else None,
        "classes_dtype": _classes_dtype(labels) if isinstance(labels, ops.LabelLookup) else None,
    }
    return {
        "estimator": name or "pretzel.flow.Pipeline",
        "library": f"pretzel {pretzel.__version__}",
        "input_style": _style(inputs, columns, records),
        "input_names": [node.column for node in inputs],
        **{key: value for key, value in optional.items() if value},
    }


def _style(inputs: Sequence[ops.Input], columns: Sequence[str], records: Sequence[str]) -> str:
    if records and len(inputs) == 2 * len(records) == 2:
        return "records"
    if columns or len(inputs) != 1:
        return "frame"
    return {TEXT: "texts", TOKENS: "lists"}.get(inputs[0].type, "matrix")


def _records(inputs: Sequence[ops.Input]) -> list[str]:
    """Return the inputs of dictionaries, from the pairs of inputs that :func:`pretzel.flow.records` makes."""
    kinds = {node.column: node.type for node in inputs}
    stems = [name.removesuffix(".names") for name, kind in kinds.items() if kind == TOKENS and name.endswith(".names")]
    return [stem for stem in stems if kinds.get(f"{stem}.values") == NUMBERS]


def _classes_dtype(lookup: ops.LabelLookup) -> str:
    labels = lookup.labels
    return str(np.array(labels.texts).dtype.str if labels.dtype == "str" else labels.array.dtype.str)


def _input_nodes(inputs: Iterable[Any]) -> Iterable[ops.Input]:
    for value in inputs:
        node = value.node if isinstance(value, Value) else None
        if not isinstance(node, ops.Input):
            raise _wrong(f"inputs: expected inputs such as flow.numbers(4), got {value!r:.80}")
        yield node


def _in_order(inputs: tuple[ops.Input, ...], columns: Sequence[str]) -> tuple[ops.Input, ...]:
    order = {column: i for i, column in enumerate(columns)}
    return tuple(sorted(inputs, key=lambda node: order.get(node.column, len(order))))


def _check_outputs(outputs: Mapping[str, Value], definition: Definition) -> None:
    """Reject outputs that cannot be compiled, or that clients would read wrongly."""
    for output, value in outputs.items():
        if value.type.layout == "ragged":
            raise _wrong(f"output {output!r:.80}: {value!r} has lists of any length; count or hash its items first")
    try:
        heads = peel_labels(definition)
    except DefinitionError as error:
        raise _wrong(f"{error}; take the codes from .threshold() or .argmax()") from None
    labels = next((head.labels for head in heads if head.name == "predict"), None)
    if labels is None:
        return
    for output in BY_CLASS:
        if output in outputs and outputs[output].type.width != len(labels):
            remedy = "use .sigmoid_pair() of one score" if len(labels) == 2 else "give it one column per label"
            raise _wrong(f"output {output!r}: predict has {len(labels)} labels, and {outputs[output]!r}; {remedy}")


def _wrong(problem: str) -> DefinitionError:
    return DefinitionError(f"pipeline ({place_of_caller()}): {problem}")
