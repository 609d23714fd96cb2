"""Model files in their library's format, recognized by their first bytes.

A format is one line of ``FILES``: its recognizer, and the module whose ``read(data: bytes)`` returns a model of a class
with an importer, like any estimator.  The module is loaded for the first such file, and imports the library only if
the format cannot be read without it.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pretzel.errors import InputError, UnsupportedError
from pretzel.importers.catboost.recognized import is_cbm as catboost_binary
from pretzel.importers.catboost.recognized import is_json as catboost_json
from pretzel.importers.lightgbm.recognized import is_text as lightgbm_text
from pretzel.importers.registry import STAND_INS, Step, served_as
from pretzel.importers.xgboost.recognized import is_json as xgboost_json
from pretzel.importers.xgboost.recognized import is_ubjson as xgboost_ubjson

HEAD = 4096
"""Leading bytes of a file by which its format is recognized."""


ONNX_FIELDS = tuple(
    bytes([number << 3 | kind]) for number, kind in ((2, 2), (3, 2), (4, 2), (5, 0), (6, 2), (7, 2), (8, 2))
)
"""Tags of the protobuf fields that may follow the version at the start of an ONNX file."""


@dataclass(frozen=True, slots=True)
class Format:
    """One file format of one library."""

    name: str
    """For messages: ``LightGBM text``."""
    begins: Callable[[bytes], bool]
    """Returns whether a file with this head has the format."""
    module: str
    """Contains ``read(data)``, which raises InputError if the bytes are damaged or of another format."""


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
    """Return the model, its replacement, or for a path the model in the file (see :func:`read_model`)."""
    if isinstance(model, (str, os.PathLike)):
        return read_model(model)
    stand_in = STAND_INS.get(served_as(type(model)))
    if stand_in is None:
        return model
    Step(type(model).__name__.lower(), model).check_unchanged()
    return stand_in(model)


def format_of(path: str | os.PathLike[str]) -> Format | None:
    """Return the format of a file, or None if its first bytes match none."""
    with Path(path).open("rb") as file:
        head = file.read(HEAD)
    return next((form for form in FILES if form.begins(head)), None)


def read_model(path: str | os.PathLike[str]) -> Any:
    """Return the model in a file; no code in the file is run.

    Raises:
        InputError: the file is damaged, or does not match its format.
        UnsupportedError: the format is unknown.
    """
    form = format_of(path)
    if form is None:
        names = ", ".join(supported.name for supported in FILES)
        refused = UnsupportedError(f"{os.fspath(path)}: no format of a model begins like this; expected one of {names}")
        refused.add_note("open a pickle yourself, and pass the estimator")
        raise refused
    try:
        return importlib.import_module(form.module).read(Path(path).read_bytes())
    except InputError as error:
        raise InputError(f"{os.fspath(path)}: it cannot be read as {form.name}: {error}") from None
