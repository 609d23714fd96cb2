"""The conditions of a release: one version, a clean tree, a section of the changelog, a tag that is free."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

VERSION = re.compile(r'^__version__ = "(\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)"$', re.MULTILINE)


class Refused(Exception):
    """A condition that does not hold, with the next step."""


def version_of(root: Path) -> str:
    """Return the version, which src/pretzel/__init__.py holds and nothing else does."""
    source = root / "src/pretzel/__init__.py"
    found = VERSION.search(source.read_text())
    if not found:
        raise Refused(f'{source}: expected a line like __version__ = "1.2.3"')
    return found[1]


def check_release(root: Path) -> str:
    """Return the version to release; refuse a tree, a changelog or a tag that does not fit."""
    version = version_of(root)
    changed = _git(root, "status", "--porcelain").splitlines()
    if changed:
        raise Refused(f"the tree has changes ({', '.join(line[3:] for line in changed[:5])}): commit or remove them")
    _check_changelog(root, version)
    if _git(root, "tag", "--list", f"v{version}"):
        raise Refused(f"the tag v{version} exists: raise __version__ in src/pretzel/__init__.py")
    return version


def _check_changelog(root: Path, version: str) -> None:
    text = (root / "CHANGELOG.md").read_text()
    section = re.search(
        rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    if not section:
        raise Refused(f"CHANGELOG.md: expected a section '## [{version}] - YYYY-MM-DD': rename [Unreleased]")
    if not re.search(r"^- ", section[1], re.MULTILINE):
        raise Refused(f"CHANGELOG.md: the section [{version}] is empty: list the changes that users see")


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()
