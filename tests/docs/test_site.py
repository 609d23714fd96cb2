"""The site builds without a warning, has every page, and its links between files work in it as on a code host."""

from __future__ import annotations

import runpy
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

OUTSIDE = ("changelog", "contributing", "deploy", "benchmarks")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    directory = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(directory)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


class Links(HTMLParser):
    """The targets of the links and images of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.loaded: list[str] = []
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "a":
            self.found.append(given.get("href") or "")
        elif tag in ("img", "script", "link"):
            self.loaded.append(given.get("src") or given.get("href") or "")


@pytest.mark.long
def test_every_page_is_in_the_site(site: Path) -> None:
    pages = (path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md"))
    places = [site / page.parent if page.name == "index" else site / page for page in pages]
    missing = [
        str(place) for place in (*places, *(site / name for name in OUTSIDE)) if not (place / "index.html").exists()
    ]
    assert not missing


@pytest.mark.long
def test_links_lead_to_files_of_the_site(site: Path) -> None:
    for page in site.rglob("index.html"):
        for link in Links(page).found:
            path = link.partition("#")[0]
            if path and ":" not in path:
                target = (page.parent / path).resolve()
                assert target.exists(), f"{page.relative_to(site)}: {link}"


@pytest.mark.long
def test_nothing_is_loaded_from_other_hosts(site: Path) -> None:
    loaded = {link for page in site.rglob("index.html") for link in Links(page).loaded}
    assert not [link for link in loaded if "//" in link]


def test_links_outside_the_docs_stay_in_the_site() -> None:
    pytest.importorskip("mkdocs")
    on_page_markdown = runpy.run_path(str(ROOT / "docs/hooks.py"))["on_page_markdown"]

    class Files:
        def get_file_from_path(self, place: str) -> bool:
            return place in ("deploy.md", "operations.md", "from/flask.md")

    def linked(text: str, place: str) -> str:
        page = type("Page", (), {"file": type("File", (), {"src_uri": place})})
        return on_page_markdown(text, page, Files())

    assert linked("[a](../deploy/README.md)", "operations.md") == "[a](deploy.md)"
    assert linked("[a](../../deploy/README.md#b)", "from/flask.md") == "[a](../deploy.md#b)"
    assert linked("[a](../docs/operations.md#tls)", "deploy.md") == "[a](operations.md#tls)"
    assert linked("the [code](../src/pretzel/errors.py)", "operations.md") == "the code"
    assert linked("`[a](../deploy/README.md)`", "operations.md") == "`[a](../deploy/README.md)`"
    assert linked("```\n[a](../deploy/README.md)\n```", "operations.md") == "```\n[a](../deploy/README.md)\n```"
    assert linked("[a](missing.md)", "operations.md") == "[a](missing.md)"  # which the build then reports
