"""Comparison of the answers of a shadow, the queue of its copies, and the sums of its figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.residency.entry import Entry
from pretzel.data_plane.shadow.comparing import compared
from pretzel.data_plane.shadow.copies import OF_COPY, Copies
from pretzel.data_plane.shadow.many import copy_many
from pretzel.data_plane.supervise.shadows import ShadowSums
from pretzel.errors import InputError
from pretzel.plan.drift import EDGES, LENGTHS, Bins, Distribution, counts_of
from pretzel.plan.model import Shadow
from pretzel.plan.shadows import ShadowFigures, summed
from pretzel.plan.values import Labels, Texts
from pretzel.plan.wire.shadows import figures_from_bytes, figures_from_proto, figures_to_bytes, figures_to_proto
from pretzel.v1 import shadow_pb2 as pb

NAN = float("nan")


def figures(got: dict[str, Any], want: dict[str, Any], examples: bool = False) -> ShadowFigures:
    columns = {"x": np.arange(4.0)}
    return compared(ShadowFigures("m", "stable", 2, 7, 1), got, want, columns, examples)


@pytest.mark.parametrize(
    ("got", "want", "disagreeing", "largest"),
    [
        (np.array([1.0, 2.0, NAN, np.inf]), np.array([1.0, 2.2, NAN, np.inf]), 1, 0.2 / 2.2),
        (np.array([1.0, NAN, 3.0, 0.0]), np.array([1.0, 2.0, 3.0, 0.0]), 1, np.inf),
        (np.array([1, 2, 3, 4]), np.array([1, 2, 9, 9]), 2, 0.0),
        (Texts.of(["a", "b", "c", "d"]), Texts.of(["a", "b", "c", "e"]), 1, 0.0),
        (Labels(np.array([0, 1, 0, 1]), ["n", "y"]), Labels(np.array([1, 0, 0, 0]), ["y", "n"]), 1, 0.0),
        (np.array([[0, 1], [1, 1], [0, 0], [1, 0]]), np.array([[0, 1], [1, 0], [1, 1], [1, 0]]), 2, 0.0),
        (np.zeros((4, 2)), np.zeros((4, 3)), 4, 0.0),
    ],
    ids=["floats", "nan", "integers", "texts", "labels", "multi-label", "shapes"],
)
def test_rows_that_differ_are_counted(got: Any, want: Any, disagreeing: int, largest: float):
    found = figures({"predict": got}, {"predict": want})
    assert (found.rows, found.disagreeing, found.outputs["predict"].disagreeing) == (4, disagreeing, disagreeing)
    assert found.outputs["predict"].largest_difference == pytest.approx(largest)


def test_an_output_that_only_one_version_has_is_said():
    one, examples = np.arange(4.0), figures({"a": np.arange(4.0) + 1}, {"a": np.arange(4.0)}, examples=True).examples
    found = figures({"a": one, "b": one}, {"a": one, "c": one})
    assert (found.outputs["b"].only_shadow, found.outputs["c"].only_given, found.disagreeing) == (4, 4, 0)
    assert [(one.row, one.got, one.want, one.inputs) for one in examples][0] == (0, "1.0", "0.0", "{'x': 0.0}")


@given(st.lists(st.floats(), max_size=50), st.sampled_from(Bins))
def test_bins_are_those_of_numpy(values: list[float], bins: Bins):
    counts, array = counts_of(np.array(values), bins), np.array(values, float)
    edges = np.array([-np.inf, *EDGES[bins], np.inf])
    known = np.nan_to_num(array[~np.isnan(array)], posinf=1e300, neginf=-1e300)
    assert counts[:-1].tolist() == np.histogram(known, edges)[0].tolist()
    assert counts[-1] == np.isnan(array).sum() and len(counts) == LENGTHS[bins]


@given(*[st.lists(st.integers(-3, 3), min_size=1, max_size=40)] * 2)
def test_drift_is_that_of_the_library(given_: list[int], shadow: list[int]):
    from scipy.stats import ks_2samp

    left, right = np.exp2(given_), np.exp2(shadow)  # each value has a bin of its own
    found = Distribution(Bins.SIGNED_LOG, *(counts_of(values, Bins.SIGNED_LOG) for values in (left, right)))
    assert found.ks == pytest.approx(ks_2samp(left, right).statistic)
    assert found.psi >= 0 and (found.psi == pytest.approx(0) or found.ks > 0)


@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=6), min_size=1, max_size=5))
def test_sums_of_processes_are_the_figures_of_all_rows(parts: list[list[float]]):
    each = [
        figures({"predict_proba": np.array(part)[:, None] + 0.1}, {"predict_proba": np.array(part)[:, None]})
        for part in parts
    ]
    sums = ShadowSums()
    for number, one in enumerate(each):
        for _ in range(2):  # a repeated report replaces the one before
            sums.hear(str(number), [figures_to_bytes(one)])
    whole = np.concatenate(parts)[:, None]
    (all_of_them,) = sums.report()[1]
    want = figures({"predict_proba": whole + 0.1}, {"predict_proba": whole})
    assert (all_of_them.rows, all_of_them.disagreeing) == (want.rows, want.disagreeing)
    assert figures_to_bytes(summed([figures_from_bytes(figures_to_bytes(want))])[0]) == figures_to_bytes(want)
    (got,), (expected,) = (one.outputs["predict_proba"].distributions for one in (all_of_them, want))
    assert (got.given == expected.given).all() and (got.shadow == expected.shadow).all()


def test_figures_that_cannot_be(monkeypatch: pytest.MonkeyPatch):
    message = figures_to_proto(figures({"a": np.arange(4.0)}, {"a": np.arange(4.0)}))
    message.outputs[0].distributions[0].given.append(1)
    with pytest.raises(InputError, match="output 'a': a distribution of .* bins; expected"):
        figures_from_proto(message)
    with pytest.raises(InputError, match="shadow of model 'm': a count is negative; expected counts from 0"):
        figures_from_proto(pb.ShadowFigures(model="m", rows=-1))


@pytest.mark.parametrize(("calls", "size"), [(2, 1 << 20), (100, 2200)])
def test_a_full_queue_drops_and_counts(calls: int, size: int):
    copies = Copies(calls, size)
    copier = copies.copier("m", "stable", Shadow(2, 10_000, 7), 1, Entry.__new__(Entry))
    assert copier is not None and copies.copier("m", "stable", Shadow(2, 1, 7), 2, copier.entry) is None
    for _ in range(5):
        copier.copy_message(b"x" * 250, b"y" * 250, False)
    assert (copier.figures.calls, copier.figures.dropped) == (5, 3)
    assert len(copies.take(10, 0.0)) == 2 and copies.take(10, 0.0) == []
    copier.copy_message(b"x", b"y", False)
    assert (copier.figures.calls, copier.figures.dropped) == (6, 3)
    assert copies.counts()["shadow_dropped"] == 3


def test_a_call_for_many_counts_until_its_last_copy_is_taken():
    """The parts share the bytes of the call, which stay in memory until the last of them has run."""
    copies = Copies(100, 2 * 2 * 1000 + 4 * OF_COPY)
    copiers = [copies.copier(f"m{i}", "stable", Shadow(2, 10_000, 7), 1, Entry.__new__(Entry)) for i in range(2)]
    drawn = [(i, copier) for i, copier in enumerate(copiers) if copier is not None]
    for _ in range(3):
        copy_many(b"x" * 600, b"y" * 400, drawn)
    assert copies.counts()["shadow_dropped"] == 2  # both parts of the third
    assert len(copies.take(1, 0.0)) == 1
    copy_many(b"x" * 600, b"y" * 400, drawn)
    assert copies.counts()["shadow_dropped"] == 4  # the other part of the first still waits
    assert len(copies.take(1, 0.0)) == 1
    copy_many(b"x" * 600, b"y" * 400, drawn)
    assert copies.counts()["shadow_dropped"] == 4
