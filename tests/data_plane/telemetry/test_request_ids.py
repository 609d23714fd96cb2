"""Identifiers of requests: the client's, or the server's; in errors, in responses, and in the log."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pretzel
from pretzel.errors import InputError
from pretzel.serving.request_ids import LONGEST, request_id_of, usable
from tests.data_plane.oip.trained import ROWS, TEXTS
from tests.data_plane.telemetry.conftest import Observed

MADE = re.compile(r"[0-9a-f]{16}")


@given(st.text() | st.binary())
def test_an_identifier_is_short_and_visible(given: str | bytes):
    identifier = usable(given)
    assert 0 < len(identifier) <= LONGEST
    assert identifier.isascii() and identifier.isprintable() and " " not in identifier
    text = given if isinstance(given, str) else given.decode("latin-1")
    assert identifier == text or MADE.fullmatch(identifier)


def test_the_first_identifier_of_the_metadata_counts():
    assert request_id_of([("a", "b"), ("x-request-id", "one"), ("x-request-id", "two")]) == "one"
    assert request_id_of([(b"x-request-id", b"one")]) == "one"
    assert MADE.fullmatch(request_id_of(None))
    assert len({request_id_of(()) for _ in range(100)}) == 100


def test_errors_of_the_sdk_show_the_identifier(observed: Observed):
    with pretzel.Client(observed.worker.grpc, timeout=30) as client:
        with pretzel.request_id("order-19"), pytest.raises(pretzel.errors.NotFoundError) as error:
            client.predict("absent", TEXTS)
        assert error.value.request_id == "order-19"
        assert error.value.__notes__ == ["request id: order-19"]
        with pytest.raises(InputError) as error:
            client.infer("wine", {"X": ROWS[:, :3]})
        assert MADE.fullmatch(error.value.request_id)


@pytest.mark.parametrize("identifier", ["", "a b", "a" * 201, "ü", "line\nfeed"])
def test_the_sdk_refuses_what_metadata_cannot_carry(identifier: str):
    with pytest.raises(InputError, match=r"request id .*: expected 1 to 200 visible ASCII characters"):
        with pretzel.request_id(identifier):
            pass


def test_every_answer_over_http_has_an_identifier(observed: Observed):
    for path, status in (("/v2/health/live", 200), ("/v1/models/absent", 404), ("/nothing", 404)):
        answer = observed.worker.get(path)
        assert (answer.status, bool(MADE.fullmatch(answer.headers["x-request-id"]))) == (status, True)
        assert observed.worker.get(path, x_request_id="mine").headers["x-request-id"] == "mine"
    assert json.loads(observed.worker.get("/nothing").body).keys() == {"error"}
