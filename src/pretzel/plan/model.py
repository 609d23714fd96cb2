"""Models as clients see them: names, versions, aliases, and the inputs and outputs of a version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pretzel.plan.caveats import caveats
from pretzel.plan.digest import Digest
from pretzel.plan.hints import NONE, Hints
from pretzel.plan.multioutput import is_optional, method_of
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan, PlanInput, PlanOutput
from pretzel.plan.traffic import Runs
from pretzel.plan.types import ValueType

LabelTable = np.ndarray | list[str]
RECOMPILED = "recompiled"
"""Key of the metadata of a description: what became of the version for each later kernels, in words."""


@dataclass(frozen=True)
class ModelVersion:
    """One immutable version of a model."""

    model: str
    version: int
    """1, 2, 3, ... in the order of deployment; never reused."""
    plan: Digest
    definition: Digest
    created: float = 0.0
    """Seconds since the epoch."""
    parameter_bytes: int = 0
    """Bytes of the distinct parameters that the plan maps."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Estimator, library, input style, tolerance, the error measured on the sample."""
    dropped: tuple[int, ...] = field(default=(), compare=False)
    """Older versions that the deployment of this one deleted; known only in its result."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of this version; the model has labels of its own."""
    owner: str = ""
    note: str = ""

    @property
    def may_differ(self) -> list[str]:
        """A line for each step whose answers may differ from the library's: step, class, reason and remedy."""
        return caveats(self.metadata)

    def __str__(self) -> str:
        """Return ``name@version``."""
        return f"{self.model}@{self.version}"

    @property
    def verification(self) -> str:
        """A sentence on the verification: rows checked, rows in the sample, and the largest error."""
        if not self.metadata.get("verified", False):
            return f"not verified: {self.metadata.get('unverified') or 'it was deployed without a sample'}"
        error = max(self.metadata.get("measured_error", {}).values(), default=0.0)
        counts = self.metadata.get("verification")
        if not counts:
            return f"verified on a sample, largest error {error:.2g}"
        ties = f", {counts['ties']} labels at ties of the scores" if counts["ties"] else ""
        return f"verified on {counts['rows']:,} of {counts['of']:,} rows, largest error {error:.2g}{ties}"


@dataclass(frozen=True, slots=True)
class Shadow:
    """A version that gets copies of the calls of an alias; its answers reach no caller."""

    version: int
    slots: int
    """The share of the calls that are copied, in hundredths of a percent."""
    id: int
    """Distinguishes this shadow from earlier and later ones."""


@dataclass(frozen=True)
class Model:
    """A name with its versions and the aliases that point to them."""

    name: str
    versions: tuple[ModelVersion, ...] = ()
    aliases: Mapping[str, int] = field(default_factory=dict)
    """Alias to version; clients get ``stable`` by default."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the model whole; its versions have their own."""
    owner: str = ""
    note: str = ""
    traffic: Mapping[str, Runs] = field(default_factory=dict)
    """Aliases whose calls are split over versions."""
    edition: int = field(default=0, compare=False)
    """Grows with every change of the model, its labels included; 0 if it is not known."""
    hints: Hints = NONE
    """Which workers serve it, and which keep it loaded."""
    shadows: Mapping[str, Shadow] = field(default_factory=dict)
    """Aliases of whose calls copies go to another version."""


@dataclass(frozen=True)
class InputDescription:
    """A column that a request must have."""

    name: str
    type: ValueType


@dataclass(frozen=True)
class ColumnDescription:
    """One column of an array that a model accepts."""

    name: str
    """The name of the input, or its position, counted from 0."""
    type: ValueType | None
    """One value per row; None if no step reads the column, so that it may hold anything."""


@dataclass(frozen=True, eq=False)
class OutputDescription:
    """A column that a response can hold, named after the estimator's method."""

    name: str
    type: ValueType
    labels: LabelTable | None = None
    """The labels that codes, or one column per class, refer to."""


@dataclass(frozen=True, eq=False)
class ModelDescription:
    """The information a client needs to call a model."""

    version: ModelVersion
    inputs: tuple[InputDescription, ...]
    """The columns to send, in the order of an array's columns."""
    outputs: tuple[OutputDescription, ...]
    aliases: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the model whole; those of the version are with it."""
    owner: str = ""
    note: str = ""
    traffic: Mapping[str, Runs] = field(default_factory=dict)
    """Aliases whose calls are split over versions."""
    edition: int = 0
    """Grows with every change of the model; 0 if it is not known."""
    hints: Hints = NONE
    shadows: Mapping[str, Shadow] = field(default_factory=dict)
    """Aliases of whose calls copies go to another version."""

    @property
    def columns(self) -> tuple[ColumnDescription, ...]:
        """The columns of an array that the model accepts, in order, even if no step reads them."""
        return array_columns(self.inputs, self.version.metadata)


def array_columns(inputs: Iterable[InputDescription], metadata: Mapping[str, Any]) -> tuple[ColumnDescription, ...]:
    """Return the columns of an array that a model accepts, in order; none if it takes documents, lists or records."""
    types = {item.name: item.type for item in inputs}
    style, names = metadata.get("input_style"), metadata.get("feature_names")
    only = next(iter(types.values())) if len(types) == 1 else None
    if style == "matrix" and only is not None and only.width is not None:
        one = ValueType(only.dtype)
        return tuple(ColumnDescription(name, one) for name in names or map(str, range(only.columns)))
    if style == "positions":
        names = list(map(str, range(metadata["columns"])))
    elif style != "frame" or metadata.get("records"):
        return ()
    return tuple(ColumnDescription(name, types.get(name)) for name in names or types)


def column_order(names: Iterable[str]) -> Callable[[str], int]:
    """Return a sort key that orders inputs as ``names`` does; others come last.

    The two inputs made from a column of records take the position of that column.
    """
    places = {name: i for i, name in enumerate(names)}
    return lambda name: places.get(name, places.get(name.rpartition(".")[0], len(places)))


def describe(
    version: ModelVersion,
    plan: Plan,
    aliases: Mapping[str, int],
    fetch: Callable[[Digest], bytes | memoryview],
) -> ModelDescription:
    """Return the inputs and outputs of a plan; ``fetch`` returns the blobs of its label tables."""
    inputs = inputs_of(version, plan.inputs)
    tables = {output.name: _labels(plan, output, fetch) for output in plan.outputs}
    outputs = []
    for output in plan.outputs:
        kind, labels = plan.type_of(output.slot), tables[output.name]
        classes = tables.get(output.name.replace(method_of(output.name), "predict", 1))
        by_class = classes is not None and not is_optional(output.name) and kind.width == len(classes)
        labels = classes if labels is None and by_class else labels
        outputs.append(OutputDescription(output.name, kind, labels))
    return ModelDescription(version, inputs, tuple(outputs), dict(aliases))


def inputs_of(version: ModelVersion, inputs: Iterable[PlanInput]) -> tuple[InputDescription, ...]:
    """Return the inputs of a plan, in the order of an array's columns."""
    order = column_order(version.metadata.get("feature_names") or ())  # older versions store no names: keep their order
    return tuple(sorted((InputDescription(i.name, i.type) for i in inputs), key=lambda item: order(item.name)))


def _labels(plan: Plan, output: PlanOutput, fetch: Callable[[Digest], bytes | memoryview]) -> LabelTable | None:
    if output.labels is None:
        return None
    inline = plan.inline.get(output.labels)
    parameter = Parameter(fetch(output.labels) if inline is None else inline, output.labels)
    return parameter.texts if parameter.dtype == "str" else parameter.array
