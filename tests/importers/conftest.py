"""Generates the tests of a walk: one per example, option and value."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits

from tests.importers.walk import Walk, first_of_each, tries_of


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Limit the libraries' threads, which would wait for each other on such small data."""
    with threadpool_limits(1):
        yield


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.cls is None or not issubclass(metafunc.cls, Walk):
        return
    examples, wanted = metafunc.cls.EXAMPLES, metafunc.fixturenames
    if "option" in wanted:
        metafunc.parametrize(("first", "option", "value"), tries_of(examples))
    elif "first" in wanted:
        metafunc.parametrize("first", first_of_each(examples), ids=lambda example: example.name)
    elif "example" in wanted:
        metafunc.parametrize("example", examples, ids=lambda example: example.name)
