"""SA: sentiment pipelines that share word and character dictionaries as those of the paper do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from benchmarks.paper.sizes import Size
from benchmarks.paper.workloads.corpus import Corpus

USES = (86, 85, 46, 9, 9, 8, 7)
"""Of 250 models, the number for each pair of a word and a character version (figure 3 of the paper)."""
CHARACTERS = (1, 2, 3, 4, 4, 5, 6)
"""The character version of each word version: w4 and w5 share one."""
WORD_OPTIONS: Sequence[dict[str, Any]] = (
    {"ngram_range": (1, 2)},
    {"ngram_range": (1, 2), "sublinear_tf": True},
    {"ngram_range": (1, 3)},
    {"ngram_range": (1, 2), "binary": True},
    {"ngram_range": (1, 3), "norm": "l1"},
    {"ngram_range": (1, 2), "token_pattern": r"[a-z']+"},
    {"ngram_range": (1, 2), "strip_accents": "unicode"},
)
CHARACTER_OPTIONS: Sequence[dict[str, Any]] = (
    {"analyzer": "char_wb", "ngram_range": (2, 4)},
    {"analyzer": "char_wb", "ngram_range": (3, 5)},
    {"analyzer": "char", "ngram_range": (2, 4)},
    {"analyzer": "char", "ngram_range": (1, 1)},
    {"analyzer": "char_wb", "ngram_range": (1, 1)},
    {"analyzer": "char", "ngram_range": (1, 1), "lowercase": False},
)
LARGE_CHARACTERS = 0.1
"""Terms of a large character dictionary in those of the largest word dictionary: the paper's are far smaller."""
TYPE = np.float32
"""The paper's weights have 32 bits as well."""
CHARACTER_TEXTS, HEAD_ROWS = 10_000, 3000


@dataclass(frozen=True)
class Prefix:
    """The featurizers of some models, and the features of the texts that heads are fitted on."""

    steps: FeatureUnion
    features: sparse.csr_matrix


class Sentiment:
    """The pipelines of one size over one corpus; what they share is fitted when the first of them needs it."""

    def __init__(self, corpus: Corpus, size: Size) -> None:
        """Fit on all texts but the last ``size.asked``, which experiments ask about."""
        self._asked = min(size.asked, len(corpus.texts) // 2)
        self._corpus, self._size = corpus, size
        self._prefixes: dict[int, Prefix] = {}
        self._texts = corpus.texts[: -self._asked]
        self._rows = min(HEAD_ROWS, len(self._texts) // 2)

    @property
    def asked(self) -> list[str]:
        """The texts that nothing was fitted on."""
        return list(self._corpus.texts[-self._asked :])

    @cached_property
    def versions(self) -> Sequence[int]:
        """The prefix of each model, mixed, so that the first few models have several."""
        counts = shares_of(USES, self._size.models)
        return np.random.default_rng(1).permutation(np.repeat(np.arange(len(USES)), counts)).tolist()

    def parts(self, number: int) -> tuple[str, ...]:
        """Return the versions of the featurizers of a model."""
        version = self.versions[number]
        return f"w{version + 1}", f"c{CHARACTERS[version]}"

    def estimator(self, number: int) -> Pipeline:
        """Fit the head of a model on texts of its own, behind its featurizers."""
        prefix = self._prefix(self.versions[number])
        random = np.random.default_rng(number)
        chosen = random.choice(prefix.features.shape[0], self._rows, replace=False)
        head = LogisticRegression(C=float(10 ** random.uniform(-1, 0.3)), tol=1e-3)
        head.fit(prefix.features[chosen], self._corpus.labels[chosen])
        return Pipeline([("features", prefix.steps), ("head", head)])

    def _prefix(self, version: int) -> Prefix:
        if version not in self._prefixes:
            words = TfidfVectorizer(max_features=self._size.terms, dtype=TYPE, **WORD_OPTIONS[version]).fit(self._texts)
            options = CHARACTER_OPTIONS[CHARACTERS[version] - 1]
            most = max(100, int(self._size.terms * LARGE_CHARACTERS))
            characters = TfidfVectorizer(max_features=most, dtype=TYPE, **options).fit(self._texts[:CHARACTER_TEXTS])
            steps = FeatureUnion([("words", words), ("characters", characters)])
            features = steps.transform(self._texts[: 2 * self._rows]).tocsr()
            self._prefixes[version] = Prefix(steps, features)
        return self._prefixes[version]


def shares_of(counts: Sequence[int], total: int) -> list[int]:
    """Divide a total in the proportions of some counts, by the largest remainders."""
    exact = np.asarray(counts) * total / sum(counts)
    shares = np.floor(exact).astype(int)
    for index in np.argsort(shares - exact, kind="stable")[: total - shares.sum()]:
        shares[index] += 1
    return [int(share) for share in shares]
