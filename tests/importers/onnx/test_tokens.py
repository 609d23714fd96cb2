"""Tokenizing texts and counting tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.onnx.compare import assert_served
from tests.importers.onnx.graphs import Y, model, node, single
from tests.importers.sklearn.compare import run


def test_tokens_between_separators_and_by_length() -> None:
    for attributes, want in (
        ({"separators": [" ", ";"]}, [[1, 1], [0, 1], [0, 0]]),
        ({"tokenexp": "[a-z]+", "mincharnum": 3}, [[0, 1], [0, 1], [0, 0]]),
        ({"tokenexp": r"\w+"}, [[1, 1], [0, 1], [0, 0]]),
    ):
        nodes = [
            node("Tokenizer", "X", to="T", domain="com.microsoft", mark=0, pad_value="#", **attributes),
            node("TfIdfVectorizer", "T", **VOCABULARY),
        ]
        definition = export(model(nodes, {"X": (TensorProto.STRING, [None])}, Y))
        got = run(definition, {"X": ["ab abc", "abc;xyz", ""]})["Y"]
        np.testing.assert_array_equal(got, np.array(want, np.float32))


VOCABULARY: dict[str, Any] = {
    "mode": "TF",
    "min_gram_length": 1,
    "max_gram_length": 1,
    "max_skip_count": 0,
    "ngram_counts": [0],
    "ngram_indexes": [0, 1],
    "pool_strings": ["ab", "abc"],
}


@pytest.mark.parametrize("mode, want", [("TF", [2, 1]), ("IDF", [0.5, 3]), ("TFIDF", [1, 3])])
def test_counts_are_weighted_by_mode(mode: str, want: list[float]) -> None:
    nodes = [
        node("Tokenizer", "X", to="T", domain="com.microsoft", mark=0, mincharnum=1, pad_value="#", tokenexp="[a-z]+"),
        node("TfIdfVectorizer", "T", **VOCABULARY | {"mode": mode, "weights": [0.5, 3.0]}),
    ]
    definition = assert_served(
        model(nodes, {"X": (TensorProto.STRING, [None])}, Y), {"X": np.array(["ab ab abc", ""])}, batches=(1, 2)
    )
    np.testing.assert_array_equal(run(definition, {"X": ["ab ab abc"]})["Y"], np.array([want], np.float32))


TOKENS: dict[str, dict[str, Any]] = {
    "it marks the beginning": {"mark": 1, "tokenexp": "[a-z]+"},
    "its pattern is not supported": {"mark": 0, "tokenexp": "(a|b)+c"},
    r"its pattern holds \\s": {"mark": 0, "tokenexp": r"\S+"},
    "it splits texts into characters": {"mark": 0, "separators": [""]},
    "its separators are patterns": {"mark": 0, "separators": ["ab"]},
    "expected either tokenexp or separators": {"mark": 0},
}


@pytest.mark.parametrize("reason", TOKENS)
def test_unsupported_tokenizers_are_refused(reason: str) -> None:
    graph = single("Tokenizer", [None], domain="com.microsoft", dtype=TensorProto.STRING, **TOKENS[reason])
    with pytest.raises(UnsupportedError, match=reason):
        export(graph)
