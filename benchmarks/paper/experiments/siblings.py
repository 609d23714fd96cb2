"""Siblings: models that share their featurizers, with the features and the heads as programs of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import pretzel
from benchmarks.paper.experiments.plans import OUTPUT, as_array
from benchmarks.paper.workloads import Member
from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.engine import Executable, StageCatalog
from pretzel.plan.definition import Definition
from pretzel.plan.values import Csr

FEATURES = "transform"


def families(members: Sequence[Member]) -> Mapping[tuple[str, ...], list[Member]]:
    """Return the members by the versions of their featurizers, the largest family first."""
    found: dict[tuple[str, ...], list[Member]] = {}
    for member in members:
        found.setdefault(member.parts, []).append(member)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


class Features:
    """The featurizers of a pipeline as a program."""

    def __init__(self, estimator: Any, catalog: StageCatalog) -> None:
        """Compile all steps but the last."""
        self._executable = _loaded(pretzel.export(estimator[:-1], outputs=[FEATURES]), catalog)
        (self._column,) = (item.name for item in self._executable.inputs)

    def __call__(self, rows: Any) -> Csr:
        """Return the features of rows."""
        return self._executable.run({self._column: rows}, (FEATURES,))[FEATURES]


class Head:
    """The last step of a pipeline as a program over features."""

    def __init__(self, estimator: Any, features: Any, catalog: StageCatalog) -> None:
        """Compile the last step; ``features`` are some that it may get, as the library has them."""
        self._executable = _loaded(pretzel.export(estimator[-1], sample=features, outputs=[OUTPUT]), catalog)
        (self._column,) = (item.name for item in self._executable.inputs)

    def __call__(self, features: Csr) -> np.ndarray:
        """Return what the estimator's ``predict`` returns."""
        return as_array(self._executable.run({self._column: features}, (OUTPUT,))[OUTPUT])


def _loaded(definition: Definition, catalog: StageCatalog) -> Executable:
    compiled = compile_plan(optimize(definition))
    return engine.load(compiled.plan, compiled.blobs.__getitem__, catalog=catalog)
