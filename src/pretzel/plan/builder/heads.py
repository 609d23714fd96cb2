"""Steps at the end of a model: links, decisions, labels."""

from __future__ import annotations

from typing import Any, Self

from pretzel.plan.builder.arrays import parameter
from pretzel.plan.builder.steps import Steps


class HeadSteps(Steps):
    """Methods of a value that is a score (one value per row) or one score per class (columns)."""

    __slots__ = ()

    def link(self, function: str) -> Self:
        """Return a link function of the scores; ``describe("link")`` lists them."""
        return self.step("link", function=function)

    def sigmoid(self) -> Self:
        """Return ``1 / (1 + exp(-x))`` of each value, in the same shape."""
        return self.step("link", function="sigmoid", called="sigmoid")

    def sigmoid_pair(self) -> Self:
        """Return the probabilities ``[1 - p, p]`` of two classes, with p the sigmoid of one score: f64 to f64[2]."""
        return self.step("link", function="sigmoid_pair", called="sigmoid_pair")

    def softmax(self) -> Self:
        """Return the probabilities of k classes from their scores: f64[k] to f64[k]."""
        return self.step("link", function="softmax", called="softmax")

    def log(self) -> Self:
        """Return the logarithms of probabilities, as ``predict_log_proba``, in the same shape."""
        return self.step("link", function="log", called="log")

    def argmax(self) -> Self:
        """Return the position of the largest column, the first of equal ones: f64[k] to i64."""
        return self.step("arg_max", called="argmax")

    def argmin(self) -> Self:
        """Return the position of the smallest column, the first of equal ones: f64[k] to i64."""
        return self.step("arg_min", called="argmin")

    def threshold(self, value: float = 0.0, *, inclusive: bool = False) -> Self:
        """Return 1 for values above ``value`` (or equal, if ``inclusive``), otherwise 0: to i64 in the same shape."""
        return self.step("threshold", value=value, inclusive=inclusive)

    def labels(self, labels: Any) -> Self:
        """Return the label of each code, ``labels[code]``: one i64 per row to one text or number per row.

        ``labels`` is a list of texts or an array of numbers.  As ``predict``, clients see them as the classes.
        """
        return self.step("label_lookup", labels=self.argument("labels", "labels", parameter, labels), called="labels")
