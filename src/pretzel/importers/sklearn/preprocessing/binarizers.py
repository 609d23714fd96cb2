"""Importers of label encoders and binarizers.

``inverse_transform`` reads numbers where ``transform`` reads labels, so it has a separate input.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.common.labels import label_table, labelled
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.spelling import spell
from pretzel.plan.types import dense

CODES = "codes"
SCORES = "scores"
"""Names of the inputs of ``inverse_transform``."""
WHOLE_FLOATS = 2**53  # float64 cannot hold every larger integer, and rounds some to this one
UNKNOWN = -1
MISSING_LABEL = "the label is missing, which LabelBinarizer rejects; leave the row out, or give it a label"
BROKEN_LABEL = "LabelBinarizer takes numbers that are not whole for continuous targets, and rejects them; round them"


@imports(LabelEncoder)
def label_encoder(estimator: LabelEncoder, x: Columns, step: Step) -> Methods:
    """Return the position of each label among the classes, and the label at each position; others are rejected."""
    methods = {"transform": _places(estimator.classes_, x, step, refuse_unknown=True)}
    codes = x.own_input("inverse_transform", CODES, dense("i64"), "codes") if step.is_model else None
    if codes is not None:
        places = Parameter.of(np.arange(len(estimator.classes_)))
        valid = ops.Lookup(codes, places, refuse_unknown=True, column=CODES)
        methods["inverse_transform"] = labelled(valid, estimator.classes_, step)
    return methods


@imports(LabelBinarizer)
def label_binarizer(estimator: LabelBinarizer, x: Columns, step: Step) -> Methods:
    """Return a column per class, or one column for two; with three or more, an unknown label has no one in any column.

    An unknown label among two classes is rejected, because the other rows decide how many columns the library returns.
    """
    if estimator.y_type_.startswith("multilabel"):
        raise step.refuse("", "it was fitted on rows of labels", "use a MultiLabelBinarizer")
    return {"transform": _binarized(estimator, x, step), **_labels_of_scores(estimator, x, step)}


def _binarized(estimator: LabelBinarizer, x: Columns, step: Step) -> Node:
    classes, positive, negative = estimator.classes_, estimator.pos_label, estimator.neg_label
    few = len(classes) <= 2
    places = _places(classes, x, step, whole=True, refuse_unknown=few)
    if estimator.sparse_output:
        if positive != 1:
            raise step.refuse(
                "pos_label",
                "only pos_label=1 is supported for sparse output",
                "use pos_label=1, or sparse_output=False",
            )
        columns = ops.Take(places, Parameter.of(np.arange(len(classes)) - 1), -1.0) if few else places
        return ops.OneHot(columns, 1 if few else len(classes), "i64")
    table = np.where(np.eye(len(classes), dtype=bool), positive, negative).astype(np.int64)
    shown = np.where(np.arange(len(classes)) == 1, positive, negative).astype(np.int64)[:, None] if few else table
    return ops.Take(places, Parameter.of(shown), float(negative))


def _labels_of_scores(estimator: LabelBinarizer, x: Columns, step: Step) -> Methods:
    """Return the label of the largest score of a row; for two classes, the second if the score is above halfway."""
    count = len(estimator.classes_)
    if not step.is_model or count < 2 or estimator.sparse_input_:
        return {}
    scores = x.own_input("inverse_transform", SCORES, dense("f64", count if count > 2 else None), "scores")
    if scores is None:
        return {}
    halfway = (estimator.pos_label + estimator.neg_label) / 2.0
    codes = ops.ArgMax(scores) if count > 2 else ops.Threshold(scores, halfway)
    return {"inverse_transform": labelled(codes, estimator.classes_, step)}


@imports(MultiLabelBinarizer)
def multi_label_binarizer(estimator: MultiLabelBinarizer, x: Columns, step: Step) -> Methods:
    """Return a column per class, with a one where the row's labels contain it; other labels are ignored."""
    classes = list(estimator.classes_)
    if not all(isinstance(label, (str, Real, np.bool_)) and label == label for label in classes):
        raise step.refuse("", "some of its classes are neither texts nor numbers", "fit it on lists of those")
    # Texts alone are sent unchanged, so that handwritten requests need no spelling rules.
    spelled = not all(isinstance(label, str) and label for label in classes)
    vocabulary = Parameter.strings([spell(label) if spelled else str(label) for label in classes])
    rows = ops.CountNgrams(x.lists(spelled=spelled), vocabulary, "word", 1, 1, "i64", True)
    return {"transform": rows if estimator.sparse_output else ops.Densify(rows)}


def _places(classes: Any, x: Columns, step: Step, *, whole: bool = False, **options: bool) -> Node:
    """Return the position of each label among the classes, or UNKNOWN.

    ``whole``: only texts and whole numbers are accepted, whether or not unknown labels are.
    """
    if np.asarray(classes).dtype.kind in "OU" and all(isinstance(label, str) for label in classes):
        texts = _present(x.text()) if whole else x.text()
        return ops.Lookup(texts, Parameter.strings([str(label) for label in classes]), column="y", **options)
    numbers = label_table(classes, step).array
    if any(WHOLE_FLOATS <= abs(number) < np.inf for number in numbers.tolist()):
        raise step.refuse("", "float64 cannot hold an integer label", "encode such large integers as strings")
    present = numbers[numbers == numbers].astype(np.float64)  # NaN sorts behind all others
    nan = UNKNOWN if len(present) == len(numbers) else len(present)
    labels = x.number()
    wide = labels if labels.type.dtype == "f64" else ops.Cast(labels, "f64")
    wide = _whole(wide) if whole else wide
    # LabelEncoder converts labels to the type of its classes: None becomes NaN.
    return ops.Lookup(wide, Parameter.of(present), nan_code=nan, none_code=nan, column="y", **options)


def _present(texts: Node) -> Node:
    """Return the texts; missing ones are rejected."""
    missing = ops.TestText(texts, "missing")
    false = ops.Constant(missing, Parameter.of(np.zeros(1, np.bool_)))
    return ops.Require(texts, ops.Compare(missing, false, "equal"), MISSING_LABEL)


def _whole(numbers: Node) -> Node:
    """Return the numbers; NaN, infinities and fractions are rejected."""
    finite = ops.RequireFinite(numbers, "LabelBinarizer")
    return ops.Require(finite, ops.Compare(finite, ops.Elementwise(finite, "rint"), "equal"), BROKEN_LABEL)
