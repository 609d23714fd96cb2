"""`pretzel apply` against a real control plane: what is deployed, skipped, moved, deleted, and what fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.e2e.up import Up, started

X = np.random.default_rng(0).normal(size=(60, 3))
COUNTRIES = ("de", "fr", "it", "us")


def sorts_rows(rows: np.ndarray) -> np.ndarray:
    return np.sort(rows, axis=0)


@pytest.fixture(scope="module")
def up(tmp_path_factory) -> Iterator[Up]:
    with started(tmp_path_factory.mktemp("apply")) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for position, country in enumerate(COUNTRIES):
        joblib.dump(LogisticRegression(C=position + 1).fit(X, X[:, 0] > 0), tmp_path / f"{country}.joblib")
    pd.DataFrame(X).to_csv(tmp_path / "rows.csv", index=False, header=False)
    return tmp_path


def manifest(folder: Path, name: str, pattern: str = "*.joblib", alias: str = "stable") -> Path:
    path = folder / "models.yaml"
    lines = [f"set: {name}", "models:"]
    lines += [f"  - {{name: '{name}-{{stem}}', file: '{pattern}', sample: rows.csv, alias: {alias}}}"]
    path.write_text("\n".join(lines))
    return path


def states(outcomes: list[dict]) -> dict[str, str]:
    return {outcome["model"]: outcome["state"] for outcome in outcomes}


def test_unchanged_files_are_left_and_changed_ones_deployed(up, folder):
    path = manifest(folder, "a")
    names = [f"a-{country}" for country in COUNTRIES]
    assert states(up.run("apply", "-f", path, "--dry-run")) == dict.fromkeys(names, "new")
    assert up.run("models", "a-") == []
    first = up.run("apply", "-f", path)
    assert states(first) == dict.fromkeys(names, "new")
    assert all(outcome["verification"].startswith("verified on 60 of 60 rows") for outcome in first)
    assert states(up.run("apply", "-f", path)) == dict.fromkeys(names, "same")
    joblib.dump(LogisticRegression(C=0.01).fit(X, X[:, 1] > 0), folder / "it.joblib")
    again = up.run("apply", "-f", path)
    assert states(again) == dict.fromkeys(names, "same") | {"a-it": "changed"}
    assert {outcome["model"]: outcome["version"] for outcome in again}["a-it"] == 2
    version = up.run("describe", "a-it")["version"]["metadata"]
    assert version["set"] == "a" and version["source"] == str(folder / "it.joblib")


def test_the_answers_are_the_models(up, folder):
    up.run("apply", "-f", manifest(folder, "b"))
    with up.client() as client:
        for country in COUNTRIES:
            wanted = joblib.load(folder / f"{country}.joblib").predict_proba(X)
            np.testing.assert_allclose(client.predict_proba(f"b-{country}", X), wanted, rtol=1e-6)


def test_an_alias_that_points_elsewhere_is_moved(up, folder):
    up.run("apply", "-f", manifest(folder, "c", "de.joblib"))
    path = manifest(folder, "c", "de.joblib", alias="canary")
    assert states(up.run("apply", "-f", path, "--dry-run")) == {"c-de": "alias moved"}
    assert up.run("models", "c-")[0]["aliases"] == {"stable": 1}
    assert states(up.run("apply", "-f", path)) == {"c-de": "alias moved"}
    assert up.run("models", "c-")[0]["aliases"] == {"canary": 1, "stable": 1}


def test_only_models_of_the_set_are_pruned(up, folder):
    up.run("apply", "-f", manifest(folder, "d"))
    up.run("deploy", "d-own", folder / "de.joblib")
    (folder / "us.joblib").unlink()
    path = manifest(folder, "d")
    assert states(up.run("apply", "-f", path, "--prune", "--dry-run"))["d-us"] == "deleted"
    assert len(up.run("models", "d-")) == 5
    assert states(up.run("apply", "-f", path, "--prune"))["d-us"] == "deleted"
    assert [model["name"] for model in up.run("models", "d-")] == ["d-de", "d-fr", "d-it", "d-own"]


def test_a_model_that_fails_stops_no_other(up, folder, capsys):
    joblib.dump(
        make_pipeline(FunctionTransformer(sorts_rows), LogisticRegression()).fit(X, X[:, 0] > 0), folder / "fr.joblib"
    )
    (folder / "it.joblib").write_bytes(b"torn")
    outcomes = {outcome["model"]: outcome for outcome in up.run("apply", "-f", manifest(folder, "e"), code=1)}
    assert states(list(outcomes.values())) == {"e-de": "new", "e-fr": "failed", "e-it": "failed", "e-us": "new"}
    assert "it.joblib: it cannot be opened as a pickle" in outcomes["e-it"]["error"]
    assert "sorts_rows" in outcomes["e-fr"]["error"]
    assert states(up.run("apply", "-f", folder / "models.yaml", code=1)) == {
        "e-de": "same", "e-fr": "failed", "e-it": "failed", "e-us": "same"
    }  # fmt: skip


def test_files_and_folders_on_the_command_line(up, folder):
    assert states(up.run("apply", folder)) == dict.fromkeys(COUNTRIES, "new")
    assert states(up.run("apply", folder / "de.joblib", "--again")) == {"de": "same"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "expected model files, or a manifest with -f"),
        (["x.joblib", "--prune"], "--prune needs a manifest with a name of its `set`"),
    ],
)
def test_a_wrong_command_line(up, arguments, problem):
    error = up.run("apply", *arguments, code=2)
    assert error["code"] == "USAGE" and problem in error["message"]


def test_a_model_without_a_sample_has_its_warnings(up, tmp_path: Path):
    joblib.dump(KNNImputer().fit(np.where(X > 1, np.nan, np.round(X))), tmp_path / "imputer.joblib")
    (outcome,) = up.run("apply", tmp_path / "imputer.joblib")
    assert (outcome["state"], outcome["verification"]) == ("new", "not verified: it was deployed without a sample")
    assert len(outcome["warnings"]) == 1 and "sklearn.impute.KNNImputer may differ" in outcome["warnings"][0]
