"""The monitor: rounds over workers that come, go and fail, and how often it asks."""

from __future__ import annotations

import asyncio

import pytest

from pretzel.client.overview import Fleet, LiveWorker
from pretzel.console import monitor as monitors
from pretzel.console.monitor import Monitor
from pretzel.errors import UnavailableError
from pretzel.scraping.metrics import Calls, Scrape


class System:
    """Workers with metrics; attributes make it fail."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.counts = dict.fromkeys(names, 0.0)
        self.silent: set[str] = set()
        self.gone = ""
        self.rounds = 0

    async def workers(self) -> Fleet:
        self.rounds += 1
        if self.gone:
            raise UnavailableError(self.gone)
        listed = [LiveWorker(n, f"{n}:1", f"http://{n}:2/metrics", "e", 1, "1", 0, 0, ()) for n in self.names]
        return Fleet("e", 1, listed, len(listed))

    async def read(self, url: str, worker: str) -> Scrape:
        name = url.split("/")[2].split(":")[0]
        if name in self.silent:
            raise UnavailableError(f"metrics at {url}: connection refused")
        count = self.counts[name]
        return Scrape({"m": Calls(count, count / 1000, 0, {0.1: count})}, {"processor_seconds": count})

    def monitor(self) -> Monitor:
        return Monitor(self.workers, self.read)


async def test_the_load_is_the_sum_over_workers():
    system = System("a", "b")
    monitor = system.monitor()
    await monitor.round()
    assert monitor.history.total.points == []  # one scrape has no past
    system.counts = {"a": 10.0, "b": 30.0}
    await monitor.round()
    loads = {name: seen.load for name, seen in monitor.state.seen.items()}
    assert loads["b"].rate == pytest.approx(3 * loads["a"].rate, rel=0.5)
    assert monitor.history.total.last.rate > max(loads["a"].rate, loads["b"].rate) * 0.5
    assert monitor.history.now("m").mean == pytest.approx(0.001)
    assert monitor.state.seen["a"].cores > 0


async def test_a_silent_worker_and_a_lost_control_plane_are_named():
    system = System("a", "b")
    monitor = system.monitor()
    system.silent = {"b"}
    await monitor.round()
    assert set(monitor.state.seen) == {"a"}
    assert "connection refused" in monitor.state.problems["b"]
    system.gone = "no control plane"
    await monitor.round()
    assert (monitor.state.failure, set(monitor.state.seen)) == ("no control plane", {"a"})  # the workers go on
    system.gone, system.names = "", []
    await monitor.round()
    assert (monitor.state.failure, monitor.state.seen) == ("", {})


async def test_a_worker_without_an_address_of_metrics_is_listed():
    async def workers() -> Fleet:
        return Fleet("e", 1, [LiveWorker("old", "a:1", "", "e", 1, "1", 0, 0, ())], 1)

    monitor = Monitor(workers, System().read)
    await monitor.round()
    assert monitor.state.problems == {"old": "it reports no address of its metrics"}


async def test_an_open_page_wakes_the_monitor(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(monitors, "WATCHED", 0.01)
    monkeypatch.setattr(monitors, "IDLE", 3600.0)
    system = System("a")
    monitor = system.monitor()
    running = asyncio.create_task(monitor.run())
    async with asyncio.timeout(30):
        while system.rounds < 1:
            await asyncio.sleep(0.005)
        monitor.watch()
        while system.rounds < 4:
            await asyncio.sleep(0.005)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_failed_round_is_not_the_last(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(monitors, "WATCHED", 0.01)
    rounds = 0

    async def workers() -> Fleet:
        nonlocal rounds
        rounds += 1
        raise RuntimeError("a fault")

    monitor = Monitor(workers, System().read)
    monitor.watch()
    running = asyncio.create_task(monitor.run())
    async with asyncio.timeout(30):
        while rounds < 3:
            await asyncio.sleep(0.005)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
