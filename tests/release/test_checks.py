"""A release is refused with the next step unless version, tree, changelog and tag fit."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

import pretzel
from release.__main__ import main
from release.checks import Refused, check_release, version_of

ROOT = Path(__file__).parents[2]
CHANGELOG = (
    "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n\n### Added\n- Models.\n\n## [1.2.2] - 2026-11-01\n"
)


def git(root: Path, *arguments: str) -> None:
    names = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *names, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "src/pretzel").mkdir(parents=True)
    (tmp_path / "src/pretzel/__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "Begin")
    return tmp_path


def test_a_checkout_that_fits(checkout: Path) -> None:
    assert check_release(checkout) == "1.2.3"


def test_versions_have_one_place(checkout: Path) -> None:
    assert version_of(ROOT) == pretzel.__version__
    example = yaml.safe_load((ROOT / "deploy/kubernetes/overlays/example/kustomization.yaml").read_text())
    assert {image["newTag"] for image in example["images"]} == {pretzel.__version__}
    (checkout / "src/pretzel/__init__.py").write_text('__version__ = "next"\n')
    with pytest.raises(Refused, match=r'__init__.py: expected a line like __version__ = "1.2.3"'):
        version_of(checkout)


def test_changes_are_refused(checkout: Path) -> None:
    (checkout / "new.py").write_text("")
    with pytest.raises(Refused, match=r"the tree has changes \(new.py\): commit or remove them"):
        check_release(checkout)


@pytest.mark.parametrize(
    ("changelog", "message"),
    [
        ("# Changelog\n\n## [Unreleased]\n- Models.\n", r"expected a section '## \[1.2.3\] - YYYY-MM-DD'"),
        (CHANGELOG.replace("[1.2.3] - 2026-12-01", "[1.2.3]"), r"expected a section '## \[1.2.3\] - YYYY-MM-DD'"),
        (CHANGELOG.replace("- Models.\n", ""), r"the section \[1.2.3\] is empty: list the changes"),
    ],
)
def test_the_changelog_has_the_version(checkout: Path, changelog: str, message: str) -> None:
    (checkout / "CHANGELOG.md").write_text(changelog)
    git(checkout, "commit", "-qam", "Write")
    with pytest.raises(Refused, match=message):
        check_release(checkout)


def test_a_tag_is_not_moved(checkout: Path) -> None:
    git(checkout, "tag", "v1.2.3")
    with pytest.raises(Refused, match=r"the tag v1.2.3 exists: raise __version__"):
        check_release(checkout)


def test_the_command_says_why(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "new.py").write_text("")
    assert main(["tag"], checkout) == 1
    assert capsys.readouterr().err.startswith("error: the tree has changes (new.py)")


def test_the_targets_of_make_run_the_command() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.findall(r"-m release (\w+)$", makefile, re.MULTILINE) == ["dist", "tag"]
