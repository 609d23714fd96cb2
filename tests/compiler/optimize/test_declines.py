"""Rules must decline: each case is a definition that a rewrite would break or make more expensive."""

from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pytest

from pretzel.compiler.optimize import RULES
from pretzel.compiler.optimize.driver import apply
from pretzel.plan.parameter import Parameter
from pretzel.plan.render import parse
from tests.compiler.optimize import declines
from tests.compiler.optimize.declines.refusal import Refusal
from tests.compiler.optimize.texts import symbols

ALWAYS_RIGHT = {"column_of_select", "linear_of_one_hot_is_take"}
MODULES = [import_module(f"{declines.__name__}.{family.name}") for family in iter_modules(declines.__path__)]
REFUSALS: list[Refusal] = [refusal for module in MODULES for refusal in getattr(module, "REFUSALS", [])]
VALUES = {
    "none": np.zeros(0, np.int64),
    "again": np.array([1, 0, 1]),
    "first_only": np.array([2.0, 0.0, 0.0]),
    "halves": np.full(2, 0.5),
    "minus_halves": np.full(2, -0.5),
    "infinities": np.full(2, np.inf),
    "least": np.full(3, -np.inf),
    "roots": np.array([0], np.int32),
    "feature": np.array([0, 0, 0], np.int32),
    "left": np.array([1, -1, -1], np.int32),
    "right": np.array([2, 0, 1], np.int32),
    "missing": np.array([True, False, False]),
    "half": np.full(3, 0.5),
    "ones": np.ones(3),
    "minus": -np.ones(3),
    "zeros": np.zeros(3),
    "minus_zeros": np.full(3, -0.0),
    "epoch": np.full(3, 1.7e9),
    "huge": np.full(3, 1e200),
    "tiny": np.full(3, 1e-200),
    "infinite": np.array([1.0, np.inf, 2.0]),
    "two": np.array([0, 2]),
    "first": np.array([0]),
    "of_i": np.array([3, 4]),
    "shuffled": np.array([0, 3, 1, 4, 2]),
    "fill": np.zeros(2),
}


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal.rule}: {refusal.why}")
def test_a_rule_declines(refusal: Refusal) -> None:
    rule = next(rule for rule in RULES if rule.name == refusal.rule)
    values = VALUES | symbols(refusal.text)
    definition = parse(refusal.text, {name: Parameter.of(value) for name, value in values.items()})
    assert apply(rule, definition) is definition


def test_every_rule_that_can_be_wrong_declines_somewhere() -> None:
    assert {refusal.rule for refusal in REFUSALS} | ALWAYS_RIGHT == {rule.name for rule in RULES}
