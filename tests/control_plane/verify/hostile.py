"""The verifying child, run for real, with an engine whose programs misbehave as the name of the output says."""

import ctypes
import os
import signal
import sys
import time

import numpy as np

import pretzel.engine as engine
from pretzel.control_plane.verify import child

_load = engine.load


def segfault() -> None:
    ctypes.string_at(0)


def spin() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(1000)


def eat() -> None:
    eaten = []
    while True:
        eaten.append(np.zeros(1 << 24))  # whose pages are not touched: the limit of processor time is not what ends it


def leave() -> None:
    os._exit(7)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise KeyError("a fault of ours")


def chatter() -> None:
    print("this goes to standard error", flush=True)


DEEDS = {f.__name__: f for f in (segfault, spin, sleep, eat, leave, kill, fail, chatter)}


def load(plan, fetch, **options):
    executable = _load(plan, fetch, **options)
    run = executable.run

    def misbehave(columns, outputs=None):
        for name in outputs or ():
            DEEDS.get(name, lambda: None)()
        return run(columns, outputs)

    executable.run = misbehave
    return executable


if __name__ == "__main__":
    engine.load = load
    sys.exit(child.main())
