"""The end of decisions about callers, and of refusals: by the file, by keys of issuers, and by time."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pretzel.errors import PreconditionError, UnauthenticatedError
from pretzel.serving.background import Background
from pretzel.serving.identity import keeper as keeping
from pretzel.serving.identity import recognition as recognizing
from pretzel.serving.identity.caller import Caller
from pretzel.serving.identity.file import read_identities
from pretzel.serving.identity.keeper import KEYS_TASK, TASK, Keeper
from pretzel.serving.identity.keys import FETCH_SECONDS, HURRY_SECONDS, TIMEOUT, Keys
from pretzel.serving.identity.recognition import REFUSED_SECONDS, Recognition
from pretzel.serving.identity.tokens import new_token
from tests.serving.identity.entries import entry, hashed, keeper, named, refused
from tests.serving.identity.issuing import ISSUER, Issuer

TOKEN = new_token()
OF = f'{{issuer = "{ISSUER}", subject = "ada"}}'
URL = "https://login.example.org/keys"


class Clock:
    """Time that only a test moves."""

    def __init__(self) -> None:
        self.now = float(int(time.monotonic()))  # a whole number: sums and differences of seconds are exact

    def __call__(self) -> float:
        return self.now


def by_url(issuer: Issuer) -> str:
    """The entry of an issuer whose keys are behind a URL."""
    return issuer.table.replace(f'jwks_file = "{issuer.file}"', f'jwks_url = "{URL}"')


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fetched(file: Path, issuer: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """A keeper whose keys come from a URL, which answers with the issuer's file."""
    monkeypatch.setattr(Keys, "_fetch", lambda self: issuer.file.read_bytes())
    found = keeper(file, by_url(issuer), entry("ada", jwt=OF), entry("bob", token=hashed(TOKEN)))
    assert found.recognition is not None
    keys_of(found)._clock = found.recognition._clock = clock
    return found


def keys_of(found: Keeper) -> Keys:
    assert found.recognition is not None
    (keys,) = found.recognition.verifier.keys
    return keys


def caller(found: Keeper, token: str) -> Caller:
    return found.identify(f"Bearer {token}", {})


def test_all_callers_end_with_the_file(file: Path, issuer: Issuer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recognizing, "MOST_KEPT", 2)
    secret = file.with_name("worker")
    secret.write_text(new_token())
    certificate = '{common_name = "shop"}'
    keeper(file, issuer.table, entry("ada", jwt=OF), entry("bob", token=hashed(TOKEN), certificate=certificate))
    found = Keeper(file, secret)
    tokens = [*(issuer.token(jti=str(number)) for number in range(5)), TOKEN, secret.read_text()]
    callers = [*(caller(found, token) for token in tokens), found.identify(None, {"x509_common_name": [b"shop"]})]
    assert not any(one.ended for one in callers)
    file.write_text(entry("eve", token=hashed(new_token())))
    found.look()
    assert all(one.ended for one in callers)


async def test_a_withdrawn_key_ends_its_tokens(fetched: Keeper, issuer: Issuer, clock: Clock):
    await fetched.renew()
    token = issuer.token()
    ada, bob = caller(fetched, token), caller(fetched, TOKEN)
    clock.now += FETCH_SECONDS
    await fetched.renew()
    assert not ada.ended  # the same keys
    issuer.rotate("second")
    clock.now += FETCH_SECONDS
    await fetched.renew()
    assert ada.ended and not bob.ended and caller(fetched, TOKEN) is bob
    assert fetched.recognition is not None and [*fetched.recognition._kept.values()] == [bob]
    refused(fetched, f"Bearer {token}", "signed with the key 'first', which the issuer does not publish")
    assert not caller(fetched, issuer.token("second")).ended


def test_an_issued_decision_is_renewed(fetched: Keeper, issuer: Issuer, clock: Clock):
    keys_of(fetched).renew()
    assert caller(fetched, issuer.token()).expires == clock.now + FETCH_SECONDS


def test_renewal_tells_of_changes(fetched: Keeper, issuer: Issuer, clock: Clock):
    keys = keys_of(fetched)
    assert [keys.renew(), keys.renew()] == [True, False]
    clock.now += FETCH_SECONDS
    assert not keys.renew()
    issuer.rotate("second")
    clock.now += FETCH_SECONDS
    assert keys.renew()
    clock.now += FETCH_SECONDS
    issuer.file.write_bytes(b"")
    assert not keys.renew() and keys.problem and keys.find("second")


def test_an_empty_file_of_keys(file: Path, issuer: Issuer):
    issuer.file.write_bytes(b"")
    with pytest.raises(PreconditionError, match="keys.json: Expecting value"):
        keeper(file, issuer.table, entry("ada", jwt=OF))


