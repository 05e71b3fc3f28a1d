"""Wires the web role together: settings in, pages out."""

from __future__ import annotations

import email.utils
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from email.message import EmailMessage

import gevent

from callrouter import log
from callrouter.app import AFTER_CALLS, event_socket_client, now, until_told_to_stop
from callrouter.directory import opening, pools
from callrouter.directory.database import Database
from callrouter.directory.explaining import Explainer
from callrouter.errors import RenderError
from callrouter.esl.client import InboundClient
from callrouter.heartbeat import Heartbeat
from callrouter.mail.smtp import SmtpConnection
from callrouter.rendering.changes import MANIFEST
from callrouter.settings import Settings, parse_address
from callrouter.web.application import create_application
from callrouter.web.applying import Applying, follow
from callrouter.web.checks import check_mail, check_spool
from callrouter.web.lamps import Lamps, presence
from callrouter.web.live import LiveSwitch
from callrouter.web.parts import Parts
from callrouter.web.security import elsewhere
from callrouter.web.server import create_server

#: Longest time for rendering the configuration and having FreeSWITCH take it over (seconds).
_APPLY_SECONDS = 180.0
#: Longest wait for FreeSWITCH's answer about what it is doing, for a page (seconds).
_LIVE_SECONDS = 2.0
#: Pools open and close by themselves; lamps show it so many seconds later at most.
_LAMPS_SECONDS = 5.0


def health_checks(settings: Settings, database: Database) -> dict[str, Callable[[], object]]:
    """What ``/health`` runs, by name."""

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


def phone_lamps(database: Database, client: InboundClient) -> Lamps:
    """The lamps of phones; *client* is connected to FreeSWITCH, or will be."""

    def lit() -> dict[str, bool]:
        with database.read() as session:
            return pools.lamps(session) | opening.lamps(session, now())

    lamps = Lamps(lit, lambda address, lit: client.sendevent("PRESENCE_IN", presence(address, lit)))
    client.subscribe(["PRESENCE_PROBE"], lambda event: lamps.asked(event.headers))
    return lamps


def web_parts(settings: Settings, database: Database, client: InboundClient, lamps: Lamps) -> Parts:
    """What the pages work with; *client* is connected to FreeSWITCH, or will be."""

    def put() -> tuple[str, ...]:
        restart = apply_configuration(settings)
        lamps.show()
        return restart

    return Parts(
        settings=settings,
        database=database,
        clock=now,
        checks=health_checks(settings, database),
        apply=Applying(put, now),
        switch=LiveSwitch(lambda command: client.api(command, timeout=_LIVE_SECONDS)),
        send_test_mail=lambda recipient: send_test_mail(settings, recipient),
        explain=Explainer(database),
    )


def run_web(settings: Settings, heartbeat_fd: int | None) -> int:
    """The web pages in the foreground, until SIGTERM; returns the exit code."""
    os.nice(AFTER_CALLS)
    stop = until_told_to_stop()
    Heartbeat(0, heartbeat_fd).start()
    database = Database(settings.database_url, pages=settings.web.base_url, wait=elsewhere)

    def connected() -> None:
        """What was saved, here or by a command, while FreeSWITCH could not be told, or just before the last end."""
        if (settings.conf_dir / MANIFEST).is_file():
            given.apply.request()
        given.apply.retry()

    client = event_socket_client(settings, "web", connected)
    lamps = phone_lamps(database, client)
    given = web_parts(settings, database, client, lamps)
    client.start()
    given.apply.start()
    phones = gevent.spawn(follow, settings.spool.changed, given.apply.request)
    times = gevent.spawn(lamps.follow, _LAMPS_SECONDS)
    server = create_server(parse_address(settings.web.listen, "[web] listen"), create_application(given))
    server.start()
    log.get("web").info(f"pages on {settings.web.base_url}")
    stop.wait()
    server.stop(timeout=5)
    gevent.killall([phones, times])
    given.apply.stop()
    client.stop()
    database.close()
    return 0
