"""Predictors of definitions, and arrays of float64 that are bound without a look at other forms of input."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputClassifier

import pretzel
from pretzel.errors import InputError
from pretzel.local import Predictor

X = np.random.default_rng(0).normal(size=(30, 4))


@pytest.fixture
def predictor() -> Predictor:
    return pretzel.compile(Ridge().fit(X, X[:, 0]))


def test_the_type_of_an_array_from_a_pickle_is_another_object():
    assert pickle.loads(pickle.dumps(X)).dtype is not X.dtype


@pytest.mark.parametrize("made", [np.copy, lambda X: pickle.loads(pickle.dumps(X))], ids=["new", "from a pickle"])
def test_an_array_is_bound_as_it_is(
    predictor: Predictor, made: Callable[[np.ndarray], np.ndarray], monkeypatch: pytest.MonkeyPatch
):
    wanted = predictor.predict(list(map(list, X)))

    def bind(given: object) -> None:
        raise AssertionError(f"{type(given)} takes the general path")

    monkeypatch.setattr(predictor.predict._models, "bind", bind)
    np.testing.assert_array_equal(predictor.predict(made(X)), wanted)
    with pytest.raises(AssertionError, match="general path"):
        predictor.predict(X.astype(">f8"))


def test_a_definition_is_compiled():
    classifier = LogisticRegression().fit(X, X[:, 0] > 0)
    definition = pretzel.export(classifier)
    compiled = pretzel.compile(definition)
    np.testing.assert_array_equal(compiled.predict(X), classifier.predict(X))
    np.testing.assert_array_equal(compiled.predict_proba(X), pretzel.compile(classifier).predict_proba(X))
    chosen = pretzel.compile(definition, outputs=["predict"])
    np.testing.assert_array_equal(chosen.predict(X), classifier.predict(X))
    with pytest.raises(AttributeError, match="no 'predict_proba'; it has predict"):
        chosen.predict_proba  # noqa: B018
    with pytest.raises(InputError, match="outputs: this definition has no 'transform'; choose from predict"):
        pretzel.compile(definition, outputs=["transform"])


def test_methods_of_several_targets_are_chosen_whole():
    model = MultiOutputClassifier(LogisticRegression()).fit(X, np.c_[X[:, 0] > 0, X[:, 1] > 0])
    chosen = pretzel.compile(pretzel.export(model), outputs=["predict"])
    np.testing.assert_array_equal(chosen.predict(X), model.predict(X))
