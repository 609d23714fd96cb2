"""URLs of S3-compatible stores, and the files they name."""

from pathlib import Path

import pytest

from pretzel.control_plane.store.s3.location import Location, Options
from pretzel.errors import InputError, PreconditionError


def test_parts_of_a_url():
    location = Location.parse("s3://bucket/some/pre%20fix/?endpoint=http://127.0.0.1:9000&region=eu-north-1")
    assert location == Location("bucket", "some/pre fix", Options("http://127.0.0.1:9000", "eu-north-1"))
    assert location.name == "s3://bucket/some/pre fix"
    assert Location.parse("s3://bucket").name == "s3://bucket"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("s3:", "names no bucket"),
        ("s3:///prefix", "names no bucket"),
        ("s3://bucket#part", "has a fragment"),
        ("s3://AKIA:hidden@bucket", "has a user, a key or a port"),
        ("s3://bucket:9000/p", "has a user, a key or a port"),
        ("s3://bucket:x/p", "malformed URL"),
        ("s3://bucket?hidden", "malformed URL"),
        ("s3://bucket?secret_access_key=hidden", "unknown parameter 'secret_access_key'.*expected endpoint, region"),
        ("s3://bucket?style=dns", "expected path or virtual"),
        ("s3://bucket?endpoint=host:9000", "expected https://host"),
        ("s3://bucket?endpoint=https://me:hidden@host", "without a user"),
    ],
)
def test_a_url_that_is_refused(url: str, problem: str):
    with pytest.raises(InputError, match=problem) as caught:
        Location.parse(url)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("aws_secret_access_key = hidden", "malformed; expected the format of ~/.aws/credentials"),
        ("[default]\naws_secret_access_key = hidden", r"expected a section \[default\] with aws_access_key_id and"),
        ("[other]\n", r"expected a section \[default\]"),
        (None, "No such file or directory"),
        ("\udcff", "it is not text"),
    ],
)
def test_a_file_of_keys_that_is_refused(tmp_path: Path, text: str | None, problem: str):
    keys = tmp_path / "keys"
    if text is not None:
        keys.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(PreconditionError, match=problem) as caught:
        Location.parse(f"s3://bucket?credentials_file={keys}").client()
    assert "hidden" not in str(caught.value)


def test_an_authority_that_does_not_exist(tmp_path: Path):
    with pytest.raises(PreconditionError, match="authority_file .*No such file"):
        Location.parse(f"s3://bucket?authority_file={tmp_path}/ca.pem").client()


def test_a_missing_library(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "obstore.store", None)
    with pytest.raises(PreconditionError, match=r"it needs obstore; pip install 'pretzel\[s3\]'"):
        Location.parse("s3://bucket").client()
