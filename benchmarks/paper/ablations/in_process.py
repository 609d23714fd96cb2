"""Each switch of ``pretzel.compile(without=)`` on and off, over the same pipelines, in one run."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import pretzel
from benchmarks.paper.caching import filled
from benchmarks.serving.worker import put
from pretzel.adapters.inputs import columns_of
from pretzel.compiler.compile import Compiled
from pretzel.compiler.optimize import OPTIMIZER, Trace
from pretzel.compiler.without import NOTHING, Without
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.engine import Executable
from pretzel.engine.mechanisms import MECHANISMS
from pretzel.errors import DefinitionError
from pretzel.plan.definition import Definition
from pretzel.plan.model import InputDescription
from pretzel.plan.values import Csr, Labels

ROUNDS, BATCH = 5, 1000
RELEVANT = 0.03
"""Share by which every round must differ for a difference to be stated."""
LOADS_DIFFER = 1.25
"""The same for load times, which are measured in runs of their own."""
LOADS = 3


@dataclass(frozen=True)
class Side:
    """The figures of all pipelines together, with a mechanism or without."""

    memory_mb: float
    """Growth of the proportional set by the loads, in 2**20 bytes."""
    load_ms: float
    compile_ms: float
    one_row_us: float
    batch_rows_per_second: float


@dataclass(frozen=True)
class Ablation:
    """One switch, on and off."""

    switch: str
    on: Side | None = None
    off: Side | None = None
    one_row_ratios: tuple[float, ...] = ()
    """How many times faster one row is with it, in each round, which measures both in turn; sorted."""
    batch_ratios: tuple[float, ...] = ()
    needed: str = ""
    """The reason, if the pipelines cannot be compiled without it."""

    @property
    def statement(self) -> str:
        """Return a sentence on what it brings, or does not."""
        if self.needed or self.on is None or self.off is None:
            return f"`{self.switch}`: cannot be left out here: {self.needed}"
        ratios = {
            "memory": (self.off.memory_mb / max(self.on.memory_mb, 1e-9),),
            "time of one row": self.one_row_ratios,
            "time of a batch": self.batch_ratios,
        }
        brings = [f"{n} {statistics.median(r):.2f} times less" for n, r in ratios.items() if min(r) > 1 + RELEVANT]
        costs = [f"{n} {1 / statistics.median(r):.2f} times more" for n, r in ratios.items() if max(r) < 1 - RELEVANT]
        if self.off.load_ms > LOADS_DIFFER * self.on.load_ms:
            brings.append(f"load time {self.off.load_ms / self.on.load_ms:.1f} times less")
        said = [part for part in (", ".join(brings), f"costs {', '.join(costs)}" if costs else "") if part]
        return f"`{self.switch}`: {'; '.join(said) or 'no difference that all rounds show'}."


@dataclass(frozen=True)
class Loaded:
    """One choice of switches over all pipelines."""

    compiled: Sequence[Compiled]
    originals: Sequence[Sequence[str]]
    executables: Sequence[Executable]
    compile_ms: float


def names_for(definitions: Mapping[str, Definition]) -> list[str]:
    """Return the optimizer, all mechanisms, and the rules that fire in some of these definitions."""
    trace = Trace()
    for definition in definitions.values():
        NOTHING.optimized(definition, trace)
    return [OPTIMIZER, *MECHANISMS, *dict.fromkeys(step.rule for step in trace.steps)]


def ablate(
    pipelines: Mapping[str, Any],
    rows: Mapping[str, Any],
    names: Sequence[str] = (),
    *,
    rounds: int = ROUNDS,
    loads: int = LOADS,
    progress: Callable[[str], None] = lambda name: None,
) -> list[Ablation]:
    """Leave out one thing after the other.

    Args:
        pipelines: fitted estimators by name, or definitions of them.
        rows: for each, rows of its input: a list of texts, or an array; at least one.
        names: switches; all mechanisms, and the rules that fire, if empty.
        rounds: times that both sides are measured in turn.
        loads: times that all plans are loaded, of which the best counts.
        progress: is called with each switch before it is measured.
    """
    definitions = {n: p if isinstance(p, Definition) else pretzel.export(p) for n, p in pipelines.items()}
    whole = _loaded(definitions, NOTHING)
    inputs = [
        _columns(definitions[n], executable, rows[n])
        for n, executable in zip(definitions, whole.executables, strict=True)
    ]
    on, found = _memory(whole, (), loads), []
    for name in names or names_for(definitions):
        progress(name)
        without = Without.of([name])
        try:
            bare = _loaded(definitions, without)
        except DefinitionError as error:
            found.append(Ablation(name, needed=str(error)))
            continue
        found.append(_compared(name, whole, bare, inputs, on, _memory(bare, sorted(without.mechanisms), loads), rounds))
    return found


def _loaded(definitions: Mapping[str, Definition], without: Without) -> Loaded:
    begun = time.perf_counter()
    optimized = [without.optimized(definition) for definition in definitions.values()]
    compiled = [without.compiled(definition) for definition in optimized]
    taken = 1e3 * (time.perf_counter() - begun)
    executables = [without.loaded(*pair) for pair in zip(compiled, optimized, strict=True)]
    return Loaded(compiled, [list(map(str, item.parameters)) for item in optimized], executables, taken)


def _columns(definition: Definition, executable: Executable, X: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of one row, and those of a batch that repeats the rows."""
    described = [InputDescription(item.name, item.type) for item in executable.inputs]
    many = [X[i % len(X)] for i in range(BATCH)]
    given = many if isinstance(X[0], str) else np.asarray(many)
    return tuple(dict(columns_of(part, described, definition.metadata)) for part in (given[:1], given))  # type: ignore[return-value]


