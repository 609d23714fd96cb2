"""All experiments of the evaluation, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.paper.experiment import Experiment
from benchmarks.paper.experiments import fan_out, latency, materialization, throughput

EXPERIMENTS: Sequence[Experiment] = tuple(
    module.EXPERIMENT for module in (latency, throughput, materialization, fan_out)
)
