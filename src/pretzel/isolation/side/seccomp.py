"""A filter of system calls: no processes, sockets, signals to others, or anything that only administrators need."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Sequence

DENIED = {
    "x86_64": (
        *(41, 53, 49, 50, 42, 43, 288),  # socket, socketpair, bind, listen, connect, accept, accept4
        *(57, 58, 59, 322),  # fork, vfork, execve, execveat
        *(200, 129, 297, 424, 434, 438),  # tkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal, _open, _getfd
        *(101, 310, 311, 312, 440, 448),  # ptrace, process_vm_readv, _writev, kcmp, process_madvise, process_mrelease
        *(165, 166, 155, 161, 272, 308),  # mount, umount2, pivot_root, chroot, unshare, setns
        *(428, 429, 430, 431, 432, 433, 442),  # open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr
        *(248, 249, 250, 298, 321, 323),  # add_key, request_key, keyctl, perf_event_open, bpf, userfaultfd
        *(425, 426, 427),  # io_uring_setup, _enter, _register
        *(29, 30, 31, 64, 65, 66, 68, 69, 70, 71, 220),  # shmget, shmat, shmctl, sem*, msg*
        *(240, 241, 303, 304, 319),  # mq_open, mq_unlink, name_to_handle_at, open_by_handle_at, memfd_create
        *(141, 142, 144, 203, 251, 314),  # setpriority, sched_setparam, _setscheduler, _setaffinity, ioprio_set, _attr
        *(246, 320, 175, 313, 176, 169, 167, 168, 179, 163),  # kexec*, modules, reboot, swap*, quotactl, acct
        *(164, 227, 159, 305, 170, 171, 172, 173, 103, 153),  # clocks, host names, ioperm, iopl, syslog, vhangup
        *(279, 256, 237, 133, 259),  # move_pages, migrate_pages, mbind, mknod, mknodat
    ),
    "aarch64": (
        *(198, 199, 200, 201, 203, 202, 242),
        *(221, 281),
        *(130, 138, 240, 424, 434, 438),
        *(117, 270, 271, 272, 440, 448),
        *(40, 39, 41, 51, 97, 268),
        *(428, 429, 430, 431, 432, 433, 442),
        *(217, 218, 219, 241, 280, 282),
        *(425, 426, 427),
        *(194, 195, 196, 197, 190, 191, 192, 193, 186, 187, 188, 189),
        *(180, 181, 264, 265, 279),
        *(140, 118, 119, 122, 30, 274),
        *(104, 294, 105, 273, 106, 142, 224, 225, 60, 89),
        *(170, 112, 171, 266, 161, 162, 116, 58),
        *(239, 238, 235, 33),
    ),
}
"""Numbers of the system calls that are denied, by machine."""
CLONE = {"x86_64": 56, "aarch64": 220}
KILL = {"x86_64": (62, 234), "aarch64": (129, 131)}
"""kill and tgkill, which a process may use on itself."""
PRLIMIT = {"x86_64": 302, "aarch64": 261}
VALUES = {
    "x86_64": {72: (8, 10, 15), 16: (0x8901, 0x8902, 0x5412)},
    "aarch64": {25: (8, 10, 15), 29: (0x8901, 0x8902, 0x5412)},
}
"""Second arguments that are denied: fcntl and ioctl may choose a process to signal, or type into a terminal."""
PRCTL = {"x86_64": 157, "aarch64": 167}
SET_DEATH_SIGNAL = 1
"""The option of prctl by which a process would outlive its zygote."""
CLONE3, NEWEST = 435, 462
"""Later system calls than NEWEST are denied; clone3 is said to be unknown, so that the C library uses clone."""
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
THREAD = 0x00010000  # CLONE_THREAD

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _MACHINE, _FIRST, _SECOND = 0, 4, 16, 24  # offsets of the number, the machine, and arguments
_SET_NO_NEW_PRIVS, _SET_SECCOMP = 38, 22


def is_known() -> bool:
    """Return whether there is a filter for this machine."""
    return sys.platform == "linux" and os.uname().machine in DENIED


def program(machine: str, pid: int) -> bytes:
    """Return the filter for a process, as instructions of BPF."""
    code = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        *_returns(_EQUAL, CLONE3, errno.ENOSYS),
        *_returns(_AT_LEAST, NEWEST + 1, errno.EPERM),
    ]
    for number in DENIED[machine]:
        code += _returns(_EQUAL, number, errno.EPERM)
    for number in KILL[machine]:
        code += _unless_first(number, _EQUAL, pid)
    code += _unless_first(PRLIMIT[machine], _EQUAL, 0)
    code += _unless_first(CLONE[machine], _ANY_BIT, THREAD)
    code += _if(PRCTL[machine], _FIRST, [SET_DEATH_SIGNAL])
    for number, values in VALUES[machine].items():
        code += _if(number, _SECOND, values)
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


def _returns(test: int, value: int, error: int) -> Sequence[tuple[int, int, int, int]]:
    return [(test, 0, 1, value), (_RETURN, 0, 0, _ERRNO | error)]


def _unless_first(number: int, test: int, value: int) -> Sequence[tuple[int, int, int, int]]:
    """Deny a system call unless a test of its first argument holds."""
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _FIRST),
        (test, 1, 0, value),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _if(number: int, argument: int, values: Sequence[int]) -> Sequence[tuple[int, int, int, int]]:
    """Deny a system call if an argument has one of these values."""
    tests = [instruction for value in values for instruction in _returns(_EQUAL, value, errno.EPERM)]
    return [(_EQUAL, 0, len(tests) + 2, number), (_LOAD, 0, 0, argument), *tests, (_RETURN, 0, 0, _ALLOW)]


class _Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


def install() -> str:
    """Filter the system calls of this process from now on; return why not, or an empty text."""
    if not is_known():
        return f"system calls of {os.uname().machine} have no filter here"
    libc = ctypes.CDLL(None, use_errno=True)
    code = program(os.uname().machine, os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))
    argument = _Filter(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p).value)
    if libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return f"no_new_privs is refused ({os.strerror(ctypes.get_errno())})"
    if libc.prctl(_SET_SECCOMP, 2, ctypes.byref(argument), 0, 0):
        return f"seccomp is refused ({os.strerror(ctypes.get_errno())})"
    return ""
