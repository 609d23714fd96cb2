"""Finds the route of a reference, after a look at the control plane if it is unknown here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pretzel.data_plane.residency.routes import Route, Router
from pretzel.errors import NoCatalogError, NotFoundError, StaleCatalogError
from pretzel.serving.identity.caller import ACCESS


class Finder:
    """Finds routes for the services of one process."""

    def __init__(self, router: Router, catch_up: Callable[[], Awaitable[bool]]) -> None:
        """Look in ``router``.

        ``catch_up`` polls the control plane once, for a bounded time, and returns whether this process is up to date.
        """
        self._router, self._catch_up = router, catch_up

    async def find(self, reference: str) -> Route:
        """Return the route of a reference, after one poll of the control plane if it is unknown here.

        Every ordinary path to a model leads through here, so that its caller is checked once more.

        Raises:
            PermissionDeniedError: the caller lacks the role that its method needs, whether the model exists or not.
            NoCatalogError: this worker never got a catalog, so it cannot decide what exists.
            NotFoundError: the model, version or alias does not exist.
            StaleCatalogError: it does not exist here, and the control plane is not reachable.
        """
        access = ACCESS.get()
        if access is not None:
            access.require(reference)
        try:
            return self._router.find(reference)
        except NotFoundError:
            return self._find_in_newest(reference, newest=await self._catch_up())

    def _find_in_newest(self, reference: str, *, newest: bool) -> Route:
        if not self._router.catalog.known:
            raise NoCatalogError("this worker has no catalog yet; try another")
        try:
            return self._router.find(reference)
        except NotFoundError as error:
            if newest:
                raise
            raise StaleCatalogError(
                f"{error}, and the control plane cannot be reached to check whether it is new; try another worker"
            ) from None
