"""The gate of an overloaded connection: frames of a client in three segments, of which some calls are known."""

from __future__ import annotations

from pretzel.data_plane.transport.gate import Gate
from tests.data_plane.transport.peer import DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, RST_STREAM, frame
from tests.fuzz.targets import transport

FORM = transport.FORM
BLOCKS = (b"\x83\x86\x84", b"\x83\x86\x04\x02/x\x00\x01a\x01b", b"\x83\x86\x84\x40\x01a\x01b")


def seeds() -> list[bytes]:
    return [b"".join(_call(stream, block) for stream in (1, 3, 5, 7)) + frame(RST_STREAM, 0, 7) for block in BLOCKS]


def _call(stream: int, block: bytes) -> bytes:
    half = frame(DATA, 0, stream, b"m")
    return frame(HEADERS, END_HEADERS, stream, block) + half + frame(DATA, END_STREAM, stream, b"m")


def run(data: bytes) -> None:
    third = len(data) // 3
    segments = [PREFACE + data[:third], data[third : 2 * third], data[2 * third :]]
    gate, passed = Gate(b""), b""
    for segment in segments:
        gate.open(segment)
        calls = 0
        while gate.has_more:
            count, rest = (0, gate.take(2)) if calls == 0 else gate.refuse()
            passed += rest
            calls += 1 + count
            if gate.unknown_stream:
                gate.learn(len(data) % 8 - 1)
    passed += gate.pass_on(data)
    assert len(passed) <= len(PREFACE) + 2 * len(data)
    plain = Gate(b"")
    through = b"".join(map(plain.pass_on, segments))
    assert (PREFACE + data).startswith(through), "nothing was refused"
