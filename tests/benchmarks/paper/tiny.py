"""Tiny workloads of real fits: a few text classifiers over one vectorizer, and regressors over 40 columns."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from benchmarks.paper.sizes import Size
from benchmarks.paper.workloads import Member, Workload
from pretzel.plan import bundle

MEMBERS, COLUMNS = 4, 40
_WORDS = "good bad fine coffee tea service slow quick table food warm cold come back the was and but would not".split()


def make(name: str, size: Size, folder: Path, corpus: Path | None, progress: Callable[[str], None]) -> Workload:
    """Fit a workload; the signature is that of the real ones."""
    progress("fits")
    random = np.random.default_rng(0)
    return _texts(folder, random) if name == "SA" else _numbers(folder, random)


def _texts(folder: Path, random: np.random.Generator) -> Workload:
    texts = [" ".join(random.choice(_WORDS, 12)) for _ in range(200)]
    union = FeatureUnion([("c", TfidfVectorizer(analyzer="char", ngram_range=(2, 3))), ("w", TfidfVectorizer())])
    rows = union.fit_transform(texts)
    heads = [LogisticRegression().fit(rows, random.integers(0, 2, len(texts))) for _ in range(MEMBERS)]
    members = [_kept(folder, f"sa-{i}", make_pipeline(union, head), ("c1", "w1")) for i, head in enumerate(heads)]
    return Workload("SA", members, texts[:20], "Random words.")


def _numbers(folder: Path, random: np.random.Generator) -> Workload:
    rows = random.normal(size=(200, COLUMNS))
    target = rows[:, 0] + rows[:, 1] ** 2
    final = [LinearRegression() if i % 2 else RandomForestRegressor(5, random_state=i) for i in range(MEMBERS)]
    pipelines = [make_pipeline(StandardScaler(), item).fit(rows, target) for item in final]
    members = [_kept(folder, f"ac-{i}", pipeline, ("forest",)) for i, pipeline in enumerate(pipelines)]
    return Workload("AC", members, rows[:20], "Random numbers.")


def _kept(folder: Path, name: str, pipeline: Any, parts: tuple[str, ...]) -> Member:
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}.pickle", folder / f"{name}.definition"
    paths[0].write_bytes(pickle.dumps(pipeline))
    bundle.save(paths[1], pretzel.export(pipeline))
    return Member(name, *paths, parts)
