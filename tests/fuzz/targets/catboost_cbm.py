"""CatBoost's binary files."""

import tempfile
from pathlib import Path
from typing import Any

from pretzel.importers import export
from pretzel.importers.catboost.native import read


def saved(model: Any, kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, f"model.{kind}")
        model.save_model(path, format=kind)
        return path.read_bytes()


def models() -> list[Any]:
    """Return a model of numbers, one grown leaf by leaf, and one with categories."""
    from tests.importers.catboost.models import mixed, regressor

    small = {"iterations": 2, "depth": 2}
    return [regressor(**small), regressor(**small, grow_policy="Lossguide"), mixed(**small)]


def seeds() -> list[bytes]:
    return [saved(model, "cbm") for model in models()]


def run(data: bytes) -> None:
    export(read(data))
