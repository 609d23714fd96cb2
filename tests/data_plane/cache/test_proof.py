"""Proofs that the mapped bytes of a plan's objects were intact."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pretzel.data_plane.cache import proof as proofs
from pretzel.data_plane.cache.layout import Layout
from pretzel.data_plane.cache.proof import Proof
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.errors import CorruptObjectError
from pretzel.plan.digest import Digest
from tests.data_plane.cache.damage import BLOBS, LARGE_SIZE, blob, flip, writable

now = time.monotonic
SMALL, LARGE = BLOBS[0], BLOBS[-1]
DIGESTS = [SMALL[0], LARGE[0]]


@pytest.fixture
def settled(monkeypatch) -> Callable[[], None]:
    """Let changes settle at once, from now on."""
    return lambda: monkeypatch.setattr(proofs, "SETTLE_SECONDS", -1e9)


@pytest.fixture
def hashed(monkeypatch) -> list[int]:
    """The sizes of the objects that are hashed."""
    sizes: list[int] = []

    class Counting(Digest):
        @classmethod
        def of(cls, data):
            sizes.append(len(data))
            return Digest.of(data)

    monkeypatch.setattr(proofs, "Digest", Counting)
    return sizes


@pytest.fixture
def proof(cache: ObjectCache, tmp_path: Path, settled) -> Proof:
    settled()
    return ObjectReader(tmp_path).prove(DIGESTS)


def test_a_proof_holds_while_nothing_changes(proof: Proof):
    assert proof.holds(now())
    assert proof.renew(now()) == ([], False)
    assert bytes(proof.fetch(SMALL[0])) == SMALL[1]
    assert bytes(proof.fetch(LARGE[0])) == LARGE[1]


@pytest.mark.parametrize("victim", [SMALL, LARGE], ids=["packed", "separate"])
def test_changed_bytes_are_found_and_stay_found(cache: ObjectCache, proof: Proof, victim: tuple[Digest, bytes]):
    flip(cache, victim[0])
    for _ in range(3):
        assert not proof.holds(now())
        assert proof.renew(now()) == ([victim[0]], True)


@pytest.mark.parametrize("victim", [SMALL, LARGE], ids=["packed", "separate"])
def test_a_file_that_was_cut_is_not_read(cache: ObjectCache, proof: Proof, victim: tuple[Digest, bytes]):
    os.truncate(cache.place(victim[0])[0], 0)
    assert not proof.holds(now())
    assert proof.renew(now()) == ([victim[0]], True)


def test_another_object_of_the_same_pack_may_be_damaged(cache: ObjectCache, proof: Proof):
    flip(cache, BLOBS[1][0])
    assert not proof.holds(now())
    assert proof.renew(now()).damaged == []
    assert proof.holds(now())


def test_own_additions_to_a_pack_repeat_no_run(cache: ObjectCache, proof: Proof):
    start = now()
    cache.add(*blob(500, seed=77))
    assert not proof.holds(start)
    assert proof.renew(start) == ([], False)
    assert proof.holds(now())


def test_only_objects_in_changed_files_are_counted(cache: ObjectCache, proof: Proof):
    assert proof.is_small
    cache.add(*blob(500, seed=77))
    assert proof.is_small
    flip(cache, LARGE[0])
    assert not proof.is_small


def test_bytes_that_were_wrong_for_a_moment_repeat_each_run_of_that_time(cache: ObjectCache, proof: Proof):
    start = now()
    for _ in range(2):
        flip(cache, LARGE[0])  # the second restores the byte
    for _ in range(2):
        assert not proof.holds(start)
        assert proof.renew(start) == ([], True)
    assert proof.holds(now())
    assert proof.renew(now()) == ([], False)


def test_a_pack_that_no_longer_grows_is_not_changed_by_the_worker(cache: ObjectCache, tmp_path: Path, settled):
    settled()
    reader = ObjectReader(tmp_path)
    old, start = reader.prove([SMALL[0]]), now()
    os.utime(Layout(tmp_path).pack(1))
    cache.add(*blob(500, seed=77))  # into a new pack: another program changed the first
    assert len(Layout(tmp_path).pack_numbers()) == 2
    reader.fetch(blob(500, seed=77)[0])
    assert old.renew(start) == ([], True)


def test_removed_and_replaced_files_stay_mapped(cache: ObjectCache, proof: Proof):
    path = cache.layout.file(LARGE[0])
    for change in (path.unlink, lambda: path.write_bytes(bytes(LARGE_SIZE))):
        start = now()
        change()
        assert not proof.holds(start)
        assert proof.renew(start) == ([], True)
        assert proof.holds(now())


def test_a_revoked_proof_never_holds_again(proof: Proof):
    proof.revoke()
    assert not proof.holds(now())
    assert proof.renew(now()) == ([], True)
    assert not proof.holds(now())


def test_an_object_that_changed_lately_is_hashed_for_each_answer(
    cache: ObjectCache, tmp_path: Path, hashed: list[int], settled, monkeypatch
):
    """A long write sets the times of its file first, so bytes may still change."""
    monkeypatch.setattr(proofs, "SETTLE_SECONDS", 1e9)
    fresh = ObjectReader(tmp_path).prove([LARGE[0]])
    for count in (1, 2, 3):
        assert len(hashed) == count
        assert not fresh.holds(now())
        assert fresh.renew(now()) == ([], False)
    settled()
    assert fresh.renew(now()) == ([], False)
    assert fresh.holds(now())
    assert len(hashed) == 5


def test_what_the_supervisor_checked_is_not_hashed(cache: ObjectCache, tmp_path: Path, hashed: list[int], settled):
    reader = ObjectReader(tmp_path)
    reader.vouched = time.time() + 10
    reader.prove(DIGESTS)
    assert hashed == []
    reader.vouched = time.time() - 10  # the files are newer
    ObjectReader(tmp_path).prove(DIGESTS)
    assert sorted(hashed) == sorted(digest.size for digest in DIGESTS)


@pytest.mark.parametrize("victim", [SMALL, LARGE], ids=["packed", "separate"])
def test_damage_before_a_load_is_found_by_it(cache: ObjectCache, tmp_path: Path, victim: tuple[Digest, bytes]):
    flip(cache, victim[0])
    reader = ObjectReader(tmp_path)
    with pytest.raises(CorruptObjectError, match=victim[0].hex):
        reader.prove(DIGESTS)
    with pytest.raises(CorruptObjectError, match=victim[0].hex):
        reader.fetch(victim[0])


def test_a_store_through_a_map_is_noticed(cache: ObjectCache, proof: Proof):
    """The first store into a page changes the times of its file."""
    with writable(cache, LARGE[0]) as page:
        page[100] ^= 8
        assert not proof.holds(now())
        assert proof.renew(now()).damaged == [LARGE[0]]


def test_a_file_that_is_copied_over_is_noticed(cache: ObjectCache, proof: Proof, tmp_path: Path):
    path = cache.layout.file(LARGE[0])
    copy = shutil.copy(path, tmp_path / "copy")
    path.chmod(0o644)
    start = now()
    shutil.copyfile(copy, path)  # truncates it, and writes the same bytes
    assert not proof.holds(start)
    assert proof.renew(start) == ([], True)
