"""Requests on the hot path: any bytes get the answer of the ordinary path, or none."""

from functools import cache

from pretzel.data_plane.transport.decode import decoded
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
    message = pb.PredictStreamRequest.FromString(data)
    want = pb.PredictStreamResponse(id=message.id, response=model.response(message.request))
    assert answer == want.SerializeToString()
