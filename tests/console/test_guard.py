"""Requests that pages of other sites cause are refused, and every answer restricts what browsers do with it."""

import pytest
from starlette.responses import PlainTextResponse

from pretzel.console.guard import HEADERS, MOST_TARGET, Guard
from tests.console.asking import ask

APP = Guard(PlainTextResponse("shown"), names=["Console.Example.org"])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8003", "127.0.0.1", "localhost:8003", "LOCALHOST", "[::1]:8003", "10.1.2.3", "console.example.org:80"],
)
async def test_addresses_and_given_names_are_answered(host: str):
    answer = await ask(APP, "/", host=host)
    assert (answer.status, answer.text) == (200, "shown")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example:8003", "localhost.evil", "[evil]", "1.2"])
async def test_other_names_are_refused(host: str):
    answer = await ask(APP, "/", host=host)
    assert answer.status == 421
    assert answer.text.startswith(f"host {host!r}: expected an IP address, localhost or a name given by --name")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("cross-site", "no-cors", 403),
        ("cross-site", "cors", 403),
        ("cross-site", "navigate", 200),
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
    ],
)
async def test_other_sites_may_link_but_not_embed(site: str, mode: str, status: int):
    assert (await ask(APP, "/", sec_fetch_site=site, sec_fetch_mode=mode)).status == status


async def test_long_addresses_are_refused():
    assert (await ask(APP, "/?q=" + "x" * MOST_TARGET)).status == 414


def test_no_inline_script_or_style_is_allowed():
    policy = HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
