"""Cores by quotas of control groups, as the kernel writes them."""

from __future__ import annotations

import math
import os

import pytest

from pretzel.serving.cores import quota_of, usable_cores


def quota(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cpu.max").write_text(text)


def test_a_group_without_a_quota(tmp_path):
    quota(tmp_path / "a", "max 100000\n")
    assert quota_of("/a", tmp_path) == math.inf
    assert quota_of("/absent", tmp_path) == math.inf


@pytest.mark.parametrize(("text", "cores"), [("150000 100000\n", 1.5), ("50000 100000", 0.5), ("200000 50000\n", 4.0)])
def test_a_quota_is_a_ratio(tmp_path, text, cores):
    quota(tmp_path, text)
    assert quota_of("/", tmp_path) == cores


def test_the_smallest_of_the_ancestors_counts(tmp_path):
    quota(tmp_path / "a", "200000 100000")
    quota(tmp_path / "a" / "b", "max 100000")
    quota(tmp_path / "a" / "b" / "c", "400000 100000")
    assert quota_of("/a/b/c", tmp_path) == 2.0


@pytest.mark.parametrize("text", ["", "nonsense", "1000", "1000 0", "1 2 3 4", "-5 100000"])
def test_unknown_texts_are_no_quota(tmp_path, text):
    quota(tmp_path, text)
    assert quota_of("/", tmp_path) in (math.inf, 0.5)


@pytest.mark.parametrize(("quota", "cores"), [("50000", 0.5), ("-1", math.inf)])
def test_the_first_version(tmp_path, quota, cores):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert quota_of("/", tmp_path) == cores


def test_never_more_than_the_affinity():
    assert 0 < usable_cores() <= len(os.sched_getaffinity(0))
