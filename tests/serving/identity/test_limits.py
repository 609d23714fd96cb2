"""Limits in the file of identities."""

from pathlib import Path

import pytest

from pretzel.errors import PreconditionError
from pretzel.serving.identity.file import read_identities
from pretzel.serving.identity.limits import Limits, exceeded, renewed

ENTRY = '[[identity]]\nname = "a"\ntoken_env = "A"\n'


def numbers(tmp_path: Path, text: str) -> dict[str, float]:
    file = tmp_path / "identities.toml"
    file.write_text(ENTRY + text)
    content = read_identities(file)
    return content.identity[0].limits.over(content.limits).numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("[limits]\ncalls_per_second = 2.5\n", {"calls_per_second": 2.5}),
        ("limits.calls_per_second = 1\n[limits]\ncalls_per_second = 2\nconcurrent_calls = 0\n",
         {"calls_per_second": 1, "concurrent_calls": 0}),
        ('limits.rows_per_second = "none"\n[limits]\nrows_per_second = 4\n', {}),
    ],
)  # fmt: skip
def test_an_identity_has_its_own_limits_and_those_of_all(tmp_path: Path, text: str, expected: dict[str, float]):
    assert numbers(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[limits]\ncalls_per_second = -1", "limits: calls_per_second: -1: expected a number from 0 to 2"),
        ("limits.concurrent_calls = 1.5", "identity 'a': limits.concurrent_calls: 1.5: expected a whole number from 0"),
        ("limits.models = -1", "limits.models: -1: expected a whole number from 0"),
        ("limits.versions = 0.5", "limits.versions: 0.5: expected a whole number from 0"),
        ("limits.rows_per_second = true", "limits.rows_per_second: true: expected a number from 0"),
        ("limits.rows_per_second = inf", "limits.rows_per_second: inf: expected a number from 0"),
        ("limits.rows_per_second = nan", "limits.rows_per_second: nan: expected a number from 0"),
        ('limits.rows_per_second = "many"', "limits.rows_per_second: many: expected a number from 0 to 2"),
        ("limits.calls = 3", "identity 'a': limits.calls: unknown key; docs/security.md lists those that are known"),
        ("[limits]\ncalls = 3", "limits: calls: unknown key"),
    ],
)  # fmt: skip
def test_other_limits_are_refused_by_name(tmp_path: Path, text: str, message: str):
    with pytest.raises(PreconditionError, match=message):
        numbers(tmp_path, text)


def test_an_error_that_is_kept_is_raised_anew():
    first = exceeded("a", "calls_per_second", "2 calls per second are allowed", "ops", 0.5)
    again = renewed(first)
    assert again is not first and str(again) == str(first) and again.retry_after == 0.5


def test_workers_keep_no_limits_of_control_planes():
    limits = Limits(models=1, versions=2, deployments_per_minute=3, concurrent_calls=4)
    assert limits.of_calls == {"concurrent_calls": 4}
