"""Requests for inference on the hot path: any bytes get the answer of the ordinary path, or none."""

from pretzel.data_plane.oip.decode import decoded
from pretzel.errors import PretzelError
from tests.data_plane.oip.infer_requests import WRITTEN, inferred, usual
from tests.data_plane.oip.inferred import Inferred
from tests.fuzz.forms import PROTOBUF

FORM = PROTOBUF


def seeds() -> list[bytes]:
    found = []
    for kind in WRITTEN:
        for rows, outputs in ((1, ()), (3, list(inferred(kind).executable.outputs)[:1])):
            message = usual(kind, rows, *outputs)
            message.id = kind
            found.append(message.SerializeToString())
    return found


def run(data: bytes) -> None:
    """Answer with the model that the id of the request selects."""
    found = decoded(data)
    if found is None:
        return
    label = found["head"][2].decode()
    model = inferred(label if label in WRITTEN else "echo")
    for answer, stream in ((model.hot.answer(data), False), (model.hot.answer_streamed(data), True)):
        if isinstance(answer, bytes):
            check(model, data, answer, stream=stream)
        elif answer is not None:
            answer.close()  # type: ignore[attr-defined]


def check(model: Inferred, data: bytes, answer: bytes, *, stream: bool) -> None:
    try:
        want = model.ordinary(data, stream=stream)
    except PretzelError as error:  # an answer to it is a fault, and no rejection
        raise AssertionError("the ordinary path rejects this request") from error
    assert answer == want
