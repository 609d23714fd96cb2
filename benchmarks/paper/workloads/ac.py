"""AC: attendee counts of rows of 40 numbers, by pipelines from 10 KB to 20 MB that share no featurizer."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor, RandomTreesEmbedding, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.paper.sizes import Size
from benchmarks.paper.workloads.sa import shares_of

COLUMNS, MOST_COUNT = 40, 9
KINDS = ("trivial", "forest", "parallel")
"""A linear model; a forest over principal components; and all featurizers of the paper in parallel before a forest."""
USES = (45, 55, 150)
ROWS, ROWS_PER_MODEL = 8000, 2500
FEWEST_TREES, MOST_TREES = 3, 240
MISSING = 0.05


class Attendees:
    """The pipelines of one size over one generated table."""

    def __init__(self, size: Size) -> None:
        """Generate the table; experiments ask about rows that nothing is fitted on."""
        self._size = size
        self._rows, self._counts = _table(ROWS + size.asked)

    @property
    def asked(self) -> np.ndarray:
        """The rows that nothing was fitted on."""
        return self._rows[ROWS:]

    @cached_property
    def kinds(self) -> list[str]:
        """The kind of each model, mixed."""
        counts = shares_of(USES, self._size.models)
        return [str(kind) for kind in np.random.default_rng(2).permutation(np.repeat(KINDS, counts))]

    def parts(self, number: int) -> tuple[str, ...]:
        """Return the kind of a model."""
        return (self.kinds[number],)

    def estimator(self, number: int) -> Pipeline:
        """Fit a model on rows of its own; the sizes of models spread evenly on a logarithmic scale."""
        random = np.random.default_rng(number)
        chosen = random.choice(ROWS, ROWS_PER_MODEL, replace=False)
        steps = _STEPS[self.kinds[number]](random, number)
        return make_pipeline(*steps).fit(self._rows[chosen], self._counts[chosen])


def _table(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows with missing values, and a count that depends on sums, products and groups of their columns."""
    random = np.random.default_rng(3)
    values = random.normal(size=(rows, COLUMNS))
    values[:, 10:20] = values[:, :10] * 0.7 + 0.3 * values[:, 10:20]
    values[:, 20:25] = random.integers(0, 4, size=(rows, 5))
    rate = 1.2 + 0.6 * values[:, 0] * values[:, 1] + 0.5 * (values[:, 20] == 2) + 0.4 * values[:, 30:40].sum(1) / 3
    counts = np.minimum(random.poisson(np.exp(np.clip(rate, -2, 2)) / 2), MOST_COUNT)
    values[random.random(size=values.shape) < MISSING] = np.nan
    return values, counts


def _trivial(random: np.random.Generator, number: int) -> list[Any]:
    return [SimpleImputer(), StandardScaler(), Ridge(alpha=float(random.uniform(0.1, 10)))]


def _forest(random: np.random.Generator, number: int) -> list[Any]:
    return [
        SimpleImputer(),
        StandardScaler(),
        PCA(int(random.integers(5, 30)), random_state=number),
        _last(random, number),
    ]


def _parallel(random: np.random.Generator, number: int) -> list[Any]:
    union = FeatureUnion(
        [
            ("components", PCA(int(random.integers(5, 20)), random_state=number)),
            ("clusters", KMeans(int(random.integers(4, 16)), n_init=1, max_iter=50, random_state=number)),
            (
                "leaves",
                RandomTreesEmbedding(
                    int(random.integers(5, 15)), max_depth=4, sparse_output=False, random_state=number
                ),
            ),
            ("classes", VotingClassifier([("boosting", _classes(random, number))], voting="soft")),
        ]
    )
    return [SimpleImputer(), StandardScaler(), union, _last(random, number)]


def _classes(random: np.random.Generator, number: int) -> Any:
    """Return trees of all classes: LightGBM's and scikit-learn's, in turn."""
    trees = int(random.integers(5, 15))
    if number % 2:
        return RandomForestClassifier(trees, max_depth=6, n_jobs=1, random_state=number)
    return LGBMClassifier(n_estimators=trees, num_leaves=15, n_jobs=1, random_state=number, verbose=-1)


def _last(random: np.random.Generator, number: int) -> RandomForestRegressor:
    trees = int(np.exp(random.uniform(np.log(FEWEST_TREES), np.log(MOST_TREES))))
    return RandomForestRegressor(trees, max_features=0.2, min_samples_leaf=1, n_jobs=1, random_state=number)


_STEPS = {"trivial": _trivial, "forest": _forest, "parallel": _parallel}
