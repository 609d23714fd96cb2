"""Compare every kernel with its operator's reference: drawn graphs and values, batches of 0 to 1000 rows, blocks."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from pretzel.engine import Helpers
from pretzel.engine import executable as executables
from pretzel.engine.bindings import BINDINGS, choose
from pretzel.errors import InputError
from pretzel.kernels.parts import learn_run
from pretzel.kernels.team import Team
from pretzel.plan.graph import topological
from tests.helpers.examples import drawing
from tests.helpers.rows import take
from tests.ops import harness

SMALL, LARGE = (0, 1, 7), 1000
TEAM = Team(3)
HEALTHY = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
OFTEN = drawing(60, suppress_health_check=HEALTHY)
SOMETIMES = drawing(24, suppress_health_check=HEALTHY)


@pytest.fixture(params=sorted(harness.CASES))
def case(request: pytest.FixtureRequest) -> ModuleType:
    return harness.CASES[request.param]


@OFTEN
@given(data=st.data())
def test_the_kernel_agrees_with_the_reference(case: ModuleType, data: st.DataObject) -> None:
    node, columns = data.draw(case.strategy())
    assert any(type(inner) is case.OPERATOR for inner in topological([node]))
    assert_same(case, node, columns, harness.load(node))


@SOMETIMES
@given(data=st.data())
def test_other_kernels_batches_and_blocks_agree(
    case: ModuleType, data: st.DataObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, columns = data.draw(case.strategy())
    assert_every_kernel_that_accepts_a_node_computes_it(case, node, columns)
    assert_batches_of_every_size_agree(case, node, columns)
    assert_a_row_does_not_depend_on_its_block(node, columns, monkeypatch)


def assert_every_kernel_that_accepts_a_node_computes_it(case: ModuleType, node: Any, columns: dict[str, Any]) -> None:
    """Check all kernels, because the cost table may choose any of them."""
    able = [binding for binding in BINDINGS[type(node)] if binding.takes(node)]
    for binding in able if len(able) > 1 else []:
        choice = lambda other, sizes, chosen=binding: chosen if other is node else choose(other, sizes)  # noqa: E731
        assert_same(case, node, columns, harness.load(node, choice))


def assert_batches_of_every_size_agree(case: ModuleType, node: Any, columns: dict[str, Any]) -> None:
    executable, rows = harness.load(node), len(next(iter(columns.values())))
    for size in SMALL:
        assert_same(case, node, taken(columns, np.arange(size) % rows), executable)
    chosen = np.arange(LARGE) % rows
    want, scale, _ = meaning(case, node, columns)
    got, refused = outcome(lambda: harness.run(executable, taken(columns, chosen)))
    assert (want is None) == bool(refused)
    if want is not None:
        large_scale = None if scale is None else scale[chosen]
        harness.assert_alike(got, take(want, chosen), getattr(case, "TOLERANCE", None), large_scale)
    assert_parts_agree(executable, taken(columns, chosen), got, refused)


def assert_parts_agree(executable: Any, columns: dict[str, Any], whole: Any, refused: str) -> None:
    """Run the parts of a batch on several threads."""
    learn_run(executable.schedule(None).program, 1000.0, LARGE)  # as slow as it must be to be cut
    executable.helpers = Helpers(TEAM, 3, counts=False)
    parts, refused_too = outcome(lambda: harness.run(executable, columns))
    assert refused_too == refused
    if whole is not None:
        harness.assert_alike(parts, whole)


def assert_a_row_does_not_depend_on_its_block(
    node: Any, columns: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = len(next(iter(columns.values())))
    many = taken(columns, np.random.default_rng(rows).integers(0, rows, 11))
    whole, _ = outcome(lambda: harness.run(harness.load(node), many))
    with monkeypatch.context() as patch:
        patch.setattr(executables, "block_rows", lambda *_: 3)
        blocks, _ = outcome(lambda: harness.run(harness.load(node), many))
    assert (whole is None) == (blocks is None)
    if whole is not None:
        harness.assert_alike(blocks, whole)


def assert_same(case: ModuleType, node: Any, columns: dict[str, Any], executable: Any) -> None:
    want, scale, refusal = meaning(case, node, columns)
    got, refused = outcome(lambda: harness.run(executable, columns))
    assert bool(refusal) == bool(refused), f"reference: {refusal or 'accepts'}; kernel: {refused or 'accepts'}"
    if want is not None:
        harness.assert_alike(got, want, getattr(case, "TOLERANCE", None), scale)


def meaning(case: ModuleType, node: Any, columns: dict[str, Any]) -> tuple[Any, Any, str]:
    """Return the reference's value, the scale of its tolerance if the case has one, and the error message."""
    want, refusal = outcome(lambda: harness.meaning(node, columns))
    has_scale = want is not None and hasattr(case, "scale")
    return want, outcome(lambda: case.scale(node, columns))[0] if has_scale else None, refusal


def taken(columns: dict[str, Any], rows: np.ndarray) -> dict[str, Any]:
    return {name: take(column, rows) for name, column in columns.items()}


def outcome(compute: Any) -> tuple[Any, str]:
    """Return (value, "") or (None, the error message)."""
    try:
        with np.errstate(all="ignore"):
            return compute(), ""
    except InputError as error:
        return None, str(error)
