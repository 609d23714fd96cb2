"""The file of identities, and an issuer of tokens."""

from pathlib import Path

import pytest

from tests.serving.identity.issuing import Issuer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "identities.toml"


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "keys.json")
