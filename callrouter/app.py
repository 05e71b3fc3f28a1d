"""The only place that wires the parts together: settings in, running roles out.

What only the web role needs is imported where that role begins: a router that has to start again serves calls sooner.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gevent
import gevent.event

from callrouter import log
from callrouter.calls.session import CallHandler, LoadSnapshot
from callrouter.directory.database import Database
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.errors import CallrouterError, RenderError, SwitchError
from callrouter.esl.client import InboundClient
from callrouter.esl.server import OutboundServer
from callrouter.heartbeat import Heartbeat, notify_systemd
from callrouter.ledger.notes import NoteSweep
from callrouter.ledger.worker import Ledger
from callrouter.mail.delivery import Delivery
from callrouter.mail.smtp import SmtpConnection
from callrouter.rendering.changes import MANIFEST
from callrouter.routing.plan import IncomingCall
from callrouter.routing.snapshot import Snapshot
from callrouter.settings import Settings, parse_address
from callrouter.supervise import Role, Supervisor

if TYPE_CHECKING:
    from callrouter.web.parts import Parts

#: A router whose hub stands still this long (seconds) is ended; the parent allows a little more.
_ROUTER_STILL = 1.5
_ROUTER_SILENCE = 1.8
_OTHER_SILENCE = 30.0
#: Longest wait for the directory before a call is given to the static fallback (seconds).
_DIRECTORY_SECONDS = 3.0
#: Longest time for rendering the configuration and having FreeSWITCH take it over (seconds).
_APPLY_SECONDS = 180.0
#: What is not a call waits for what is (niceness, see nice(2)), on the same processors.
_AFTER_CALLS = 10
#: Longest wait for FreeSWITCH's answer about what it is doing, for a page (seconds).
_LIVE_SECONDS = 2.0


def now() -> dt.datetime:
    """The clock that everything else is given."""
    return dt.datetime.now(dt.UTC)


def _until_told_to_stop() -> gevent.event.Event:
    stop = gevent.event.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stop.set)
    return stop


def snapshot_source(database: Database) -> Callable[[], LoadSnapshot]:
    """Reads the directory in a thread of the hub's pool (a database must not hold the hub), with a time limit.

    Its version is asked for at once, while FreeSWITCH hands over the call.
    """
    loader = SnapshotLoader(database)

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
                    return known or cast(Snapshot, in_thread(loader.load, call, today))
            finally:
                version.kill(block=False)

        return load

    return begin


def run_router(settings: Settings, heartbeat_fd: int | None) -> int:
    """The router in the foreground, until SIGTERM; returns the exit code."""
    stop = _until_told_to_stop()
    Heartbeat(_ROUTER_STILL, heartbeat_fd).start()
    database = Database(settings.database_url)
    handler = CallHandler(snapshot_source(database), now, settings)
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


def run_worker(settings: Settings, heartbeat_fd: int | None) -> int:
    """The worker in the foreground, until SIGTERM; returns the exit code (1 when one of its loops died)."""
    os.nice(_AFTER_CALLS)
    stop = _until_told_to_stop()
    stopping = threading.Event()
    Heartbeat(0, heartbeat_fd).start()
    database = Database(settings.database_url)
    settings.spool.create()
    ledger = Ledger(database, settings, clock=now, on_mail=lambda: delivery.wake())  # noqa: PLW0108 (made below)
    delivery = Delivery(database, settings, clock=now, hold=ledger.wait_until_caught_up)
    client = event_socket_client(settings, "worker")
    client.start()
    sweep = NoteSweep(ledger, _Switch(client))
    loops = [
        threading.Thread(target=loop, args=(stopping,), name=name, daemon=True)
        for name, loop in (("ledger", ledger.run), ("mail", delivery.run))
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


def health_checks(settings: Settings, database: Database) -> dict[str, Callable[[], object]]:
    """What ``/health`` runs, by name."""
    from callrouter.web.checks import check_mail, check_spool

    def router() -> str:
        address = settings.router.listen
        with socket.create_connection(parse_address(address, "[router] listen"), timeout=2):
            return f"{address} accepts connections"

    def freeswitch() -> str:
        address = settings.freeswitch.event_socket
        with socket.create_connection(parse_address(address, "[freeswitch] event_socket"), timeout=2) as connection:
            if not connection.recv(1):  # it speaks first; where it hangs, the kernel accepts all the same
                raise ConnectionError(f"{address} closed the connection without a word")
        return f"{address} answers"

    def reads() -> str:
        with database.read() as session:
            session.connection().exec_driver_sql("SELECT version FROM company")
        return "readable"

    return {
        "database": reads,
        "freeswitch": freeswitch,
        "router": router,
        "spool": lambda: check_spool(settings.spool, now().timestamp()),
        "mail": lambda: check_mail(database),
    }


def apply_configuration(settings: Settings) -> tuple[str, ...]:
    """Run ``callrouter config apply``; returns what takes effect only at a restart.

    In a process of its own: rendering a large company takes seconds of computing that pages should not wait for.
    Raises RenderError when nothing was changed.
    """
    config = ["--config", str(settings.file)] if settings.file else []
    command = [sys.executable, "-m", "callrouter", *config, "config", "apply", "--only-reloaded", "--json"]
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=settings.base, capture_output=True, text=True, timeout=_APPLY_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise RenderError(f"it took more than {_APPLY_SECONDS:g} s and was ended") from None
    try:
        said = json.loads(done.stdout)
    except ValueError:
        raise RenderError(done.stderr.strip() or f"`callrouter config apply` ended with {done.returncode}") from None
    if said["edited"]:
        raise RenderError(
            f"not as callrouter wrote them: {', '.join(said['edited'])}; see `callrouter config diff`, then put your "
            "changes into templates, or run `callrouter config apply --force`"
        )
    if said["problem"]:
        raise RenderError(said["problem"])
    return tuple(said["restart"])


def send_test_mail(settings: Settings, recipient: str) -> None:
    """Hand a short mail for *recipient* to the mail server; raises DeliveryError with what it said."""
    message = EmailMessage()
    message["From"] = settings.smtp.sender
    message["To"] = recipient
    message["Subject"] = "callrouter: Test / test"
    message["Date"] = email.utils.format_datetime(now())
    message["Message-ID"] = email.utils.make_msgid(domain=settings.smtp.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        "Die Mail-Einstellungen von callrouter funktionieren.\n\nThe mail settings of callrouter work.\n"
    )
    connection = SmtpConnection(settings.smtp)
    try:
        connection.deliver(message, settings.smtp.sender, recipient)
    finally:
        connection.close()


def _in_a_thread(act: Callable[[], object]) -> object:
    return gevent.get_hub().threadpool.apply(act)


def web_parts(settings: Settings, database: Database, client: InboundClient) -> Parts:
    """What the pages work with; *client* is connected to FreeSWITCH, or will be."""
    from callrouter.directory.explaining import Explainer
    from callrouter.web.applying import Applying
    from callrouter.web.live import LiveSwitch
    from callrouter.web.parts import Parts

    return Parts(
        settings=settings,
        database=database,
        clock=now,
        checks=health_checks(settings, database),
        apply=Applying(lambda: apply_configuration(settings), now),
        switch=LiveSwitch(lambda command: client.api(command, timeout=_LIVE_SECONDS)),
        send_test_mail=lambda recipient: send_test_mail(settings, recipient),
        explain=Explainer(database),
    )


def run_web(settings: Settings, heartbeat_fd: int | None) -> int:
    """The web pages in the foreground, until SIGTERM; returns the exit code."""
    from callrouter.web.application import create_application
    from callrouter.web.server import create_server

    os.nice(_AFTER_CALLS)
    stop = _until_told_to_stop()
    Heartbeat(0, heartbeat_fd).start()
    database = Database(settings.database_url, wait=_in_a_thread)

    def connected() -> None:
        """What was saved, here or by a command, while FreeSWITCH could not be told, or just before the last end."""
        if (settings.conf_dir / MANIFEST).is_file():
            given.apply.request()
        given.apply.retry()

    client = event_socket_client(settings, "web", connected)
    given = web_parts(settings, database, client)
    client.start()
    given.apply.start()
    server = create_server(parse_address(settings.web.listen, "[web] listen"), create_application(given))
    server.start()
    log.get("web").info(f"pages on {settings.web.base_url}")
    stop.wait()
    server.stop(timeout=5)
    given.apply.stop()
    client.stop()
    database.close()
    return 0


RUN: dict[str, Callable[[Settings, int | None], int]] = {
    "router": run_router,
    "worker": run_worker,
    "web": run_web,
}


def serve_all(settings: Settings, config: Path | None) -> int:
    """All roles as child processes until SIGTERM; returns the exit code."""
    command = [sys.executable, "-m", "callrouter.cli.role"]
    arguments = ["--config", str(config)] if config else []
    silence = {"router": _ROUTER_SILENCE, "worker": _OTHER_SILENCE, "web": _OTHER_SILENCE}
    roles = [Role(name, [*command, name, *arguments], silence[name]) for name in RUN]
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
