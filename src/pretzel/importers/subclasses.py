"""Detection of the library class behind a subclass, and of attributes of the subclass that may change its answers.

A subclass is served as its nearest base with an importer if it redefines only fitting or display.  The error for any
other attribute that it or a mixin redefines names the class and the attribute.
"""

from __future__ import annotations

import inspect
from collections.abc import Container
from functools import cached_property
from types import FunctionType
from typing import Any

from pretzel.importers.remedies import redefined

ANSWERS = frozenset(
    (
        *("decision_function", "inverse_transform", "kneighbors", "kneighbors_graph", "predict", "predict_log_proba"),
        *("predict_proba", "radius_neighbors", "radius_neighbors_graph", "score_samples", "transform"),
    )
)
"""Methods that other estimators look up: an added one may be called instead of an existing one."""
SHOWN = frozenset(
    (
        *("__abstractmethods__", "__annotate__", "__annotate_func__", "__annotations__", "__annotations_cache__"),
        *(
            "__class_getitem__",
            "__dict__",
            "__doc__",
            "__firstlineno__",
            "__module__",
            "__orig_bases__",
            "__parameters__",
        ),
        *("__qualname__", "__repr__", "__slots__", "__slotnames__", "__static_attributes__", "__str__", "__weakref__"),
        *("_abc_impl", "_doc_link_module", "_doc_link_template", "_doc_link_url_param_generator", "_get_doc_link"),
        *("_repr_html_", "_repr_html_inner", "_repr_mimebundle_"),
    )
)
FITTING = frozenset(
    (
        *("__copy__", "__deepcopy__", "__getstate__", "__init__", "__init_subclass__", "__reduce__", "__reduce_ex__"),
        *("__setstate__", "__sklearn_clone__", "_get_default_requests", "_get_param_names", "_parameter_constraints"),
        *("_validate_params", "get_metadata_routing", "get_params", "partial_fit", "score", "set_params"),
    )
)
TAGS = ("__sklearn_tags__", "_more_tags", "_get_tags")
"""Allowed if the tags are equal, because some estimators read their tags when they answer."""
NAMES_OUT = "get_feature_names_out"
"""Allowed unless an estimator is set to return tables, because only then do column names decide what is read."""


def base_of(kind: type, known: Container[type]) -> type | None:
    """Return the class, or the nearest of its bases, that is in ``known``."""
    return next((base for base in kind.__mro__ if base in known), None)


def changed(estimator: Any, base: type) -> tuple[str, str] | None:
    """Return the reason and the remedy if an estimator may answer differently from its base, or None.

    Attributes of the instance count too: one with the name of a method is called in its place.
    """
    shadowing = _shadowing(estimator)
    if shadowing is not None:
        return f"the instance has an attribute {shadowing!r} in the place of the method", "delete the attribute"
    kind = type(estimator)
    foreign = [one for one in kind.__mro__ if one not in base.__mro__]
    for name in dict.fromkeys(name for one in foreign for name in vars(one)):
        owner = _owner(kind, name)
        if owner in foreign and not _is_harmless(name, estimator, base):
            verb = "redefines" if _owner(base, name) else "adds"
            return f"the class {owner.__qualname__} {verb} {name!r}, which may change the answers", redefined(
                estimator, base
            )
    return None


def _owner(kind: type, name: str) -> Any:
    return next((one for one in kind.__mro__ if name in vars(one)), None)


def _shadowing(estimator: Any) -> str | None:
    """Return an attribute of the instance that hides a method of its class."""
    for name in getattr(estimator, "__dict__", ()):
        attribute = inspect.getattr_static(type(estimator), name, None)
        hidden = hasattr(type(attribute), "__get__") and not hasattr(type(attribute), "__set__")
        if hidden and not isinstance(attribute, (type, cached_property)) and not _acts_while_fitting(name):
            return str(name)
    return None


def _acts_while_fitting(name: str) -> bool:
    requests = name.startswith("__metadata_request__") or (name.startswith("set_") and name.endswith("_request"))
    fits = name.startswith("fit") and not name.endswith("_")
    return fits or requests or name in FITTING or name in SHOWN


def _is_harmless(name: str, estimator: Any, base: type) -> bool:
    if _acts_while_fitting(name):
        return True
    if name in TAGS:
        return bool(_tags_of(estimator, type(estimator)) == _tags_of(estimator, base))
    if name == NAMES_OUT:
        return not getattr(estimator, "_sklearn_output_config", None)
    value, owner = vars(_owner(type(estimator), name))[name], _owner(base, name)
    if owner is not None:
        return _is_same(value, vars(owner)[name])
    return _is_new(name, value, estimator, base)


def _is_new(name: str, value: Any, estimator: Any, base: type) -> bool:
    """Return whether neither the base nor other estimators look up a name that the subclass adds."""
    if name.startswith(("__", "_sklearn")) or name.endswith("_") or name in ANSWERS or name == "_estimator_type":
        return False
    if isinstance(value, (FunctionType, staticmethod, classmethod)) or not hasattr(type(value), "__get__"):
        return True
    return name not in inspect.signature(base).parameters and name not in vars(estimator)


def _is_same(value: Any, other: Any) -> bool:
    plain = (str, int, float, bool, tuple, set, frozenset, type(None))
    return value is other or (type(value) is type(other) and isinstance(value, plain) and bool(value == other))


def _tags_of(estimator: Any, kind: type) -> Any:
    """Return the tags of an estimator by the method of a class."""
    tags = next((getattr(kind, name) for name in ("__sklearn_tags__", "_get_tags") if hasattr(kind, name)), None)
    return None if tags is None else tags(estimator)
