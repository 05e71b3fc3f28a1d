"""/health: 200 while all is well, 503 and the reason when a part is gone or work piles up; /metrics for Prometheus."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections import namedtuple
from contextlib import suppress
from pathlib import Path

import gevent.event
import pytest

from callrouter import settings as settings_file
from callrouter.app import event_socket_client
from callrouter.directory.database import Database
from callrouter.settings import Settings
from callrouter.web import health
from callrouter.web.application import create_application
from callrouter.web_app import phone_lamps, web_parts
from tests.ledger import company


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def switch():
    """An event socket that speaks first, as FreeSWITCH's does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(b"Content-Type: auth/request\n\n")

        threading.Thread(target=greet, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def settings(tmp_path: Path, listener: str, switch: str) -> Settings:
    file = tmp_path / "callrouter.toml"
    parts = {"freeswitch": {"spool_dir": "spool", "event_socket": switch}, "router": {"listen": listener}}
    file.write_text(settings_file.render(parts), "utf-8")
    loaded = settings_file.load(file, environ={})
    loaded.spool.create()
    return loaded


def pages(settings: Settings, database: Database):
    client = event_socket_client(settings, "web")
    parts = web_parts(settings, database, client, phone_lamps(database, client))
    return create_application(parts).test_client()


@pytest.fixture
def client(settings: Settings):
    database = company.company(settings.database_url)
    yield pages(settings, database)
    database.close()


def test_all_is_well(client):
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json["ok"] is True
    assert answer.json["checks"]["spool"]["seen"] == {"waiting": 0, "quarantined": 0}
    assert answer.json["checks"]["mail"]["seen"] == {"waiting": 0, "dead": 0}


def test_a_cdr_that_nobody_takes_is_told(client, settings: Settings):
    cdr = settings.spool.cdr / "a_1.cdr.json"
    cdr.touch()
    (settings.spool.quarantine / "a_2.cdr.json.reason.txt").touch()
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json["checks"]["spool"]["seen"] == {"waiting": 1, "quarantined": 1}
    os.utime(cdr, (0, 0))
    answer = client.get("/health")
    assert answer.status_code == 503
    assert "1 CDRs wait, the oldest for" in answer.json["checks"]["spool"]["error"]


def test_a_full_disk_is_told(client, monkeypatch: pytest.MonkeyPatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12 - 10**6, 10**6))
    answer = client.get("/health")
    assert answer.status_code == 503
    assert "only 1 MB are free" in answer.json["checks"]["spool"]["error"]


def test_a_part_that_is_gone_is_told(settings: Settings, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        gone = f"127.0.0.1:{server.getsockname()[1]}"
    settings = settings_file.load(tmp_path / "callrouter.toml", environ={"CALLROUTER_ROUTER_LISTEN": gone})
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    answer = pages(settings, database).get("/health")
    database.close()
    assert answer.status_code == 503
    wrong = {name for name, check in answer.json["checks"].items() if not check["ok"]}
    assert wrong == {"router", "database", "mail"}


def test_a_freeswitch_that_accepts_and_says_nothing_is_told(settings: Settings, tmp_path: Path, listener: str):
    environ = {"CALLROUTER_FREESWITCH_EVENT_SOCKET": listener}
    hung = settings_file.load(tmp_path / "callrouter.toml", environ=environ)
    database = company.company(hung.database_url)
    answer = pages(hung, database).get("/health")
    database.close()
    assert answer.status_code == 503
    assert {name for name, check in answer.json["checks"].items() if not check["ok"]} == {"freeswitch"}


def test_metrics_are_there_for_prometheus(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "callrouter_cdrs_quarantined_total" in answer.text


def test_a_part_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "_LONGEST", 0.1)
    never = gevent.event.Event()
    found = health.results({"database": never.wait, "router": lambda: "there"})
    assert found == {
        "database": {"ok": False, "error": "no answer within 0.1 s"},
        "router": {"ok": True, "seen": "there"},
    }
    never.set()
