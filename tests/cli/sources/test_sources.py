"""Models in folders, behind URLs and in MLflow's registry, on servers of the test's own."""

from __future__ import annotations

import doctest
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import joblib
import numpy as np
import pytest

from pretzel.cli.sources import address
from pretzel.cli.sources.address import shown
from pretzel.cli.sources.fetching import expanded, local_file, model_file
from pretzel.errors import InputError, UnsupportedError

linear_model = pytest.importorskip("sklearn.linear_model")
fsspec = pytest.importorskip("fsspec")

X = np.random.default_rng(0).normal(size=(40, 2))


@pytest.fixture(scope="module")
def model():
    return linear_model.LogisticRegression().fit(X, X[:, 0] > 0)


@pytest.fixture
def folder(model, tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    joblib.dump(model, tmp_path / "models/churn.joblib")
    (tmp_path / "models/README.md").write_text("about")
    return tmp_path / "models"


@pytest.fixture
def http_server(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(30)
    server.server_close()


def same(path: Path, model) -> bool:
    return bool((joblib.load(path).coef_ == model.coef_).all())


def test_a_path_is_itself_and_a_folder_is_its_one_model(folder, model):
    with model_file(str(folder)) as path:
        assert path == folder / "churn.joblib"
    joblib.dump(model, folder / "other.pkl")
    with pytest.raises(InputError, match="expected one model file in this folder, found 2: churn.joblib, other.pkl"):
        with model_file(str(folder)):
            pass
    with pytest.raises(InputError, match="absent.pkl does not exist"):
        with model_file("absent.pkl"):
            pass


def test_a_file_over_http_keeps_its_name_and_is_removed_afterwards(http_server, model):
    with model_file(f"{http_server}/churn.joblib?signature=secret") as path:
        assert path.name == "churn.joblib" and same(path, model)
    assert not path.exists()
    with pytest.raises(InputError) as refused, local_file(f"{http_server}/absent.joblib?signature=secret"):
        pass
    assert str(refused.value) == f"{http_server}/absent.joblib does not exist"


def test_a_storage_that_cannot_be_reached_is_named_without_its_secrets():
    with pytest.raises(InputError, match="http://127.0.0.1:9/m.joblib: it cannot be fetched") as refused:
        with local_file("http://me:secret@127.0.0.1:9/m.joblib?token=secret"):
            pass
    assert "secret" not in str(refused.value) and refused.value.__notes__


def test_a_kind_of_url_without_a_library():
    with pytest.raises(
        InputError, match="nowhere://bucket/m.joblib: it cannot be fetched .ValueError: Protocol not known"
    ):
        with local_file("nowhere://bucket/m.joblib"):
            pass


def test_folders_and_patterns_of_an_object_store(folder, model):
    store = fsspec.filesystem("memory")
    store.put(str(folder), "/bucket/models", recursive=True)
    try:
        assert expanded("memory://bucket/models/*.joblib") == ["memory:///bucket/models/churn.joblib"]
        with model_file("memory://bucket/models") as path:
            assert same(path, model)
        with pytest.raises(InputError, match="no file matches the pattern"):
            expanded("memory://bucket/*.onnx")
    finally:
        store.rm("/bucket", recursive=True)


def test_patterns_of_paths(folder, monkeypatch):
    assert expanded(str(folder / "*.joblib")) == [str(folder / "churn.joblib")]
    monkeypatch.chdir(folder.parent)
    assert expanded("models/c*") == ["models/churn.joblib"]


def test_the_examples_of_addresses():
    assert doctest.testmod(address).failed == 0


@pytest.mark.parametrize("plain", ["s3://b/k", "models:/m/1", "a/b.pkl", "https://host/x"])
def test_addresses_without_secrets_are_shown_as_they_are(plain):
    assert shown(plain) == plain


class TestMlflow:
    @pytest.fixture
    def saved(self, model, tmp_path: Path) -> Path:
        mlflow = pytest.importorskip("mlflow.sklearn")
        mlflow.save_model(model, str(tmp_path / "saved"), serialization_format="cloudpickle", pip_requirements=[])
        return tmp_path / "saved"

    def test_a_saved_model(self, saved, model):
        with model_file(str(saved)) as path:
            assert path.name == "model.pkl" and same(path, model)

    def test_a_registered_model(self, model, tmp_path, monkeypatch):
        mlflow = pytest.importorskip("mlflow")
        monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        mlflow.set_tracking_uri(f"file:{tmp_path}/tracking")
        mlflow.set_registry_uri(f"file:{tmp_path}/tracking")
        with mlflow.start_run():
            mlflow.sklearn.log_model(
                model,
                name="model",
                registered_model_name="churn",
                serialization_format="cloudpickle",
                pip_requirements=[],
            )
        with model_file("models:/churn/1") as path:
            assert same(path, model)
        with pytest.raises(InputError, match="models:/churn/7: it cannot be fetched"), model_file("models:/churn/7"):
            pass

    def test_a_model_of_no_flavor_that_is_read(self, tmp_path):
        (tmp_path / "MLmodel").write_text("flavors: {pytorch: {model_data: data}, python_function: {}}")
        with pytest.raises(
            UnsupportedError, match="saved this model as python_function, pytorch; expected one of sklearn"
        ):
            with model_file(str(tmp_path)):
                pass

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("flavors: {sklearn: {pickled_model: ../../etc/passwd}}", "which is not a file of the folder"),
            ("flavors: {sklearn: {pickled_model: absent.pkl}}", "'absent.pkl', which is not a file of the folder"),
            ("flavors: [", "MLmodel is damaged"),
            ("flavors: 3", "MLmodel has no table of flavors"),
            ("- 3", "MLmodel has no table of flavors"),
        ],
    )
    def test_a_damaged_description(self, tmp_path, text, problem):
        (tmp_path / "MLmodel").write_text(text)
        with pytest.raises(InputError, match=problem), model_file(str(tmp_path)):
            pass
