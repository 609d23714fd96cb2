"""Run a graph by its references and by its kernels, and compare the results."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.compile.pipeline import Choose
from pretzel.engine import Executable
from pretzel.engine.bindings import choose
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.reference import evaluate
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Labels, Ragged, Texts
from tests.ops import cases

CASES: dict[str, ModuleType] = {
    module.name: importlib.import_module(f"tests.ops.cases.{module.name}")
    for module in pkgutil.iter_modules(cases.__path__)
}


@cache
def drawn(case: ModuleType, count: int) -> list[tuple[Node, dict[str, Any]]]:
    """Return small examples of a case, the same each time."""
    examples: list[tuple[Node, dict[str, Any]]] = []

    @seed(0)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def draw(data: st.DataObject) -> None:
        examples.append(data.draw(case.strategy()))

    draw()
    return examples


def load(node: Node, choice: Choose = choose) -> Executable:
    """Return the executable of a graph with one output, ``out``."""
    compiled = compile_plan(Definition({"out": node}), choose=choice)
    return engine.load(compiled.plan, lambda digest: compiled.blobs[digest])


def run(executable: Executable, columns: dict[str, Any]) -> Any:
    """Return the kernels' result in the form of the references."""
    bound = {item.name: _for_engine(item.type, columns[item.name]) for item in executable.inputs}
    return _from_engine(executable.run(bound)["out"])


def meaning(node: Node, columns: dict[str, Any]) -> Any:
    """Return the references' result."""
    return evaluate(Definition({"out": node}), columns)["out"]


def assert_alike(got: Any, want: Any, tolerance: float | None = None, scale: Any = None) -> None:
    """Fail unless two values agree, bit by bit without a tolerance (all NaN are equal)."""
    if isinstance(want, list):
        assert [_shown(x) for x in got] == [_shown(x) for x in want]
        return
    if isinstance(want, Csr):
        assert_rows_are_sound(got, repeats=_repeats(want))
        assert got.width == want.width
        got, want = got.dense(), want.dense()
    assert got.dtype == want.dtype or want.dtype.kind in "US"
    assert got.shape == want.shape
    if want.dtype.kind != "f":
        np.testing.assert_array_equal(got, want)
    elif tolerance is None:
        np.testing.assert_array_equal(bits(got), bits(want))
    else:
        _assert_close(got, want, tolerance, scale)


def assert_rows_are_sound(rows: Csr, repeats: bool = False) -> None:
    """Fail unless starts run from 0 to the count, and columns ascend within each row, strictly without ``repeats``."""
    assert rows.starts[0] == 0 and rows.starts[-1] == len(rows.data) == len(rows.indices)
    for a, b in zip(rows.starts, rows.starts[1:], strict=False):
        assert (np.diff(rows.indices[a:b]) >= (not repeats)).all(), f"columns do not ascend: {rows.indices[a:b]}"


def _repeats(rows: Csr) -> bool:
    """Return whether the reference itself stores a column twice in some row."""
    pairs = zip(rows.starts, rows.starts[1:], strict=False)
    return any(len(np.unique(rows.indices[a:b])) < b - a for a, b in pairs)


def _assert_close(got: np.ndarray, want: np.ndarray, tolerance: float, scale: Any) -> None:
    bound = tolerance * np.abs(want if scale is None else scale)
    with np.errstate(invalid="ignore"):
        good = (got == want) | (np.isnan(got) & np.isnan(want)) | (np.abs(got - want) <= bound)
    assert good.all(), f"got {got[~good]}, want {want[~good]}"


def bits(array: np.ndarray) -> np.ndarray:
    """Return the bits of each number, with one form of NaN."""
    plain = np.where(np.isnan(array), np.nan, array).astype(array.dtype)
    return plain.view(f"u{array.dtype.itemsize}")


def _shown(item: Any) -> Any:
    if isinstance(item, list):
        return [_shown(x) for x in item]
    return "<nan>" if isinstance(item, float) and item != item else item


def _for_engine(kind: ValueType, value: Any) -> Any:
    if kind.layout == "ragged":
        return Ragged.of(value, numbers=not kind.is_text)
    if kind.is_text and kind.width is not None:
        return Texts.of([text for row in value for text in row], kind.width)
    return value


def _from_engine(value: Any) -> Any:
    if isinstance(value, Labels):
        return np.asarray(value.labels)[value.codes]
    if isinstance(value, Texts):
        texts, width = value.tolist(), value.width
        return texts if width is None else [texts[i : i + width] for i in range(0, len(texts), width)]
    return value
