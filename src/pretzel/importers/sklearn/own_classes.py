"""Transformers of classes that users wrote: their ``transform`` is traced with the fitted attributes as constants."""

from __future__ import annotations

import inspect
import sys
import types
from typing import Any

from pretzel.importers.columns import Columns, Part
from pretzel.importers.inputs import Open
from pretzel.importers.installed import is_installed
from pretzel.importers.own import own_class
from pretzel.importers.registry import Methods, Step
from pretzel.importers.result_tables import returned
from pretzel.importers.sklearn.common.handing import gives_pandas, own_hand_on


def is_own(estimator: Any) -> bool:
    """Return whether a transformer is of a class outside of the installed libraries, written in Python."""
    kind = type(estimator)
    if isinstance(estimator, type) or not callable(getattr(kind, "transform", None)) or not hasattr(kind, "fit"):
        return False
    method = inspect.unwrap(kind.transform)
    if kind.__module__ not in sys.modules or not isinstance(method, types.FunctionType):
        return False
    if hasattr(kind, "predict") or hasattr(kind, "fit_resample"):
        return False
    return not is_installed(kind.__module__)


def _is_unknown(part: Part) -> bool:
    """Return whether a part is the model's input, of unknown type and width."""
    return isinstance(part, Open) and part.width is None and part.name not in part.inputs.types


@own_hand_on(is_own)
def handed_on(estimator: Any, x: Columns, step: Step) -> Columns:
    """Return the columns that a user's own ``transform`` returns."""
    from pretzel.importers.tracing.steps import traced  # loads the tracer, which few models need

    if x.is_sparse:
        remedy = "make the step before it give a dense one"
        raise step.refuse("", "it is given a sparse matrix", remedy, about_input=True)
    if x.names is None and not hasattr(estimator, "n_features_in_") and any(map(_is_unknown, x.parts)):
        raise step.refuse(
            "", "its class records neither names nor number of columns", "give a sample, from which to learn both"
        )
    step.inputs.tells_integers = True
    method = types.MethodType(inspect.unwrap(type(estimator).transform), estimator)
    result = traced(method, "transform", None, x, step)
    if not gives_pandas(estimator) or result.frame:
        return result
    names = tuple(map(str, estimator.get_feature_names_out()))
    return Columns(result.parts, names, frame=True)


@own_class(is_own)
def transformer(estimator: Any, x: Columns, step: Step) -> Methods:
    """A class of the user with ``transform``: traced, and proved against it."""
    return returned(handed_on(estimator, x, step), step)
