"""The tensors that a model takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from pretzel.data_plane.oip.datatypes import datatype_of
from pretzel.data_plane.residency.entry import Entry
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.routes import Route
from pretzel.plan.digest import Digest
from pretzel.plan.model import ColumnDescription, LabelTable, ModelVersion, describe
from pretzel.plan.plan import Plan
from pretzel.plan.types import ValueType

MATRIX = "X"
"""Name of the tensor with all columns of an array, as importers name the input of a model fitted on arrays."""
Fetch = Callable[[Digest], bytes | memoryview]


@dataclass(frozen=True, slots=True)
class Spec:
    """One tensor of a model."""

    name: str
    type: ValueType
    datatype: str

    @property
    def dims(self) -> tuple[int, ...]:
        """The sizes after the batch dimension: 1 for one value per row, -1 for a list of any length."""
        return (-1,) if self.type.layout == "ragged" else (self.type.columns,)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes, with -1 for the batch dimension."""
        return (-1, *self.dims)


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """The tensors of one version of a model."""

    version: ModelVersion
    inputs: Mapping[str, Spec]
    """In the order of an array's columns."""
    outputs: Mapping[str, Spec]
    columns: tuple[ColumnDescription, ...]
    """Columns of an array that the model takes, even those that no step reads; empty if it takes no array."""
    labels: Mapping[str, list[bytes]]
    """By output, the text of the label of each class."""

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.version.model


class Signatures:
    """Signatures of the versions that were asked for, as long as their plans are known."""

    def __init__(self, plans: PlanCatalog, fetch: Fetch) -> None:
        self._plans, self._fetch = plans, fetch
        self._kept: WeakKeyDictionary[Entry, dict[str, Signature]] = WeakKeyDictionary()

    async def get(self, route: Route) -> Signature:
        """Return the signature of a version; reading it loads no parameters.

        Raises:
            UnavailableError: an object of the model cannot be read now.
        """
        kept, name = self._kept.setdefault(route.entry, {}), str(route.version)
        if name not in kept:
            kept[name] = await self._plans.describe(
                route.entry, lambda plan: signature_of(route.version, plan, self._fetch)
            )
        return kept[name]


def signature_of(version: ModelVersion, plan: Plan, fetch: Fetch) -> Signature:
    """Return the tensors of a plan."""
    described = describe(version, plan, {}, fetch)
    coded = {output.name for output in plan.outputs if output.labels is not None}
    inputs = {item.name: Spec(item.name, item.type, datatype_of(item.type)) for item in described.inputs}
    outputs = {
        item.name: Spec(item.name, item.type, datatype_of(item.type, item.labels if item.name in coded else None))
        for item in described.outputs
    }
    labels = {item.name: _texts(item.labels) for item in described.outputs if item.labels is not None}
    return Signature(version, inputs, outputs, described.columns, labels)


def _texts(labels: LabelTable) -> list[bytes]:
    return [str(label).encode() for label in (labels.tolist() if isinstance(labels, np.ndarray) else labels)]
