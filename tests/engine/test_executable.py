"""Executables: sharing between plans, choice of outputs, blocks, threads, deadlines, and all errors."""

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakValueDictionary

import numpy as np
import pytest

from pretzel.compiler.compile import compile_plan
from pretzel.engine import Executable, StageCatalog, load
from pretzel.engine.workspaces import _workspaces
from pretzel.errors import CancelledError, CorruptObjectError, DeadlineError, DefinitionError, InputError, NotFoundError
from pretzel.kernels.program import Token
from pretzel.plan import ops, reference
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan
from pretzel.plan.values import Labels, Texts

RANDOM = np.random.default_rng(7)
WIDTH = 5
X = RANDOM.normal(size=(10_000, WIDTH))


def parameter(*shape: int) -> Parameter:
    return Parameter.of(RANDOM.normal(size=shape))


def scaled() -> Node:
    return ops.Standardize(ops.Input("X", f"f64[{WIDTH}]"), parameter(WIDTH), parameter(WIDTH))


def classifier(x: Node, labels: list[str]) -> Definition:
    scores = ops.Linear(x, parameter(WIDTH, len(labels)), parameter(len(labels)))
    predict = ops.LabelLookup(ops.ArgMax(scores), Parameter.of(labels))
    return Definition({"predict": predict, "predict_proba": ops.Link(scores, "softmax")})


def loaded(*definitions: Definition, catalog: StageCatalog | None = None) -> Executable:
    compiled = [compile_plan(definition) for definition in definitions]
    blobs = {digest: blob for c in compiled for digest, blob in c.blobs.items()}
    plans: Plan | list[Plan] = compiled[0].plan if len(compiled) == 1 else [c.plan for c in compiled]
    return load(plans, blobs.__getitem__, catalog=catalog)


def test_an_executable_agrees_with_the_reference() -> None:
    definition = classifier(scaled(), ["no", "yes", "maybe"])
    got, want = loaded(definition).run({"X": X}), reference.evaluate(definition, {"X": X})
    np.testing.assert_allclose(got["predict_proba"], want["predict_proba"], rtol=1e-12)
    predict = got["predict"]
    assert isinstance(predict, Labels)
    assert list(np.asarray(predict.labels)[predict.codes]) == list(want["predict"])


@pytest.mark.parametrize("rows", [0, 1, 7, 63, 64, 65, 4097])
def test_a_row_does_not_depend_on_its_block(rows: int) -> None:
    executable = loaded(classifier(scaled(), ["a", "b"]))
    whole = executable.run({"X": X})["predict_proba"]
    part = executable.run({"X": X[:rows]})["predict_proba"]
    assert part.tobytes() == whole[:rows].tobytes()  # type: ignore[union-attr, index]


def test_only_the_requested_outputs_are_returned_in_the_requested_order() -> None:
    executable = loaded(classifier(scaled(), ["a", "b"]))
    assert list(executable.run({"X": X}, ["predict_proba"])) == ["predict_proba"]
    assert list(executable.run({"X": X}, ["predict_proba", "predict"])) == ["predict_proba", "predict"]


def test_an_input_may_be_an_output() -> None:
    definition = Definition({"same": ops.Input("X", "f64[5]"), "text": ops.Input("t", "str")})
    got = loaded(definition).run({"X": X[:2], "t": ["a", None]})
    assert np.array_equal(got["same"], X[:2])  # type: ignore[arg-type]
    assert isinstance(got["text"], Texts) and got["text"].tolist() == ["a", None]


def test_models_share_kernels_and_run_common_stages_once() -> None:
    catalog, shared = StageCatalog(), scaled()
    siblings = [classifier(shared, ["a", "b"]), classifier(shared, ["c", "d"])]
    separate = [loaded(definition, catalog=catalog) for definition in siblings]
    kernels = len(catalog)
    together = loaded(*siblings, catalog=catalog)
    assert len(catalog) == kernels, "a joint executable builds no new kernel"
    assert len(together._steps) < sum(len(one._steps) for one in separate), "the common stages are merged"
    joint = together.run({"X": X})
    for i, one in enumerate(separate):
        for name, value in one.run({"X": X}, ["predict_proba"]).items():
            assert np.array_equal(joint[f"{i}/{name}"], value)  # type: ignore[arg-type]


def test_kernels_are_freed_with_the_last_plan_that_uses_them() -> None:
    catalog = StageCatalog()
    executable = loaded(classifier(scaled(), ["a", "b"]), catalog=catalog)
    assert len(catalog) > 0
    del executable
    gc.collect()
    assert len(catalog) == 0


def test_many_threads_get_their_own_answers() -> None:
    executable = loaded(classifier(scaled(), ["a", "b"]))
    whole = executable.run({"X": X})["predict_proba"]

    def score(start: int) -> bool:
        part = executable.run({"X": X[start : start + 50]})["predict_proba"]
        return np.array_equal(part, whole[start : start + 50])  # type: ignore[arg-type, index]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(score, range(0, 9_950, 10)))


def test_a_deadline_in_the_past_stops_a_run_between_blocks() -> None:
    executable = loaded(classifier(scaled(), ["a", "b"]))
    with pytest.raises(DeadlineError, match="deadline passed"):
        executable.run({"X": np.tile(X, (10, 1))}, deadline=time.monotonic() - 1)


