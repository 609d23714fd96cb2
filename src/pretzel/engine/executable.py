"""An executable runs one plan, or several merged ones, over columns of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pretzel.engine.blocks import block_rows
from pretzel.engine.columns import absent_column, bind_column, column_rows, wrong_columns
from pretzel.engine.components import Components
from pretzel.engine.footprint import Footprint, Need, Written, footprint
from pretzel.engine.fused import FusedStep
from pretzel.engine.helpers import LEAST_ROWS, Helpers
from pretzel.engine.mechanisms import USUAL, Join, Making
from pretzel.engine.outputs import Output, Value, value_of
from pretzel.errors import InputError, NotFoundError
from pretzel.kernels.observing import run_observed
from pretzel.kernels.program import Program, Token
from pretzel.plan.multioutput import usual_outputs
from pretzel.plan.plan import PlanInput
from pretzel.plan.sizes import is_fixed
from pretzel.plan.types import ValueType

Step = tuple[Any, tuple[int, ...], ValueType]  # kernel, nodes read, type written
Timed = tuple[Any, float, tuple[int, ...]]
"""A kernel or a hop, its seconds, and the steps of the executable that it computes: stages, if that is of one plan."""

_MOST_SCHEDULES = 64  # callers choose the outputs and their order, so the cache needs a bound


@dataclass(frozen=True, slots=True)
class Observed:
    """Measurements of one step over a sample."""

    seconds: float
    entries: int | None
    """Stored values of sparse rows, or tokens of ragged ones; None for dense rows."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The program for one choice of outputs, and the position of each output in its results."""

    program: Program
    names: tuple[str, ...]
    positions: tuple[int, ...]  # index into the program's results; -1 - i refers to input i
    steps: tuple[tuple[int, ...], ...]
    """The executable's steps that each step of the program computes."""


