"""Landlock: the files that a process may read from now on, and the one directory in which it may write."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls, the same on every machine."""
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, TRUNCATE = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 14
READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | TRUNCATE
HANDLED = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Number of rights to files that each version of Landlock knows."""
NET_FROM, SCOPES_FROM = 4, 6
_SET_NO_NEW_PRIVS = 38


def version() -> int:
    """Return the version of Landlock that the kernel has; 0 for none."""
    return max(0, _syscall(CREATE_RULESET, None, 0, 1))


def restrict(readable: Iterable[str], writable: str = "") -> str:
    """Restrict this process to these paths; return why that is impossible, or an empty text."""
    known = version()
    if not known:
        return "the kernel has no Landlock"
    rights = (1 << HANDLED[min(known, max(HANDLED))]) - 1
    attributes = struct.pack("<QQQ", rights, 3 if known >= NET_FROM else 0, 3 if known >= SCOPES_FROM else 0)
    size = 24 if known >= SCOPES_FROM else 16 if known >= NET_FROM else 8
    ruleset = _syscall(CREATE_RULESET, attributes, size, 0)
    if ruleset < 0:
        return "the kernel refuses a Landlock ruleset"
    try:
        for path in readable:
            _allow(ruleset, path, READ & rights)
        if writable:
            _allow(ruleset, writable, WRITE & rights)
        ctypes.CDLL(None).prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return "the kernel refuses to restrict files" if _syscall(RESTRICT_SELF, ruleset, 0) else ""
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= READ_FILE | WRITE_FILE | TRUNCATE
        _syscall(ADD_RULE, ruleset, 1, struct.pack("<Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)


def _syscall(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.syscall(ctypes.c_long(number), *(_passed(argument) for argument in arguments)))


def _passed(argument: object) -> object:
    return ctypes.c_long(argument) if isinstance(argument, int) else argument
