"""Reference implementations of all operators in plain NumPy and Python, the oracle for kernels and rewrites.

Values: dense numbers are arrays of shape ``(rows,)`` or ``(rows, width)``; sparse ones
:class:`~pretzel.plan.values.Csr`; texts a list of str, None or NaN (a list of such lists for a matrix); tokens a list
of lists of str.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

from pretzel.errors import DefinitionError
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.ops.inputs import Input

Value = Any
Meaning = Callable[..., Value]

REFERENCES: dict[type[Node], Meaning] = {}


def reference(operator: type[Node]) -> Callable[[Meaning], Meaning]:
    """Register a function of (node, values of its inputs...) as the reference of an operator."""

    def register(function: Meaning) -> Meaning:
        if operator in REFERENCES:
            raise TypeError(f"operator {operator.name!r} has two references")
        REFERENCES[operator] = function
        return function

    return register


def evaluate(definition: Definition, columns: Mapping[str, Value]) -> dict[str, Value]:
    """Return the value of each output for the given columns.

    Raises:
        DefinitionError: an operator has no reference.
    """
    values: dict[Node, Value] = {}
    for node in definition.nodes:
        if isinstance(node, Input):
            values[node] = columns[node.column]
            continue
        if type(node) not in REFERENCES:
            raise DefinitionError(f"operator {node.name!r} has no reference")
        values[node] = REFERENCES[type(node)](node, *(values[child] for child in node.inputs))
    return {name: values[node] for name, node in definition.outputs.items()}


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
