"""Registrations of one test do not outlive it."""

from __future__ import annotations

import pytest

from tests.importers.registered import restored


@pytest.fixture(autouse=True)
def _registrations():
    with restored():
        yield
