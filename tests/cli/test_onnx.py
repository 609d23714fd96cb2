"""ONNX files on the command line and in the SDK: served, verified against ONNX Runtime, or rejected by name."""

import os
from pathlib import Path

import numpy as np
import pytest

import pretzel
from pretzel.client import ControlPlane
from pretzel.errors import InputError

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper  # noqa: E402

from pretzel.importers.files import format_of, read_model  # noqa: E402
from tests.importers.onnx.graphs import CLASSIFIER, single  # noqa: E402

X = np.array([[0.5, -1.0], [2.0, 0.25], [-3.0, 1.5]], np.float32)
WEIGHTS = {"coefficients": [0.5, -0.25, 1.0, 2.0], "intercepts": [0.1, 0.2], "classlabels_ints": [3, 4]}
GRAPH = single("LinearClassifier", [None, 2], outputs=CLASSIFIER, post_transform="SOFTMAX", **WEIGHTS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    onnx.save(GRAPH, tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    (tmp_path / "sample.csv").write_text("".join(f"{a},{b}\n" for a, b in X.tolist()))
    return tmp_path / "sample.csv"


def test_a_file_is_recognized_by_its_contents(file: Path) -> None:
    assert format_of(file).name == "ONNX"
    predictor = pretzel.compile(file)
    model = read_model(file)
    for method in ("predict", "predict_proba", "label", "scores"):
        np.testing.assert_allclose(getattr(predictor, method)(X), getattr(model, method)(X), rtol=1e-6)
    assert pretzel.export(file).digest == pretzel.export(GRAPH).digest
    with pytest.raises(AttributeError, match="this model has no 'transform'"):
        model.transform(X)


def test_a_deployment_is_verified_against_onnx_runtime(run, control, file: Path, sample: Path) -> None:
    ran = run("deploy", "m", file, "--sample", sample)
    assert ran.code == 0, ran.err
    outputs = {column.name: column for column in control.requests[0].sample.outputs}
    want = read_model(file).predict_proba(X)
    assert np.frombuffer(outputs["predict_proba"].data, np.float32).tolist() == want.ravel().tolist()
    assert np.frombuffer(outputs["predict"].data, np.int64).tolist() == read_model(file).predict(X).tolist()


def test_a_path_is_deployed_with_the_predictions_of_the_model(control, file: Path) -> None:
    with ControlPlane(os.environ["PRETZEL_CONTROL_PLANE"]) as plane:
        plane.deploy("m", str(file), sample=X)
    assert {column.name for column in control.requests[0].sample.outputs} == {
        *("label", "scores", "predict", "predict_proba")
    }


def test_a_graph_in_memory_is_verified(control) -> None:
    with ControlPlane(os.environ["PRETZEL_CONTROL_PLANE"]) as plane:
        plane.deploy("m", GRAPH, sample=X)
    outputs = {column.name: column for column in control.requests[0].sample.outputs}
    assert outputs.keys() == {"label", "scores", "predict", "predict_proba"}
    want = onnxruntime.InferenceSession(GRAPH.SerializeToString()).run(["scores"], {"X": X})[0]
    assert np.frombuffer(outputs["scores"].data, np.float32).tolist() == want.ravel().tolist()


def test_several_inputs_are_columns_of_a_frame(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    node = helper.make_node("Concat", ["größe", "n"], ["Y"], axis=1)
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in ("größe", "n")]
    output = helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, 2])
    opsets = [helper.make_opsetid("", 18)]
    graph = helper.make_model(helper.make_graph([node], "g", inputs, [output]), opset_imports=opsets, ir_version=9)
    onnx.save(graph, tmp_path / "m.onnx")
    frame = pandas.DataFrame(X, columns=["n", "größe"])
    want = X[:, ::-1]
    np.testing.assert_array_equal(pretzel.compile(tmp_path / "m.onnx").Y(frame), want)
    np.testing.assert_array_equal(read_model(tmp_path / "m.onnx").transform(frame), want)


def test_a_damaged_file_is_rejected(run, control, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])
    ran = run("deploy", "m", file)
    assert ran.code == 3 and "m.onnx: it cannot be read as ONNX: the bytes are not an ONNX model" in ran.err
    with pytest.raises(InputError, match=r"m\.onnx: it cannot be read as ONNX"):
        pretzel.compile(file)


def test_an_unsupported_operator_is_named(run, control, tmp_path: Path) -> None:
    onnx.save(single("Elu", [None, 2], domain=""), tmp_path / "m.onnx")
    ran = run("deploy", "m", tmp_path / "m.onnx")
    assert ran.code == 7
    assert "onnxmodel: node 'the Elu' (Elu) cannot be served: no importer knows this operator" in ran.err
