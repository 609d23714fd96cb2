"""The rows and answers of a verification that are kept with a version, to compare the plans of later kernels with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pretzel.adapters.pieces import row_bytes, split
from pretzel.control_plane.store import ObjectStore
from pretzel.control_plane.verify import Sample
from pretzel.control_plane.verify.compare import Value
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from pretzel.plan.wire import columns_from_bytes, columns_to_bytes

_FORM = "sample"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest sample that is kept with a version."""

    rows: int = 100
    """0: none."""
    bytes: int = 256 << 10


NOTHING = Bounds(0, 0)


def part(sample: Sample, bounds: Bounds) -> Sample | None:
    """Return the first rows of a sample that are within some bounds; None if not even one is."""
    columns = [*sample.inputs.values(), *sample.outputs.values()]
    total = min(map(len, columns), default=0)
    sizes = sum((np.broadcast_to(row_bytes(column), total) for column in columns), np.zeros(total, np.int64))
    count = min(int(np.searchsorted(np.cumsum(sizes), bounds.bytes, "right")), bounds.rows, total)
    if not count:
        return None
    return sample if count == len(sample) else _first(sample, count)


def encoded(sample: Sample) -> bytes:
    """Return a sample as the bytes of an object."""
    return encode(
        {
            "form": _FORM,
            "inputs": columns_to_bytes(sample.inputs),
            "outputs": columns_to_bytes(sample.outputs),
            "rows": list(sample.rows),
            "total": sample.total_rows,
        }
    )


def read(store: ObjectStore, digest: Digest) -> Sample:
    """Return a kept sample.

    Raises:
        NotFoundError, CorruptObjectError: it is not intact in the store.
    """
    tree = decode(store.get(digest))
    inputs, outputs = columns_from_bytes(tree["inputs"]), columns_from_bytes(tree["outputs"])
    return Sample(inputs, outputs, tuple(tree["rows"]), tree["total"])


def _first(sample: Sample, count: int) -> Sample:
    """Return the first rows of a sample, with their numbers in that of the caller."""
    rows = tuple(sample.rows[:count]) or tuple(range(count))
    sides = _cut(sample.inputs, count), _cut(sample.outputs, count)
    return replace(sample, inputs=sides[0], outputs=sides[1], rows=rows, total_rows=max(sample.total_rows, len(sample)))


def _cut(columns: Mapping[str, Value], count: int) -> dict[str, Value]:
    return {name: split(column, [0, count])[0] for name, column in columns.items()}
