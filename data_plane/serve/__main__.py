"""Entry point of a serving process; the supervisor executes it with one end of the link."""

from __future__ import annotations

import os
import socket
import sys

from pretzel.data_plane.supervise.link import Link
from pretzel.serving.background import cause_of
from pretzel.serving.gil_turns import take_short_turns
from pretzel.serving.heap import share_heap
from pretzel.serving.logs import configure
from pretzel.serving.parent import die_with

try:
    from uvloop import run
except ImportError:
    from asyncio import run  # type: ignore[assignment]


async def serve(descriptor: int) -> None:
    """Serve over the link whose end is ``descriptor``."""
    from pretzel.data_plane.serve.process import ServingProcess

    link = await Link.over(socket.socket(fileno=descriptor))
    async for start in link.messages():
        configure(start["settings"]["log_level"])
        try:
            process = ServingProcess(link, start)
        except (OSError, MemoryError) as error:
            link.send("failed", message=cause_of(error))
            return
        await process.run()
        return


if __name__ == "__main__":
    die_with(int(sys.argv[2]))
    share_heap()
    take_short_turns()
    run(serve(int(sys.argv[1])))
    sys.stderr.flush()
    os._exit(0)  # no caller waits for what an executor still computes
