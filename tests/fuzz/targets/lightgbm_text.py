"""LightGBM's text files."""

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from pretzel.importers import export
from pretzel.importers.lightgbm.native import read
from tests.importers.lightgbm.texts import text_of, trees


def seeds() -> list[bytes]:
    texts: list[bytes] = []

    @seed(0)
    @settings(
        max_examples=6, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(grown=st.lists(trees(), min_size=1, max_size=3))
    def draw(grown: list[dict[str, list[object]]]) -> None:
        texts.append(text_of(grown).encode())

    draw()
    return texts


def run(data: bytes) -> None:
    with np.errstate(all="ignore"):
        export(read(data))
