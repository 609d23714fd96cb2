"""Time every kernel in its program, fit the rates of the cost table, and report how well they predict the times.

Writes ``src/pretzel/engine/costs.json``, which is committed: compiling must not depend on the machine.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls
from threadpoolctl import threadpool_limits

from benchmarks.costs.models import fitted
from benchmarks.harness import Row
from pretzel import engine
from pretzel.adapters.inputs import columns_of
from pretzel.compiler.compile import Compiled, compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.engine.bindings import BINDINGS, KERNELS
from pretzel.engine.bindings import choose as usual_choice
from pretzel.engine.costs import TABLE, Rates, Work
from pretzel.importers import export
from pretzel.plan.definition import Definition
from pretzel.plan.model import InputDescription
from pretzel.plan.node import Node
from pretzel.plan.sizes import Sizes, is_fixed, key_of
from pretzel.plan.values import Texts

BATCHES = (1, 32, 1000)
REPEATS = 15
SMALLEST = 30e-9
"""Seconds below which only the clock itself is measured."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The time of one kernel, with its rows and work."""

    work: Work
    rows: int
    seconds: float

    @property
    def features(self) -> list[float]:
        """The factors of the rates, in order."""
        a_row = (1.0, self.work.read, self.work.written, self.work.product)
        return [1.0, *(self.rows * each for each in a_row)]


def measure() -> list[Row]:
    """Time all kernels, write the table, and compare measured with expected times."""
    timings: dict[str, list[Timing]] = defaultdict(list)
    with threadpool_limits(1):
        for estimator, x in fitted():
            definition = optimize(export(estimator, sample=x))
            for kernel, timing in _timings(definition, x):
                timings[kernel].append(timing)
    rates = {kernel: fit(times) for kernel, times in sorted(timings.items())}
    lines = [f' "{kernel}": {json.dumps([float(f"{rate:.3g}") for rate in each])}' for kernel, each in rates.items()]
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return [row for kernel in rates for row in _rows(kernel, rates[kernel], timings[kernel])]


def fit(timings: Iterable[Timing]) -> list[float]:
    """Return the nonnegative rates in nanoseconds that minimize the sum of squared relative errors."""
    samples = list(timings)
    times = np.array([max(timing.seconds, SMALLEST) * 1e9 for timing in samples])
    features = np.array([timing.features for timing in samples])
    rates, _ = nnls(features / times[:, None], np.ones(len(times)))
    return list(map(float, rates))


def _timings(definition: Definition, x: object) -> Iterator[tuple[str, Timing]]:
    """Yield the time of each stage over some rows, for each kernel that can compute it."""
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    columns = columns_of(x, described, definition.metadata)
    for compiled in _variants(definition):
        executable = engine.load(compiled.plan, lambda digest, blobs=compiled.blobs: blobs[digest])
        for rows in BATCHES:
            batch = {name: _head(column, rows) for name, column in columns.items()}
            runs = [executable.profile(batch) for _ in range(REPEATS)]
            seen = {
                key_of(node): (step.entries or 0) / rows
                for node, step in zip(compiled.nodes, runs[0], strict=True)
                if not is_fixed(node.type)
            }
            seen |= {
                key_of(node): int(column.lengths.sum()) / rows
                for node in definition.inputs
                if isinstance(column := batch[node.column], Texts)
            }
            for i, (stage, node) in enumerate(zip(compiled.plan.stages, compiled.nodes, strict=True)):
                work = KERNELS[stage.kernel].work(node, Sizes(rows, seen))
                yield stage.kernel, Timing(work, rows, min(run[i].seconds for run in runs))


def _variants(definition: Definition) -> Iterator[Compiled]:
    """Yield plans that together use every kernel of each node."""
    most = max(len(able) for able in BINDINGS.values())
    digests = set()
    for turn in range(most):
        compiled = compile_plan(definition, choose=lambda node, sizes, turn=turn: _by_turns(node, sizes, turn))
        if compiled.plan.digest not in digests:
            digests.add(compiled.plan.digest)
            yield compiled


def _by_turns(node: Node, sizes: Sizes, turn: int) -> object:
    able = [binding for binding in BINDINGS.get(type(node), ()) if binding.takes(node)]
    return able[turn % len(able)] if able else usual_choice(node, sizes)


def _head(column: object, rows: int) -> object:
    if isinstance(column, Texts):
        width = column.width or 1
        lengths = column.lengths[: rows * width]
        return Texts(column.data[: int(lengths.sum())], lengths, column.missing, column.width)
    return column[:rows]


def _rows(kernel: str, rates: list[float], timings: list[Timing]) -> Iterator[Row]:
    """Yield, for each batch size, the measured against the expected time."""
    for rows in BATCHES:
        samples = [timing for timing in timings if timing.rows == rows]
        expected = [Rates(*rates).nanoseconds(timing.work, rows) / 1e9 for timing in samples]
        measured = [max(timing.seconds, SMALLEST) for timing in samples]
        ratios = sorted(a / b for a, b in zip(expected, measured, strict=True))
        middle = len(ratios) // 2
        us = [float(np.median(side)) / rows * 1e6 for side in (measured, expected)]
        yield Row(kernel, "the table", rows, *us, ratios[middle], ratios[0], ratios[-1])
