"""The worker as it runs: from a missed call to a mail in the team's mailbox, which is marked as done there."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from callrouter.directory import contact_rows  # noqa: F401 (its table)
from callrouter.directory.database import Database
from callrouter.directory.records import CaseChangeRow, OutboxRow
from tests.ledger.company import cdr_bytes, company, put_cdr
from tests.ledger.company import settings as company_settings
from tests.mail.dovecot import PASSWORD, USER, Dovecot
from tests.mail.server import MailServer

_DEADLINE = 60.0
_SETTINGS = """
[database]
url = "sqlite:///callrouter.db"
[freeswitch]
spool_dir = "spool"
event_socket = "127.0.0.1:1"
password = "geheim-fs"
[smtp]
port = {smtp}
sender = "telefon@muster.example"
[imap.anna]
host = "127.0.0.1"
port = {imap}
security = "none"
username = "{user}"
password = "{password}"
done = "folder:Erledigt"
poll_seconds = 1
[imap.nobody]
host = "127.0.0.1"
port = 1
username = "niemand"
password = "geheim"
poll_seconds = 1
"""


def changes(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        return [(row.change, row.actor) for row in session.scalars(select(CaseChangeRow).order_by(CaseChangeRow.id))]


@pytest.mark.dovecot
def test_a_missed_call_is_done_in_the_mailbox(tmp_path: Path) -> None:
    database = company(f"sqlite:///{tmp_path}/callrouter.db")
    settings = company_settings(tmp_path)
    with Dovecot() as dovecot, MailServer() as smtp:
        program = dovecot.client()
        program.create_folder("Erledigt")
        text = _SETTINGS.format(smtp=smtp.port, imap=dovecot.port, user=USER, password=PASSWORD)
        (tmp_path / "callrouter.toml").write_text(text, "utf-8")
        command = [sys.executable, "-m", "callrouter", "--config", str(tmp_path / "callrouter.toml"), "serve", "worker"]
        with (tmp_path / "log").open("w") as log:
            worker = subprocess.Popen(command, stderr=log, cwd=tmp_path)
        deadline = time.monotonic() + _DEADLINE
        try:
            put_cdr(settings, cdr_bytes("1;ring;employee:anna"))
            assert smtp.reached.wait(_DEADLINE), (tmp_path / "log").read_text()
            while not smtp.taken and time.monotonic() < deadline:
                smtp.lost.wait(0.1)
            program.append("INBOX", smtp.taken[0].as_bytes())
            program.select_folder("INBOX")
            program.move(program.search("ALL"), "Erledigt")
            while not changes(database) and time.monotonic() < deadline:
                smtp.lost.wait(0.1)
            assert changes(database) == [("close", "mailbox:anna")], (tmp_path / "log").read_text()
            with database.read() as session:
                assert [row.kind for row in session.scalars(select(OutboxRow))] == ["missed"]
        finally:
            worker.terminate()
            assert worker.wait(_DEADLINE) == 0
    said = (tmp_path / "log").read_text()
    assert said.count("mailbox nobody (niemand on 127.0.0.1:1) cannot be used: ") == 1
    assert PASSWORD not in said
    database.close()


@pytest.mark.parametrize("role", ["callrouter.app", "callrouter.web_app", "callrouter.cli.main"])
def test_nothing_but_a_worker_with_a_mailbox_loads_the_library(role: str) -> None:
    command = [sys.executable, "-c", f"import sys, {role}; sys.exit('imapclient' in sys.modules)"]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0
