"""Parts of the supervisor, each without the others: rounds, the link to a child, delays, held ports, catalogs."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys

import pytest

from pretzel.data_plane.catalog import Catalog
from pretzel.data_plane.serve.native_front import bound
from pretzel.data_plane.supervise.coalesce import Rounds
from pretzel.data_plane.supervise.link import Link
from pretzel.data_plane.supervise.ports import hold_port
from pretzel.errors import PreconditionError
from pretzel.serving.backoff import FIRST, LONGEST, delay
from pretzel.serving.listeners import Address


async def test_one_round_serves_all_callers_that_arrived_before_it():
    begun, gate = [], asyncio.Event()

    async def work() -> None:
        begun.append(len(begun))
        await gate.wait()

    rounds = Rounds(work)
    first = [asyncio.create_task(rounds.join()) for _ in range(3)]
    await asyncio.sleep(0.01)
    assert begun == [0]
    late = [asyncio.create_task(rounds.join()) for _ in range(3)]  # the present round may have read already
    await asyncio.sleep(0.01)
    assert begun == [0]
    gate.set()
    await asyncio.gather(*first, *late)
    assert begun == [0, 1]


async def test_a_cancelled_caller_does_not_end_the_round():
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.01)
        done.set()

    rounds = Rounds(work)
    impatient, patient = (asyncio.create_task(rounds.join()) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert done.is_set()


async def test_a_failed_round_does_not_stop_the_next():
    results = iter([ValueError("once"), None])

    async def work() -> None:
        if error := next(results):
            raise error

    rounds = Rounds(work)
    with pytest.raises(ValueError):
        await rounds.join()
    await rounds.join()


async def test_the_link_delivers_messages_in_order_and_ends():
    ours, theirs = map(Link.over, socket.socketpair())
    ours, theirs = await ours, await theirs
    big = [["name", b"x" * 3_000_000]]
    ours.send("catalog", models=big, serial=1)
    ours.send("drain")
    ours.close()
    got = [message async for message in theirs.messages()]
    assert got == [{"kind": "catalog", "models": big, "serial": 1}, {"kind": "drain"}]
    theirs.send("ready")  # the peer is gone: lost, not an error
    theirs.close()


def test_delays_double_and_are_bounded_and_spread():
    assert delay(0, 1.0) == FIRST
    assert delay(1, 1.0) == 2 * FIRST
    assert delay(1000, 1.0) == LONGEST
    assert delay(1000, 0.0) == LONGEST / 2
    assert len({delay(3) for _ in range(20)}) > 1


def test_a_held_port_is_shared_only_with_processes_that_reuse_it():
    held = hold_port("127.0.0.1", 0)
    port = held.getsockname()[1]
    with pytest.raises(PreconditionError, match=f"cannot listen on 127.0.0.1:{port}"):
        hold_port("127.0.0.1", port)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", port))
    held.close()


def grpcs(*, shared: bool) -> socket.socket:
    """Return a socket that listens as gRPC's do."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def natives(*, shared: bool) -> socket.socket:
    """Return a socket that listens as those of the native front do."""
    return bound(Address("127.0.0.1", 0), "port", shared=shared)


def in_time_wait(listener: socket.socket) -> int:
    """Return a port on which the server's side of a connection is in TIME_WAIT, as a killed worker leaves it."""
    with listener:
        port = int(listener.getsockname()[1])
        with socket.create_connection(("127.0.0.1", port)) as client:
            listener.accept()[0].close()
            assert client.recv(1) == b""
    return port


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("listening", [grpcs, natives])
def test_a_port_with_connections_in_time_wait_can_be_held(listening, shared: bool):
    port = in_time_wait(listening(shared=shared))
    with socket.socket() as plain, pytest.raises(OSError, match="in use"):
        plain.bind(("127.0.0.1", port))  # TIME_WAIT blocks a socket without SO_REUSEADDR
    with hold_port("127.0.0.1", port) as held:
        assert held.getsockname()[1] == port


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_that_another_program_listens_on_is_not_held(shared: bool):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PreconditionError, match=f"cannot listen on 127.0.0.1:{port}: .*in use"):
            hold_port("127.0.0.1", port)


def test_a_held_port_rejects_a_server_that_does_not_share():
    with hold_port("127.0.0.1", 0) as held, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(held.getsockname())


def test_changes_of_a_catalog():
    old = Catalog("e", 1, {"a": b"1", "b": b"2"})
    new = old.changed("e", 2, {"b": b"3", "c": b"4"}, ["a"])
    assert (new.revision, new.records) == (2, {"b": b"3", "c": b"4"})
    assert old.records == {"a": b"1", "b": b"2"}
    assert new.changed("f", 1, {"z": b"0"}, whole=True).records == {"z": b"0"}


PARENT = """
import subprocess, sys
child = "import os, sys, time; from pretzel.serving.parent import die_with; die_with(int(sys.argv[1])); " \
    "print(os.getpid(), flush=True); time.sleep(60)"
import os
process = subprocess.Popen([sys.executable, "-P", "-c", child, str(os.getpid())], stdout=subprocess.PIPE)
print(process.stdout.readline().decode(), flush=True)
import time; time.sleep(60)
"""


def test_a_child_dies_with_its_parent():
    import os
    import time

    parent = subprocess.Popen([sys.executable, "-P", "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            with open(f"/proc/{child}/stat") as stat:
                if stat.read().rsplit(") ", 1)[1][0] == "Z":
                    return
        except FileNotFoundError:
            return
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the child lives on")
