"""Steps of models: products, distances, trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pretzel.plan.builder.arrays import floats
from pretzel.plan.builder.forest import ensemble
from pretzel.plan.builder.steps import Steps


class ModelSteps(Steps):
    """Methods of a value that is a row of features, dense or sparse floats."""

    __slots__ = ()

    def linear(self, weights: Any, bias: Any = None, *, in_order: bool = False) -> Self:
        """Return ``x @ weights + bias``: dense floats.

        Args:
            weights: ``[width]`` for one value per row, ``[width, k]`` for k columns (scikit-learn's ``coef_.T``).
            bias: one number, or k.
            in_order: add in the order of the columns, for results whose last bit matters.
        """
        learned = self.argument("linear", "weights", floats, weights)
        outputs = learned.shape[1:] if len(learned.shape) == 2 else (1,)
        added = None if bias is None else self.argument("linear", "bias", floats, bias, outputs)
        return self.step("linear", weights=learned, bias=added, in_order=in_order)

    def distances(self, centers: Any, metric: str = "euclidean", *, p: float = 2.0) -> Self:
        """Return the distance to each of the ``[k, width]`` centers; ``describe("distances")`` lists the metrics."""
        learned = self.argument("distances", "centers", floats, centers)
        return self.step("distances", centers=learned, metric=metric, p=p)

    def trees(
        self,
        trees: Sequence[Mapping[str, Any]],
        *,
        base: Any = 0.0,
        group: Any = None,
        aggregate: str = "sum",
        strict: bool = False,
    ) -> Self:
        """Return the sum or the mean of the leaves that a row reaches: dense floats to one value or k columns.

        Args:
            trees: for each tree a mapping of arrays with one entry per node, the root first: ``feature``,
                ``threshold``, ``left`` and ``right`` (the children, -1 at leaves), ``value`` (``[nodes]`` or
                ``[nodes, k]``; that of leaves counts), and optionally ``missing_left`` (False: NaN goes right).
            base: the first summand: one number, or one per column.
            group: the column to which each tree adds, for one tree per class and round.
            aggregate: ``sum`` or ``mean``; sums are taken in the order of the trees.
            strict: a row goes left if its value is below the threshold, rather than at or below it (XGBoost).
        """
        arrays = self.argument("trees", "trees", ensemble, trees, base, group)
        return self.step("tree_ensemble", **arrays, aggregate=aggregate, strict=strict, called="trees")
