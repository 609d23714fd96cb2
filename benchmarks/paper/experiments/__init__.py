"""All experiments of the evaluation, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.paper.experiment import Experiment
from benchmarks.paper.experiments import (
    ablations,
    end_to_end,
    energy,
    equality,
    fan_out,
    growth,
    heavy,
    latency,
    many,
    materialization,
    memory,
    onnx,
    throughput,
)

MODULES = (
    memory,
    latency,
    throughput,
    heavy,
    end_to_end,
    materialization,
    ablations,
    onnx,
    equality,
    fan_out,
    many,
    energy,
    growth,
)
EXPERIMENTS: Sequence[Experiment] = tuple(module.EXPERIMENT for module in MODULES)
