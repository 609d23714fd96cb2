"""Selection of the optional outputs of a definition: the requested ones, or else those that cost little."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pretzel.errors import UnsupportedError
from pretzel.importers.offers import Offer
from pretzel.importers.registry import Methods
from pretzel.plan.graph import topological
from pretzel.plan.multioutput import MATRICES, methods_of, outputs_of
from pretzel.plan.node import Node

LITTLE = 1 << 20
"""Bytes of parameters that an optional output may always add to a model."""
MOST_NAMES = 10_000
"""Most feature names that the metadata of a model stores, because each description of the model repeats them."""
SHARE = 2
"""Beyond ``LITTLE``, it may add the parameters of the model without it divided by this."""


def with_wanted(
    estimator: Any, methods: Methods, offers: Mapping[str, Offer], wanted: Sequence[str] | None
) -> tuple[Methods, dict[str, Any]]:
    """Return the outputs of a definition, and the metadata of the optional ones.

    ``wanted``: exactly these outputs; None: all methods, and the optional outputs that cost little.

    Raises:
        UnsupportedError: a wanted output is neither a method of the model nor offered.
    """
    offers = _with_apply(estimator, offers)
    if wanted is None:
        held = _sizes(methods.values())
        most = max(LITTLE, sum(held.values()) // SHARE)
        built = {name: _built(name, offer) for name, offer in offers.items() if offer.adds <= most}
        outputs = dict(methods)
        for parts in built.values():
            outputs |= parts if _added(parts.values(), held) <= most else {}
        offers = {name: offer for name, offer in offers.items() if built.get(name, True)}
    else:
        outputs = _exactly(type(estimator).__name__, methods, offers, list(dict.fromkeys(wanted)))
    names = set(methods_of(outputs))
    return outputs, {
        "forms": {name: form for name, offer in offers.items() if name in names and (form := _form(offer))},
        "on_request": [name for name in offers if name not in names],
        "explained": _explained(estimator) if names & {*MATRICES} else [],
    }


def _explained(estimator: Any) -> list[str]:
    """Return the feature names of contributions: the input names of the last step, if the steps name them."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    steps = getattr(estimator, "steps", ())
    try:
        if len(steps) > 1:
            names = estimator[:-1].get_feature_names_out()
        else:
            names = getattr(steps[0][1] if steps else estimator, "feature_names_in_", None)
    except Exception:  # any failure to name the features leaves them unnamed
        names = None
    return [] if names is None or len(names) > MOST_NAMES else [str(name) for name in names]


def _built(name: str, offer: Offer) -> Methods:
    """Return the outputs of an offer: one by its name, or its parts."""
    output = offer.build()
    return {name: output} if isinstance(output, Node) else output


def _with_apply(estimator: Any, offers: Mapping[str, Offer]) -> dict[str, Offer]:
    """Return the offers, with the leaves also as ``apply`` if the estimator has that method."""
    extended = dict(offers)
    if "leaf_index" in extended and hasattr(estimator, "apply"):
        extended["apply"] = extended["leaf_index"]
    return extended


def _exactly(kind: str, methods: Methods, offers: Mapping[str, Offer], wanted: Sequence[str]) -> Methods:
    outputs: Methods = {}
    for name in wanted:
        parts = _built(name, offers[name]) if name in offers else {}
        parts = parts or {part: methods[part] for part in outputs_of(name, methods)}
        if not parts:
            choices = ", ".join([*methods_of(methods), *offers])
            raise UnsupportedError(f"outputs: {kind} has no {name!r:.60}; choose among {choices}")
        outputs |= parts
    return outputs


def _added(parts: Collection[Node], held: Mapping[Any, int]) -> float:
    """Return the bytes of parameters that an output adds; infinite for sparse rows, which would store weights again."""
    if any(node.type.layout == "sparse" for node in parts):
        return math.inf
    return sum(size for digest, size in _sizes(parts).items() if digest not in held)


def _sizes(roots: Iterable[Node]) -> dict[Any, int]:
    """Return the bytes of parameters by operator, because each operator has its own layout."""
    return {(node.name, p.digest): p.nbytes for node in topological(roots) for p in node.parameters.values()}


def _form(offer: Offer) -> list[Any]:
    """Return the library's dtype and shape of an output, empty if they equal the node's."""
    if offer.dtype is None and offer.shape is None:
        return []
    return [offer.dtype, None if offer.shape is None else list(offer.shape)]
