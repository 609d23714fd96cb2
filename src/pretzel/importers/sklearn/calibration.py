"""Classifiers with calibrated probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV

from pretzel.importers.columns import Columns
from pretzel.importers.differences import STEEP_CURVES, STEEP_SIGMOIDS
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.rounding import is_rounded
from pretzel.importers.sklearn.common.labels import labelled
from pretzel.importers.sklearn.common.matrices import vector
from pretzel.importers.sklearn.common.members import Member, cast, divided, member, spread, stacked, times, total
from pretzel.importers.sklearn.isotonic import isotonic, note_steep
from pretzel.plan import ops
from pretzel.plan.node import Node

STEEP = 1e6  # steeper slopes turn the last digits of a score into significant digits of the probability
TINY = 1e-12  # the library adds it to a probability before taking the logarithm


@imports(CalibratedClassifierCV)
def calibrated_classifier(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the mean probabilities of the calibrated classifiers, one per fold, and the class of the largest."""
    calibrate = {"sigmoid": _sigmoid, "isotonic": _isotonic, "temperature": _temperature}[estimator.method]
    folds = estimator.calibrated_classifiers_
    parts = [
        calibrate(fold, member(step, f"calibrated_classifiers_[{i}]", fold.estimator, x))
        for i, fold in enumerate(folds)
    ]
    proba = divided(total(parts, "f64"), len(folds))
    return {"predict": labelled(ops.ArgMax(proba), estimator.classes_, step), "predict_proba": proba}


def _sigmoid(fold: Any, part: Member) -> Node:
    """Return the probabilities as a sigmoid of each score."""
    scores = cast(_predictions(fold, part), "f64")
    width = scores.type.columns
    slope, shift = (np.array([-getattr(one, name) for one in fold.calibrators[:width]]) for name in ("a_", "b_"))
    if np.abs(slope).max() > STEEP:
        part.step.may_differ(STEEP_SIGMOIDS.reason, STEEP_SIGMOIDS.remedy)
    return _complete(fold, part, ops.Link(ops.Affine(scores, vector(slope, width), vector(shift, width)), "sigmoid"))


def _isotonic(fold: Any, part: Member) -> Node:
    """Return the probabilities as an isotonic regression of each score."""
    scores = _predictions(fold, part)
    columns = [scores] if scores.type.width is None else [ops.Column(scores, i) for i in range(scores.type.width)]
    note_steep(fold.calibrators, scores, part.step)
    if len(part.fitted.classes_) < len(fold.classes) and is_rounded(scores):  # near the first knot all may be zero
        part.step.may_differ(STEEP_CURVES.reason, STEEP_CURVES.remedy)
    calibrators = fold.calibrators[: len(columns)]
    calibrated = [cast(isotonic(one, x), "f64") for one, x in zip(calibrators, columns, strict=True)]
    return _complete(fold, part, calibrated[0] if len(calibrated) == 1 else stacked(calibrated))


def _complete(fold: Any, part: Member, proba: Node) -> Node:
    """Return a probability per class: the complement as the other of two, normalized to sum to one for more.

    Of a fold that saw two of more classes the library has one score, that of the second, and takes it for the first's.
    """
    if len(fold.classes) == 2:
        return ops.Link(proba, "complement_pair")
    places = np.searchsorted(fold.classes, part.fitted.classes_)[: proba.type.columns]
    matrix = proba if proba.type.width is not None else ops.Concat((proba,))
    return ops.Link(spread(matrix, places, len(fold.classes)), "shares")


def _predictions(fold: Any, part: Member) -> Node:
    """Return the scores that are calibrated: one if the fold saw two classes, else one per class."""
    if len(part.fitted.classes_) > 2 and not hasattr(part.fitted, "decision_function"):
        return part.gives("predict_proba")
    return part.score()


def _temperature(fold: Any, part: Member) -> Node:
    """Return the softmax of the scores, or of the logarithms of the probabilities, over the temperature."""
    beta = float(fold.calibrators[0].beta_)
    if not hasattr(part.fitted, "decision_function"):
        proba = _predictions(fold, part)
        proba = ops.Link(proba, "complement_pair") if proba.type.width is None else proba
        width = proba.type.columns
        raised = ops.Affine(proba, vector(1.0, width), vector(TINY, width))
        return ops.Link(times(ops.Elementwise(raised, "log"), beta), "softmax")
    scores = part.gives("decision_function")
    return ops.Link(times(scores, beta), "softmax_pair" if scores.type.width is None else "softmax")
