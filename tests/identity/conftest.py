"""The servers of all tests here: they start once."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from pretzel import ControlPlane
from tests.control_plane.serve.running import Server, control_plane, definition
from tests.identity.servers import SECONDS, Identities, worker


class Running(NamedTuple):
    """The addresses of the servers, and who may call them."""

    identities: Identities
    control: Server
    control_address: str
    native: str
    grpcio: str
    http: str
    metrics: str
    """The metrics of the native worker, which are closed."""
    grpcio_metrics: str
    """The metrics of the other worker, which are open."""
    logs: list[str]


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A control plane with the models a/x and b/x, and a worker of each front."""
    folder = tmp_path_factory.mktemp("identity")
    identities = Identities(folder)
    own = {"identities": identities.path, "control_token_file": identities.file_of("worker")}
    with control_plane(folder / "data", identities=identities.path, metrics_access="closed") as control:
        address = control.ready["address"]
        with ControlPlane(address, token=identities.tokens["root"], timeout=SECONDS) as plane:
            plane.deploy("a/x", definition(0))
            plane.deploy("b/x", definition(0))  # they share their parameters
        first, second = (folder / front for front in ("native", "grpcio"))
        first.mkdir(), second.mkdir()
        with (
            worker(first, address, metrics_access="closed", front="native", **own) as native,
            worker(second, address, http="off", front="grpcio", **own) as grpcio,
        ):
            yield Running(
                identities,
                control,
                address,
                f"127.0.0.1:{native['port']}",
                f"127.0.0.1:{grpcio['port']}",
                f"http://{native['http']}",
                f"http://127.0.0.1:{native['metrics_port']}/metrics",
                f"http://127.0.0.1:{grpcio['metrics_port']}/metrics",
                [str(control.log), str(native["log"]), str(grpcio["log"])],
            )
