"""The pages: each asks for what it shows, and renders it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pretzel.client import AsyncControlPlane
from pretzel.console import picture
from pretzel.console.charts import Chart, Line, by_decades, chart, from_zero
from pretzel.console.history import Series
from pretzel.console.kept import Kept
from pretzel.console.monitor import Monitor
from pretzel.console.rendering import Pages, is_live
from pretzel.console.units import duration, rate
from pretzel.errors import InputError, NotFoundError, PretzelError
from pretzel.plan.model import Model, ModelVersion

ANSWER, EXPLAIN = 4.0, 20.0
"""Seconds that the control plane gets: for most pages, and to explain a plan."""
PAGE = 100
"""Models on a page."""
MOST_STAGES = 200
"""Stages in the table of a plan."""
MOST_COLUMNS = 200
MOST_NAMED = 3
"""Columns that are named with a stage."""
RELATED = 10
"""Models in the list of those that share parameters with one."""
KEPT_SECONDS, KEPT_PLANS = 60.0, 32
STABLE = "stable"


class Views:
    """The handlers of all pages."""

    def __init__(self, plane: AsyncControlPlane, monitor: Monitor, pages: Pages) -> None:
        self._plane, self._monitor, self._pages = plane, monitor, pages
        self._plans: Kept[dict[str, Any]] = Kept(KEPT_SECONDS, KEPT_PLANS)

    async def overview(self, request: Request) -> Response:
        """Show the sums, the load, and what needs attention."""
        sharing, failures, held, fleet = await asyncio.gather(
            self._plane.sharing(0, timeout=ANSWER),
            self._plane.failures(most=3, timeout=ANSWER),
            self._plane.held_back(timeout=ANSWER),
            self._plane.workers(timeout=ANSWER),
        )
        history = self._monitor.history
        data = {
            "sharing": sharing,
            "failures": failures,
            "held": held[:10],
            "held_count": len(held),
            "fleet": fleet,
            "state": self._monitor.state,
            "last": history.total.last,
            "charts": charts_of(history.total),
            "busiest": history.busiest(10),
        }
        return self._answer(request, "overview.html", data)

    async def models(self, request: Request) -> Response:
        """List the models whose names start with a text, a page at a time."""
        prefix, after = request.query_params.get("q", "").strip(), request.query_params.get("after", "")
        (listed, following), sharing = await asyncio.gather(
            self._plane.page(prefix, after=after, size=PAGE, timeout=ANSWER),
            self._plane.sharing(0, timeout=ANSWER),
        )
        now = {model.name: self._monitor.history.now(model.name) for model in listed}
        data = {"models": listed, "now": now, "prefix": prefix, "after": after, "following": following}
        return self._answer(request, "models.html", {**data, "total": sharing.models})

    async def model(self, request: Request) -> Response:
        """Show one version of a model: its load, its plan, what it shares."""
        name = request.query_params.get("name", "")
        series = self._monitor.history.of(name)
        live = {"name": name, "charts": charts_of(series), "last": series.last}
        if is_live(request):
            return self._answer(request, "model.html", live)
        model = await self._plane.model(name, timeout=ANSWER)
        version = chosen(model, request.query_params.get("version", ""))
        described, explained, (related, total), failures = await asyncio.gather(
            self._plane.describe(str(version), timeout=ANSWER),
            self._explained(str(version), version),
            self._plane.related(str(version), RELATED, timeout=ANSWER),
            self._plane.failures(name, 5, timeout=ANSWER),
        )
        data = {
            **live,
            "model": model,
            "version": version,
            "described": described,
            "inputs": described.inputs[:MOST_COLUMNS],
            **explained,
            "related": related,
            "related_count": total,
            "failures": failures,
        }
        return self._answer(request, "model.html", data)

    async def sharing(self, request: Request) -> Response:
        """List the objects that models share, those that save most first."""
        sharing = await self._plane.sharing(100, timeout=ANSWER)
        return self._answer(request, "sharing.html", {"sharing": sharing})

    async def workers(self, request: Request) -> Response:
        """List the live workers with their load."""
        fleet = await self._plane.workers(timeout=ANSWER)
        return self._answer(request, "workers.html", {"fleet": fleet, "state": self._monitor.state})

    async def failures(self, request: Request) -> Response:
        """List the last failed verifications."""
        model = request.query_params.get("model", "")
        failures = await self._plane.failures(model, 200, timeout=ANSWER)
        return self._answer(request, "failures.html", {"failures": failures, "model": model})

    async def health(self, request: Request) -> Response:
        """Answer that the console itself runs."""
        return Response("ok\n", media_type="text/plain")

    def _answer(self, request: Request, template: str, data: Mapping[str, Any]) -> Response:
        self._monitor.watch()
        return self._pages.answer(request, template, data)

    async def _explained(self, name: str, version: ModelVersion) -> dict[str, Any]:
        """Return the plan of a version and its picture, for a while from memory."""
        key = f"{name} {version.plan} {version.created}"
        if (kept := self._plans.get(key)) is None:
            text = await self._plane.explain(name, format="json", timeout=EXPLAIN)
            kept = plan_of(json.loads(text))
            try:
                kept["picture"] = picture.inline(await self._plane.explain(name, format="svg", timeout=EXPLAIN))
            except InputError as error:  # too large to draw
                kept["no_picture"] = str(error)
            self._plans.put(key, kept)
        return kept


def charts_of(series: Series) -> list[Chart]:
    """Draw the rate and the latency of a series."""
    points, now = series.points, time.time()
    calls = [Line("requests", lambda point: point.rate, "first")]
    if any(point.errors for point in points):
        calls.append(Line("errors", lambda point: point.errors, "bad"))
    times = [Line("p50", lambda point: point.p50, "first"), Line("p99", lambda point: point.p99, "second")]
    return [
        chart("Requests", points, now, calls, rate, from_zero),
        chart("Latency", points, now, times, duration, by_decades),
    ]


def chosen(model: Model, number: str) -> ModelVersion:
    """Return the version with a number; without one, that of the alias ``stable``, or the newest.

    Raises:
        NotFoundError: the model has no version of that number.
    """
    if not number:
        stable = model.aliases.get(STABLE, model.versions[-1].version)
        number = str(stable)
    for version in model.versions:
        if str(version.version) == number:
            return version
    raise NotFoundError(f"model {model.name!r} has no version {number[:40]!r}")


def plan_of(explained: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page shows of an explanation."""
    plan = explained["plan"]
    inputs = [column["name"] for column in plan["inputs"]]
    stages = [_stage(stage, number, inputs) for number, stage in enumerate(plan["stages"], 1)]
    for stage, columns in zip(stages, _columns(plan), strict=False):
        stage |= {"columns": columns[:MOST_NAMED], "more_columns": len(columns[MOST_NAMED:])}
    seconds = [stage["seconds"] for stage in plan["stages"]]
    measured = bool(seconds) and None not in seconds
    return {
        "title": explained["title"],
        "before": explained["before"],
        "after": explained["after"],
        "stages": stages[:MOST_STAGES],
        "stage_count": len(stages),
        "seconds": sum(seconds) if measured else None,
        "shared_bytes": plan["shared_bytes"] or 0,
        "rules": explained["rules"],
        "picture": None,
        "no_picture": "",
    }


