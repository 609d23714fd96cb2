"""Every kernel against its operator's reference: drawn graphs and values, batches of 0, 1, 7 and 1000 rows, blocks."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pretzel.engine import executable as executables
from pretzel.errors import InputError
from pretzel.plan.graph import topological
from tests.ops import harness

BATCHES = (0, 1, 7, 1000)
QUIET = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=sorted(harness.CASES))
def case(request: pytest.FixtureRequest) -> ModuleType:
    return harness.CASES[request.param]


@QUIET
@given(data=st.data())
def test_the_kernel_gives_what_the_reference_gives(case: ModuleType, data: st.DataObject) -> None:
    node, columns = data.draw(case.strategy())
    assert any(type(inner) is case.OPERATOR for inner in topological([node]))
    compare(case, node, columns, harness.load(node))


@QUIET
@given(data=st.data())
def test_batches_of_every_size_agree(case: ModuleType, data: st.DataObject) -> None:
    node, columns = data.draw(case.strategy())
    executable = harness.load(node)
    rows = len(next(iter(columns.values())))
    for size in BATCHES:
        chosen = np.arange(size) % rows
        compare(case, node, {name: harness.take(column, chosen) for name, column in columns.items()}, executable)


@QUIET
@given(data=st.data())
def test_a_row_does_not_depend_on_its_block(
    case: ModuleType, data: st.DataObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, columns = data.draw(case.strategy())
    rows = len(next(iter(columns.values())))
    chosen = np.random.default_rng(rows).integers(0, rows, 11)
    many = {name: harness.take(column, chosen) for name, column in columns.items()}
    whole, _ = outcome(lambda: harness.run(harness.load(node), many))
    with monkeypatch.context() as patch:
        patch.setattr(executables, "block_rows", lambda types: 3)
        blocks, _ = outcome(lambda: harness.run(harness.load(node), many))
    assert (whole is None) == (blocks is None)
    if whole is not None:
        harness.assert_alike(blocks, whole)


def compare(case: ModuleType, node: Any, columns: dict[str, Any], executable: Any) -> None:
    want, refusal = outcome(lambda: harness.meaning(node, columns))
    got, refused = outcome(lambda: harness.run(executable, columns))
    assert bool(refusal) == bool(refused), f"reference: {refusal or 'accepts'}; kernel: {refused or 'accepts'}"
    if want is None:
        return
    scale = case.scale(node, columns) if hasattr(case, "scale") else None
    harness.assert_alike(got, want, getattr(case, "TOLERANCE", None), scale)


def outcome(compute: Any) -> tuple[Any, str]:
    """Return (value, "") or (None, the message of the refusal)."""
    try:
        with np.errstate(all="ignore"):
            return compute(), ""
    except InputError as error:
        return None, str(error)
