"""Naive Bayes, over random numbers, counts and categories."""

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn import naive_bayes

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(5)
X = _random.normal(size=(60, 4)) + [0.0, 1.0, -1.0, 0.5]
COUNTS = _random.poisson(1.2, size=(60, 5)).astype(np.float64)
CATEGORIES = _random.integers(0, 4, size=(60, 3))
CLASSES = np.digitize(X[:, 0] + COUNTS[:, 1] + CATEGORIES[:, 2], [2.0, 4.0]) * 10
NAMES = np.where(CLASSES > 10, "many", "few")
PRIORS = [0.5, 0.25, 0.25]

SMOOTHING: dict[str, Any] = {
    "alpha": [0.0625, 0.0],
    "force_alpha": [(False, {"alpha": 0.0})],
    "fit_prior": [False],
    "class_prior": [PRIORS],
}
ALONE: dict[str, Any] = {"fit_prior": FIT_ONLY, "class_prior": FIT_ONLY}
"""ComplementNB reads the priors only for one class, where they do not change the answer."""


def _counting(kind: type, **options: Any) -> list[Example]:
    options = SMOOTHING | options
    return [
        Example(kind, fitting(kind, COUNTS, CLASSES), options),
        Example(kind, fitting(kind, COUNTS, NAMES)),
        Example(kind, fitting(kind, csr_matrix(COUNTS), CLASSES)),
        Example(kind, fitting(kind, COUNTS, np.ones(60))),
    ]


EXAMPLES = [
    Example(
        naive_bayes.GaussianNB,
        fitting(naive_bayes.GaussianNB, X, CLASSES),
        {"priors": [PRIORS], "var_smoothing": [0.1]},
    ),
    Example(naive_bayes.GaussianNB, fitting(naive_bayes.GaussianNB, X, NAMES)),
    *_counting(naive_bayes.MultinomialNB),
    *_counting(naive_bayes.ComplementNB, norm=[True], **ALONE),
    *_counting(naive_bayes.BernoulliNB, binarize=[1.0, None]),
    Example(
        naive_bayes.CategoricalNB,
        fitting(naive_bayes.CategoricalNB, CATEGORIES, CLASSES),
        SMOOTHING | {"min_categories": [6]},
    ),
    Example(naive_bayes.CategoricalNB, fitting(naive_bayes.CategoricalNB, CATEGORIES, NAMES)),
]
