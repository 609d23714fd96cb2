"""Sibling models: one fitted text pipeline, and copies of it whose weights differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import pretzel
from pretzel.plan.definition import Definition, from_tree, to_tree
from pretzel.plan.parameter import Parameter

WORDS_A_TEXT = 40
WEIGHTS = "weights"


@dataclass(frozen=True)
class Family:
    """A pipeline of tf-idf and a logistic regression, and a text to score."""

    definition: Definition
    text: str

    @classmethod
    def fitted(cls, features: int) -> Family:
        """Fit a pipeline with a vocabulary of so many words."""
        words = _words(features)
        draw = np.random.default_rng(1)
        texts = [" ".join(words[i : i + WORDS_A_TEXT]) for i in range(0, features, WORDS_A_TEXT)]
        pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
        pipeline.fit(texts * 2, draw.integers(0, 2, 2 * len(texts)))
        return cls(pretzel.export(pipeline), " ".join(draw.choice(words, WORDS_A_TEXT)))

    def sibling(self, number: int) -> Definition:
        """Return a copy with its own weights; everything else is shared."""
        tree: Any = to_tree(self.definition)
        parameters = dict(self.definition.parameters)
        for node in tree["nodes"]:
            if WEIGHTS in node["parameters"]:
                changed = self._perturbed(node["parameters"][WEIGHTS], number)
                node["parameters"][WEIGHTS] = str(changed.digest)
                parameters[changed.digest] = changed
        return from_tree(tree, parameters)

    def _perturbed(self, digest: str, number: int) -> Parameter:
        (weights,) = (p.array for d, p in self.definition.parameters.items() if str(d) == digest)
        noise = np.random.default_rng(number).normal(scale=0.01, size=weights.shape)
        return Parameter.of(weights + noise)


def _words(count: int) -> list[str]:
    """Return distinct words of lower-case letters."""
    draw = np.random.default_rng(0)
    letters = draw.integers(ord("a"), ord("z") + 1, (count, 8)).astype(np.uint8)
    return [f"{bytes(row).decode()}{_letters(i)}" for i, row in enumerate(letters)]


def _letters(number: int) -> str:
    """Write a number in letters, so that words are distinct."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
