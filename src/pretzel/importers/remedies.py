"""Remedies for steps whose class no importer knows, by what the class is."""

from __future__ import annotations

from typing import Any

PREDICTS = ("predict", "predict_proba", "transform")
PAGE = "docs/operators.md lists those that are served"


def unknown_class(estimator: Any, known: dict[type, Any]) -> tuple[str, str]:
    """Return why an estimator of a class without importer cannot be served, and what to do instead."""
    kind = type(estimator)
    if isinstance(estimator, type):
        return f"{estimator.__qualname__} is a class", "pass an estimator of it that is fitted"
    if hasattr(kind, "fit_resample"):
        return "it resamples rows, which it does only while fitting", _without_sampler(kind)
    if not hasattr(kind, "fit"):
        return "it is not an estimator", "pass a fitted estimator, or the path of a model's file"
    if not any(hasattr(kind, name) for name in PREDICTS):
        said = "it has neither predict nor transform: it knows only the rows that it was fitted on"
        return said, "fit a classifier on the labels that it found, or use a clusterer with predict, such as KMeans"
    alike = next((one for one in known if one.__name__ == kind.__name__), None)
    if alike is not None:
        return "no importer knows its class", f"use {alike.__module__.partition('._')[0]}.{alike.__qualname__}"
    return "no importer knows its class", f"use another estimator ({PAGE})"


def redefined(estimator: Any, base: type) -> str:
    """Return what to do instead of a subclass of ``base`` that redefines what answers."""
    if hasattr(estimator, "steps"):
        return f"rebuild it as scikit-learn's own: sklearn.pipeline.Pipeline({_kept(estimator)})"
    return f"use a {base.__name__}, or a subclass that redefines only how it is fitted"


def _without_sampler(kind: type) -> str:
    return f"leave it out: a Pipeline of the other fitted steps predicts the same without {kind.__name__}"


def _kept(estimator: Any) -> str:
    """Return the expression of the steps that act when predicting."""
    samplers = any(hasattr(step, "fit_resample") for _, step in estimator.steps)
    return "[(n, s) for n, s in model.steps if not hasattr(s, 'fit_resample')]" if samplers else "model.steps"
