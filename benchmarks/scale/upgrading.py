"""`python -m benchmarks.scale.upgrading DIRECTORY`: the cost of compiling all versions for other kernels."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pretzel
from pretzel.control_plane.catalog import Catalog
from tests.day.models import model
from tests.faults.process import Kept, family_of

MODELS, CLIENTS = 300, 2
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Deploy the models, unless the directory has them, and compile them twice: with and without their samples."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.upgrading", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--models", type=int, default=MODELS)
    parser.add_argument("--deploy", action="store_true", help="only deploy the models")
    asked = parser.parse_args()
    if not asked.directory.exists():
        _deploy(asked.directory, asked.models)
    if asked.deploy:
        return
    _upgrade(asked.directory, "2", "compared")
    with _plane(asked.directory, "2", PRETZEL_KEEP_SAMPLE_ROWS="0") as server:
        _client(server).collect_garbage()
    _upgrade(asked.directory, "3", "loaded only")


def _deploy(directory: Path, models: int) -> None:
    with _plane(directory, "1") as server, _client(server) as plane, ThreadPoolExecutor(CLIENTS) as pool:
        known = {f"model-{number}": model(number) for number in range(models)}
        [*pool.map(lambda item: plane.deploy(item[0], item[1].estimator, sample=item[1].rows), known.items())]


def _upgrade(directory: Path, kernel_set: str, what: str) -> None:
    """Compile all versions for some kernels; print the time, and the processor time of the server and its children."""
    with closing(Catalog(directory / "data" / "catalog.sqlite")) as catalog:
        versions = catalog.recompiling.progress(kernel_set).left
        with _plane(directory, kernel_set) as server:
            pid = server.members()[0]
            began, before = time.perf_counter(), _seconds_of(pid)
            while catalog.recompiling.progress(kernel_set).left:
                time.sleep(0.2)
            seconds, used = time.perf_counter() - began, _seconds_of(pid) - before
        failed = catalog.recompiling.progress(kernel_set).failed
    each = f"{1000 * seconds / versions:.0f} ms and {1000 * used / versions:.0f} ms of processor time each"
    print(f"{versions} versions, {what}, {failed} failed: {seconds:.1f} s, {used:.1f} s of processor time; {each}")


@contextmanager
def _plane(directory: Path, kernel_set: str, **more: str) -> Iterator[Kept]:
    arguments = ["control-plane", f"--data-dir={directory / 'data'}", "--port=0", "--metrics-port=0"]
    server = Kept("control", directory, arguments, {"PRETZEL_KERNEL_SET": kernel_set, **more})
    with closing(server):
        server.wait_ready()
        yield server


def _client(server: Kept) -> pretzel.ControlPlane:
    return pretzel.ControlPlane(server.facts["address"], timeout=60)


def _seconds_of(leader: int) -> float:
    """Return the processor time of a process, of the children it has waited for, and of those that live."""
    ticks = 0
    for pid in family_of(leader):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS


if __name__ == "__main__":
    main()
