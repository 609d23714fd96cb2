"""A plan whose types lie is refused when it is loaded: a kernel that reads a number for a text would crash."""

from __future__ import annotations

import pytest

from pretzel.compiler.compile import compile_plan
from pretzel.engine import load
from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.encoding import decode, encode
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan

TEXT = ops.Input("text", "str")
TOKENS = ops.Tokenize(TEXT, r"(?u)\b\w\w+\b")
WORDS = Parameter.strings(["aa", "bb"])
NODES: dict[str, Node] = {
    "lowercase": ops.Lowercase(TEXT),
    "tokenize": ops.CountNgrams(TOKENS, WORDS, "word", 1, 1),
    "count_ngrams": ops.CountNgrams(TEXT, WORDS, "char", 1, 2),
    "lookup": ops.Lookup(TEXT, WORDS, -1, -1, False, "0"),
}


@pytest.mark.parametrize("lie", ["f64", "f64[0]", "i64", "str[2]"])
@pytest.mark.parametrize("name", NODES)
def test_numbers_for_texts(name: str, lie: str) -> None:
    compiled = compile_plan(Definition({"transform": NODES[name]}))
    tree = decode(compiled.plan.encoded)
    assert tree["inputs"][0][1] == "str"
    tree["inputs"][0][1] = lie
    with pytest.raises(DefinitionError, match="expected dense str"):
        load(Plan.from_encoded(encode(tree)), compiled.blobs.__getitem__)


@pytest.mark.parametrize("name", NODES)
def test_a_stage_that_reads_nothing(name: str) -> None:
    compiled = compile_plan(Definition({"transform": NODES[name]}))
    tree = decode(compiled.plan.encoded)
    tree["stages"][0]["inputs"] = []
    with pytest.raises(DefinitionError, match="it reads nothing"):
        load(Plan.from_encoded(encode(tree)), compiled.blobs.__getitem__)


def test_no_ngrams_of_no_length() -> None:
    compiled = compile_plan(Definition({"transform": NODES["count_ngrams"]}))
    tree = decode(compiled.plan.encoded)
    (stage,) = tree["stages"]
    stage["attributes"]["low"] = -1
    with pytest.raises(DefinitionError, match="1 <= low"):
        load(Plan.from_encoded(encode(tree)), compiled.blobs.__getitem__)
