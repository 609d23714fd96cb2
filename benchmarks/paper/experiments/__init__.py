"""All experiments of the evaluation, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.paper.experiment import Experiment

EXPERIMENTS: Sequence[Experiment] = ()
