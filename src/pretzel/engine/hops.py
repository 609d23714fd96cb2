"""Hops: Python stages of a plan, which run in side processes between the native parts of its program.

A plan is cut at its Python stages.  What they return are further inputs of one native executable, and what they read
are further outputs of it, so that every native step is computed, shared and fused as in other plans.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pretzel.engine.bindings.python import KERNEL
from pretzel.engine.columns import absent_column, bind_column, column_rows
from pretzel.engine.executable import Executable, Observed, Schedule, Timed
from pretzel.engine.footprint import Footprint, Need
from pretzel.engine.outputs import Output, Value
from pretzel.errors import InputError, PreconditionError
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import PlanInput, Stage
from pretzel.plan.types import ValueType

HIDDEN = "\0"
"""Prefix of the names of values that pass between native steps and hops: no column or output of a model has it."""


class Call(Protocol):
    """Runs the code of one hop in a side process."""

    def __call__(self, columns: Sequence[Value], rows: int, deadline: float, token: Any) -> list[Value]:
        """Return the parts of the result; ``deadline`` and ``token`` are as for :meth:`Executable.run`."""


class Stages(Protocol):
    """Opens Python stages, if their code may run here."""

    def open(self, stage: Stage, code: bytes | memoryview, reads: Sequence[ValueType]) -> Call:
        """Return what runs the code of a stage over columns of these types, for all parts of its result.

        Raises:
            PreconditionError: it may not run here, or its environment is lacking.
        """


def is_hop(stage: Stage) -> bool:
    """Return whether a stage runs in a side process."""
    return stage.kernel == KERNEL


def call_of(stage: Stage) -> tuple[Any, ...]:
    """Return what equal calls of code share: everything but the part of the result."""
    attributes = {name: value for name, value in stage.attributes.items() if name != "part"}
    return repr(attributes), stage.parameters["code"], stage.inputs


def code_of(stage: Stage, fetch: Callable[[Digest], bytes | memoryview]) -> memoryview:
    """Return the pickled object of a Python stage."""
    digest = stage.parameters["code"]
    return Parameter(fetch(digest), digest).array.data


def refused(stage: Stage, remedy: str) -> PreconditionError:
    """Return the error for a Python stage that may not run here."""
    step, method = stage.attributes["path"], stage.attributes["method"]
    return PreconditionError(f"step {step}: its {method or 'code'} is Python code of the model's author; {remedy}")


@dataclass(eq=False)
class Hop:
    """One call of code between native steps."""

    path: str
    call: Call
    reads: tuple[int, ...]
    """The nodes of its columns."""
    writes: dict[int, int]
    """The node of each part of the result that is used, by part."""
    seconds: float = 0.0
    """Duration of its last call."""


class HoppingExecutable:
    """An executable of plans with Python stages.  Thread-safe; a run waits for side processes."""

    def __init__(self, native: Executable, visible: int, hops: Sequence[Hop], order: Sequence[int | Hop]) -> None:
        """Run ``native`` around ``hops``, which are in the order of their stages.

        Args:
            native: the native steps; its inputs after the first ``visible`` are results of hops.
            visible: number of columns of a request.
            hops: the calls between native steps.
            order: for each stage of the plan the number of its native step, or its hop.
        """
        self._native, self.hops, self._order = native, tuple(hops), tuple(order)
        self.inputs: tuple[PlanInput, ...] = native.inputs[:visible]
        self.outputs = {name: output for name, output in native.outputs.items() if not name.startswith(HIDDEN)}
        self.usual = tuple(name for name in native.usual if not name.startswith(HIDDEN))
        self._writer = {node: hop for hop in hops for node in hop.writes.values()}

    def schedule(self, outputs: Sequence[str] | None) -> Schedule:
        """Return the native program of some outputs, after the hops."""
        return self._native.schedule(self._chosen(outputs))

    @property
    def noted(self) -> bytes:
        """Keys of its plans, which each native run records."""
        return self._native.noted

    @noted.setter
    def noted(self, keys: bytes) -> None:
        self._native.noted = keys

    @property
    def step_count(self) -> int:
        """Number of native steps."""
        return self._native.step_count

    def choices(self) -> list[int]:
        """Return the number of outputs of each native program that was built."""
        return self._native.choices()

    def footprint(self, outputs: Sequence[str] | None) -> Footprint:
        """Decline: requests run hop by hop, so no native program answers them.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("plans with Python stages run hop by hop")

    def need(self, columns: Mapping[str, Any], outputs: Sequence[str] | None, size: int) -> tuple[int, Need]:
        """Return the rows of ``columns``, and the memory that a run over them needs in this process.

        Raises:
            NotFoundError: an output does not exist.
        """
        names = [*self._chosen(outputs), *(name for hop in self.hops for name in self._read(hop))]
        rows = column_rows(next(iter(columns.values()))) if columns else 0
        return rows, self._native.footprint(list(dict.fromkeys(names))).need(rows, size)

    def run(
        self,
        columns: Mapping[str, Any],
        outputs: Sequence[str] | None = None,
        *,
        deadline: float = 0.0,
        token: Any = None,
        most: int = 0,
        helpers: Any = None,
    ) -> dict[str, Value]:
        """Compute as :meth:`Executable.run`, hop by hop; every column is required.

        Raises:
            InputError, NotFoundError, DeadlineError, CancelledError, ExhaustedError: as :meth:`Executable.run` does.
            StageError, UnavailableError: a Python stage failed, or is barred for a while.
        """
        names = self._chosen(outputs)
        rows, values = self._start(columns)
        options = {"deadline": deadline, "token": token, "most": most}
        for hop in self._needed(names):
            self._leap(hop, values, rows, options)
        return self._native.run_bound(self._bound(values, rows), rows, names, helpers=helpers, **options)

    def run_observed(
        self, columns: Mapping[str, Any], outputs: Sequence[str] | None = None, **options: Any
    ) -> tuple[dict[str, Value], list[Timed]]:
        """Compute as :meth:`run`; return each hop with its seconds too, those of native steps before it included."""
        names = self._chosen(outputs)
        rows, values = self._start(columns)
        steps: list[Timed] = []
        for hop in self._needed(names):
            begun = time.perf_counter()
            self._leap(hop, values, rows, options)
            steps.append((hop, time.perf_counter() - begun, ()))
        return self._native.run_bound(self._bound(values, rows), rows, names, **options), steps

    def profile(self, columns: Mapping[str, Any]) -> list[Observed]:
        """Run the usual outputs, and return the measurements of each stage of the plan; those of a hop are its own."""
        rows, values = self._start(columns)
        for hop in self._needed(self.usual):
            self._leap(hop, values, rows, {})
        measured = self._native.profile_bound(self._bound(values, rows), rows, self.usual)
        return self._by_stage(measured)

    def profile_bound(self, bound: list[Any], rows: int, outputs: Sequence[str] | None = None) -> list[Observed]:
        """Measure as :meth:`profile` over columns in the order of the inputs."""
        return self.profile({item.name: column for item, column in zip(self.inputs, bound, strict=True)})

    def _by_stage(self, measured: Sequence[Observed]) -> list[Observed]:
        seen: set[Hop] = set()
        observed = []
        for place in self._order:
            if isinstance(place, int):
                observed.append(measured[place])
            else:  # further parts of a result cost nothing
                observed.append(Observed(0.0 if place in seen else place.seconds, None))
                seen.add(place)
        return observed

    def _chosen(self, outputs: Sequence[str] | None) -> tuple[str, ...]:
        names = self.usual if outputs is None else tuple(outputs)
        hidden = [name for name in names if name.startswith(HIDDEN)]
        if hidden:
            self._native.schedule(["output " + hidden[0][1:]])  # raises the error for an unknown output
        return names

    def _start(self, columns: Mapping[str, Any]) -> tuple[int, dict[int, Any]]:
        """Return the number of rows, and the columns by node, checked."""
        wanted = {item.name for item in self.inputs}
        if columns.keys() != wanted:
            missing, unknown = sorted(wanted - columns.keys()), sorted(columns.keys() - wanted)
            wrong = f"column {missing[0]!r} is missing" if missing else f"column {unknown[0][:100]!r} is unknown"
            raise InputError(f"{wrong}; the model takes {', '.join(map(repr, sorted(wanted)[:20]))}")
        rows = column_rows(columns[self.inputs[0].name])
        for item in self.inputs:
            if (count := column_rows(columns[item.name])) != rows:
                raise InputError(f"column {item.name!r}: {count} rows, but {self.inputs[0].name!r} has {rows}")
            bind_column(item.name, item.type, columns[item.name])
        return rows, {node: columns[item.name] for node, item in enumerate(self.inputs)}

    def _bound(self, values: Mapping[int, Any], rows: int) -> list[Any]:
        return [
            bind_column(item.name, item.type, values[node])
            if node in values
            else absent_column(item.name, item.type, rows)
            for node, item in enumerate(self._native.inputs)
        ]

    def _leap(self, hop: Hop, values: dict[int, Any], rows: int, options: Mapping[str, Any]) -> None:
        """Compute the columns of a hop, call its code, and keep the parts of the result."""
        names = self._read(hop)
        computed = self._native.run_bound(self._bound(values, rows), rows, names, **options) if names else {}
        columns = [values[node] if node in values else computed[hidden(node)] for node in hop.reads]
        start = time.perf_counter()
        parts = hop.call(columns, rows, options.get("deadline", 0.0), options.get("token"))
        hop.seconds = time.perf_counter() - start
        values.update({node: parts[part] for part, node in hop.writes.items()})

    def _read(self, hop: Hop) -> list[str]:
        """Return the names of the native values that a hop reads."""
        return list(dict.fromkeys(hidden(node) for node in hop.reads if node >= len(self._native.inputs)))

    def _needed(self, names: Sequence[str]) -> list[Hop]:
        """Return the hops that some outputs need, in order."""
        needed: set[Hop] = set()
        self._collect([self.outputs[name].node for name in names if name in self.outputs], needed)
        return [hop for hop in self.hops if hop in needed]

    def _collect(self, nodes: Sequence[int], needed: set[Hop]) -> None:
        for node in self._native.reached(nodes):
            hop = self._writer.get(node)
            if hop is not None and hop not in needed:
                needed.add(hop)
                self._collect(hop.reads, needed)


def hidden(node: int) -> str:
    """Return the name of the output that hands a native value to a hop."""
    return f"{HIDDEN}{node}"


def leaps(stages: Sequence[tuple[Stage, tuple[int, ...], int, Call]]) -> tuple[list[Hop], dict[int, Hop]]:
    """Return the hops of Python stages (each with the nodes it reads and writes), and the hop of each written node."""
    by_call: dict[tuple[Any, ...], Hop] = {}
    written = {}
    for stage, reads, node, call in stages:
        key = (*call_of(stage)[:2], reads)
        hop = by_call.setdefault(key, Hop(stage.attributes["path"], call, reads, {}))
        hop.writes[int(stage.attributes["part"])] = node
        written[node] = hop
    return list(by_call.values()), written


def hidden_outputs(hops: Sequence[Hop], inputs: int, types: Sequence[ValueType]) -> Iterator[tuple[str, Output]]:
    """Yield the outputs that hand native values to hops."""
    for node in {node for hop in hops for node in hop.reads if node >= inputs}:
        yield hidden(node), Output(node, types[node])
