"""Parameter blobs: headers, arrays, string tables."""

import numpy as np

from pretzel.plan.parameter import Parameter

VALUES = [np.arange(6.0).reshape(2, 3), np.array(True), np.zeros((0, 4), np.int32), ["a", "", "äö"], np.float32([1.5])]


def seeds() -> list[bytes]:
    return [bytes(Parameter.of(value).blob) for value in VALUES]


def run(data: bytes) -> None:
    parameter = Parameter(data)
    if parameter.dtype == "str":
        assert len(parameter.texts) == len(parameter)
        assert bytes(Parameter.strings(parameter.texts).blob) == data
    else:
        assert parameter.array.shape == parameter.shape
        assert parameter.array.nbytes <= len(data)
