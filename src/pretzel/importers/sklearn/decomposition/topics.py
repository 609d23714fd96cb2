"""Latent topics of documents."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import LatentDirichletAllocation

from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_TOPICS
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.matrices import checked
from pretzel.plan import ops
from pretzel.plan.ops.decomposition import MAX_ITERATIONS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES


@imports(LatentDirichletAllocation)
def latent_dirichlet_allocation(estimator: Any, x: Columns, step: Step) -> Methods:
    """The share of each topic in a document, inferred from the document alone."""
    if estimator.max_doc_update_iter > MAX_ITERATIONS:
        remedy = f"use at most {MAX_ITERATIONS}, and refit"
        raise step.refuse("max_doc_update_iter", "one document might occupy a worker for a long time", remedy)
    words = np.ascontiguousarray(estimator.exp_dirichlet_component_)
    if words.dtype == np.float32:
        step.may_differ(ROUNDED_TOPICS.reason, ROUNDED_TOPICS.remedy)
    node = checked(x, estimator, DTYPE_NAMES[words.dtype])
    shares = ops.Topics(
        node,
        Parameter.of(words),
        prior=float(estimator.doc_topic_prior_),
        tolerance=float(estimator.mean_change_tol),
        iterations=int(estimator.max_doc_update_iter),
    )
    return {"transform": ops.Link(shares, "shares")}
