"""Noticing that a role's event loop stands still, from a thread of its own, and telling those who watch from outside.

A router that accepts calls and does nothing holds every caller; its death lets them go on into the static fallback.
So the hub beats; when the beat stops, a native thread ends the process, and, should even that thread stand still,
the parent process or systemd's watchdog does, having missed the beats written to its pipe or notify socket.
"""

from __future__ import annotations

import os
import signal
import socket
import time as patched_time
from typing import Any

import gevent
from gevent import monkey

#: Seconds between two beats of the hub.
INTERVAL = 0.2
_NATIVE_SLEEP = monkey.get_original("time", "sleep")
_START_THREAD = monkey.get_original("_thread", "start_new_thread")


def notify_systemd(message: str) -> None:
    """Send *message* (``READY=1``, ``WATCHDOG=1``) to systemd, if it started us and asked for it (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as notify:
            notify.sendto(message.encode(), address)
    except OSError:
        pass  # a missing systemd must not end a router


class Heartbeat:
    """The beat of one process: a greenlet that beats, and a native thread that ends the process when it stops.

    ``limit`` is the longest time without a beat in seconds, 0: never end the process. ``pipe`` is a file descriptor
    that gets one byte a beat; when nobody reads it any more (the parent died) the process ends itself cleanly.
    """

    def __init__(self, limit: float, pipe: int | None) -> None:
        self._limit = limit
        self._pipe = pipe
        self._last = patched_time.monotonic()
        self._greenlet: Any = None

    def start(self) -> None:
        """Begin to beat."""
        if self._pipe is not None:
            os.set_blocking(self._pipe, False)
        self._greenlet = gevent.spawn(self._beat)
        if self._limit:
            _START_THREAD(self._watch, ())

    def _beat(self) -> None:
        notify_systemd("READY=1")
        while True:
            self._last = patched_time.monotonic()
            notify_systemd("WATCHDOG=1")
            if self._pipe is not None:
                try:
                    os.write(self._pipe, b".")
                except BlockingIOError:
                    pass
                except OSError:
                    self._pipe = None
                    os.kill(os.getpid(), signal.SIGTERM)
            gevent.sleep(INTERVAL)

    def _watch(self) -> None:
        while True:
            _NATIVE_SLEEP(INTERVAL)
            silent = patched_time.monotonic() - self._last
            if silent > self._limit:
                os.write(2, f"callrouter: the hub stood still for {silent:.1f} s; ending this process\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)
