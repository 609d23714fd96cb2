"""Answers of models with Python stages, computed with side processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pretzel import engine
from pretzel.adapters.inputs import columns_of
from pretzel.adapters.result_tables import join
from pretzel.adapters.results import result_of
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.importers import export
from pretzel.isolation.limits import Allowed
from pretzel.isolation.stages import PythonStages
from pretzel.plan.model import InputDescription
from pretzel.plan.multioutput import outputs_of
from pretzel.plan.values import Labels


@pytest.fixture(scope="package")
def stages() -> Iterator[PythonStages]:
    """Side processes, confined as far as the kernel can."""
    made = PythonStages(Allowed("unconfined"))
    yield made
    made.close()


class Served:
    """The compiled definition of a model, with side processes."""

    def __init__(self, model: Any, stages: PythonStages, sample: Any) -> None:
        self.definition = export(model, sample=sample, python="isolated")
        compiled = compile_plan(optimize(self.definition))
        self._executable = engine.load(compiled.plan, compiled.blobs.__getitem__, catalog=engine.StageCatalog(stages))
        self._described = [InputDescription(node.column, node.type) for node in self.definition.inputs]

    def run(self, data: Any) -> dict[str, Any]:
        """Return the outputs."""
        return self._executable.run(columns_of(data, self._described, self.definition.metadata))

    def table(self, data: Any) -> Any:
        """Return the transform as clients get it."""
        values, metadata = self.run(data), self.definition.metadata
        outputs = outputs_of("transform", values)
        return join("transform", [result_of(values[name]) for name in outputs], outputs, metadata)


def served(model: Any, data: Any, stages: PythonStages, sample: Any = None) -> dict[str, Any]:
    """Return the answers of the compiled definition, with side processes."""
    values = Served(model, stages, data if sample is None else sample).run(data)
    return {name: plain(value) for name, value in values.items()}


def plain(value: Any) -> np.ndarray:
    """Return an output as an array."""
    if isinstance(value, Labels):
        return np.asarray(value.labels)[value.codes]
    return value.dense() if hasattr(value, "dense") else np.array(value.tolist())
