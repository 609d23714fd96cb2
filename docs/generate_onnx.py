"""Write onnx.md: the supported operators of ONNX, the refusals of each, and the operators that are not supported.

Supported operators come from the registry of converters, refusals from the source that each converter can reach, and
the list of all operators from the schemas of the installed onnx.
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
`onnx.ModelProto` in memory. The first dimension of its inputs is that of the rows, and every row is computed alone.
Nodes that are the same for all rows are computed once, when the graph is imported. Outputs keep their names; a first
output of labels is also `predict`, and probabilities next to it are `predict_proba`; a single output of numbers is
`predict` if it has one column, else `transform`. The columns of a `ZipMap` stay columns, and the metadata hold their
labels.

A deployment with a sample is verified against ONNX Runtime, or, if that is not installed, against the reference of
`onnx`.

Results are those of ONNX, in float32 where the graph is. ONNX Runtime, which adds float32 in another order, agrees to
`1e-6` of the value and of the column's scale. Cases that ONNX does not define follow ONNX Runtime, or are refused.

{served} of the operators of onnx {version} are supported, and {constant} more if all of their inputs are constant.
Other graphs are refused at import, by a message that names the node, the operator, the reason and a remedy: operators
that combine several rows (a sum over the rows, a transposition that is not undone), texts that are neither labels nor
tokens, loops, and unknown attributes. No attribute is ignored.

This page is generated: `make docs` writes it from the registry of converters, and the tests compare.

"""
TABLE = "| Operator | Refused |\n| --- | --- |\n"


def page() -> str:
    """Return the whole page."""
    served = {key: CONVERTERS[key] for key in sorted(CONVERTERS)}
    head = HEAD.format(version=onnx.__version__, served=len(served), constant=len(CONSTANT_ONLY - served.keys()))
    return head + "".join(_domain(domain, served) for domain in sorted({domain for domain, _ in served}))


def _domain(domain: str, served: dict[tuple[str, str], Callable[..., Any]]) -> str:
    rows = [_row(op, converter) for (at, op), converter in served.items() if at == domain]
    constant = sorted(op for at, op in CONSTANT_ONLY - served.keys() if at == domain)
    if constant:
        rows.append(f"| {', '.join(f'`{op}`' for op in constant)} | served as constants only |\n")
    missing = ", ".join(f"`{op}`" for op in _not_served(domain))
    rest = f"Not served: {missing}.\n\n" if missing else ""
    return f"## {domain or 'ai.onnx'}\n\n{TABLE}{''.join(rows)}\n{rest}"


def _not_served(domain: str) -> list[str]:
    known = {schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == domain and not schema.deprecated}
    return sorted(op for op in known if (domain, op) not in CONVERTERS.keys() | CONSTANT_ONLY)


def _row(op: str, converter: Callable[..., Any]) -> str:
    return f"| `{op}` | {'; '.join(dict.fromkeys(_refusals(converter)))} |\n"


def _refusals(converter: Callable[..., Any]) -> Iterator[str]:
    """Return the reason of each refusal that a converter can come to."""
    for function in _reached(converter):
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "refuse":
                yield _text(call.args[0]).replace("|", "\\|")


def _reached(converter: Callable[..., Any]) -> Iterator[ast.AST]:
    """Return the source of a converter, and of the functions of ours that it calls, and they."""
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
    found = getattr(module, name, None)
    return found if inspect.isfunction(found) and found.__module__.startswith(PACKAGE) else None


def _text(value: ast.expr) -> str:
    """Return a text as far as it is known without running: an ellipsis for what is not."""
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
