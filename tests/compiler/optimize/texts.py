"""Parse the plans in the docstrings of rules, over whole numbers so that sums are exact."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.compiler.optimize.pattern import Rule
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.render import parse
from pretzel.plan.types import NUMPY_DTYPES

_TYPED = re.compile(r"@(\w+):(\w+)\[([\d,]*)\]")


@dataclass(frozen=True)
class Example:
    """The example of a docstring."""

    before: Definition
    after: Definition


def example(rule: Rule) -> Example:
    """Read the ``Before::``, ``After::`` and ``Where::`` blocks of a rule's docstring."""
    sections = blocks(inspect.getdoc(rule.rewrite) or "")
    values = symbols(sections["Before"] + sections.get("Where", ""))
    for line in sections.get("Where", "").splitlines():
        name, _, expression = line.strip().partition(" = ")
        values[name] = eval(expression, {"np": np, **values})
    parameters = {name: Parameter.of(value) for name, value in values.items()}
    return Example(parse(sections["Before"], parameters), parse(sections["After"], parameters))


def blocks(text: str) -> dict[str, str]:
    """Return the indented blocks of a docstring by their titles."""
    matches = re.findall(r"^(\w+)::\n\n((?:(?:    .*)?\n?)+)", text, re.MULTILINE)
    return {name: "\n".join(line.strip() for line in block.splitlines() if line.strip()) for name, block in matches}


def symbols(text: str) -> dict[str, Any]:
    """Return a value for each ``@name:type[shape]`` in a text: small whole numbers, or characters."""
    return {name: _value(dtype, shape) for name, dtype, shape in _TYPED.findall(text)}


def _value(dtype: str, shape: str) -> Any:
    sizes = [int(n) for n in shape.split(",") if n]
    count = int(np.prod(sizes))
    if dtype == "str":
        return [chr(ord("a") + i) for i in range(count)]
    return (np.arange(count) % 7 + 1).astype(NUMPY_DTYPES[dtype]).reshape(sizes)
