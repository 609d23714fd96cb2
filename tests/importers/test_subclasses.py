"""Subclasses of served estimators answer like their bases, or the error names their redefinition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import NMF
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import pretzel
from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.derived import Boosted, Booster, Extreme, Logistic, Same, Scaler, Steps, X, Y
from tests.importers.sklearn.frames import assert_serves

SERVED = [
    Logistic(),
    Scaler(),
    Steps(),
    make_pipeline(Scaler(), Logistic()),
    Boosted(),
    Extreme(n_estimators=2),
    type("Forest", (RandomForestClassifier,), {"extra": 1})(n_estimators=3, max_depth=2),
    type("Twice", (type("Once", (KMeans,), {}),), {"fit_more": lambda self: self})(2, n_init=1, random_state=0),
    VotingClassifier([("a", Logistic()), ("b", Boosted())], voting="soft"),
    OneVsRestClassifier(Logistic()),
    ColumnTransformer([("s", Scaler(), [0, 1]), ("same", Same(), [2])]),
]


@pytest.mark.parametrize("estimator", SERVED, ids=lambda estimator: type(estimator).__name__)
def test_subclasses_that_change_only_fitting_are_served(estimator: Any) -> None:
    assert_serves(estimator.fit(X, Y), X)


def test_metadata_names_the_subclass_and_its_library() -> None:
    metadata = export(Logistic().fit(X, Y)).metadata
    assert metadata["estimator"] == f"{Logistic.__module__}.Logistic"
    assert metadata["library"].startswith("scikit-learn ") or metadata["library"].startswith("sklearn ")


def test_a_booster_of_a_subclass() -> None:
    booster = Booster(model_str=Boosted().fit(X, Y).booster_.model_to_string())
    np.testing.assert_array_equal(pretzel.compile(booster).predict(X), booster.predict(X))
    loud = type("Loud", (Booster,), {"predict": lambda self, X: 0})(model_str=booster.model_to_string())
    with pytest.raises(UnsupportedError, match="the class Loud redefines 'predict'"):
        pretzel.compile(loud)


def test_texts_and_targets() -> None:
    texts = ["red green", "green blue", "blue sky"]
    vectorizer = type("Words", (TfidfVectorizer,), {"fit": lambda self, X, y=None: TfidfVectorizer.fit(self, X[1:])})()
    vectorizer.fit(texts)
    assert (pretzel.compile(vectorizer).transform(texts) != vectorizer.transform(texts)).nnz == 0
    model = TransformedTargetRegressor(LinearRegression(), transformer=Scaler())
    assert_serves(model.fit(X, X[:, 0] * 3), X)


def redefining(name: str, value: Any = lambda self, X=None: 0, base: type = LogisticRegression) -> type:
    return type("Own", (base,), {name: value})


REDEFINED: list[tuple[type, str]] = [
    *((redefining(name), f"redefines '{name}'") for name in ("predict", "predict_proba", "decision_function")),
    (redefining("transform", base=StandardScaler), "redefines 'transform'"),
    (redefining("coef_", property(lambda self: 1, lambda self, value: None)), "adds 'coef_'"),
    (redefining("classes_", np.arange(2)), "adds 'classes_'"),
    (redefining("n_features_in_", property(lambda self: 1, lambda self, value: None)), "adds 'n_features_in_'"),
    (redefining("C", property(lambda self: 1.0, lambda self, value: None)), "adds 'C'"),
    (
        redefining("__getattribute__", lambda self, name: object.__getattribute__(self, name)),
        "redefines '__getattribute__'",
    ),
    (redefining("__getattr__", lambda self, name: object.__getattribute__(self, name)), "adds '__getattr__'"),
    (redefining("__setattr__", lambda self, name, value: object.__setattr__(self, name, value)), "'__setattr__'"),
    (redefining("__call__"), "adds '__call__'"),
    (redefining("__eq__", lambda self, other: True), "'__eq__'"),
    (redefining("transform"), "adds 'transform'"),
    (redefining("decision_function", base=KNeighborsClassifier), "adds 'decision_function'"),
    (redefining("_estimator_type", "regressor"), "'_estimator_type'"),
    (redefining("_sklearn_output_config", {"transform": "pandas"}), "adds '_sklearn_output_config'"),
    (redefining("set_output", base=StandardScaler), "redefines 'set_output'"),
    (redefining("_predict_proba_lr"), "redefines '_predict_proba_lr'"),
    (redefining("_more", property(lambda self: 1), type("Base", (redefining("predict"),), {})), "redefines 'predict'"),
]


@pytest.mark.parametrize(("kind", "problem"), REDEFINED, ids=[problem for _, problem in REDEFINED])
def test_redefinitions_that_may_change_answers_are_refused(kind: type, problem: str) -> None:
    plain = kind.__mro__[1] if "Base" not in kind.__mro__[1].__name__ else LogisticRegression
    estimator: Any = plain().fit(X, Y)
    estimator.__class__ = kind
    with pytest.raises(UnsupportedError, match=f"the class Own .*{problem}, which may change the answers; use a"):
        export(estimator)
    if hasattr(plain, "predict"):
        return
    with pytest.raises(UnsupportedError, match=rf"pipeline\.own: .*{problem}"):
        export(Pipeline([("own", estimator), ("last", LogisticRegression().fit(X, Y))]))


def test_mixins_before_and_after_the_library_class() -> None:
    class Louder:
        def predict(self, X: Any) -> Any:
            return np.zeros(len(X))

    class Reader(BaseEstimator):
        def _check_feature_names(self, *args: Any, **kwargs: Any) -> None:
            pass

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            return {}

        def __sklearn_is_fitted__(self) -> bool:
            return True

    class First(Louder, LogisticRegression):
        pass

    class Last(LogisticRegression, Louder):
        pass

    class Between(LogisticRegression, Reader):
        pass

    class Both(StandardScaler, LogisticRegression):
        def __init__(self) -> None:
            LogisticRegression.__init__(self)
            StandardScaler.__init__(self)

    with pytest.raises(UnsupportedError, match=r"the class .*Louder redefines 'predict'"):
        export(First().fit(X, Y))
    assert_serves(Last().fit(X, Y), X)  # the library's predict comes first
    with pytest.raises(UnsupportedError, match=r"the class .*Reader adds '__sklearn_is_fitted__'"):
        export(Between().fit(X, Y))
    with pytest.raises(UnsupportedError, match="the class LogisticRegression (adds|redefines)"):
        export(Both().fit(X, Y))


def test_changed_tags_are_refused() -> None:
    class Tagged(StandardScaler):
        def __sklearn_tags__(self) -> Any:
            tags = super().__sklearn_tags__()
            tags.input_tags.allow_nan = False
            return tags

    with pytest.raises(UnsupportedError, match="Tagged redefines '__sklearn_tags__'"):
        export(Tagged().fit(X))


def test_redefined_names_are_refused_where_tables_are_passed() -> None:
    assert_serves(make_pipeline(Scaler(), LogisticRegression()).fit(X, Y), X)
    with pytest.raises(UnsupportedError, match="Scaler redefines 'get_feature_names_out'"):
        export(make_pipeline(Scaler(), LogisticRegression()).set_output(transform="pandas").fit(X, Y))


@pytest.mark.parametrize("kind", [LogisticRegression, Logistic, Boosted])
def test_an_instance_attribute_that_hides_a_method_is_refused(kind: type) -> None:
    estimator = kind().fit(X, Y)
    estimator.fit = None
    assert_serves(estimator, X)
    estimator.predict = lambda X: np.zeros(len(X))
    with pytest.raises(UnsupportedError, match="the instance has an attribute 'predict' in the place of the method"):
        export(estimator)
    with pytest.raises(UnsupportedError, match=r"pipeline\.last: .*'predict' in the place of the method"):
        export(Pipeline([("last", estimator)]))


def test_a_redefined_function_transformer_is_not_an_identity() -> None:
    loud = redefining("transform", lambda self, X: X * 2, FunctionTransformer)()
    for holder in (make_pipeline(loud, LinearRegression()), ColumnTransformer([("loud", loud, [0])])):
        with pytest.raises(UnsupportedError, match="Own redefines 'transform'"):
            export(holder.fit(X, Y))


def test_subclasses_of_a_refused_class_have_its_reason() -> None:
    with pytest.raises(UnsupportedError, match="all rows of a call decide when its iteration stops"):
        export(type("Own", (NMF,), {})(2, max_iter=2000).fit(np.abs(X)))


def test_a_user_class_needs_a_sample() -> None:
    class Own(TransformerMixin, BaseEstimator):
        def fit(self, X: Any, y: Any = None) -> Any:
            return self

        def transform(self, X: Any) -> Any:
            return X

    with pytest.raises(UnsupportedError, match="records neither names nor number of columns; give a sample"):
        export(Own().fit(X))
    assert export(Own().fit(X), sample=X).outputs


def test_a_constructor_that_does_not_set_attributes_is_refused() -> None:
    class Bare(StackingClassifier):
        def __init__(self) -> None:
            self.fitted_ = True

    with pytest.raises(UnsupportedError, match="an attribute of StackingClassifier is missing or invalid"):
        export(Bare())


def test_predictions_of_tables_by_a_subclass() -> None:
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    estimator = make_pipeline(Scaler(), Boosted()).fit(table, Y)
    np.testing.assert_array_equal(pretzel.compile(estimator).predict(table), estimator.predict(table))
