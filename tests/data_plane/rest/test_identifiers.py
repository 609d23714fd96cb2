"""Answers over HTTP carry the identifier of their request, also of one that is not read to its end."""

from __future__ import annotations

import pytest

from tests.data_plane.rest.served import Worker
from tests.data_plane.rest.test_http import MADE, head, read


def test_request_ids_are_echoed(worker: Worker):
    assert worker.get("/v2", x_request_id="abc-1").headers["x-request-id"] == "abc-1"
    assert worker.get("/nothing", x_request_id="abc-2").headers["x-request-id"] == "abc-2"
    made = {worker.get("/v2").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3  # the server makes one where a client sends none


@pytest.mark.parametrize("identifier", ["order-19", "~" * 200])
def test_refusals_of_requests_whose_fields_were_read_echo_their_identifier(worker: Worker, identifier: str):
    with worker.connect() as connection:
        connection.sendall(head("Content-Length: 70000000", f"X-Request-ID: {identifier}"))
        answer = read(connection)
        assert (answer.status, answer.headers["x-request-id"]) == (413, identifier)


@pytest.mark.parametrize("identifier", ["two words", "a" * 201, "\xff"])
def test_refusals_replace_an_identifier_that_is_not_usable(worker: Worker, identifier: str):
    with worker.connect() as connection:
        connection.sendall(head("Content-Length: 70000000", f"X-Request-ID: {identifier}"))
        answer = read(connection)
        assert answer.status == 413 and MADE.fullmatch(answer.headers["x-request-id"])
