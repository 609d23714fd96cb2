"""Observed runs return what others return."""

from __future__ import annotations

import numpy as np
import pytest

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.errors import InputError, NotFoundError
from pretzel.plan.values import Csr, Labels, Texts
from tests.data_plane.oip.trained import ROWS, TABLE, TEXTS, definitions

INPUTS = {
    "wine": {"X": np.tile(ROWS, (400, 1))},
    "text": {"X": Texts.of(TEXTS * 200)},
    "terms": {"X": Texts.of(TEXTS * 500)},
    "table": {
        "size": np.tile(TABLE["size"].to_numpy(), 300),
        "kind": Texts.of(TABLE["kind"].tolist() * 300),
        "note": Texts.of(TABLE["note"].tolist() * 300),
    },
}


def parts(value: object) -> list[np.ndarray]:
    if isinstance(value, Csr):
        return [value.data, value.indices, value.starts]
    return [value.codes] if isinstance(value, Labels) else [np.asarray(value)]


@pytest.mark.parametrize("name", INPUTS)
def test_results_are_those_of_a_run_and_each_step_has_its_time(name: str):
    compiled = compile_plan(definitions()[name])
    executable = engine.load(compiled.plan, compiled.blobs.__getitem__)
    plain = executable.run(INPUTS[name])
    observed, steps = executable.run_observed(INPUTS[name])
    assert plain.keys() == observed.keys()
    for output, value in plain.items():
        for one, other in zip(parts(value), parts(observed[output]), strict=True):
            assert one.tobytes() == other.tobytes()
    assert steps
    assert all(seconds > 0 for _, seconds, _ in steps)
    assert {stage for *_, stages in steps for stage in stages} <= {*range(len(compiled.plan.stages))}
    assert len({stage for *_, stages in steps for stage in stages}) >= len(steps)


def test_errors_are_those_of_a_run():
    compiled = compile_plan(definitions()["wine"])
    executable = engine.load(compiled.plan, compiled.blobs.__getitem__)
    with pytest.raises(InputError, match=r"row 1, column 2"):
        rows = ROWS.copy()
        rows[1, 2] = np.nan
        executable.run_observed({"X": rows})
    with pytest.raises(NotFoundError, match="nothing"):
        executable.run_observed({"X": ROWS}, ["nothing"])
