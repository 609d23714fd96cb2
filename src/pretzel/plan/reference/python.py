"""Reference of Python stages: there is none, because nothing but a side process may unpickle their code."""

from __future__ import annotations

from typing import Any, NoReturn

from pretzel.errors import PreconditionError
from pretzel.plan import ops
from pretzel.plan.reference import reference


@reference(ops.PythonStage)
def python_stage(node: ops.PythonStage, *x: Any) -> NoReturn:
    """Reject: only a side process runs the code."""
    raise PreconditionError(f"step {node.path}: its Python runs in a side process only; evaluate the model on a worker")
