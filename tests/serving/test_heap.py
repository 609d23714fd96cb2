"""Full collections come when they do not delay anyone, and threads take short turns."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from pretzel.serving import heap
from pretzel.serving.heap import collect_if_due, defer_full_collections

AS_SERVERS = """
import gc, sys
from pretzel.control_plane.serve import server
from pretzel.serving.gil_turns import TURN_SECONDS
server._share_time()
assert gc.get_freeze_count() > 10_000, gc.get_freeze_count()
assert gc.isenabled()
assert gc.get_threshold()[2] == 1000, gc.get_threshold()
assert abs(sys.getswitchinterval() - TURN_SECONDS) < 1e-6 and TURN_SECONDS < 0.005, sys.getswitchinterval()
"""


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Restore the thresholds, and let tests alone start collections."""
    before = gc.get_threshold()
    gc.disable()
    yield
    gc.set_threshold(*before)
    gc.enable()


def test_a_full_collection_runs_only_when_it_is_due():
    gc.collect()
    for _ in range(heap._DUE - 1):
        gc.collect(1)
    collect_if_due()
    assert gc.get_count()[2] == heap._DUE - 1
    gc.collect(1)
    collect_if_due()
    assert gc.get_count()[2] == 0


def test_deferred_collections_are_rare_and_the_others_are_not():
    before = gc.get_threshold()
    defer_full_collections()
    assert gc.get_threshold() == (*before[:2], heap._RARE)


def test_a_control_plane_excludes_its_modules_from_collections_and_takes_short_turns():
    subprocess.run([sys.executable, "-c", AS_SERVERS], check=True, timeout=60)
