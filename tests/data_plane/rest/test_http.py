"""HTTP/1.1 itself: methods, lengths, codings, pipelines and refusals, over real sockets."""

from __future__ import annotations

import gzip
import json
import re
import socket
import subprocess
import zlib

import pytest

from tests.data_plane.rest.served import Answer, Worker

ROW = {"rows": [["aa bb"]]}
BODY = json.dumps({"rows": ["aa bb"]}).encode()
PREDICT = "/v1/models/text:predict"
LABEL = b'{"predict":"yes"'


def exchange(worker: Worker, data: bytes, answers: int = 1) -> list[Answer]:
    """Send bytes, and read so many responses, and then the end if the server closes."""
    with worker.connect() as connection:
        connection.sendall(data)
        return [read(connection) for _ in range(answers)]


def read(connection: socket.socket) -> Answer:
    """Read one response without reading ahead."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        assert piece, head
        head += piece
    line, *fields = head.decode().split("\r\n")[:-2]
    headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
    body, size = b"", int(headers.get("content-length", 0))
    while len(body) < size:
        piece = connection.recv(size - len(body))
        assert piece, body
        body += piece
    return Answer(int(line.split()[1]), headers, body)


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def head(*fields: str, method: str = "POST", path: str = PREDICT, version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: a", *fields, "", ""]).encode()


def sized(body: bytes = BODY, *fields: str, **more: str) -> bytes:
    return head(f"Content-Length: {len(body)}", *fields, **more) + body


def test_a_connection_is_kept(worker: Worker):
    with worker.connect() as connection:
        for _ in range(3):
            connection.sendall(sized())
            answer = read(connection)
            assert answer.status == 200 and LABEL in answer.body
            assert "connection" not in answer.headers and "date" in answer.headers


def test_pipelined_requests_are_answered_in_order(worker: Worker):
    paths = [f"/v2/models/{name}" for name in ("wine", "text", "wein", "frame") * 20]
    data = b"".join(head(method="GET", path=path) for path in paths)
    answers = exchange(worker, data, len(paths))
    names = [answer.json.get("name") for answer in answers]
    assert names == ["wine", "text", None, "frame"] * 20
    assert [answer.status for answer in answers] == [200, 200, 404, 200] * 20


def test_a_request_in_single_bytes(worker: Worker):
    with worker.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in sized():
            connection.sendall(bytes([byte]))
        assert read(connection).status == 200


def test_chunked_bodies(worker: Worker):
    pieces = [BODY[:5], BODY[5:6], BODY[6:]]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    data = head("Transfer-Encoding: chunked") + chunks + b"0\r\nX-Trailer: a\r\n\r\n"
    first, second = exchange(worker, data + sized(), 2)
    assert first.status == second.status == 200 and first.body == second.body


def test_http_1_0(worker: Worker):
    with worker.connect() as connection:
        connection.sendall(sized(version="1.0"))
        answer = read(connection)
        assert answer.status == 200 and answer.headers["connection"] == "close" and is_closed(connection)
    with worker.connect() as connection:
        for _ in range(2):
            connection.sendall(sized(BODY, "Connection: keep-alive", version="1.0"))
            assert read(connection).headers["connection"] == "keep-alive"


def test_connection_close(worker: Worker):
    with worker.connect() as connection:
        connection.sendall(sized(BODY, "Connection: close"))
        answer = read(connection)
        assert answer.status == 200 and answer.headers["connection"] == "close" and is_closed(connection)


def test_expect_continue(worker: Worker):
    with worker.connect() as connection:
        connection.sendall(head("Expect: 100-continue", f"Content-Length: {len(BODY)}"))
        assert read(connection).status == 100
        connection.sendall(BODY)
        assert read(connection).status == 200


def test_expect_continue_behind_another_request(worker: Worker):
    with worker.connect() as connection:
        connection.sendall(sized() + head("Expect: 100-continue", f"Content-Length: {len(BODY)}"))
        assert read(connection).status == 200
        assert read(connection).status == 100
        connection.sendall(BODY)
        assert read(connection).status == 200


def test_head_and_options(worker: Worker):
    got, only = worker.get("/v2/models/wine"), worker.ask("HEAD", "/v2/models/wine")
    assert only.status == 200 and not only.body and only.headers["content-length"] == str(len(got.body))
    worker.until_ready()
    assert worker.ask("HEAD", "/v2/health/ready").status == 200
    answer = worker.ask("OPTIONS", PREDICT)
    assert (answer.status, answer.headers["allow"]) == (204, "OPTIONS, POST")
    assert worker.ask("OPTIONS", "/nothing").status == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", PREDICT, "OPTIONS, POST"),
        ("POST", "/v2", "GET, HEAD, OPTIONS"),
        ("DELETE", "/ping", "GET, HEAD, OPTIONS"),
    ],
)
def test_other_methods(worker: Worker, method: str, path: str, allowed: str):
    answer = worker.ask(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert answer.error == f"{path} has no method {method}: expected {allowed}"


def test_unknown_paths(worker: Worker):
    for path in ("/", "/v3", "/v2/models/wine/nothing", "/v2/models", "/v1/models/wine:explain/x"):
        answer = worker.get(path)
        assert (answer.status, answer.error) == (404, f"unknown path: {path}; GET /openapi.json lists all")
    answer = worker.get("/v2/models/%ff")
    assert answer.status == 400 and "'%ff' is not UTF-8" in answer.error
    assert worker.get("/v2/models/wine/").status == 200
    assert worker.get("/v2/models/w%69ne?x=1").json["name"] == "wine"


def test_absolute_targets(worker: Worker):
    (answer,) = exchange(worker, head(method="GET", path="http://a/v2/models/wine"))
    assert answer.json["name"] == "wine"


REFUSED: dict[str, tuple[bytes, int, str]] = {
    "no HTTP": (b"hello\r\n\r\n", 400, "not a request of HTTP/1.1: "),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "not a request of HTTP/1.1: "),
    "a version": (b"GET /v2 HTTP/9.9\r\nHost: a\r\n\r\n", 400, "not a request of HTTP/1.1: "),
    "no host": (b"GET /v2 HTTP/1.1\r\n\r\n", 400, "the header field Host is missing"),
    "two lengths": (head("Content-Length: 5", "Content-Length: 6"), 400, "not a request of HTTP/1.1: "),
    "length and chunks": (head("Content-Length: 5", "Transfer-Encoding: chunked"), 400, "not a request of HTTP/1.1: "),
    "a length": (head("Content-Length: -1"), 400, "not a request of HTTP/1.1: "),
    "a chunk": (head("Transfer-Encoding: chunked") + b"zz\r\n", 400, "not a request of HTTP/1.1: "),
    "chunks of 1.0": (head("Transfer-Encoding: chunked", version="1.0"), 400, "HTTP/1.0 has no transfer-encoding"),
    "a long field": (head("X: " + "a" * 20_000), 431, "the target and the header fields exceed 16384 bytes"),
    "an endless field": (head()[:-4] + b"\r\nX: " + b"a" * 400_000, 431, "exceed 16384 bytes"),
    "many fields": (head(*["X: a"] * 1000), 431, "exceed 16384 bytes"),
    "a long target": (head(path="/" + "a" * 20_000), 431, "exceed 16384 bytes"),
    "a large body": (head("Content-Length: 70000000"), 413, "the body exceeds 67108864 bytes (`max_message_bytes`"),
    "an expectation": (head("Expect: 200-ok", "Content-Length: 5"), 417, "expect: '200-ok': only 100-continue is"),
    "an upgrade": (sized(BODY, "Connection: Upgrade", "Upgrade: h2c"), 400, "a request with a body cannot upgrade"),
}


MADE = re.compile("[0-9a-f]{16}")


@pytest.mark.parametrize("case", REFUSED)
def test_refused(worker: Worker, case: str):
    data, status, text = REFUSED[case]
    with worker.connect() as connection:
        connection.sendall(data)
        answer = read(connection)
        assert answer.status == status and text in answer.error
        assert answer.headers["connection"] == "close" and is_closed(connection)
        assert MADE.fullmatch(answer.headers["x-request-id"])
    assert worker.get("/v2/health/live").status == 200


def test_an_upgrade_is_ignored(worker: Worker):
    (answer,) = exchange(worker, head("Connection: Upgrade", "Upgrade: h2c", method="GET", path="/v2/models/wine"))
    assert answer.json["name"] == "wine"


def test_requests_before_a_refused_one_are_answered(worker: Worker):
    first, second = exchange(worker, sized() + b"nonsense\r\n\r\n", 2)
    assert (first.status, second.status) == (200, 400)


def test_a_body_in_chunks_beyond_the_limit(worker: Worker):
    piece = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    with worker.connect() as connection:
        connection.sendall(head("Transfer-Encoding: chunked"))
        try:
            for _ in range(70):
                connection.sendall(piece)
        except OSError:  # it was refused meanwhile
            pass
        answer = read(connection)
    assert answer.status == 413 and "the body exceeds 67108864 bytes" in answer.error


def test_length_required(worker: Worker):
    (answer,) = exchange(worker, head())
    assert answer.status == 411 and answer.error.startswith("the body is missing: send content-length")


def test_content_types(worker: Worker):
    for kind in ("text/csv", "text/plain", "multipart/form-data; boundary=a"):
        answer = worker.post(PREDICT, BODY, content_type=kind)
        assert answer.status == 415 and "expected application/json" in answer.error
    for kind in ("application/json; charset=utf-8", "application/x-www-form-urlencoded", "application/octet-stream"):
        assert worker.post(PREDICT, BODY, content_type=kind).status == 200


def test_compressed_requests(worker: Worker):
    for coding, body in {"gzip": gzip.compress(BODY), "deflate": zlib.compress(BODY), "identity": BODY}.items():
        answer = worker.post(PREDICT, body, content_encoding=coding)
        assert answer.status == 200 and LABEL in answer.body
    large = json.dumps({"rows": ["aa bb"] * 20_000}).encode()
    answer = worker.post(PREDICT, gzip.compress(large, 0), content_encoding="gzip")
    assert len(answer.json["predictions"]) == 20_000


def test_damaged_compression(worker: Worker):
    whole = gzip.compress(BODY)
    for body, text in ((whole[:-9], "is incomplete"), (b"abc", "is damaged"), (whole + whole, "more than one member")):
        answer = worker.post(PREDICT, body, content_encoding="gzip")
        assert answer.status == 400 and text in answer.error
    answer = worker.post(PREDICT, BODY, content_encoding="br")
    assert answer.status == 415 and answer.error == "content-encoding 'br': expected gzip or deflate"
    assert answer.headers["accept-encoding"] == "gzip, deflate"


def test_a_bomb_is_refused(worker: Worker):
    bomb = gzip.compress(bytes(100 << 20))
    answer = worker.post(PREDICT, bomb, content_encoding="gzip")
    assert answer.status == 413 and answer.error.startswith("the decompressed body exceeds 67108864 bytes")


def test_compressed_answers(worker: Worker):
    body = {"rows": ["aa bb"] * 100}
    plain = worker.post(PREDICT, body)
    assert "content-encoding" not in plain.headers
    for wanted in ("gzip", "br;q=1.0, gzip;q=0.8", "*"):
        packed = worker.post(PREDICT, body, accept_encoding=wanted)
        assert packed.headers["content-encoding"] == "gzip" and packed.headers["vary"] == "accept-encoding"
        assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in worker.post(PREDICT, body, accept_encoding="gzip;q=0").headers
    assert "content-encoding" not in worker.post(PREDICT, {"rows": ["aa"]}, accept_encoding="gzip").headers
    large = worker.post(PREDICT, {"rows": ["aa bb"] * 5000}, accept_encoding="gzip")
    assert len(json.loads(gzip.decompress(large.body))["predictions"]) == 5000


def test_timeouts(worker: Worker):
    assert worker.post(PREDICT, BODY, timeout="30").status == 200
    answer = worker.post(PREDICT, BODY, timeout="0.000001")
    assert answer.status == 504 and "the deadline passed" in answer.error
    for text in ("0", "-1", "soon", "nan", "inf"):
        answer = worker.post(PREDICT, BODY, timeout=text)
        assert answer.status == 400 and answer.error.endswith(f"expected a positive number of seconds, got {text!r}")


def test_no_cross_origin_by_default(worker: Worker):
    answer = worker.get("/v2", origin="https://a.example")
    assert answer.status == 200 and not {name for name in answer.headers if name.startswith("access-control")}


def test_curl(worker: Worker):
    """As the documents write it."""
    command = ["curl", "-sS", "--fail-with-body", "-m", "30", f"{worker.url}{PREDICT}", "-d", '{"rows": ["aa bb"]}']
    assert LABEL in subprocess.run(command, capture_output=True, check=True).stdout
    sent = subprocess.run([*command[:-1], "@-", "--compressed"], input=BODY, capture_output=True, check=True).stdout
    assert LABEL in sent
