"""The files of a folder, their names, and what is said where they cannot be served."""

from __future__ import annotations

import pytest

from pretzel.data_plane.folder.files import ModelFiles
from pretzel.errors import PreconditionError, UnavailableError


def touched(folder, *names):
    for name in names:
        (folder / name).write_bytes(b"")


def test_files_are_named_like_their_models(tmp_path):
    touched(tmp_path, "a.pretzel", "b-1.pretzel", ".c.pretzel.x1", ".d.pretzel", "notes.txt", "model.joblib")
    found = ModelFiles(tmp_path).now()
    assert {name: file.path.name for name, file in found.items()} == {"a": "a.pretzel", "b-1": "b-1.pretzel"}


def test_the_only_file_has_the_given_name(tmp_path):
    touched(tmp_path, "model.pretzel")
    assert [*ModelFiles(tmp_path, "wine").now()] == ["wine"]


def test_a_link_is_followed_and_a_dangling_one_is_no_file(tmp_path):
    touched(tmp_path, "a.pretzel")
    (tmp_path / "b.pretzel").symlink_to(tmp_path / "a.pretzel")
    (tmp_path / "c.pretzel").symlink_to(tmp_path / "absent")
    assert [*ModelFiles(tmp_path).now()] == ["a", "b"]


def test_a_stamp_changes_with_the_file(tmp_path):
    touched(tmp_path, "a.pretzel")
    files = ModelFiles(tmp_path)
    before = files.now()
    assert files.now() == before
    (tmp_path / "a.pretzel").write_bytes(b"x")
    assert files.now() != before


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        ([], "", r"models: no file .*\*\.pretzel; `pretzel export` writes them"),
        ([], "wine", r"expected one file \*\.pretzel in .* for model_name 'wine', found none; leave model_name empty"),
        (["a.pretzel", "b.pretzel"], "wine", r"found a\.pretzel, b\.pretzel; leave"),
        ([f"{i}.pretzel" for i in range(9)], "wine", r"found 0.pretzel, .*4\.pretzel, \.\.\.; leave"),
        (["a b.pretzel"], "", r"a b\.pretzel: model name 'a b': expected 1 to 200 letters"),
        (["a@2.pretzel"], "", r"model name 'a@2'"),
    ],
)
def test_refusals_name_the_folder(tmp_path, names, given, message):
    touched(tmp_path, *names)
    with pytest.raises(PreconditionError, match=message) as refused:
        ModelFiles(tmp_path, given).now()
    assert str(tmp_path) in str(refused.value)


@pytest.mark.parametrize("name", ["a:b", "-a", "a" * 201])
def test_the_given_name_is_checked_at_once(tmp_path, name):
    with pytest.raises(PreconditionError) as refused:
        ModelFiles(tmp_path, name)
    assert str(refused.value).startswith(f"model_name: model name {name[:100]!r}: expected 1 to 200 letters")


def test_a_folder_that_cannot_be_read(tmp_path):
    with pytest.raises(UnavailableError, match=r"models: cannot read .*absent: No such file or directory"):
        ModelFiles(tmp_path / "absent").now()