class Executable:
    """Kernels over nodes (inputs first, then steps) with named outputs.  Thread-safe."""

    def __init__(
        self,
        inputs: tuple[PlanInput, ...],
        types: Sequence[ValueType],
        steps: Sequence[Step],
        outputs: Mapping[str, Output],
        room: Sequence[int] = (),
        making: Making = USUAL,
    ) -> None:
        """Store the graph; programs are built at the first request for their outputs.

        ``room``: expected elements per row of each node if its type does not fix them, 0 if unknown.
        """
        self.inputs, self.outputs, self.usual = inputs, dict(outputs), usual_outputs(outputs)
        self._types, self._steps, self._room = tuple(types), tuple(steps), tuple(room) or (0,) * len(types)
        self._names, self._join, self._guard = {item.name for item in inputs}, making.join, making.guard
        self.helpers: Helpers | None = None
        """Other threads for runs over many rows, unless a run names some."""
        self.noted = b""
        """Keys of its plans, which each run records; set before the first program is built."""
        self._components = Components(
            [item.name for item in inputs], [read for _, read, _ in self._steps], self._nodes_of_outputs()
        )
        self._schedules: dict[tuple[str, ...] | None, Schedule] = {}
        self._footprints: dict[tuple[str, ...] | None, Footprint] = {}

    def need(self, columns: Mapping[str, Any], outputs: Sequence[str] | None, size: int) -> tuple[int, Need]:
        """Return the rows of ``columns``, which take ``size`` bytes, and the memory that a run over them needs.

        Raises:
            NotFoundError: an output does not exist.
        """
        if len(columns) < len(self.inputs):
            outputs = self._components.requested(columns, outputs)
        memory = self.footprint(outputs)
        rows = column_rows(next(iter(columns.values()))) if columns else 0
        return rows, memory.need(rows, size)

    def run(
        self,
        columns: Mapping[str, Any],
        outputs: Sequence[str] | None = None,
        *,
        deadline: float = 0.0,
        token: Token | None = None,
        most: int = 0,
        helpers: Helpers | None = None,
    ) -> dict[str, Value]:
        """Compute ``outputs`` over the rows of ``columns``; if None, all outputs that the columns are for.

        Columns of outputs that share no input with a requested one may be left out.

        A column is an array of the input's exact dtype, a list or tuple of str, :class:`Texts`, :class:`Csr`, or
        :class:`Ragged`.
        ``deadline`` is a time of ``time.monotonic()``.  ``most``: limit in bytes of variable-size values between
        kernels and in the response, 0 for no limit.  ``helpers``: other threads for many rows.

        Raises:
            InputError: a column is missing, unknown, of another type or length, or holds a value the model rejects.
            NotFoundError: an output does not exist.
            DeadlineError, CancelledError, ExhaustedError: the run was stopped.
        """
        rows, bound, outputs = self._bind(columns, outputs)
        return self.run_bound(bound, rows, outputs, deadline=deadline, token=token, most=most, helpers=helpers)

    def run_bound(
        self,
        bound: list[Any],
        rows: int,
        outputs: Sequence[str] | None = None,
        *,
        deadline: float = 0.0,
        token: Token | None = None,
        most: int = 0,
        helpers: Helpers | None = None,
    ) -> dict[str, Value]:
        """Compute as :meth:`run` over columns already bound by :func:`bind_column`, in input order."""
        schedule = self.schedule(outputs)
        program = schedule.program
        if rows >= LEAST_ROWS and (helpers := helpers or self.helpers) is not None:
            results = helpers.run(program, bound, rows, deadline, token, most)
        else:
            results = self._guard(lambda workspace: program.run(workspace, bound, rows, deadline, token, most))
        return self._values(schedule, results, bound)

    def run_observed(
        self, columns: Mapping[str, Any], outputs: Sequence[str] | None = None, **options: Any
    ) -> tuple[dict[str, Value], list[Timed]]:
        """Compute as :meth:`run` with its ``options``, on one thread; return each kernel with its seconds too."""
        rows, bound, outputs = self._bind(columns, outputs)
        schedule = self.schedule(outputs)
        program = schedule.program
        results, timed = self._guard(lambda workspace: run_observed(program, workspace, bound, rows, **options))
        steps = [(*one, covered) for one, covered in zip(timed, schedule.steps, strict=True)]
        return self._values(schedule, results, bound), steps

    def _values(self, schedule: Schedule, results: Sequence[Any], bound: Sequence[Any]) -> dict[str, Value]:
        return {
            name: value_of(self.outputs[name], results[at] if at >= 0 else bound[-1 - at], is_input=at < 0)
            for name, at in zip(schedule.names, schedule.positions, strict=True)
        }

    def schedule(self, outputs: Sequence[str] | None) -> Schedule:
        """Return the program for these outputs; if None, for all that are not optional.

        Raises:
            NotFoundError: an output does not exist.
        """
        key = None if outputs is None else tuple(outputs)
        return self._schedules.get(key) or self._schedule(key)

    def choices(self) -> list[int]:
        """Return the number of outputs of each program that was built."""
        return [len(schedule.names) for schedule in list(self._schedules.values())]

    @property
    def step_count(self) -> int:
        """Number of steps, which is that of a program's at most."""
        return len(self._steps)

    def footprint(self, outputs: Sequence[str] | None) -> Footprint:
        """Return the memory that requests for these outputs need.

        Raises:
            NotFoundError: an output does not exist.
        """
        key = None if outputs is None else tuple(outputs)
        return self._footprints.get(key) or self._footprint(key)

    def profile(self, columns: Mapping[str, Any]) -> list[Observed]:
        """Run the steps of the usual outputs over ``columns``, and return the measurements of each step, in order.

        Steps that these outputs do not need have empty measurements.

        Raises:
            InputError: as for :meth:`run`.
        """
        rows, bound, _ = self._bind(columns, None)
        return self.profile_bound(bound, rows)

    def profile_bound(self, bound: list[Any], rows: int, outputs: Sequence[str] | None = None) -> list[Observed]:
        """Measure as :meth:`profile` over columns already bound by :func:`bind_column`, in input order.

        ``outputs``: those whose steps are measured; None for the usual ones.

        Steps run without fusion, so that each has its own time.
        """
        names = self.usual if outputs is None else tuple(outputs)
        program = self._compose(names, lambda groups, _: groups).program
        measured = self._guard(lambda workspace: program.profile(workspace, bound, rows))
        needed = self._needed([self.outputs[name].node for name in names])
        observed = [Observed(0.0, None)] * len(self._steps)
        for node, (seconds, entries) in zip(needed, measured, strict=True):
            observed[node - len(self.inputs)] = Observed(seconds, entries if entries >= 0 else None)
        return observed

    def _bind(
        self, columns: Mapping[str, Any], outputs: Sequence[str] | None
    ) -> tuple[int, list[Any], Sequence[str] | None]:
        """Return the rows, the bound columns (placeholders for absent ones that no output reads), and the outputs."""
        if len(columns) < len(self.inputs):
            outputs = self._components.requested(columns, outputs)
        if len(columns) != len(self.inputs) or columns.keys() != self._names:
            required = self._names if outputs is None else self._components.inputs_of(outputs)
            if not required <= columns.keys() <= self._names:
                raise wrong_columns(required, columns, self._names)
        first = next((item.name for item in self.inputs if item.name in columns), "")
        rows = column_rows(columns[first]) if first else 0
        return rows, [self._bound(item, columns, rows, first) for item in self.inputs], outputs

    def _bound(self, item: PlanInput, columns: Mapping[str, Any], rows: int, first: str) -> Any:
        if item.name not in columns:
            return absent_column(item.name, item.type, rows)
        column = columns[item.name]
        count = column_rows(column)
        if count != rows:
            raise InputError(f"column {item.name!r}: {count} rows, but {first!r} has {rows}; send as many")
        return bind_column(item.name, item.type, column)

    def _nodes_of_outputs(self) -> dict[str, int]:
        return {name: output.node for name, output in self.outputs.items()}

    def _schedule(self, key: tuple[str, ...] | None) -> Schedule:
        schedule = self._compose(self._named(key))
        if len(self._schedules) >= _MOST_SCHEDULES:
            self._schedules.clear()
        return self._schedules.setdefault(key, schedule)

    def _named(self, key: tuple[str, ...] | None) -> tuple[str, ...]:
        """Return the names of the chosen outputs, or raise NotFoundError."""
        names = self.usual if key is None else key
        unknown = [name for name in names if name not in self.outputs]
        if unknown:
            raise NotFoundError(f"output {unknown[0][:100]!r}: this model has {', '.join(self.outputs)}")
        return names

    def _footprint(self, key: tuple[str, ...] | None) -> Footprint:
        """Return the memory for a choice of outputs; an upper bound, because fused steps allocate less."""
        chosen = [self.outputs[name] for name in self._named(key)]
        count, returned = len(self.inputs), {output.node for output in chosen}
        written = [Written(output.type, output.labels, output.node < count) for output in chosen]
        needed = self._needed(returned)
        between = [(self._types[n], self._room[n]) for n in needed if not (n in returned and is_fixed(self._types[n]))]
        nodes = [*range(count), *needed]
        rows_wanted = max([getattr(self._steps[n - count][0], "rows_wanted", 0) for n in needed], default=0)
        block = block_rows([self._types[n] for n in nodes], [self._room[n] for n in nodes], rows_wanted)
        varying = [n for n in returned if n >= count and not is_fixed(self._types[n])]
        one_block = any(self._types[n].layout != "sparse" for n in varying)
        piled = [] if one_block else [(self._types[n], self._room[n]) for n in varying]
        if len(self._footprints) >= _MOST_SCHEDULES:
            self._footprints.clear()
        return self._footprints.setdefault(key, footprint(written, between, piled, 0 if one_block else block))

    def _compose(self, names: tuple[str, ...], join: Join | None = None) -> Schedule:
        """Build the program of the steps that these outputs need, with slots numbered in the order of execution."""
        count = len(self.inputs)
        chosen = list(dict.fromkeys(self.outputs[name].node for name in names))
        single = [FusedStep((n,), *self._steps[n - count]) for n in self._needed(chosen)]
        groups = (join or self._join)(single, frozenset(chosen))
        order = [node for group in groups for node in group.nodes]
        slot = {node: i for i, node in enumerate([*range(count), *order])}
        steps = [(group.kernel, [slot[j] for j in group.read], slot[group.nodes[0]]) for group in groups]
        types = [self._types[node] for node in slot]
        returned = [node for node in chosen if node >= count]
        rows_wanted = max([getattr(kernel, "rows_wanted", 0) for kernel, _, _ in steps], default=0)
        block = block_rows(types, [self._room[node] for node in slot], rows_wanted)
        program = Program(types, count, steps, [slot[node] for node in returned], block, self.noted)
        at = {node: i for i, node in enumerate(returned)}
        positions = tuple(at.get(node, -1 - node) for node in (self.outputs[name].node for name in names))
        return Schedule(program, names, positions, tuple(tuple(n - count for n in group.nodes) for group in groups))

    def reached(self, nodes: Iterable[int]) -> list[int]:
        """Return these nodes and all that they read, directly or not, in order."""
        count = len(self.inputs)
        seen = set(nodes)
        for node in range(len(self._types) - 1, count - 1, -1):
            if node in seen:
                seen.update(self._steps[node - count][1])
        return sorted(seen)

    def _needed(self, nodes: Iterable[int]) -> list[int]:
        return [node for node in self.reached(nodes) if node >= len(self.inputs)]
