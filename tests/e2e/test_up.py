"""`pretzel up` as a user runs it: real processes, real models, every method and every command."""

from __future__ import annotations

import asyncio
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

import pretzel
from pretzel import errors
from tests.e2e.trained import DOCUMENTS, IRIS, NAMES, PEOPLE
from tests.e2e.up import PATIENCE, until

METHODS = [
    ("iris", "predict"),
    ("iris", "predict_proba"),
    ("iris", "predict_log_proba"),
    ("iris", "decision_function"),
    ("text", "predict"),
    ("text", "predict_proba"),
    ("text", "decision_function"),
    ("features", "transform"),
    ("targets", "predict"),
    ("targets", "predict_proba"),
    ("targets", "predict_log_proba"),
    ("people", "predict"),
]


def same(got: Any, want: Any) -> None:
    if isinstance(want, list):  # an answer for each of several targets
        assert isinstance(got, list) and len(got) == len(want)
        for one, other in zip(got, want, strict=True):
            same(one, other)
        return
    if hasattr(want, "toarray"):
        assert (got.shape, got.dtype, type(got).__name__) == (want.shape, want.dtype, "csr_matrix")
        got, want = got.toarray(), want.toarray()
    assert (got.dtype.kind, got.shape) == (want.dtype.kind, want.shape)
    if want.dtype.kind == "f":
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9)
    else:
        assert got.tolist() == want.tolist()


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_every_method_answers_as_the_library_does(up, trained, name: str, method: str):
    model = trained[name]
    want = getattr(model.estimator, method)(model.X)
    with up.client() as client:
        same(client.score(name, model.X, method), want)

    async def ask() -> Any:
        async with pretzel.AsyncClient(up.facts["predictions"], timeout=PATIENCE) as client:
            return await client.score(name, model.X, method)

    same(asyncio.run(ask()), want)


def test_large_and_empty_inputs(up, trained):
    X = np.tile(IRIS.data, (1000, 1))
    with up.client() as client:
        same(client.predict_proba("iris", X), trained["iris"].estimator.predict_proba(X))
        texts = DOCUMENTS * 1000
        same(client.predict("text", texts), trained["text"].estimator.predict(texts))
        with pytest.raises(errors.InputError, match="found 0 samples"):
            client.predict_proba("iris", X[:0])
        assert client.infer("iris", {"X": X[:0]}, ["predict_proba"])["predict_proba"].shape == (0, 3)


def test_one_row_as_a_mapping(up, trained):
    row = {"age": 30.0, "job": "smith"}
    with up.client() as client:
        same(client.predict("people", [row]), trained["people"].estimator.predict(pd.DataFrame([row])))


def test_infer_takes_columns(up, trained):
    with up.client() as client:
        got = client.infer("iris", {"X": IRIS.data}, ["predict", "predict_proba"])
    assert list(got) == ["predict", "predict_proba"]
    same(got["predict_proba"], trained["iris"].estimator.predict_proba(IRIS.data))


def test_many_models_score_one_input(up, trained):
    names = ["sibling-1", "sibling-2", "sibling-3"]
    vectorizer = TfidfVectorizer().fit(DOCUMENTS)
    V = vectorizer.transform(DOCUMENTS)
    siblings = [LogisticRegression().fit(V, np.roll(np.arange(60) % 3 == 0, shift)) for shift in range(3)]
    with up.plane() as plane, up.client() as client:
        for name, sibling in zip(names, siblings, strict=True):
            plane.deploy(name, make_pipeline(vectorizer, sibling), sample=DOCUMENTS[:20])
        got = client.predict_many([*names, "text"], DOCUMENTS)
        for name, sibling in zip(names, siblings, strict=True):
            same(got[name], sibling.predict_proba(V))
        same(got["text"], trained["text"].estimator.predict_proba(DOCUMENTS))
        partly = client.predict_many(["text", "none"], DOCUMENTS, errors="return")
        assert isinstance(partly["none"], errors.NotFoundError)


