"""Cross-origin requests of browsers: off unless origins are allowed by the setting `cors_origins`."""

from __future__ import annotations

from collections.abc import Iterable

from pretzel.data_plane.rest.http.messages import Request, Response

ANY = "*"
_EXPOSED = "inference-header-content-length, retry-after, x-request-id"
_AGE = "600"
"""Seconds for which a browser may keep the answer to a preflight."""


class Cors:
    """The origins whose scripts may read answers."""

    def __init__(self, origins: Iterable[str]) -> None:
        self.origins = frozenset(origins)

    def permit(self, request: Request, response: Response) -> None:
        """Let the scripts of an allowed origin read a response."""
        origin = self._allowed(request)
        if origin:
            response.headers.append(("access-control-allow-origin", origin))
            response.headers.append(("access-control-expose-headers", _EXPOSED))
        if ANY not in self.origins:
            response.headers.append(("vary", "origin"))

    def preflight(self, request: Request, allowed: str) -> Response | None:
        """Return the answer to a browser that asks before it sends; None for other requests."""
        if not self._allowed(request) or b"access-control-request-method" not in request.headers:
            return None
        asked = request.header(b"access-control-request-headers")
        return Response(
            204,
            headers=[
                ("allow", allowed),
                ("access-control-allow-methods", allowed),
                ("access-control-allow-headers", asked or "content-type"),
                ("access-control-max-age", _AGE),
            ],
        )

    def _allowed(self, request: Request) -> str:
        origin = request.header(b"origin")
        return ANY if origin and ANY in self.origins else origin if origin in self.origins else ""
