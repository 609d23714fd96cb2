"""Large objects to and from S3: through the control plane, and by signed URLs.

``python -m benchmarks.scale.direct`` prints the seconds of an empty worker that fetches, and of a client that uploads,
and the processor time of the control plane for it.  The client with signed URLs is made here: the control plane would
read what was stored at a name of its own, check it and copy it to its place.
"""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import urllib3

from pretzel.control_plane.store.s3 import S3Store
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.pull.channel import connect
from pretzel.data_plane.pull.direct import Rules
from pretzel.data_plane.pull.fetch import Fetcher
from pretzel.plan.digest import Digest
from pretzel.v1.worker_pb2_grpc import WorkerServiceStub
from tests.control_plane.serve.running import Server, control_plane
from tests.helpers.s3 import KEYS, S3

OBJECTS, SIZE, ROUNDS = 24, 8 << 20, 3
SECONDS = 300


def main() -> None:
    """Measure each way in turn, and print the smallest figures."""
    os.environ |= KEYS
    best: dict[str, tuple[float, float]] = {}
    with closing(S3()) as s3:
        for number in range(ROUNDS):
            for name, figures in _round(s3, number):
                best[name] = min(best.get(name, figures), figures)
    print(f"{OBJECTS} objects of {SIZE >> 20} MiB; the smallest of {ROUNDS}")
    for name, (seconds, processor) in best.items():
        print(f"{name:50} {seconds:6.2f} s {processor:6.2f} s of the control plane's processor")


def _round(s3: S3, number: int) -> Iterator[tuple[str, tuple[float, float]]]:
    blobs = [np.random.default_rng([number, index]).bytes(SIZE) for index in range(OBJECTS)]
    digests = [Digest.of(blob) for blob in blobs]
    with tempfile.TemporaryDirectory() as scratch:
        directory, prefix = Path(scratch), s3.prefix()
        with control_plane(directory / "one", store=s3.url(prefix)) as server:
            yield "upload through the control plane", _measured(server.process.pid, lambda: server.upload(blobs))
            for name, rules in {"through the control plane": Rules(direct=False), "direct": Rules()}.items():
                yield f"fetch {name}, which has copies", _fetch(server, directory / name, digests, rules)
        with control_plane(directory / "two", store=s3.url(prefix), catalog=directory / "one/catalog.sqlite") as server:
            for name, rules in {"direct": Rules(), "through the control plane": Rules(direct=False)}.items():
                yield f"fetch {name}, without copies", _fetch(server, directory / f"{name}2", digests, rules)
        with _store(s3) as store:
            yield "upload direct, and check it", _upload(store, blobs, digests)


def _measured(pid: int, work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of work, and the processor seconds of a process meanwhile."""
    before, start = _processor(pid), time.perf_counter()
    work()
    return time.perf_counter() - start, _processor(pid) - before


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _fetch(server: Server, directory: Path, digests: list[Digest], rules: Rules) -> tuple[float, float]:
    """Fetch into an empty cache."""

    async def fetch() -> None:
        channel, cache = connect(server.ready["address"]), ObjectCache(directory)
        fetcher = Fetcher(WorkerServiceStub(channel), cache, rules)
        failures = await fetcher.fetch(digests)
        assert not failures and fetcher.direct_bytes == (rules.direct and len(digests) * SIZE), failures
        cache.close()
        await channel.close()

    return _measured(server.process.pid, lambda: asyncio.run(fetch()))


@contextmanager
def _store(s3: S3) -> Iterator[S3Store]:
    with closing(S3Store.open(s3.url())) as store:
        yield store


def _upload(store: S3Store, blobs: list[bytes], digests: list[Digest]) -> tuple[float, float]:
    """Upload as a client with URLs would; only what the control plane does counts as its processor time."""
    pool, processor, start = urllib3.PoolManager(), 0.0, time.perf_counter()
    for blob, digest in zip(blobs, digests, strict=True):
        before = _own_processor()
        url = store.bucket.sign("PUT", f"uploads/{digest.hex}", SECONDS)
        processor += _own_processor() - before
        assert pool.request("PUT", url, body=blob, retries=False).status == 200
        before = _own_processor()
        store.bucket.copy(f"uploads/{digest.hex}", store.key(digest))
        assert len(store.get(digest)) == digest.size  # reads and hashes it, and keeps the copy that is compiled from
        store.bucket.delete([f"uploads/{digest.hex}"])
        processor += _own_processor() - before
    return time.perf_counter() - start, processor


def _own_processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
