"""Addresses of servers as clients write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pretzel.errors import InputError
from pretzel.targets import Target, Tls, addresses_of


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("127.0.0.1:8001", Target("127.0.0.1:8001", False, ("127.0.0.1", 8001))),
        ("[::1]:8001", Target("[::1]:8001", False, ("::1", 8001))),
        ("dns:///workers:8001", Target("dns:///workers:8001", False, ("workers", 8001))),
        ("ipv4:10.0.0.1:8001,10.0.0.2:8001", Target("ipv4:10.0.0.1:8001,10.0.0.2:8001", False)),
        ("http://host:8001", Target("host:8001", False, ("host", 8001))),
        ("grpc://host:8001/", Target("host:8001", False, ("host", 8001))),
        ("https://host:8001", Target("host:8001", True, ("host", 8001))),
        ("GRPCS://host:8001", Target("host:8001", True, ("host", 8001))),
        ("https://host", Target("host:443", True, ("host", 443))),
        ("http://host", Target("host:80", False, ("host", 80))),
        ("https://[::1]:8001", Target("[::1]:8001", True, ("::1", 8001))),
        ("unix:/run/p.sock", Target("unix:/run/p.sock", False)),
        ("unix:///run/p.sock", Target("unix:/run/p.sock", False)),
        ("unix:p.sock", Target("unix:p.sock", False)),
    ],
)
def test_addresses(text: str, target: Target) -> None:
    assert Target.of(text) == target


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://host:8001/models", "nothing else"),
        ("https://user@host:8001", "nothing else"),
        ("https://host:8001?x=1", "nothing else"),
        ("https://:8001", "has no host"),
        ("https://host:x", "the port is not a number below 65536"),
        ("https://host:70000", "the port is not a number below 65536"),
        ("unix:", "expected unix:/path"),
        ("unix://host/path", "expected unix:/path"),
    ],
)
def test_other_addresses_are_rejected(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Target.of(text)


def test_files_for_tls_decide_where_the_address_does_not() -> None:
    assert Target.of("host:1", secure=True).secure
    assert Target.of("dns:///host:1", secure=True).secure
    assert not Target.of("unix:/s", secure=True).secure
    with pytest.raises(InputError, match="'http://host:1' is plain text, but files for TLS are given"):
        Target.of("http://host:1", secure=True)


def test_files(tmp_path: Path) -> None:
    assert not Tls()
    assert Tls("ca") and Tls(cert="c", key="k")
    for half in ({"cert": "c"}, {"key": "k"}):
        with pytest.raises(InputError, match="tls_cert and tls_key go together"):
            Tls(**half)
    with pytest.raises(InputError, match=r"tls_ca: .*no\.pem: No such file"):
        Tls(tmp_path / "no.pem").credentials()


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a:1", ["a:1"]),
        ("a:1,b:2", ["a:1", "b:2"]),
        ("https://a:1, unix:/b.sock", ["https://a:1", "unix:/b.sock"]),
        ("ipv4:10.0.0.1:1,10.0.0.2:1", ["ipv4:10.0.0.1:1,10.0.0.2:1"]),
        ("unix:/with,comma", ["unix:/with,comma"]),
    ],
)
def test_lists_of_addresses(text: str, addresses: list[str]):
    assert addresses_of(text) == addresses


def test_an_empty_address_in_a_list_is_refused():
    with pytest.raises(InputError, match="one of its addresses is empty; expected host:port,host:port"):
        addresses_of("a:1,,b:2")
