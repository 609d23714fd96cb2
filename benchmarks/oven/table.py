"""Measure the optimizer's rules, each alone, each left out, and all, against none: time per row, and memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Row, circumstances, fastest
from benchmarks.oven.workloads import ROWS, SIBLINGS, Workload, workloads
from pretzel import engine
from pretzel.compiler.compile import Compiled, compile_plan
from pretzel.compiler.optimize import RULES, Trace, run
from pretzel.compiler.optimize.pattern import Rule
from pretzel.errors import DefinitionError
from pretzel.plan.definition import Definition
from pretzel.plan.values import Csr, Texts

PAGE = Path(__file__).parents[2] / "docs/benchmarks/oven.md"
BATCHES = (1, ROWS)


@dataclass(frozen=True)
class Line:
    """One set of rules on one workload, against no rules."""

    workload: str
    rules: str
    one: Row
    many: Row
    kernels: int
    bytes: int
    sibling_bytes: int | None
    """Bytes of all siblings together, if the workload has some; shared objects count once."""
    compile_ms: float
    """Time to optimize and compile when derived parameters are cached."""


def measure() -> list[Row]:
    """Measure every workload, write the page, and return all rows."""
    lines = [line for workload in workloads() for line in _lines(workload)]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(lines, circumstances()))
    return [row for line in lines for row in (line.one, line.many)]


def choices(definition: Definition) -> Iterator[tuple[str, Sequence[Rule]]]:
    """Yield named sets of rules: none, all, each rule that fires alone, and all but each rule that fires."""
    trace = Trace()
    run(definition, RULES, trace=trace)
    fired = {step.rule for step in trace.steps}
    yield "no rules", ()
    yield "all rules", RULES
    for rule in RULES:
        if run(definition, [rule]) is not definition:
            yield f"only {rule.name}", [rule]
    for rule in RULES:
        if rule.name in fired:
            yield f"without {rule.name}", [other for other in RULES if other is not rule]


def _lines(workload: Workload) -> Iterator[Line]:
    print(f"{workload.name} ...", flush=True)  # fitting and timing take minutes
    plain = _calls(workload, ())
    for name, rules in choices(workload.definition):
        try:
            calls = _calls(workload, rules)
        except DefinitionError as error:  # an omitted rule would have removed a node without a kernel
            print(f"  {name}: {error}")
            continue
        both = zip(BATCHES, calls, plain, strict=True)
        rows = [fastest(f"{workload.name}: {name}", "no rules", ours, theirs, rows=n) for n, ours, theirs in both]
        compiled = _compiled(workload.definition, rules)
        size, siblings = compiled.plan.parameter_bytes, None
        if workload.siblings:
            siblings = sum({d: d.size for s in workload.siblings for d in _digests(_compiled(s, rules))}.values())
        taken = fastest("compile", "itself", lambda r=rules: _compiled(workload.definition, r), lambda: None)  # type: ignore[misc]
        kernels = len(compiled.plan.stages)
        yield Line(workload.name, name, rows[0], rows[1], kernels, size, siblings, taken.ours_us / 1e3)


def _compiled(definition: Definition, rules: Sequence[Rule]) -> Compiled:
    return compile_plan(run(definition, rules))


def _digests(compiled: Compiled) -> list[Any]:
    return [*compiled.plan.objects, *compiled.plan.inline]


def _calls(workload: Workload, rules: Sequence[Rule]) -> list[Callable[[], object]]:
    """Return calls that predict one row, cycling through rows, and all rows."""
    compiled = _compiled(workload.definition, rules)
    executable, outputs = engine.load(compiled.plan, compiled.blobs.__getitem__), [workload.output]
    single = [{name: _row(column, i) for name, column in workload.rows.items()} for i in range(64)]
    at = iter(range(1 << 62))
    return [
        lambda: executable.run(single[next(at) % len(single)], outputs),
        lambda: executable.run(workload.rows, outputs),
    ]


def _row(column: Any, i: int) -> Any:
    if isinstance(column, Texts):
        return Texts.of(column.tolist()[i : i + 1], column.width)
    if isinstance(column, Csr):
        return Csr.of(column.dense()[i : i + 1])
    return column[i : i + 1] if isinstance(column, (np.ndarray, list, tuple)) else column


def page(lines: Sequence[Line], measured: Mapping[str, Any]) -> str:
    """Return the page: where it was measured, the gain of all rules, then of each."""
    where = "Measured at {commit} on {cores} cores of {processor} by Python {python}".format_map(measured)
    versions = ", ".join(f"{name} {version}" for name, version in measured["libraries"].items())
    parts = [_HEAD, f"{where}; {versions}.\n", _summary(lines), "\n## Each rule\n", _EACH]
    for name in dict.fromkeys(line.workload for line in lines):
        parts += [f"\n### {name}\n", _table([line for line in lines if line.workload == name])]
    return "\n".join([*parts, _unreached(lines)])


def _summary(lines: Sequence[Line]) -> str:
    heads = ("workload", "kernels", "1 row, us", "times faster", f"{ROWS} rows, us per row", "times faster")
    rows = [_cells(heads), _cells(["---"] * 9)]
    rows[0] += " parameters | optimize and compile, ms |"
    rows[1] = "|" + "---|" * 8
    for line in lines:
        if line.rules == "all rules":
            plain = next(x for x in lines if x.workload == line.workload and x.rules == "no rules")
            memory = f"{_size(plain.bytes)} to {_size(line.bytes)}"
            if line.sibling_bytes and plain.sibling_bytes:
                memory += f"; {SIBLINGS} siblings {_size(plain.sibling_bytes)} to {_size(line.sibling_bytes)}"
            kernels = f"{plain.kernels} to {line.kernels}"
            times = (_us(line.one), _ratio(line.one), _us(line.many), _ratio(line.many))
            rows.append(_cells((line.workload, kernels, *times, memory, f"{line.compile_ms:.1f}")))
    return "\n".join(rows)


def _table(lines: Sequence[Line]) -> str:
    heads = ("rules", "kernels", "1 row, us", "times faster", f"{ROWS} rows, us per row", "times faster", "parameters")
    rows = [_cells(heads), "|" + "---|" * len(heads)]
    for x in lines:
        times = (_us(x.one), _ratio(x.one), _us(x.many), _ratio(x.many))
        rows.append(_cells((x.rules, str(x.kernels), *times, _size(x.bytes))))
    return "\n".join(rows)


def _cells(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _us(row: Row) -> str:
    return f"{row.ours_us:.2f}"


def _ratio(row: Row) -> str:
    """Format the speedup and its range over all rounds, which shows the noise."""
    return f"{row.ratio:.2f} ({row.low:.2f}-{row.high:.2f})"


def _unreached(lines: Sequence[Line]) -> str:
    """Return a sentence on the rules that change none of the workloads."""
    named = {name for line in lines for name in line.rules.split()}
    idle = [f"`{rule.name}`" for rule in RULES if rule.name not in named]
    text = "These rules change none of the workloads above; random definitions in the tests cover each of them"
    return f"\n{text}: {', '.join(idle)}.\n"


def _size(n: int) -> str:
    return f"{n / 1e6:.2f} MB" if n >= 1e6 else f"{n / 1e3:.1f} kB"


_HEAD = f"""# Gain of the optimizer

Written by `python -m benchmarks.run oven`.  Each line is a fitted pipeline, compiled with and without rewrite rules
and run in one process on one core.  *Times faster* is against the same definition without rules: both are timed in
turn, fifteen times, and the CPU time of the best rounds is compared; brackets show the ratios of the worst and the
best round.  One row is one call with one row, {ROWS} rows are one call with {ROWS} rows.  *Optimize and compile* is
the time for a definition whose derived parameters are cached.
"""
_EACH = """*Only* a rule: that rule alone, to its fixed point.  *Without* a rule: all others.  A rule that does not
change a workload has no line.  A rule without gain alone may enable another."""
