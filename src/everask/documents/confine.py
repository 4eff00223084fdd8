"""What the worker process denies itself: memory, time, writing, the network, others' programs.

Limits hold everywhere; on Linux for x86-64 and ARM a seccomp filter also makes the kernel refuse
sockets, and Landlock refuses every write, and every read outside of the program and the system.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from everask.documents.draft import Limits

# Shared libraries and thread stacks take address space, not memory.
_ADDRESS_SLACK_BYTES = 4_000_000_000
_MAX_OPEN_FILES = 256

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
# Per machine: the audit number of the architecture, and its socket, connect, ptrace, bind, socketpair
# and io_uring_setup calls.
_CALLS = {
    "x86_64": (0xC000003E, (41, 42, 101, 49, 53, 425)),
    "aarch64": (0xC00000B7, (198, 203, 117, 200, 199, 425)),
}
_FIRST_FOREIGN_CALL = 0x40000000  # x32's calls: the same ones, under other numbers
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
# All file rights of Landlock's first version: 13 bits; reading and listing and running are allowed back.
_ALL_RIGHTS = (1 << 13) - 1
_READ_RIGHTS = 1 << 0 | 1 << 2 | 1 << 3
_FILE_RIGHTS = 1 << 0 | 1 << 2
_SYSTEM_PATHS = ("/usr", "/lib", "/lib64", "/bin", "/etc/ssl", "/etc/fonts", "/etc/ld.so.cache", "/opt")
_DEVICES = ("/dev/null", "/dev/urandom", "/dev/random", "/dev/zero", "/proc/cpuinfo", "/proc/meminfo", "/sys")


def confine(limits: Limits, import_path: Sequence[str]) -> None:
    """Set every limit that holds for the life of the process. Soft and hard, so there is no way back."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    _limit(resource.RLIMIT_DATA, limits.memory_bytes)
    _limit(resource.RLIMIT_AS, limits.memory_bytes + _ADDRESS_SLACK_BYTES)
    _limit(resource.RLIMIT_CPU, int(limits.seconds * 2 * (os.cpu_count() or 1)) + 10)
    sys.addaudithook(_refuse_network)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            prefixes = (sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent.parent))
            _restrict_files(libc, (*import_path, *prefixes, *_SYSTEM_PATHS, *_DEVICES))
            _refuse_sockets(libc)


def limit_time(limits: Limits) -> None:
    """Let the kernel end the process should the parent be gone and unable to."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(limits.seconds) + 5)


def _refuse_network(event: str, _: object) -> None:
    """The guard of every system: Python code opens no socket. C code is the kernel's to refuse."""
    if event.startswith("socket.") and event not in ("socket.gethostname",):
        _refuse()


def _refuse() -> NoReturn:
    raise PermissionError(errno.EACCES, "a file's reader has no network")


def _limit(which: int, value: int) -> None:
    try:
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))
    except (ValueError, OSError):
        # Some systems (macOS) know a limit and do not take it; the parent's clock still holds.
        return


def _refuse_sockets(libc: ctypes.CDLL) -> None:
    """A seccomp filter: sockets, io_uring (which opens them too) and ptrace fail with EACCES.

    So does every call by another architecture's numbers, which would be a way around the filter.
    """
    if platform.machine() not in _CALLS:
        return
    architecture, calls = _CALLS[platform.machine()]
    refusal = (0x06, 0, 0, 0x00050000 | errno.EACCES)
    steps = [(0x20, 0, 0, 4), (0x15, 1, 0, architecture), refusal, (0x20, 0, 0, 0)]
    steps.append((0x35, len(calls) + 1, 0, _FIRST_FOREIGN_CALL))
    for position, call in enumerate(calls):
        steps.append((0x15, len(calls) - position, 0, call))
    steps += [(0x06, 0, 0, 0x7FFF0000), refusal]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0)


def _restrict_files(libc: ctypes.CDLL, readable: Iterable[str]) -> None:
    """Landlock: nothing may be written, and only these paths read. Kernels without it are left as is."""
    attribute = ctypes.create_string_buffer(struct.pack("Q", _ALL_RIGHTS))
    ruleset = libc.syscall(_LANDLOCK_CREATE, attribute, ctypes.c_size_t(8), 0)
    if ruleset < 0:
        return
    for path in dict.fromkeys(readable):
        _allow_reading(libc, ruleset, Path(path))
    libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)


def _allow_reading(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rights = _READ_RIGHTS if path.is_dir() else _FILE_RIGHTS
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, descriptor))
    libc.syscall(_LANDLOCK_ADD, ruleset, 1, rule, 0)
    os.close(descriptor)
