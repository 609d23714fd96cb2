"""A pipeline written by hand answers the protocol as the imported one does."""

from __future__ import annotations

import numpy as np

from pretzel import flow
from pretzel.inference import service_pb2 as pb
from tests.data_plane.oip.trained import WINE, estimators


def written() -> flow.Pipeline:
    scaler, head = (step for _, step in estimators()["frame"].steps)
    table = flow.table(dict.fromkeys(WINE.data.columns, "f64"))
    scores = table.select().standardize(scaler.mean_, scaler.scale_).linear(head.coef_.T, head.intercept_)
    return flow.pipeline(
        predict=scores.argmax().labels(head.classes_),
        decision_function=scores,
        predict_proba=scores.softmax(),
        predict_log_proba=scores.softmax().log(),
    )


async def test_metadata_and_answers(serving):
    await serving.deploy("written", written().definition())
    imported, ours = [
        await serving.oip.ModelMetadata(pb.ModelMetadataRequest(name=name)) for name in ("frame", "written")
    ]
    assert list(ours.inputs) == list(imported.inputs)
    assert list(ours.outputs) == [one for one in imported.outputs if not one.name.startswith("contributions")]
    columns = {name: WINE.data[name].to_numpy()[:5] for name in WINE.data.columns}
    want, got = [await serving.infer(name, "predict", "predict_proba", **columns) for name in ("frame", "written")]
    np.testing.assert_array_equal(got["predict"], want["predict"])
    np.testing.assert_allclose(got["predict_proba"], want["predict_proba"], rtol=1e-12)
