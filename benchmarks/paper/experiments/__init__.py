"""All experiments of the evaluation, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.paper.experiment import Experiment
from benchmarks.paper.experiments import (
    ablations,
    end_to_end,
    energy,
    equality,
    heavy,
    many,
    memory,
    onnx,
)

MODULES = (
    memory,
    heavy,
    end_to_end,
    ablations,
    onnx,
    equality,
    many,
    energy,
)
EXPERIMENTS: Sequence[Experiment] = tuple(module.EXPERIMENT for module in MODULES)
