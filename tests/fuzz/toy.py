"""A parser for the test of the engine, with faults planted behind four bytes that only coverage leads to."""

import time

from pretzel.errors import InputError


def seeds() -> list[bytes]:
    return [b"nothing"]


def run(data: bytes) -> None:
    if data == b"hang for long":
        time.sleep(60)
    if data == b"take it all":
        bytearray(1 << 40)
    if data[:1] == b"P":
        if data[1:2] == b"R":
            if data[2:3] == b"E":
                if data[3:4] == b"\xff":
                    raise KeyError("planted")
    raise InputError("rejected, as allowed")
