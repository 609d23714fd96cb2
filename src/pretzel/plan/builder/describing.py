"""Describe an operator in words: its meaning, inputs, parameters and attributes, from the source of its class."""

from __future__ import annotations

import ast
import difflib
import inspect
import textwrap
from functools import cache

import pretzel.plan.ops  # noqa: F401  (registers the operators)
from pretzel.errors import DefinitionError
from pretzel.plan.node import OPERATORS, Node


def operator_named(name: str) -> type[Node]:
    """Return the class of an operator.

    Raises:
        DefinitionError: the name is unknown; the message has similar ones.
    """
    if isinstance(name, str) and name in OPERATORS:
        return OPERATORS[name]
    similar = difflib.get_close_matches(str(name), OPERATORS, 3)
    choices = f"one of {', '.join(similar)}" if similar else "one of those that describe() lists"
    raise DefinitionError(f"operator {name!r:.80} is unknown; expected {choices}")


def describe(operator: str = "") -> str:
    """Return the meaning of an operator and of its fields; without a name, the first line of each operator's.

    Raises:
        DefinitionError: no operator has the name.
    """
    if not operator:
        return "\n".join(f"{name}: {_summary(kind)}" for name, kind in sorted(OPERATORS.items()))
    kind = operator_named(operator)
    meanings = field_meanings(kind)
    lines = [f"{field}: {annotation}{_after(meanings.get(field, ''))}" for field, annotation in kind.fields.items()]
    return "\n".join([f"{operator}: {inspect.cleandoc(kind.__doc__ or '')}", "", *lines, _typing(kind)])


@cache
def field_meanings(kind: type[Node]) -> dict[str, str]:
    """Return the docstring under each field of an operator, in one line; none if the source is not installed."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError):
        return {}
    declared = tree.body[0]
    assert isinstance(declared, ast.ClassDef)
    meanings: dict[str, str] = {}
    for field, below in zip(declared.body, declared.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                meanings[name] = " ".join(text.replace("``", "").split())
    return meanings


def _summary(kind: type[Node]) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def _after(meaning: str) -> str:
    return f". {meaning}" if meaning else ""


def _typing(kind: type[Node]) -> str:
    return f"types: {(inspect.getdoc(kind.infer) or '').partition(chr(10))[0]}"
