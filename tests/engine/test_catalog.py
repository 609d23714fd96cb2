"""The stage catalog: which stages share a kernel."""

from __future__ import annotations

from typing import Any

import pytest

from pretzel.engine import StageCatalog
from pretzel.plan.plan import Stage
from pretzel.plan.types import ValueType

NUMBER = ValueType.parse("f64")


def stage(kernel: str, written: str, **attributes: Any) -> Stage:
    return Stage(kernel, kernel, attributes, {}, (0,), ValueType.parse(written), "")


def share(one: Stage, other: Stage, read: tuple[ValueType, ValueType] = (NUMBER, NUMBER)) -> bool:
    catalog = StageCatalog()
    first, second = (
        catalog.kernel(each, (kind,), lambda digest: b"") for each, kind in zip((one, other), read, strict=True)
    )
    return first is second


def test_equal_stages_share_a_kernel_whatever_the_order_of_their_attributes():
    assert share(
        stage("threshold", "i64", inclusive=False, value=0.5), stage("threshold", "i64", value=0.5, inclusive=False)
    )


@pytest.mark.parametrize(
    ("one", "other"), [(0.0, -0.0), (1.0, 1), (1.0, True), (0.5, 0.25)], ids=["sign", "integer", "bool", "value"]
)
def test_attributes_that_are_written_differently_do_not(one: float, other: float):
    assert not share(
        stage("threshold", "i64", inclusive=False, value=one), stage("threshold", "i64", inclusive=False, value=other)
    )


def test_long_attributes_are_compared_to_their_end():
    long = "x" * 10_000
    stages = [stage("require_finite", "f64", allow_nan=False, owner=long + end) for end in ("", "", "y")]
    assert share(stages[0], stages[1])
    assert not share(stages[0], stages[2])


def test_kernels_of_other_types_are_not_shared():
    wide = ValueType.parse("f64[2]")
    one, other = (stage("require_finite", kind, allow_nan=False, owner="x") for kind in ("f64", "f64[2]"))
    assert not share(one, other, (NUMBER, wide))