def _memory(loaded: Loaded, without: Sequence[str], loads: int) -> tuple[float, float]:
    """Load all plans from a cache in new processes; return the MB and the processor milliseconds of the best."""
    with tempfile.TemporaryDirectory() as folder:
        cache = ObjectCache(Path(folder))
        for item in loaded.compiled:
            put(cache, item)
        cache.close()
        plans = [(str(c.plan.digest), o) for c, o in zip(loaded.compiled, loaded.originals, strict=True)]
        wanted = {"kind": "pretzel", "folder": folder, "items": plans, "stops": [len(plans)], "without": list(without)}
        runs = [filled(wanted) for _ in range(loads)]
    return (
        min(last["bytes"] - first["bytes"] for first, last in runs) / 2**20,
        min(last["processor"] for _, last in runs) * 1e3,
    )


def _compared(
    name: str,
    whole: Loaded,
    bare: Loaded,
    inputs: Sequence[tuple[dict[str, Any], dict[str, Any]]],
    on: tuple[float, float],
    off: tuple[float, float],
    rounds: int,
) -> Ablation:
    _check_alike(name, whole, bare, inputs)
    ones = [[_per_call(side, [one for one, _ in inputs], 20) for side in (whole, bare)] for _ in range(rounds)]
    batches = [[_per_call(side, [many for _, many in inputs], 1) for side in (whole, bare)] for _ in range(rounds)]
    sides = [
        Side(
            *memory,
            loaded.compile_ms,
            1e6 * statistics.median(pair[i] for pair in ones),
            BATCH / statistics.median(pair[i] for pair in batches),
        )
        for i, (memory, loaded) in enumerate(((on, whole), (off, bare)))
    ]
    ratios = [tuple(sorted(b / a for a, b in pairs)) for pairs in (ones, batches)]
    return Ablation(name, *sides, *ratios)


def _per_call(loaded: Loaded, columns: Sequence[dict[str, Any]], repeat: int) -> float:
    """Return the processor seconds of one call, over all pipelines in turn, after one that is not counted."""
    pairs = list(zip(loaded.executables, columns, strict=True))
    for executable, column in pairs:
        executable.run(column)
    begun = time.thread_time()
    for _ in range(repeat):
        for executable, column in pairs:
            executable.run(column)
    return (time.thread_time() - begun) / repeat / len(pairs)


def plain(values: Any) -> np.ndarray:
    """Return the values of an output as an array."""
    if isinstance(values, Labels):
        return np.asarray(values.labels)[values.codes]
    return values.dense() if isinstance(values, Csr) else np.asarray(values)


def _check_alike(name: str, whole: Loaded, bare: Loaded, inputs: Sequence[tuple[Any, Any]]) -> None:
    """Raise RuntimeError if answers differ by more than the summation order may."""
    for one, other, (_, many) in zip(whole.executables, bare.executables, inputs, strict=True):
        answers, others = one.run(many), other.run(many)
        for output, values in answers.items():
            ours, theirs = plain(values), plain(others[output])
            numeric = ours.dtype.kind == "f"
            if not (np.allclose(ours, theirs, 1e-5, 1e-7) if numeric else np.array_equal(ours, theirs)):
                raise RuntimeError(f"without {name}: output {output!r} differs")
