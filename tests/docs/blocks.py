"""The code of a page: fenced blocks, each with its language, its file name, and the comment before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```(?P<language>\w*)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
RUN = ("python", "sh")
"""Languages that are run."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    A comment directly before it says how it is tested: `not run: REASON`, `needs: MODULE`, `server: ADDRESS` (it runs
    while the page does, and prints its address), `fails` (it exits with an error), `prints` (the output of the block
    before).
    """

    page: str
    line: int
    language: str
    code: str
    title: str | None
    note: str

    def value(self, key: str) -> str | None:
        """Return the value of a key of the comment, "" if it has none, None without the key."""
        found = re.search(rf"(?:^|; ){key}(?:: ([^;]*))?(?:;|$)", self.note)
        return found and (found[1] or "")

    @property
    def is_run(self) -> bool:
        """Return True if it is run in its place."""
        return self.language in RUN and not self.title and self.value("not run") is None

    @property
    def place(self) -> str:
        """Return page and line, for messages."""
        return f"{self.page}:{self.line}"

    def sent(self) -> dict[str, Any]:
        """Return it for the process that runs it."""
        return {**asdict(self), **{key.replace(" ", "_"): self.value(key) for key in KEYS}}


KEYS = ("not run", "needs", "server", "fails", "prints")


def blocks_of(page: Path) -> Iterator[Block]:
    """Return the blocks of a page, in order."""
    text = page.read_text()
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start("language")) + 1
        name = str(page.relative_to(ROOT))
        yield Block(name, line, found["language"], found["code"], found["title"], found["note"] or "")
