"""Write a definition as the Python code that builds it."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pretzel.flow.methods import METHODS
from pretzel.plan import bundle, ops
from pretzel.plan.builder import Value
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.render import by_digest, shown_attributes

INLINE = 8
"""Most elements of a parameter that is written into the code."""
LINE = 100
"""Longest line, beyond which each argument takes a line of its own."""


def code(definition: Definition) -> str:
    """Return Python code with a function ``build(parameters)`` that builds an equal definition.

    Every step is a line.  Large parameters are read from ``parameters``, a mapping by short digest
    (:func:`parameters`); those of a few elements are in the code.

        exec(flow.code(definition), namespace := {})
        pipeline = namespace["build"](flow.parameters(definition))

    Args:
        definition: any definition: of a :class:`~pretzel.flow.Pipeline`, of ``pretzel.export(estimator)``, or of
            a file (:func:`pretzel.plan.bundle.load`).
    """
    nodes = list(dict.fromkeys([*definition.inputs, *definition.nodes]))
    names = {node: f"v{i}" for i, node in enumerate(nodes)}
    lines = ["from pretzel import flow", "", "", "def build(parameters):"]
    for node in nodes:
        lines += _call(f"{names[node]} = ", *_step(node, [names[child] for child in node.inputs]))
    outputs = [f"{literal(name)}: {names[node]}" for name, node in definition.outputs.items()]
    lines += ["    outputs = {", *(f"        {entry}," for entry in outputs), "    }"]
    inputs = f"[{', '.join(names[node] for node in definition.inputs)}]"
    lines += [f"    metadata = {literal(dict(definition.metadata))}"]
    lines += [f"    return flow.pipeline(outputs, inputs={inputs}, metadata=metadata)"]
    return "".join(f"{line}\n" for line in lines)


def parameters(source: Definition | str | os.PathLike[str]) -> dict[str, Parameter]:
    """Return the parameters of a definition, or of a file that ``save`` or ``pretzel export`` wrote, by short digest.

    These are the ``parameters`` of the function that :func:`code` writes.

    Raises:
        CorruptObjectError: the file has another format, or is damaged.
    """
    definition = source if isinstance(source, Definition) else bundle.load(source)
    return by_digest(definition.parameters.values())


def literal(value: Any) -> str:
    """Return a value of attributes or metadata as a Python expression."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{literal(key)}: {literal(item)}' for key, item in value.items())}}}"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    return f"[{', '.join(map(literal, value))}]" if isinstance(value, list) else repr(value)


def _step(node: Node, inputs: list[str]) -> tuple[str, list[str]]:
    """Return the function to call for a node, and its arguments."""
    if isinstance(node, ops.Input):
        return "flow.input", [literal(node.column), literal(node.kind)]
    if isinstance(node, ops.Concat):
        return "flow.concat", inputs
    first, *others = inputs or ["flow"]
    method = next((one for one in METHODS if one.fits(node)), None)
    if method is None:
        return f"{first}.apply", [repr(node.name), *others, *_keywords(node.parameters, shown_attributes(node))]
    values = {name: getattr(node, name) for name, kind in node.fields.items() if "Node" not in kind}
    return f"{first}.{method.name}", [*others, *_arguments(method.name, values, method.fixed)]


def _keywords(*values: Mapping[str, Any]) -> Iterator[str]:
    for some in values:
        yield from (f"{name}={_argument(value)}" for name, value in some.items())


def _arguments(method: str, values: Mapping[str, Any], fixed: Mapping[str, Any]) -> Iterator[str]:
    """Yield the arguments of a method that differ from its defaults; those without a default come first."""
    for name, declared in inspect.signature(getattr(Value, method)).parameters.items():
        if name not in values or name in fixed:
            continue
        if declared.default is inspect.Parameter.empty:
            yield _argument(values[name])
        elif repr(values[name]) != repr(declared.default):
            yield f"{name}={_argument(values[name])}"


def _argument(value: Any) -> str:
    return _parameter(value) if isinstance(value, Parameter) else literal(value)


def _parameter(parameter: Parameter) -> str:
    """Return a parameter as code: a few elements as a list, others by their short digest."""
    if parameter.dtype == "str":
        if 0 < len(parameter) <= INLINE and parameter.nbytes < LINE + 64:
            return literal(parameter.texts)
    elif len(parameter.shape) == 1 and len(parameter) <= INLINE and np.isfinite(parameter.array).all():
        return f"flow.array({literal(parameter.array.tolist())}, {parameter.dtype!r})"
    return f"parameters[{parameter.digest.short!r}]"


def _call(name: str, function: str, arguments: list[str]) -> list[str]:
    line = f"    {name}{function}({', '.join(arguments)})"
    if len(line) <= LINE or not arguments:
        return [line]
    return [f"    {name}{function}(", *(f"        {argument}," for argument in arguments), "    )"]
