"""The messages of Triton's own client take the hot path."""

from __future__ import annotations

import json
from functools import cache

import pytest

from pretzel.inference import service_pb2 as pb
from tests.data_plane.oip.environment import python, run
from tests.data_plane.oip.infer_requests import inferred, usual
from tests.data_plane.transport.served import MODEL

SEND = f"""
import json
from concurrent.futures import ThreadPoolExecutor
import grpc
import numpy as np
import tritonclient.grpc as triton

received = []

class Recorder(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda data, context: received.append(data.hex()) or b"")

server = grpc.server(ThreadPoolExecutor(1), handlers=[Recorder()])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
client = triton.InferenceServerClient(f"127.0.0.1:{{port}}")

def tensor(name, array, datatype):
    sent = triton.InferInput(name, list(array.shape), datatype)
    sent.set_data_from_numpy(array)
    return sent

def message(inputs, outputs=None, **options):
    wanted = outputs and [triton.InferRequestedOutput(name) for name in outputs]
    client.infer("{MODEL}", inputs, outputs=wanted, **options)
    return received.pop()

wine = [tensor("X", np.ones((4, 13)), "FP64")]
text = [tensor("X", np.array([["good food"], ["Gr\u00fc\u00dfe"], [""]], object), "BYTES")]
table = [tensor("size", np.ones((2, 1)), "FP64"), tensor("kind", np.array([["u"], ["w"]], object), "BYTES"),
         tensor("note", np.array([["aa"], [""]], object), "BYTES")]
print(json.dumps({{
    "wine": message(wine),
    "wine, an output": message(wine, ["predict_proba"], model_version="3", request_id="an id"),
    "text": message(text),
    "text, outputs": message(text, ["predict_proba", "predict"]),
    "table": message(table),
    "wine, a time-out": message(wine, timeout=10**6),
}}))
client.close()
server.stop(None)
"""
USUAL = ["wine", "wine, an output", "text", "text, outputs", "table"]


@cache
def messages() -> dict[str, str]:
    found: dict[str, str] = json.loads(run(python(), "-c", SEND))
    return found


@pytest.mark.parametrize("name", USUAL)
def test_usual_messages_are_answered(name: str):
    message, model = bytes.fromhex(messages()[name]), inferred(name.partition(",")[0])
    found = model.fast(message)
    assert found == model.ordinary(message)
    assert len(pb.ModelInferResponse.FromString(found).raw_output_contents) in (1, 2, 4)


def test_a_time_out_is_left_to_the_ordinary_path():
    assert inferred("wine").fast(bytes.fromhex(messages()["wine, a time-out"])) is None


@pytest.mark.parametrize("value", [True, False])
def test_the_parameter_of_perf_analyzer_is_read(value: bool):
    message = usual("regression", 3)
    message.parameters["triton_enable_empty_final_response"].bool_param = value
    data = message.SerializeToString()
    assert inferred("regression").agree(data)
    assert not inferred("regression").agree(data.replace(b"\x12\x02\x08", b"\x12\x02\x10"))  # an integer
    assert not inferred("regression").agree(data.replace(b"final_response", b"final_resp0nse"))
    message.parameters["own"].bool_param = value
    assert not inferred("regression").agree(message.SerializeToString())
