"""Deployment of files; files with code are opened only in the command, with a warning."""

import io
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from pretzel.cli.deploy import _located
from pretzel.cli.files import sample_batch
from pretzel.cli.tables.reading import Reading
from pretzel.errors import InputError, VerificationError
from pretzel.plan import bundle, ops, wire
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter

sklearn = pytest.importorskip("sklearn")
from sklearn.linear_model import LogisticRegression  # noqa: E402

X = np.random.default_rng(0).normal(size=(40, 2))


@pytest.fixture(scope="module")
def model() -> LogisticRegression:
    return LogisticRegression().fit(X, np.where(X[:, 0] > 0, "yes", "no"))


@pytest.fixture
def pickled(model, tmp_path: Path) -> Path:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    return path


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    x = ops.Input("X", "f64[2]")
    linear = ops.Linear(x, Parameter.of(np.eye(2)), Parameter.of(np.zeros(2)))
    bundle.save(tmp_path / "m.pretzel", Definition({"decision_function": linear}, (x,), {"input_style": "matrix"}))
    return tmp_path / "m.pretzel"


def test_a_saved_definition(run, control, saved):
    ran = run("deploy", "m", saved, "--alias", "", "--no-wait")
    assert (ran.code, ran.err) == (0, "not verified: pass --sample to verify it\n")
    assert ran.out.startswith("m@1 is deployed: plan 000000000000, ")
    assert (control.requests[0].alias, control.requests[0].wait) == ("", False)
    assert run("deploy", "m", saved, "--json").json["version"] == 2


def test_the_savings_of_compact_weights_are_printed(run, control, saved):
    ran = run("deploy", "m", saved, "--weights", "f16")
    assert ran.code == 0, ran.err
    assert wire.attributes_from_proto(control.requests[0].options) == {"weights": "f16"}
    assert "weights as f16: 100 B instead of 4.9 KiB; largest error on the sample 0.0005" in ran.out
    assert run("deploy", "m", saved, "--weights", "f8").code == 2


def test_a_terminal_shows_the_steps(run, control, saved, monkeypatch):
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr("pretzel.cli.output.console", lambda error=False: terminal)
    assert run("deploy", "m", saved).code == 0
    assert any(step in screen.getvalue() for step in ("upload", "optimize", "compile", "publish"))
    assert "?" not in screen.getvalue().replace("?25", ""), "no bar is shown without a total"


def test_a_pickle_is_opened_with_a_warning(run, control, pickled):
    ran = run("deploy", "m", pickled)
    assert ran.code == 0, ran.err
    assert "warning: " in ran.err and "is opened as a pickle, which runs code in it" in ran.err
    assert len(control.objects) > 0


@pytest.fixture
def imputer(tmp_path: Path) -> Path:
    from sklearn.impute import KNNImputer

    path = tmp_path / "imputer.pkl"
    path.write_bytes(pickle.dumps(KNNImputer().fit(np.round(X))))
    return path


@pytest.mark.parametrize("command", [("deploy", "m"), ("export",)])
def test_a_warning_that_answers_may_differ_is_one_plain_line(run, control, imputer, command):
    ran = run(*command, imputer)
    assert ran.code == 0, ran.err
    (line,) = [line for line in ran.err.splitlines() if "may differ" in line]
    assert line.startswith("warning: knnimputer: answers of sklearn.impute.KNNImputer may differ from the library's: ")
    assert "Warning" not in ran.err and ".py" not in ran.err


def test_with_a_sample_that_note_is_stored_with_the_version(run, control, imputer, tmp_path: Path):
    (tmp_path / "sample.csv").write_text("a,b\n1,2\n3,4\n")
    ran = run("deploy", "m", imputer, "--sample", tmp_path / "sample.csv")
    assert (ran.code, "differ" in ran.err) == (0, False), ran.err
    (note,) = wire.attributes_from_proto(control.requests[0].definition.metadata)["may_differ"]
    assert note["class"] == "sklearn.impute.KNNImputer"


def test_a_joblib_file(run, control, model, tmp_path: Path):
    joblib = pytest.importorskip("joblib")
    joblib.dump(model, tmp_path / "m.joblib", compress=3)
    assert run("deploy", "m", tmp_path / "m.joblib").code == 0


