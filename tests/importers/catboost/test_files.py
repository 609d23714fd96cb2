"""CatBoost's files: predictions of the saved model without CatBoost, and errors for damaged files."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor
from hypothesis import given
from hypothesis import strategies as st

import pretzel
from pretzel.errors import DefinitionError, InputError, UnsupportedError
from pretzel.importers import export
from pretzel.importers.catboost.flat import Table
from pretzel.importers.catboost.native import read
from pretzel.importers.files import format_of, read_model
from tests.helpers.examples import drawing
from tests.importers.catboost.compare import assert_answers
from tests.importers.catboost.models import QUIET, combined_target, mixed, numbers, regressor, table, target

FORMATS = {"cbm": "CatBoost binary", "json": "CatBoost JSON"}


def saved(model: Any, directory: Path, format: str) -> Path:
    """Save a model with CatBoost."""
    path = directory / f"model.{format}"
    model.save_model(path, format=format)
    return path


def models() -> dict[str, Any]:
    """One model of each kind that a file may hold."""
    classes = np.digitize(target(), [-0.5, 0.5])
    return {
        "numbers": regressor(),
        "stepwise": regressor(grow_policy="Lossguide"),
        "stepwise classes": CatBoostClassifier(**QUIET, grow_policy="Depthwise").fit(
            np.clip(numbers(), -9, 9),
            classes,  # CatBoost does not write infinite borders to JSON
        ),
        "poisson": CatBoostRegressor(**QUIET, loss_function="Poisson").fit(numbers(), np.abs(target())),
        "uncertain": CatBoostRegressor(**QUIET, loss_function="RMSEWithUncertainty").fit(numbers(), target()),
        "words": CatBoostClassifier(**QUIET).fit(numbers(), np.array(["low", "high"])[(target() > 0).astype(int)]),
        "labels": CatBoostClassifier(**QUIET).fit(numbers(), np.array(["x", "y", "z"])[classes]),
    }


def categories() -> dict[str, Any]:
    """Models with categories, with statistics of each kind."""
    models = {"single values": mixed(one_hot_max_size=20), "classes": mixed("classifier", classes=3)}
    for kind in ("Borders", "Buckets", "Counter", "BinarizedTargetMeanValue"):
        models[kind] = mixed(simple_ctr=kind + ":Prior=0.2/1", combinations_ctr=kind + ":Prior=0.2/1", iterations=20)
    return models


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", models())
def test_files_predict_as_the_saved_model(name: str, format: str, tmp_path: Path) -> None:
    path = saved(models()[name], tmp_path, format)
    assert (format_of(path) or pytest.fail("its format is unknown")).name == FORMATS[format]
    assert_answers(models()[name], numbers(), served=path, batches=[1, 200])


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", categories())
def test_files_keep_categories_and_statistics(name: str, format: str, tmp_path: Path) -> None:
    path = saved(categories()[name], tmp_path, format)
    assert_answers(categories()[name], table(), served=path, batches=[1, 200])


def test_file_and_estimator_make_the_same_definition(tmp_path: Path) -> None:
    model = mixed("classifier")
    mine, theirs = export(model), export(saved(model, tmp_path, "cbm"))
    assert dict(mine.outputs) == dict(theirs.outputs)
    assert mine.metadata["feature_names"] == theirs.metadata["feature_names"]


@pytest.mark.parametrize("format", FORMATS)
def test_labels_keep_their_type(format: str, tmp_path: Path) -> None:
    served = pretzel.compile(saved(models()["labels"], tmp_path, format))
    assert served.predict(numbers()).dtype == object
    assert served.classes_.tolist() == ["x", "y", "z"]


@pytest.mark.parametrize("format", FORMATS)
def test_models_from_files_call_catboost(format: str, tmp_path: Path) -> None:
    model = mixed("classifier", classes=3)
    opened = read_model(saved(model, tmp_path, format))
    assert opened.predict(table()).tolist() == model.predict(table()).tolist()
    for method in ("predict_proba", "predict_log_proba"):
        np.testing.assert_allclose(getattr(opened, method)(table()), getattr(model, method)(table()), rtol=1e-12)


@pytest.mark.parametrize("format", FORMATS)
def test_files_are_read_without_catboost(format: str, tmp_path: Path) -> None:
    path = saved(models()["numbers"], tmp_path, format)
    script = (
        "import sys; sys.modules['catboost'] = sys.modules['sklearn'] = None; import pretzel; "
        f"print(pretzel.compile({str(path)!r}).predict([[0.5, 0.5, 0.5]])[0])"
    )
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert float(completed.stdout) == models()["numbers"].predict([[0.5, 0.5, 0.5]])[0]


def test_json_is_recognized_in_any_layout(tmp_path: Path) -> None:
    path = saved(models()["numbers"], tmp_path, "json")
    document = json.loads(path.read_text())
    for order in (sorted(document, reverse=True), ["oblivious_trees", *document]):
        path.write_text(json.dumps({name: document[name] for name in order}, indent=None))
        assert_answers(models()["numbers"], numbers(), served=path, batches=[7])


@pytest.mark.parametrize("trees", ["oblivious_trees", "trees"])
def test_json_without_trees_is_refused(trees: str, tmp_path: Path) -> None:
    path = saved(models()["numbers"], tmp_path, "json")
    document = json.loads(path.read_text())
    del document["oblivious_trees"]
    path.write_text(json.dumps(document | {trees: []}))
    with pytest.raises(UnsupportedError, match="it has no trees"):
        export(path)


def test_json_without_all_statistics_is_refused(tmp_path: Path) -> None:
    used = ["Borders:TargetBorderCount=1", "Borders:TargetBorderCount=3"]
    options = {**QUIET, "simple_ctr": used, "cat_features": ["word", "whole", "pair"]}
    model = CatBoostRegressor(**options).fit(table(), combined_target())
    with pytest.raises(InputError, match="JSON keeps one of its several Borders statistics; save it as cbm"):
        export(saved(model, tmp_path, "json"))


def test_text_features_are_refused(tmp_path: Path) -> None:
    x = table().assign(text=["some words here", "others"] * (len(table()) // 2))[["number", "text"]]
    model = CatBoostClassifier(**QUIET, text_features=["text"]).fit(x, combined_target() > 0.5)
    with pytest.raises(
        UnsupportedError, match=r"catboost.CatBoost\(text_features=.*convert them to numbers in an earlier step"
    ):
        export(saved(model, tmp_path, "cbm"))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"CBM1", "it is truncated: the size of a part is missing"),
        (b"CBM1\xff\xff\xff\x7f", r"it is truncated: expected 2147483647 more bytes, got 0"),
        (b"CBM1\x08\x00\x00\x00\xf0\xff\xff\xff\x00\x00\x00\x00", r"it is truncated: expected 4 bytes at"),
        (b'{"model_info": {}', r"it is truncated, or not a CatBoost model \(JSONDecodeError"),
        (b'{"model_info": {}}', r"it is truncated, or not a CatBoost model \(KeyError: 'features_info'\)"),
        (b'{"model_info": ' + b"[" * 100_000, "its trees are too deep"),
        (b"\xff\xfe", "it is truncated, or not a CatBoost model"),
    ],
)
def test_damaged_files_are_reported(data: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        read(data)


def test_tables_that_share_bytes_are_bounded() -> None:
    root = Table.root(memoryview(_mirrors(1000)))
    with pytest.raises(InputError, match="its parts refer to the same bytes too often"):
        for table in root.tables(0):
            assert len(table.array(0, "<u4")) == 1000


def _mirrors(n: int) -> bytes:
    """A table of n references to one table, which holds n numbers."""
    tables = struct.pack("<3H", 6, 8, 4)  # the fields of both: one, four bytes in
    inner = 36 + 4 * n
    offsets = [inner - (36 + 4 * i) for i in range(n)]
    root = struct.pack("<I", 20) + tables + bytes(10) + struct.pack("<iII", 16, 8, 0) + struct.pack("<I", n)
    return root[:32] + struct.pack(f"<I{n}I", n, *offsets) + struct.pack(f"<iII{n}I", inner - 4, 4, n, *range(n))


@cache
def seeds() -> list[bytes]:
    """Small files of both formats, with trees of both kinds and with statistics."""
    models = [mixed("classifier", iterations=2), mixed(iterations=2, grow_policy="Depthwise", one_hot_max_size=5)]
    with tempfile.TemporaryDirectory() as directory:
        return [saved(m, Path(directory), format).read_bytes() for m in models for format in FORMATS]


@drawing(400)
@given(data=st.data())
def test_damaged_files_raise_named_errors(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(seeds()))
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)) | st.just(len(whole)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        export(read(bytes(damaged)))
    except (InputError, UnsupportedError) as error:
        assert not isinstance(error, DefinitionError)
        assert str(error)