def test_a_raised_token_stops_a_run() -> None:
    executable, token = loaded(classifier(scaled(), ["a", "b"])), Token()
    threading.Thread(target=token.cancel).run()
    with pytest.raises(CancelledError, match="cancelled"):
        executable.run({"X": X}, token=token)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "column 'X' is missing; the model takes 'X'"),
        ({"X": X, "Y": X}, "column 'Y' is unknown; the model takes 'X'"),
        ({"X": X[:, :4]}, r"column 'X': expected f64\[5\], got an array of float64, shape \(10000, 4\)"),
    ],
)
def test_wrong_columns_are_rejected_by_name(columns: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(InputError, match=message):
        loaded(classifier(scaled(), ["a", "b"])).run(columns)


def test_columns_of_different_lengths_are_rejected() -> None:
    both = ops.Concat((ops.Input("a", "f64"), ops.Input("b", "f64")))
    with pytest.raises(InputError, match="column 'b': 3 rows, but 'a' has 4; send as many"):
        loaded(Definition({"out": both})).run({"a": np.zeros(4), "b": np.zeros(3)})


def test_an_unknown_output_is_rejected_with_a_list_of_outputs() -> None:
    with pytest.raises(NotFoundError, match="output 'nope': this model has predict, predict_proba"):
        loaded(classifier(scaled(), ["a", "b"])).run({"X": X}, ["nope"])


def test_plans_that_read_one_column_as_two_types_are_not_merged() -> None:
    other = Definition({"out": ops.Concat((ops.Input("X", "f64"),))})
    with pytest.raises(DefinitionError, match=r"input 'X': f64\[5\] in one model, f64 in another"):
        loaded(classifier(scaled(), ["a", "b"]), other)


def test_a_rejected_value_is_located_by_its_row_in_the_request() -> None:
    checked = ops.RequireFinite(ops.Input("X", f"f64[{WIDTH}]"), "LinearRegression")
    bad = X.copy()
    bad[9_001, 3] = np.nan
    with pytest.raises(InputError, match="9001.*3|3.*9001"):
        loaded(Definition({"out": ops.Linear(checked, parameter(WIDTH))})).run({"X": bad})


def test_a_plan_for_newer_kernels_is_rejected() -> None:
    compiled = compile_plan(classifier(scaled(), ["a", "b"]))
    tampered = compiled.plan.encoded.replace(
        compiled.plan.stages[0].kernel.encode(), b"q" * len(compiled.plan.stages[0].kernel)
    )
    with pytest.raises(DefinitionError, match="unknown here; the plan was compiled for newer kernels"):
        load(Plan.from_encoded(tampered), compiled.blobs.__getitem__)


def test_a_damaged_parameter_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = compile_plan(Definition({"out": ops.Linear(ops.Input("X", "f64[500]"), parameter(500))})).plan
    monkeypatch.setattr(Parameter, "_interned", WeakValueDictionary())  # loaded ones are not read again
    with pytest.raises(CorruptObjectError, match="not written by this version"):
        load(plan, lambda digest: b"\0" * 100)


def test_memory_grown_by_a_long_text_is_released() -> None:
    tokens = ops.Tokenize(ops.Lowercase(ops.Input("text", "str")), r"(?u)\b\w\w+\b")
    counts = ops.CountNgrams(tokens, Parameter.strings(["aa", "bb"]), "word", 1, 1, "f64")
    executable = loaded(Definition({"transform": counts}))
    executable.run({"text": ["AA bb " * 4_000_000]})
    assert all(workspace.nbytes < 64 << 20 for workspace in _workspaces)


def test_a_model_of_many_columns_lists_a_few_of_them():
    inputs = tuple(ops.Input(f"column {i}", "f64") for i in range(3000))
    executable = loaded(Definition({"predict": inputs[0]}, inputs))
    with pytest.raises(InputError, match="and 2980 more") as caught:
        executable.run({})
    assert len(str(caught.value)) < 1000


def test_a_profile_has_the_time_and_the_entries_of_each_stage() -> None:
    x = ops.Input("x", "str")
    tokens = ops.Tokenize(x, r"(?u)\b\w+\b")
    counts = ops.CountNgrams(tokens, Parameter.strings(["a", "b"]), "word", 1, 1, "f64")
    compiled = compile_plan(Definition({"y": ops.Linear(counts, Parameter.of(np.ones(2)))}))
    executable = load(compiled.plan, lambda digest: compiled.blobs[digest])
    observed = executable.profile({"x": ["a b c", "", "a a"]})
    assert [step.entries for step in observed] == [5, 3, None]
    assert all(0 < step.seconds < 1 for step in observed)


def test_optional_outputs_are_computed_only_on_request() -> None:
    x = ops.Input("X", f"f64[{WIDTH}]")
    executable = loaded(Definition({"predict": ops.Column(x, 0), "contributions": x, "interactions[1]": x}))
    assert list(executable.run({"X": X})) == ["predict"]
    assert list(executable.run({"X": X}, ["interactions[1]", "predict"])) == ["interactions[1]", "predict"]
    assert list(loaded(Definition({"contributions": x})).run({"X": X})) == ["contributions"]
