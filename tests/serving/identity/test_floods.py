"""False tokens of issuers: how many of one host are verified, without harm to other hosts and known tokens."""

import time
from pathlib import Path
from typing import Any

import pytest

from pretzel.errors import ExhaustedError, UnauthenticatedError
from pretzel.serving.identity import floods
from pretzel.serving.identity.caller import Caller
from pretzel.serving.identity.file import read_identities
from pretzel.serving.identity.floods import BURST, PER_SECOND, FalseTokens, host_of
from pretzel.serving.identity.recognition import PEER, Recognition
from pretzel.serving.identity.tokens import digest_of
from tests.serving.identity.entries import entry
from tests.serving.identity.issuing import ISSUER, Issuer

NEAR, FAR = "ipv4:10.0.0.1:4000", "ipv4:10.0.0.2:4000"


class Server:
    """The identities of a server, and how often it has verified a token."""

    def __init__(self, file: Path, issuer: Issuer) -> None:
        file.write_text(issuer.table + entry("ada", jwt=f'{{issuer = "{ISSUER}", subject = "ada"}}'))
        self.now, self.verified = float(int(time.monotonic())), 0
        self.recognition = Recognition(read_identities(file), clock=lambda: self.now)
        verify = self.recognition.verifier.verify

        def counted(token: str) -> Any:
            self.verified += 1
            return verify(token)

        self.recognition.verifier.verify = counted  # type: ignore[method-assign]

    def ask(self, token: str, peer: str = NEAR) -> str:
        """Return the name of a caller, or the type of its refusal."""
        try:
            return self.recognition.caller(f"Bearer {token}", {PEER: [peer.encode()]}).name
        except (UnauthenticatedError, ExhaustedError) as error:
            return type(error).__name__


def test_a_flood_of_different_tokens_is_verified_at_a_bounded_rate(file: Path, issuer: Issuer):
    server, known = Server(file, issuer), issuer.token()
    assert server.ask(known) == "ada"
    said = [server.ask(issuer.token(aud=f"other{number}")) for number in range(3 * BURST)]
    assert said == ["UnauthenticatedError"] * BURST + ["ExhaustedError"] * 2 * BURST
    assert server.verified == 1 + BURST
    assert server.ask(known) == "ada"  # it is kept
    server.recognition._kept[digest_of(known)] = Caller("ada", {}, expires=0.0)
    assert server.ask(known) == "ada"  # its decision has ended, and is renewed
    fresh = issuer.token(jti="fresh")
    assert server.ask(fresh, f"{NEAR}1") == "ExhaustedError" and server.ask(fresh, FAR) == "ada"
    server.now += 1
    assert server.verified == 3 + BURST
    said = [server.ask(issuer.token(aud=f"later{number}")) for number in range(BURST)]
    assert said.count("UnauthenticatedError") == PER_SECOND


def test_true_tokens_are_not_counted(file: Path, issuer: Issuer):
    server = Server(file, issuer)
    assert {server.ask(issuer.token(jti=str(number))) for number in range(3 * BURST)} == {"ada"}


def test_the_refusal_says_when_to_return(file: Path, issuer: Issuer):
    now = [5.0]
    tokens = FalseTokens(lambda: now[0])
    for _ in range(BURST):
        tokens.check(NEAR)
        tokens.note(NEAR)
    with pytest.raises(ExhaustedError, match="too many false tokens from this host") as raised:
        tokens.check(NEAR)
    assert raised.value.retry_after == pytest.approx(1 / PER_SECOND)
    now[0] += raised.value.retry_after + 1e-9
    tokens.check(NEAR)


def test_hosts_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(floods, "MOST_HOSTS", 3)
    tokens = FalseTokens(lambda: 0.0)
    for number in range(10):
        tokens.note(f"ipv4:10.0.0.{number}:1")
        assert len(tokens._levels) <= 3


@pytest.mark.parametrize(
    ("peer", "host"),
    [
        ("ipv4:10.0.0.1:4000", "10.0.0.1"),
        ("ipv6:%5B2001:db8::1%5D:4000", "2001:db8::/64"),
        ("ipv6:[2001:db8::ffff:2]:1", "2001:db8::/64"),
        ("ipv6:%5Bfe80::1%25eth0%5D:4000", "fe80::/64"),
        ("unix:", ""),
        ("", ""),
    ],
)
def test_hosts(peer: str, host: str):
    assert host_of(peer) == host
