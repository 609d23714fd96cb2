"""Importer of DictVectorizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.feature_extraction import DictVectorizer

from pretzel.errors import DefinitionError
from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.feature_extraction.hashing import value_dtype
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter


@imports(DictVectorizer)
def dict_vectorizer(estimator: DictVectorizer, x: Columns, step: Step) -> Methods:
    """Return the value of each name of the vocabulary; a repeated name has two entries in a sparse row."""
    vocabulary = _vocabulary(estimator.vocabulary_, step)
    names, values = x.records(separator=estimator.separator, loose=True)
    features = ops.LookupFeatures(names, values, vocabulary, value_dtype(estimator, step))
    return {"transform": features if estimator.sparse else ops.Densify(features)}


def _vocabulary(places: Mapping[Any, int], step: Step) -> Parameter:
    """Return the names in the order of their columns."""
    names = sorted(places, key=places.__getitem__)
    odd = next((name for name in names if not isinstance(name, str) or not name), None)
    if odd is not None:
        raise step.refuse("", f"the name {odd!r} is not a non-empty text", "name every feature by a text")
    try:
        return Parameter.strings([str(name) for name in names])
    except DefinitionError as error:
        raise step.refuse("", str(error), "name every feature by a text of valid Unicode") from None
