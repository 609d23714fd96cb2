"""The reader of requests: any bytes have the values that protobuf reads, or are left to it."""

from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.transport.requests import MODELS, request
from tests.data_plane.transport.test_decode import MESSAGES, assert_read_alike
from tests.fuzz.forms import PROTOBUF

FORM = PROTOBUF


def seeds() -> list[bytes]:
    requests = [request(kind, 2, "predict") for kind in MODELS]
    streamed = [pb.PredictStreamRequest(id=1 << i, request=each) for i, each in enumerate(requests)]
    many = [pb.PredictManyRequest(models=["m", "n"], columns=each.columns, matrix=True) for each in requests]
    return [message.SerializeToString() for message in (*requests, *streamed, *many)]


def run(data: bytes) -> None:
    for method in MESSAGES:
        assert_read_alike(method, data)
