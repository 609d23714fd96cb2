"""A scripted control plane as a process of its own: it reads models and objects from its input, and announces each.

In the process of the tests it would share grpc.aio's one poller with the event loops of other tests.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
from typing import BinaryIO

from tests.data_plane.control import ScriptedControlPlane


def sent(file: BinaryIO, message: object) -> None:
    """Write a message of a test, or of this process to it."""
    pickle.dump(message, file)
    file.flush()


async def main() -> None:
    """Serve until the input ends."""
    plane = ScriptedControlPlane()
    await plane.start()
    sent(sys.stdout.buffer, plane.address)
    while True:
        try:
            model, objects = await asyncio.to_thread(pickle.load, sys.stdin.buffer)
        except EOFError:
            break
        plane.objects.update(objects)
        await plane.set(model)
        sent(sys.stdout.buffer, plane.revision)
    await plane.stop()


if __name__ == "__main__":
    asyncio.run(main())
