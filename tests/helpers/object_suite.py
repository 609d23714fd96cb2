"""Tests that the control plane's stores and the worker's cache must pass.

Subclasses create one `store`, define how to damage it, and state in :class:`Terms` how it reports a failure.
"""

import hashlib
import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.errors import NotFoundError
from pretzel.plan.digest import Digest

SIZES = [0, 1, 1000, 64 * 1024, 1 << 20]


def blob(size: int, seed: int = 0) -> bytes:
    return hashlib.shake_128(f"{size} {seed}".encode()).digest(size)


Failure = tuple[type[Exception], str]
"""An error, and a pattern of its message."""


def raises(failure: Failure) -> AbstractContextManager[Any]:
    return pytest.raises(failure[0], match=failure[1])


class Objects(Protocol):
    """Objects by digest, as a store and a cache both are."""

    def missing(self, digests: Iterable[Digest]) -> list[Digest]: ...
    def writer(self, digest: Digest) -> AbstractContextManager[Any]: ...
    def put(self, digest: Digest, data: bytes) -> bool: ...
    def get(self, digest: Digest) -> memoryview: ...
    def delete(self, digest: Digest) -> bool: ...
    def digests(self) -> Iterable[Digest]: ...


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Reports of failures, which differ: a client sends the object again, a worker fetches it again."""

    rejected: type[Exception]
    """Wrong bytes were written."""
    absent: Failure
    """An object that was never stored is read."""
    damaged: Failure
    """A damaged object is read, before it is stored again."""
    full: Failure
    """An object does not fit; ``{hex}`` in the pattern is its digest."""


class ObjectSuite:
    terms: Terms

    def damage(self, store: Objects, digest: Digest, data: bytes) -> None:
        """Replace the stored bytes without the store."""
        raise NotImplementedError

    def fill(self, store: Objects) -> None:
        """Leave space for less than 64 KiB."""
        raise NotImplementedError

    @pytest.mark.parametrize("size", SIZES)
    def test_stores_and_returns(self, store: Objects, size: int):
        data = blob(size)
        digest = Digest.of(data)
        assert store.missing([digest]) == [digest]
        assert store.put(digest, data)
        assert store.missing([digest]) == []
        assert bytes(store.get(digest)) == data

    def test_stores_piece_by_piece(self, store: Objects):
        data = blob(100_000)
        with store.writer(Digest.of(data)) as writer:
            for at in range(0, len(data), 999):
                writer.write(data[at : at + 999])
            assert store.missing([writer.digest])  # invisible before the commit
            writer.commit()
        assert bytes(store.get(Digest.of(data))) == data

    def test_storing_twice_is_not_an_error_and_writes_once(self, store: Objects):
        data = blob(100)
        assert store.put(Digest.of(data), data)
        assert not store.put(Digest.of(data), data)
        with store.writer(Digest.of(data)) as writer:
            writer.write(data)
            writer.commit()
        assert list(store.digests()) == [Digest.of(data)]

    def test_leaving_a_writer_leaves_nothing(self, store: Objects):
        data = blob(5000)
        with pytest.raises(ZeroDivisionError), store.writer(Digest.of(data)) as writer:
            writer.write(data)
            raise ZeroDivisionError
        self.assert_empty(store)

    def test_rejects_too_many_bytes(self, store: Objects):
        digest = Digest.of(b"four")
        with pytest.raises(self.terms.rejected, match="5 bytes arrived, 4 expected"):
            store.put(digest, b"fours")
        self.assert_empty(store)

    def test_rejects_too_few_bytes(self, store: Objects):
        with pytest.raises(self.terms.rejected, match="3 bytes arrived, 4 expected"):
            store.put(Digest.of(b"four"), b"fou")
        self.assert_empty(store)

    def test_rejects_other_bytes(self, store: Objects):
        with pytest.raises(self.terms.rejected, match=f"the bytes hash to sha256:{Digest.of(b'fore').hex}"):
            store.put(Digest.of(b"four"), b"fore")
        self.assert_empty(store)

    def test_unknown_object(self, store: Objects):
        with raises(self.terms.absent):
            store.get(Digest.of(b"nobody"))

    def test_a_digest_with_the_wrong_size_is_another_object(self, store: Objects):
        store.put(Digest.of(b"four"), b"four")
        lie = Digest(Digest.of(b"four").hex, 5)
        assert store.missing([lie]) == [lie]
        with pytest.raises(NotFoundError):
            store.get(lie)
        assert bytes(store.get(Digest.of(b"four"))) == b"four"

    def test_missing_keeps_order_and_names_each_once(self, store: Objects):
        a, b, c = (Digest.of(text) for text in (b"a", b"b", b"c"))
        store.put(b, b"b")
        assert store.missing([c, b, a, c]) == [c, a]

    def test_delete(self, store: Objects):
        digest = Digest.of(b"gone")
        store.put(digest, b"gone")
        view = store.get(digest)
        assert store.delete(digest)
        assert not store.delete(digest)
        assert store.missing([digest]) == [digest]
        assert bytes(view) == b"gone"

    def test_lists_stored_objects(self, store: Objects):
        digests = {Digest.of(blob(i)) for i in range(20)}
        for i in range(20):
            store.put(Digest.of(blob(i)), blob(i))
        assert set(store.digests()) == digests

    @pytest.mark.parametrize("size", [1000, 1 << 20])
    def test_changed_bytes_are_data_loss_until_stored_again(self, store: Objects, size: int):
        data = blob(size)
        digest = Digest.of(data)
        store.put(digest, data)
        self.damage(store, digest, blob(size, seed=1))
        for _ in range(2):
            with raises(self.terms.damaged):
                store.get(digest)
        assert store.missing([digest]) == [digest]
        assert store.put(digest, data)
        assert bytes(store.get(digest)) == data

    def test_a_torn_object_is_missing(self, store: Objects):
        data = blob(100_000)
        digest = Digest.of(data)
        store.put(digest, data)
        self.damage(store, digest, data[:70_000])
        assert store.missing([digest]) == [digest]
        with raises(self.terms.damaged):
            store.get(digest)
        assert store.put(digest, data)
        assert bytes(store.get(digest)) == data

    def test_a_full_store_rejects_and_stores_nothing(self, store: Objects):
        store.put(Digest.of(b"small"), b"small")
        self.fill(store)
        before = set(store.digests())
        data = blob(8 << 20)
        with pytest.raises(self.terms.full[0], match=self.terms.full[1].format(hex=Digest.of(data).hex)):
            store.put(Digest.of(data), data)
        assert set(store.digests()) == before
        assert bytes(store.get(Digest.of(b"small"))) == b"small"

    def test_many_writers_of_one_object(self, store: Objects):
        data = blob(200_000)
        threads = [threading.Thread(target=store.put, args=(Digest.of(data), data)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert bytes(store.get(Digest.of(data))) == data
        assert list(store.digests()) == [Digest.of(data)]

    def test_any_cut_into_pieces_gives_the_same_object(self, store: Objects):
        @settings(max_examples=25, deadline=None)
        @given(st.lists(st.binary(max_size=300), max_size=8))
        def check(pieces: list[bytes]) -> None:
            data = b"".join(pieces)
            with store.writer(Digest.of(data)) as writer:
                for piece in pieces:
                    writer.write(piece)
                writer.commit()
            assert bytes(store.get(Digest.of(data))) == data

        check()

    def assert_empty(self, store: Objects) -> None:
        assert list(store.digests()) == []
