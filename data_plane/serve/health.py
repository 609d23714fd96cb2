"""The health service: Check and Watch of `grpcio-health-checking`, and List."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server

NAME = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health(HealthServicer):  # type: ignore[misc]
    """The health of this process, the same for each of its services."""

    def __init__(self, names: Sequence[str]) -> None:
        """Start as NOT_SERVING; ``names`` are the services; the empty name, for the whole process, is added."""
        super().__init__()
        self._names = ("", *names)
        self._status = NOT_SERVING

    def register(self, services: Any) -> None:
        """Register this service."""
        add_HealthServicer_to_server(self, services)

    async def set_all(self, *, serving: bool) -> None:
        """Set the status of every service."""
        self._status = SERVING if serving else NOT_SERVING
        for name in self._names:
            await self.set(name, self._status)

    async def enter_graceful_shutdown(self) -> None:
        """Report NOT_SERVING from now on."""
        self._status = NOT_SERVING
        await super().enter_graceful_shutdown()

    async def List(self, request: Any, context: Any) -> Any:
        """Return the status of every service; releases of the package before 1.72 lack this call."""
        response = health_pb2.HealthListResponse()
        for name in self._names:
            response.statuses[name].status = self._status
        return response
