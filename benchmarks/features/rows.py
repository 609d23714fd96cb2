"""The time of one row through each of thirty feature functions: ``python -m benchmarks.features.rows``."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import pretzel
from pretzel.errors import UnsupportedError
from tests.importers.sklearn.thirty_functions import FUNCTIONS, data

SECONDS = 0.15


def main() -> None:
    """Print the median time of ``predict_proba`` of one row, by the library and by Pretzel."""
    warnings.simplefilter("ignore")
    held, faster = data(), list[float]()
    for name, (over, function) in FUNCTIONS.items():
        model = _fitted(function, held[over])
        try:
            predictor = pretzel.compile(model, sample=held[over])
        except UnsupportedError as error:
            print(f"{name:20} not traced: {str(error)[:120]}")
            continue
        row = held[over][:1]
        theirs, ours = (_median(one.predict_proba, row) for one in (model, predictor))
        records = _records(row)
        raw = ours if records is None else _median(predictor.predict_proba, records)
        faster.append(theirs / ours)
        print(f"{name:20} {theirs:9.0f} us {ours:8.1f} us {theirs / ours:7.1f} x   as an array or dict {raw:8.1f} us")
    print(f"{len(faster)} of {len(FUNCTIONS)} are traced; {sum(x >= 20 for x in faster)} are 20 times faster")
    print(f"median {np.median(faster):.0f} times, least {min(faster):.1f}")


def _records(row: Any) -> Any:
    return row.to_dict("records") if hasattr(row, "to_dict") else None


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
