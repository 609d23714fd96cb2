"""Deployments over real gRPC: uploads, submissions and failures."""

import warnings

import numpy as np
import pytest
from sklearn.impute import KNNImputer
from sklearn.tree import DecisionTreeClassifier

from pretzel import errors
from pretzel.plan import ops, wire
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from tests.client.services import Control, serving

LARGE = Parameter.of(np.random.default_rng(0).normal(size=(2, 300_000)))  # 4.8 MB


@pytest.fixture
def server():
    return Control()


@pytest.fixture
def client(control, server):
    with serving(server) as port:
        yield control(f"127.0.0.1:{port}", timeout=60)


def definition(weights: Parameter | None = None) -> Definition:
    x = ops.Input("X", "f64[2]")
    weights = weights or Parameter.of(np.array([[1.0, 2.0], [3.0, 4.0]]))
    linear = ops.Linear(x, weights, Parameter.of(np.zeros(weights.shape[1])))
    return Definition({"decision_function": linear}, (x,), {"input_style": "matrix"})


def test_a_definition_is_uploaded_and_submitted(client, server):
    steps: list[tuple[str, int, int]] = []
    done = client.deploy("m", definition(), alias="canary", progress=lambda *step: steps.append(step))
    assert (done.model, done.version, str(done)) == ("m", 1, "m@1")
    assert server.objects.keys() == definition().parameters.keys()
    sent = server.requests[0]
    assert (sent.alias, sent.wait, sent.HasField("sample"), sent.HasField("tolerance")) == (
        "canary",
        True,
        False,
        False,
    )
    built = wire.definition_from_proto(sent.definition, definition().parameters)
    assert built.digest == definition().digest
    total = sum(p.nbytes for p in definition().parameters.values())
    assert ("upload", total, total) in steps
    assert [step for step, _, _ in steps][-3:] == ["optimize", "compile", "publish"]


def test_existing_objects_are_not_sent_again(client, server):
    client.deploy("m", definition(LARGE))
    sent = len(server.sizes)
    client.deploy("m2", definition(LARGE))
    assert len(server.sizes) == sent


def test_large_objects_are_sent_in_pieces(client, server):
    client.deploy("m", definition(LARGE))
    assert len(server.sizes) > 4
    assert max(server.sizes) <= 1 << 20
    assert server.objects[LARGE.digest] == bytes(LARGE.blob)


def test_a_broken_upload_resumes_with_the_missing_objects(client, server):
    server.break_upload_after = [5, 2]
    client.deploy("m", definition(LARGE))
    assert server.objects.keys() == definition(LARGE).parameters.keys()


def test_an_upload_that_always_breaks_fails(client, server, monkeypatch):
    monkeypatch.setattr("pretzel.client.repeating.PATIENCE", 0.5)
    server.break_upload_after = [0] * 10_000
    with pytest.raises(errors.UnavailableError, match="going away"):
        client.deploy("m", definition())
    assert server.requests == []


