"""A serving process: it gets its models over the link and answers until it is drained."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import structlog

from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.measure.figures import Figures
from pretzel.data_plane.measure.usage import process_bytes, processor_seconds
from pretzel.data_plane.measure.work import Sources, Work
from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.service import InferenceService
from pretzel.data_plane.orca.report import Report, Reporter
from pretzel.data_plane.residency.finder import Finder
from pretzel.data_plane.residency.flight import Flight
from pretzel.data_plane.residency.memory import for_plans
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.results import ResultCache
from pretzel.data_plane.residency.routes import Router
from pretzel.data_plane.residency.warming import Warming
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.serve.errors import ErrorInterceptor
from pretzel.data_plane.serve.prediction import PredictionService
from pretzel.data_plane.serve.server import Server
from pretzel.data_plane.serve.starting import acceptor_of, limits_of, meters_of
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.shadow.running import SHADOWS, Shadows
from pretzel.data_plane.supervise.coalesce import Rounds
from pretzel.data_plane.supervise.link import Link, Message
from pretzel.data_plane.telemetry.telemetry import Telemetry
from pretzel.engine.fusion import FUSER
from pretzel.errors import PretzelError, UnavailableError
from pretzel.isolation.stages import PythonStages
from pretzel.plan.digest import Digest
from pretzel.serving.background import Background, cause_of
from pretzel.serving.heap import settle
from pretzel.serving.identity.keeper import keeper_of

log = structlog.get_logger(__name__)

CATALOGS, MESSAGES, WARMING, LOAD, PLACED = "catalogs", "messages", "warming", "load", "placed"
"""Background tasks, as metrics and reports name them: apply catalogs, read messages, warm new versions, report load,
load what is placed here."""
WARM_AGAIN = 2.0
"""Seconds until the warm-up of plans that failed is retried."""


class ServingProcess:
    """A serving process, and its reaction to each message of its supervisor."""

    def __init__(self, link: Link, start: Message) -> None:
        self._link = link
        self._settings = settings = Settings.model_construct(**start["settings"])
        self._port, self._further, self._inherited = start["port"], start.get("listen", ()), start.get("descriptors")
        self._tally = tally = Tally(settings.metrics_models)
        self._objects = ObjectReader(Path(start["cache_dir"]))
        self._background = Background(self._report_problems)
        meter_of = meters_of(start, tally).of
        self._keeper = keeper_of(settings.identities, self._background, tally.rejected, meter_of=meter_of)
        flight = Flight(start["flight"], start["slot"]) if start.get("flight") else None
        budget = for_plans(settings.memory_budget)
        self._python = PythonStages(settings.python, _log_crash)
        hooks: dict[str, Any] = {"doubt": self._doubt, "notify": self._report, "flight": flight, "python": self._python}
        self._plans = PlanCatalog(self._objects, budget, tally=tally, without=settings.without, **hooks)
        self._router = Router(self._plans, tally, settings.pin, settings.weight_by_model)
        self._engine = RequestEngine(
            limits_of(settings),
            settings.threads,
            tally=tally,
            processes=settings.python_processes,
            gather_rows=settings.gather_rows,
        )
        self._engine.start()
        self._calls = ErrorInterceptor(tally)
        look = Rounds(self._catch_up).join
        self._results = ResultCache(settings.result_cache, settings.result_cache_bytes, tally)
        most, python = settings.max_message_bytes, settings.python_stages
        service = PredictionService(
            self._router, self._plans, self._objects, self._engine, tally, look, most, self._results, python
        )
        find = Finder(self._router, look).find
        backend = Backend(settings, find, self._router, self._plans, self._objects, self._engine, tally, self._results)
        inference = InferenceService(backend, service.streams)
        report = Report() if settings.load_reports else None
        self._telemetry = Telemetry.of(settings, start.get("slot", 0))
        given: dict[str, Any] = {"acceptor": acceptor_of(start), "report": report, "telemetry": self._telemetry}
        given["keeper"] = self._keeper
        self._server = Server(settings, service, self._calls, inference, shared_port=start["shared_port"], **given)
        self._load = self._reporter(report, start) if report else None
        self._statistics = backend.statistics if settings.triton_metrics else None
        self._prepare(start)

    def _reporter(self, report: Report, start: Message) -> Reporter:
        python, server, engine = self._python, self._server, self._engine
        sources = Sources(
            running=lambda: server.running,
            queued=lambda: engine.queued,
            polled=lambda: server.polled,
            python=lambda: float(python.counts["python_seconds"]),
        )
        figures, work = Figures(self._settings.workers, start.get("figures")), Work(self._tally, sources)
        return Reporter(report, figures, start["slot"], work, self._settings.python_processes)

    def _prepare(self, start: Message) -> None:
        """Take the rest of the start message, and begin with no catalog."""
        self._shadows = Shadows.of(self._settings, self._plans, self._router, self._engine)
        self._router.copies = self._shadows.copies
        self._http: str = start.get("http", "")
        self._warming = Warming(self._plans, lambda: self._router.catalog)
        self._target, self._serial = Catalog(), -1
        self._moved = asyncio.Event()
        self._applied = asyncio.Event()
        self._caught_up, self._newest = asyncio.Event(), False
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Serve until drained by a message, a signal, or the end of the supervisor."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        applying = self._background.keep(CATALOGS, self._apply_catalogs)
        placing = self._background.keep(PLACED, self._warming.run)
        copying = self._background.keep(SHADOWS, lambda: self._shadows.run(self._link.send))
        works = [self._listen_to_supervisor(), applying, placing, copying]
        if self._keeper is not None:
            works.append(self._keeper.keep())
        if self._load is not None:
            works.append(self._background.keep(LOAD, self._load.run))
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await self._applied.wait()  # listen only after the first catalog: an empty one would answer NOT_FOUND
            settle()  # before: it takes some ten milliseconds, for which calls would wait
            port = await self._server.listen(self._port, self._further, self._inherited, self._http)
            self._link.send("ready", port=port)
            await self._stop.wait()
        except (PretzelError, OSError, MemoryError) as error:
            self._link.send("failed", message=str(error) if isinstance(error, PretzelError) else cause_of(error))
        finally:
            await self._server.drain(self._settings.drain_seconds)
            for task in tasks:
                task.cancel()
            if self._telemetry is not None:
                await asyncio.to_thread(self._telemetry.close)
            await asyncio.to_thread(self._shadows.close)
            self._engine.close()
            self._plans.close()
            self._python.close()
            self._link.close()

    async def _listen_to_supervisor(self) -> None:
        try:
            async for message in self._link.messages():
                self._hear(message)
        finally:
            self._stop.set()

    def _hear(self, message: Message) -> None:
        """React to one message; a failure must not keep this process from reading the next."""
        try:
            getattr(self, f"_on_{message['kind']}")(message)
            self._background.well(MESSAGES)
        except Exception as error:
            self._background.failed(MESSAGES, error)

    def _on_catalog(self, message: Message) -> None:
        self._target = self._target.changed(
            message["epoch"], message["revision"], dict(message["models"]), message["deleted"], whole=message["whole"]
        )
        self._serial = message["serial"]
        self._moved.set()

    def _on_caught_up(self, message: Message) -> None:
        self._newest = message["newest"]
        self._caught_up.set()

    def _on_damaged(self, message: Message) -> None:
        self._plans.distrust(list(map(Digest.parse, message["objects"])))

    def _on_mended(self, message: Message) -> None:
        self._moved.set()  # applying refreshes the view of the cache, and is retried if it fails
        self._plans.trust(list(map(Digest.parse, message["objects"])))

    def _on_collected(self, message: Message) -> None:
        self._plans.let_go(list(map(Digest.parse, message["objects"])))
        self._moved.set()

    def _on_vouched(self, message: Message) -> None:
        self._objects.vouched = message["time"]

    def _on_barred(self, message: Message) -> None:
        self._plans.bar(dict(message["plans"]))

    def _on_placement(self, message: Message) -> None:
        self._warming.place(message["warm"])
        self._router.placed_pins = message["pinned"]
        self._moved.set()

    def _on_held(self, message: Message) -> None:
        self._router.held = dict(message["reasons"])

    def _on_ask(self, message: Message) -> None:
        self._link.send("answer", id=message["id"], numbers=self._numbers())

    def _on_drain(self, message: Message) -> None:
        self._stop.set()

    async def _apply_catalogs(self) -> None:
        """Apply each new catalog; if several wait, only the newest."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            try:
                await self._apply(self._target, self._serial)
            except BaseException:
                self._moved.set()  # the next attempt must not wait for another catalog
                raise
            self._background.well(CATALOGS)

    async def _apply(self, target: Catalog, serial: int) -> None:
        self._objects.refresh()
        cold = await self._router.apply(target)
        self._warming.look()
        await self._server.set_health(serving=target.known)
        self._applied.set()
        self._link.send("applied", serial=serial)
        if cold:
            self._background.failed(WARMING, UnavailableError("; ".join(f"{n}: {why}" for n, why in cold.items())))
            asyncio.get_running_loop().call_later(WARM_AGAIN, self._moved.set)
        else:
            self._background.well(WARMING)

    async def _catch_up(self) -> bool:
        """Make the supervisor poll the control plane once, bounded; return whether this process is up to date."""
        self._caught_up.clear()
        self._link.send("catch_up")
        try:
            # The supervisor bounds its poll; this bounds the supervisor.
            await asyncio.wait_for(self._caught_up.wait(), self._settings.catch_up_seconds + 1)
        except TimeoutError:
            log.warning("the supervisor did not answer")
            return False
        return self._newest

    def _doubt(self, plan: Digest) -> None:
        self._link.send("doubt", plan=str(plan))

    def _report(self, kind: str, plan: Digest) -> None:
        """Report plans in memory to the supervisor: it checks them first if this process crashes."""
        self._link.send(kind, plan=str(plan))

    def _report_problems(self) -> None:
        self._link.send("problems", problems=dict(self._background.problems))

    def _numbers(self) -> dict[str, Any]:
        gauges = {
            "resident_bytes": self._plans.bytes,
            "resident_plans": len(self._plans.resident),
            "fused_bytes": FUSER.held,
            "result_bytes": self._results.bytes,
            "queued": self._engine.queued,
            "running": self._server.running,
            "request_bytes": self._engine.bytes,
            "process_bytes": process_bytes(),
            "python_processes": self._python.pool.processes,
            "revision": self._router.catalog.revision,
        }
        failures, failing = dict(self._background.failures), list(self._background.problems)
        numbers = self._tally.snapshot()
        numbers["counts"]["processor_seconds"] = processor_seconds()
        numbers["counts"].update(self._python.counts)
        numbers["counts"].update(self._shadows.copies.counts())
        numbers["counts"].update(self._telemetry.counts if self._telemetry else {})
        numbers["triton"] = self._statistics.numbers() if self._statistics is not None else []
        return {**numbers, "background": failures, "failing": failing, "gauges": gauges}


def _log_crash(fault: str, step: str, why: str) -> None:
    log.error("a Python stage failed", fault=fault, step=step, error=why)
