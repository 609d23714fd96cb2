"""Times, choices and traces: properties, and the same calls for the same seed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import InputError
from pretzel.loadgen.arrivals import KINDS, times_of
from pretzel.loadgen.mix import Sizes, choices, zipf
from pretzel.loadgen.schedule import Load, Requests
from pretzel.loadgen.trace import read_trace

SEEDS = st.integers(0, 2**32 - 1)


def times(kind: str, rate: float, seconds: float, burst: int, seed: int) -> np.ndarray:
    blocks = list(times_of(kind, rate, seconds, burst, np.random.default_rng(seed)))
    return np.concatenate(blocks) if blocks else np.array([])


@given(st.sampled_from(KINDS), st.floats(1, 2e4), st.floats(0.01, 5), st.integers(1, 50), SEEDS)
def test_times_ascend_below_the_end_and_follow_the_seed(kind: str, rate: float, seconds: float, burst: int, seed: int):
    found = times(kind, rate, seconds, burst, seed)
    assert (np.diff(found) >= 0).all()
    assert len(found) == 0 or 0 <= found[0] <= found[-1] < seconds
    assert np.array_equal(found, times(kind, rate, seconds, burst, seed))
    # The number of independent times is within six standard deviations of its mean, and bursts come whole.
    group = burst if kind == "bursts" else 1
    expected = rate * seconds / group
    assert len(found) % group == 0
    assert abs(len(found) / group - expected) <= (1 if kind == "even" else 6 * math.sqrt(expected) + 10)


def test_distances_of_independent_calls_are_exponential():
    distances = np.diff(times("poisson", 1000, 60, 1, 0))
    assert distances.mean() == pytest.approx(1e-3, rel=0.03)
    assert distances.std() == pytest.approx(1e-3, rel=0.03)
    assert np.mean(distances > 2e-3) == pytest.approx(math.exp(-2), rel=0.05)


@given(st.integers(1, 500), st.floats(0, 3))
def test_shares_fall_by_the_power_of_the_rank(count: int, exponent: float):
    shares = zipf(count, exponent)
    assert shares.sum() == pytest.approx(1)
    assert (np.diff(shares) <= 1e-15).all()
    assert shares[0] / shares[-1] == pytest.approx(count**exponent)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=20), SEEDS)
def test_choices_follow_their_shares(weights: list[float], seed: int):
    shares, count = np.array(weights) / sum(weights), 5000
    found = np.bincount(choices(shares, np.random.default_rng(seed), count), minlength=len(shares)) / count
    assert len(found) == len(shares)
    assert (np.abs(found - shares) <= 6 * np.sqrt(shares / count)).all()


def test_a_request_is_a_model_and_a_size():
    requests = Requests(3, Sizes.parse("1:0.75,100:0.25"), 1.0)
    load = Load(seconds=10, warm_up=0, rate=1000, seed=7)
    kinds = np.concatenate([kinds for _, kinds in requests.open(load)])
    models, sizes = np.divmod(kinds, 2)
    assert np.bincount(models) / len(kinds) == pytest.approx(zipf(3, 1.0), abs=0.03)
    assert np.mean(sizes == 1) == pytest.approx(0.25, abs=0.03)
    endless = requests.endless(load)
    assert {next(endless) for _ in range(2000)} == set(range(6))


def test_shares_of_sizes():
    assert Sizes.parse("7") == Sizes((7,), (1.0,))
    assert Sizes.parse("1,100") == Sizes((1, 100), (0.5, 0.5))
    assert Sizes.parse("1:3,100:1") == Sizes((1, 100), (0.75, 0.25))


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "1:0", "1:-2", "1:x", "1,,2", "1:inf", "1.5"])
def test_malformed_sizes_are_named(text: str):
    with pytest.raises(InputError, match="expected SIZE or SIZE:SHARE") as caught:
        Sizes.parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "rate", "problem"),
    [("poisson", 0, "above 0"), ("even", math.inf, "above 0"), ("waves", 1, "expected poisson, even, bursts")],
)
def test_other_arrivals_are_rejected(kind: str, rate: float, problem: str):
    with pytest.raises(InputError, match=problem):
        times_of(kind, rate, 1, 1, np.random.default_rng())


def test_a_trace(tmp_path: Path):
    (tmp_path / "t").write_text("seconds,model,rows\n0,a,1\n0.5, b@2 ,10\n\n0.5,a,1\n")
    trace = read_trace(tmp_path / "t")
    assert trace.requests == (("a", 1), ("b@2", 10))
    assert (trace.times.tolist(), trace.kinds.tolist(), trace.seconds) == ([0, 0.5, 0.5], [0, 1, 0], 0.5)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected calls as seconds,model,rows, got none"),
        ("0,a,1\n0,a\n", "line 2: expected seconds,model,rows, got '0,a'"),
        ("0,a,1\nx,a,1\n", "line 2: expected seconds,model,rows"),
        ("0,a,1,2\n", "line 1: expected seconds >= 0, a model and rows >= 1"),
        ("nan,a,1\n", "line 1: expected seconds >= 0"),
        ("0,,1\n", "line 1: expected seconds >= 0"),
        ("\n0,a,0\n", "line 2: expected seconds >= 0"),
        ("1,a,1\n0.5,a,1\n", "line 2: 0.5 s is before 1.0 s; sort the lines by time"),
    ],
)
def test_malformed_traces_are_named_by_line(tmp_path: Path, text: str, problem: str):
    (tmp_path / "t").write_text(text)
    with pytest.raises(InputError) as caught:
        read_trace(tmp_path / "t")
    assert problem in str(caught.value) and str(caught.value).startswith(str(tmp_path / "t"))
