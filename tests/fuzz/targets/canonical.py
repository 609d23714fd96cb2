"""Canonical encoding: decoded bytes encode to the same bytes, whichever of the two decoders reads them."""

from pretzel.data_plane import canonical
from pretzel.plan import ops
from pretzel.plan.encoding import decode, encode
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM = CANONICAL
VALUES = [None, True, -1, 2**64 - 1, 0.5, "text", b"bytes", [1, [2, [3]]], {"a": {"b": []}, "aa": 2.0}]


def seeds() -> list[bytes]:
    return [*map(encode, VALUES), encode(VALUES), plans.seeds(ops.Linear, count=1)[0]]


def run(data: bytes) -> None:
    value = decode(data)
    assert encode(value) == data
    assert encode(canonical.decode(data)) == data
