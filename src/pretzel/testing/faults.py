"""Find the step that is likely at fault for a wrong answer: an importer, a rewrite, or a kernel."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from pretzel.client.sampling import take_rows
from pretzel.compiler.optimize import Trace, optimize
from pretzel.control_plane.verify.compare import Tolerance, compare
from pretzel.errors import VerificationError
from pretzel.importers import definition_of
from pretzel.importers.findings import class_name
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.ops import Input
from pretzel.testing.ways import by_kernels, by_library, by_references, columns_for, packed

_TOLERANCE = Tolerance()


def suspect(
    estimator: Any, definition: Definition, optimized: Definition, way: str, output: str, X: Any, row: int | None
) -> str:
    """Return the likely cause of a wrong output for the given row of X (None: all rows)."""
    part = X if row is None else take_rows(X, np.array([row]))
    if way == "references":
        return _importer(estimator, type(estimator).__name__.lower(), part)
    columns = columns_for(definition, part)
    cause = _rule(definition, output, columns) if way == "optimized references" else _kernel(optimized, columns)
    return cause or "a step whose results depend on the other rows of the batch"


def _importer(estimator: Any, path: str, X: Any) -> str:
    """Return the first step of a pipeline whose transform differs, else the estimator itself."""
    steps = getattr(estimator, "steps", None)
    if steps is not None and len(steps) > 1:
        for i, (name, step) in enumerate(steps[:-1]):
            with suppress(Exception):  # a prefix may have no answer of its own
                if _differs(estimator[: i + 1], X):
                    before = X if i == 0 else estimator[:i].transform(X)
                    return _importer(step, f"{path}.{name}", before)
        name, last = steps[-1]
        return f"the importer of {path}.{name} ({class_name(last)})"
    return f"the importer of {path} ({class_name(estimator)})"


def _differs(prefix: Any, X: Any) -> bool:
    """Return whether the transform of the first steps of a pipeline differs from their definition's."""
    definition = definition_of(prefix, sample=X, outputs=["transform"])
    want = by_library(prefix, definition, X)
    return _unequal(by_references(definition, columns_for(definition, X)), want, "transform")


def _rule(definition: Definition, output: str, columns: Any) -> str | None:
    """Return the first rewrite after which the output differs."""
    trace = Trace()
    optimize(definition, trace=trace)
    for step in trace.steps:
        before, after = (by_references(one, columns, [output]) for one in (step.before, step.after))
        if output in before and output in after and _unequal(after, before, output):
            return f"the rewrite {step.rule}"
    return None


def _kernel(optimized: Definition, columns: Any) -> str | None:
    """Return the first operator whose kernel and reference differ."""
    for node in optimized.nodes:
        if not isinstance(node, Input) and _kernel_differs(node, columns):
            return f"the kernel of {node.name}, which computes {node.type} from {_types(node)}"
    return None


def _kernel_differs(node: Node, columns: Any) -> bool:
    alone = Definition({"out": node})
    with suppress(Exception):  # not every value can be an output
        got = by_kernels(alone, columns)
        want = {name: packed(value, node) for name, value in by_references(alone, columns).items()}
        return _unequal(got, want, "out")
    return False


def _types(node: Node) -> str:
    return ", ".join(str(child.type) for child in node.inputs)


def _unequal(got: dict[str, Any], want: dict[str, Any], output: str) -> bool:
    try:
        compare(output, got[output], want[output], _TOLERANCE)
    except VerificationError:
        return True
    return False
