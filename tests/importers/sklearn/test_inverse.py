"""`inverse_transform`: a method whose input is not that of `transform`, in process and as an output of a plan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.preprocessing import LabelBinarizer, LabelEncoder

import pretzel
from pretzel import engine
from pretzel.adapters.inputs import columns_of
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.errors import InputError
from pretzel.importers import export
from pretzel.plan.definition import Definition
from pretzel.plan.model import InputDescription
from tests.importers.sklearn.compare import run

CLASSES: dict[str, Any] = {
    "texts": ["paris", "tokyo", "amsterdam"],
    "objects": np.array(["b", "a", "long one"], object),
    "integers": [7, -1, 2**40],
    "floats": [0.5, -1.0, float("nan")],
    "small": np.array([3, 1, 2], np.int8),
    "booleans": [True, False],
}
FORMS: dict[str, Any] = {
    "list": [1, 0, 1, 1],
    "array": np.array([1, 0]),
    "small": np.array([1, 1, 0], np.uint8),
    "booleans": [True, False],
    "column": np.array([[1], [0]]),
    "series": pd.Series([0, 1]),
}


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_labels_of_codes(classes: str, form: str) -> None:
    encoder = LabelEncoder().fit(CLASSES[classes])
    predictor = pretzel.compile(encoder)
    got, want = predictor.inverse_transform(FORMS[form]), encoder.inverse_transform(FORMS[form])
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    np.testing.assert_array_equal(got, want)
    labels = CLASSES[classes]
    np.testing.assert_array_equal(predictor.transform(labels), encoder.transform(labels))
    np.testing.assert_array_equal(predictor.inverse_transform(predictor.transform(labels)), labels)


@pytest.mark.parametrize("codes", [[3], [-1], [0, 1, 2**40], [0.0], ["0"], [None], [[0, 1]]])
def test_invalid_codes_are_refused(codes: Any) -> None:
    encoder = LabelEncoder().fit(CLASSES["texts"])
    with pytest.raises((ValueError, TypeError, IndexError)):
        encoder.inverse_transform(codes)
    with pytest.raises(InputError, match="codes"):
        pretzel.compile(encoder).inverse_transform(codes)


def test_a_saved_predictor_inverts(tmp_path: Any) -> None:
    encoder = LabelEncoder().fit(CLASSES["texts"])
    pretzel.compile(encoder).save(tmp_path / "encoder.pretzel")
    loaded = pretzel.load(tmp_path / "encoder.pretzel")
    assert loaded.inverse_transform([2, 0]).tolist() == ["tokyo", "amsterdam"]
    assert loaded.transform(["tokyo"]).tolist() == [2]


def computed(definition: Definition, columns: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a request without output names."""
    compiled = compile_plan(optimize(definition))
    return engine.load(compiled.plan, lambda digest: compiled.blobs[digest]).run(columns)


def test_a_request_contains_the_columns_of_its_outputs() -> None:
    definition = export(LabelEncoder().fit(CLASSES["texts"]))
    described = [InputDescription(node.column, node.type) for node in definition.inputs]
    codes = columns_of([1], described, definition.metadata, "inverse_transform")
    labels = columns_of(["paris"], described, definition.metadata, "transform")
    assert (list(codes), list(labels)) == (["codes"], ["X"])
    assert list(run(definition, codes, ["inverse_transform"])) == ["inverse_transform"]
    assert list(computed(definition, labels)) == ["transform"]  # the method that reads these columns
    assert list(computed(definition, labels | codes)) == ["transform", "inverse_transform"]
    with pytest.raises(InputError, match="column 'codes' is missing"):
        run(definition, labels, ["inverse_transform"])
    with pytest.raises(InputError, match="column 'z' is unknown"):
        run(definition, labels | {"z": codes["codes"]}, ["transform"])


SCORES = np.array([[0.1, 0.9, 0.2], [3.0, 3.0, -1.0], [-5.0, -6.0, -7.0], [0.0, 0.0, 0.0], [0.2, np.nan, 0.5]])


@pytest.mark.parametrize("options", [{}, {"neg_label": -1}, {"neg_label": 2, "pos_label": 5}, {"sparse_output": True}])
@pytest.mark.parametrize("classes", [["x", "y", "z"], [3, 1, 2], [1.0, 3.0, 2.0]])
def test_labels_of_scores(classes: Any, options: dict[str, Any]) -> None:
    for count, scores in [(3, SCORES), (2, SCORES[:, 1]), (2, SCORES[:, 1:2]), (2, SCORES[:, :2])]:
        binarizer = LabelBinarizer(**options).fit(classes[:count])
        got, want = pretzel.compile(binarizer).inverse_transform(scores), binarizer.inverse_transform(scores)
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        np.testing.assert_array_equal(got, want)
        single = scores.astype(np.float32)
        np.testing.assert_array_equal(
            pretzel.compile(binarizer).inverse_transform(single), binarizer.inverse_transform(single)
        )


def test_scores_of_other_classes_are_refused() -> None:
    predictor = pretzel.compile(LabelBinarizer().fit(["x", "y", "z"]))
    with pytest.raises(InputError, match="column 'scores': expected 3 features"):
        predictor.inverse_transform(SCORES[:, :2])
    with pytest.raises(InputError, match="expected dense scores"):
        predictor.inverse_transform(csr_matrix(SCORES))
