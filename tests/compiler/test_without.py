"""Switches of rules and mechanisms: answers stay the library's, and each switch changes what it names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel import engine
from pretzel.compiler.optimize import ORDER, Trace
from pretzel.compiler.without import NOTHING, SWITCHES, Without
from pretzel.data_plane.settings import Settings
from pretzel.engine.mechanisms import MECHANISMS, OF_WORKERS
from pretzel.errors import InputError

RANDOM = np.random.default_rng(3)
WORDS = "good bad fine coffee tea service slow quick table food warm cold come back the was and but".split()
TEXTS = [" ".join(RANDOM.choice(WORDS, 9)) for _ in range(120)]
LABELS = RANDOM.integers(0, 2, 120)
TABLE = RANDOM.normal(size=(120, 8))


def text() -> Any:
    grams = make_union(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)), TfidfVectorizer(ngram_range=(1, 2)))
    return make_pipeline(grams, LogisticRegression()).fit(TEXTS, LABELS)


def tabular() -> Any:
    both = make_union(PCA(3), KMeans(3, n_init=1, random_state=0))
    forest = RandomForestRegressor(5, max_depth=4, random_state=0)
    return make_pipeline(StandardScaler(), both, forest).fit(TABLE, TABLE[:, 0])


PIPELINES: dict[str, tuple[Callable[[], Any], Any]] = {"text": (text, TEXTS[:30]), "tabular": (tabular, TABLE[:30])}


@pytest.fixture(scope="module", params=PIPELINES)
def fitted(request: pytest.FixtureRequest) -> tuple[Any, Any, np.ndarray]:
    make, rows = PIPELINES[request.param]
    estimator = make()
    method = getattr(estimator, "predict_proba", estimator.predict)
    return estimator, rows, method(rows)


def answers(predictor: pretzel.Predictor, rows: Any) -> np.ndarray:
    result: np.ndarray = getattr(predictor, "predict_proba", predictor.predict)(rows)
    return result


def fired(estimator: Any) -> set[str]:
    trace = Trace()
    NOTHING.optimized(pretzel.export(estimator), trace)
    return {step.rule for step in trace.steps}


@pytest.mark.parametrize("name", ["optimizer", *MECHANISMS])
def test_answers_stay_without_a_mechanism(name: str, fitted: tuple[Any, Any, np.ndarray]) -> None:
    estimator, rows, expected = fitted
    predictor = pretzel.compile(estimator, without=(name,))
    for _ in range(2):
        np.testing.assert_allclose(answers(predictor, rows), expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(answers(predictor, rows[:1]), expected[:1], rtol=1e-6, atol=1e-9)


def test_answers_stay_without_each_rule_that_fires(fitted: tuple[Any, Any, np.ndarray]) -> None:
    estimator, rows, expected = fitted
    for name in sorted(fired(estimator)):
        trace = Trace()
        without = Without.of([name])
        without.optimized(pretzel.export(estimator), trace)
        assert name not in {step.rule for step in trace.steps}
        predictor = pretzel.compile(estimator, without=[name])
        np.testing.assert_allclose(answers(predictor, rows), expected, rtol=1e-6, atol=1e-9, err_msg=name)


def test_answers_stay_without_anything(fitted: tuple[Any, Any, np.ndarray]) -> None:
    estimator, rows, expected = fitted
    assert {*ORDER, *MECHANISMS, "optimizer"} == {*SWITCHES}
    predictor = pretzel.compile(estimator, without=SWITCHES)
    np.testing.assert_allclose(answers(predictor, rows), expected, rtol=1e-6, atol=1e-9)


def test_a_saved_predictor_and_its_explanation_keep_the_choice(tmp_path: Any) -> None:
    path = tmp_path / "text.pretzel"
    pretzel.compile(text()).save(path)
    whole, plain = pretzel.load(path), pretzel.load(path, without=["optimizer"])
    rule = "push_linear_through_concat"
    assert rule in whole.explain() and rule not in plain.explain()
    np.testing.assert_allclose(plain.predict_proba(TEXTS), whole.predict_proba(TEXTS), rtol=1e-6)


def loaded(without: tuple[str, ...]) -> engine.Executable:
    switches = Without.of(without)
    optimized = switches.optimized(pretzel.export(text()))
    return switches.loaded(switches.compiled(optimized), optimized)


def steps(executable: engine.Executable) -> int:
    return len(executable.schedule(None).steps)


def test_chains_run_as_one_step_only_with_chain_fusion() -> None:
    assert steps(loaded(("chain_fusion",))) > steps(loaded(()))


def test_heads_are_stacked_only_with_stacked_heads() -> None:
    vectorizer = TfidfVectorizer().fit(TEXTS)
    rows = vectorizer.transform(TEXTS)
    heads = [LogisticRegression().fit(rows, RANDOM.integers(0, 2, len(TEXTS))) for _ in range(5)]
    definitions = [NOTHING.optimized(pretzel.export(make_pipeline(vectorizer, head))) for head in heads]
    compiled = [NOTHING.compiled(definition) for definition in definitions]
    blobs = {digest: blob for item in compiled for digest, blob in item.blobs.items()}
    plans = [item.plan for item in compiled]
    chains = ("chain_fusion",)  # a chain scores all heads of its text, stacked or not
    stacked, alone = (engine.load(plans, blobs.__getitem__, without=w) for w in (chains, (*chains, "stacked_heads")))
    names = [name for name in stacked.outputs if name.endswith("predict_proba")]
    assert len(stacked.schedule(names).steps) < len(alone.schedule(names).steps)
    column = stacked.inputs[0].name
    one, other = stacked.run({column: TEXTS}, names), alone.run({column: TEXTS}, names)
    for name in names:
        assert np.asarray(one[name]).tobytes() == np.asarray(other[name]).tobytes()


@pytest.mark.parametrize("name", ["object_sharing", "derived_parameters"])
def test_plans_share_kernels_of_a_catalog_unless_told_otherwise(name: str) -> None:
    optimized = NOTHING.optimized(pretzel.export(text()))
    compiled, catalog = NOTHING.compiled(optimized), engine.StageCatalog()

    def kernels(*without: str) -> list[Any]:
        original = optimized.parameters.keys()
        fetch = compiled.blobs.__getitem__
        loaded = engine.load(compiled.plan, fetch, catalog=catalog, without=without, original=original)
        return [kernel for kernel, _, _ in loaded._steps]

    usual = kernels()
    assert all(a is b for a, b in zip(usual, kernels(), strict=True))
    shared = [a is b for a, b in zip(usual, kernels(name), strict=True)]
    dictionaries = [stage.kernel.startswith("count_ngrams") for stage in compiled.plan.stages]
    assert any(dictionaries)
    assert not any(same for same, derived in zip(shared, dictionaries, strict=True) if derived)
    assert any(shared) == any(not stage.parameters for stage in compiled.plan.stages) or name == "derived_parameters"


def test_frames_are_kept_only_with_the_pool() -> None:
    from pretzel.engine.workspaces import _workspaces

    executable = loaded(("frame_pool",))
    column = executable.inputs[0].name
    kept = list(_workspaces)
    executable.run({column: TEXTS[:3]})
    assert list(map(id, _workspaces)) == list(map(id, kept))
    _workspaces.clear()
    loaded(()).run({column: TEXTS[:3]})
    assert len(_workspaces) == 1


@pytest.mark.parametrize("names", [("no_rule",), ["chain_fusion", "no_rule"], {"no_rule"}])
def test_an_unknown_switch_is_refused_with_the_known_ones(names: Any) -> None:
    with pytest.raises(
        InputError, match=r"without: 'no_rule' is unknown; known are optimizer, object_sharing, "
    ) as got:
        pretzel.compile(text(), without=names)
    assert all(name in str(got.value) for name in SWITCHES)


def test_a_text_in_place_of_names_is_refused() -> None:
    with pytest.raises(InputError, match=r"expected a sequence of names, got the text 'optimizer'"):
        pretzel.compile(text(), without="optimizer")


def test_a_worker_refuses_what_it_cannot_do_without() -> None:
    assert Settings(without=[*OF_WORKERS]).without == sorted(OF_WORKERS)
    assert Settings(without="chain_fusion,stacked_heads").without == ["chain_fusion", "stacked_heads"]
    with pytest.raises(ValueError, match=f"'frame_pool' is unknown; known are {', '.join(OF_WORKERS)}"):
        Settings(without=["frame_pool"])
