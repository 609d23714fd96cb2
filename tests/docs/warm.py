"""Run pages and commands in forks of a process that has imported the libraries: their imports cost seconds each time.

`python warm.py serve SOCKET` is that process; `python warm.py call SOCKET pretzel models` has it run a command with the
caller's arguments, directory, variables, input and output.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import socket
import sys
import traceback
from importlib import import_module
from pathlib import Path

IMPORTED = (
    *("joblib", "numpy", "pandas", "sklearn.compose", "sklearn.datasets", "sklearn.ensemble"),
    *("sklearn.feature_extraction.text", "sklearn.linear_model", "sklearn.pipeline", "sklearn.preprocessing"),
    *("pretzel.cli", "pretzel.client", "pretzel.flow", "pretzel.importers.sklearn", "pretzel.local", "pretzel.testing"),
)


def serve(path: str) -> None:
    """Answer calls until standard input ends."""
    for name in IMPORTED:
        import_module(name)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        print("ready", flush=True)
        while True:
            call, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _answer(call)
            call.close()


def _answer(call: socket.socket) -> None:
    message, descriptors, _, _ = socket.recv_fds(call, 1 << 20, 3)
    arguments, directory, variables = json.loads(message)
    for standard, given in enumerate(descriptors):
        os.dup2(given, standard)
        os.close(given)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(variables)
    code = 1
    try:
        code = _run(*arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        call.sendall(bytes([code or 0]))
        os._exit(code or 0)


def _run(program: str, *arguments: str) -> int:
    sys.argv = [program, *arguments]
    if program == "page":
        sys.path.append(str(Path(__file__).parents[2]))
        return import_module("tests.docs.running").main(*arguments)
    if program == "python":
        sys.argv = [*arguments]
        sys.path.insert(0, str(Path(arguments[0]).parent))
        runpy.run_path(arguments[0], run_name="__main__")
        return 0
    return import_module("pretzel.cli").main([*arguments])


def call(path: str, *arguments: str) -> int:
    """Run a command in the warm process, and return its exit code."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        message = json.dumps([arguments, os.getcwd(), dict(os.environ)]).encode()
        socket.send_fds(sock, [message], [0, 1, 2])
        return (sock.recv(1) or b"\1")[0]


if __name__ == "__main__":
    kind, where, *rest = sys.argv[1:]
    sys.exit(call(where, *rest) if kind == "call" else serve(where))
