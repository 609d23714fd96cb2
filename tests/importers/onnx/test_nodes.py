"""The node tests of ``onnx``: every case of a supported operator passes, or is refused for a listed reason.

The first input of a case has a slice per row, as have other inputs of its shape if the operator accepts them; all
others are constant, as in a model.  A case that is listed as out of scope must be refused, for the listed reason.
"""

from __future__ import annotations

import pkgutil
import re
import warnings
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.backend.test.case import node as nodes

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from pretzel.importers.onnx.registry import CONVERTERS
from pretzel.plan.reference import evaluate
from pretzel.plan.values import Texts
from tests.importers.onnx.compare import assert_close, columns_for, plain
from tests.importers.sklearn.compare import run

ONE_VARIES = {
    *("Gemm", "MatMul", "Gather", "Reshape", "Slice", "Split", "Tile", "Expand", "TopK", "OneHot", "Squeeze"),
    *("Unsqueeze", "Clip", "ArrayFeatureExtractor", "ReduceSum"),
}
"""Operators of which only the first input has rows."""

OUT_OF_SCOPE = {
    r"test_.*(default_axis_(example|random)|_axis_0|l[12]normalization_axis_0)": "runs over the rows",
    r"test_(gather_0|gather_negative_indices|squeeze|reduce_log_sum_asc_axes)": "runs over the rows",
    r"test_concat_(1d_axis_(0|negative_1)|2d_axis_(0|negative_2)|3d_axis_(0|negative_3))": "runs over the rows",
    r"test_argm(ax|in)_default_axis_(example|random)(_select_last_index)?": "runs over the rows",
    r"test_split_.*": "runs over the rows",
    r"test_reduce_.*(default_axes_keepdims?_(example|random)|default)": "it runs over all dimensions",
    r"test_reduce_.*empty_set.*": "the number of its columns is dynamic",
    r"test_reduce_m(ax|in)_bool_inputs": "expected dense f32, f64 or i64, got bool",
    r"test_(and|or|xor)_bcast4v4d": "a constant differs from row to row",
    r"test_gemm_default_matrix_bias": "a constant differs from row to row",
    r"test_gemm_(transposeA|all_attributes)": "its rows are not rows of the first matrix",
    r"test_matmul_(1d_.d|3d|4d|bcast|nd).*": "multiplies rows of",
    r"test_(add|sub|mul|div|pow|max|min|mod)_uint64": "got u64|is not served",
    r"test_(equal|less|greater)(_equal)?_uint64": "it compares uint64",
    r"test_equal_string": "other than one constant text",
    r"test_(expand_dim_unchanged|tile|tile_precomputed)": "it repeats rows",
    r"test_expand_dim_changed": "the rows of its output .* are not in the first dimension",
    r"test_flatten_(axis[023]|negative_axis[1245])": "merges rows",
    r"test_reshape_(negative_extended_dims|one_dim|allowzero_reordered|reordered_all_dims)": "between rows",
    r"test_slice(_default_axes|_default_steps|_neg_steps|_negative_axes)?": "it removes rows",
    r"test_transpose_(default|all_permutations_[2345])": "the rows of its output .* are not in the first",
    r"test_shape(_.*)?": "does not depend on the rows",
    r"test_constantofshape_.*": "its shape depends on the values",
    r"test_dropout_default_mask(_ratio)?": "its output 'z' is read",
    r"test_training_dropout.*": "training mode|not known|is read",
    r"test_scan.*": "its loop is not supported|no dimension for the rows|holds a graph",
    r"test_strnormalizer_.*": "it removes rows that are stop words",
    r"test_tfidfvectorizer_.*": "its n-grams skip words|a matrix of words",
    r"test_top_k_(same_values.*|uint64)": "not f32 or f64",
    r"test_identity_(sequence|opt)": "it is not a tensor",
    r"test_onehot_with_bfloat16_values": "bfloat16",
    r"test_.*": "the type (FLOAT16|BFLOAT16|FLOAT8|FLOAT4|U?INT[24]|FLOAT8E8M0)\\w* is not served",
}
"""The reason why each case is refused: it mixes rows, or uses an unsupported type; the first match counts."""
POOLS = {"averagepool", "lppool", "maxpool"}
"""Operators that are not served, and whose cases take longer to compute than all others together."""


@cache
def cases() -> dict[str, Any]:
    """Return every case of one node whose operator is supported."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for module in pkgutil.walk_packages(nodes.__path__, f"{nodes.__name__}."):
            if module.name.rpartition(".")[2] not in POOLS:
                import_module(module.name)
    return {case.name: case for case in nodes._NodeTestCases if _served(case.model.graph)}


def _served(graph: onnx.GraphProto) -> bool:
    return len(graph.node) == 1 and (graph.node[0].domain, graph.node[0].op_type) in CONVERTERS


def _names() -> list[str]:
    return sorted(cases())


@pytest.mark.parametrize("name", _names())
def test_cases_pass_or_are_refused_for_the_listed_reason(name: str) -> None:
    case = cases()[name]
    reason = next((why for pattern, why in OUT_OF_SCOPE.items() if re.fullmatch(pattern, name)), None)
    for inputs, outputs in case.data_sets:
        try:
            _check(case.model, inputs, outputs)
        except UnsupportedError as error:
            assert reason is not None, f"not listed: {error}"
            assert re.search(reason, str(error)), str(error)


def test_pools_are_not_served() -> None:
    assert not POOLS & {op.lower() for _, op in CONVERTERS}


def test_every_pattern_is_used() -> None:
    unused = [p for p in OUT_OF_SCOPE if not any(re.fullmatch(p, name) for name in cases())]
    assert not unused


def _check(case: onnx.ModelProto, inputs: list[Any], outputs: list[Any]) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(case)
    feeds = _feeds(model, [_array(value) for value in inputs])
    definition = export(model)
    columns = columns_for(definition, feeds)
    with np.errstate(all="ignore"):
        both = (evaluate(definition, columns), run(definition, columns))
    for got in both:
        for output, want in zip(model.graph.output, outputs, strict=True):
            expected = plain(_array(want))
            value = _listed(got[output.name])
            assert_close(output.name, value, expected.reshape(value.shape), 1e-6, 1e-7)


def _array(value: Any) -> Any:
    value = numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
    return np.asarray(value) if isinstance(value, np.generic) else value


def _listed(value: Any) -> np.ndarray:
    return np.array(value.tolist() if isinstance(value, Texts) else value)


def _feeds(model: onnx.ModelProto, inputs: list[Any]) -> dict[str, np.ndarray]:
    """Convert inputs without rows to constants; return the other inputs."""
    graph, feeds, varying = model.graph, {}, []
    for item, value in zip(graph.input, inputs, strict=True):
        if not isinstance(value, np.ndarray) or not varying or _varies(graph, inputs[0], value):
            feeds[item.name] = value
            varying.append(onnx.ValueInfoProto.FromString(item.SerializeToString()))
        else:
            graph.initializer.append(numpy_helper.from_array(_objects(value), item.name))
    del graph.input[:]
    graph.input.extend(varying)
    return feeds


def _varies(graph: onnx.GraphProto, first: np.ndarray, value: np.ndarray) -> bool:
    alike = value.ndim == first.ndim > 0 and value.shape[0] == first.shape[0]
    return graph.node[0].op_type not in ONE_VARIES and alike


def _objects(value: np.ndarray) -> np.ndarray:
    return value.astype(object) if value.dtype.kind in "OU" else value
