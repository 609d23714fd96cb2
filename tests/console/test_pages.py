"""Every page over a real control plane: what it shows, odd names, paging, errors by status and text."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pretzel.console import app as apps
from pretzel.console import pages
from pretzel.console.app import Plane, application
from pretzel.plan.definition import Definition
from pretzel.v1 import worker_pb2
from tests.console.asking import Answer, ask, started
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition, sample

NAMES = ["_x", "a/../b", "a/b.c-d", "ünï/1", "zeta"]
HOSTILE = "<img src=x onerror=alert(1)>\u202e\x1b[31m"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A control plane with models, a worker whose name is hostile, and a failed verification."""
    directory = Path(tmp_path_factory.mktemp("plane"))
    listen = f"unix:{directory}/control"
    with control_plane(directory / "data", report_seconds=60, deployments=1, control_listen=listen) as running:
        for name in NAMES:
            running.deploy(name, definition(1))
        running.deploy("zeta", definition(2), sample=sample(2))
        running.send(definition(9))
        with fails("FAILED_PRECONDITION", "row 2"):
            running.steps("zeta", definition(9), sample=sample(9, off=0.01))
        held = [worker_pb2.HeldModel(model="zeta", reason="no space left")]
        report = worker_pb2.ReportRequest(worker=HOSTILE, held=held, problems=["its disk is full"])
        running.worker.Report(report, timeout=SECONDS)
        yield running


@pytest.fixture
async def console(plane: Server) -> AsyncIterator[Any]:
    async with started(application(Plane(plane.ready["address"]))) as app:
        yield app


