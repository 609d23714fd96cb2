"""Rewriting keeps the meaning: random definitions give the same values before and after, and by the kernels too."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from pretzel import engine
from pretzel.control_plane.compile import compile_plan
from pretzel.control_plane.optimize import RULES, Trace, optimize
from pretzel.control_plane.optimize.driver import apply
from pretzel.errors import DefinitionError, InputError
from pretzel.plan.definition import Definition
from pretzel.plan.node import OPERATORS
from pretzel.plan.ops import Input
from pretzel.plan.reference import evaluate
from pretzel.plan.render import render
from pretzel.plan.types import NUMBERS
from pretzel.plan.values import Csr, Labels, Ragged, Texts
from tests.control_plane.optimize.generate import MAKERS, columns, definition

SEEDS = range(4000)
BLOCK = 200

Outcome = dict[str, Any] | str


def outcome(made: Definition, given: dict[str, Any]) -> Outcome:
    """What the references give, or the word that they refuse."""
    try:
        with np.errstate(all="ignore"):
            return evaluate(made, given)
    except InputError:
        return "refused"


def magnitude(made: Definition, given: dict[str, Any]) -> float:
    """The largest finite number on the way to the outputs: what the terms of sums can be as large as."""
    numeric = {str(i): node for i, node in enumerate(made.nodes) if not node.type.is_text and node.type != NUMBERS}
    if not numeric:
        return 1.0
    values = outcome(Definition(numeric, made.inputs), given)
    assert not isinstance(values, str)
    finite = [np.abs(_array(v)[np.isfinite(_array(v))]).max(initial=1.0) for v in values.values()]
    return float(max(finite, default=1.0))


def assert_same(want: Outcome, got: Outcome, terms: float) -> None:
    """Fail unless labels are equal and floats agree within 1e-6 of the value and 1e-9 of the terms of its sum."""
    if isinstance(want, str) or isinstance(got, str):
        assert want == got
        return
    for name, value in want.items():
        _assert_close(_array(value), _array(got[name]), terms)


def _assert_close(want: np.ndarray, got: np.ndarray, terms: float) -> None:
    assert want.dtype == got.dtype and want.shape == got.shape
    if want.dtype.kind != "f":
        np.testing.assert_array_equal(got, want)
        return
    with np.errstate(invalid="ignore"):
        near = np.abs(want - got) <= 1e-6 * np.abs(want) + 1e-9 * terms
    assert (near | (want == got) | (np.isnan(want) & np.isnan(got))).all(), f"{want} became {got}"


def _array(value: Any) -> np.ndarray:
    return value.dense() if isinstance(value, Csr) else np.asarray(value)


@pytest.fixture(scope="module")
def fired() -> Counter[str]:
    """How often each rule fired, over the whole file."""
    return Counter()


@pytest.mark.parametrize("first", SEEDS[::BLOCK])
def test_each_rule_alone_and_all_together_keep_the_values(first: int, fired: Counter[str]) -> None:
    for seed in range(first, first + BLOCK):
        made = definition(seed)
        given = columns(made, seed)
        want = outcome(made, given)
        terms = 1.0 if isinstance(want, str) else magnitude(made, given)
        for rule in RULES:
            rewritten = apply(rule, made)
            if rewritten is not made:
                fired[rule.name] += 1
                _compare(seed, made, rewritten, want, outcome(rewritten, given), terms)
        trace = Trace()
        optimized = optimize(made, trace=trace)
        fired.update(step.rule for step in trace.steps)
        _compare(seed, made, optimized, want, outcome(optimized, given), terms)
        assert optimize(optimized) is optimized, f"seed {seed}: optimizing twice changes something"


def _compare(seed: int, made: Definition, rewritten: Definition, want: Outcome, got: Outcome, terms: float) -> None:
    try:
        assert_same(want, got, terms)
    except AssertionError as error:
        pytest.fail(f"seed {seed}: {error}\nbefore\n{render(made)}\nafter\n{render(rewritten)}")


@pytest.mark.parametrize("first", SEEDS[::BLOCK])
def test_kernels_give_what_the_references_of_the_definition_give(first: int) -> None:
    for seed in range(first, first + BLOCK // 4):
        made = definition(seed)
        given = columns(made, seed)
        want = outcome(made, given)
        terms = 1.0 if isinstance(want, str) else magnitude(made, given)
        if any(node.type.dtype == "f32" for node in made.nodes):
            terms *= 1e3  # kernels add float32 in an order of their own, and each sum is rounded to 1e-7
        optimized = optimize(made)
        try:
            compiled = compile_plan(optimized)
        except DefinitionError as error:
            assert "no kernel computes it" in str(error)
            continue
        _compare(
            seed, made, optimized, want, _run(engine.load(compiled.plan, compiled.blobs.__getitem__), given), terms
        )


def _packed(executable: engine.Executable, given: dict[str, Any]) -> dict[str, Any]:
    kinds = {item.name: item.type for item in executable.inputs}
    lists = {name: kind.is_text for name, kind in kinds.items() if kind.layout == "ragged"}
    return given | {name: Ragged.of(given[name], numbers=not texts) for name, texts in lists.items()}


def _run(executable: engine.Executable, given: dict[str, Any]) -> Outcome:
    try:
        return {name: _plain(value) for name, value in executable.run(_packed(executable, given)).items()}
    except InputError:
        return "refused"


def _plain(value: Any) -> Any:
    if isinstance(value, Labels):
        return np.asarray(value.labels)[value.codes]
    return value.tolist() if isinstance(value, Texts) else value


def test_every_rule_fired(fired: Counter[str]) -> None:
    missing = {rule.name for rule in RULES} - set(fired)
    assert not missing, f"never fired over {len(SEEDS)} definitions: {', '.join(sorted(missing))}"


def test_every_operator_is_generated() -> None:
    assert set(MAKERS) == set(OPERATORS.values()) - {Input}
    seen = {type(node) for seed in SEEDS[:BLOCK] for node in definition(seed).nodes}
    assert len(seen) > len(OPERATORS) * 0.8
