"""The names that users give steps: which stages of a plan have them, and that they decide nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, StandardScaler

from pretzel.compiler.compile import compile_plan
from pretzel.compiler.explain import explain
from pretzel.compiler.optimize import optimize
from pretzel.importers import definition_of
from pretzel.plan.steps import MOST_NAMES, Names

ROWS = np.random.default_rng(0).normal(size=(40, 3))
TARGET = (ROWS[:, 0] > 0).astype(int)
TEXTS = ["a good day", "bad luck", "good luck", "a bad day"] * 10
TABLE = pd.DataFrame({"age": ROWS[:, 0], "city": ["Bari", "Porto"] * 20, "text": TEXTS})


def table_model(fill: str = "fill", words: str = "words", last: str = "clf") -> Pipeline:
    numbers = Pipeline([(fill, SimpleImputer()), ("scale", StandardScaler())])
    text = Pipeline([("counts", CountVectorizer())])
    parts = [("num", numbers, ["age"]), ("city", OneHotEncoder(), ["city"]), (words, text, "text")]
    return Pipeline([("pre", ColumnTransformer(parts)), (last, LogisticRegression())]).fit(TABLE, TARGET)


def named(model: Any, sample: Any) -> dict[str, set[str]]:
    """Return the operators of the stages that come from each step."""
    compiled = compile_plan(optimize(definition_of(model, sample=sample)))
    found: dict[str, set[str]] = {}
    for stage, names in zip(compiled.plan.stages, compiled.steps, strict=True):
        for name in names:
            found.setdefault(name, set()).add(stage.operator)
    return found


def names_of(model: Any, sample: Any = ROWS) -> set[str]:
    return set(named(model, sample))


def test_stages_have_the_names_of_the_innermost_steps() -> None:
    found = named(table_model(), TABLE)
    assert found.keys() == {"pre", "pre__num__fill", "pre__num__scale", "pre__city", "pre__words__counts", "clf"}
    assert "impute" in found["pre__num__fill"]
    assert "tokenize" in found["pre__words__counts"]
    assert "lookup" in found["pre__city"]
    assert {"link", "threshold"} <= found["clf"]


def test_a_stage_that_does_the_work_of_two_steps_has_both_names() -> None:
    model = Pipeline([("scale", StandardScaler()), ("clf", LogisticRegression())]).fit(ROWS, TARGET)
    compiled = compile_plan(optimize(definition_of(model, outputs=["predict"])))
    folded = [
        names for stage, names in zip(compiled.plan.stages, compiled.steps, strict=True) if "linear" in stage.kernel
    ]
    assert folded == [("scale", "clf")]


def test_a_stage_that_two_steps_share_has_both_names() -> None:
    union = FeatureUnion([("one", CountVectorizer()), ("two", TfidfVectorizer())])
    model = Pipeline([("pre", union), ("clf", LogisticRegression())]).fit(TEXTS, TARGET)
    definition = definition_of(model)
    shared = [names for node, names in definition.steps.items() if node.name == "tokenize"]
    assert shared == [("pre__one", "pre__two")]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (LogisticRegression(), set()),
        (Pipeline([("a step", StandardScaler()), ("x.y", RidgeClassifier())]), {"a step", "x.y"}),
        (Pipeline([("clf", OneVsRestClassifier(LogisticRegression()))]), {"clf"}),
        (Pipeline([("clf", RandomForestClassifier(3, random_state=0))]), {"clf"}),
        (
            Pipeline([("vote", VotingClassifier([("a", LogisticRegression()), ("b", RidgeClassifier())]))]),
            {"vote", "vote__a", "vote__b"},
        ),
        (
            GridSearchCV(Pipeline([("sc", StandardScaler()), ("lr", LogisticRegression())]), {"lr__C": [1.0]}, cv=2),
            {"best_estimator__sc", "best_estimator__lr"},
        ),
        (Pipeline([("tab\tand\x1b[1m", StandardScaler()), ("clf", LogisticRegression())]), {"tab?and?[1m", "clf"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_fitted_attributes_are_not_named(model: Any, expected: set[str]) -> None:
    assert names_of(model.fit(ROWS, TARGET)) == expected


def test_names_are_in_no_digest() -> None:
    one, other = (Pipeline([(name, MaxAbsScaler()), ("m", LogisticRegression())]) for name in ("first", "erste"))
    plans, definitions = [], []
    for model in (one, other):
        definition = definition_of(model.fit(ROWS, TARGET))
        definitions.append(definition)
        plans.append(compile_plan(optimize(definition)))
    assert plans[0].plan.encoded == plans[1].plan.encoded
    assert definitions[0].digest == definitions[1].digest
    assert definitions[0] == definitions[1]
    assert plans[0].steps != plans[1].steps


def test_models_that_differ_in_names_share_their_stages() -> None:
    first, second = (
        compile_plan(optimize(definition_of(model, sample=TABLE))).plan
        for model in (table_model(), table_model("impute", "review", "last"))
    )
    assert [stage.fingerprint for stage in first.stages] == [stage.fingerprint for stage in second.stages]
    assert first.objects == second.objects


def test_the_optimizer_loses_no_step_of_a_stage() -> None:
    """Each stage but those of optional outputs comes from a step, whatever the rules did."""
    for outputs in (["predict"], ["predict_proba"], ["decision_function"]):
        compiled = compile_plan(optimize(definition_of(table_model(), sample=TABLE, outputs=outputs)))
        assert all(compiled.steps)


def test_one_node_has_few_names() -> None:
    union = FeatureUnion([(f"u{i}", StandardScaler()) for i in range(MOST_NAMES + 4)])
    definition = definition_of(Pipeline([("pre", union), ("clf", LogisticRegression())]).fit(ROWS, TARGET))
    names: list[Names] = [names for node, names in definition.steps.items() if node.name == "standardize"]
    assert names == [tuple(f"pre__u{i}" for i in range(MOST_NAMES))]


def test_an_explanation_speaks_of_steps() -> None:
    definition = definition_of(table_model(), sample=TABLE)
    text = explain(definition, width=160)
    assert "for pre__words__counts of text" in text
    stages = text[text.index("Stages") :]
    assert "pre__num__scale" in stages
    for format in ("json", "dot", "mermaid", "svg"):
        assert "pre__words__counts" in explain(definition, format=format).replace("#95;", "_")
    narrow = explain(definition, width=60)
    assert all(len(line) <= 60 for line in narrow.splitlines())
