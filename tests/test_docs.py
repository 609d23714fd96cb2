"""Links in the documentation resolve."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]*)(?:#([^)\s]*))?\)")


def pages() -> list[Path]:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(ROOT / name for name in tracked.split())


def anchors(page: Path) -> set[str]:
    """Return the link fragments of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path):
    for path, anchor in LINK.findall(page.read_text()):
        if ":" in path:
            continue  # an external link
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{path}: file not found"
        if anchor:
            assert anchor in anchors(target), f"{path}#{anchor}: heading not found"
