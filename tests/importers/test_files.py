"""Files of libraries' formats: recognized by their head, read by their module, and named in errors."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import files


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A format that begins with TOY."""
    module = ModuleType("toy_format")

    def read(data: bytes) -> str:
        if len(data) < 5:
            raise InputError("it ends after 3 bytes")
        return data.decode()

    module.read = read  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_format", module)
    monkeypatch.setattr(files, "FILES", [files.Format("toy", lambda head: head.startswith(b"TOY"), "toy_format")])


def test_a_file_is_read_by_the_module_of_its_format(toy: None, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"TOY model")
    assert files.read_model(tmp_path / "m") == files.opened(str(tmp_path / "m")) == "TOY model"


def test_an_object_that_is_not_a_path_is_the_model() -> None:
    model = object()
    assert files.opened(model) is model


def test_a_damaged_file_is_named(toy: None, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"TOY")
    with pytest.raises(InputError, match=r"m: it cannot be read as toy: it ends after 3 bytes"):
        pretzel.export(tmp_path / "m")


@pytest.mark.parametrize("content", [b"", b"\x80\x05junk"])
def test_a_file_of_an_unknown_format_is_refused(toy: None, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m").write_bytes(content)
    assert files.format_of(tmp_path / "m") is None
    with pytest.raises(UnsupportedError, match=r"m: no format of a model begins like this; expected one of toy"):
        pretzel.compile(str(tmp_path / "m"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pretzel.export(tmp_path / "none")


def test_formats_are_named_once() -> None:
    assert len({known.name for known in files.FILES}) == len(files.FILES)
