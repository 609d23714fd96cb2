"""Turns data into pages: templates that escape everything, and the formats that they use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from pretzel import __version__
from pretzel.console import charts, units
from pretzel.plan.controls import visible
from pretzel.plan.units import size

LIVE = "x-live"
"""Header of the requests that replace the live part of a page that is open."""


class Pages:
    """Renders the templates of the console."""

    def __init__(self, address: str) -> None:
        """Name the address of the control plane on each page."""
        self._templates = Environment(
            loader=PackageLoader("pretzel.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_shown,
        )
        self._templates.globals |= {"release": __version__, "control": address, "bar": charts.bar, "url": url}
        formats = (
            units.count,
            size,
            units.duration,
            units.rate,
            units.percent,
            units.moment,
            units.stamp,
            units.plural,
        )
        self._templates.filters |= {function.__name__: function for function in formats}

    def answer(self, request: Request, template: str, data: Mapping[str, Any], status: int = 200) -> HTMLResponse:
        """Return a page, or only its live part if that is all that is asked for."""
        frame = "live.html" if is_live(request) else "page.html"
        text = self._templates.get_template(template).render(data, frame=frame, path=request.url.path)
        return HTMLResponse(text, status)


def is_live(request: Request) -> bool:
    """Return whether a page that is open asks for its live part."""
    return LIVE in request.headers


def url(path: str, **query: object) -> str:
    """Return an address of the console; empty values are left out."""
    given = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(given)}" if given else path


def _shown(value: object) -> object:
    """Show control characters of names and messages as escapes."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
