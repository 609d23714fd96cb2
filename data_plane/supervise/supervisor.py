"""The supervisor: one process that pulls, owns the cache, and keeps the serving processes alive and up to date."""

from __future__ import annotations

import asyncio
import os
import socket
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import structlog

from pretzel.data_plane.cache.scrub import Scrubber
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.measure import metrics
from pretzel.data_plane.measure.aggregate import Numbers
from pretzel.data_plane.measure.branches import Reported
from pretzel.data_plane.measure.figures import memory_of
from pretzel.data_plane.pull.puller import Puller
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.supervise.announce import Announcer
from pretzel.data_plane.supervise.child import Child
from pretzel.data_plane.supervise.coalesce import Rounds
from pretzel.data_plane.supervise.deaths import Deaths
from pretzel.data_plane.supervise.fleet import Fleet
from pretzel.data_plane.supervise.link import Message
from pretzel.data_plane.supervise.placed import Placed
from pretzel.data_plane.supervise.ports import SharedAddresses, is_native
from pretzel.data_plane.supervise.reached import reached
from pretzel.data_plane.supervise.repair import Repairer
from pretzel.data_plane.supervise.shadows import ShadowSums
from pretzel.data_plane.supervise.source import source_of
from pretzel.data_plane.supervise.spread import Spread
from pretzel.data_plane.transport.meters import memory_of as memory_of_meters
from pretzel.data_plane.transport.meters import path_of
from pretzel.engine import KERNEL_SET
from pretzel.kernels import cpu
from pretzel.plan.digest import Digest
from pretzel.serving.background import Background
from pretzel.serving.identity.http import gate_of
from pretzel.serving.identity.keeper import keeper_of
from pretzel.serving.listeners import Address
from pretzel.serving.tls import HTTP1, server_tls

log = structlog.get_logger(__name__)

COLLECT_SECONDS = 30.0
"""Time between two collections of unused objects."""
COLLECT_PAUSE = 100
"""Least time between two collections in times of the last one, which looks at all models."""


