"""Heads over the same features run as one kernel, with the same bits and bounded memory, and only if it is faster."""

import gc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.compiler.compile import compile_plan
from pretzel.engine import Executable, fusion, load
from pretzel.engine.fused import FusedStep
from pretzel.engine.fusion import FUSER, Fuser
from pretzel.kernels.fused.normalized_linear import NormalizedLinear
from pretzel.kernels.program import Program
from pretzel.kernels.sparse.linear import Linear, Stack
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr
from tests.ops.cases import FLOATS, arrays, sparse_matrices

WIDTH = 40
RANDOM = np.random.default_rng(3)
FEATURES = ops.Input("x", f"f64{{{WIDTH}}}")
CELLS = 8 * 8  # bytes of weights per feature column in a stack of up to eight heads


def loaded(*definitions: Definition) -> Executable:
    compiled = [compile_plan(definition) for definition in definitions]
    blobs = {digest: blob for item in compiled for digest, blob in item.blobs.items()}
    return load([item.plan for item in compiled], blobs.__getitem__)


def head(x: Node = FEATURES, k: int | None = None) -> ops.Linear:
    shape = (x.type.columns,) if k is None else (x.type.columns, k)
    return ops.Linear(x, Parameter.of(RANDOM.normal(size=shape)), Parameter.of(RANDOM.normal(size=k or 1)))


def sibling(labels: list[str]) -> Definition:
    score = head()
    predict = ops.LabelLookup(ops.Threshold(score), Parameter.of(labels))
    return Definition({"predict": predict, "predict_proba": ops.Link(score, "sigmoid_pair")})


def rows(count: int) -> Csr:
    dense = RANDOM.normal(size=(count, WIDTH)) * (RANDOM.random((count, WIDTH)) < 0.3)
    starts = np.concatenate([[0], np.cumsum((dense != 0).sum(axis=1))]).astype(np.int64)
    return Csr(dense[dense != 0], np.nonzero(dense)[1].astype(np.int32), starts, WIDTH)


def groups(count: int, k: int = 1) -> list[FusedStep]:
    types = ValueType.parse(f"f64{{{WIDTH}}}"), ValueType.parse("f64" if k == 1 else f"f64[{k}]")
    kernels = [Linear(types[:1], types[1], weights=RANDOM.normal(size=(WIDTH, k))) for _ in range(count)]
    return [FusedStep((i + 1,), kernel, (0,), types[1]) for i, kernel in enumerate(kernels)]


def bits(value: Any) -> bytes:
    """Return the bits of an array, with one form of NaN."""
    return np.where(np.isnan(value), np.nan, value).astype(value.dtype).tobytes()


@st.composite
def heads_over_rows(draw: st.DrawFn) -> tuple[list[Node], Any]:
    x, value = draw(sparse_matrices())
    normalized = x.type.dtype == "f64" and draw(st.booleans())
    heads: list[Node] = []
    for _ in range(draw(st.integers(4, 19))):
        k, dtype = draw(st.none() | st.integers(1, 9)), "f64" if normalized else draw(FLOATS)
        weights = Parameter.of(draw(arrays(dtype, (x.type.columns,) if k is None else (x.type.columns, k))))
        bias = draw(st.none() | arrays(dtype, k or 1).map(Parameter.of))
        heads.append(ops.NormalizedLinear(x, weights, bias, "l2") if normalized else ops.Linear(x, weights, bias))
    return heads, value


@given(heads_over_rows())
def test_each_fused_head_has_its_own_bits(drawn: tuple[list[Node], Any]) -> None:
    heads, value = drawn
    together = loaded(Definition({str(i): node for i, node in enumerate(heads)})).run({"x": value})
    for i, node in enumerate(heads):
        alone = loaded(Definition({"y": node})).run({"x": value})["0/y"]
        assert bits(together[f"0/{i}"]) == bits(alone)


@pytest.mark.parametrize(("norm", "lines"), [("l2", 1), ("l1", 0), ("max", 0)])
def test_heads_over_l2_normalized_rows_share_a_pass(norm: str, lines: int) -> None:
    weights = [Parameter.of(RANDOM.normal(size=WIDTH)) for _ in range(6)]
    heads = [ops.NormalizedLinear(FEATURES, w, None, norm) for w in weights]
    executable, before = loaded(*[Definition({"y": node}) for node in heads]), FUSER.held
    executable.run({"x": rows(3)})
    assert FUSER.held == before + lines * CELLS * WIDTH


