"""Every target over its seeds, over what once did harm, and over a few changes; every kernel in the seeds of one."""

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
CHANGES = 40


@cache
def seeds(name: str) -> list[bytes]:
    return load(name).seeds()


@pytest.mark.parametrize("name", NAMES)
def test_seeds_are_run_and_most_are_served(name: str) -> None:
    target = load(name)
    served = [target.accepts(data) for data in seeds(name)]
    assert sum(served) > len(served) / 2, "what is refused at once leads nowhere"


@pytest.mark.parametrize(
    "path", [path for name in NAMES for path in committed(name)], ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_what_once_did_harm_does_none(path: Path) -> None:
    began = time.monotonic()
    with np.errstate(all="ignore"):
        load(path.parent.name).accepts(path.read_bytes())
    assert time.monotonic() - began < SECONDS


def test_the_corpus_is_of_targets_that_there_are() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_few_changes_do_no_harm(name: str) -> None:
    target, random = load(name), Random(0)
    change = Mutator(random, target.form)
    with np.errstate(all="ignore"):
        for _ in range(CHANGES):
            target.accepts(change(random.choice(seeds(name)), random.choice(seeds(name))))


def test_every_kernel_is_in_the_seeds_of_a_target() -> None:
    planned = [name for name in NAMES if load(name).run is plans.run]
    met = {stage["kernel"] for name in planned for data in seeds(name) for stage in decode(data)["plan"]["stages"]}
    assert met == {*KERNELS}


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_a_short_campaign_finds_nothing(name: str) -> None:
    assert not fuzz(name, seconds=5.0, seed=0).faults
