"""JSON and UBJSON: truncated or hostile files raise named errors and never crash."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.importers.xgboost.native import read
from pretzel.importers.xgboost.recognized import is_json, is_ubjson
from pretzel.importers.xgboost.ubjson import decode
from tests.importers.xgboost.examples import CLASSES, KINDS, X

BOOSTER = (
    xgboost.XGBClassifier(n_estimators=1, max_depth=2, n_jobs=1, max_cat_to_onehot=1, **KINDS).fit(X, CLASSES)
).get_booster()
JSON, UBJSON = (bytes(BOOSTER.save_raw(form)) for form in ("json", "ubj"))


def changed(*path: Any, to: Any) -> bytes:
    """Return the document with another value at this path."""
    document = json.loads(JSON)
    at = document
    for key in path[:-1]:
        at = at[key]
    if to is None:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return json.dumps(document).encode()


LEARNER = ("learner",)
PARAMETERS = (*LEARNER, "learner_model_param")
MODEL = (*LEARNER, "gradient_booster", "model")
TREE = (*MODEL, "trees", 0)
NODES = len(json.loads(JSON)["learner"]["gradient_booster"]["model"]["trees"][0]["left_children"])


def test_formats_are_recognized_by_their_head() -> None:
    assert is_json(JSON) and is_ubjson(UBJSON) and not is_json(UBJSON) and not is_ubjson(JSON)
    assert not any(map(is_json, [b"", b"{", b'{"trees": []}', b"[]"]))
    assert not any(map(is_ubjson, [b"", b"{", b"{L", b"{i\x07unknown"]))


def test_both_formats_are_equivalent() -> None:
    assert export(read(JSON)).outputs["predict"] is export(read(UBJSON)).outputs["predict"]


@pytest.mark.parametrize(
    ("path", "to", "problem"),
    [
        (("version",), [4, 0, 0], "version: expected 1 to 3, got 4.0.0"),
        (("version",), [], "version: expected 1 to 3, got none"),
        (("version",), "3", "version: expected a list of numbers, got str"),
        (LEARNER, [], "learner: expected an object, got list"),
        ((*LEARNER, "feature_names"), ["a"], "feature_names: expected 5, got 1"),
        ((*LEARNER, "feature_names"), [1] * 5, "feature_names: expected texts"),
        ((*PARAMETERS, "num_feature"), "x", "num_feature: expected a number, got 'x'"),
        ((*PARAMETERS, "num_feature"), "1", r"tree 0: split_indices: expected 0\.\.0"),
        ((*PARAMETERS, "base_score"), "[1,2]", "base_score: expected 3 numbers, got 2"),
        ((*PARAMETERS, "base_score"), "[x]", "base_score: expected numbers, got"),
        ((*LEARNER, "gradient_booster", "name"), "gbforest", "expected gbtree, dart or gblinear, got 'gbforest'"),
        ((*LEARNER, "objective"), None, "objective: expected an object, got NoneType"),
        ((*MODEL, "tree_info"), [0, 1, 9], r"tree_info: expected 0\.\.2"),
        ((*MODEL, "tree_info"), [0], "tree_info: expected 3 numbers"),
        ((*MODEL, "iteration_indptr"), [0, 9], "iteration_indptr: expected to rise from 0 to 3"),
        ((*MODEL, "trees", 1), 7, "tree 1: left_children: expected a list of numbers, got NoneType"),
        ((*TREE, "left_children"), [], "tree 0: right_children: expected 0 numbers"),
        ((*TREE, "split_conditions"), ["x"] * NODES, "tree 0: split_conditions: expected numbers of type float32"),
        ((*TREE, "right_children"), [[1]] * NODES, "tree 0: right_children: expected"),
        ((*TREE, "left_children"), [2**40] * NODES, "left_children|child"),
        ((*TREE, "left_children"), [0] * NODES, f"a tree of {NODES} nodes has a child"),
        ((*TREE, "right_children"), [0] * NODES, f"a tree of {NODES} nodes has a child"),
        ((*TREE, "tree_param", "size_leaf_vector"), "2", "size_leaf_vector: expected 3, got 2"),
        ((*TREE, "tree_param", "size_leaf_vector"), "3", "base_weights: expected"),
        ((*TREE, "categories_nodes"), [99], "categories_nodes, categories_segments, categories_sizes|categories_nodes"),
        ((*MODEL, "cats"), {"enc": [{"offsets": [0, 9], "values": [97]}]}, "cats: offsets do not rise from 0 to 1"),
    ],
)
def test_invalid_value(path: tuple[Any, ...], to: Any, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        export(read(changed(*path, to=to)))


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        ({"categories": [1 << 24]}, r"categories: expected 0\.\.16777215"),
        ({"categories_sizes": [2]}, "categories_segments: a set exceeds the 1 categories"),
        ({"categories_segments": [-1]}, "categories_segments: a set exceeds"),
        ({"categories_nodes": [NODES]}, "categories_nodes: expected"),
        ({"categories_nodes": []}, "expected equal lengths"),
    ],
)
def test_invalid_category_sets(tree: dict[str, Any], problem: str) -> None:
    one = {"categories": [3], "categories_nodes": [0], "categories_segments": [0], "categories_sizes": [1]}
    with pytest.raises(InputError, match=problem):
        read(changed(*TREE, to=json.loads(JSON)["learner"]["gradient_booster"]["model"]["trees"][0] | one | tree))


def test_category_sets_that_exceed_the_memory_limit() -> None:
    count = 64
    left, right = [2 * i + 1 if i < count else -1 for i in range(2 * count + 1)], [0] * (2 * count + 1)
    right[:count] = [child + 1 for child in left[:count]]
    tree = json.loads(JSON)["learner"]["gradient_booster"]["model"]["trees"][0] | {
        "left_children": left,
        "right_children": right,
        **dict.fromkeys(("split_indices", "split_conditions", "default_left"), [0] * (2 * count + 1)),
        "categories": [(1 << 24) - 1],
        "categories_nodes": list(range(count)),
        "categories_segments": [0] * count,
        "categories_sizes": [1] * count,
    }
    with pytest.raises(InputError, match="categories: sets of 1073741824 bits; at most 268435456 are read"):
        read(changed(*TREE, to=tree))


@pytest.mark.parametrize(
    "data", [JSON[:-2], JSON[: len(JSON) // 2], b'{"learner":' * 5000], ids=["end", "half", "deep"]
)
def test_invalid_json(data: bytes) -> None:
    with pytest.raises(InputError, match="it is not JSON: "):
        read(data)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "byte 0: it ends where 1 bytes are expected"),
        (b"?", r"byte 0: expected a value, got the marker '\?'"),
        (b"i\x01i", "byte 2: expected the end"),
        (b"[" * 99, "byte 66: values are nested more than 64 deep"),
        (b"[$?#i\x01", "expected a number type and a count"),
        (b"[$l#i\x02\x00", "it ends where 8 bytes are expected"),
        (b"[$L#L" + struct.pack(">q", 2**62), "it ends where"),
        (b"SL" + struct.pack(">q", -1), "expected a count"),
        (b"Si\x01\xff", "a text is not UTF-8"),
        (b"[#i\x02i\x01", "it ends where 1 bytes are expected"),
    ],
)
def test_invalid_ubjson(data: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        decode(data)


def test_ubjson() -> None:
    packed = b"{i\x01aNd" + struct.pack(">f", 0.1) + b"U\x01b[TFZCx]i\x01c[#i\x02I\x01\x00D" + struct.pack(">d", 0.1)
    packed += b"i\x01d[$U#i\x03abci\x01e{}}"
    decoded = decode(packed)
    assert decoded.pop("d").tolist() == [97, 98, 99]
    assert decoded == {"a": np.float32(0.1), "b": [True, False, None, "x"], "c": [256, 0.1], "e": {}}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([JSON, UBJSON]), st.data())
def test_damaged_files_are_reported_or_harmless(document: bytes, data: st.DataObject) -> None:
    at, over = data.draw(st.integers(0, len(document) - 1)), data.draw(st.integers(0, 30))
    damaged = document[:at] + data.draw(st.binary(max_size=4)) + document[at + over :]
    try:
        export(read(damaged))
    except (InputError, UnsupportedError) as error:
        assert str(error)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([JSON, UBJSON]), st.data())
def test_truncated_documents_are_reported(document: bytes, data: st.DataObject) -> None:
    with pytest.raises(InputError):
        read(document[: data.draw(st.integers(0, len(document) - 2))])
