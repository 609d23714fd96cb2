"""Consecutive equal checks are merged."""

from __future__ import annotations

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import RequireFinite


@rule(on(RequireFinite, x=RequireFinite))
def merge_require_finite(graph: Graph, outer: RequireFinite, inner: RequireFinite) -> Node | None:
    """A check behind one that is at least as strict never rejects anything.

    Before::

        %x = input column="x" kind="f64[2]"
        %1 = require_finite %x owner="PCA"
        %2 = require_finite %1 owner="LogisticRegression"
        output "y" = %2

    After::

        %x = input column="x" kind="f64[2]"
        %1 = require_finite %x owner="PCA"
        output "y" = %1
    """
    if inner.allow_nan and not outer.allow_nan:  # a NaN passes the scaler and must be rejected by the classifier
        return None
    return inner
