"""Confinement of a side process before it sees foreign code: network, files, privileges, system calls, resources."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from . import landlock, seccomp

NEW_NAMESPACES = 0x10000000 | 0x40000000 | 0x08000000  # CLONE_NEWUSER, _NEWNET, _NEWIPC
NEW_MOUNTS = 0x00020000
_NO_SUID_DEV_EXEC = 2 | 4 | 8
_PDEATHSIG, _DUMPABLE = 1, 4
SYSTEM = (
    *("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache"),
    *("/etc/localtime", "/dev/null", "/dev/zero", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo"),
    *("/sys/devices/system/cpu", "/sys/fs/cgroup/cpu.max", "/proc/sys/vm/overcommit_memory"),
)
"""Files that interpreters and libraries of arrays read."""


def leave_namespaces() -> str:
    """Move this process, which has one thread, to namespaces without network; return why not, or an empty text."""
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NAMESPACES | NEW_MOUNTS):
        return f"the kernel gives no namespaces ({os.strerror(ctypes.get_errno())})"
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        try:
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        except OSError:  # the process keeps an unknown user, which is enough
            pass
    return ""


def confine(limits: Mapping[str, int], own: str, paths: Sequence[str]) -> dict[str, str]:
    """Confine this process for good, and return why each part that is lacking is; empty if none is.

    Args:
        limits: ``memory``, ``cpu``, ``files``, ``file_bytes`` and ``processes``.
        own: a directory for temporary files; a file system of its own is mounted there, or it cannot be written.
        paths: directories that may be read.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    mounted = own if _mount_memory(libc, own, limits["file_bytes"]) else ""
    os.environ["TMPDIR"] = mounted or "/nonexistent"
    os.chdir(mounted or "/")
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)
    libc.syscall(ctypes.c_long(125 if os.uname().machine == "x86_64" else 91), *_no_capabilities())
    _limit(limits)
    lacking = {"files": landlock.restrict([*SYSTEM, *paths], mounted)}
    lacking["system calls"] = seccomp.install()
    return {part: why for part, why in lacking.items() if why}


def readable() -> list[str]:
    """Return the directories of the interpreter and its packages."""
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path}
    places |= {os.path.realpath(place) for place in places}
    return sorted(place for place in places if place and os.path.isdir(place) and place != "/")


def _mount_memory(libc: Any, path: str, size: int) -> bool:
    """Mount a file system in memory at a path, for this process alone; return whether that is possible."""
    if not path or libc.unshare(NEW_MOUNTS):
        return False
    options = f"size={size},mode=700,nr_inodes=1000".encode()
    return not libc.mount(b"pretzel", path.encode(), b"tmpfs", ctypes.c_ulong(_NO_SUID_DEV_EXEC), options)


def _no_capabilities() -> tuple[Any, Any]:
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    return header, (ctypes.c_uint32 * 6)()


def _limit(limits: Mapping[str, int]) -> None:
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    chosen = {
        resource.RLIMIT_AS: used + limits["memory"],
        resource.RLIMIT_CPU: limits["cpu"],
        resource.RLIMIT_NOFILE: limits["files"],
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_NPROC: limits["processes"],
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in chosen.items():
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
