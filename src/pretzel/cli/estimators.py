"""Load models from files: definitions, libraries' own formats, skops and pickles; only in the user's process."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from pretzel.cli import output
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers.files import format_of, opened, read_model
from pretzel.importers.registry import IMPORTERS
from pretzel.plan import bundle

DATA = {".cbm", ".json", ".onnx", ".pretzel", ".skops", ".txt", ".ubj"}
"""Extensions of files without code; such a file is never opened as a pickle, which would run code."""
TABLES = {".csv", ".jsonl", ".ndjson", ".parquet", ".pq", ".tsv"}
"""Extensions of files of rows.  JSON may be rows or a model; its first bytes decide."""
PACKED = {".bz2", ".gz", ".xz"}
"""Extensions of compressed tables."""


def load_model(path: Path, trusted: Sequence[str] = (), *, warn_of_code: bool = True) -> Any:
    """Return the definition or the estimator in a file.

    Args:
        path: a file of `pretzel export`, of a library's own format, skops, joblib or pickle.
        trusted: types to allow in a skops file in addition to those that skops trusts.
        warn_of_code: print a warning before a pickle is opened, which runs code in it.

    Raises:
        InputError: the file is damaged, has neither, does not match its extension, or has an untrusted type.
        UnsupportedError: its object is not an estimator, or a library to read it is not installed.
    """
    if bundle.is_bundle(path):
        return bundle.load(path)
    if format_of(path) is not None:
        return read_model(path)
    model = opened(_skops(path, trusted) if _is_skops(path) else _pickled(path, warn_of_code))
    if not hasattr(model, "fit") and type(model) not in IMPORTERS:
        refused = UnsupportedError(f"{path}: holds a {type(model).__name__}, not an estimator")
        refused.add_note("save the fitted estimator alone")
        raise refused
    return model


def _is_skops(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "schema.json" in archive.namelist()


def _skops(path: Path, trusted: Sequence[str]) -> Any:
    try:
        skops = import_module("skops.io")
    except ModuleNotFoundError:
        raise UnsupportedError(f"{path}: reading a skops file needs skops; pip install 'pretzel[skops]'") from None
    unknown = sorted({*skops.get_untrusted_types(file=path)} - {*trusted})
    if unknown:
        raise InputError(f"{path}: holds types that are not trusted: {', '.join(unknown)}; allow each with --trust")
    return skops.load(path, trusted=list(trusted))


def _pickled(path: Path, warn_of_code: bool) -> Any:
    if _is_table(path):
        refused = InputError(f"{path}: this is a table of rows, not a model file")
        refused.add_note(f"check, deploy and export take a model file; check and deploy take rows as --sample {path}")
        raise refused
    if path.suffix.lower() in DATA:
        raise InputError(f"{path}: its contents do not match its extension, which is not one of a pickle")
    if warn_of_code:
        output.warn(f"{path} is opened as a pickle, which runs code in it; open only files that you trust")
    try:
        return _load_pickle(path)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        refused = InputError(f"{path}: it cannot be opened as a pickle ({reason})")
        refused.add_note(_remedy(error))
        raise refused from None


def _remedy(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        module = (error.name or "").partition(".")[0]
        return f"it refers to the module {module!r}: install it here, or name its folder: PYTHONPATH=. pretzel ..."
    if isinstance(error, AttributeError) and "__main__" in str(error):
        return (
            "it refers to a function or class of the script that wrote it: move that to a module which the script "
            "imports, and save the model again; or deploy from the script by pretzel.ControlPlane"
        )
    return "save the model with joblib, pickle, skops or `pretzel export`, with the library versions installed here"


def _is_table(path: Path) -> bool:
    """Return whether a file has the extension of a table, compressed or not, or is JSON that is not a model."""
    *_, last = ["", *(suffix.lower() for suffix in path.suffixes if suffix.lower() not in PACKED)]
    return last in TABLES or (last == ".json" and path.read_bytes().lstrip()[:1] in (b"[", b"{"))


def _load_pickle(path: Path) -> Any:
    try:
        joblib = import_module("joblib")
    except ModuleNotFoundError:
        with path.open("rb") as file:
            return pickle.load(file)
    return joblib.load(path)
