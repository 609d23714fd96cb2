"""Native files of CatBoost, LightGBM and XGBoost on the command line, with and without the libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pretzel.plan import bundle

X = np.random.default_rng(0).normal(size=(80, 2))
Y = X[:, 0] - X[:, 1]


def write_lightgbm(path: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, Y), 3).save_model(path)


def write_xgboost(path: Path) -> None:
    xgboost = pytest.importorskip("xgboost")
    xgboost.train({"nthread": 1}, xgboost.DMatrix(X, Y), 3).save_model(path)


def write_catboost(path: Path) -> None:
    catboost = pytest.importorskip("catboost")
    options = {"iterations": 3, "thread_count": 1, "logging_level": "Silent", "allow_writing_files": False}
    catboost.CatBoostRegressor(**options).fit(X, Y).save_model(path, format=path.suffix[1:])


FILES = {
    "model.txt": write_lightgbm,
    "model.json": write_xgboost,
    "model.ubj": write_xgboost,
    "model.cbm": write_catboost,
    "catboost.json": write_catboost,
}


EXPLAINED = {
    "model.txt": {"contributions"},
    "model.json": {"contributions", "interactions"},
    "model.ubj": {"contributions", "interactions"},
    "model.cbm": {"contributions"},
    "catboost.json": {"contributions"},
}


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    FILES[request.param](tmp_path / request.param)
    return tmp_path / request.param


def test_export(run: Any, file: Path) -> None:
    ran = run("export", file, "--json")
    assert (ran.code, ran.err) == (0, ""), "nothing is unpickled, so nothing is warned of"
    assert ran.json["inputs"] == {"X": "f64[2]"}
    assert set(bundle.load(file.with_suffix(".pretzel")).outputs) == {"predict", "leaf_index", *EXPLAINED[file.name]}


def test_deploy_with_a_sample(run: Any, control: Any, file: Path) -> None:
    rows = file.parent / "rows.csv"
    rows.write_text("".join(f"{a},{b}\n" for a, b in X[:5].tolist()))
    assert run("deploy", "m", file, "--sample", rows).code == 0
    sent = {column.name for column in control.requests[0].sample.outputs}
    assert sent == {"predict", "leaf_index", *EXPLAINED[file.name]} - {"interactions"}


def test_a_damaged_file_is_named(run: Any, control: Any, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-400])
    ran = run("deploy", "m", file)
    assert (ran.code, control.requests) == (3, [])
    assert f"{file.name}: it cannot be read as " in ran.err and "Traceback" not in ran.err


def test_the_library_is_not_needed(file: Path) -> None:
    """Blocked modules simulate missing ones."""
    program = f"""
import sys
sys.modules.update(dict.fromkeys(["catboost", "lightgbm", "xgboost", "sklearn", "scipy", "pandas"]))
import pretzel, numpy
model = pretzel.compile({str(file)!r})
print(model.predict(numpy.zeros((3, 2))).shape)
from pretzel.importers.files import read_model
try:
    read_model({str(file)!r}).predict(numpy.zeros((3, 2)))
except pretzel.errors.UnsupportedError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True)
    assert ran.stdout.startswith("(3,)\n"), ran.stderr
    assert "checking it on a sample needs" in ran.stdout and "pip install" in ran.stdout


def test_a_sample_may_have_the_original_names_of_lightgbm(tmp_path: Path) -> None:
    lightgbm, pandas = pytest.importorskip("lightgbm"), pytest.importorskip("pandas")
    from pretzel.cli.files import read_sample
    from pretzel.importers.files import opened

    table = pandas.DataFrame(X, columns=["a b", "c"])
    lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(table, Y), 3).save_model(tmp_path / "m.txt")
    table.to_csv(tmp_path / "x.csv", index=False)
    assert list(read_sample(tmp_path / "x.csv", opened(tmp_path / "m.txt")).columns) == ["a b", "c"]
