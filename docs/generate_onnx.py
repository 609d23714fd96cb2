"""Write onnx.md: the supported operators of ONNX with their limits, and the unsupported operators.

Support is read from the registry of converters, limits from the refusals that the source of each converter can reach,
and the list of all operators from the schemas of the installed onnx.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import onnx

import pretzel.importers.onnx  # registers the converters
from pretzel.importers.onnx.folding import CONSTANT_ONLY
from pretzel.importers.onnx.registry import CONVERTERS

PAGE = Path(__file__).with_name("onnx.md")
PACKAGE = pretzel.importers.onnx.__name__
HEAD = """# ONNX files

`pretzel deploy NAME model.onnx`, `pretzel.compile("model.onnx")` and `pretzel.export(model)` take a file, or an
`onnx.ModelProto` in memory. The first dimension of its inputs is the number of rows, and each row is computed
independently. Values that are the same for all rows are computed once, at import. Outputs keep their names; a first
output of labels is also `predict`, probabilities next to it `predict_proba`, and a first output of numbers `predict` if
it has one column, else `transform`. The columns of a `ZipMap` stay columns, and the metadata has their labels.

A deployment with a sample is verified against ONNX Runtime, or, if that is not installed, against the reference of
`onnx`.

Answers are those of the ONNX specification, in float32 if the graph is. ONNX Runtime, which sums float32 in other
orders, agrees to `1e-6` of the value and of the column's scale. If ONNX leaves a behaviour open, Pretzel follows ONNX
Runtime or rejects the graph. Pretzel does not follow ONNX Runtime where it departs from the specification:
`ReduceMax`, `ReduceMin` and `Normalizer` of numbers with NaN (it drops some of them, depending on their place), and
squares, sums and powers beyond the type, of integers too, and sums of integers beyond 2^53, which it rounds.
Verification on a sample with such rows fails.

{served} of the operators of onnx {version} are supported, and {constant} more if all their inputs are constant.
Importing an unsupported graph raises an error that names the node, the operator, the reason and a remedy. Operations
across rows (a sum over the rows, a transposition that is not undone), texts that are neither labels nor tokens, loops,
and unknown attributes are not supported. No attribute is ignored.

This page is generated: `make docs` writes it from the registry of converters, and a test compares it.

"""
TABLE = "| Operator | Not supported |\n| --- | --- |\n"


def page() -> str:
    """Return the whole page."""
    served = {key: CONVERTERS[key] for key in sorted(CONVERTERS)}
    head = HEAD.format(version=onnx.__version__, served=len(served), constant=len(CONSTANT_ONLY - served.keys()))
    return head + "".join(_domain(domain, served) for domain in sorted({domain for domain, _ in served}))


def _domain(domain: str, served: dict[tuple[str, str], Callable[..., Any]]) -> str:
    rows = [_row(op, converter) for (at, op), converter in served.items() if at == domain]
    constant = sorted(op for at, op in CONSTANT_ONLY - served.keys() if at == domain)
    if constant:
        rows.append(f"| {', '.join(f'`{op}`' for op in constant)} | supported as constants only |\n")
    missing = ", ".join(f"`{op}`" for op in _not_served(domain))
    rest = f"Not supported: {missing}.\n\n" if missing else ""
    return f"## {domain or 'ai.onnx'}\n\n{TABLE}{''.join(rows)}\n{rest}"


def _not_served(domain: str) -> list[str]:
    operators = {
        schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == domain and not schema.deprecated
    }
    return sorted(op for op in operators if (domain, op) not in CONVERTERS.keys() | CONSTANT_ONLY)


def _row(op: str, converter: Callable[..., Any]) -> str:
    return f"| `{op}` | {'; '.join(dict.fromkeys(_refusals(converter)))} |\n"


def _refusals(converter: Callable[..., Any]) -> Iterator[str]:
    """Return the reason of each refusal that a converter can reach."""
    for function in _reached(converter):
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "refuse":
                yield _text(call.args[0]).replace("|", "\\|")


def _reached(converter: Callable[..., Any]) -> Iterator[ast.AST]:
    """Return the source of a converter and of all functions of Pretzel that it calls, directly or indirectly."""
    waiting, seen = [converter], {converter}
    while waiting:
        function = waiting.pop(0)
        tree = ast.parse(inspect.getsource(function))
        yield tree
        module = sys.modules[function.__module__]
        for node in ast.walk(tree):
            called = _function(module, node.id) if isinstance(node, ast.Name) else None
            if called is not None and called not in seen:
                seen.add(called)
                waiting.append(called)


def _function(module: ModuleType, name: str) -> Callable[..., Any] | None:
    function = getattr(module, name, None)
    return function if inspect.isfunction(function) and function.__module__.startswith(PACKAGE) else None


def _text(value: ast.expr) -> str:
    """Return a text as far as it is operators statically, with an ellipsis for other parts."""
    match value:
        case ast.Constant():
            return str(value.value)
        case ast.JoinedStr():
            return "".join(_text(part) for part in value.values)
        case ast.Name(id=name) if isinstance(getattr(sys.modules[f"{PACKAGE}.products"], name, None), str):
            return str(getattr(sys.modules[f"{PACKAGE}.products"], name))
    return "…"


if __name__ == "__main__":
    PAGE.write_text(page())