class Supervisor:
    """The supervisor of a worker."""

    def __init__(self, settings: Settings) -> None:
        """Lock the cache directory and reserve the port.

        Raises:
            PreconditionError: another worker uses them.
        """
        self._settings = settings
        self.name = settings.worker or f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
        self._background = Background(self._changed)
        self._keeper = keeper_of(settings.identities, self._background)
        self._cache = ObjectCache(settings.cache_dir)
        self._addresses = SharedAddresses(settings)
        self._figures = memory_of(settings.workers) if settings.workers > 1 and settings.load_reports else None
        self._meters = memory_of_meters(settings.workers) if settings.identities else None
        start = self._start_message()
        self._shadows = ShadowSums()
        source = source_of(settings, self.name, self._facts)
        self._reporter, self._leave = source.reporter, source.close
        self._spread = Spread(settings.workers) if settings.workers > 1 and is_native(settings) else None
        self._fleet = Fleet(
            settings.workers, start, self._heard, died=self._died, background=self._background, spread=self._spread
        )
        self._fleet.spawn()
        self._placed = Placed(self._fleet.announce)
        self._reporter.on_placement = self._placed.take
        self._answering = 0
        announcer = Announcer(self._fleet, self._reporter.now)
        self._puller = Puller(
            source.origin,
            self._cache,
            self._fleet.publish,
            self._reporter.now,
            accept_epoch=settings.accept_epoch,
            on_held=announcer.held,
            collected=announcer.collected,
        )
        scrubber = Scrubber(self._cache, settings.scrub_bytes_per_second)
        self._repairer = Repairer(scrubber, self._puller, self._fleet.broadcast, self._fleet.announce)
        self._deaths = Deaths(self._repairer, start, settings.workers)
        self._looks = Rounds(lambda: self._puller.catch_up(settings.catch_up_seconds))
        self._metrics_port = 0
        self._stop_metrics: Callable[[], None] = lambda: None
        self._chores: set[asyncio.Task[None]] = set()
        self._resident, self._reported = 0, Reported()

    def _start_message(self) -> dict[str, Any]:
        """Return the configuration of the serving processes."""
        settings, addresses = self._settings, self._addresses
        shared: dict[str, Any] = {} if self._figures is None else {"figures": self._figures}
        shared |= {} if self._meters is None else {"meters": path_of(self._meters)}
        return {
            "settings": settings.model_dump(mode="json"),
            "cache_dir": str(settings.cache_dir.absolute()),
            "port": addresses.port,
            "listen": addresses.further,
            "http": addresses.http,
            "descriptors": addresses.descriptors,
            "shared_port": addresses.are_held,
            **shared,
        }

    async def start(self) -> None:
        """Start from the cache, also without a control plane."""
        await self._puller.restore()
        collector = metrics.WorkerCollector(self._scrape, asyncio.get_running_loop())
        host, port = self._settings.host, self._settings.metrics_port
        tls = server_tls(self._settings.tls, (HTTP1,))
        gate = gate_of(self._keeper, closed=self._settings.metrics_access == "closed")
        self._metrics_port, self._stop_metrics = metrics.serve(collector, host, port, tls, gate)
        await self._fleet.start()

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """Return the background work of the worker: pull, report, collect, check."""
        parts = {
            "watch": self._puller.watcher.run,
            "pull": self._puller.advance,
            "report": self._reporter.run,
            "collect": self._collect,
            "look": self._look,
            "damage": self._repairer.watch,
            "scrub": self._repairer.scrub,
        }
        keeping = [self._keeper.keep()] if self._keeper is not None else []
        return keeping + [self._background.keep(name, part) for name, part in parts.items()]

    async def stop(self) -> None:
        """Deregister, drain the serving processes, and release all resources."""
        log.info("stopping")
        self._repairer.close()
        self._addresses.close()  # the processes close theirs; clients must be refused, not wait
        stops = self._reporter.leave(), self._fleet.stop(self._settings.drain_seconds)
        await asyncio.gather(*stops, return_exceptions=True)
        self._stop_metrics()
        await self._leave()
        self._deaths.close()
        self._cache.close()
        if self._spread is not None:
            self._spread.close()
        for shared in (self._figures, self._meters):
            if shared is not None:
                os.close(shared)

    def whereabouts(self) -> dict[str, Any]:
        """Return the fields of the ready line."""
        return {
            "ready": True,
            "worker": self.name,
            "pid": os.getpid(),
            "host": self._settings.host,
            "port": self._fleet.port,
            "http": self._addresses.http,
            "metrics_port": self._metrics_port,
            "cpu": cpu.chosen,
            "processes": [child.pid for child in self._fleet.children.values()],
        }

    def _heard(self, child: Child, message: Message) -> None:
        """React to a message of a serving process."""
        match message["kind"]:
            case "catch_up":
                self._do("catch_up", lambda: self._catch_up(child))
            case "doubt":
                plan = Digest.parse(message["plan"])
                self._do("mend", lambda: self._repairer.doubt(plan))
            case "shadows":
                self._shadows.hear(message["source"], message["figures"])
            case "problems":
                self._changed()
            case "applied" | "ready" if self._fleet.lowest != self._answering:
                self._answering = self._fleet.lowest
                self._changed()

    def _changed(self) -> None:
        """Report at once: the served revision or the problems have changed."""
        self._reporter.now()

    def _do(self, name: str, chore: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(self._background.keep(name, chore))
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _catch_up(self, child: Child) -> None:
        child.link.send("caught_up", newest=await self._looks.join())

    async def _died(self, child: Child, code: int) -> None:
        await self._deaths.investigate(self._fleet, child, code)

    async def _collect(self) -> None:
        """Remove cached objects that no version needs any more."""
        took = 0.0
        while True:
            pause = min(COLLECT_SECONDS, self._settings.cache_grace_seconds or COLLECT_SECONDS)
            await asyncio.sleep(max(pause, COLLECT_PAUSE * took))
            began = time.monotonic()
            gone = await self._puller.collect(began, self._settings.cache_grace_seconds)
            took = time.monotonic() - began
            self._background.well("collect")
            if gone:
                log.info("objects left the cache", objects=len(gone), bytes=sum(digest.size for digest in gone))

    async def _look(self) -> None:
        """Poll the counters of the serving processes periodically."""
        while True:
            parts = await self._fleet.numbers()
            self._reported.take(parts)
            self._fleet.end_silent()
            self._fleet.end_lagging()
            self._resident = max((p["gauges"]["resident_bytes"] for p in parts if p.get("gauges")), default=0)
            self._background.well("look")
            await asyncio.sleep(self._settings.report_seconds)

    def _answered(self) -> tuple[str, int]:
        """Return the epoch and the revision that every serving process answers from and the cache has stored."""
        lowest = self._fleet.lowest
        if lowest < self._fleet.serial:
            return self._fleet.revision_of(lowest)
        return self._puller.published.epoch, self._puller.published.revision

    def _facts(self) -> dict[str, Any]:
        """Return the fields of a report."""
        epoch, revision = self._answered()
        scheme, host = "https://" if self._settings.tls else "", self._settings.host.strip("[]")
        own = Address(host, self._fleet.port)
        metrics = Address(reached(self._settings.advertise, host), self._metrics_port)
        return {
            "worker": self.name,
            "epoch": epoch,
            "revision": revision,
            "kernel_set": KERNEL_SET,
            "address": self._settings.advertise or f"{scheme}{own}",
            "metrics": f"{scheme or 'http://'}{metrics}/metrics",
            "resident_bytes": self._resident,
            "held": self._puller.reasons,
            "problems": self._problems(),
            **self._reported.fields(),
            "labels": self._settings.labels_by_key,
            "placement": self._placed.mark,
            "shadows": self._shadows.report(),
        }

    def _problems(self) -> list[str]:
        """Return the present problems of this worker, one sentence each."""
        unsaved = f"the catalog cannot be saved in {self._settings.cache_dir}; is its disk full?"
        return [
            *([self._puller.epoch_hold] if self._puller.epoch_hold else []),
            *([unsaved] if self._puller.unkept else []),
            *self._repairer.problems(),
            *self._deaths.problems(),
            *(f"{task}: {why}" for task, why in self._background.problems.items()),
            *self._fleet.problems,
        ]

    async def _scrape(self) -> tuple[list[Numbers], Mapping[str, float], Mapping[str, float]]:
        puller = self._puller
        counters = {
            "process_restarts": self._fleet.restarts,
            "watch_breaks": puller.watcher.breaks,
            "fetched_bytes": puller.fetcher.fetched_bytes,
            "fetch_failures": puller.fetcher.failures,
            "direct_bytes": puller.fetcher.direct_bytes,
            "direct_failures": puller.fetcher.direct_failures,
            "damaged_objects": self._cache.dropped,
            "scrubbed_bytes": self._repairer.scrubber.scrubbed_bytes,
        }
        gauges = {
            "revision": self._answered()[1],
            "models": len(puller.published),
            "models_held_back": len(puller.held),
            "epoch_held": int(bool(puller.epoch_hold)),
            "objects_being_replaced": len(self._repairer.damaged),
            "scrub_passed_seconds": self._repairer.scrubber.passed,
            "processes": len(self._fleet.children),
            "control_plane_connected": int(puller.watcher.connected),
            "cached_objects": self._cache.object_count,
            "cached_bytes": self._cache.object_bytes,
        }
        own: Numbers = {"background": dict(self._background.failures), "failing": list(self._background.problems)}
        own["rejected"] = dict(self._keeper.refused) if self._keeper is not None else {}
        return [own, *await self._fleet.numbers()], counters, gauges
