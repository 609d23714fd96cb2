"""The saved catalog: frames of changes, of which damage takes the last ones only."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.data_plane.cache import kept
from pretzel.data_plane.cache.kept import Closures, KeptCatalog
from pretzel.data_plane.catalog import Catalog, encode_model
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import encode
from pretzel.plan.model import Model
from tests.data_plane.control import version

NAMES = st.sampled_from("abcde")
CHANGES = st.lists(st.tuples(NAMES, st.integers(0, 3)), min_size=1, max_size=12)
"""Names and the plans that they get; plan 0 deletes the model."""


def plan(number: int) -> Digest:
    return Digest.of(bytes([number]))


def model(name: str, number: int) -> bytes:
    return encode_model(Model(name, (version(name, 1, plan(number)),), {"stable": 1}))


def states(changes: list[tuple[str, int]]) -> list[tuple[Catalog, Closures]]:
    """Return the catalog after each change, and the objects of all plans that it ever named."""
    catalog, closures, found = Catalog("e", 0), dict[Digest, tuple[Digest, ...]](), []
    for revision, (name, number) in enumerate(changes, 1):
        new = {name: model(name, number)} if number else {}
        catalog = catalog.changed("e", revision, new, () if number else (name,))
        closures |= {plan(number): (plan(number + 100), plan(200))} if number else {}
        found.append((catalog, dict(closures)))
    return found


def saved(path: Path, changes: list[tuple[str, int]]) -> list[tuple[Catalog, Closures]]:
    file, found = KeptCatalog(path), states(changes)
    for catalog, closures in found:
        file.save(catalog, closures)
    return found


@given(changes=CHANGES)
@settings(max_examples=30, deadline=None)
def test_the_last_save_is_loaded_also_after_a_restart_in_between(tmp_path_factory, changes: list[tuple[str, int]]):
    path = tmp_path_factory.mktemp("kept") / "catalog"
    for catalog, closures in states(changes):
        file = KeptCatalog(path)
        file.load()
        file.save(catalog, closures)
    assert KeptCatalog(path).load() == saved(path.with_name("other"), changes)[-1] == file.load()


@given(changes=CHANGES, data=st.data())
@settings(max_examples=60, deadline=None)
def test_damage_costs_the_changes_from_there_on(tmp_path_factory, changes: list[tuple[str, int]], data: st.DataObject):
    path = tmp_path_factory.mktemp("kept") / "catalog"
    found, good = saved(path, changes), path.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    path.chmod(0o644)
    path.write_bytes(data.draw(st.sampled_from([good[:at], good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :]])))
    file = KeptCatalog(path)
    loaded = file.load()
    assert loaded in [None, *found]
    file.save(*found[-1])
    assert KeptCatalog(path).load() == found[-1]


def test_a_change_writes_in_proportion_to_it(tmp_path: Path):
    path, many = tmp_path / "catalog", {f"m{i}": model(f"m{i}", 1) for i in range(500)}
    file, catalog = KeptCatalog(path), Catalog("e", 1, many)
    file.save(catalog, {})
    whole, inode = path.stat().st_size, path.stat().st_ino
    file.save(catalog.changed("e", 2, {"m1": model("m1", 2)}), {})
    assert (path.stat().st_ino, path.stat().st_size - whole < whole / 100) == (inode, True)
    assert oct(path.stat().st_mode)[-3:] == "444"


def test_the_file_is_written_anew_once_changes_outweigh_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept, "LEAST_CHANGES", 2000)
    path = tmp_path / "catalog"
    found = saved(path, [("a", 1 + i % 3) for i in range(200)])
    assert path.stat().st_size < 2000 + 2 * len(model("a", 1))
    assert KeptCatalog(path).load() == found[-1]


def test_a_file_of_another_program_is_replaced_whole(tmp_path: Path):
    path, (first, second) = tmp_path / "catalog", states([("a", 1), ("b", 2)])
    file = KeptCatalog(path)
    file.save(*first)
    path.chmod(0o644)
    path.write_bytes(b"noise")
    assert file.touched()
    file.save(*second)
    assert (file.touched(), KeptCatalog(path).load()) == (False, second)


def test_a_full_disk_keeps_the_earlier_catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, (first, second) = tmp_path / "catalog", states([("a", 1), ("b", 2)])
    file = KeptCatalog(path)
    file.save(*first)

    def torn(descriptor: int, data: bytes, offset: int) -> None:
        os.pwrite(descriptor, data[: len(data) // 2], offset)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "pwrite_all", torn)
    with pytest.raises(OSError, match="No space left"):
        file.save(*second)
    assert KeptCatalog(path).load() == first
    file.save(*second)  # in a file of its own
    assert KeptCatalog(path).load() == second


def test_a_file_of_an_older_version_is_read(tmp_path: Path):
    path, (catalog, closures) = tmp_path / "catalog", states([("a", 1)])[0]
    objects = [[kept.pack([plan]), kept.pack(digests)] for plan, digests in closures.items()]
    body = encode([catalog.epoch, catalog.revision, list(catalog.records.items()), objects])
    path.write_bytes(encode([hashlib.sha256(body).digest(), body]))
    assert KeptCatalog(path).load() == (catalog, closures)
