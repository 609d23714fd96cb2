"""Texts are scored in one pass if no other step reads the intermediate values, with the same bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pretzel.compiler.compile import compile_plan
from pretzel.engine import Executable, load
from pretzel.engine.fused import FusedStep
from pretzel.engine.fusion import FUSER
from pretzel.engine.workspaces import _workspaces
from pretzel.errors import CancelledError, DeadlineError, InputError
from pretzel.kernels.program import Token
from pretzel.kernels.sparse.linear import Linear
from pretzel.kernels.sparse.values import Normalize
from pretzel.kernels.text.hash_ngrams import HashNgrams
from pretzel.kernels.text.score import Score
from pretzel.plan import ops, reference
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.ops.text import UNITS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType
from pretzel.plan.values import Texts
from tests.helpers.texts import TEXTS
from tests.ops.harness import assert_alike

X = ops.Input("x", "str")
RANDOM = np.random.default_rng(5)
WIDTH = 12
FLOATS = st.sampled_from(["f32", "f64"])
FEATURES = ValueType.parse(f"f64{{{WIDTH}}}")
GRAMS = ["a", "b", "the", " a", "a ", "the cat", "b a", "ab", "é", "日本", "longerthansevenbytes", "naïve x"]


def counts(unit: str = "word", dtype: str = "f64", binary: bool = False, pattern: str = r"\b\w+\b") -> Node:
    x = ops.Tokenize(ops.Lowercase(X), pattern) if unit == "word" else ops.Lowercase(X)
    return ops.CountNgrams(x, Parameter.strings(GRAMS), unit, 1, 3, dtype, binary)


def tf_idf(x: Node, norm: str | None = "l2", *, idf: bool = True, sublinear: bool = False) -> Node:
    x = ops.Elementwise(x, "one_plus_log") if sublinear else x
    x = ops.Affine(x, Parameter.of(RANDOM.uniform(1, 9, x.type.columns))) if idf else x
    return x if norm is None else ops.Normalize(x, norm)


def head(x: Node, k: int | None = None, dtype: str = "f64") -> ops.Linear:
    weights = RANDOM.normal(size=(x.type.columns,) if k is None else (x.type.columns, k)).astype(NUMPY[dtype])
    return ops.Linear(x, Parameter.of(weights), Parameter.of(RANDOM.normal(size=k or 1).astype(NUMPY[dtype])))


NUMPY = {"f32": np.float32, "f64": np.float64}


def loaded(outputs: dict[str, Node]) -> Executable:
    compiled = compile_plan(Definition(outputs))
    return load(compiled.plan, compiled.blobs.__getitem__)


def kernels(executable: Executable, names: tuple[str, ...]) -> list[str]:
    """Return the classes of the kernels that a request for these outputs runs."""
    seen: list[FusedStep] = []

    def join(groups: list[FusedStep], outputs: frozenset[int]) -> list[FusedStep]:
        seen.extend(FUSER.fuse(groups, outputs))
        return seen

    executable._compose(names, join)
    return [type(group.kernel).__name__ for group in seen]


def assert_one_pass(outputs: dict[str, Node], features: Node, texts: Any) -> None:
    """Check that outputs alone run in one pass, and with the features do not, and that the bits agree."""
    executable = loaded({**outputs, "features": features})
    assert kernels(executable, tuple(outputs))[-1:] == ["Score"]
    assert "Score" not in kernels(executable, (*outputs, "features"))
    fused, split = executable.run({"x": texts}, list(outputs)), executable.run({"x": texts}, [*outputs, "features"])
    for name in outputs:
        assert fused[name].tobytes() == split[name].tobytes()  # type: ignore[union-attr]


@st.composite
def chains(draw: st.DrawFn) -> dict[str, Node]:
    unit, dtype, pattern = (
        draw(st.sampled_from(UNITS)),
        draw(FLOATS),
        draw(st.sampled_from([r"\b\w+\b", r"\w+|[^\w\s]"])),
    )
    counted = counts(unit, dtype, draw(st.booleans()), pattern)
    if draw(st.booleans()):
        x, low = counted.inputs[0], draw(st.integers(1, 2))
        counted = ops.HashNgrams(x, WIDTH, unit, low, low + 1, draw(st.booleans()), dtype, draw(st.booleans()))
    norm = draw(st.sampled_from(["l1", "l2", "max", None]))
    features = tf_idf(counted, norm, idf=draw(st.booleans()), sublinear=draw(st.booleans()))
    makers: list[Callable[[], Node]] = [
        lambda: head(features, draw(st.sampled_from([None, 1, 3])), dtype),
        lambda: ops.CompactLinear(features, Parameter.of(RANDOM.normal(size=WIDTH).astype(np.float32))),
    ]
    if dtype == "f64":
        weights = Parameter.of(RANDOM.normal(size=WIDTH))
        makers.append(lambda: ops.NormalizedLinear(features, weights, None, draw(st.sampled_from(["l1", "l2"]))))
    return {f"y{i}": draw(st.sampled_from(makers))() for i in range(draw(st.integers(1, 6)))}


@settings(deadline=None)
@given(chains(), st.lists(TEXTS, max_size=19))
@example({"y0": head(tf_idf(counts()))}, ["a " * 50_000, "", " ", "the cat " * 300])
@example({"y0": head(tf_idf(counts("char_wb")))}, ["a " * 50_000, "", " ", "\0", "日本" * 20_000])
def test_one_pass_has_the_bits_of_the_separate_steps(outputs: dict[str, Node], texts: list[str]) -> None:
    assert_one_pass(outputs, outputs["y0"].inputs[0], texts)


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from(UNITS))
def test_invalid_utf8_has_the_same_bits_too(data: bytes, unit: str) -> None:
    lengths = np.diff([0, len(data) // 3, len(data) // 2, len(data)]).astype(np.uint32)
    features = tf_idf(counts(unit))
    assert_one_pass({"y": head(features)}, features, Texts(np.frombuffer(data, np.uint8), lengths))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 700])
def test_any_number_of_rows_agrees_with_the_reference(unit: str, rows: int) -> None:
    features = tf_idf(counts(unit), sublinear=True)
    definition = {"y": head(features, 2)}
    texts = [f"The cat {'b a ' * (i % 5)} naïve x{i}" for i in range(rows)]
    executable = loaded(definition)
    assert "Score" in kernels(executable, ("y",))
    assert_alike(executable.run({"x": texts})["y"], reference.evaluate(Definition(definition), {"x": texts})["y"])


def test_counts_exceed_small_integers() -> None:
    features = counts("char", "f32")
    texts = ["ab" * n for n in (1, 127, 128, 255, 256, 257, 32_768, 65_536)]
    want = reference.evaluate(Definition({"features": features}), {"x": texts})["features"]
    assert want.data.max() == 65_536
    assert_one_pass({"y": head(features, dtype="f32")}, features, texts)


def test_a_union_of_words_and_characters_takes_one_pass_each() -> None:
    words, characters = tf_idf(counts("word")), tf_idf(counts("char_wb"))
    score = ops.Sum((head(words), head(characters)))
    executable = loaded({"predict_proba": ops.Link(score, "sigmoid_pair"), "decision_function": score})
    assert kernels(executable, ("predict_proba",)) == ["Lowercase", "Score", "Score", "Sum", "Link"]


def test_heads_over_the_same_features_share_a_pass() -> None:
    features = tf_idf(counts())
    heads: dict[str, Node] = {f"y{i}": head(features) for i in range(11)}
    executable = loaded(heads)
    assert kernels(executable, tuple(heads)) == ["Lowercase", "Score"]
    assert kernels(executable, ("y3", "y1")) == ["Lowercase", "Score"]


@pytest.mark.parametrize("reader", [lambda x: x, lambda x: ops.Threshold(x, 0.5)], ids=["an output", "a step"])
@pytest.mark.parametrize("above", range(3))
def test_another_reader_of_an_intermediate_value_prevents_fusion(reader: Callable[[Node], Node], above: int) -> None:
    features = inner = tf_idf(counts())
    for _ in range(above):
        inner = inner.inputs[0]
    executable = loaded({"y": head(features), "z": reader(inner)})
    assert "Score" not in kernels(executable, ("y", "z"))
    assert "Score" in kernels(executable, ("y",))


def test_chains_over_shared_tokens_start_after_tokenization() -> None:
    tokens = ops.Tokenize(X, r"\w+")
    counted = ops.CountNgrams(tokens, Parameter.strings(GRAMS), "word", 1, 2, "f64")
    executable = loaded({"y": head(counted), "z": head(ops.HashNgrams(tokens, WIDTH, "word", 1, 2))})
    assert kernels(executable, ("y", "z")) == ["Tokenize", "Score", "Score"]
    assert kernels(executable, ("y",)) == ["Score"]
    texts = ["the cat the cat", "", "a b"] * 9
    both = executable.run({"x": texts})
    for name in ("y", "z"):
        assert both[name].tobytes() == executable.run({"x": texts}, [name])[name].tobytes()  # type: ignore[union-attr]


def test_integer_counts_and_features_alone_make_no_chain() -> None:
    executable = loaded({"counts": counts(dtype="i64"), "features": tf_idf(counts())})
    assert "Score" not in kernels(executable, ("counts",)) + kernels(executable, ("features",))


def test_a_profile_has_the_time_of_each_step() -> None:
    executable = loaded({"y": head(tf_idf(counts()))})
    observed = executable.profile({"x": ["the cat"] * 300})
    assert len(observed) == len(executable._steps) == 6
    assert all(step.seconds > 0 for step in observed)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("missing", "shown"), [(None, "None"), (np.nan, "np.nan")])
def test_a_missing_text_is_rejected_as_without_fusion(unit: str, missing: Any, shown: str) -> None:
    x = ops.Tokenize(X, r"\w+") if unit == "word" else X
    y = head(ops.CountNgrams(x, Parameter.strings(GRAMS), unit, 1, 2, "f64"))
    executable = loaded({"y": y})
    assert kernels(executable, ("y",)) == ["Score"]
    marks = np.zeros(20, np.uint8)
    marks[13] = 2 if missing is None else 1
    with pytest.raises(InputError, match=rf"row 13: {shown} is an invalid document"):
        executable.run({"x": Texts(np.zeros(0, np.uint8), np.zeros(20, np.uint32), marks)})


def test_a_pass_is_stopped_between_rows() -> None:
    executable, token = loaded({"y": head(counts())}), Token()
    token.cancel()
    with pytest.raises(CancelledError):
        executable.run({"x": ["the cat"] * 20}, token=token)
    with pytest.raises(DeadlineError):
        executable.run({"x": ["the cat"] * 20}, deadline=1e-9)


def test_a_second_run_takes_no_more_memory() -> None:
    executable, texts = loaded({"y": head(tf_idf(counts()))}), ["the cat naïve x " * 40] * 50
    _workspaces.clear()
    executable.run({"x": texts})
    before = _workspaces[-1].nbytes
    executable.run({"x": texts})
    assert _workspaces[-1].nbytes == before
    assert FUSER.held == 0


def test_invalid_chains_are_named_in_errors() -> None:
    last = Linear((FEATURES,), ValueType.parse("f64"), weights=np.ones((WIDTH, 1)))
    normalize = Normalize((FEATURES,), FEATURES, norm="l2")
    with pytest.raises(ValueError, match="expected a kernel that counts n-grams, got Linear"):
        Score([last])
    with pytest.raises(ValueError, match="expected a kernel that counts n-grams, got none"):
        Score([])
    with pytest.raises(ValueError, match="expected changes of values and then heads, got Linear, Normalize"):
        Score([hashed("f64"), last, normalize])
    with pytest.raises(ValueError, match="expected changes of values and then heads, got Normalize"):
        Score([hashed("f64"), normalize])
    with pytest.raises(ValueError, match="counts: expected floats, of words where texts are split"):
        Score([hashed("i64"), last])
    assert Score([hashed("f64"), normalize, last, last]).outputs == 2


def hashed(dtype: str) -> HashNgrams:
    types = (ValueType.parse("str[*]"),), ValueType.parse(f"{dtype}{{{WIDTH}}}")
    options: dict[str, Any] = {"width": WIDTH, "unit": "word", "low": 1, "high": 1, "dtype": dtype}
    return HashNgrams(*types, **options, alternate_sign=True, binary=False)
