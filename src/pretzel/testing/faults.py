"""Find the step that is likely at fault for a wrong answer: an importer, a rewrite, or a kernel."""

from __future__ import annotations

from collections.abc import Iterator
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
    """Return the first part of a composite estimator whose transform differs, else the estimator itself."""
    with suppress(Exception):  # a part may have no answer of its own
        for name, part, given in _parts(estimator, X):
            if _differs(part, given):
                return _importer(part, f"{path}.{name}", given)
    steps = getattr(estimator, "steps", None)
    if steps:
        (name, last), before = steps[-1], estimator[:-1] if len(steps) > 1 else None
        return _importer(last, f"{path}.{name}", X if before is None else before.transform(X))
    return f"the importer of {path} ({class_name(estimator)})"


def _parts(estimator: Any, X: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the parts of a pipeline (but the last), a union or a column transformer, with the input of each."""
    for name, step in getattr(estimator, "steps", ())[:-1]:
        if hasattr(step, "transform"):
            yield name, step, X
            X = step.transform(X)
    for name, part in getattr(estimator, "transformer_list", ()):
        yield name, part, X
    for name, part, columns in getattr(estimator, "transformers_", ()):
        if hasattr(part, "transform"):
            yield name, part, X[columns] if hasattr(X, "iloc") else X[:, columns]


def _differs(part: Any, X: Any) -> bool:
    """Return whether the transform of a part differs from its definition's."""
    definition = definition_of(part, sample=X, outputs=["transform"])
    want = by_library(part, definition, X)
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
