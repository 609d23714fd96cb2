"""Test every target on its seeds, its committed corpus and a few mutations, and that seeds cover every kernel."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest

from pretzel.engine.bindings import KERNELS
from pretzel.plan.encoding import decode
from tests.fuzz import plans
from tests.fuzz.__main__ import fuzz
from tests.fuzz.mutate import Mutator
from tests.fuzz.target import CORPUS, NAMES, committed, load

SECONDS = 10.0
MUTATIONS = 40


@cache
def seeds(name: str) -> list[bytes]:
    return load(name).seeds()


@pytest.mark.parametrize("name", NAMES)
def test_most_seeds_are_accepted(name: str) -> None:
    target = load(name)
    accepted = [target.accepts(data) for data in seeds(name)]
    assert sum(accepted) > len(accepted) / 2, "a rejected seed reaches little code"


@pytest.mark.parametrize(
    "path", [path for name in NAMES for path in committed(name)], ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_earlier_faults_stay_fixed(path: Path) -> None:
    started = time.monotonic()
    with np.errstate(all="ignore"):
        load(path.parent.name).accepts(path.read_bytes())
    assert time.monotonic() - started < SECONDS


def test_every_corpus_belongs_to_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_few_mutations_cause_no_fault(name: str) -> None:
    target, random = load(name), Random(0)
    change = Mutator(random, target.form)
    with np.errstate(all="ignore"):
        for _ in range(MUTATIONS):
            target.accepts(change(random.choice(seeds(name)), random.choice(seeds(name))))


def test_the_seeds_cover_every_kernel() -> None:
    names = [name for name in NAMES if load(name).run is plans.run]
    kernels = {stage["kernel"] for name in names for data in seeds(name) for stage in decode(data)["plan"]["stages"]}
    assert kernels == {*KERNELS} - {"python_stage"}  # which no kernel computes


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_a_short_campaign_finds_nothing(name: str) -> None:
    assert not fuzz(name, seconds=5.0, seed=0).faults
