"""Requests on the hot path: any bytes get the answer of the ordinary path, or none."""

from functools import cache

from pretzel.data_plane.transport.decode import decoded
from pretzel.errors import PretzelError
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.transport.requests import MODELS, request
from tests.data_plane.transport.served import Served
from tests.fuzz.forms import PROTOBUF

FORM = PROTOBUF


@cache
def served(kind: str) -> Served:
    return Served(MODELS[kind])


def seeds() -> list[bytes]:
    return [
        pb.PredictStreamRequest(id=i, request=request(kind, rows)).SerializeToString()
        for i, kind in enumerate(MODELS)
        for rows in (1, 3)
    ]


def run(data: bytes) -> None:
    """Answer with the model that the number of the request selects."""
    found = decoded("PredictStream", data)
    if found is None:
        return
    model = served(list(MODELS)[found["id"] % len(MODELS)])
    answer = model.hot.answer_streamed(data)
    if not isinstance(answer, bytes):
        if answer is not None:
            answer.close()  # type: ignore[attr-defined]
        return
    assert answer == _ordinary(model, data)


def _ordinary(model: Served, data: bytes) -> bytes:
    message = pb.PredictStreamRequest.FromString(data)
    try:
        response = model.response(message.request)
    except PretzelError as error:  # an answer to it is a fault, and no rejection
        raise AssertionError("the ordinary path rejects this request") from error
    return pb.PredictStreamResponse(id=message.id, response=response).SerializeToString()
