"""Importer of StringEncoder: weighted n-grams of texts, projected."""

from __future__ import annotations

from typing import Any

import numpy as np
from skrub import StringEncoder

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@imports(StringEncoder)
def string_encoder(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the projected n-grams of one column of texts; missing texts are empty."""
    return {"transform": encoded(estimator, filled(x), step)}


def filled(x: Columns) -> Node:
    """Return one column of texts, with empty texts in place of missing ones."""
    return ops.Impute(x.text(), Parameter.strings([""]))


def encoded(estimator: Any, texts: Node, step: Step) -> Node:
    """Return the projected n-grams of texts in float32."""
    weighted = ops.Cast(step.transform("vectorizer_", estimator.vectorizer_, Columns.of(texts)), "f32")
    if hasattr(estimator, "tsvd_"):
        projected = step.transform("tsvd_", estimator.tsvd_, Columns.of(weighted))
    else:
        first = np.arange(estimator.n_components_)
        projected = ops.Densify(ops.Select(weighted, Parameter.of(first)))
    scale = np.full(projected.type.columns, estimator.scaling_factor_, projected.type.numpy)
    divided = ops.Standardize(projected, None, Parameter.of(scale))
    return divided if divided.type.dtype == "f32" else ops.Cast(divided, "f32")
