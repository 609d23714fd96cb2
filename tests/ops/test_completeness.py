"""Every operator has a kernel, a reference and a case; missing ones are listed by operator."""

import ast
import inspect
import textwrap
from collections.abc import Iterator

import pytest

from pretzel.engine.bindings import BINDINGS
from pretzel.plan.node import OPERATORS, Node
from pretzel.plan.ops import Input, PythonStage
from pretzel.plan.reference import REFERENCES
from tests.ops.harness import CASES

ELSEWHERE = (Input, PythonStage)
"""Inputs are given, and Python stages run in side processes: they have no case."""
OPERATORS_COMPUTED = {name: operator for name, operator in OPERATORS.items() if operator not in ELSEWHERE}


@pytest.mark.parametrize("name", sorted(OPERATORS_COMPUTED))
def test_an_operator_is_complete(name: str) -> None:
    operator = OPERATORS_COMPUTED[name]
    parts = {
        "kernel binding (engine/bindings)": bool(BINDINGS.get(operator)),
        "reference (plan/reference)": operator in REFERENCES,
        "case (tests/ops/cases)": any(case.OPERATOR is operator for case in CASES.values()),
    }
    missing = [part for part, present in parts.items() if not present]
    assert not missing, f"{name}: no {', no '.join(missing)}"


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_each_field_is_described(operator: type[Node]) -> None:
    undescribed = set(operator.fields) - {"x"} - set(described(inspect.getsource(operator)))
    assert not undescribed, f"{operator.__name__}: no docstring under {', '.join(sorted(undescribed))}"


def test_a_comment_or_the_next_docstring_does_not_count() -> None:
    source = '''
    class Power(Node):
        """A power of each column."""

        x: Node
        exponents: Parameter  # `f64[width]`
        form: str = "power"
        """One of power, box_cox."""
    '''
    assert list(described(source)) == ["form"]


def described(source: str) -> Iterator[str]:
    """Yield the fields of a class with a docstring under them; ``infer`` documents x."""
    declared: ast.ClassDef = ast.parse(textwrap.dedent(source)).body[0]
    for field, below in zip(declared.body, declared.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))) if text:
                yield name


def test_every_bound_kernel_can_be_imported() -> None:
    broken = []
    for many in BINDINGS.values():
        for binding in many:
            try:
                assert binding.implementation
            except (ImportError, AttributeError) as error:
                broken.append(f"{binding.kernel}: {error}")
    assert not broken, "\n".join(broken)
