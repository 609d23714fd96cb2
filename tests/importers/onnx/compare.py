"""Compare an imported graph with ONNX Runtime: reference implementations, and optimized, compiled kernels."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import onnx
import onnxruntime

from pretzel.importers import export
from pretzel.plan.definition import Definition
from pretzel.plan.reference import evaluate
from pretzel.plan.values import Texts
from tests.importers.sklearn.compare import run

BATCHES = (1, 7, 1000)
QUIET = onnxruntime.SessionOptions()
QUIET.log_severity_level = 4
QUIET.intra_op_num_threads = 1

Feeds = Mapping[str, np.ndarray]


def runtime(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """Return a session over a model; texts use a locale that every machine has."""
    model = deepcopy(model)
    for node in model.graph.node:
        if node.op_type == "StringNormalizer":
            node.attribute.append(onnx.helper.make_attribute("locale", "C.UTF-8"))
    return onnxruntime.InferenceSession(model.SerializeToString(), QUIET, providers=["CPUExecutionProvider"])


def assert_served(
    model: onnx.ModelProto, feeds: Feeds, *, relative: float = 1e-6, scale: float = 1e-6, batches: Any = BATCHES
) -> Definition:
    """Fail unless every output equals that of ONNX Runtime, over batches of several sizes.

    Floats may differ by ``relative`` of the value and ``scale`` of the column's largest, because ONNX Runtime adds
    float32 in another order.
    """
    definition, session = export(model), runtime(model)
    for rows in batches:
        part = {name: x[np.arange(rows) % len(x)] for name, x in feeds.items()}
        expected = dict(zip([output.name for output in model.graph.output], session.run(None, part), strict=True))
        columns = columns_for(definition, part)
        with np.errstate(all="ignore"):
            both = {"reference": evaluate(definition, columns), "kernels": run(definition, packed(columns))}
        for by, got in both.items():
            for name, want in expected.items():
                assert_close(f"{by}, {name}, {rows} rows", got[name], plain(want), relative, scale)
    return definition


def columns_for(definition: Definition, feeds: Feeds) -> dict[str, Any]:
    """Convert the inputs of a graph to those of a definition."""
    return {item.column: _column(item.type, feeds[item.column]) for item in definition.inputs}


def _column(kind: Any, x: np.ndarray) -> Any:
    if kind.is_text:
        return [str(text) for text in x.ravel()] if kind.width is None else x.astype(str).tolist()
    return np.ascontiguousarray(x.reshape(len(x), kind.width) if kind.width is not None else x.reshape(len(x)))


def packed(columns: dict[str, Any]) -> dict[str, Any]:
    """Return the columns as kernels take them: matrices of texts in one piece."""
    return {name: _packed(value) if isinstance(value, list) else value for name, value in columns.items()}


def _packed(texts: list[Any]) -> Any:
    return texts if isinstance(texts[0], str) else Texts.of(sum(texts, []), len(texts[0]))


def plain(value: Any) -> np.ndarray:
    """Return an output as rows of columns, and maps as their values."""
    array = np.array([[*row.values()] for row in value], np.float32) if isinstance(value, list) else np.asarray(value)
    return array.reshape(len(array), int(np.prod(array.shape[1:]))) if array.ndim > 2 else array


def assert_close(what: str, got: Any, want: np.ndarray, relative: float, scale: float) -> None:
    """Fail unless two outputs have the same shape and type, and agree."""
    got = np.asarray(got)
    want = want.ravel() if want.dtype.kind in "OU" and want.size == len(want) else want  # labels are one per row
    assert got.shape == want.shape, f"{what}: shape {got.shape}, want {want.shape}"
    if want.dtype.kind != "f":
        np.testing.assert_array_equal(got, want, err_msg=what)
        return
    assert got.dtype == want.dtype, f"{what}: {got.dtype}, want {want.dtype}"
    largest = np.abs(want[np.isfinite(want)]).max(initial=0.0)
    np.testing.assert_allclose(got, want, rtol=relative, atol=scale * float(largest), err_msg=what)


def served(model: onnx.ModelProto, x: np.ndarray, **options: Any) -> Definition:
    """Compare the input X over all rows at once, and one by one."""
    return assert_served(model, {"X": x}, batches=(1, len(x)), **options)
