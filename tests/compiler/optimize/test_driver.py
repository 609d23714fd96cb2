"""The driver checks rules (types, cycles, termination), names the faulty one, and records a trace on request."""

from __future__ import annotations

import time

import numpy as np
import pytest

from pretzel.compiler.optimize import RULES, RuleError, Trace, optimize
from pretzel.compiler.optimize.budget import Budget
from pretzel.compiler.optimize.driver import MAX_PASSES, apply, run
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import Rule, on, rule
from pretzel.compiler.optimize.trace import shared
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

X = ops.Input("x", "f64[2]")
ONES = Parameter.of(np.array([1.0, 2.0]))
UNIT, ZERO = Parameter.of(np.ones(2)), Parameter.of(np.zeros(2))
CHECKED = Definition({"y": ops.RequireFinite(X, "A")})


@rule(on(ops.RequireFinite))
def changes_the_type(graph: Graph, check: ops.RequireFinite) -> Node | None:
    """Wrong."""
    return ops.Cast(check.x, "f32")


@rule(on(ops.RequireFinite))
def reads_itself(graph: Graph, check: ops.RequireFinite) -> Node | None:
    """Wrong."""
    return ops.Affine(check, ONES)


@rule(on(ops.RequireFinite))
def never_ends(graph: Graph, check: ops.RequireFinite) -> Node | None:
    """Wrong."""
    return check.replace(owner=check.owner + "!")


@rule(on(ops.RequireFinite))
def breaks(graph: Graph, check: ops.RequireFinite) -> Node | None:
    """Wrong."""
    return ops.Affine(check.x, Parameter.of(np.ones(3)))


@rule(on(ops.RequireFinite))
def reads_another_column(graph: Graph, check: ops.RequireFinite) -> Node | None:
    """Wrong."""
    return ops.Input("z", "f64[2]")


@rule(on(ops.RequireFinite))
def builds_a_node_without_a_kernel(graph: Graph, check: ops.RequireFinite) -> Node | None:
    """Wrong."""
    return ops.MissingIndicator(ops.Cast(check.x, "i32"), Parameter.of(np.arange(2)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            builds_a_node_without_a_kernel,
            r"illegal in an optimized definition: <missing_indicator: f64\[2\] .*: no kernel computes it",
        ),
        (changes_the_type, "which has another type"),
        (reads_itself, "a node that reads it"),
        (never_ends, f"no fixed point after {MAX_PASSES} passes; still firing: never_ends"),
        (breaks, "failed at <require_finite"),
        (reads_another_column, "changed the inputs"),
    ],
)
def test_the_faulty_rule_is_named(wrong: Rule, message: str) -> None:
    with pytest.raises(RuleError, match=message) as caught:
        run(CHECKED, [wrong])
    assert wrong.name in str(caught.value)


def test_many_passes_are_not_a_loop() -> None:
    """Any number of passes is fine as long as the definition shrinks."""

    @rule(on(ops.RequireFinite))
    def one_at_a_time(graph: Graph, check: ops.RequireFinite) -> Node | None:
        """Drop the first."""
        return check.x if check.x is X else None

    node: Node = X
    for i in range(MAX_PASSES + 20):
        node = ops.RequireFinite(node, str(i))
    trace = Trace()
    assert run(Definition({"y": node}), [one_at_a_time], trace=trace).outputs["y"] is X
    assert trace.passes == MAX_PASSES + 21 and trace.finished


def test_the_budget_bounds_the_work() -> None:
    trace = Trace()
    chain = ops.Affine(ops.Affine(ops.Affine(X, ONES), ONES), ONES)
    original = Definition({"y": chain})
    assert run(original, RULES, trace=trace, budget=Budget(1)).nodes == original.nodes
    assert not trace.finished
    assert optimize(original) is not original


def test_a_budget_affords_only_what_is_left() -> None:
    budget = Budget(10)
    assert budget.affords(4) and not budget.affords(7) and budget.left == 6
    budget.spend(7)
    assert budget.spent


def test_a_rule_may_name_several_operators_at_one_place() -> None:
    either = on(ops.Affine | ops.Standardize, x=ops.Affine | ops.Normalize)
    scaled = ops.Standardize(ops.Affine(X, ONES), ONES, None)
    assert either.match(scaled) == (scaled, scaled.x)
    assert either.match(ops.Affine(X, ONES)) is None
    with pytest.raises(TypeError, match="concat has no input 'x'"):
        on(ops.Affine | ops.Concat, x=ops.Affine)


def test_a_pattern_over_an_unknown_input_is_rejected() -> None:
    with pytest.raises(TypeError, match="linear has no input 'y'"):
        on(ops.Linear, y=ops.Affine)


def test_an_unchanged_definition_is_returned_itself() -> None:
    assert optimize(CHECKED) is CHECKED


def test_inputs_outputs_and_metadata_survive() -> None:
    unread = ops.Input("unread", "str")
    doubled = ops.Affine(ops.Affine(X, ONES), ONES)
    definition = Definition({"a": doubled, "b": doubled}, (unread,), {"estimator": "E"})
    optimized = optimize(definition)
    assert optimized is not definition
    assert optimized.inputs == definition.inputs
    assert list(optimized.outputs) == ["a", "b"]
    assert optimized.outputs["a"] is optimized.outputs["b"]
    assert optimized.metadata == {"estimator": "E"}


def test_the_trace_records_each_step() -> None:
    definition = Definition({"y": ops.Affine(ops.Affine(X, ONES), ONES)})
    trace = Trace()
    optimized = optimize(definition, trace=trace)
    (step,) = trace.steps
    assert (step.rule, step.places) == ("merge_scalings", 1)
    assert step.before is definition and step.after is optimized
    assert step.saved.operators == 1 and step.saved.work > 0
    assert step.summary.startswith("``(x s + t) u + v")
    assert trace.passes == 2


def test_equal_subgraphs_are_one_node_and_are_reported() -> None:
    once, again = ops.Affine(X, ONES), ops.Affine(X, ONES)
    definition = Definition({"a": ops.Linear(once, ONES), "b": ops.Normalize(again, "l2")})
    (subgraph,) = shared(definition)
    assert subgraph.node is once and subgraph.readers == 2 and subgraph.saved > 0


def test_unread_nodes_are_dropped() -> None:
    scaled = ops.Affine(X, ONES)
    chosen = ops.Column(ops.Concat((scaled, ops.Input("z", "f64"))), 2)
    optimized = optimize(Definition({"y": chosen}))
    assert optimized.outputs["y"] is ops.Input("z", "f64")
    assert [node.column for node in optimized.inputs] == ["x", "z"]


@pytest.mark.parametrize("build", [lambda x: ops.RequireFinite(x, "A"), lambda x: ops.Affine(x, UNIT, ZERO)])
def test_a_long_chain_takes_bounded_time(build: object) -> None:
    node: Node = X
    for _ in range(10_000):
        node = build(node)  # type: ignore[operator]
    started = time.process_time()
    optimized = optimize(Definition({"y": node}))
    assert time.process_time() - started < 10
    assert len(optimized.nodes) < 30


def test_the_names_of_rules_are_distinct() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_a_rule_applied_in_two_places_counts_both() -> None:
    chains = [ops.Affine(ops.Affine(ops.Input(name, "f64[2]"), ONES), ONES) for name in "ab"]
    trace = Trace()
    apply(
        next(r for r in RULES if r.name == "merge_scalings"), Definition({"y": ops.Concat(tuple(chains))}), trace=trace
    )
    assert trace.steps[0].places == 2