def test_a_sample_is_sent_with_the_predictions_of_the_library(run, control, pickled, model, tmp_path: Path):
    (tmp_path / "sample.csv").write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in X[:5].tolist()))
    assert run("deploy", "m", pickled, "--sample", tmp_path / "sample.csv", "--tolerance", "1e-5").code == 0
    sent = control.requests[0]
    assert sent.tolerance.relative == 1e-5
    outputs = {column.name: column for column in sent.sample.outputs}
    want = model.predict_proba(X[:5])
    assert np.frombuffer(outputs["predict_proba"].data).reshape(5, 2).tolist() == want.tolist()
    assert outputs["predict"].type == "str"


def test_a_definition_cannot_predict_a_sample(run, control, saved, tmp_path: Path):
    (tmp_path / "sample.csv").write_text("1,2\n")
    ran = run("deploy", "m", saved, "--sample", tmp_path / "sample.csv")
    assert (ran.code, control.requests) == (3, [])
    assert "deploy the estimator's own file to verify it" in ran.err


@pytest.mark.parametrize("content", [b"", b"junk", b"\x80\x05junk", bundle.MAGIC + b"torn"])
def test_files_without_a_model(run, control, tmp_path: Path, content: bytes):
    (tmp_path / "x").write_bytes(content)
    ran = run("deploy", "m", tmp_path / "x")
    assert ran.code in (1, 3)
    assert "error: " in ran.err and "Traceback" not in ran.err and ": )" not in ran.err


@pytest.mark.parametrize("suffix", ["skops", "onnx", "json"])
def test_a_pickle_with_an_extension_of_data_is_not_opened(run, control, pickled, tmp_path: Path, suffix: str):
    ran = run("deploy", "m", pickled.rename(tmp_path / f"m.{suffix}"))
    assert (ran.code, control.requests) == (3, [])
    assert f"m.{suffix}: its contents do not match its extension" in ran.err and "opening it runs" not in ran.err


def test_a_table_instead_of_a_model(run, control, tmp_path: Path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    ran = run("deploy", "m", tmp_path / "t.csv")
    assert (ran.code, control.requests) == (3, [])
    assert "t.csv: this is a table of rows, not a model file" in ran.err and "pickle" not in ran.err


def test_an_estimator_that_cannot_be_served(run, control, tmp_path: Path):
    (tmp_path / "x.pkl").write_bytes(pickle.dumps({"no": "estimator"}))
    ran = run("deploy", "m", tmp_path / "x.pkl")
    assert (ran.code, "x.pkl: holds a dict, not an estimator" in ran.err) == (7, True)
    assert control.objects == {}


@pytest.mark.parametrize("name", ["m@1", "m:stable", "no good"])
def test_an_invalid_name_is_rejected_before_the_file_is_opened(run, control, pickled, name: str):
    ran = run("deploy", name, pickled)
    assert ran.code in (2, 3)
    assert "pickle" not in ran.err and "model name" in ran.err


def test_an_estimator_that_is_not_fitted(run, control, tmp_path: Path):
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(LogisticRegression()))
    ran = run("deploy", "m", tmp_path / "x.pkl")
    assert (ran.code, "not fitted" in ran.err) == (7, True)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("1.5\n2\n", "the model takes 2 columns, and the file has 1"),
        ("1.5,2\n3,\n", "sample: LogisticRegression rejects it: Input X contains NaN"),
        ("a,b\n", "the sample has no rows"),
        ("", "the sample has no rows"),
    ],
)
def test_a_sample_that_the_estimator_rejects(run, control, pickled, tmp_path: Path, content: str, problem: str):
    (tmp_path / "sample.csv").write_text(content)
    ran = run("deploy", "m", pickled, "--sample", tmp_path / "sample.csv")
    assert (ran.code, control.requests) == (3, [])
    error, remedy = ran.err.splitlines()[-2:]
    assert problem in error and remedy.startswith("help: ")


def test_categorical_columns_are_set_by_an_option(run, control, tmp_path: Path):
    """A file of rows does not declare its categorical columns."""
    pandas, lightgbm = pytest.importorskip("pandas"), pytest.importorskip("lightgbm")
    rows = pandas.DataFrame({"age": range(60), "city": pandas.Categorical(["Bonn", "Kiel", "Ulm"] * 20)})
    booster = lightgbm.LGBMClassifier(n_estimators=2, min_child_samples=2, n_jobs=1, verbose=-1)
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(booster.fit(rows, rows["age"] > 30)))
    rows.to_csv(tmp_path / "s.csv", index=False)
    ran = run("deploy", "m", tmp_path / "m.pkl", "--sample", tmp_path / "s.csv")
    assert ran.code == 3
    assert ran.err.splitlines()[-1].startswith("help: convert the columns that held categories: ")
    assert "--types COLUMN=category" in ran.err
    ran = run("deploy", "m", tmp_path / "m.pkl", "--sample", tmp_path / "s.csv", "--types", "city=category")
    assert ran.code == 0, ran.err


