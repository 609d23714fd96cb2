"""Pipelines answer as NumPy and scikit-learn do, and clients read them like imported estimators."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.tree import DecisionTreeRegressor

import pretzel
from pretzel import flow
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.errors import DefinitionError

REVIEWS = ["a good film", "good fun, good plot", "an awful film", "awful plot, no fun", "fun", "awful"]
OUTPUTS = ["predict", "decision_function", "predict_proba"]
RNG = np.random.default_rng(3)
X = RNG.normal(size=(20, 3))


def test_the_sentiment_pipeline_is_the_imported_one():
    words, chars = TfidfVectorizer(ngram_range=(1, 2)), TfidfVectorizer(analyzer="char", ngram_range=(2, 3))
    trained = make_pipeline(make_union(words, chars), LogisticRegression()).fit(REVIEWS, [1, 1, 0, 0, 1, 0])
    text, head = flow.text().lowercase(), trained[-1]
    by_words = text.tokenize().word_ngrams(words.get_feature_names_out(), 1, 2).tfidf(words.idf_)
    by_chars = text.char_ngrams(chars.get_feature_names_out(), 2, 3).tfidf(chars.idf_)
    score = flow.concat(by_words, by_chars).linear(head.coef_[0], head.intercept_)
    outputs = dict(zip(OUTPUTS, [score.threshold().labels(head.classes_), score, score.sigmoid_pair()], strict=True))

    pipeline, imported = flow.pipeline(outputs), pretzel.export(trained, outputs=OUTPUTS)
    plan = compile_plan(optimize(imported)).plan
    assert [s.fingerprint for s in pipeline.plan().stages] == [s.fingerprint for s in plan.stages]
    assert flow.pipeline(outputs, metadata=imported.metadata).plan().digest == plan.digest
    fast = pipeline.compile()
    assert (fast.predict(REVIEWS) == trained.predict(REVIEWS)).all() and (fast.classes_ == head.classes_).all()
    np.testing.assert_allclose(fast.predict_proba(REVIEWS), trained.predict_proba(REVIEWS), rtol=1e-9)


def answers(value: flow.Value, rows=X):
    return flow.pipeline(out=value).compile().out(rows)


x = flow.numbers(3)


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (x.scale(2.0, 1.0), X * 2 + 1),
        (x.standardize([1, 2, 3], 2), (X - [1, 2, 3]) / 2),
        (x.clip(-0.5, [0, 1, 2]), np.clip(X, -0.5, [0, 1, 2])),
        (x.select([-1, 0]), X[:, [-1, 0]]),
        (x.select([True, False, True]), X[:, [0, 2]]),
        (x.column(-1), X[:, -1]),
        (x.column(0).matrix(), X[:, :1]),
        (x.function("square"), X**2),
        (x * x - x / 2.0 + 1.0, X * X - X / 2 + 1),
        (1.0 - 2 * x + (3 + x) / (1 / x), 1 - 2 * X + (3 + X) / (1 / X)),
        ((x > 0.5).cast("f64") + (x >= x.column(0)).cast("f64"), (X > 0.5) * 1.0 + (X >= X[:, :1])),
        (x.equal(X[0, 0]), X == X[0, 0]),
        (flow.where(x <= 0.0, x.scale(0), x), np.where(X <= 0, 0, X)),
        (flow.where(x < x.column(0), x.scale(0), x), np.where(X < X[:, :1], 0, X)),
        (x.sparsify().densify().cast("f32"), X.astype(np.float32)),
        (x.bins([[0], [], [-1, 1]]), np.column_stack([X[:, 0] >= 0, X[:, 1] > 9, np.digitize(X[:, 2], [-1, 1])])),
        (x.reduce("maximum"), X.max(axis=1, keepdims=True)),
        (x.constant([1, 2]), np.tile([1, 2], (20, 1))),
        (x.linear(np.arange(3)), X @ np.arange(3)),
        (x.linear(np.eye(3)[:, :2], [1, 2]).argmax(), (X[:, :2] + [1, 2]).argmax(axis=1)),
        (x.distances(np.zeros((1, 3)), "manhattan"), np.abs(X).sum(axis=1, keepdims=True)),
        (x.column(0).threshold(0.5).labels(["no", "yes"]), np.where(X[:, 0] > 0.5, "yes", "no")),
    ],
    ids=lambda value: getattr(value, "step_name", None),
)
def test_numbers(value, want):
    got = answers(value)
    if want.dtype.kind == "f":
        np.testing.assert_allclose(got, want, rtol=1e-12)
    else:
        np.testing.assert_array_equal(got, want)


def test_categories():
    table = flow.table(city="str", size="f64")
    rows = {"city": ["Bern", "Zug", "Rom"], "size": [1.0, 3.0, np.nan]}
    out = flow.pipeline(
        hot=table["city"].one_hot(["Zug", "Bern"]).densify(),
        number=table["city"].ordinal(["Zug", "Bern"], unknown=-1),
        filled=table["size"].impute(7).matrix(),
        both=flow.concat(table["size"], table["city"].lookup(["Rom"]).cast("f64")),
    ).compile()
    np.testing.assert_array_equal(out.hot(rows), [[0, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(out.number(rows), [1, 0, -1])
    np.testing.assert_array_equal(out.filled(rows), [[1], [3], [7]])
    np.testing.assert_array_equal(out.both(rows), [[1, -1], [3, -1], [np.nan, 0]])
    refusing = flow.pipeline(out=table.select("city").ordinal(["Zug"])).compile()
    with pytest.raises(pretzel.errors.InputError, match="Bern"):
        refusing.out(rows)


def test_rows_of_an_array_have_the_columns_of_the_table():
    table = flow.table(b="f64", unread="f64", a="f64")
    fast = flow.pipeline(predict=table["a"] - table["b"]).compile()
    np.testing.assert_array_equal(fast.predict(X), X[:, 2] - X[:, 0])
    np.testing.assert_array_equal(fast.predict({"a": X[:, 2], "b": X[:, 0]}), X[:, 2] - X[:, 0])


def test_other_inputs():
    names, values = flow.records()
    by_name = flow.pipeline(transform=names.lookup_features(values, ["a", "b"]).densify()).compile()
    np.testing.assert_array_equal(by_name.transform([{"b": 2}, {"c": 1, "a": 3}]), [[0, 2], [3, 0]])
    counts = flow.pipeline(transform=flow.tokens().filter_tokens(["the"]).word_ngrams(["cat", "the"])).compile()
    np.testing.assert_array_equal(counts.transform([["the", "cat"], ["cat", "cat"]]).toarray(), [[1, 0], [2, 0]])
    sparse = flow.pipeline(predict=flow.sparse(3).linear([1.0, 2.0, 3.0])).compile()
    np.testing.assert_allclose(sparse.predict(X), X @ [1, 2, 3])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_trees(kind):
    y = RNG.normal(size=(20, 2)).astype(kind)
    trees = [DecisionTreeRegressor(max_depth=3, random_state=i).fit(X, y) for i in range(3)]
    arrays = [
        {
            "feature": t.tree_.feature, "threshold": t.tree_.threshold, "left": t.tree_.children_left,
            "right": t.tree_.children_right, "value": t.tree_.value[:, :, 0].astype(kind),
        }
        for t in trees
    ]  # fmt: skip
    got = answers(x.cast("f32").trees(arrays, base=[1, 2], aggregate="mean"))
    np.testing.assert_allclose(got, (np.sum([t.predict(X) for t in trees], axis=0) + [1, 2]) / 3, rtol=1e-6)
    assert got.dtype == kind


def test_trees_per_class():
    zeros = [0, 0, 0]
    stump = {"feature": [1, 0, 0], "threshold": zeros, "left": [2, -1, -1], "right": [1, -1, -1], "value": [0, 5, 7]}
    got = answers(x.trees([stump] * 3, group=[0, 1, 1]))
    np.testing.assert_array_equal(got, np.where(X[:, 1:2] <= 0, [7, 14], [5, 10]))


def test_a_pipeline_describes_itself(tmp_path):
    pipeline = flow.pipeline(predict=x.linear([1, 2, 3]), name="prices")
    assert repr(pipeline) == "<Pipeline (X: f64[3]) -> (predict: f64)>"
    assert repr(pipeline.compile()) == "<Predictor of prices: predict>"
    assert "linear" in pipeline.explain(X)
    pipeline.save(tmp_path / "prices.pretzel")
    np.testing.assert_allclose(pretzel.load(tmp_path / "prices.pretzel").predict(X), X @ [1, 2, 3])


def test_inputs_in_order():
    y = flow.number("y")
    ordered = flow.pipeline({"out": flow.concat(x, y)}, inputs=[y, flow.number("unread"), x]).definition()
    assert [node.column for node in ordered.inputs] == ["y", "unread", "X"]
    with pytest.raises(DefinitionError, match="inputs: expected inputs"):
        flow.pipeline({"out": x}, inputs=[x.scale(1)])
