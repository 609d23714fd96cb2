"""The cost table, and the choice of the cheapest kernel by it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest

from pretzel.engine import costs
from pretzel.engine.bindings import KERNELS, choose
from pretzel.engine.costs import Rates, Work
from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.sizes import Sizes, key_of

X = ops.Input("x", "f64[40]")


def product(k: int) -> ops.Linear:
    return ops.Linear(X, Parameter.of(np.ones((40, k))))


def use(monkeypatch: pytest.MonkeyPatch, rates: Mapping[str, list[float]]) -> None:
    monkeypatch.setattr(costs, "table", lambda: {kernel: Rates(*values) for kernel, values in rates.items()})


def test_the_table_names_kernels_that_exist_and_rates_that_are_times() -> None:
    rates = json.loads(costs.TABLE.read_text())
    assert rates.keys() <= KERNELS.keys()
    assert all(len(row) == len(Rates.names()) and min(row) >= 0 and max(row) > 0 for row in rates.values())


def test_the_time_of_a_call_follows_its_rates() -> None:
    assert Rates(100, 10, 1, 2, 0.5).nanoseconds(Work(3, 4, 12), rows=2) == 100 + 2 * (10 + 3 + 8 + 6)


@pytest.mark.parametrize(("dots", "tiles", "used"), [(1.0, 2.0, "linear.dots"), (2.0, 1.0, "linear.tiles")])
def test_the_cheapest_kernel_is_used(monkeypatch: pytest.MonkeyPatch, dots: float, tiles: float, used: str) -> None:
    use(monkeypatch, {"linear.dots": [0, 0, 0, 0, dots], "linear.tiles": [0, 0, 0, 0, tiles]})
    assert choose(product(8)).kernel == used


def test_a_partial_tile_costs_a_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, {"linear.dots": [0, 0, 0, 0, 2.0], "linear.tiles": [0, 0, 0, 0, 1.0]})
    assert [choose(product(k)).kernel for k in (3, 5, 9)] == ["linear.dots", "linear.tiles", "linear.tiles"]


def test_sums_in_order_never_use_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, {"linear.dots": [0, 0, 0, 0, 1.0], "linear.tiles": [0, 0, 0, 0, 9.0]})
    assert choose(ops.Linear(X, Parameter.of(np.ones((40, 9))), in_order=True)).kernel == "linear.tiles"


def test_the_first_kernel_is_used_if_one_was_never_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, {"linear.tiles": [0, 0, 0, 0, 1.0]})
    assert choose(product(8)).kernel == "linear.dots"


def test_types_that_no_kernel_accepts_are_named() -> None:
    texts = ops.LabelLookup(ops.ArgMax(X), Parameter.strings(["a"] * 40))
    with pytest.raises(DefinitionError, match=r"label_lookup: no kernel computes it from \(i64\) to str"):
        choose(texts)


def test_sizes_are_fixed_else_measured_else_assumed() -> None:
    text, sparse = ops.Input("t", "str"), ops.Input("s", "f64{10}")
    seen = Sizes(5, {key_of(text): 11.5, key_of(sparse): 4.0})
    assert [seen.of(X), seen.of(text), seen.of(sparse)] == [40, 11.5, 4.0]
    assert [seen.room(X), seen.room(text), seen.room(sparse)] == [0, 16, 8]
    assert Sizes().of(text) == 64 and Sizes().room(text) == 0
    assert Sizes.from_tree(seen.tree()) == seen
