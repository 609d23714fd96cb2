"""Side processes, confined as far as the kernel can."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pretzel.errors import PreconditionError
from pretzel.isolation.limits import MIB, Allowed, SideLimits
from pretzel.isolation.stages import PythonStages
from tests.isolation.stages import ROWS, opened

LIMITS = SideLimits(seconds=2.0, memory=64 * MIB, file_bytes=4 * MIB)


@pytest.fixture(scope="package")
def stages() -> Iterator[PythonStages]:
    """Confined side processes; tests of them are skipped where the kernel lacks a part."""
    made = PythonStages(Allowed("true", processes=3, limits=LIMITS))
    try:
        opened(made, lambda X: X)([ROWS], 3, 0.0, None)
    except PreconditionError as error:
        pytest.skip(str(error))
    yield made
    made.close()
