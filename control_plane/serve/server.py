"""Runs a control plane: ports, health, reflection, metrics, the ready line, and a graceful shutdown on SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import grpc.aio
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from pretzel.control_plane.serve import conditions, metrics
from pretzel.control_plane.serve.access import Door
from pretzel.control_plane.serve.audit import AuditService
from pretzel.control_plane.serve.control import ControlPlaneService
from pretzel.control_plane.serve.interceptor import Calls
from pretzel.control_plane.serve.overview import OverviewService
from pretzel.control_plane.serve.placement import PlacementService
from pretzel.control_plane.serve.plane import Plane
from pretzel.control_plane.serve.quota_service import QuotaService
from pretzel.control_plane.serve.rollouts import RolloutService
from pretzel.control_plane.serve.schedule import ScheduleService
from pretzel.control_plane.serve.scheduling import Scheduler
from pretzel.control_plane.serve.workers import WorkerService
from pretzel.control_plane.settings import Settings
from pretzel.errors import PreconditionError, UnavailableError
from pretzel.serving import logs
from pretzel.serving.descriptors import connection_options, raise_limit
from pretzel.serving.gil_turns import take_short_turns
from pretzel.serving.grpc_ports import GrpcPorts
from pretzel.serving.header_lists import header_options
from pretzel.serving.heap import defer_full_collections, return_large_blocks, settle, share_heap
from pretzel.serving.identity.http import gate_of
from pretzel.serving.listeners import Address
from pretzel.serving.tls import HTTP1, server_tls
from pretzel.v1 import (
    audit_pb2,
    audit_pb2_grpc,
    control_pb2,
    control_pb2_grpc,
    overview_pb2,
    overview_pb2_grpc,
    placement_pb2,
    placement_pb2_grpc,
    quota_pb2,
    quota_pb2_grpc,
    rollout_pb2,
    rollout_pb2_grpc,
    schedule_pb2,
    schedule_pb2_grpc,
    worker_pb2,
    worker_pb2_grpc,
)

_log = structlog.get_logger(part="server")
_STREAMS = 128
"""Open calls of one connection; a client queues the others."""
SERVICES = (
    control_pb2.DESCRIPTOR.services_by_name["ControlPlaneService"].full_name,
    worker_pb2.DESCRIPTOR.services_by_name["WorkerService"].full_name,
    audit_pb2.DESCRIPTOR.services_by_name["AuditService"].full_name,
    overview_pb2.DESCRIPTOR.services_by_name["OverviewService"].full_name,
    placement_pb2.DESCRIPTOR.services_by_name["PlacementService"].full_name,
    quota_pb2.DESCRIPTOR.services_by_name["QuotaService"].full_name,
    rollout_pb2.DESCRIPTOR.services_by_name["RolloutService"].full_name,
    schedule_pb2.DESCRIPTOR.services_by_name["ScheduleService"].full_name,
)


@dataclass(frozen=True)
class Ready:
    """Addresses of a running control plane."""

    address: str
    port: int
    metrics_port: int
    epoch: str


def run(settings: Settings) -> None:
    """Run :func:`main`, and exit the process at once when it returns.

    Everything that main opened is closed by then.  An interpreter that is torn down under gRPC's threads, e.g. after a
    cancelled call, crashes occasionally.
    """
    share_heap()
    return_large_blocks()
    asyncio.run(main(settings))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def main(settings: Settings) -> None:
    """Run a control plane until SIGTERM or SIGINT; print one line of JSON on standard output when it is ready."""
    logs.configure(settings.log_level)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(settings) as ready:
        _share_time()
        print(json.dumps({"event": "ready", **ready.__dict__}), flush=True)
        _log.info("ready", **ready.__dict__)
        await stop.wait()
        _log.info("draining", seconds=settings.drain_seconds)
    _log.info("stopped")


def _share_time() -> None:
    """Keep deployments, which run on threads of this process, from delaying the event loop for long."""
    settle()
    defer_full_collections()
    take_short_turns()


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Ready]:
    """Serve while the block runs; at its end, reject new calls and let running ones finish.

    Raises:
        PreconditionError: the data directory is in use, or a certificate cannot be loaded.
        UnavailableError: a port or a socket is taken.
    """
    plane = Plane(settings)
    try:
        async with _metrics(plane) as metrics_port, _collecting(plane), _server(plane) as port:
            yield Ready(settings.address(port), port, metrics_port, plane.catalog.epoch)
    finally:
        await asyncio.to_thread(plane.close)


@asynccontextmanager
async def _server(plane: Plane) -> AsyncIterator[int]:
    calls = Calls(
        plane.metrics, request_seconds=plane.settings.request_seconds, door=Door(plane.keeper), refusals=plane.refusals
    )
    checks = health.aio.HealthServicer()
    server = grpc.aio.server(interceptors=[calls], options=_options(plane.settings))
    control_pb2_grpc.add_ControlPlaneServiceServicer_to_server(ControlPlaneService(plane), server)
    worker_pb2_grpc.add_WorkerServiceServicer_to_server(WorkerService(plane), server)
    audit_pb2_grpc.add_AuditServiceServicer_to_server(AuditService(plane), server)
    quota_pb2_grpc.add_QuotaServiceServicer_to_server(QuotaService(plane), server)
    overview_pb2_grpc.add_OverviewServiceServicer_to_server(OverviewService(plane), server)
    rollout_pb2_grpc.add_RolloutServiceServicer_to_server(RolloutService(plane), server)
    schedule_pb2_grpc.add_ScheduleServiceServicer_to_server(ScheduleService(plane), server)
    placement_pb2_grpc.add_PlacementServiceServicer_to_server(PlacementService(plane), server)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    names = (*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)
    ports = GrpcPorts(server, server_tls(plane.settings.tls), plane.settings.socket_mode)
    port = _bind(ports, plane.settings)
    await server.start()
    for name in ("", *SERVICES):
        await checks.set(name, health_pb2.HealthCheckResponse.SERVING)
    for name in (conditions.STORE, conditions.WORKERS):  # known from the start, until the first check
        await checks.set(name, health_pb2.HealthCheckResponse.UNKNOWN)
    reporting = asyncio.create_task(conditions.keep_current(checks, plane))
    try:
        yield port
    finally:
        reporting.cancel()
        await asyncio.gather(reporting, return_exceptions=True)
        await _drain(server, calls, checks, plane)
        ports.close()


async def _drain(server: grpc.aio.Server, calls: Calls, checks: health.aio.HealthServicer, plane: Plane) -> None:
    """Report NOT_SERVING first, so that no new calls arrive; then end watches and waits; then finish running calls."""
    await checks.enter_graceful_shutdown()
    plane.feed.close()
    plane.live.close()
    plane.upgrades.close()
    # Its grace must outlast ours: two stops that expire together cancel calls of a stopped server, and crash.
    stopped = asyncio.create_task(server.stop(plane.settings.drain_seconds + 60))
    with suppress(TimeoutError):
        await asyncio.wait_for(calls.idle.wait(), plane.settings.drain_seconds)
    await server.stop(0)  # only health watches and overdue calls are left
    await stopped


@asynccontextmanager
async def _metrics(plane: Plane) -> AsyncIterator[int]:
    settings = plane.settings
    tls = server_tls(settings.tls, (HTTP1,))
    try:
        gate = gate_of(plane.keeper, closed=settings.metrics_access == "closed")
        endpoint = metrics.serve(plane.metrics, settings.host, settings.control_metrics_port, tls, gate)
    except PreconditionError as error:
        raise UnavailableError(str(error)) from None
    try:
        yield endpoint.port
    finally:
        await asyncio.to_thread(endpoint.close)


@asynccontextmanager
async def _collecting(plane: Plane) -> AsyncIterator[None]:
    works = (
        *(plane.collect_forever, plane.scrub_forever, plane.keep_identities),
        *(plane.keep_neighbours, plane.keep_placing, plane.advancer.run, plane.upgrade_forever),
        Scheduler(plane).run,
    )
    tasks = [asyncio.create_task(work()) for work in works]
    try:
        yield
    finally:
        plane.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # else a port in use by another server is silently shared
        *header_options(),
        *connection_options(raise_limit(), settings.connection_idle_seconds),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", -1),  # a snapshot of a large catalog is one message
        ("grpc.max_concurrent_streams", _STREAMS),
        # Streams of peers that vanished without a word end after both times.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    ]


def _bind(ports: GrpcPorts, settings: Settings) -> int:
    """Listen on every address of the settings, and return the port of the first."""
    try:
        port = ports.add(Address(settings.host.strip("[]"), settings.control_port), "control_port")
        for address in settings.listeners:
            ports.add(address, "control_listen")
    except PreconditionError as error:
        ports.close()
        raise UnavailableError(str(error)) from None
    return port
