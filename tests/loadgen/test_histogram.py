"""Quantiles against NumPy's, within the stated error."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.loadgen.histogram import Histogram

DURATIONS = st.lists(st.floats(1e-6, 1e4), min_size=1, max_size=300)
QUANTILES = (0, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1)


def counted(*parts: list[float]) -> Histogram:
    histogram = Histogram()
    for part in parts:
        histogram.add(np.array(part))
    return histogram


@given(DURATIONS)
def test_quantiles_are_within_a_percent(durations: list[float]):
    histogram = counted(durations)
    for q in QUANTILES:
        exact = np.quantile(durations, q, method="inverted_cdf")
        assert histogram.quantile(q) == pytest.approx(exact, rel=0.01)
    assert histogram.quantile(1) == max(durations)
    assert histogram.mean == pytest.approx(np.mean(durations))
    assert len(histogram) == len(durations)


@given(DURATIONS, DURATIONS)
def test_merged_histograms_are_those_of_all_durations(one: list[float], other: list[float]):
    merged, together = counted(one), counted(one, other)
    merged.merge(counted(other))
    assert (merged.counts == together.counts).all()
    assert merged.longest == together.longest and merged.mean == pytest.approx(together.mean)


@given(DURATIONS, st.integers(1, 300), st.floats(0, 1))
def test_durations_without_an_end_are_the_longest(durations: list[float], missing: int, q: float):
    exact = np.quantile([*durations, *[math.inf] * missing], q, method="inverted_cdf")
    assert counted(durations).quantile(q, missing) == pytest.approx(exact, rel=0.01)


@given(DURATIONS, st.floats(1e-6, 1e4))
def test_counts_up_to_a_limit(durations: list[float], limit: float):
    found, exact = counted(durations).within(limit), np.array(durations)
    assert (exact <= limit / 1.011).sum() <= found <= (exact <= limit * 1.011).sum()


def test_durations_out_of_range_and_none():
    histogram = counted([0.0, 1e9])
    assert (histogram.quantile(0.5) <= 1e-6, histogram.quantile(1)) == (True, 1e9)
    assert math.isnan(Histogram().quantile(0.5)) and math.isnan(Histogram().mean)
    assert Histogram().quantile(0.5, missing=1) == math.inf
    assert counted([1.0]).within(0.5) == 0