def test_a_definition_with_a_sample_needs_expected_answers(client, server):
    X = np.array([[1, 0], [0, 1]])
    with pytest.raises(errors.InputError, match="expected={method"):
        client.deploy("m", definition(), sample=X)
    client.deploy("m", definition(), sample=X, expected={"decision_function": [[1.0, 2.0], [3.0, 4.0]]}, tolerance=1e-3)
    sent = server.requests[0]
    assert wire.columns_from_proto(sent.sample.inputs)["X"].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert wire.columns_from_proto(sent.sample.outputs)["decision_function"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert (sent.tolerance.relative, sent.tolerance.absolute) == (1e-3, 0.0)


def test_a_sample_with_too_few_answers_is_rejected(client):
    with pytest.raises(errors.InputError, match="sample: 2 rows, but 'decision_function' has 1 answers"):
        client.deploy("m", definition(), sample=[[1, 0], [0, 1]], expected={"decision_function": [[1.0, 2.0]]})


def test_a_large_sample_is_thinned_to_one_message(client, server):
    wide = definition(LARGE)
    answers = np.zeros((50, 300_000))
    client.deploy("m", wide, sample=np.zeros((50, 2)), expected={"decision_function": answers})
    golden = server.requests[0].sample
    assert server.requests[0].ByteSize() < 17 << 20
    assert golden.inputs[0].rows == golden.outputs[0].rows == len(golden.rows)
    assert len(golden.rows) in (5, 6), "rows of 2.4 MB in 16 MiB"
    assert (golden.rows[0], golden.rows[-1], golden.total_rows) == (0, 49, 50)


def test_rows_are_chosen_across_the_sample(client, server):
    x = np.arange(20_000.0).reshape(10_000, 2)
    expected = {"decision_function": x @ np.array([[1.0, 2.0], [3.0, 4.0]])}
    client.deploy("m", definition(), sample=x, expected=expected, sample_rows=100)
    golden = server.requests[0].sample
    assert golden.total_rows == 10_000
    assert 90 <= len(golden.rows) <= 100
    assert (golden.rows[0], golden.rows[-1]) == (0, 9999)
    np.testing.assert_array_equal(wire.column_from_proto(golden.inputs[0]), x[list(golden.rows)])
    client.deploy("m", definition(), sample=x[:50], expected={"decision_function": expected["decision_function"][:50]})
    golden = server.requests[1].sample
    assert (list(golden.rows), golden.total_rows) == ([], 50)


def test_a_row_that_cannot_be_read_is_named_by_its_number_in_the_sample(client):
    x = ops.Input("X", "str")
    counts = ops.CountNgrams(ops.Tokenize(x, r"\w+"), Parameter.strings(["a"]), "word", 1, 1, "f64")
    words = Definition({"predict": ops.Linear(counts, Parameter.of(np.ones(1)))}, (x,), {"input_style": "texts"})
    texts = ["a"] * 3000
    texts[1500] = "\ud800"
    with pytest.raises(errors.InputError, match=r"row 1500: text '\\ud800' holds a lone surrogate"):
        client.deploy("m", words, sample=texts, expected={"predict": np.zeros(3000)})


def test_a_value_that_the_library_rejects_fails_the_deployment(client):
    x = np.random.default_rng(0).normal(size=(3000, 2))
    tree = DecisionTreeClassifier(max_depth=2).fit(x, x[:, 0] > 0)
    x[1500, 1] = np.inf
    with pytest.raises(errors.InputError, match="sample: DecisionTreeClassifier rejects it: Input X contains infinity"):
        client.deploy("m", tree, sample=x)


@pytest.mark.parametrize("rows", [0, -1])
def test_verification_needs_at_least_one_row(client, rows):
    with pytest.raises(errors.InputError, match="sample_rows: expected 1 at least"):
        client.deploy("m", definition(), sample=[[1.0, 2.0]], expected={}, sample_rows=rows)


def test_the_catalog(client, server):
    assert [model.name for model in client.models()] == ["a", "ab", "b"]
    assert [model.name for model in client.models("a")] == ["a", "ab"]
    assert client.models("a")[0].aliases == {"stable": 1}
    assert client.describe("a").version.model == "a"
    assert client.explain("a", format="json", verbose=True) == "a as json True"
    assert client.alias("a", "stable", 3).aliases == {"stable": 3}
    with pytest.raises(errors.InputError, match="alias 'stable': expected a version from 1, or None"):
        client.alias("a", "stable", 0)
    assert client.alias("a", "stable", None).aliases == {}
    assert client.delete("a@1", force=True) is None
    assert server.deleted == [("a@1", True)]
    with pytest.raises(errors.NotFoundError, match="no model 'zz'"):
        client.describe("zz")


def test_every_page_of_a_listing_is_read(client, monkeypatch):
    monkeypatch.setattr("pretzel.client.catalog.MODELS_A_PAGE", 1)
    assert [model.name for model in client.models()] == ["a", "ab", "b"]


def test_one_model(client):
    assert client.model("a").name == "a"
    with pytest.raises(errors.NotFoundError, match="model 'absent' is not deployed"):
        client.model("absent")


@pytest.mark.parametrize(
    ("named", "error"),
    [
        ("VerificationError", errors.VerificationError),
        ("PreconditionError", errors.PreconditionError),
        ("InputError", errors.PreconditionError),  # has another code, so it is ignored
        ("annotations", errors.PreconditionError),
        ("", errors.PreconditionError),
    ],
)
def test_errors_with_the_same_code_are_distinguished_by_name(client, server, named: str, error: type):
    server.named_failure = named
    with pytest.raises(errors.PreconditionError, match="the answers differ") as caught:
        client.models()
    assert type(caught.value) is error


@pytest.mark.parametrize("source", [None, "expected"])
def test_the_answers_for_several_targets_are_sent_per_target(client, server, source):
    x = np.random.default_rng(0).normal(size=(30, 2))
    fitted = DecisionTreeClassifier(max_depth=2).fit(x, np.where(x > 0, "up", "down"))
    expected = {"predict": fitted.predict(x), "predict_proba": fitted.predict_proba(x)}
    client.deploy("m", fitted, sample=x, expected=expected if source else None)
    sent = wire.columns_from_proto(server.requests[0].sample.outputs)
    assert {"predict[0]", "predict[1]", "predict_proba[0]", "predict_proba[1]"} <= sent.keys()
    np.testing.assert_array_equal(sent["predict_proba[1]"], expected["predict_proba"][1])


def test_labels_in_a_matrix_of_one_column_are_sent_as_a_column(client, server):
    catboost = pytest.importorskip("catboost")  # returns a matrix for more than two classes
    x, y = np.arange(12.0).reshape(-1, 1), np.array(["low", "mid", "high"]).repeat(4)
    model = catboost.CatBoostClassifier(iterations=2, logging_level="Silent", allow_writing_files=False).fit(x, y)
    predicted = model.predict(x)
    assert predicted.shape == (12, 1)
    client.deploy("m", model, sample=x)
    answers = {out.name: wire.column_from_proto(out) for out in server.requests[0].sample.outputs}
    assert answers["predict"].width is None
    assert answers["predict"].tolist() == predicted.ravel().tolist()
    assert answers["predict_proba"].shape == (12, 3)


def test_a_deployment_without_a_sample_warns(client, server):
    model = KNNImputer().fit(np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]] * 4))
    with pytest.warns(
        errors.AnswersMayDifferWarning, match="knnimputer: answers of sklearn.impute.KNNImputer"
    ) as warned:
        assert client.deploy("m", model).may_differ == []  # this server does not store the notes
    assert "src/pretzel" not in warned[0].filename  # the line of the caller, or of the event loop
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.deploy("m", model, sample=np.array([[0.0, 1.0]]))
    for request in server.requests:
        assert [n["step"] for n in wire.attributes_from_proto(request.definition.metadata)["may_differ"]] == [
            "knnimputer"
        ]
