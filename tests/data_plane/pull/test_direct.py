"""Objects that a worker fetches from a real S3 server itself, by URLs that the control plane's store signed."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pretzel.control_plane.store.files import name_of
from pretzel.control_plane.store.s3 import S3Store
from pretzel.control_plane.store.s3.bucket import Bucket
from pretzel.control_plane.store.s3.location import Location
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.pull.channel import connect
from pretzel.data_plane.pull.direct import Rules
from pretzel.data_plane.pull.direct.transfer import _CUTS
from pretzel.data_plane.pull.fetch import RULES, Fetcher
from pretzel.errors import PreconditionError
from pretzel.plan.digest import Digest
from pretzel.v1.worker_pb2_grpc import WorkerServiceStub
from tests.control_plane.store.suite import blob
from tests.data_plane.control import ScriptedControlPlane
from tests.helpers.certificates import Authority
from tests.helpers.s3 import S3
from tests.helpers.s3_proxy import Answer, Cut, Flip, Proxy, Redirect, Stall

LARGE = blob(3 << 20)
DIGEST = Digest.of(LARGE)
SECONDS = 60


class Worker:
    """The fetcher of a worker, whose control plane has objects of a store."""

    def __init__(self, control: ScriptedControlPlane, directory: Path, rules: Rules) -> None:
        self.control, self.cache = control, ObjectCache(directory)
        self.channel = connect(control.address)
        self.fetcher = Fetcher(WorkerServiceStub(self.channel), self.cache, rules)

    async def fetch(self, *digests: Digest) -> list[Digest]:
        """Fetch objects, and return those that came through the control plane."""
        self.control.fetches.clear()
        assert await self.fetcher.fetch(digests) == {}
        for digest in digests:
            assert bytes(self.cache.fetch(digest)) == self.control.objects[digest]
        assert list(self.cache.layout.incoming.iterdir()) == []
        return [digest for asked in self.control.fetches for digest in asked]

    async def close(self) -> None:
        await self.channel.close()
        self.cache.close()


@pytest.fixture(scope="module")
def listening(s3: S3) -> Iterator[Proxy]:
    proxy = Proxy(s3)
    yield proxy
    proxy.close()


@pytest.fixture
def proxy(listening: Proxy) -> Proxy:
    listening.heal()
    return listening


@pytest.fixture(scope="module")
def prefix(s3: S3) -> str:
    """A prefix with the object."""
    prefix = s3.prefix()
    store = S3Store.open(s3.url(prefix))
    with store.writer(DIGEST) as writer:
        writer.write(LARGE)
        writer.commit()
    store.close()
    return prefix


@pytest.fixture
async def control() -> AsyncIterator[ScriptedControlPlane]:
    control = ScriptedControlPlane()
    await control.start()
    yield control
    await control.stop()


Start = Callable[..., Worker]


@pytest.fixture
async def start(
    s3: S3, prefix: str, proxy: Proxy, control: ScriptedControlPlane, tmp_path: Path
) -> AsyncIterator[Start]:
    """Start a worker whose control plane signs URLs of an object at an address, by default that of the proxy."""
    workers: list[Worker] = []

    def start(rules: Rules = RULES, endpoint: str = "") -> Worker:
        bucket = Bucket(Location.parse(s3.url(prefix, endpoint or proxy.endpoint)))
        url = bucket.sign("GET", f"{DIGEST.hex[:2]}/{name_of(DIGEST)}", SECONDS)
        control.objects[DIGEST] = LARGE
        control.locate = lambda digest: url if digest == DIGEST else ""
        workers.append(Worker(control, tmp_path / f"cache{len(workers)}", rules))
        return workers[-1]

    yield start
    for worker in workers:
        await worker.close()


async def test_a_large_object_comes_from_the_store_and_a_small_one_through_the_control_plane(start: Start):
    worker = start()
    small, medium = (worker.control.store(blob(size)) for size in (1000, 100_000))
    assert sorted(await worker.fetch(small, DIGEST, medium), key=lambda digest: digest.size) == [small, medium]
    assert worker.fetcher.direct_bytes == len(LARGE)
    assert worker.fetcher.fetched_bytes == len(LARGE) + small.size + medium.size
    assert worker.fetcher.direct_failures == worker.fetcher.failures == 0


async def test_a_transfer_that_is_cut_goes_on_where_it_was(start: Start, proxy: Proxy):
    worker = start()
    proxy.fail(Cut(after=1 << 20), 2, "GET")
    assert await worker.fetch(DIGEST) == []
    assert [method for method, _ in proxy.requests] == ["GET"] * 3
    assert worker.fetcher.direct_bytes == len(LARGE)


async def test_a_store_that_is_busy_is_asked_again(start: Start, proxy: Proxy):
    worker = start()
    proxy.fail(Answer(503, "SlowDown"), 2, "GET")
    assert await worker.fetch(DIGEST) == []


async def test_a_url_that_has_expired_is_replaced(start: Start, proxy: Proxy):
    """The server itself refuses it: its signature is of another time."""
    worker = start()
    signed = worker.control.locate(DIGEST)
    urls = iter([signed.replace("X-Amz-Expires=60", "X-Amz-Expires=61"), signed])
    worker.control.locate = lambda digest: next(urls)
    assert await worker.fetch(DIGEST) == []
    assert len(proxy.requests) == 2


async def test_a_url_that_expires_during_a_transfer_is_replaced_and_the_transfer_goes_on(start: Start, proxy: Proxy):
    worker = start()
    faults = iter([Cut(after=1 << 20), Answer(403, "AccessDenied")])
    proxy.rule = lambda method, path: next(faults, None)
    assert await worker.fetch(DIGEST) == []
    assert len(proxy.requests) == 3


async def test_urls_that_are_never_accepted_are_given_up(start: Start, proxy: Proxy):
    worker = start()
    proxy.fail(Answer(403, "AccessDenied"), method="GET")
    with capture_logs() as logs:
        assert await worker.fetch(DIGEST) == [DIGEST]
    assert worker.fetcher.direct_failures == 1
    assert [entry["reason"] for entry in logs if "cannot be asked" in entry["event"]] == ["the store answered 403"]


async def test_a_store_that_cannot_be_reached_is_reported_once_and_avoided(start: Start):
    with socket.socket() as bound:  # nothing listens at its port
        bound.bind(("127.0.0.1", 0))
        worker = start(endpoint=f"http://127.0.0.1:{bound.getsockname()[1]}")
        await _check_that_it_is_avoided(worker)


async def _check_that_it_is_avoided(worker: Worker) -> None:
    with capture_logs() as logs:
        assert await worker.fetch(DIGEST) == [DIGEST]
        worker.cache.drop([DIGEST])
        assert await worker.fetch(DIGEST) == [DIGEST]
    told = [entry for entry in logs if "cannot be asked" in entry["event"]]
    assert [(entry["host"], entry["log_level"]) for entry in told] == [("127.0.0.1", "warning")]
    assert "refused" in told[0]["reason"] and "X-Amz" not in str(told)
    assert worker.fetcher.direct_failures == 2 and worker.fetcher.direct_bytes == 0


async def test_a_store_that_fails_every_time_is_given_up(start: Start, proxy: Proxy, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pretzel.data_plane.pull.direct.transfer._PAUSE_SECONDS", 0.001)
    worker = start()
    proxy.fail(Cut(after=10))
    assert await worker.fetch(DIGEST) == [DIGEST]
    assert len(proxy.requests) == _CUTS + 1


async def test_wrong_bytes_are_never_stored(start: Start, proxy: Proxy):
    worker = start()
    proxy.fail(Flip(), method="GET")
    with capture_logs() as logs:
        assert await worker.fetch(DIGEST) == [DIGEST]
    assert any(f"object {DIGEST}: the bytes hash to" in entry.get("reason", "") for entry in logs)
    assert worker.fetcher.direct_failures == 1


async def test_an_answer_that_is_too_long_is_refused(start: Start, proxy: Proxy, s3: S3):
    """The URL is that of a longer object."""
    worker = start()
    short = worker.control.store(LARGE[:-1])
    url = worker.control.locate(DIGEST)
    worker.control.locate = lambda digest: url
    assert await worker.fetch(short) == [short]
    assert worker.fetcher.direct_bytes == 0


async def test_a_missing_object_is_left_to_the_control_plane(start: Start, proxy: Proxy):
    worker = start()
    proxy.fail(Answer(404, "NoSuchKey"), method="GET")
    assert await worker.fetch(DIGEST) == [DIGEST]


async def test_a_redirect_is_not_followed(start: Start, proxy: Proxy, s3: S3):
    worker = start()
    proxy.fail(Redirect(f"{proxy.endpoint}/elsewhere"), method="GET", part="X-Amz")
    assert await worker.fetch(DIGEST) == [DIGEST]
    assert [path for _, path in proxy.requests if "elsewhere" in path] == []


@pytest.mark.parametrize(
    ("hosts", "asked"),
    [(["127.0.0.1"], True), (["s3.internal", "*.example.com"], False), (["*.0.0.1"], True), (["7.0.0.1"], False)],
)
async def test_only_allowed_hosts_are_asked(start: Start, proxy: Proxy, hosts: list[str], asked: bool):
    worker = start(Rules(hosts=hosts))
    assert await worker.fetch(DIGEST) == ([] if asked else [DIGEST])
    assert bool(proxy.requests) == asked


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "http://user:key@127.0.0.1/", "//127.0.0.1/x", "http://[::1", "gopher://h/1"]
)
async def test_urls_of_other_kinds_are_never_opened(start: Start, proxy: Proxy, url: str):
    worker = start()
    worker.control.locate = lambda digest: url
    assert await worker.fetch(DIGEST) == [DIGEST]
    assert proxy.requests == []


async def test_nothing_is_located_if_an_operator_forbids_it(start: Start, proxy: Proxy):
    worker = start(Rules(direct=False))
    assert await worker.fetch(DIGEST) == [DIGEST]
    assert proxy.requests == []


async def test_a_control_plane_that_knows_no_urls_sends_the_objects(start: Start):
    worker = start()
    worker.control.locate = None
    assert await worker.fetch(DIGEST) == [DIGEST]
    assert worker.fetcher.direct_failures == 0


async def test_certificates_are_checked(start: Start, s3: S3, tmp_path: Path):
    authority = Authority(tmp_path / "authority")
    secure = Proxy(s3, authority.issue("store"))
    try:
        doubting = start(endpoint=secure.endpoint)
        with capture_logs() as logs:
            assert await doubting.fetch(DIGEST) == [DIGEST]
        assert "certificate verify failed" in next(e["reason"] for e in logs if "cannot be asked" in e["event"])
        assert secure.requests == []
        trusting = start(Rules(authorities=authority.cert), endpoint=secure.endpoint)
        assert await trusting.fetch(DIGEST) == []
        assert len(secure.requests) == 1
    finally:
        secure.close()


def test_authorities_that_cannot_be_read_are_reported(tmp_path: Path):
    with pytest.raises(PreconditionError, match=r"direct_ca .*none.pem: expected certificates, PEM \(No such file"):
        Rules(authorities=tmp_path / "none.pem").pool()
    (tmp_path / "not.pem").write_text("certificate")
    with pytest.raises(PreconditionError, match=r"direct_ca .*not.pem: expected certificates, PEM"):
        Rules(authorities=tmp_path / "not.pem").pool()


async def test_a_fetch_that_is_cancelled_ends_its_transfer_and_leaves_no_file(start: Start, proxy: Proxy):
    """The server has sent a part of its answer, and then nothing."""
    worker = start()
    stall = Stall(1000, threading.Event(), threading.Event())
    proxy.fail(stall)
    fetching = asyncio.create_task(worker.fetcher.fetch([DIGEST]))
    assert await asyncio.to_thread(stall.begun.wait, SECONDS)
    fetching.cancel()
    await asyncio.gather(fetching, return_exceptions=True)
    async with asyncio.timeout(10):  # less than the client waits for a server
        while list(worker.cache.layout.incoming.iterdir()):
            await asyncio.sleep(0.01)
    assert not stall.end.is_set()
    stall.end.set()