def test_versions_rollback_and_deletion(up):
    first, second = (LinearRegression().fit(IRIS.data, IRIS.target * factor) for factor in (1.0, 2.0))
    with up.plane() as plane, up.client() as client:
        assert str(plane.deploy("line", first, sample=IRIS.data[:20])) == "line@1"
        assert str(plane.deploy("line", second, sample=IRIS.data[:20])) == "line@2"
        assert str(plane.deploy("line", second, sample=IRIS.data[:20])) == "line@2"
        same(client.predict("line", IRIS.data), second.predict(IRIS.data))
        assert plane.alias("line", "stable", 1).aliases == {"stable": 1}
        until(lambda: np.allclose(client.predict("line", IRIS.data), first.predict(IRIS.data)), "rollback")
        same(client.predict("line@2", IRIS.data), second.predict(IRIS.data))
        with pytest.raises(errors.PreconditionError, match="stable"):
            plane.delete("line@1")
        plane.delete("line@2")
        with pytest.raises(errors.NotFoundError):
            plane.describe("line@2")
        plane.delete("line", force=True)
        assert plane.models("line") == []


def test_outputs_that_differ_from_the_sample_are_rejected(up, trained):
    definition = pretzel.export(trained["iris"].estimator)
    wrong = np.zeros((5, 3))
    with up.plane() as plane:
        with pytest.raises(errors.VerificationError, match="decision_function.*row 0"):
            plane.deploy("wrong", definition, sample=IRIS.data[:5], expected={"decision_function": wrong})
        assert plane.models("wrong") == []


@pytest.mark.parametrize(
    ("model", "X", "error", "problem"),
    [
        ("nobody", IRIS.data, errors.NotFoundError, "nobody"),
        ("iris@99", IRIS.data, errors.NotFoundError, "99"),
        ("iris:canary", IRIS.data, errors.NotFoundError, "canary"),
        ("iris", IRIS.data[:, :3], errors.InputError, "expected 4 features per row, got 3"),
        ("iris", np.where(IRIS.data == IRIS.data[1, 1], np.nan, IRIS.data), errors.InputError, "row 1"),
        ("people", PEOPLE[["age"]], errors.InputError, "column 'job' is missing"),
        ("text", ["a", None], errors.InputError, "row 1"),
    ],
)
def test_errors_of_bad_requests_name_the_problem(up, model: str, X: Any, error: type, problem: str):
    with up.client() as client, pytest.raises(error, match=problem):
        client.predict(model, X)


def test_every_command_speaks_json(up, trained, tmp_path: Path):
    estimator = trained["iris"].estimator
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(estimator))
    pd.DataFrame(IRIS.data).to_csv(tmp_path / "x.csv", index=False, header=False)
    rows = up.run("export", tmp_path / "m.pkl", "--out", tmp_path / "m.pretzel")
    assert rows["inputs"] == {"X": "f64[4]"}
    deployed = up.run("deploy", "cli", tmp_path / "m.pkl", "--sample", tmp_path / "x.csv")
    assert (deployed["model"], deployed["version"], deployed["metadata"]["verified"]) == ("cli", 1, True)
    assert up.run("deploy", "cli", tmp_path / "m.pretzel")["version"] == 1
    assert [model["name"] for model in up.run("models", "cli")] == ["cli"]
    described = up.run("describe", "cli")
    assert described["outputs"][0]["labels"] == sorted(NAMES)
    assert "linear" in json.dumps(up.run("explain", "cli"))
    predicted = [line["predict"] for line in up.run("predict", "cli", tmp_path / "x.csv")]
    assert predicted == estimator.predict(IRIS.data).tolist()
    assert up.run("bench", "cli", "--seconds", "0.3")["calls"] > 0
    at_rate = up.run("bench", "cli", "--seconds", "0.5", "--rate", "100", "--metrics", up.facts["metrics"])
    assert at_rate["server"]["calls"] == at_rate["calls"] > 0
    assert at_rate["server"]["cpu_seconds"] > 0 < at_rate["server"]["resident_bytes"]
    assert up.run("alias", "cli", "canary", "1")["aliases"] == {"canary": 1, "stable": 1}
    assert up.run("alias", "cli", "canary", "--remove")["aliases"] == {"stable": 1}
    assert up.run("delete", "cli@1", code=6)["code"] == "FAILED_PRECONDITION"
    assert up.run("delete", "cli", "--force") == {"deleted": "cli"}
    assert up.run("describe", "cli", code=4)["code"] == "NOT_FOUND"
