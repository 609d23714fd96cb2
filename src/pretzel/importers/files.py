"""Models in their library's own file format, found by how the file begins.

A format is one line of ``FILES``: how it is recognized, and the module whose ``read(data: bytes)`` returns the model,
of a class that has an importer like any estimator's.  The module is loaded when such a file is met, and imports the
library itself only if the format cannot be read without.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers.catboost.cbm import is_cbm as catboost_binary
from pretzel.importers.catboost.json_model import is_json as catboost_json
from pretzel.importers.lightgbm.text import is_text as lightgbm_text
from pretzel.importers.registry import STAND_INS, Step, served_as
from pretzel.importers.xgboost.document import is_json as xgboost_json
from pretzel.importers.xgboost.document import is_ubjson as xgboost_ubjson

HEAD = 4096
"""Bytes of a file that are shown to each format; no file is recognized by what comes later."""


ONNX_FIELDS = tuple(
    bytes([number << 3 | kind]) for number, kind in ((2, 2), (3, 2), (4, 2), (5, 0), (6, 2), (7, 2), (8, 2))
)
"""What comes after the version at the beginning of an ONNX file: the tags of the fields of its protobuf message."""


@dataclass(frozen=True, slots=True)
class Format:
    """One file format of one library."""

    name: str
    """For messages: ``LightGBM text``."""
    begins: Callable[[bytes], bool]
    """Whether a file with this head is of the format."""
    module: str
    """Holds ``read(data)``, which raises InputError where the bytes are torn or hold something else."""


FILES: list[Format] = [
    Format("CatBoost binary", catboost_binary, "pretzel.importers.catboost.native"),
    Format("CatBoost JSON", catboost_json, "pretzel.importers.catboost.native"),
    Format("LightGBM text", lightgbm_text, "pretzel.importers.lightgbm.native"),
    Format(
        "ONNX",
        lambda head: head[:1] == b"\x08" and head[1:2] < b"\x20" and head[2:3] in ONNX_FIELDS,
        "pretzel.importers.onnx.model",
    ),
    Format("XGBoost JSON", xgboost_json, "pretzel.importers.xgboost.native"),
    Format("XGBoost UBJSON", xgboost_ubjson, "pretzel.importers.xgboost.native"),
]


def opened(model: Any) -> Any:
    """Return the model itself, or what stands for it: of a path, what the file holds (see :func:`read_model`)."""
    if isinstance(model, (str, os.PathLike)):
        return read_model(model)
    stand_in = STAND_INS.get(served_as(type(model)))
    if stand_in is None:
        return model
    Step(type(model).__name__.lower(), model).check_unchanged()
    return stand_in(model)


def format_of(path: str | os.PathLike[str]) -> Format | None:
    """Return the format that a file is of, or None where no library is known to write files that begin so."""
    with Path(path).open("rb") as file:
        head = file.read(HEAD)
    return next((known for known in FILES if known.begins(head)), None)


def read_model(path: str | os.PathLike[str]) -> Any:
    """Return the model that a file holds; nothing in the file is run.

    Raises:
        InputError: the file is torn, or not what it seems to be.
        UnsupportedError: no format begins so.
    """
    found = format_of(path)
    if found is None:
        names = ", ".join(known.name for known in FILES)
        refused = UnsupportedError(f"{os.fspath(path)}: no format of a model begins like this; expected one of {names}")
        refused.add_note("open a pickle yourself, and pass the estimator")
        raise refused
    try:
        return importlib.import_module(found.module).read(Path(path).read_bytes())
    except InputError as error:
        raise InputError(f"{os.fspath(path)}: it cannot be read as {found.name}: {error}") from None
