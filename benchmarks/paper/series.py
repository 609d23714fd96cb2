"""Models that differ in one size only: in the terms of their dictionary, or in their trees."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

import pretzel
from benchmarks.paper.workloads import Member, Workload
from pretzel.plan import bundle

FEWEST_TERMS, RANGE, POINTS = 100, 1000, 6
"""Terms of the smallest dictionary; the largest in the smallest, at most; and dictionaries."""
TREES = (1, 4, 16, 64, 256)
TREES_SOON = TREES[:4]
"""Those of runs of fewer models than ``MANY``."""
MANY = 100


def dictionaries(workload: Workload, folder: Path) -> Iterator[tuple[int, Member]]:
    """Yield models over the most frequent terms of a word dictionary of SA, from few terms to all of them."""
    vectorizer = workload.members[0].estimator()[0].transformer_list[0][1]
    terms = np.array(vectorizer.get_feature_names_out(), dtype=object)
    frequent = np.argsort(vectorizer.idf_, kind="stable")
    labels = np.arange(len(workload.rows)) % 2
    for count in _counts(len(terms)):
        chosen = clone(vectorizer).set_params(vocabulary=terms[np.sort(frequent[:count])].tolist(), max_features=None)
        pipeline = make_pipeline(chosen, LogisticRegression(solver="liblinear", tol=0.01)).fit(workload.rows, labels)
        yield count, _kept(folder, f"terms-{count}", pipeline)


def _counts(terms: int) -> Sequence[int]:
    fewest = min(terms, max(FEWEST_TERMS, terms // RANGE))
    return sorted({int(count) for count in np.geomspace(fewest, terms, POINTS).round()})


def forests(workload: Workload, folder: Path) -> Iterator[tuple[int, Member]]:
    """Yield forests over the columns of AC, from one tree to many."""
    known = np.nan_to_num(np.asarray(workload.rows, dtype=float))
    target = known[:, 0] * known[:, 1] + known[:, 30:].sum(axis=1)
    for count in TREES if len(workload.members) >= MANY else TREES_SOON:
        forest = RandomForestRegressor(count, max_features=0.2, n_jobs=1, random_state=0)
        yield count, _kept(folder, f"trees-{count}", make_pipeline(SimpleImputer(), forest).fit(workload.rows, target))


def _kept(folder: Path, name: str, pipeline: Pipeline) -> Member:
    paths = folder / f"{name}.pickle", folder / f"{name}.pretzel"
    paths[0].write_bytes(pickle.dumps(pipeline))
    bundle.save(paths[1], pretzel.export(pipeline))
    return Member(name, *paths, ())
