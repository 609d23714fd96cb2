"""Pipelines of imbalanced-learn: those of scikit-learn without their samplers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imblearn.pipeline import Pipeline
from sklearn import pipeline as sklearn

from pretzel.importers.answers import asks_inner
from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.handing import hands_on
from pretzel.importers.sklearn.compose.steps import handed_on_by_pipeline, last_step, pipeline


@imports(Pipeline)
def imblearn_pipeline(estimator: Pipeline, x: Columns, step: Step) -> Methods:
    """Return the methods of the last step over the transforms of those before it, without samplers."""
    if _is_sampler(estimator.steps[-1][1]):
        raise step.refuse("", "its last step is a sampler, which does nothing after fitting", "end it with a model")
    return pipeline(_predicting(estimator), x, step)


@hands_on(Pipeline)
def handed_on(estimator: Pipeline, x: Columns, step: Step) -> Columns:
    """Return the columns that the last step passes on."""
    return handed_on_by_pipeline(_predicting(estimator), x, step)


@asks_inner(Pipeline)
def last_step_of_imblearn(estimator: Pipeline) -> tuple[Any, Callable[[Any], Any]]:
    """Return the last step, and the transform of the steps before it."""
    return last_step(_predicting(estimator))


def _predicting(estimator: Pipeline) -> sklearn.Pipeline:
    """Return a pipeline of scikit-learn that passes by samplers, so that the positions of steps stay."""
    steps = [(name, "passthrough" if _is_sampler(one) else one) for name, one in estimator.steps]
    return sklearn.Pipeline(steps)


def _is_sampler(step: Any) -> bool:
    return hasattr(step, "fit_resample")
