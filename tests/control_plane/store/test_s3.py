"""The store in S3: failures of servers and networks, damage, and several processes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.collect import collect
from pretzel.control_plane.store.identity import Identity
from pretzel.control_plane.store.interface import Room
from pretzel.control_plane.store.opening import open_store
from pretzel.control_plane.store.s3 import S3Store
from pretzel.errors import CorruptObjectError, ExhaustedError, NotFoundError, PreconditionError, UnavailableError
from pretzel.plan.digest import Digest
from tests.control_plane.store.conftest import Open
from tests.control_plane.store.s3_objects import LARGE, SMALL, asked, put
from tests.control_plane.store.suite import blob
from tests.helpers.s3 import S3
from tests.helpers.s3_proxy import Answer, Cut, Flip, Proxy, Replay


@pytest.fixture
def store(s3_store: S3Store) -> S3Store:
    return s3_store


@pytest.mark.parametrize("fault", [Answer(503, "SlowDown"), Answer(500, "InternalError"), Cut(headers=False)])
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_failed_requests_are_repeated(store: S3Store, proxy: Proxy, fault: Answer | Cut, data: bytes):
    """Throttling, errors, and connections that are lost after the server has done its work."""
    for method, request in {
        "PUT": lambda: put(store, data),
        "HEAD": lambda: store.missing([Digest.of(data)]),
        "GET": lambda: store.check(Digest.of(data), rehash=True),
    }.items():
        proxy.fail(fault, 2, method)
        request()
    proxy.heal()
    store.copies.drop([Digest.of(data)])
    assert bytes(store.get(Digest.of(data))) == data
    assert list(store.digests()) == [Digest.of(data)]


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_an_answer_that_is_cut_is_read_again(store: S3Store, proxy: Proxy, data: bytes):
    digest = put(store, data)
    store.copies.drop([digest])
    proxy.fail(Cut(after=1000), 1, "GET")
    assert bytes(store.get(digest)) == data


def test_bytes_that_change_on_the_way_are_read_again(store: S3Store, proxy: Proxy):
    digest = put(store, SMALL)
    store.copies.drop([digest])
    proxy.fail(Flip(), 2, "GET")
    assert bytes(store.get(digest)) == SMALL
    assert store.is_whole(digest)


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_an_upload_that_fails_in_the_middle_leaves_nothing(store: S3Store, proxy: Proxy, prefix: str, data: bytes):
    """The second part of a large object fails for good."""
    proxy.fail(Answer(503, "SlowDown"), method="PUT", part="partNumber=2" if data is LARGE else "")
    with pytest.raises(
        UnavailableError, match=r"object sha256:.*: store s3://objects/.* \(SlowDown\); retry"
    ) as caught:
        put(store, data)
    assert "secret-of-tests" not in str(caught.value)
    proxy.heal()
    assert store.missing([Digest.of(data)])
    assert list(store.digests()) == list(store.foreign()) == []
    assert store.copies.held_bytes == 0
    assert list((store.copies.directory / "incoming").iterdir()) == []
    assert bytes(store.get(put(store, data))) == data


@pytest.mark.parametrize("fault", [Answer(507, "XMinioStorageFull"), Answer(403, "QuotaExceeded")])
def test_a_store_without_space(store: S3Store, proxy: Proxy, fault: Answer):
    proxy.fail(fault, method="PUT")
    with pytest.raises(ExhaustedError, match=f"{fault.code}.*; free space in the store or raise its quota"):
        put(store, SMALL)
    assert store.missing([Digest.of(SMALL)])


def test_rights_that_are_lost(store: S3Store, proxy: Proxy):
    proxy.fail(Answer(403, "AccessDenied"))
    with pytest.raises(UnavailableError, match="check the keys and their rights"):
        put(store, SMALL)


def test_a_server_that_is_killed_and_started_again(store: S3Store, s3: S3):
    digest = put(store, SMALL)
    s3.kill()
    try:
        for request in (
            lambda: store.missing([digest]),
            lambda: store.check(digest),
            lambda: put(store, LARGE),
            lambda: list(store.digests()),
            lambda: store.delete(digest),
            lambda: store.identity(),
        ):
            with pytest.raises(UnavailableError, match="retry"):
                request()
    finally:
        s3.start()
    store.check(digest)
    assert list(store.digests()) == [digest]


def test_a_damaged_object_is_copied_aside_until_it_is_stored_again(store: S3Store, s3: S3, prefix: str):
    digest = put(store, SMALL)
    s3.client(prefix).put(store.key(digest), blob(5000, seed=1))
    found: list[Digest] = []
    store.on_damage = found.append
    for _ in range(2):
        with pytest.raises(CorruptObjectError, match="is damaged in the store; upload it again"):
            store.check(digest)
    assert found == [digest]
    aside = s3.path(prefix, f"damaged/{digest.hex}-5000")
    assert aside.read_bytes() == blob(5000, seed=1)
    assert store.put(digest, SMALL)
    assert not aside.exists()
    store.check(digest)


def test_a_damaged_object_that_another_process_stored_again(opened: Open, s3: S3, prefix: str):
    first, second = opened("a"), opened("b")
    digest = put(first, SMALL)
    s3.client(prefix).put(first.key(digest), blob(5000, seed=1))
    with pytest.raises(CorruptObjectError):
        first.check(digest)
    with pytest.raises(CorruptObjectError):
        second.check(digest)
    assert second.put(digest, SMALL)
    assert first.missing([digest]) == []
    assert bytes(first.get(digest)) == SMALL


def test_two_processes_share_a_store(opened: Open):
    first, second = opened("a"), opened("b")
    digest = put(first, LARGE)
    assert second.missing([digest]) == []
    assert bytes(second.get(digest)) == LARGE
    assert first.delete(digest)
    assert second.missing([digest]) == [digest]
    with pytest.raises(NotFoundError):
        second.check(digest)


def test_one_of_two_new_control_planes_takes_a_store(opened: Open, proxy: Proxy):
    proxy.conditional = True
    first, second = opened("a"), opened("b")
    assert first.identity() is second.identity() is None
    first.identify(Identity("one"), None)
    with pytest.raises(PreconditionError, match="its identity is of epoch one since a moment ago"):
        second.identify(Identity("two"), None)
    second.identify(Identity("one", keeps=True), Identity("one"))
    with pytest.raises(PreconditionError, match="its identity is of epoch one since"):
        first.identify(Identity("one", replaces="zero"), Identity("one"))
    assert first.epoch() == "one"
    assert first.keeps_all()


def test_an_identity_whose_answer_was_lost_counts_as_stored(store: S3Store, proxy: Proxy):
    proxy.conditional = True
    proxy.fail(Cut(headers=False), 1, "PUT")
    store.identify(Identity("one"), None)
    assert store.epoch() == "one"


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b"\x00\xff"])
def test_an_invalid_identity(opened: Open, s3: S3, prefix: str, text: bytes):
    s3.client(prefix).put("epoch", text)
    with pytest.raises(CorruptObjectError, match="it lacks an epoch"):
        opened()


def test_a_listing_that_lags_loses_no_object(store: S3Store, proxy: Proxy, tmp_path: Path):
    """The listing shows an object that is stored again and needed now, and lacks a newer one."""
    catalog = Catalog(tmp_path / "catalog.sqlite")
    again, garbage = put(store, b"again"), put(store, b"garbage")
    assert set(store.digests()) == {again, garbage}
    assert collect(store, catalog).objects == 2
    put(store, b"again")
    newer = put(store, b"newer")
    catalog.lease([again, newer], 3600, "client")
    proxy.fail(Replay(), method="GET", part="list-type")
    assert set(store.digests()) == {again, garbage}
    collect(store, catalog)
    assert store.missing([again, newer]) == []
    catalog.close()


async def test_a_listing_of_several_pages(store: S3Store, s3: S3, prefix: str, proxy: Proxy):
    digests = {Digest.of(str(i).encode()) for i in range(1005)}
    client = s3.client(prefix)
    await asyncio.gather(*(client.put_async(store.key(digest), b"") for digest in digests))
    assert set(store.digests()) == digests
    assert asked(proxy, "GET") == 2


def test_many_objects_are_removed_by_one_request(store: S3Store, proxy: Proxy):
    digests = [put(store, bytes([i])) for i in range(30)]
    proxy.requests.clear()
    store.delete_all(digests)
    assert [method for method, _ in proxy.requests] == ["POST"]
    assert store.missing(digests) == digests


def test_foreign_objects(store: S3Store, s3: S3, prefix: str):
    digest = put(store, SMALL)
    store.identify(Identity("one"), None)
    client = s3.client(prefix)
    for name in ("README", "00/notes", f"zz/{digest.hex}-5000"):
        client.put(name, b"text")
    assert list(store.digests()) == [digest]
    found = list(store.foreign())
    assert sorted(found) == [
        f"s3://objects/{prefix}/{name}" for name in ("00/notes", "README", f"zz/{digest.hex}-5000")
    ]
    for name in found:
        store.remove_foreign(name)
    assert list(store.foreign()) == []
    assert store.missing([digest]) == []


def test_a_bucket_that_does_not_exist(s3: S3, tmp_path: Path):
    with pytest.raises(PreconditionError, match="its bucket does not exist; create it"):
        open_store(s3.url("p").replace("objects", "nothing"), room=Room(tmp_path))


def test_wrong_keys(s3: S3, prefix: str, tmp_path: Path):
    keys = tmp_path / "keys"
    keys.write_text("[default]\naws_access_key_id = tests\naws_secret_access_key = guessed-key\n")
    with pytest.raises(UnavailableError, match="SignatureDoesNotMatch.*check the keys and their rights") as caught:
        open_store(f"{s3.url(prefix)}&credentials_file={keys}")
    assert "guessed" not in str(caught.value)


def test_keys_of_a_file_precede_those_of_the_environment(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    keys = tmp_path / "keys"
    keys.write_text("[team]\naws_access_key_id = tests\naws_secret_access_key = secret-of-tests\n")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    store = open_store(f"{s3.url()}&credentials_file={keys}&profile=team")
    assert list(store.digests()) == []
    store.close()
