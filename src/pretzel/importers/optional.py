"""Which optional outputs a definition gets: those asked for, or else those that cost little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pretzel.errors import UnsupportedError
from pretzel.importers.registry import Methods, Offer
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.parts import methods_of, outputs_of

LITTLE = 64 << 10
"""Bytes of parameters that an optional output may add to any model."""
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
        made = {name: offer.build() for name, offer in offers.items()}
        chosen = {name: node for name, node in made.items() if _costs_little(node, methods.values())}
        outputs = methods | chosen
    else:
        outputs = _exactly(type(estimator).__name__, methods, offers, list(dict.fromkeys(wanted)))
    kept = [name for name in offers if name in outputs]
    return outputs, {
        "forms": {name: form for name in kept if (form := _form(offers[name]))},
        "on_request": [name for name in offers if name not in outputs],
    }


def _with_apply(estimator: Any, offers: Mapping[str, Offer]) -> dict[str, Offer]:
    """Return the offers, and the leaves again under the name of the method that some estimators have for them."""
    known = dict(offers)
    if "leaf_index" in known and hasattr(estimator, "apply"):
        known["apply"] = known["leaf_index"]
    return known


def _exactly(kind: str, methods: Methods, offers: Mapping[str, Offer], wanted: Sequence[str]) -> Methods:
    outputs: Methods = {}
    for name in wanted:
        if name in offers:
            outputs[name] = offers[name].build()
            continue
        found = outputs_of(name, methods)
        if not found:
            known = ", ".join([*methods_of(methods), *offers])
            raise UnsupportedError(f"outputs: {kind} has no {name!r:.60}; choose among {known}")
        outputs |= {part: methods[part] for part in found}
    return outputs


def _costs_little(node: Node, others: Iterable[Node]) -> bool:
    """Whether the parameters that an output adds are few; of sparse rows, weights would be held a second time."""
    if node.type.layout == "sparse":
        return False
    held = _sizes(others)
    added = sum(size for digest, size in _sizes([node]).items() if digest not in held)
    return added <= max(LITTLE, sum(held.values()) // SHARE)


def _sizes(roots: Iterable[Node]) -> dict[Any, int]:
    return {p.digest: p.nbytes for node in topological(roots) for p in node.parameters.values()}


def _form(offer: Offer) -> list[Any]:
    """Return the library's dtype and shape of an output, empty where they are the node's own."""
    if offer.dtype is None and offer.shape is None:
        return []
    return [offer.dtype, None if offer.shape is None else list(offer.shape)]
