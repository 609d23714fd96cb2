"""An importer hashes the weights of a model once, although several outputs read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline

from pretzel.importers import export
from pretzel.plan.digest import Digest
from pretzel.plan.graph import topological

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 60))
Y = X[:, 0] * X[:, 1] + RNG.normal(size=400)
TEXTS = [" ".join(f"w{i}" for i in RNG.integers(0, 3000, 60)) for _ in range(200)]
KEYS = 20_000
"""Bytes of the keys of nodes and of parameters of a few values, which are hashed in any case."""


MODELS: dict[str, Callable[[], Any]] = {
    "one score": lambda: Ridge().fit(X, Y),
    "several scores": lambda: LogisticRegression(max_iter=2).fit(X, np.arange(400) % 40),
    "large": lambda: _wide(40, 10_000),
    "text": lambda: make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=2)).fit(TEXTS, np.arange(200) % 5),
    "forest": lambda: RandomForestRegressor(20, random_state=0).fit(X, Y),
    "boosted": lambda: GradientBoostingRegressor(max_depth=6, random_state=0).fit(X, Y),
    "layers": lambda: MLPRegressor(hidden_layer_sizes=(80,), max_iter=2).fit(X, Y),
}


def _wide(classes: int, width: int) -> LogisticRegression:
    """A model whose contributions are too large to be served unless they are asked for."""
    fitted = LogisticRegression()
    fitted.coef_, fitted.intercept_ = RNG.normal(size=(classes, width)), np.zeros(classes)
    fitted.classes_, fitted.n_features_in_ = np.arange(classes), width
    return fitted


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_weights_are_hashed_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, hashed, of = MODELS[name](), [], Digest.of
    monkeypatch.setattr(Digest, "of", lambda data: hashed.append(memoryview(data).nbytes) or of(data))
    nodes = topological(export(model).outputs.values())
    stored = {p.digest: p.nbytes for node in nodes for p in node.parameters.values()}
    assert sum(hashed) <= 1.1 * sum(stored.values()) + KEYS


@pytest.mark.long
def test_a_large_output_is_on_request() -> None:
    model = _wide(40, 10_000)
    assert export(model).metadata["on_request"] == ["contributions"]
    assert "contributions[39]" in export(model, outputs=["contributions"]).outputs
