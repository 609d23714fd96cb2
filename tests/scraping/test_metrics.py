"""Metrics of workers, read over HTTP and summed."""

from __future__ import annotations

import ssl

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.measure.counters import BOUNDS, Histogram
from pretzel.errors import InputError
from pretzel.scraping.metrics import Calls, merged, parse, quantile, since
from pretzel.scraping.reader import Reader
from pretzel.targets import Tls

TEXT = """\
# HELP pretzel_request_seconds Time to answer a call that succeeded.
# TYPE pretzel_request_seconds histogram
pretzel_request_seconds_bucket{method="Predict",model="a",le="0.001"} 8
pretzel_request_seconds_bucket{method="Predict",model="a",le="0.01"} 10
pretzel_request_seconds_bucket{method="Predict",model="a",le="+Inf"} 10
pretzel_request_seconds_count{method="Predict",model="a"} 10
pretzel_request_seconds_sum{method="Predict",model="a"} 0.02
pretzel_request_seconds_bucket{method="Infer",model="a",le="0.001"} 2
pretzel_request_seconds_bucket{method="Infer",model="a",le="0.01"} 2
pretzel_request_seconds_bucket{method="Infer",model="a",le="+Inf"} 2
pretzel_request_seconds_count{method="Infer",model="a"} 2
pretzel_request_seconds_sum{method="Infer",model="a"} 0.001
# TYPE pretzel_errors_total counter
pretzel_errors_total{method="Predict",model="a \\"b\\"",code="INVALID_ARGUMENT"} 3
# TYPE pretzel_resident_plans gauge
pretzel_resident_plans 4
# TYPE pretzel_processor_seconds_total counter
pretzel_processor_seconds_total 1.5
# TYPE something_else gauge
something_else{bad
"""


def test_metrics_are_summed_over_methods():
    scrape = parse(TEXT)
    a = scrape.models["a"]
    assert (a.count, a.seconds, a.errors) == (12, pytest.approx(0.021), 0)
    assert a.buckets == {0.001: 10, 0.01: 12, float("inf"): 12}
    assert scrape.models['a "b"'].errors == 3
    assert scrape.figures == {"resident_plans": 4, "processor_seconds": 1.5}


def test_quantiles_are_interpolated_within_a_bucket():
    calls = Calls(10, buckets={0.001: 5, 0.01: 10, float("inf"): 10})
    assert quantile(calls, 0.5) == pytest.approx(0.001)
    assert quantile(calls, 0.75) == pytest.approx(0.0055)
    assert quantile(calls, 1.0) == pytest.approx(0.01)
    assert quantile(Calls(1, buckets={0.01: 0, float("inf"): 1}), 0.99) == 0.01  # the last bucket has no upper bound
    assert quantile(Calls(), 0.5) is None


@given(st.lists(st.integers(0, 50), min_size=2, max_size=6), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bucket_that_reaches_its_share(counts: list[int], share: float):
    bounds = [*(10.0**n for n in range(len(counts) - 1)), float("inf")]
    reached = [sum(counts[: n + 1]) for n in range(len(counts))]
    found = quantile(Calls(reached[-1], buckets=dict(zip(bounds, reached, strict=True))), share)
    if not reached[-1]:
        assert found is None
        return
    first = next(n for n, count in enumerate(reached) if count >= share * reached[-1] - 1e-9)
    low = bounds[first - 1] if first else 0.0
    high = low if bounds[first] == float("inf") else bounds[first]
    assert low - 1e-9 <= found <= high + 1e-9


def test_calls_since_a_restart_count_from_zero():
    before, after = Calls(10, 1.0, 2, {1.0: 10}, 30), Calls(14, 1.5, 2, {1.0: 14}, 42)
    assert since(after, before) == Calls(4, 0.5, 0, {1.0: 4}, 12)
    assert since(before, after) is before
    assert since(after, None) is after
    assert merged([before, after]) == Calls(24, 2.5, 4, {1.0: 24}, 72)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "http://127.0.0.1:1/other", "http://u@127.0.0.1:1/metrics", "gopher://x/metrics", "nothing"],
)
async def test_only_urls_of_metrics_are_read(url: str):
    with pytest.raises(InputError, match="expected http://host:port/metrics"):
        await Reader(Tls()).read(url)


def test_a_certificate_that_is_trusted_need_not_be_an_authority():
    assert Reader(Tls())._context.verify_mode is ssl.CERT_REQUIRED


@given(st.lists(st.floats(0, 9.9), min_size=1, max_size=200), st.floats(0.01, 0.99))
def test_quantiles_are_within_their_bucket(seconds: list[float], share: float):
    counted = Histogram()
    for one in seconds:
        counted.observe(one)
    cumulative = dict(zip([*BOUNDS, float("inf")], np.cumsum(counted.buckets).tolist(), strict=True))
    exact = float(np.quantile(seconds, share, method="inverted_cdf"))
    bucket = next(i for i, bound in enumerate(BOUNDS) if exact <= bound)
    found = quantile(Calls(len(seconds), buckets=cumulative), share)
    assert found is not None
    assert ([0.0, *BOUNDS][bucket]) - 1e-12 <= found <= BOUNDS[bucket] + 1e-12
