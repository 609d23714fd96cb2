"""Properties of the parts: any cut, any text, any metadata, any fields."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator
from urllib.parse import unquote

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.transport import framing
from pretzel.data_plane.transport.framing import Deframer, compressed, framed, is_one_message
from pretzel.data_plane.transport.head import ENCODINGS, Head, Rejection, read_head, seconds_of
from pretzel.data_plane.transport.status import MOST_MESSAGE, metadata_fields, metadata_of, quoted, status_fields

MOST = 1000
BODIES = st.lists(st.tuples(st.booleans(), st.binary(max_size=60)), max_size=6)


def wire(bodies: list[tuple[bool, bytes]]) -> bytes:
    return b"".join(compressed(body) if packed else b"".join(framed(body, gzip=False)) for packed, body in bodies)


@pytest.fixture(params=[8, framing.LARGE], scope="module")
def large(request: pytest.FixtureRequest) -> Iterator[None]:
    """Assemble messages of few bytes as large ones too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(framing, "LARGE", request.param)
        yield


@pytest.mark.usefixtures("large")
@given(BODIES, st.lists(st.integers(0, 400), max_size=10), st.binary(max_size=4))
def test_any_cut_gives_the_messages_of_the_whole(bodies: list[tuple[bool, bytes]], cuts: list[int], rest: bytes):
    data = wire(bodies) + rest[:4]
    deframer, messages = Deframer(b"gzip", MOST), []
    cuts = sorted(min(cut, len(data)) for cut in cuts)
    for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True):
        messages += deframer.feed(data[a:b])
    assert messages == [body for _, body in bodies]
    assert all(type(message) is bytes for message in messages)
    assert deframer.held == len(rest)


@pytest.mark.usefixtures("large")
@given(st.lists(st.binary(max_size=40), max_size=20), st.sampled_from(ENCODINGS))
def test_any_bytes_are_messages_or_rejected(pieces: list[bytes], encoding: bytes):
    """The cuts have no influence on the outcome."""
    assert outcome(pieces, encoding) == outcome([b"".join(pieces)], encoding)


def outcome(pieces: list[bytes], encoding: bytes) -> object:
    deframer, messages = Deframer(encoding, MOST), []
    try:
        for piece in pieces:
            messages += deframer.feed(piece)
    except Rejection as rejection:
        return rejection.code
    return messages, deframer.held


def test_bytes_one_by_one_take_their_size():
    deframer = Deframer(b"identity", 1 << 20)
    for byte in b"".join(framed(bytes(100_000), gzip=False))[:-1]:
        deframer.feed(bytes([byte]))
    assert deframer.held == 100_004
    assert deframer._large is not None and deframer._large.room < 130_000


@given(st.binary(max_size=30) | st.binary(max_size=25).map(lambda body: b"\0\0\0\0" + bytes([len(body)]) + body))
def test_the_short_way_is_for_whole_messages_only(data: bytes):
    whole = len(data) >= 5 and data[0] == 0 and struct.unpack(">I", data[1:5])[0] == len(data) - 5
    assert is_one_message(data, 30) == whole
    assert is_one_message(data, len(data) - 5) == whole
    assert not is_one_message(data, len(data) - 6)


@given(st.text(max_size=100))
def test_messages_are_encoded_as_grpcio_does(text: str):
    """Decode as PROTOCOL-HTTP2.md says; the value is printable, and no space is at its ends."""
    encoded = quoted(text)
    assert all(0x20 <= byte <= 0x7E for byte in encoded)
    assert encoded == encoded.strip()
    assert unquote(encoded.decode()) == text.encode(errors="replace").decode()


@given(st.text(min_size=1, max_size=8), st.integers(600, 7000))
def test_long_messages_are_cut_between_characters(text: str, times: int):
    text *= times
    encoded = quoted(text)
    if text.strip(" ") or len(text) > MOST_MESSAGE:
        assert len(encoded) <= MOST_MESSAGE + 3 * 8
    decoded = unquote(encoded.decode(), errors="strict")
    assert decoded in text.encode(errors="replace").decode()


KEYS = st.from_regex(r"[a-z0-9_.-]{1,20}", fullmatch=True)
PAIRS = st.lists(
    st.one_of(
        st.tuples(KEYS.filter(lambda key: not key.endswith("-bin")), st.from_regex(r"[ -~]{0,30}", fullmatch=True)),
        st.tuples(KEYS.map(lambda key: key + "-bin"), st.binary(max_size=30)),
    ),
    max_size=8,
)


@given(PAIRS)
def test_metadata_returns(pairs: list[tuple[str, str | bytes]]):
    assert list(metadata_of(metadata_fields(pairs))) == pairs


@given(st.text(max_size=10), st.text(max_size=10))
def test_metadata_of_handlers_is_valid_or_an_error(key: str, value: str):
    """A field that HTTP does not allow would cost the client its whole connection."""
    try:
        ((name, data),) = metadata_fields([(key, value)])
    except ValueError:
        return
    assert name and name == name.lower() and name.isascii()
    assert all(0x20 <= byte <= 0x7E for byte in data)


NAMES = st.one_of(
    st.sampled_from(
        [b":path", b":method", b":scheme", b":authority", b"content-type", b"te", b"grpc-timeout", b"grpc-encoding"]
    ),
    st.sampled_from([b"grpc-accept-encoding", b"x-a-bin", b"x-b", b"user-agent", b":protocol"]),
    st.from_regex(rb"[a-z0-9!#$%&'*+.^_`|~-]{1,20}", fullmatch=True),
)
VALUES = st.one_of(
    st.sampled_from([b"POST", b"application/grpc", b"/a/b", b"1S", b"gzip", b"identity", b"YQ==", b""]),
    st.binary(max_size=40),
)
VALID = ((b":method", b"POST"), (b"content-type", b"application/grpc"))


@given(st.lists(st.tuples(NAMES, VALUES), max_size=12), st.booleans())
def test_any_fields_are_a_head_or_rejected(fields: list[tuple[bytes, bytes]], valid: bool):
    try:
        head = read_head((*VALID, *fields) if valid else tuple(fields), MOST)
    except Rejection as rejection:
        assert rejection.message
        status_fields(rejection.code, rejection.message)
        return
    assert isinstance(head, Head)
    assert head.encoding in ENCODINGS
    assert head.timeout >= 0
    head.metadata()


@given(st.integers(0, 99_999_999), st.sampled_from("HMSmun"))
def test_timeouts(amount: int, unit: str):
    seconds = {"H": 3600, "M": 60, "S": 1, "m": 1e-3, "u": 1e-6, "n": 1e-9}[unit]
    assert seconds_of(f"{amount}{unit}".encode()) == pytest.approx(amount * seconds)


@given(st.binary(max_size=12))
def test_other_timeouts_are_rejected(value: bytes):
    valid = 2 <= len(value) <= 9 and value[:-1].isdigit() and value[-1:] in b"HMSmun"
    try:
        seconds_of(value)
    except Rejection as rejection:
        assert rejection.code is grpc.StatusCode.INVALID_ARGUMENT
        assert not valid
    else:
        assert valid


def test_compressed_messages_are_reproducible():
    assert compressed(bytes(5000)) == compressed(bytes(5000))
    assert gzip.decompress(compressed(bytes(5000))[5:]) == bytes(5000)
