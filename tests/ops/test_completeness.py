"""Every operator has a kernel, a reference and a case; what is missing is printed, operator by operator."""

import pytest

from pretzel.engine.bindings import BINDINGS
from pretzel.plan.node import OPERATORS
from pretzel.plan.ops import Input
from pretzel.plan.reference import REFERENCES
from tests.ops.harness import CASES

OPERATORS_COMPUTED = {name: operator for name, operator in OPERATORS.items() if operator is not Input}


@pytest.mark.parametrize("name", sorted(OPERATORS_COMPUTED))
def test_an_operator_has_everything(name: str) -> None:
    operator = OPERATORS_COMPUTED[name]
    parts = {
        "kernel binding (engine/bindings)": bool(BINDINGS.get(operator)),
        "reference (plan/reference)": operator in REFERENCES,
        "case (tests/ops/cases)": any(case.OPERATOR is operator for case in CASES.values()),
    }
    missing = [part for part, present in parts.items() if not present]
    assert not missing, f"{name}: no {', no '.join(missing)}"


def test_every_kernel_that_is_bound_can_be_imported() -> None:
    broken = []
    for many in BINDINGS.values():
        for binding in many:
            try:
                assert binding.implementation
            except (ImportError, AttributeError) as error:
                broken.append(f"{binding.kernel}: {error}")
    assert not broken, "\n".join(broken)
