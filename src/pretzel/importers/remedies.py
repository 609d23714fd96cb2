"""Remedies for steps of classes without an importer, by the kind of class."""

from __future__ import annotations

from typing import Any

from pretzel.importers.families import load_rest

PREDICTS = ("predict", "predict_proba", "transform")
PAGE = "docs/operators.md lists those that are served"
REGISTER = "register an importer of it (docs/importers.md)"


def unknown_class(estimator: Any, known: dict[type, Any]) -> tuple[str, str]:
    """Return the reason and the remedy for an estimator of a class without an importer."""
    kind = type(estimator)
    if isinstance(estimator, type):
        return f"{estimator.__qualname__} is a class", "pass an estimator of it that is fitted"
    if hasattr(kind, "fit_resample"):
        return "it resamples rows, which it does only while fitting", _without_sampler(kind)
    if not hasattr(kind, "fit"):
        return "it is not an estimator", "pass a fitted estimator, or the path of a model's file"
    if not any(hasattr(kind, name) for name in PREDICTS):
        reason = "it has neither predict nor transform: it knows only its training rows"
        return reason, "fit a classifier on its labels, or use a clusterer with predict, such as KMeans"
    load_rest()  # one of the others may have its name
    namesakes = [one for one in known if one.__name__ == kind.__name__]
    if namesakes:  # in an order that does not depend on what was imported first
        namesake = min(namesakes, key=lambda one: (not one.__module__.startswith("sklearn."), one.__module__))
        return "no importer knows its class", f"use {namesake.__module__.partition('._')[0]}.{namesake.__qualname__}"
    return (
        "no importer knows its class",
        f"use another estimator ({PAGE}), or {REGISTER}",
    )


def redefined(estimator: Any, base: type) -> str:
    """Return the remedy for a subclass of ``base`` that redefines methods that answer."""
    if hasattr(estimator, "steps"):
        return f"rebuild it as scikit-learn's own: sklearn.pipeline.Pipeline({_kept(estimator)})"
    return f"use a {base.__name__}, or a subclass that redefines only how it is fitted"


def _without_sampler(kind: type) -> str:
    return f"leave it out: a Pipeline of the other fitted steps predicts the same without {kind.__name__}"


def _kept(estimator: Any) -> str:
    """Return the expression for the steps that act when predicting."""
    samplers = any(hasattr(step, "fit_resample") for _, step in estimator.steps)
    return "[(n, s) for n, s in model.steps if not hasattr(s, 'fit_resample')]" if samplers else "model.steps"
