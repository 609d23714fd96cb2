"""`pretzel token`: its entry is one of the file of identities, and the token that it shows matches it."""

import json
import stat
import tomllib
from pathlib import Path

import pytest

from pretzel.cli.app import run
from pretzel.serving.identity.file import Identities
from pretzel.serving.identity.tokens import TokenHash


def test_the_entry_knows_the_token(capsys: pytest.CaptureFixture[str]):
    assert run(["token", "ada", "--predict", "team-a/*", "--predict", "wine", "--administer", "x"]) == 0
    printed = capsys.readouterr()
    (entry,) = Identities.model_validate(tomllib.loads(printed.out)).identity
    token = printed.err.split()[1]
    assert (entry.name, entry.predict, entry.administer) == ("ada", ["team-a/*", "wine"], ["x"])
    assert entry.token == [str(TokenHash.of(token))] and token not in printed.out


def test_a_file_that_only_its_owner_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "token"
    assert run(["token", "w", "--worker", "--out", str(out), "--json"]) == 0
    printed = capsys.readouterr().out
    entry, token = json.loads(printed), out.read_text().strip()
    assert entry == {"name": "w", "token": str(TokenHash.of(token)), "worker": True} and token not in printed
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert run(["token", "w", "--out", str(out)]) == 3
    assert "the file exists; name a new one" in capsys.readouterr().err and out.read_text().strip() == token


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "--read", "a*b"], "--read: 'a*b': expected a model's name, or its start and a star at the end"),
        (["a\nb"], "expected 1 to 100 letters, digits, spaces"),
    ],
)
def test_wrong_arguments(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    assert run(["token", *arguments]) == 3
    assert message in capsys.readouterr().err
