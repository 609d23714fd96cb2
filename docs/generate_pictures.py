"""Take the pictures of console.md, of a real `pretzel up` under load, in chromium: `python -m docs.generate_pictures`.

It needs chromium, the package `playwright`, and three minutes.
"""

from __future__ import annotations

import inspect
import itertools
import math
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_iris, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler

from tests.e2e.up import Up, started

HERE = Path(__file__).parent
LIBRARIES = ("numpy", "pandas", "scipy.stats", "sklearn.metrics")
"""The topics: texts are paragraphs of their documentation."""
LIKE = 16
"""Models with the same features."""
SECONDS, RATE = 150, 30.0
"""Length of the load, and its mean calls per second."""
FEATURES = 20_000


def main() -> None:
    """Deploy models that share features, call them, and take two pictures."""
    texts, topics = corpus()
    with tempfile.TemporaryDirectory() as directory, started(Path(directory), "--console=0", "--http=off") as up:
        deploy(up, texts, topics)
        call(up, texts)
        take(up.facts["console"])


def corpus() -> tuple[list[str], np.ndarray]:
    """Return paragraphs of the documentation of libraries, and the number of each one's library."""
    found = [(text, number) for number, name in enumerate(LIBRARIES) for text in paragraphs(name)]
    random.Random(0).shuffle(found)
    return [text for text, _ in found], np.array([number for _, number in found])


def paragraphs(name: str) -> Iterator[str]:
    """Yield the longer paragraphs of what a module documents."""
    members = [member for key, member in vars(import_module(name)).items() if not key.startswith("_")]
    documented = itertools.chain.from_iterable((inspect.getdoc(one) or "").split("\n\n") for one in members)
    return (" ".join(text.split()) for text in dict.fromkeys(documented) if len(text) > 60)


def deploy(up: Up, texts: list[str], topics: np.ndarray) -> None:
    """Deploy models over the same features of texts, and a few others."""
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=FEATURES, sublinear_tf=True)
    words = TfidfVectorizer(ngram_range=(1, 2), max_features=FEATURES)
    features = FeatureUnion([("characters", characters), ("words", words)]).fit(texts)
    x, random_numbers = features.transform(texts), np.random.default_rng(0)
    iris, wine = load_iris(return_X_y=True), load_wine(return_X_y=True)
    scaled = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
    with up.plane() as plane:
        for name, target in (("topics-library", topics), *((f"from-{i:02}", None) for i in range(LIKE))):
            target = random_numbers.integers(0, 4, len(texts)) if target is None else target
            head = SGDClassifier(loss="log_loss", max_iter=3, tol=None, random_state=0).fit(x, target)
            plane.deploy(name, Pipeline([("features", features), ("model", head)]), sample=texts[:50])
        plane.deploy("iris-logistic", scaled.fit(*iris), sample=iris[0])
        plane.deploy("wine-forest", RandomForestClassifier(50, random_state=0).fit(*wine), sample=wine[0])


def call(up: Up, texts: list[str]) -> None:
    """Call the models for a while, at a rate that rises and falls."""
    choice, began = random.Random(1), time.monotonic()
    rows = {"iris-logistic": load_iris().data[:1], "wine-forest": load_wine().data[:1]}
    names = ["topics-library", *rows, *(f"from-{i:02}" for i in range(LIKE))]
    weights = [8, 6, 4, *(3 / (1 + i) for i in range(LIKE))]
    with up.client() as client:
        while (now := time.monotonic() - began) < SECONDS:
            (name,) = choice.choices(names, weights)
            client.predict(name, rows.get(name, [choice.choice(texts)]))
            time.sleep(choice.expovariate(RATE * (1 + 0.7 * math.sin(now / SECONDS * math.tau))))


def take(address: str) -> None:
    """Take the pictures."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        sync_playwright() as driver,
        driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser,
    ):
        page: Any = browser.new_page(viewport={"width": 1100, "height": 900}, color_scheme="light")
        page.goto(address)
        page.screenshot(path=HERE / "console-overview.png")
        page.set_viewport_size({"width": 1100, "height": 1000})
        page.goto(f"{address}/model?name=topics-library")
        page.locator("svg.plan").locator("xpath=..").locator("xpath=..").evaluate("part => part.scrollIntoView()")
        page.screenshot(path=HERE / "console-plan.png")


if __name__ == "__main__":
    main()
