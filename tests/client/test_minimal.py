"""The SDK works with only NumPy, grpcio and protobuf."""

import subprocess
import sys
import textwrap

import numpy as np

from tests.client.services import Worker, serving

# Packages that a machine with only the SDK does not have.
ABSENT = """
    alembic google.rpc grpc_health grpc_reflection grpc_status joblib opentelemetry pandas polars prometheus_client
    pyarrow pydantic pydantic_settings rich scipy sklearn skops sqlalchemy structlog typer
""".split()

PROGRAM = """
    import sys

    class Absent:
        def find_spec(self, name, path=None, target=None):
            if any(name == absent or name.startswith(absent + ".") for absent in {absent!r}):
                raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

    sys.meta_path.insert(0, Absent())

    import asyncio
    import pretzel

    address = "127.0.0.1:{port}"
    with pretzel.Client(address, timeout=30) as client:
        print(client.predict("m", [[1, 2], [-3, 0]]).tolist())
        print(client.predict_proba("m", [[1.0, 2.0]]).tolist())
        print(client.transform("m", [[1, 2]]).dense().tolist())
        try:
            client.predict("nope", [[1]])
        except pretzel.errors.NotFoundError as error:
            print(error)

    async def ask():
        async with pretzel.AsyncClient(address, timeout=30) as client:
            return await client.decision_function("m", [[1, 2]])

    print(asyncio.run(ask()).tolist())
    loaded = [name for name in sys.modules if name.startswith("pretzel.")]
    servers = ("pretzel.control_plane", "pretzel.kernels", "pretzel.engine")
    assert not [name for name in loaded if name.startswith(servers)], loaded
"""


def test_predictions_without_any_other_library():
    worker = Worker(m=2)
    with serving(worker) as port:
        program = textwrap.dedent(PROGRAM).format(absent=ABSENT, port=port)
        run = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "['yes', 'no']",
        "[[-2.0, 3.0]]",
        "[[1.0, 2.0, 0.0, 0.0]]",
        "no model 'nope'",
        str(np.array([3.0]).tolist()),
    ]
