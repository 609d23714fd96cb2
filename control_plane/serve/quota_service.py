"""The service that shows the limits of identities, and what they use now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc.aio

from pretzel.control_plane.catalog import charges, quotas
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.serve.plane import Plane
from pretzel.control_plane.serve.quotas import LIMIT
from pretzel.errors import PreconditionError
from pretzel.serving.identity.caller import ACCESS
from pretzel.serving.identity.limits import Limits
from pretzel.v1 import quota_pb2 as pb
from pretzel.v1 import quota_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]
PAGE = 100
"""Most identities of a page: each takes a few queries."""


class QuotaService(quota_pb2_grpc.QuotaServiceServicer):
    """`pretzel.v1.QuotaService`; the proto defines the contract of each method."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    async def ListQuotas(self, request: pb.ListQuotasRequest, context: Context) -> pb.ListQuotasResponse:
        seen = self._seen()
        size = min(request.page_size, PAGE) if request.page_size > 0 else PAGE
        names = sorted(name for name in seen if name > request.page_token)
        page, more = names[:size], len(names) > size
        held = await self._plane.heavy.run(_held, self._plane.catalog.database, page)
        return pb.ListQuotasResponse(
            quotas=[self._quota(name, seen[name], held[name]) for name in page],
            next_page_token=page[-1] if more else "",
        )

    def _seen(self) -> dict[str, Limits]:
        """Return the limits of the identities that the present caller may see."""
        access, keeper = ACCESS.get(), self._plane.keeper
        if access is None or keeper is None:
            raise PreconditionError(
                "this control plane has no identities, and so no limits; `identities` names a file of them"
            )
        caller = access.caller
        return keeper.limits if caller.access(access.role).everywhere else {caller.name: caller.limits}

    def _quota(self, name: str, limits: Limits, held: Mapping[str, float]) -> pb.Quota:
        most, used = limits.numbers, dict(held)
        if LIMIT in most:
            used[LIMIT] = self._plane.deployed.used(name, most[LIMIT])
        entries = [pb.QuotaLimit(name=one, most=most.get(one), used=used.get(one)) for one in Limits.model_fields]
        return pb.Quota(identity=name, limits=entries)


def _held(database: Database, names: list[str]) -> dict[str, dict[str, float]]:
    """Return what identities hold in the catalog, by the name of the limit."""
    found: dict[str, dict[str, float]] = {}
    with database.read() as connection:
        now = database.now()
        for name in names:
            space = charges.held(connection, name).and_(charges.waiting(connection, name, now))
            counts = {limit: quotas.use(connection, name, limit) for limit in (quotas.MODELS, quotas.VERSIONS)}
            found[name] = {**counts, **space._asdict()}
    return found
