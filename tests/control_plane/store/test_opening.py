"""A URL selects the store."""

from contextlib import closing
from pathlib import Path

import pytest

from pretzel.control_plane.store import DirectoryStore, MemoryStore, ObjectStore
from pretzel.control_plane.store.interface import SCHEMES
from pretzel.control_plane.store.opening import find_schemes, open_store, store_of
from pretzel.errors import InputError, PreconditionError
from pretzel.plan.digest import Digest


@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}", "file://localhost{}"])
def test_a_path_and_a_file_url_name_a_directory(tmp_path: Path, form: str):
    with closing(open_store(form.format(tmp_path / "objects"))) as store:
        assert isinstance(store, DirectoryStore)
        assert store.name == str(tmp_path / "objects")


def test_a_url_is_unquoted_and_a_path_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for url, name in ((f"file://{tmp_path}/a%20b", "a b"), ("c%20d", "c%20d"), ("./e:f", "e:f")):
        open_store(url).close()
        assert (tmp_path / name / "incoming").is_dir()


def test_memory():
    assert isinstance(open_store("memory:"), MemoryStore)


@pytest.mark.parametrize("url", ["memory:16", "file:", "file://elsewhere/objects", "file:///objects?x=1"])
def test_a_location_that_is_not_of_the_scheme_is_rejected(url: str):
    with pytest.raises(InputError, match="expected"):
        open_store(url)


def test_an_unknown_scheme_is_rejected_with_the_known_ones():
    with pytest.raises(InputError, match="unknown scheme 'gs'; expected one of file, memory, s3, or a path"):
        open_store("gs://bucket")


def test_a_class_with_a_scheme_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pretzel.control_plane.store.interface.SCHEMES", dict(SCHEMES))
    monkeypatch.setattr("pretzel.control_plane.store.opening.SCHEMES", dict(SCHEMES))

    with pytest.raises(TypeError, match="scheme 'memory' is that of MemoryStore"):

        class Second(MemoryStore):
            scheme = "memory"

    class Unnamed(MemoryStore):
        """It inherits its scheme, which still opens its base."""

    assert find_schemes()["memory"] is MemoryStore


def test_one_process_uses_a_store(tmp_path: Path):
    with closing(open_store(str(tmp_path))) as store:
        store.put(Digest.of(b"data"), b"data")
        partial = store.incoming / "partial"
        partial.touch()
        with pytest.raises(PreconditionError, match="in use by another control plane"):
            open_store(str(tmp_path))
        assert partial.exists()
        assert list(store.foreign()) == []
    with closing(open_store(str(tmp_path), sweep=False)):
        assert partial.exists()
    with closing(open_store(str(tmp_path))) as again:
        assert not partial.exists()
        assert bytes(again.get(Digest.of(b"data"))) == b"data"


def test_the_store_of_a_data_directory_is_in_it_unless_a_url_names_another(tmp_path: Path):
    store: ObjectStore = store_of(tmp_path / "data")
    assert store.name == str(tmp_path / "data" / "objects")
    with closing(store_of(tmp_path / "data", f"file://{tmp_path}/else")) as elsewhere:
        assert elsewhere.name == str(tmp_path / "else")
