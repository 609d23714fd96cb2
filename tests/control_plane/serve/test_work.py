"""Leases on work while it runs: waited for, renewed, lost, and given back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing

import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.serve.work import TakenError, Works
from tests.control_plane.conftest import Postgres

LONG = 60.0


@pytest.fixture
def pair(postgres: Postgres) -> Iterator[tuple[Catalog, Catalog]]:
    url = str(postgres.fresh())
    with closing(Catalog(url)) as a, closing(Catalog(url)) as b:
        yield a, b


def test_one_works_at_a_time(pair: tuple[Catalog, Catalog]):
    async def run() -> None:
        a, b = (Works(catalog.work, LONG) for catalog in pair)
        async with a.held("scrub"):
            with pytest.raises(TakenError, match="scrub: another control plane does it now; retry in a moment"):
                async with b.held("scrub"):
                    pass
            waiting = asyncio.create_task(_held(b, "scrub"))
        assert await waiting > 1

    asyncio.run(run())


def test_work_of_one_control_plane_waits_for_itself(pair: tuple[Catalog, Catalog]):
    async def run() -> None:
        works, running = Works(pair[0].work, LONG), 0

        async def work() -> None:
            nonlocal running
            async with works.held("collect"):
                running += 1
                assert running == 1
                await asyncio.sleep(0)
                running -= 1

        await asyncio.gather(*(work() for _ in range(5)))

    asyncio.run(run())


def test_a_lease_is_renewed_and_its_loss_is_noticed(pair: tuple[Catalog, Catalog]):
    async def run() -> None:
        works = Works(pair[0].work, 3.0)
        async with works.held("collect") as held:
            await _renewed(pair[0], held.task.token)
            # As if this process had been stopped for longer than the lease.
            with pair[1].database.write() as connection:
                connection.exec_driver_sql("UPDATE work SET until = 0")
            assert pair[1].work.take("collect", LONG) is not None
            assert await asyncio.to_thread(held.lost.wait, LONG)

    asyncio.run(run())


async def _held(works: Works, name: str) -> int:
    async with works.held(name, LONG) as held:
        return held.task.token


async def _renewed(catalog: Catalog, token: int) -> None:
    """Wait until the end of a lease has moved."""

    def until() -> float:
        with catalog.database.read() as connection:
            return connection.exec_driver_sql(f"SELECT until FROM work WHERE token = {token}").scalar_one()

    before = until()
    async with asyncio.timeout(LONG):
        while until() == before:
            await asyncio.sleep(0.01)
