"""Connect the site with the repository: pages outside docs/, links to them, and folders in the navigation."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
OUTSIDE = {
    "deploy/README.md": "deploy.md",
    "benchmarks/README.md": "benchmarks/README.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
"""Pages of the repository outside docs/, and their places in the site."""
WIDE = ("operators.md", "onnx.md", "benchmarks/estimators.md")
"""Pages whose tables take the place of the table of contents."""
FENCED = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")


def on_config(config: Any) -> Any:
    """Replace folders in the navigation by their pages, and add the pages of docs/ that it does not name."""
    _expand(config.nav)
    named = {*_named(config.nav)}
    pages = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))
    more = [page for page in pages if page not in named]
    if more:
        config.nav.append({"More": more})
    return config


def _expand(nav: list[Any]) -> None:
    for item in nav:
        for title, value in item.items() if isinstance(item, dict) else ():
            if isinstance(value, list):
                _expand(value)
            elif value.endswith("/"):
                item[title] = [place for place in OUTSIDE.values() if place.startswith(value)]
                item[title] += sorted(f"{value}{path.name}" for path in (ROOT / "docs" / value).glob("*.md"))


def _named(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for item in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from _named(item)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages outside docs/."""
    for source, place in OUTSIDE.items():
        files.append(File.generated(config, place, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:
    """Point links between files of the repository to their places in the site."""
    place = page.file.src_uri
    if place in WIDE:
        page.meta["hide"] = ["toc"]
    source = {there: here for here, there in OUTSIDE.items()}.get(place, f"docs/{place}")
    parts = FENCED.split(markdown)
    parts[::2] = [LINK.sub(lambda found: _link(found, source, place, files), prose) for prose in parts[::2]]
    return "".join(parts)


def _link(found: re.Match[str], source: str, place: str, files: Files) -> str:
    """Return a link as the site needs it; of a file that the site does not have, only the text."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), found["path"]))
    there = OUTSIDE.get(target, target.removeprefix("docs/") if target.startswith("docs/") else "")
    if not (ROOT / target).exists() or (there and files.get_file_from_path(there)):
        relative = posixpath.relpath(there or target, posixpath.dirname(place) or ".")
        return f"{found['image']}[{found['text']}]({relative}{found['anchor'] or ''})"
    return found["text"]
