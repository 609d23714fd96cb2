"""The extension ``classification``: the best classes of each row, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pretzel.data_plane.oip.datatypes import BYTES
from pretzel.data_plane.oip.encoding import encoded
from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.signature import Signature
from pretzel.plan.values import Csr, Labels, Texts

Contents = tuple[str, Sequence[int], bytes | np.ndarray]
"""Datatype, shape and raw contents of an output."""


def classified(name: str, value: Any, signature: Signature, count: int) -> Contents:
    """Return ``value:index`` or ``value:index:label`` for the best classes of each row, best first.

    Equal values keep the order of the classes, and NaN comes last.

    Raises:
        InputError: the output is not made of scores.
    """
    if isinstance(value, Labels | Texts):
        problem = f"output {quoted(name)} for model {quoted(signature.model)}: classification needs scores, such as "
        raise wrong(name, f"{problem}predict_proba")
    scores = np.asarray(value.dense() if isinstance(value, Csr) else value)
    scores = scores.reshape(len(scores), -1)
    count = min(count, scores.shape[1])
    order = np.argsort(-scores.astype(np.float64), axis=1, kind="stable")[:, :count]
    best = np.take_along_axis(scores, order, axis=1)
    return BYTES, (len(scores), count), encoded(_entries(best, order, signature.labels.get(name)))


def _entries(best: np.ndarray, order: np.ndarray, labels: list[bytes] | None) -> Iterator[bytes]:
    for score, index in zip(best.ravel(), order.ravel().tolist(), strict=True):
        entry = f"{score}:{index}".encode()
        yield entry if labels is None or index >= len(labels) else entry + b":" + labels[index]
