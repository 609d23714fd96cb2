"""Compilation: the contents and sharing of plans, and deterministic bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.compile.labels import peel_labels
from pretzel.compiler.legality import MAX_OUTPUTS
from pretzel.errors import CorruptObjectError, DefinitionError, InputError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import INLINE_LIMIT, Plan

HEADER = 64


def text_model(head: int = 1, words: Iterable[str] = ("good", "bad")) -> Definition:
    """Return a small text classifier; siblings differ in ``head``."""
    words = [*words, *(f"word{i}" for i in range(200))]
    tokens = ops.Tokenize(ops.Lowercase(ops.Input("text", "str")), r"(?u)\b\w\w+\b")
    counts = ops.CountNgrams(tokens, Parameter.of(words), "word", 1, 2, "f64")
    weights = Parameter.of(np.arange(len(words), dtype=float) * head)
    scores = ops.Linear(counts, weights, Parameter.of(np.array([0.5])))
    labels = ops.LabelLookup(ops.Threshold(scores), Parameter.of(["no", "yes"]))
    return Definition(
        {"decision_function": scores, "predict": labels}, (), {"estimator": "LinearSVC", "classes": [0, 1]}
    )


def test_stages_read_earlier_slots_and_every_object_exists() -> None:
    compiled = compile_plan(text_model())
    plan = compiled.plan
    assert [stage.operator for stage in plan.stages] == ["lowercase", "tokenize", "count_ngrams", "linear", "threshold"]
    assert set(compiled.blobs) == set(plan.objects)
    assert all(Digest.of(blob) == digest for digest, blob in [*compiled.blobs.items(), *plan.inline.items()])
    assert plan.kernel_set == engine.KERNEL_SET


def test_labels_at_an_output_become_codes_and_a_table() -> None:
    plan = compile_plan(text_model()).plan
    scores, labels = plan.outputs
    assert plan.type_of(labels.slot) == ops.Threshold(ops.Input("s", "f64")).type
    assert labels.labels == Parameter.of(["no", "yes"]).digest
    assert labels.labels in plan.inline
    assert scores.labels is None


def test_labels_that_another_operator_reads_stay() -> None:
    codes = ops.Threshold(ops.Input("x", "f64"))
    labels = ops.LabelLookup(codes, Parameter.of(np.array([1.0, 2.0])))
    definition = Definition({"label": labels, "scaled": ops.Affine(labels, Parameter.of(np.array([2.0])))})
    heads = peel_labels(definition)
    assert heads[0].node is codes
    assert [stage.operator for stage in compile_plan(definition).plan.stages] == ["threshold", "label_lookup", "affine"]


def test_codes_that_may_be_outside_their_table_are_checked() -> None:
    codes = ops.Lookup(ops.Input("x", "i64"), Parameter.of(np.array([5, 6])))
    numbers = Definition({"y": ops.LabelLookup(codes, Parameter.of(np.array([1.5, 2.5])))})
    compiled = compile_plan(numbers)
    executable = engine.load(compiled.plan, compiled.blobs.__getitem__)
    assert executable.run({"x": np.array([6, 5])})["y"].tolist() == [2.5, 1.5]
    with pytest.raises(InputError):
        executable.run({"x": np.array([6, 7])})
    with pytest.raises(DefinitionError, match="output 'y': lookup may return codes outside its table of 2 labels"):
        compile_plan(Definition({"y": ops.LabelLookup(codes, Parameter.of(["a", "b"]))}))


def test_codes_without_unknowns_all_name_a_label() -> None:
    codes = ops.Lookup(ops.Input("x", "i64"), Parameter.of(np.array([5, 6])), refuse_unknown=True)
    (output,) = compile_plan(Definition({"y": ops.LabelLookup(codes, Parameter.of(["a", "b"]))})).plan.outputs
    assert output.labels is not None


def test_an_empty_table_of_labels_is_rejected() -> None:
    codes = ops.Threshold(ops.Input("x", "f64"))
    with pytest.raises(DefinitionError, match="output 'y': its table of labels is empty"):
        compile_plan(Definition({"y": ops.LabelLookup(codes, Parameter.strings([]))}))


@pytest.mark.parametrize("over", [0, 8])
def test_parameters_up_to_the_limit_are_inlined(over: int) -> None:
    weights = Parameter.of(np.arange((INLINE_LIMIT - HEADER + over) // 8, dtype=float))
    x = ops.Input("x", f"f64[{len(weights)}]")
    compiled = compile_plan(Definition({"y": ops.Affine(x, weights)}))
    assert (weights.digest in compiled.plan.inline) is (over == 0)
    assert (weights.digest in compiled.blobs) is (over > 0)


def test_siblings_share_the_fingerprints_of_equal_stages() -> None:
    one, two = compile_plan(text_model(1)).plan, compile_plan(text_model(2)).plan
    equal = [a.fingerprint == b.fingerprint for a, b in zip(one.stages, two.stages, strict=True)]
    assert equal == [True, True, True, False, False]
    assert set(one.objects) & set(two.objects)


def test_a_fingerprint_covers_the_type_that_is_written() -> None:
    codes = ops.Input("c", "i64")
    plan = compile_plan(Definition({"a": ops.OneHot(codes, 3, "f32"), "b": ops.OneHot(codes, 3, "f64")})).plan
    assert len({stage.fingerprint for stage in plan.stages}) == 2


def test_metadata_overrides_the_definitions_own() -> None:
    plan = compile_plan(text_model(), metadata={"classes": [1], "tolerance": 1e-6}).plan
    assert plan.metadata == {"estimator": "LinearSVC", "classes": [1], "tolerance": 1e-6}


def test_an_output_may_be_an_input_and_an_input_unread() -> None:
    x, unread = ops.Input("x", "f64"), ops.Input("unread", "str")
    plan = compile_plan(Definition({"y": x}, (unread, x))).plan
    assert [column.name for column in plan.inputs] == ["unread", "x"]
    assert plan.outputs[0].slot == 1 and not plan.stages


def test_a_plan_is_read_back_from_its_bytes() -> None:
    plan = compile_plan(text_model()).plan
    back = Plan.from_encoded(plan.encoded)
    assert back.digest == plan.digest
    assert [stage.fingerprint for stage in back.stages] == [stage.fingerprint for stage in plan.stages]


_COMPILE = """
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from tests.compiler.compile.test_pipeline import text_model
print(compile_plan(optimize(text_model())).plan.digest)
"""


def test_every_process_compiles_to_the_same_bytes() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", _COMPILE],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("0", "1", "12345")
    }
    assert len(digests) == 1 and next(iter(digests)).startswith("sha256:")


def test_an_operator_without_a_kernel_is_rejected_by_name() -> None:
    text = ops.Input("t", "str")
    labels = ops.LabelLookup(ops.Lookup(text, Parameter.of(["a"])), Parameter.of(["b"]))
    with pytest.raises(DefinitionError, match="label_lookup: no kernel computes it"):
        compile_plan(Definition({"y": ops.Lowercase(labels)}))


def test_tokens_cannot_be_an_output() -> None:
    with pytest.raises(DefinitionError, match="output 'y': a list of tokens cannot be an output"):
        compile_plan(Definition({"y": ops.Tokenize(ops.Input("t", "str"), r"(?u)\b\w\w+\b")}))


def test_too_many_outputs_are_rejected() -> None:
    x = ops.Input("x", "f64")
    with pytest.raises(DefinitionError, match=f"{MAX_OUTPUTS + 1} outputs, at most {MAX_OUTPUTS}"):
        compile_plan(Definition({str(i): x for i in range(MAX_OUTPUTS + 1)}))


@given(st.data())
def test_no_bytes_break_the_reader_of_plans(data: st.DataObject) -> None:
    encoded = bytearray(compile_plan(text_model()).plan.encoded)
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    del encoded[data.draw(st.integers(len(encoded) // 2, len(encoded))) :]
    try:
        plan = Plan.from_encoded(bytes(encoded))
    except (CorruptObjectError, DefinitionError):
        return
    assert plan.encoded == bytes(encoded)
