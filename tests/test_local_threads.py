"""Predictors with several threads: equal results, and the ways to set their number."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import InputError

ROWS = 9000
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 6))
Y = np.where(X[:, 0] > 0, "yes", "no")
TEXTS = [" ".join(row) for row in RNG.choice(np.array("good bad über cold WARM tea".split()), size=(ROWS, 4))]
TEXT = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS[:200], Y[:200])
FITTED = {
    "linear": (make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:200], Y[:200]), X),
    "forest": (RandomForestClassifier(5, random_state=0).fit(X[:200], Y[:200]), X),
    "text": (TEXT, TEXTS),
    "vectorizer": (TEXT[0], TEXTS),
}
PAIRS = {name: (*(pretzel.compile(estimator, threads=n) for n in (1, 3)), x) for name, (estimator, x) in FITTED.items()}
METHODS = {"linear": "predict", "forest": "predict_proba", "text": "predict_proba", "vectorizer": "transform"}


def bits(result):
    if hasattr(result, "indptr"):
        return [part.tobytes() for part in (result.data, result.indices, result.indptr)]
    return result.tolist()


@pytest.mark.parametrize("name", FITTED)
@settings(max_examples=8)
@given(rows=st.sampled_from([1, 255, 256, 257, 4095, 4097, 8192, ROWS]))
def test_results_are_those_of_one_thread(name, rows):
    one, several, x = PAIRS[name]
    assert bits(getattr(several, METHODS[name])(x[:rows])) == bits(getattr(one, METHODS[name])(x[:rows]))


def test_errors_are_those_of_one_thread():
    one, several, _ = PAIRS["linear"]
    bad = np.tile(X, (4, 1))
    bad[[700, 20_000], [3, 1]] = np.nan
    with pytest.raises(InputError) as want:
        one.predict(bad)
    with pytest.raises(InputError) as got:
        several.predict(bad)
    assert str(got.value) == str(want.value)


def test_many_callers_share_the_threads():
    _, several, x = PAIRS["text"]
    want = several.predict_proba(x)
    with ThreadPoolExecutor(6) as pool:
        assert all((got == want).all() for got in pool.map(several.predict_proba, [x] * 24))


def test_further_models_of_a_predictor_have_the_threads_too(tmp_path):
    _, several, x = PAIRS["forest"]
    single = x.astype(np.float32)
    assert (several.predict(single) == FITTED["forest"][0].predict(single)).all()
    PAIRS["linear"][0].save(tmp_path / "model")
    loaded = pretzel.load(tmp_path / "model", threads=2)
    assert (loaded.predict(X) == FITTED["linear"][0].predict(X)).all()
    assert copy.deepcopy(loaded) is loaded


@pytest.mark.parametrize("threads", [0, -1, 65])
def test_a_number_out_of_range_is_rejected(threads):
    with pytest.raises(InputError, match=f"threads: expected 1 to 64, got {threads}"):
        pretzel.compile(TEXT, threads=threads)


@pytest.mark.parametrize("text", ["two", "-1", "1.5"])
def test_the_variable_is_a_number(monkeypatch, text):
    monkeypatch.setenv("PRETZEL_THREADS", text)
    with pytest.raises(InputError, match=f"PRETZEL_THREADS: expected a number of threads, got '{text}'"):
        pretzel.compile(TEXT)
    assert pretzel.compile(TEXT, threads=1).predict(TEXTS[:1])[0] in ("yes", "no")
