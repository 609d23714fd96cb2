"""Which optional outputs a definition gets: those asked for, or else those that cost little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pretzel.errors import UnsupportedError
from pretzel.importers.registry import Methods, Offer
from pretzel.plan.graph import topological
from pretzel.plan.multioutput import MATRICES, methods_of, outputs_of
from pretzel.plan.node import Node

LITTLE = 1 << 20
"""Bytes of parameters that an optional output may add to any model."""
MOST_NAMES = 10_000
"""Names of features that the metadata of a model takes, which each description of it repeats."""
SHARE = 2
"""Beyond that, it may add one part in so many of what the model has without it."""


def with_wanted(
    estimator: Any, methods: Methods, offers: Mapping[str, Offer], wanted: Sequence[str] | None
) -> tuple[Methods, dict[str, Any]]:
    """Return the outputs of a definition, and what its metadata says of the optional ones.

    ``wanted``: exactly these outputs; None: all methods, and the optional outputs that cost little.

    Raises:
        UnsupportedError: one that is wanted is neither a method of the model nor offered.
    """
    offers = _with_apply(estimator, offers)
    if wanted is None:
        outputs, made = dict(methods), {name: _built(name, offer) for name, offer in offers.items()}
        for parts in made.values():
            outputs |= parts if _costs_little(parts.values(), methods.values()) else {}
        offers = {name: offer for name, offer in offers.items() if made[name]}
    else:
        outputs = _exactly(type(estimator).__name__, methods, offers, list(dict.fromkeys(wanted)))
    kept = set(methods_of(outputs))
    return outputs, {
        "forms": {name: form for name, offer in offers.items() if name in kept and (form := _form(offer))},
        "on_request": [name for name in offers if name not in kept],
        "explained": _explained(estimator) if kept & {*MATRICES} else [],
    }


def _explained(estimator: Any) -> list[str]:
    """Return the names of the features that contributions are of: what the last step reads, where its steps name it."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    steps = getattr(estimator, "steps", ())
    try:
        if len(steps) > 1:
            names = estimator[:-1].get_feature_names_out()
        else:
            names = getattr(steps[0][1] if steps else estimator, "feature_names_in_", None)
    except Exception:  # a step that names nothing, for whatever reason, leaves the features without names
        names = None
    return [] if names is None or len(names) > MOST_NAMES else [str(name) for name in names]


def _built(name: str, offer: Offer) -> Methods:
    """Return the outputs of an offer: one of its name, or its parts."""
    made = offer.build()
    return {name: made} if isinstance(made, Node) else made


def _with_apply(estimator: Any, offers: Mapping[str, Offer]) -> dict[str, Offer]:
    """Return the offers, and the leaves again under the name of the method that some estimators have for them."""
    known = dict(offers)
    if "leaf_index" in known and hasattr(estimator, "apply"):
        known["apply"] = known["leaf_index"]
    return known


def _exactly(kind: str, methods: Methods, offers: Mapping[str, Offer], wanted: Sequence[str]) -> Methods:
    outputs: Methods = {}
    for name in wanted:
        parts = _built(name, offers[name]) if name in offers else {}
        parts = parts or {part: methods[part] for part in outputs_of(name, methods)}
        if not parts:
            known = ", ".join([*methods_of(methods), *offers])
            raise UnsupportedError(f"outputs: {kind} has no {name!r:.60}; choose among {known}")
        outputs |= parts
    return outputs


def _costs_little(parts: Iterable[Node], others: Iterable[Node]) -> bool:
    """Whether the parameters that an output adds are few; of sparse rows, weights would be held a second time."""
    parts = list(parts)
    if any(node.type.layout == "sparse" for node in parts):
        return False
    held = _sizes(others)
    added = sum(size for digest, size in _sizes(parts).items() if digest not in held)
    return added <= max(LITTLE, sum(held.values()) // SHARE)


def _sizes(roots: Iterable[Node]) -> dict[Any, int]:
    """Return the bytes of parameters by operator: each operator lays them out in its own way."""
    return {(node.name, p.digest): p.nbytes for node in topological(roots) for p in node.parameters.values()}


def _form(offer: Offer) -> list[Any]:
    """Return the library's dtype and shape of an output, empty where they are the node's own."""
    if offer.dtype is None and offer.shape is None:
        return []
    return [offer.dtype, None if offer.shape is None else list(offer.shape)]