async def soon(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "CHECK_SECONDS", 0.0)


@pytest.mark.usefixtures("quick")
async def test_a_slow_issuer_delays_no_withdrawal(fetched: Keeper, file: Path, monkeypatch: pytest.MonkeyPatch):
    release = threading.Event()

    def wait(self: Keys) -> bytes:
        release.wait(30)
        return b""

    monkeypatch.setattr(Keys, "_fetch", wait)
    bob, task = caller(fetched, TOKEN), asyncio.create_task(fetched.keep())
    try:
        await asyncio.sleep(0)
        file.write_text(entry("eve", token=hashed(new_token())))
        await soon(lambda: bob.ended)
    finally:
        release.set()
        await stopped(task)


@pytest.mark.usefixtures("quick")
async def test_a_broken_file_stops_no_renewal(fetched: Keeper, issuer: Issuer, clock: Clock, file: Path):
    background = fetched._background
    file.write_text("name = ")
    task = asyncio.create_task(fetched.keep())
    try:
        await soon(lambda: TASK in background.problems)
        issuer.rotate("second")
        clock.now += FETCH_SECONDS
        await soon(lambda: bool(keys_of(fetched).find("second")))
        assert KEYS_TASK not in background.problems and named(fetched, issuer.token("second")) == "ada"
    finally:
        await stopped(task)


@pytest.mark.usefixtures("quick")
async def test_a_failing_issuer_is_reported_until_it_answers(fetched: Keeper, issuer: Issuer, clock: Clock):
    background: Background = fetched._background
    keys = issuer.file.read_bytes()
    issuer.file.write_bytes(b"[]")
    task = asyncio.create_task(fetched.keep())
    try:
        await soon(lambda: KEYS_TASK in background.problems)
        for _ in range(20):
            await asyncio.sleep(0)
        assert TASK not in background.problems and background.failures[KEYS_TASK] == 1
        issuer.file.write_bytes(keys)
        clock.now += FETCH_SECONDS
        await soon(lambda: KEYS_TASK not in background.problems)
    finally:
        await stopped(task)


async def stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class Drip:
    """An answer that comes byte by byte, one in two seconds."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.read = clock, 0

    def __enter__(self) -> "Drip":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def read1(self, most: int) -> bytes:
        self.clock.now += 2
        self.read += 1
        return b" " if self.read < 100 else b""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} may wait for the whole answer")


def test_a_fetch_has_a_deadline(file: Path, issuer: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    file.write_text(by_url(issuer) + entry("ada", jwt=OF))
    drip = Drip(clock)
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda self, url, timeout: drip)
    keys = Keys(read_identities(file).issuer[0], clock)
    assert not keys.renew() and "the answer takes more than 5 seconds" in keys.problem
    assert drip.read * 2 <= TIMEOUT + 2


def test_false_tokens_are_verified_once_in_a_while(file: Path, issuer: Issuer, clock: Clock):
    file.write_text(issuer.table + entry("ada", jwt=OF))
    found = Recognition(read_identities(file), clock=clock)
    verified, count = found.verifier.verify, [0]

    def verify(token: str) -> Any:
        count[0] += 1
        return verified(token)

    found.verifier.verify = verify  # type: ignore[method-assign]
    false = issuer.token(aud="other")
    reasons = [refusal(found, false) for _ in range(5)]
    assert count == [1] and reasons == reasons[:1] * 5 and "another audience" in reasons[0]
    clock.now += REFUSED_SECONDS
    refusal(found, false)
    assert count == [2]
    found.renewed()
    refusal(found, false)
    assert count == [3]


def test_refusals_that_are_kept_are_bounded(file: Path, issuer: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recognizing, "MOST_KEPT", 3)
    file.write_text(issuer.table + entry("ada", jwt=OF))
    found = Recognition(read_identities(file), clock=clock)
    for number in range(20):
        refusal(found, f"false.{number}")
        assert len(found._false) <= 3


def refusal(found: Recognition, token: str) -> str:
    with pytest.raises(UnauthenticatedError) as raised:
        found.caller(f"Bearer {token}", {})
    return str(raised.value)


async def test_a_new_key_mends_a_refusal(fetched: Keeper, issuer: Issuer, clock: Clock):
    await fetched.renew()
    issuer.rotate("second")
    token = issuer.token("second")
    refused(fetched, f"Bearer {token}", "does not publish")
    clock.now += HURRY_SECONDS - 0.5
    refused(fetched, f"Bearer {token}", "does not publish")
    clock.now += 0.5
    await fetched.renew()
    assert named(fetched, token) == "ada"
