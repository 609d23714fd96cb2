"""Addresses to listen on, and the files of Unix sockets."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pretzel.errors import PreconditionError
from pretzel.serving.listeners import LONGEST_PATH, Address, SocketFile


@pytest.mark.parametrize(
    ("text", "address", "written"),
    [
        ("127.0.0.1:8001", Address("127.0.0.1", 8001), "127.0.0.1:8001"),
        ("localhost:0", Address("localhost", 0), "localhost:0"),
        ("[::1]:8001", Address("::1", 8001), "[::1]:8001"),
        ("unix:/run/p.sock", Address(path="/run/p.sock"), "unix:/run/p.sock"),
        ("unix:///run/p.sock", Address(path="/run/p.sock"), "unix:/run/p.sock"),
        ("unix:p.sock", Address(path="p.sock"), "unix:p.sock"),
    ],
)
def test_addresses(text: str, address: Address, written: str) -> None:
    assert Address.parse(text) == address
    assert str(address) == written


@pytest.mark.parametrize(
    "text",
    ["", "8001", ":8001", "host", "host:", "host:x", "host:70000", "::1:8001", "unix:", "unix://a/b", "host:٣"]
    + ["unix:/" + LONGEST_PATH * "x"],
)
def test_other_texts_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="expected|at most"):
        Address.parse(text)


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
def test_permissions(tmp_path: Path, mode: int) -> None:
    path, before = tmp_path / "s", os.umask(0o022)
    try:
        file = SocketFile(path, mode)
        with file.listen():
            assert stat.S_IMODE(path.stat().st_mode) == mode
            assert os.umask(0o022) == 0o022
        file.remove()
        assert not path.exists()
    finally:
        os.umask(before)


def test_the_socket_is_never_open_to_more_users(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as bound, SocketFile(path, 0o600).binding():
        bound.bind(str(path))
        assert stat.S_IMODE(path.stat().st_mode) & 0o177 == 0


def test_the_file_of_a_dead_server_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    SocketFile(path, 0o600).listen().close()  # as a killed process leaves it
    assert path.exists()
    with SocketFile(path, 0o600).listen(), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a_running_server_keeps_its_file(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with SocketFile(path, 0o600).listen(), socket.socket(socket.AF_UNIX) as client:
        with pytest.raises(PreconditionError, match=f"cannot listen on unix:{path}: another server listens there"):
            SocketFile(path, 0o600).listen()
        client.connect(str(path))


def test_a_file_that_is_no_socket_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(PreconditionError, match="the file exists and is not a socket"):
        SocketFile(path, 0o600).listen()
    assert path.read_text() == "precious"
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(PreconditionError, match="is not a socket"):
        SocketFile(link, 0o600).listen()


def test_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(PreconditionError, match="No such file or directory"):
        SocketFile(tmp_path / "no" / "s", 0o600).listen()


def test_the_file_of_a_successor_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "s"
    first = SocketFile(path, 0o600)
    first.listen().close()
    second = SocketFile(path, 0o600)
    with second.listen():
        first.remove()
        assert path.exists()
    second.remove()
    assert not path.exists()


ACCEPT = """
import socket, sys
with socket.socket(fileno=int(sys.argv[1])) as listening:
    connection, _ = listening.accept()
    connection.sendall(b"hello from %d" % listening.family)
"""


def test_a_process_accepts_on_an_inherited_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with SocketFile(path, 0o600).listen() as held, socket.socket(socket.AF_UNIX) as client:
        descriptor = held.fileno()
        child = subprocess.Popen([sys.executable, "-c", ACCEPT, str(descriptor)], pass_fds=[descriptor])
        try:
            client.settimeout(20)
            client.connect(str(path))
            assert client.recv(100) == b"hello from %d" % socket.AF_UNIX
        finally:
            assert child.wait(20) == 0
