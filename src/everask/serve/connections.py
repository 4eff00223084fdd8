"""Connections to other machines that this process made: counted, so that "offline" can be looked at.

An audit hook sees every connection that Python code opens, whichever library asks for it. Loopback and
sockets of this machine are not counted. A hook cannot be taken out again, so there is one a process.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from everask.serve.auth import is_loopback

MAX_HOSTS = 100
"""Hosts that are listed; connections to further ones are only counted."""


@dataclass(slots=True)
class Connections:
    """How many connections were made since when, and to which hosts, as often as to each."""

    since: float
    number: int = 0
    hosts: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, event: str, arguments: Sequence[Any]) -> None:
        """Count a connection, if this is one to elsewhere."""
        if event != "socket.connect" or len(arguments) < 2 or not isinstance(arguments[1], tuple):
            return
        host = str(arguments[1][0])
        if is_loopback(host.partition("%")[0]):
            return
        with self.lock:
            self.number += 1
            if host in self.hosts or len(self.hosts) < MAX_HOSTS:
                self.hosts[host] = self.hosts.get(host, 0) + 1


_watching: list[Connections] = []


def watch_connections() -> Connections:
    """The count of this process; it begins with the first call."""
    if not _watching:
        made = Connections(time.time())
        _watching.append(made)
        sys.addaudithook(made.hear)
    return _watching[0]
