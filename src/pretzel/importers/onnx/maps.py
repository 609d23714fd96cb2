"""Maps from labels to numbers, one per row, kept as columns in key order."""

from __future__ import annotations

import numpy as np

from pretzel.importers.onnx.pairs import cast
from pretzel.importers.onnx.registry import Site, converts
from pretzel.importers.onnx.values import Maps, Rows, concat, constant

CASTS = {"TO_FLOAT": "f32", "TO_INT64": "i64"}


@converts("ai.onnx.ml", "ZipMap")
def zip_map(site: Site) -> Maps:
    """Label columns; the labels are stored in the metadata of the definition."""
    x = site.numbers(0)
    texts, numbers = site.attribute("classlabels_strings"), site.integers("classlabels_int64s")
    labels = tuple(str(text) for text in texts) if texts else tuple(() if numbers is None else numbers.tolist())
    if len(labels) != x.node.type.columns:
        raise ValueError(f"{len(labels)} labels for {x.node.type.columns} columns")
    return Maps(x, labels)


@converts("ai.onnx.ml", "DictVectorizer")
def dict_vectorizer(site: Site) -> Rows:
    """Return the value of each key of a vocabulary, and 0 for keys that the map lacks."""
    maps = _maps(site)
    texts, numbers = site.attribute("string_vocabulary"), site.attribute("int64_vocabulary")
    if (texts is None) == (numbers is None):
        raise ValueError("expected one vocabulary")
    place = {label: i for i, label in enumerate(maps.labels)}
    x = maps.rows
    zero = constant(np.zeros(1, x.node.type.numpy), x)
    vocabulary = list(texts if texts is not None else numbers)
    order = [place.get(key, len(place)) for key in vocabulary]
    whole = Rows(concat([x.matrix, zero]), (len(place) + 1,))
    return Rows(whole.pick(np.array(order)), (len(order),))


@converts("ai.onnx.ml", "CastMap")
def cast_map(site: Site) -> Rows:
    """Return the values of a map in the order of its integer keys."""
    maps, kind, form = _maps(site), site.text("cast_to", "TO_FLOAT"), site.text("map_form", "DENSE")
    site.without_effect("max_map")  # the width of sparse maps
    if kind not in CASTS or form != "DENSE":
        raise site.refuse(
            f"it casts {kind[:40]!r} in the form {form[:40]!r}", "TO_FLOAT and TO_INT64 are supported, DENSE"
        )
    if not all(isinstance(label, int) for label in maps.labels):
        raise site.refuse("its keys are texts", "use a DictVectorizer")
    order = np.argsort(np.array(maps.labels, np.int64), kind="stable")
    return maps.rows.of(cast(maps.rows.pick(order), CASTS[kind]))


def _maps(site: Site) -> Maps:
    value = site.value(0)
    if not isinstance(value, Maps):
        raise site.refuse("its input is not a map", "use the output of a ZipMap, or an input that is a map")
    return value
