"""Wires the parts together: settings in, running router and worker out. ``web_app`` does so for the web role.

It is a file of its own so that a router that has to start again loads nothing of the pages, and serves calls sooner.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import gevent
import gevent.event
from gevent.threadpool import ThreadPool

from callrouter import log
from callrouter.calls.features import Features
from callrouter.calls.guard import Guard
from callrouter.calls.session import CallHandler, LoadSnapshot
from callrouter.cases import guarding
from callrouter.directory import asked
from callrouter.directory.database import Database
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.errors import CallrouterError, SwitchError
from callrouter.esl.client import InboundClient
from callrouter.esl.server import OutboundServer
from callrouter.heartbeat import Heartbeat, notify_systemd
from callrouter.ledger.notes import NoteSweep
from callrouter.ledger.worker import Ledger
from callrouter.mail.delivery import Delivery
from callrouter.routing.plan import IncomingCall
from callrouter.routing.snapshot import Snapshot
from callrouter.settings import Imap, Settings, parse_address
from callrouter.supervise import Role, Supervisor

#: A router whose hub stands still this long (seconds) is ended; the parent allows a little more.
_ROUTER_STILL = 1.5
_ROUTER_SILENCE = 1.8
_OTHER_SILENCE = 30.0
#: Longest wait for the directory before a call is given to the static fallback (seconds).
_DIRECTORY_SECONDS = 3.0
#: Longest wait for what a decision can do without (seconds), and how many calls wait for that at once.
_LEDGER_SECONDS, _LEDGER_THREADS = 1.0, 4
#: What is not a call waits for what is (niceness, see nice(2)), on the same processors.
AFTER_CALLS = 10


def now() -> dt.datetime:
    """The clock that everything else is given."""
    return dt.datetime.now(dt.UTC)


def until_told_to_stop() -> gevent.event.Event:
    """Set by SIGTERM and SIGINT from now on."""
    stop = gevent.event.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stop.set)
    return stop


def ledger_source(database: Database) -> Callable[[IncomingCall, Snapshot], Snapshot]:
    """Adds what the ledger knows (``directory.asked``); a call is routed without it where that fails or takes long."""
    threads = ThreadPool(_LEDGER_THREADS)  # a ledger that hangs leaves the hub's to the directory

    def add(call: IncomingCall, snapshot: Snapshot) -> Snapshot:
        if not asked.wanted(call, snapshot):
            return snapshot
        try:
            with gevent.Timeout(_LEDGER_SECONDS, CallrouterError(f"not answered within {_LEDGER_SECONDS:g} s")):
                return cast(Snapshot, threads.apply(asked.with_ledger, (database, call, snapshot)))
        except Exception as error:
            log.get("router").warning(f"nobody knows who has claimed this caller, or who talked last: {error!r}")
            return snapshot

    return add


def snapshot_source(database: Database) -> Callable[[], LoadSnapshot]:
    """Reads the directory in a thread of the hub's pool (a database must not hold the hub), with a time limit.

    Its version is asked for at once, while FreeSWITCH hands over the call.
    """
    loader, with_ledger = SnapshotLoader(database), ledger_source(database)

    def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
        return gevent.get_hub().threadpool.apply(function, arguments)

    def version_now() -> int | None:
        try:
            return cast(int, in_thread(loader.version))
        except Exception:  # loading will say what is wrong
            return None

    def begin() -> LoadSnapshot:
        version = gevent.spawn(version_now)

        def load(call: IncomingCall, today: dt.date) -> Snapshot:
            try:
                with gevent.Timeout(_DIRECTORY_SECONDS, CallrouterError("the directory did not answer in time")):
                    known = loader.known(call, today, version.get())
                    snapshot = known or cast(Snapshot, in_thread(loader.load, call, today))
                return with_ledger(call, snapshot)
            finally:
                version.kill(block=False)

        return load

    return begin


def run_router(settings: Settings, heartbeat_fd: int | None) -> int:
    """The router in the foreground, until SIGTERM; returns the exit code."""
    stop = until_told_to_stop()
    Heartbeat(_ROUTER_STILL, heartbeat_fd).start()
    database = Database(settings.database_url, pages=settings.web.base_url)
    features = Features(database, settings.spool.tell_changed, now)
    guard = Guard(partial(guarding.look, database), now, settings.prompts_dir)
    handler = CallHandler(snapshot_source(database), now, settings, features, guard)
    server = OutboundServer(
        parse_address(settings.router.listen, "[router] listen"), handler, max_calls=settings.router.max_calls
    )
    server.start()
    log.get("router").info(f"waiting for calls on {settings.router.listen}")
    stop.wait()
    log.get("router").info(f"stopping; {server.calls} calls go on")
    server.stop(settings.router.stop_seconds)
    database.close()
    return 0


class _Switch:
    """What the note sweep asks FreeSWITCH."""

    def __init__(self, client: InboundClient) -> None:
        self._client = client

    def core_uuid(self) -> str | None:
        try:
            return self._client.api("global_getvar core_uuid").strip()
        except SwitchError:
            return None

    def exists(self, uuid: str) -> bool:
        return self._client.api(f"uuid_exists {uuid}").strip() == "true"


def event_socket_client(settings: Settings, name: str, on_connected: Callable[[], None] | None = None) -> InboundClient:
    """A connection to FreeSWITCH's event socket, not yet started."""
    address = parse_address(settings.freeswitch.event_socket, "[freeswitch] event_socket")
    return InboundClient(address, settings.freeswitch.password, name=name, on_connected=on_connected)