def test_an_exported_definition_can_be_deployed(run, control, pickled):
    ran = run("export", pickled)
    assert ran.code == 0, ran.err
    saved = pickled.with_suffix(".pretzel")
    definition = bundle.load(saved)
    assert "predict_proba" in definition.outputs
    assert run("deploy", "m", saved).code == 0
    assert control.objects.keys() == definition.parameters.keys()
    summary = run("export", pickled, "--out", saved, "--json").json
    assert summary["digest"] == str(definition.digest)
    assert summary["bytes"] == saved.stat().st_size
    assert "linear" in run("export", saved, "--text").out


def test_skops_files_are_read_with_its_own_trust_check(run, control, model, tmp_path: Path):
    skops = pytest.importorskip("skops.io")
    skops.dump(model, tmp_path / "m.skops")
    ran = run("deploy", "m", tmp_path / "m.skops")
    assert (ran.code, ran.err) == (0, "not verified: pass --sample to verify it\n")


def test_missing_skops_is_reported(run, control, tmp_path: Path, monkeypatch):
    import sys
    import zipfile

    with zipfile.ZipFile(tmp_path / "m.skops", "w") as archive:
        archive.writestr("schema.json", "{}")
    monkeypatch.setitem(sys.modules, "skops.io", None)
    ran = run("deploy", "m", tmp_path / "m.skops")
    assert (ran.code, "pip install 'pretzel[skops]'" in ran.err) == (7, True)


def test_the_result_of_a_deployment_is_printed(run, control, pickled, monkeypatch):
    ran = run("deploy", "fresh", pickled, "--alias", "canary")
    assert ran.out.splitlines()[1] == "new; alias canary -> 1"
    monkeypatch.setattr("tests.client.services.version", lambda name, number=1: same(name))
    ran = run("deploy", "a", pickled)
    assert ran.out.splitlines()[1:] == [
        "unchanged, the version exists; alias stable -> 1",
        "verified on 100 of 250 rows, largest error 0",
    ]


def test_deleted_versions_are_named(run, control, pickled, monkeypatch):
    ran = run("deploy", "a", pickled)
    assert "deleted" not in ran.out
    assert "dropped" not in run("deploy", "a", pickled, "--json").json
    control.dropped = [1, 2]
    ran = run("deploy", "a", pickled)
    assert "deleted older versions without an alias: 1, 2" in ran.out.splitlines()
    assert run("deploy", "a", pickled, "--json").json["dropped"] == [1, 2]


def same(name: str):
    from pretzel.plan.model import ModelVersion
    from tests.client.services import PLAN

    metadata = {"verified": True, "verification": {"rows": 100, "of": 250, "ties": 0}}
    return ModelVersion(name, 1, PLAN, PLAN, metadata=metadata)


def test_warnings_are_printed_once_without_those_about_arithmetic(run, control, pickled, monkeypatch):
    def noisy(self, X):
        for _ in range(3):
            warnings.warn("fitted by another version", UserWarning, stacklevel=1)
            np.log(np.zeros(2))
        return np.where(X[:, 0] > 0, "yes", "no")

    monkeypatch.setattr(LogisticRegression, "predict", noisy)
    (pickled.parent / "x.csv").write_text("a,b\n1,2\n")
    ran = run("deploy", "m", pickled, "--sample", pickled.parent / "x.csv")
    assert ran.err.count("warning: fitted by another version\n") == 1
    assert "RuntimeWarning" not in ran.err and "divide by zero" not in ran.err


@pytest.mark.parametrize("kind", [InputError, VerificationError])
def test_errors_about_the_sample_name_its_lines(model, tmp_path: Path, kind):
    (tmp_path / "x.csv").write_text("size,age\n1,2\n3,\n")
    batch = sample_batch(tmp_path / "x.csv", model, Reading())
    with pytest.raises(kind, match="x.csv: Input X contains NaN: line 3, column 'age'. It is refused"):
        with _located(batch):
            raise kind("Input X contains NaN: row 1, column 1. It is refused")
    with pytest.raises(kind, match="^no row is named$"), _located(batch):
        raise kind("no row is named")