@pytest.mark.parametrize("count", [0, 1, 300])
def test_sibling_models_share_one_pass_and_release_the_memory(count: int) -> None:
    siblings = [sibling([f"no {i}", f"yes {i}"]) for i in range(11)]
    before, x = FUSER.held, rows(count)
    together = loaded(*siblings)
    joint = together.run({"x": x})
    assert FUSER.held == before + 2 * CELLS * WIDTH, "eleven heads fill two lines of eight"
    together.run({"x": x}, [f"{i}/predict_proba" for i in range(11)])
    assert FUSER.held == before + 2 * CELLS * WIDTH, "another choice of outputs uses the same stack"
    for i, one in enumerate(siblings):
        alone = loaded(one).run({"x": x})
        assert bits(joint[f"{i}/predict_proba"]) == bits(alone["0/predict_proba"])
        assert np.array_equal(joint[f"{i}/predict"].codes, alone["0/predict"].codes)  # type: ignore[union-attr]
    del together
    gc.collect()
    assert FUSER.held == before


def test_a_profile_has_the_time_of_each_stage() -> None:
    executable = loaded(*[sibling(["a", "b"]) for _ in range(6)])
    observed = executable.profile({"x": rows(100)})
    assert len(observed) == len(executable._steps)
    assert all(step.seconds > 0 for step in observed)


def test_fused_steps_take_the_position_of_the_first() -> None:
    first, *rest = groups(5)
    other = FusedStep((9,), object(), (1,), first.type)
    fused = Fuser().fuse([first, other, *rest])
    assert [group.nodes for group in fused] == [(1, 2, 3, 4, 5), (9,)]
    assert isinstance(fused[0].kernel, Stack) and fused[1] is other


@pytest.mark.parametrize("steps", [groups(1), groups(3), groups(9, k=8)], ids=["one", "few", "wide"])
def test_steps_that_gain_nothing_are_not_fused(steps: list[FusedStep]) -> None:
    fuser = Fuser()
    assert fuser.fuse(steps) == steps
    assert fuser.held == 0


def test_heads_over_different_features_are_not_fused() -> None:
    some, others = groups(4), [FusedStep((i + 5,), g.kernel, (9,), g.type) for i, g in enumerate(groups(4))]
    assert [group.nodes for group in Fuser().fuse(some + others)] == [(1, 2, 3, 4), (5, 6, 7, 8)]


@pytest.mark.parametrize(("lines", "sizes"), [(0, [1] * 16), (1, [8] + [1] * 8), (2, [16]), (9, [16])])
def test_the_budget_is_kept(lines: int, sizes: list[int]) -> None:
    fuser = Fuser(budget=lines * CELLS * WIDTH)
    fused = fuser.fuse(groups(16))
    assert [len(group.nodes) for group in fused] == sizes
    assert fuser.held <= fuser.budget
    del fused
    gc.collect()
    assert fuser.held == 0


def test_a_kernel_in_use_is_built_once() -> None:
    fuser, steps = Fuser(), groups(6)
    first, again = fuser.fuse(steps), fuser.fuse(steps)
    assert first[0].kernel is again[0].kernel
    assert fuser.held == CELLS * WIDTH


def test_without_memory_heads_run_separately(monkeypatch: pytest.MonkeyPatch) -> None:
    class Poor:
        size = staticmethod(Stack.size)

        def __init__(self, kernels: Any) -> None:
            raise MemoryError

    monkeypatch.setattr(fusion.Fusion, "make", lambda self: Poor)
    fuser, steps = Fuser(), groups(6)
    assert fuser.fuse(steps) == steps
    assert fuser.held == 0


def test_an_empty_stack_is_rejected() -> None:
    with pytest.raises(ValueError, match="expected a linear kernel, got none"):
        Stack([])


def test_heads_of_different_types_are_not_stacked() -> None:
    single = Linear((ValueType.parse("f32{3}"),), ValueType.parse("f32"), weights=np.ones(3, np.float32))
    double = Linear((ValueType.parse("f32{3}"),), ValueType.parse("f64"), weights=np.ones(3))
    with pytest.raises(ValueError, match="kernel 1: reads or writes another type than the first"):
        Stack([single, double])


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_heads_of_different_norms_are_not_stacked(norm: str) -> None:
    x, y = ValueType.parse("f64{3}"), ValueType.parse("f64")
    divided = NormalizedLinear((x,), y, weights=np.ones(3), norm=norm)
    with pytest.raises(ValueError, match=rf"norms: expected all none or all l2, got \['{norm}', 'none'\]"):
        Stack([divided, Linear((x,), y, weights=np.ones(3))])


def test_a_program_without_slots_for_all_heads_is_rejected() -> None:
    types = [ValueType.parse(f"f64{{{WIDTH}}}"), *[ValueType.parse("f64")] * 3]
    with pytest.raises(ValueError, match=r"step 0: reads \[0\], writes 1 to 4, of 4 slots"):
        Program(types, 1, [(Stack([group.kernel for group in groups(4)]), [0], 1)], [1], 64)
