"""Finds what answers a path: a tree of segments, of which some take any name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote_to_bytes

from pretzel.data_plane.rest.http.messages import Request, Response
from pretzel.data_plane.rest.statuses import HttpError
from pretzel.serving.identity.table import CLOSED, ROUTES, Rule

MOST_KEPT = 4096
"""Paths whose routes are kept; callers choose them."""
LONGEST_KEPT = 512
Answer = Response | Awaitable[Response]
Handler = Callable[..., Answer]
"""Takes the request and the names of the path."""


@dataclass(frozen=True, slots=True)
class Route:
    """The handler of one method of a path."""

    handler: Handler
    name: str
    """Names the method in metrics."""
    takes_body: bool = False
    """It predicts: a request without a body makes no sense, and one may be refused under an overload."""
    is_json: bool = True
    """That body is JSON, or begins with it."""
    rule: Rule = CLOSED
    """The role that its callers need; set by :meth:`Routes.add`."""


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    suffixes: dict[str, _Node] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)


class Routes:
    """All routes by path and method."""

    def __init__(self) -> None:
        self._root = _Node()
        self.all: list[str] = []
        """The method and the path of each route."""
        self._kept: dict[tuple[str, str], tuple[Route, Sequence[str]]] = {}

    def add(self, methods: str, path: str, route: Route) -> None:
        """Add a route: ``*`` is a segment of any name, ``*:word`` one that ends so."""
        node = self._root
        for segment in _segments(path):
            if segment == "*":
                node.any = node.any or _Node()
                node = node.any
            elif segment.startswith("*:"):
                node = node.suffixes.setdefault(segment[1:], _Node())
            else:
                node = node.children.setdefault(segment, _Node())
        for method in methods.split():
            key = f"{method} {path}"
            node.routes[method] = replace(route, rule=ROUTES.get(key, CLOSED))
            self.all.append(key)

    def find(self, request: Request) -> tuple[Route, Sequence[str]]:
        """Return the route of a request, and the names in its path.

        Raises:
            HttpError: the path is unknown, or has other methods.
        """
        key = request.method, request.path
        found = self._kept.get(key)
        if found is None:
            found = self._find(*key)
            if len(request.path) <= LONGEST_KEPT:
                if len(self._kept) >= MOST_KEPT:
                    self._kept.clear()
                self._kept[key] = found
        return found

    def methods(self, path: str) -> list[str]:
        """Return the methods of a path.

        Raises:
            HttpError: the path is unknown.
        """
        return _allowed(self._node(path)[0])

    def _find(self, method: str, path: str) -> tuple[Route, Sequence[str]]:
        node, names = self._node(path)
        route = node.routes.get("GET" if method == "HEAD" else method)
        if route is None:
            allowed = ", ".join(_allowed(node))
            raise HttpError(405, f"{path[:200]} has no method {method[:20]}: expected {allowed}", allow=allowed)
        return route, names

    def _node(self, path: str) -> tuple[_Node, Sequence[str]]:
        found = _walk(self._root, _segments(path), ())
        if found is None:
            raise HttpError(404, f"unknown path: {path[:200]}; GET /openapi.json lists all")
        return found


def _walk(node: _Node, segments: Sequence[str], names: tuple[str, ...]) -> tuple[_Node, Sequence[str]] | None:
    """Return the node at the end of a path, and its names; a word of the tree is preferred to a name."""
    if not segments:
        return (node, names) if node.routes else None
    first, *rest = segments
    if first in node.children and (found := _walk(node.children[first], rest, names)):
        return found
    for suffix, following in node.suffixes.items():
        if first.endswith(suffix) and len(first) > len(suffix):
            return _walk(following, rest, (*names, first[: -len(suffix)]))
    return _walk(node.any, rest, (*names, first)) if node.any else None


def _allowed(node: _Node) -> list[str]:
    methods: list[Any] = [*node.routes, *(["HEAD"] if "GET" in node.routes else []), "OPTIONS"]
    return sorted(methods)


def _segments(path: str) -> list[str]:
    """Return the decoded segments of a path; one slash at its end means nothing."""
    segments = path.strip("/").split("/") if path.strip("/") else []
    return [_decoded(segment) if "%" in segment else segment for segment in segments]


def _decoded(segment: str) -> str:
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise HttpError(400, f"path: {segment[:200]!r} is not UTF-8 in percent-encoding") from None
