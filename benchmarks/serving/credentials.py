"""Processor time of an authorized call, divided: the bytes of its token, and the decision.

Three sides in turn get the same number of calls from `h2load`: calls without a token, calls with one to a worker that
has no identities and ignores it, and calls with one to a worker that has.  The second minus the first is what the
HTTP/2 library takes for the field; the third minus the second is what identities take.  The time of the worker's
process and that of the generator are counted separately, so that a slow generator is not taken for a slow server.

``python -m benchmarks.serving.credentials`` prints the medians over rounds, in microseconds of a call.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.serving import load
from benchmarks.serving.identities import INFER, SERVICE, entries
from benchmarks.serving.models.calls import wine
from benchmarks.serving.processor import seconds_of
from benchmarks.serving.worker import worker
from pretzel.serving.identity.tokens import new_token

CALLS, ROUNDS = 12_000, 7


class Cost(NamedTuple):
    """Microseconds of a call."""

    server: float
    generator: float
    wall: float


def cost_of(server: int, send: Callable[[], float]) -> Cost:
    """Return what each of the calls costs that ``send`` sends; it returns their rate."""
    before, own = _seconds(server), _children()
    rate = send()
    return Cost((_seconds(server) - before) * 1e6 / CALLS, (_children() - own) * 1e6 / CALLS, 1e6 / rate)


def measure() -> dict[str, list[Cost]]:
    """Return the medians of each method by its name: without a token, with one that is ignored, and authorized."""
    model, token = wine(), new_token()
    with ExitStack() as running:
        folders = [Path(running.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        file = folders[0] / "identities.toml"
        file.write_text("\n".join(entries(token)))
        options = ["--shed-after-seconds", "0"]
        models = {model.name: model.definition}
        guarded = running.enter_context(worker(folders[0] / "cache", models, *options, "--identities", str(file)))
        free = running.enter_context(worker(folders[1] / "cache", models, *options))
        field = f"authorization: Bearer {token}"
        sides = [(free, ()), (free, (field,)), (guarded, (field,))]
        return {name: _medians(sides, name, message) for name, message in _cases(model)}


def _cases(model: Any) -> list[tuple[str, bytes]]:
    return [(f"{SERVICE}/Predict", model.request().SerializeToString()), (INFER, model.tensors(model.name))]


def _medians(sides: list[tuple[dict[str, Any], tuple[str, ...]]], method: str, message: bytes) -> list[Cost]:
    """Return the medians of the sides, each of which is measured in each round."""
    rounds = [[_once(ready, fields, method, message) for ready, fields in sides] for _ in range(ROUNDS)]
    return [Cost(*map(statistics.median, zip(*side, strict=True))) for side in zip(*rounds[1:], strict=True)]


def _once(ready: dict[str, Any], fields: tuple[str, ...], method: str, message: bytes) -> Cost:
    target = f"127.0.0.1:{ready['port']}"
    return cost_of(int(ready["pid"]), lambda: load.exactly(CALLS, target, method, message, *fields))


def _seconds(server: int) -> float:
    """Return the processor seconds of a worker's processes so far."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return sum(sum(seconds_of(process).values()) for process in (server, *map(int, children)))


def _children() -> float:
    """Return the seconds of processor time of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    for name, costs in measure().items():
        print(name)
        for side, cost in zip(("no token", "token, ignored", "authorized"), costs, strict=True):
            print(f"  {side:16} server {cost.server:6.2f}  generator {cost.generator:6.2f}  wall {cost.wall:6.2f} us")