class Page(HTMLParser):
    """Links and elements of a page; unclosed or crossed elements are an error."""

    VOID = {"meta", "link", "input", "img", "br"}

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(answer.text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "a":
            self.links.append(str(dict(attrs)["href"]))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


async def shown(console: Any, target: str, **headers: str) -> tuple[Page, str]:
    answer = await ask(console, target, **headers)
    assert answer.status == 200, answer.text
    return Page(answer), re.sub(r"\s+", " ", answer.text)


async def test_every_link_leads_to_a_page_and_no_page_needs_another_site(console: Any):
    seen, queue = set(), ["/"]
    while queue:
        target = queue.pop().partition("#")[0]
        if not target or target in seen:
            continue
        seen.add(target)
        page, _ = await shown(console, target)
        queue += page.links
        for tag, attributes in page.tags:
            assert "style" not in attributes and not [name for name in attributes if name.startswith("on")], tag
            for name in ("href", "src", "action"):
                assert re.match("[/#](?!/)", attributes.get(name) or "/"), attributes
    assert {"/", "/models", "/sharing", "/workers", "/verification", "/model?name=zeta&version=1"} <= seen
    assert len([target for target in seen if target.startswith("/model?")]) >= len(NAMES)


async def test_the_overview_shows_sums_and_what_needs_attention(console: Any):
    _, text = await shown(console, "/")
    assert "<dt>Models</dt><dd>5<small>6 versions</small></dd>" in text
    assert "sharing saves <b>" in text
    assert "does not serve the published version: no space left" in text
    assert "its disk is full" in text
    assert "row 2: expected" in text


async def test_names_and_messages_are_escaped(console: Any):
    for target in ("/", "/workers"):
        _, text = await shown(console, target)
        assert "&lt;img src=x onerror=alert(1)&gt;\\u202e\\x1b[31m" in text
        assert "<img src=x" not in text and "\x1b" not in text and "\u202e" not in text
    _, text = await shown(console, "/models?q=%22%3E%3Cscript%3E")
    assert "No name begins with “&#34;&gt;&lt;script&gt;”." in text


@pytest.mark.parametrize("name", NAMES)
async def test_models_with_odd_names_have_a_page(console: Any, name: str):
    listed, _ = await shown(console, "/models")
    (link,) = [link for link in listed.links if link == pages_url(name)]
    page, text = await shown(console, link)
    assert f'<h1 class="name">{name}<span class="quiet">@' in text
    picture = [attributes for tag, attributes in page.tags if tag == "svg" and attributes.get("class") == "plan"]
    assert len(picture) == 1
    stages = [link for link in page.links if link.startswith("#stage-")]
    ids = [attributes["id"] for tag, attributes in page.tags if tag == "g" and "id" in attributes]
    assert stages == [f"#{one}" for one in ids] != []


def pages_url(name: str) -> str:
    from pretzel.console.rendering import url

    return url("/model", name=name)


async def test_a_model_shows_its_versions_and_what_it_shares(console: Any):
    _, text = await shown(console, "/model?name=zeta")
    assert '>zeta<span class="quiet">@2</span></h1>' in text
    assert "verified on 20 of 20 rows" in text
    assert "No other model holds any of its parameters" in text
    assert '<span class="quiet">of x</span></th>' in text  # the column of the user
    assert "row 2: expected" in text
    _, text = await shown(console, "/model?name=zeta&version=1")
    assert "not verified: it was deployed without a sample" in text
    assert "Shares parameters with" in text and ">_x</a>" in text


async def test_the_live_part_of_a_model_asks_for_nothing_else(console: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "EXPLAIN", 0.0)
    monkeypatch.setattr(pages, "ANSWER", 0.0)  # any question would fail
    answer = await ask(console, "/model?name=zeta", x_live="1")
    assert (answer.status, answer.text.count('<svg class="chart"'), "<html" in answer.text) == (200, 2, False)


async def test_models_are_listed_in_pages(console: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "PAGE", 2)
    target, found = "/models", []
    for _ in range(len(NAMES)):
        page, _ = await shown(console, target)
        found += [link for link in page.links if link.startswith("/model?")]
        following = [dict(a)["href"] for tag, a in page.tags if tag == "a" and a.get("rel") == "next"]
        if not following:
            break
        (target,) = following
    assert found == list(map(pages_url, sorted(NAMES)))
    page, _ = await shown(console, "/models?q=a%2F")
    assert [link for link in page.links if link.startswith("/model?")] == [pages_url("a/../b"), pages_url("a/b.c-d")]


@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        ("/model?name=absent", 404, "model &#39;absent&#39; is not deployed"),
        ("/model?name=zeta&version=7", 404, "model &#39;zeta&#39; has no version &#39;7&#39;"),
        ("/model?name=zeta&version=x%00", 404, "has no version"),
        ("/model", 404, "is not deployed"),
        ("/model?name=%ff", 404, "is not deployed"),
        ("/models?q=" + "x" * 201, 400, "201 characters; names of models have at most 200"),
        ("/absent", 404, "Not Found"),
        ("/static/../../pages.py", 404, "Not Found"),
    ],
)
async def test_errors_have_a_page(console: Any, target: str, status: int, message: str):
    answer = await ask(console, target)
    assert (answer.status, message in answer.text) == (status, True), answer.text
    assert answer.headers["x-frame-options"] == "DENY"
    Page(answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed(console: Any, method: str):
    answer = await ask(console, "/models", method)
    assert (answer.status, {*answer.headers["allow"].split(", ")}) == (405, {"GET", "HEAD"})


async def test_a_fault_of_a_page_is_not_shown(console: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "charts_of", lambda series: 1 / 0)
    sent = []
    with pytest.raises(ZeroDivisionError):  # raised again, for the log of the server
        sent.append(await ask(console, "/"))
    assert sent == []


@pytest.mark.parametrize(
    ("name", "kind"), [("console.css", "text/css"), ("console.js", "javascript"), ("icon.svg", "svg")]
)
async def test_files_are_served(console: Any, name: str, kind: str):
    answer = await ask(console, f"/static/{name}")
    assert (answer.status, kind in answer.headers["content-type"]) == (200, True)


async def test_a_large_plan_is_listed_and_not_drawn(console: Any, plane: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "MOST_STAGES", 0)
    one = definition(1)
    outputs = {f"o{n}": one.outputs["decision_function"] for n in range(500)}
    plane.deploy("many", Definition(outputs, one.inputs, {"estimator": "Many"}))
    _, text = await shown(console, "/model?name=many")
    assert re.search(r"a plan of \d+ boxes is too large to draw", text)
    assert re.search(r"more stages?; <code>pretzel explain many@1</code> lists all", text)


async def test_a_control_plane_that_is_gone_is_named_and_comes_back(
    plane: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pages, "ANSWER", 1.0)
    monkeypatch.setattr(apps, "ASK_SECONDS", 1.0)
    path = tmp_path / "s"
    async with started(application(Plane(f"unix:{path}"))) as app:
        answer = await ask(app, "/")
        assert (answer.status, "The control plane does not answer" in answer.text) == (503, True)
        assert '<meta http-equiv="refresh" content="3">' in answer.text
        assert (await ask(app, "/health")).status == 200
        os.symlink(plane.data_dir.parent / "control", path)
        end = time.monotonic() + SECONDS
        while (answer := await ask(app, "/")).status != 200:
            assert time.monotonic() < end, answer.text
            await asyncio.sleep(0.05)
        assert "<dt>Models</dt>" in answer.text
