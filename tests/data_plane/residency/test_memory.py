"""The memory of a process is split between plans and fused kernels."""

import pytest

from pretzel.data_plane.residency.memory import for_plans
from pretzel.engine.fusion import FUSER

MIB = 1 << 20


@pytest.mark.parametrize(("budget", "fused"), [(4096 * MIB, 128 * MIB), (800 * MIB, 100 * MIB), (80, 10), (1, 0)])
def test_fused_kernels_have_a_bounded_share_of_the_budget(monkeypatch: pytest.MonkeyPatch, budget: int, fused: int):
    monkeypatch.setattr(FUSER, "budget", FUSER.budget)
    assert for_plans(budget) == budget - fused
    assert FUSER.budget == fused
