"""Compare every method of every served estimator with its own library at 1, 100 and 10 000 rows, on one thread.

The models are the simplest example of each class in the tests, fitted on a few columns.  The rows are those of the
example, repeated.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import pretzel
from benchmarks.estimators.causes import CAUSES
from benchmarks.harness import Row, quick, read, write
from tests.importers.catboost import examples as catboost
from tests.importers.lightgbm import examples as lightgbm
from tests.importers.sklearn.examples import Example
from tests.importers.sklearn.examples import examples as sklearn
from tests.importers.sklearn.frames import count, rows_of
from tests.importers.xgboost import examples as xgboost

PAGE = Path(__file__).parents[2] / "docs/benchmarks/estimators.md"
BATCHES = (1, 100, 10_000)
METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples", "transform")
SLOWER = 0.95
"""Below this ratio, which is beyond noise, the library is faster."""


def measure() -> list[Row]:
    """Measure all estimators, write the page and its numbers, and return the rows."""
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [row for example in firsts() for row in _rows(example)]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    write(rows, PAGE.with_suffix(".json"))
    PAGE.write_text(page(list(read(PAGE.with_suffix(".json")))))
    return rows


def firsts() -> list[Example]:
    """Return the plainest example of each public class."""
    every = [*sklearn(), *lightgbm.EXAMPLES, *xgboost.EXAMPLES, *catboost.EXAMPLES]
    by_class = {example.kind: example for example in reversed(every) if not example.name.startswith("_")}
    return sorted(by_class.values(), key=lambda example: (example.kind.__module__.partition(".")[0], example.name))


def _rows(example: Example) -> Iterator[Row]:
    print(example.name, end=" ", flush=True)  # all of it takes minutes
    estimator, x = example.fitted()
    served, library = pretzel.compile(estimator), example.kind.__module__.partition(".")[0]
    for method in METHODS:
        if hasattr(served, method) and hasattr(estimator, method):
            for size in BATCHES:
                if size > 1 or 1 in example.batches:
                    batch = rows_of(x, np.arange(size) % count(x))
                    ours, theirs = (_call(getattr(side, method), batch) for side in (served, estimator))
                    yield quick(f"{example.name}.{method}", library, ours, theirs, rows=size)


def _call(method: Callable[[Any], Any], batch: Any) -> Callable[[], object]:
    return lambda: method(batch)


def page(rows: list[Row]) -> str:
    """Return the page: slower methods with causes, then every method."""
    slower = sorted({row.name for row in rows if row.ratio < SLOWER})
    counted = {row.name for row in rows}
    parts = [_HEAD, f"Of {len(counted)} methods, {len(slower) or 'none'} are slower than the library at some size.\n"]
    if slower:
        parts += ["## Slower than the library\n", *_table(rows, slower, "cause", _cause)]
    return "\n".join([*parts, "\n## All methods\n", *_table(rows, sorted(counted), "library", _library)]) + "\n"


def _table(rows: list[Row], names: list[str], last: str, describe: Callable[[Row], str]) -> Iterator[str]:
    yield "| method | " + " | ".join(f"{size} rows" for size in BATCHES) + f" | {last} |"
    yield "|---" * (len(BATCHES) + 2) + "|"
    by_name = {(row.name, row.rows): row for row in rows}
    for name in names:
        cells = [f"{by_name[name, size].ratio:.3g}" if (name, size) in by_name else "-" for size in BATCHES]
        yield f"| `{name}` | {' | '.join(cells)} | {describe(by_name[name, BATCHES[1]])} |"


def _cause(row: Row) -> str:
    return CAUSES.get(row.name.partition(".")[0], "unknown")


def _library(row: Row) -> str:
    return row.rival


_HEAD = f"""# Every estimator against its library

Written by `python -m benchmarks.run estimators`.  The speedup of each method over the training library,
through `pretzel.compile`, with one thread on both sides: the median of the ratios of a few rounds, each measuring
both.  Models are the simplest example of each class in the tests, with a few columns, so that a large batch shows the
cost per row and a single row the cost per call.  Below {SLOWER} a method counts as slower.  The numbers, with machine
and versions, are in [estimators.json](estimators.json).
"""
