"""Fitted estimators of scikit-learn that reject sparse matrices."""

from __future__ import annotations

from typing import Any

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Open

READ_ALL_THE_SAME = {"LinearClassifierMixin", "LinearModel", "RobustScaler"}
"""Names of classes whose methods read sparse matrices even where their fit rejects them."""
HAND_ON = ("steps", "transformers_", "transformer_list")
"""Attributes of estimators that hand the input to their parts, each of which accepts or rejects it."""


def note_refused_sparse(kind: type, estimator: Any, x: Columns, step: Any) -> None:
    """Record that a step is given the input of the model as it is, and rejects it if it is a sparse matrix."""
    if any(isinstance(part, Open) for part in x.parts) and _rejects_sparse(kind, estimator):
        step.inputs.dense_only = step.inputs.dense_only or step.path


def _rejects_sparse(kind: type, estimator: Any) -> bool:
    """Return whether the methods of a fitted estimator of scikit-learn reject every sparse matrix."""
    if not kind.__module__.startswith("sklearn.") or any(hasattr(estimator, name) for name in HAND_ON):
        return False
    if READ_ALL_THE_SAME & {base.__name__ for base in type(estimator).__mro__}:
        return False
    from sklearn.utils import get_tags  # only for its estimators: files of other libraries are read without it

    return not get_tags(estimator).input_tags.sparse or _was_fitted_on_dense(estimator)


def _was_fitted_on_dense(estimator: Any) -> bool:
    """Return whether it accepts sparse matrices only if it was fitted on one."""
    if getattr(estimator, "_sparse", True) is False:  # machines of libsvm
        return True
    return getattr(estimator, "_fit_method", None) in ("kd_tree", "ball_tree")
