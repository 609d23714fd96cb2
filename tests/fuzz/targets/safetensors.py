"""Files of weights in the safetensors format."""

import json
import struct

import numpy as np

from pretzel.flow.weights import FAILURES, tensors_in

MAY_RAISE = FAILURES


def seeds() -> list[bytes]:
    payload = np.arange(8, dtype="<f4").tobytes()
    headers = [
        {"w": {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 32]}},
        {"__metadata__": {"a": "b"}, "a": {"dtype": "I64", "shape": [], "data_offsets": [8, 16]}},
        {"none": {"dtype": "F64", "shape": [0, 3], "data_offsets": [0, 0]}},
    ]
    encoded = [json.dumps(header).encode() for header in headers]
    return [struct.pack("<Q", len(header)) + header + payload for header in encoded]


def run(data: bytes) -> None:
    for values in tensors_in(data).values():
        assert values.nbytes <= len(data)