def mailbox_loops(settings: Settings, database: Database) -> list[tuple[str, Callable[[threading.Event], None]]]:
    """A loop for each mailbox of a team that is kept in step with the cases, by name."""
    if not settings.imap:
        return []
    from callrouter.cases.mailbox_sync import MailboxSync
    from callrouter.mail.imap import ImapMailbox

    def sync(name: str, one: Imap) -> MailboxSync:
        return MailboxSync(
            name,
            f"{one.username}@{one.host}:{one.port}/{one.folder}?{one.done}",
            ImapMailbox(name, one),
            database,
            clock=now,
            poll_seconds=one.poll_seconds,
            timeout_seconds=one.timeout_seconds,
        )

    return [(f"imap.{name}", sync(name, one).run) for name, one in settings.imap.items()]


def run_worker(settings: Settings, heartbeat_fd: int | None) -> int:
    """The worker in the foreground, until SIGTERM; returns the exit code (1 when one of its loops died)."""
    from callrouter.ledger.upkeep import Digests, Retention  # with half of the directory, which no router needs

    os.nice(AFTER_CALLS)
    stop = until_told_to_stop()
    stopping = threading.Event()
    Heartbeat(0, heartbeat_fd).start()
    database = Database(settings.database_url, pages=settings.web.base_url)
    settings.spool.create()
    ledger = Ledger(database, settings, clock=now, on_mail=lambda: delivery.wake())  # noqa: PLW0108 (made below)
    delivery = Delivery(database, settings, clock=now, hold=ledger.wait_until_caught_up)
    client = event_socket_client(settings, "worker")
    client.start()
    sweep = NoteSweep(ledger, _Switch(client))
    digests = Digests(database, clock=now, on_mail=delivery.wake)
    retention = Retention(database, settings, clock=now)
    loops = [
        threading.Thread(target=loop, args=(stopping,), name=name, daemon=True)
        for name, loop in (
            ("ledger", ledger.run),
            ("mail", delivery.run),
            ("digests", digests.run),
            ("retention", retention.run),
            *mailbox_loops(settings, database),
        )
    ]
    for thread in loops:
        thread.start()
    code = 0
    while not stop.wait(1.0):
        try:
            sweep.run_once(now())
        except Exception:
            log.get("worker").exception("the sweep of notes failed; it is tried again")
        dead = [thread.name for thread in loops if not thread.is_alive()]
        if dead:
            log.get("worker").error(f"the {dead[0]} loop died; ending the worker, to be started again")
            code = 1
            break
    stopping.set()
    for thread in loops:
        thread.join(5)
    client.stop()
    database.close()
    return code


def serve_all(settings: Settings, config: Path | None) -> int:
    """All roles as child processes until SIGTERM; returns the exit code."""
    command = [sys.executable, "-m", "callrouter.cli.role"]
    arguments = ["--config", str(config)] if config else []
    silence = {"router": _ROUTER_SILENCE, "worker": _OTHER_SILENCE, "web": _OTHER_SILENCE}
    roles = [Role(name, [*command, name, *arguments], longest) for name, longest in silence.items()]
    ready: list[Any] = []

    def beat() -> None:
        if not ready:
            ready.append(True)
            notify_systemd("READY=1")
        notify_systemd("WATCHDOG=1")

    with tempfile.TemporaryDirectory(prefix="callrouter-metrics-") as metrics_dir:
        supervisor = Supervisor(
            roles,
            stop_seconds=settings.router.stop_seconds + 5,
            beat=beat,
            environment={"PROMETHEUS_MULTIPROC_DIR": metrics_dir},
        )
        return supervisor.run()
