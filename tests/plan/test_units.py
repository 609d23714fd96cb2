"""Amounts as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.plan.units import duration, percent, size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1023.96 * 1024, "1.0 MiB"),
        (5 << 20, "5.0 MiB"),
        (3 << 30, "3.0 GiB"),
        (5 << 40, "5120.0 GiB"),
    ],
)
def test_sizes(count: float, text: str):
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 us"),
        (1.3e-6, "1.30 us"),
        (9.996e-6, "10.0 us"),
        (45e-6, "45.0 us"),
        (999.6e-6, "1.00 ms"),
        (0.0271, "27.1 ms"),
        (2.5, "2.50 s"),
        (75, "75.0 s"),
        (4000, "4000 s"),
    ],
)
def test_durations(seconds: float, text: str):
    assert duration(seconds) == text


@given(st.floats(1e-9, 1e5), st.floats(1.5, 10))
def test_a_duration_keeps_its_value_and_its_width(seconds: float, factor: float):
    amount, unit = duration(seconds).split()
    assert float(amount) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit] == pytest.approx(seconds, rel=0.005, abs=6e-9)
    assert len(amount) <= 6


def test_shares():
    assert (percent(1, 8), percent(1, 0)) == ("12 %", "0 %")
