"""Answers of models with Python stages, computed with side processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pretzel import engine
from pretzel.adapters.inputs import columns_of
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.importers import export
from pretzel.isolation.limits import Allowed
from pretzel.isolation.stages import PythonStages
from pretzel.plan.model import InputDescription
from pretzel.plan.values import Labels


@pytest.fixture(scope="package")
def stages() -> Iterator[PythonStages]:
    """Side processes, confined as far as the kernel can."""
    made = PythonStages(Allowed("unconfined"))
    yield made
    made.close()


def served(model: Any, data: Any, stages: PythonStages, sample: Any = None) -> dict[str, Any]:
    """Return the answers of the compiled definition, with side processes."""
    definition = export(model, sample=data if sample is None else sample, python="isolated")
    compiled = compile_plan(optimize(definition))
    executable = engine.load(compiled.plan, compiled.blobs.__getitem__, catalog=engine.StageCatalog(stages))
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    values = executable.run(columns_of(data, described, definition.metadata))
    return {name: plain(value) for name, value in values.items()}


def plain(value: Any) -> np.ndarray:
    """Return an output as an array."""
    if isinstance(value, Labels):
        return np.asarray(value.labels)[value.codes]
    return value.dense() if hasattr(value, "dense") else np.array(value.tolist())
