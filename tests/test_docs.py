"""Links in the documentation resolve, and no row of a table stands inside a paragraph."""

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


def rows_in_paragraphs(text: str) -> list[str]:
    """Return the rows of tables that follow a line of text: a merge may leave them there, and they replace lines."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^[^|\n].*\n(\|.*)$", prose, re.MULTILINE)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_tables(page: Path):
    assert rows_in_paragraphs(page.read_text()) == []


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("# Rooms\n\n| a |\n|---|\n| b |\n\ntext\n", []),
        ("- first line\n| b | c |\n- next\n", ["| b | c |"]),
        ("```\nls\n| wc\n```\n", []),
    ],
)
def test_rows_in_paragraphs(text: str, rows: list[str]):
    assert rows_in_paragraphs(text) == rows
