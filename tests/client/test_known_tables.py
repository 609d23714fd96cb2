"""Messages of tables of known layouts are those of the general conversion, or the tables are left to it."""

from __future__ import annotations

import functools
import warnings
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from pretzel.adapters.inputs import columns_of
from pretzel.adapters.layouts import MOST_LAYOUTS, MOST_LEARNED
from pretzel.client.shortcut import Shortcut
from pretzel.errors import PretzelError
from pretzel.importers import definition_of
from pretzel.plan.model import ModelDescription
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.client.test_shortcut import described
from tests.test_local_known_layouts import MODELS, _columns, _frame, tables

KNOWN = {
    **MODELS,
    "trees": lambda: make_pipeline(_columns(), RandomForestClassifier(2)).fit(_frame(), np.arange(12) % 2),
}
RAISED = (PretzelError, TypeError, ValueError, KeyError, IndexError, AttributeError)
METHODS = {"upper case": "predict", "trees": "predict_proba"}


@functools.cache
def description_of(name: str) -> ModelDescription:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        definition = definition_of(KNOWN[name](), sample=_frame() if name == "trees" else None)
    kinds = {item.column: str(item.type) for item in definition.inputs}
    return described(kinds, {"predict": "f64", "predict_proba": "f64[2]"}, **definition.metadata)


def columns_in(description: ModelDescription, X: Any, method: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return columns_of(X, description.inputs, description.version.metadata, method)


@pytest.mark.parametrize("name", KNOWN)
@given(found=tables())
@settings(max_examples=30)
def test_messages_are_those_of_the_general_conversion(name: str, found: list[Any]) -> None:
    description, method = description_of(name), METHODS.get(name, "predict")
    shortcut = Shortcut("m", method, description, [method])
    for X in found:
        sent = shortcut.request(X)
        try:
            columns = columns_in(description, X, method)
            general = pb.PredictRequest(model="m", columns=columns_to_proto(columns), outputs=[method])
        except RAISED:
            assert sent is None
            continue
        assert sent in (None, general.SerializeToString())
        shortcut.learn_table(X, columns)


@pytest.mark.parametrize(
    ("name", "form"),
    [*product(("columns", "matrix", "function", "trees"), ("table", "rows", "lists")), ("by position", "table")],
)
def test_tables_of_a_known_layout_are_sent_at_once(name: str, form: str) -> None:
    description, method = description_of(name), METHODS.get(name, "predict")
    shortcut = Shortcut("m", method, description, [method])
    x = _frame()[["a", "b"]] if name in ("matrix", "function") else _frame()
    forms = {"table": lambda t: t, "rows": lambda t: t.to_dict("records"), "lists": lambda t: t.to_dict("list")}
    first, second, other = (forms[form](x[rows]) for rows in (slice(1), slice(3, 5), slice(6, 7)))
    assert shortcut.request(first) is None
    shortcut.learn_table(first, columns_in(description, first, method))
    for X in (second, other):
        columns = columns_to_proto(columns_in(description, X, method))
        want = pb.PredictRequest(model="m", columns=columns, outputs=[method]).SerializeToString()
        assert shortcut.request(X) == want


def test_missing_and_unreadable_texts_are_left_to_the_general_conversion() -> None:
    shortcut = Shortcut("m", "predict", description_of("columns"), ["predict"])
    known = _frame()[:2]
    shortcut.learn_table(known, columns_in(description_of("columns"), known, "predict"))
    assert shortcut.request(known) is not None
    for text in (None, np.nan, "\ud800", "x" * 70_000):
        assert shortcut.request(known.assign(city=pd.Series([text, "Bern"], dtype=object))) is None


def test_layouts_that_are_kept_are_bounded() -> None:
    description = description_of("columns")
    shortcut = Shortcut("m", "predict", description, ["predict"])
    for i in range(MOST_LEARNED + 5):
        X = _frame()[:1].assign(**{f"other {i}": 1.0})
        shortcut.learn_table(X, columns_in(description, X, "predict"))
    assert shortcut._tables._learned == MOST_LEARNED
    assert len(shortcut._tables._known) == MOST_LAYOUTS


def test_a_reader_that_reads_otherwise_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pretzel.adapters.layouts._column", lambda values, place: values[0])
    description = description_of("matrix")
    shortcut = Shortcut("m", "predict", description, ["predict"])
    X = _frame()[["a", "b"]][:1]
    shortcut.learn_table(X, columns_in(description, X, "predict"))
    assert shortcut.request(X) is None
