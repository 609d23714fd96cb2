"""Read CatBoost's binary format: ``CBM1``, a FlatBuffer with the trees, then the tables of statistics.

Field numbers are those of ``model.fbs``, ``features.fbs`` and ``ctr_data.fbs`` in CatBoost 1.2.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.importers.catboost.flat import Table
from pretzel.importers.catboost.model import Model
from pretzel.importers.catboost.recognized import MAGIC
from pretzel.importers.catboost.structure import (
    COUNTERS,
    CTR_TYPES,
    MEANS,
    NAN_TREATMENTS,
    CatFeature,
    Combination,
    CtrFeature,
    CtrTable,
    FloatFeature,
    OneHotFeature,
    TableKey,
    Trees,
    require,
)

FORMAT = "FlabuffersModel_v1"
STATIC_TABLES = "static_provider_v1"
SPLIT = np.dtype([("feature", "<i4"), ("border", "<f4")])
VALUE = np.dtype([("feature", "<i4"), ("value", "<i4")])
BUCKET = np.dtype([("hash", "<u8"), ("index", "<u4")])
MEAN = np.dtype([("sum", "<f4"), ("count", "<i4")])
STEP = np.dtype([("left", "<u2"), ("right", "<u2")])
FREE = 2**64 - 1
"""Hash of an empty bucket."""


def read_cbm(data: bytes) -> Model:
    """Return the model in the bytes of a ``.cbm`` file.

    Raises:
        InputError: they are truncated, or not a model.
    """
    require(data[:4] == MAGIC, "it does not start with CBM1")
    core, rest = _sized(memoryview(data)[4:])
    root = Table.root(core)
    require(root.text(0) == FORMAT, f"its format is {root.text(0)[:40]!r}, not {FORMAT}")
    trees = root.table(1)
    if trees is None:
        raise InputError("it holds no trees")
    info = {entry.text(0): entry.text(1) for entry in root.tables(2)}
    tables = _tables(rest) if STATIC_TABLES in root.texts(3)[:1] else {}
    return _model(trees, {name: _parsed(name, text) for name, text in info.items()}, tables)


def _sized(data: memoryview) -> tuple[memoryview, memoryview]:
    """Split off a part that is preceded by its size."""
    require(len(data) >= 4, "it is truncated: the size of a part is missing")
    size = struct.unpack("<I", data[:4])[0]
    require(size <= len(data) - 4, f"it is truncated: expected {size} more bytes, got {len(data) - 4}")
    return data[4 : 4 + size], data[4 + size :]


def _parsed(name: str, text: str) -> Any:
    if not name.endswith("params"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"its {name} are not JSON: {error}") from None


def _model(core: Table, info: dict[str, Any], tables: dict[TableKey, CtrTable]) -> Model:
    dimension = int(core.number(0, "i"))
    multi = core.array(16, "<f8")
    estimated = core.tables(13)
    return Model(
        floats=tuple(_float_feature(table) for table in core.tables(5)),
        categories=tuple(_cat_feature(table) for table in core.tables(4)),
        one_hots=tuple(OneHotFeature(table.number(0, "i", -1), table.array(1, "<i4")) for table in core.tables(6)),
        ctrs=tuple(_ctr_feature(table) for table in core.tables(7)),
        tables=tables,
        trees=(trees := _trees(core, dimension)),
        leaf_weights=known_weights(core.array(9, "<f8"), trees),
        scale=float(core.number(14, "d", 1.0)),
        bias=tuple(multi.tolist()) or (float(core.number(15, "d", 0.0)),),
        info=info,
        estimated="" if not estimated else ("text_features", "embedding_features")[bool(estimated[0].number(4, "b"))],
        others={table.number(1, "i", -1): table.text(2) for field in (12, 18) for table in core.tables(field)},
    )


def known_weights(weights: np.ndarray, trees: Trees) -> np.ndarray | None:
    """Return the weights of leaves, which predictions do not need; None if their number is wrong."""
    return weights if len(weights) == len(trees.leaves) else None


def _float_feature(table: Table) -> FloatFeature:
    treatment = _named(NAN_TREATMENTS, table.number(5, "b"))
    return FloatFeature(
        index=table.number(1, "i", -1),
        flat=table.number(2, "i", -1),
        name=table.text(4),
        borders=table.array(3, "<f4"),
        nan_is_true=bool(table.number(0, "?", False)) and treatment == "AsTrue",
    )


def _cat_feature(table: Table) -> CatFeature:
    return CatFeature(table.number(0, "i", -1), table.number(1, "i", -1), table.text(2))


def _ctr_feature(table: Table) -> CtrFeature:
    ctr = _present(table.table(0))
    return CtrFeature(
        table=_table_key(_present(ctr.table(0))),
        target_border=ctr.number(1, "i"),
        prior=ctr.number(2, "f"),
        prior_denominator=ctr.number(3, "f", 1.0),
        shift=ctr.number(4, "f"),
        scale=ctr.number(5, "f", 1.0),
        borders=table.array(1, "<f4"),
    )


def _table_key(base: Table) -> TableKey:
    parts = _present(base.table(0))
    combination = Combination(
        categories=tuple(parts.array(0, "<i4").tolist()),
        floats=tuple(parts.array(1, SPLIT).tolist()),
        one_hots=tuple(parts.array(2, VALUE).tolist()),
    )
    return combination, _named(CTR_TYPES, base.number(1, "b")), base.number(2, "i")


def _trees(core: Table, dimension: int) -> Trees:
    values = core.array(8, "<f8")
    require(dimension >= 1 and len(values) % dimension == 0, f"{len(values)} leaf values for {dimension} dimensions")
    leaves = values.reshape(-1, dimension)
    splits, sizes = core.array(1, "<i4").astype(np.int64), core.array(2, "<i4").astype(np.int64)
    nodes = core.array(10, STEP)
    if not len(nodes):
        return Trees(dimension, splits, sizes, leaves)
    steps = np.column_stack([nodes["left"], nodes["right"]]).astype(np.int64)
    return Trees(dimension, splits, sizes, leaves, steps, core.array(11, "<u4").astype(np.int64) // dimension)


def _tables(data: memoryview) -> dict[TableKey, CtrTable]:
    """Return the tables, which are stored in sequence after their count."""
    require(len(data) >= 4, "it is truncated: the tables of statistics are missing")
    count, rest = struct.unpack("<I", data[:4])[0], data[4:]
    tables: dict[TableKey, CtrTable] = {}
    for _ in range(count):
        part, rest = _sized(rest)
        table = Table.root(part)
        key = _table_key(_present(table.table(0)))
        tables[key] = _ctr_table(key[1], table)
    return tables


def _ctr_table(kind: str, table: Table) -> CtrTable:
    buckets = table.array(1, np.uint8)
    require(len(buckets) % BUCKET.itemsize == 0, "a hash table is truncated")
    taken = buckets.view(BUCKET)
    taken = taken[taken["hash"] != FREE]
    counts, sums = _statistics(kind, table.array(2, np.uint8), int(table.number(4, "i")))
    require(not len(taken) or int(taken["index"].max()) < len(counts), "a hash table refers to missing statistics")
    return ctr_table(
        taken["hash"], counts[taken["index"]], None if sums is None else sums[taken["index"]], int(table.number(3, "i"))
    )


def ctr_table(hashes: np.ndarray, counts: np.ndarray, sums: np.ndarray | None, denominator: int) -> CtrTable:
    """Return a table with sorted keys, so that tables over the same combinations share their lookup."""
    keys = hashes.astype(np.uint64).view(np.int64)
    order = np.argsort(keys, kind="stable")
    require(len(np.unique(keys)) == len(keys), "a table holds a hash twice")
    return CtrTable(keys[order], counts[order], None if sums is None else sums[order], denominator)


def _statistics(kind: str, blob: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray | None]:
    width = 1 if kind in COUNTERS else 2 if kind in MEANS else classes
    require(width >= 1 and len(blob) % (4 * width) == 0, f"{len(blob)} bytes do not make statistics of {width} classes")
    if kind in MEANS:
        means = blob.view(MEAN)
        return means["count"].reshape(-1, 1), means["sum"]
    return blob.view("<i4").reshape(-1, width), None


def _named(names: tuple[str, ...], code: int) -> str:
    require(0 <= code < len(names), f"{code} is not the code of any of {', '.join(names)}")
    return names[code]


def _present(table: Table | None) -> Table:
    if table is None:
        raise InputError("the description of a statistic is missing")
    return table