def _columns(plan: Mapping[str, Any]) -> list[list[str]]:
    """Return the input columns on which each of the stages in the table depends."""
    names = [column["name"] for column in plan["inputs"]]
    seen = [1 << slot for slot in range(len(names))]
    for stage in plan["stages"]:
        seen.append(reduce(or_, (seen[slot] for slot in stage["inputs"]), 0))
    shown = seen[len(names) :][:MOST_STAGES]
    return [[name for slot, name in enumerate(names) if mask >> slot & 1] for mask in shown]


def _stage(stage: Mapping[str, Any], number: int, inputs: list[str]) -> dict[str, Any]:
    reads = [inputs[slot] if slot < len(inputs) else f"{slot - len(inputs) + 1}" for slot in stage["inputs"]]
    share = stage["share"]
    return {
        "number": number,
        "operator": stage["operator"],
        "step": ", ".join(stage["steps"]) or stage["attributes"].get("path") or stage["attributes"].get("owner") or "",
        "reads": reads[:8],
        "more_reads": len(reads[8:]),
        "type": stage["type"],
        "bytes": sum(parameter["bytes"] for parameter in stage["parameters"]),
        "seconds": stage["seconds"] if stage["seconds"] is not None else stage["expected_seconds"],
        "share": share,
        "heat": "hot" if share >= 0.5 else "warm" if share >= 0.1 else "",
        "others": stage["other_models"],
    }


def problem_of(error: PretzelError) -> tuple[int, str]:
    """Return the status of an error and the title of its page."""
    if error.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
        return 503, "The control plane does not answer"
    if error.code == "NOT_FOUND":
        return 404, "Not found"
    if error.code == "INVALID_ARGUMENT":
        return 400, "Not understood"
    return 502, "The control plane could not answer"
