"""ONNX files, as trees of the fields of their messages."""

import numpy as np

from pretzel.importers import export
from pretzel.importers.onnx.model import read
from tests.fuzz.forms import PROTOBUF
from tests.importers.onnx.test_hostile import SEEDS

FORM = PROTOBUF


def seeds() -> list[bytes]:
    return list(SEEDS)


def run(data: bytes) -> None:
    with np.errstate(all="ignore"):
        export(read(data))
