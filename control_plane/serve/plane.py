"""Composition of a control plane from its settings, with its background work."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from pretzel.control_plane.catalog.audit.trail import Trail
from pretzel.control_plane.catalog.recompiling import RECOMPILE
from pretzel.control_plane.collect import Collected, collect
from pretzel.control_plane.deploy import Deployer
from pretzel.control_plane.rebuild import Rebuilder
from pretzel.control_plane.recompile import Recompiler
from pretzel.control_plane.samples import Bounds
from pretzel.control_plane.scrub import Scrubber
from pretzel.control_plane.serve.advancing import Advancer
from pretzel.control_plane.serve.auditing import Refusals
from pretzel.control_plane.serve.deployments import Deployments
from pretzel.control_plane.serve.feed import Feed
from pretzel.control_plane.serve.identities import METHOD, change_of
from pretzel.control_plane.serve.live import LiveWorkers
from pretzel.control_plane.serve.metrics import Metrics
from pretzel.control_plane.serve.opened import opened_by
from pretzel.control_plane.serve.peers import PEERS, Neighbours
from pretzel.control_plane.serve.placing import PLACING, Placing
from pretzel.control_plane.serve.pools import Pool
from pretzel.control_plane.serve.quotas import Deployed
from pretzel.control_plane.serve.shadows import ShadowReports, disagreement
from pretzel.control_plane.serve.upgrades import Upgrades
from pretzel.control_plane.serve.uploads import OpenUploads
from pretzel.control_plane.serve.work import LEASE_SECONDS, TakenError, Works
from pretzel.control_plane.settings import Settings
from pretzel.control_plane.store import ParameterCache
from pretzel.control_plane.verify import Limits, Python, Verifier
from pretzel.engine.bindings.binding import DERIVED
from pretzel.errors import PreconditionError
from pretzel.plan.digest import Digest
from pretzel.serving.descriptors import raise_limit
from pretzel.serving.identity.file import Identities
from pretzel.serving.identity.keeper import keeper_of

_MISSED_REPORTS = 5
_WRITERS, _RECEIVERS = 4, 8
_FILES_PER_UPLOAD = 16
"""Descriptors for each upload that may be open: its file is one, and connections take most of the others."""
COLLECT, SCRUB = "collect", "scrub"
"""Names of the background tasks in metrics."""
_log = structlog.get_logger(part="plane")


class Plane:
    """One control plane over one data directory.  Create it inside a running event loop."""

    def __init__(self, settings: Settings) -> None:
        """Open or create the content of the data directory.

        Raises:
            PreconditionError: another control plane uses it, or its catalog is missing or of another store.
        """
        self.settings = settings
        self.metrics = Metrics()
        self.background = self.metrics.background
        self.keeper = keeper_of(settings.identities, self.background, worker_token=settings.worker_token_file)
        self._opened = opened_by(settings)
        self.store, self.catalog, self.identity = self._opened.store, self._opened.catalog, self._opened.identity
        self.works = Works(self.catalog.work)
        self.trail = Trail(self.catalog.database)
        self.catalog.database.logs_changes = True
        self.refusals = Refusals(self.trail)
        if self.keeper is not None:
            self.keeper.on_change = self._identities_changed
        self.feed = Feed(self.catalog)
        self.catalog.on_change = self.feed.notify
        self.live = LiveWorkers(settings.report_seconds * _MISSED_REPORTS)
        self.placing = Placing(self.catalog, self.live, settings.spread, 2 * settings.report_seconds)
        self.shadows = ShadowReports(self.catalog.shadows)
        self._neighbours = Neighbours(self.catalog, self._opened, self.feed, self.live)
        self.verifier = _verifier(settings)
        self.uploads = OpenUploads(min(settings.most_uploads, max(raise_limit() // _FILES_PER_UPLOAD, 2)))
        self.receiving, self.heavy, self.checking = Pool(_RECEIVERS, "receive"), Pool(2, "heavy"), Pool(1, "check")
        self.writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="store")
        self.parameters = ParameterCache(self.store, settings.parameter_cache_bytes)
        DERIVED.budget = settings.derived_cache_bytes
        self.rebuilder = Rebuilder(self.store, self.catalog, self.parameters)
        self.scrubber = Scrubber(self.store, self.catalog, self.rebuilder, settings.scrub_bytes_per_second)
        self.store.on_damage = self._found_damage
        self.deployer = self._deployer()
        self.upgrades = self._upgrading()
        self.deployments = Deployments(
            self.deployer, self.live, self.metrics, settings.deployments, settings.queued_deployments
        )
        self.deployed = Deployed()
        self.advancer = self._advancer()
        self._show()

    def _deployer(self) -> Deployer:
        kept = Bounds(self.settings.keep_sample_rows, self.settings.keep_sample_bytes)
        return Deployer(self.store, self.catalog, self.verifier, self.writers, self.parameters, kept)

    def _upgrading(self) -> Upgrades:
        recompiler = Recompiler(self.store, self.catalog, self.rebuilder, self.verifier, self.writers)
        return Upgrades(recompiler, self.catalog, self.works, self.live, self.settings.kernel_set_seconds)

    def _advancer(self) -> Advancer:
        compared, seconds = partial(disagreement, self.catalog.shadows), self.settings.rollout_seconds
        return Advancer(self.catalog.rollouts, self.works, self.live.alive, compared, self.metrics, seconds)

    def lease(self, digests: Sequence[Digest], client: str) -> None:
        """Lease objects to a client for the usual time."""
        self.catalog.lease(digests, self.settings.lease_seconds, client)

    def find_missing(self, digests: Sequence[Digest], client: str) -> list[Digest]:
        """Return the objects that are not stored.  The lease comes first, so that the stored ones stay."""
        self.lease(digests, client)
        return self.store.missing(digests)

    async def collect(self, dry_run: bool = False) -> Collected:
        """Remove or count unneeded objects off the event loop; one collection at a time, of all control planes.

        Raises:
            PreconditionError: the catalog is not the one of these objects.
            UnavailableError: another control plane collects for too long.
        """
        if dry_run:
            return await asyncio.to_thread(collect, self.store, self.catalog, dry_run)
        async with self.works.held(COLLECT, self.settings.wait_seconds) as held:
            await self.upgrades.retire(held.task)
            if not self.settings.keep_sample_rows:
                await asyncio.to_thread(self.catalog.samples.forget_all)
            removed = await asyncio.to_thread(collect, self.store, self.catalog, task=held.task)
        self.metrics.collected_objects.inc(removed.objects)
        self.metrics.collected_bytes.inc(removed.bytes)
        if removed.objects:
            _log.info("collected", objects=removed.objects, bytes=removed.bytes)
        return removed

    async def collect_forever(self) -> None:
        """Collect garbage now, then periodically; retry soon after a failure."""
        await self.background.keep(COLLECT, self._collect_often)

    async def _collect_often(self) -> None:
        while True:
            try:
                await self.collect()
            except PreconditionError as error:
                _log.warning("garbage collection is not possible", reason=str(error))
            except TakenError as error:
                _log.info("garbage is not collected now", reason=str(error))
            await self._drop_records()
            self.background.well(COLLECT)
            await asyncio.sleep(self.settings.collect_seconds)

    async def _drop_records(self) -> None:
        """Drop the records of the audit trail that the settings bound."""
        if self.settings.audit_days or self.settings.audit_records:
            drop = self.trail.drop
            dropped = await asyncio.to_thread(drop, self.settings.audit_days, self.settings.audit_records)
            if dropped:
                _log.info("old records of the audit trail were dropped", records=dropped)

    async def scrub_forever(self) -> None:
        """Read all objects periodically at the configured rate; a failed pass is restarted."""
        await self.background.keep(SCRUB, self._scrub_often)

    async def _scrub_often(self) -> None:
        while self.settings.scrub_bytes_per_second:
            try:
                async with self.works.held(SCRUB) as held:
                    while not held.lost.is_set():
                        await asyncio.to_thread(self.scrubber.run, held.lost)
                        self.background.well(SCRUB)
            except TakenError:
                self.background.well(SCRUB)
                await asyncio.sleep(LEASE_SECONDS)

    async def upgrade_forever(self) -> None:
        """Give each version a plan for the kernels of this release."""
        await self.background.keep(RECOMPILE, lambda: self.upgrades.run(self.background))

    async def keep_neighbours(self) -> None:
        """Exchange news with the other control planes over the same catalog, if there may be some."""
        if self._opened.dialect.shares:
            await self.background.keep(PEERS, self._neighbours.run)

    async def keep_placing(self) -> None:
        """Assign models to workers."""
        await self.background.keep(PLACING, self.placing.run)

    async def keep_identities(self) -> None:
        """Read the identities again whenever they change."""
        if self.keeper is not None:
            await self.keeper.keep()

    def _identities_changed(self, before: Identities, after: Identities) -> None:
        self.refusals.later(self.trail.add, change_of(before, after), METHOD)

    def stop(self) -> None:
        """Stop the background work soon."""
        self.scrubber.stop()

    def problems(self) -> list[str]:
        """Return the present problems of the store, one sentence each."""
        return sorted(self.scrubber.lost().values())

    def _found_damage(self, digest: Digest) -> None:
        self.metrics.damaged_objects.inc()
        _log.error("an object is damaged and was moved to quarantine", digest=str(digest))

    def _show(self) -> None:
        """Export the numbers that are counted elsewhere."""
        gauge = self.metrics.gauge
        gauge("models", "Models deployed.", self.catalog.count)
        gauge("revision", "Revision of the catalog.", lambda: self.catalog.current()[1])
        gauge("live_workers", "Workers that report.", lambda: len(self.live.alive()))
        gauge("workers_held_models", "Models that at least one live worker holds back.", lambda: len(self.live.held()))
        gauge("lost_objects", "Objects that versions need and the store does not have.", lambda: len(self.problems()))
        self.metrics.watch_total("mended_objects", "Objects rebuilt.", lambda: self.rebuilder.rebuilds)
        self.metrics.watch_total("scrubbed_bytes", "Bytes read again.", lambda: self.scrubber.scrubbed_bytes)
        gauge("recompilations_left", "Versions without a plan for these kernels.", lambda: self.upgrades.progress.left)
        gauge("recompilations_failed", "Versions that cannot have one.", lambda: self.upgrades.progress.failed)
        self.metrics.watch_total("recompiled_versions", "Versions recompiled.", lambda: self.upgrades.recompiled)
        self.metrics.watch_total("compared_versions", "Of these, compared.", lambda: self.upgrades.compared)
        if self.keeper is not None:
            self.metrics.watch_reasons("refused", "Calls refused for their caller.", self.keeper.refused)
            text, counts = "Calls refused by a limit of their caller.", self.deployed.refused
            self.metrics.watch_reasons("limit_refusals", text, counts, label="limit")
        self.metrics.watch_caches({"parameter": self.parameters, "derived": DERIVED})

    def close(self) -> None:
        """Stop all work and release the directory."""
        self.stop()
        self.verifier.close()
        self.deployments.close()
        for pool in (self.receiving, self.heavy, self.checking):
            pool.close()
        self.writers.shutdown()
        self.refusals.close()
        self._neighbours.close()
        self._opened.close()


def _verifier(settings: Settings) -> Verifier:
    limits = Limits(settings.verify_memory_bytes, settings.verify_cpu_seconds, settings.verify_seconds)
    python = Python(settings.verify_python_stages, settings.python_environments)
    return Verifier(limits, settings.deployments, settings.verify_jobs, python=python)
