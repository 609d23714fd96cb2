"""Bring the file behind an address to this machine for the time of a command."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any

from pretzel.cli.sources.address import MLFLOW, scheme, shown, without_secrets
from pretzel.cli.sources.folder import model_in
from pretzel.errors import InputError, PretzelError, UnsupportedError


@contextmanager
def local_file(address: str) -> Iterator[Path]:
    """Yield the path of a file; one behind a URL is in a temporary folder until the end of the block.

    Raises:
        InputError: the file does not exist, or it cannot be fetched.
        UnsupportedError: the library that reads such an address is not installed.
    """
    if not scheme(address):
        yield _existing(Path(address))
        return
    with tempfile.TemporaryDirectory(prefix="pretzel-") as directory:
        yield _fetched(address, Path(directory))


@contextmanager
def model_file(address: str) -> Iterator[Path]:
    """Yield the path of a model's file; of a folder, that of the one model in it.

    Raises:
        InputError: also if a folder holds no model file, or several.
    """
    with local_file(address) as path:
        yield model_in(path, shown(address)) if path.is_dir() else path


def expanded(pattern: str) -> list[str]:
    """Return the addresses that match a pattern, in order.

    Raises:
        InputError: there are none.
    """
    if scheme(pattern):
        with _explained(pattern):
            files, path = _filesystem(pattern)
            found = [files.unstrip_protocol(match) for match in files.glob(path)]
    else:
        base = Path(pattern).anchor or "."
        relative = str(Path(pattern).relative_to(base)) if Path(pattern).is_absolute() else pattern
        found = [str(match) for match in Path(base).glob(relative)]
    if not found:
        raise InputError(f"{shown(pattern)}: no file matches the pattern")
    return sorted(found)


def _existing(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"{path} does not exist")
    return path


def _fetched(address: str, directory: Path) -> Path:
    with _explained(address):
        return _of_mlflow(address, directory) if scheme(address) in MLFLOW else _of_fsspec(address, directory)


def _of_mlflow(address: str, directory: Path) -> Path:
    try:
        artifacts = import_module("mlflow.artifacts")
    except ModuleNotFoundError:
        raise UnsupportedError(f"{shown(address)}: needs MLflow; pip install mlflow-skinny") from None
    return Path(artifacts.download_artifacts(artifact_uri=address, dst_path=str(directory)))


def _of_fsspec(address: str, directory: Path) -> Path:
    files, path = _filesystem(address)
    folder = files.info(path)["type"] == "directory"  # `isdir` of a page on the web is true
    # A file keeps its name: its extension says what may be in it.
    target = directory / ("folder" if folder else Path(shown(address)).name or "file")
    if folder:
        files.get(path.rstrip("/") + "/", str(target), recursive=True)
    else:
        files.get_file(path, str(target))
    return target


def _filesystem(address: str) -> tuple[Any, str]:
    try:
        core = import_module("fsspec.core")
    except ModuleNotFoundError:
        raise UnsupportedError(f"{shown(address)}: URLs need fsspec; pip install 'pretzel[sources]'") from None
    files, path = core.url_to_fs(address)
    return files, path


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Translate the errors of a storage's library, of which each has its own, to ours."""
    try:
        yield
    except PretzelError:
        raise
    except ImportError as error:
        raise UnsupportedError(f"{shown(address)}: its library is not installed ({error})") from None
    except Exception as raised:
        cause = _cause(raised)
        if isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) == HTTPStatus.NOT_FOUND:
            raise InputError(f"{shown(address)} does not exist") from None
        reason = without_secrets(str(cause))
        refused = InputError(f"{shown(address)}: it cannot be fetched ({type(cause).__name__}: {reason})")
        refused.add_note("check the address, and the credentials that the storage's library reads")
        raise refused from None


def _cause(error: Exception) -> BaseException:
    """Return the error behind a FileNotFoundError: fsspec raises this also for servers that do not answer."""
    return error.__cause__ if isinstance(error, FileNotFoundError) and error.__cause__ else error
