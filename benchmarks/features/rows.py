"""The time of one row through each of thirty feature functions: ``python -m benchmarks.features.rows [--write]``."""

from __future__ import annotations

import platform
import sys
import textwrap
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import pretzel
from pretzel.errors import UnsupportedError
from tests.importers.sklearn.thirty_functions import FUNCTIONS, data

PAGE = Path(__file__).parents[2] / "docs/benchmarks/features.md"
ROUNDS, SECONDS, FRESH = 5, 0.04, 60
WANTED = 20
"""Times faster than the library that each traced function is to be."""
ABOUT = """\
# Feature functions

One row through `predict_proba` of a pipeline of a user's function, what reads its result, and `LogisticRegression`: in
process, by scikit-learn and by `pretzel.compile`. The thirty functions are those of
`tests/importers/sklearn/thirty_functions.py`; each is over a table of passengers, rides or reviews, or over texts.

Written by `python -m benchmarks.features.rows --write`. Both sides are timed in turn, in one process and on one thread,
over the same one-row table. *Times faster* is the median over rounds of the ratio within a round. *New table*: each
call reads a table that was just made by `pandas.DataFrame([record])`, whose parts are not in the processor's caches;
*dictionary*: the row as a list of one dictionary."""


@dataclass(frozen=True, slots=True)
class Times:
    """Microseconds of one row through one function."""

    name: str
    theirs: float
    ours: float
    ratio: float
    fresh: float | None
    """A table that is new to each call; None for texts."""
    records: float | None


def main() -> None:
    """Print the times of one row by the library and by Pretzel; ``--write`` also writes the page."""
    warnings.simplefilter("ignore")
    held, measured, refused = data(), list[Times](), list[str]()
    for name, (over, function) in FUNCTIONS.items():
        model = _fitted(function, held[over])
        try:
            predictor = pretzel.compile(model, sample=held[over])
        except UnsupportedError:
            refused.append(name)
            continue
        measured.append(_times(name, model, predictor, held[over][:1]))
    page = _page(measured, refused)
    print(page)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page)


def _times(name: str, model: Any, predictor: Any, row: Any) -> Times:
    rounds = [[_median(one.predict_proba, row) for one in (model, predictor)] for _ in range(ROUNDS)]
    theirs, ours = np.median(rounds, axis=0).tolist()
    ratio = float(np.median([a / b for a, b in rounds]))
    if not hasattr(row, "to_dict"):
        return Times(name, theirs, ours, ratio, None, None)
    records = row.to_dict("records")
    return Times(name, theirs, ours, ratio, _fresh(predictor, records), _median(predictor.predict_proba, records))


def _fresh(predictor: Any, records: list[dict[str, Any]]) -> float:
    """Return the median microseconds of a call with a table that it alone reads."""
    times = []
    for _ in range(FRESH):
        table = pd.DataFrame(records)
        start = time.perf_counter()
        predictor.predict_proba(table)
        times.append(time.perf_counter() - start)
    return float(np.median(times)) * 1e6


def _page(measured: list[Times], refused: list[str]) -> str:
    head = "| function | scikit-learn, us | Pretzel, us | times faster | new table, us | dictionary, us |"
    lines = [
        f"| {x.name} | {x.theirs:.0f} | {x.ours:.1f} | {x.ratio:.0f} | {_shown(x.fresh)} | {_shown(x.records)} |"
        for x in measured
    ]
    ratios = [x.ratio for x in measured]
    fast = sum(ratio >= WANTED for ratio in ratios)
    summary = (
        f"{len(measured)} of {len(FUNCTIONS)} functions are traced; not {' and '.join(refused)}. Of these, {fast} are "
        f"at least {WANTED} times faster; the median is {np.median(ratios):.0f} times, the least {min(ratios):.0f}."
    )
    machine = f"{platform.machine()}, Python {platform.python_version()}, pandas {pd.__version__}"
    table = "\n".join([head, "|---|---|---|---|---|---|", *lines])
    return "\n\n".join([ABOUT, f"On {machine}.", table, textwrap.fill(summary, 120)]) + "\n"


def _shown(microseconds: float | None) -> str:
    return "" if microseconds is None else f"{microseconds:.1f}"


def _fitted(function: Callable[[Any], Any], x: Any) -> Any:
    """Return the function before what reads its result, and a linear model."""
    made = FunctionTransformer(function).fit(x).transform(x)
    texts = hasattr(made, "dtypes") and any(str(dtype) in ("str", "object") for dtype in made.dtypes)
    after: list[Any] = [TfidfVectorizer()] if isinstance(made, list) else []
    after += [OneHotEncoder(handle_unknown="ignore")] if texts else []
    after += [] if after else [FunctionTransformer(np.nan_to_num)]
    target = np.arange(len(x)) % 2
    return make_pipeline(FunctionTransformer(function), *after, LogisticRegression()).fit(x, target)


def _median(call: Callable[[Any], Any], row: Any) -> float:
    """Return the median microseconds of a call."""
    call(row)
    times, end = list[float](), time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        call(row)
        times.append(time.perf_counter() - start)
    return float(np.median(times)) * 1e6


if __name__ == "__main__":
    main()
