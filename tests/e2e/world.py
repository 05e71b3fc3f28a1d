"""The world of an end-to-end test: a real FreeSWITCH with our configuration, our roles, phones, a trunk, a mailbox."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import yaml
from sqlalchemy import select

from callrouter.cli.scratch import Scratch, wait_until
from callrouter.directory.records import CallRow, CallStepRow, MessageRow, OutboxRow
from callrouter.mail.outbox import WAITING
from callrouter.simulator import phone as phone_module
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.freeswitch import PrivateFreeSwitch, find_freeswitch
from callrouter.simulator.phone import Phone

ANNA, BEN, SALES = "+493023125010", "+493023125011", "+493023125000"
CALLER = "+4917604069001"
DOMAIN = "pbx.muster.example"
MUSTER = Path(phone_module.__file__).with_name("muster.yaml")


def company(trunk_port: int) -> dict[str, Any]:
    """muster.yaml with waits short enough for tests, and Anna's mailbox taking calls at any hour."""
    data: dict[str, Any] = copy.deepcopy(yaml.safe_load(MUSTER.read_text("utf-8")))
    data["company"] |= {"ring_seconds": 5, "cases": {"mail_minutes": 0}}
    data["trunks"][0]["proxy"] = f"127.0.0.1:{trunk_port}"
    anna = data["employees"][0]
    anna["mailbox"]["answer_after"] = 2
    anna["mailbox"]["audio"] = "wav"
    del anna["mailbox"]["schedule"]
    data["pools"][0]["ring_seconds"] = 5
    data["pools"][0]["mailbox"]["answer_after"] = 2
    return data


class World:
    """Everything that one test needs; phones are registered on demand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trunk = Phone("trunk")
        self.company = company(self.trunk.port)
        self.phones: dict[str, Phone] = {}
        self.scratch: Scratch
        self.switch: PrivateFreeSwitch

    def create(self, **overrides: dict[str, Any]) -> None:
        """Render the configuration and start the switch; the roles are started by the test."""
        self.scratch = Scratch(self.folder, self.company, **overrides)
        self.scratch.create()
        self.trunk.server = ("127.0.0.1", self.scratch.settings.freeswitch.trunk_port)
        self.trunk.domain = "127.0.0.1"
        self.start_switch()

    def start_switch(self) -> None:
        """Start FreeSWITCH (again)."""
        binary = find_freeswitch()
        assert binary is not None
        settings = self.scratch.settings
        self.switch = PrivateFreeSwitch(
            binary,
            conf_dir=settings.conf_dir,
            run_dir=self.folder / "freeswitch" / "run",
            event_socket=settings.freeswitch.event_socket,
        )
        self.switch.start()

    def phone(self, sip_user: str, behaviour: Any) -> Phone:
        """A registered phone of the company."""
        password = next(
            device["sip_password"]
            for employee in self.company["employees"]
            for device in employee["devices"]
            if device["sip_user"] == sip_user
        )
        server = ("127.0.0.1", self.scratch.settings.freeswitch.phones_port)
        phone = Phone(sip_user, password, DOMAIN, server, behaviour=behaviour)
        self.phones[sip_user] = phone
        assert phone.register() == 200
        return phone

    def calls(self, count: int, seconds: float = 40.0) -> list[CallRow]:
        """The records of calls, once there are *count* of them."""

        def found() -> list[CallRow] | None:
            with self.scratch.database.read() as session:
                rows = list(session.scalars(select(CallRow).order_by(CallRow.started_at, CallRow.id)))
            return rows if len(rows) >= count else None

        rows: list[CallRow] = wait_until(found, f"{count} calls in the ledger", seconds)
        return rows

    def steps(self, call: CallRow) -> list[tuple[str, str, str | None]]:
        """Owner, outcome and device of each part of *call*."""
        with self.scratch.database.read() as session:
            rows = session.scalars(
                select(CallStepRow).where(CallStepRow.call_id == call.id).order_by(CallStepRow.position)
            )
            return [(row.owner, row.outcome, row.device) for row in rows]

    def details(self, call: CallRow) -> list[str]:
        """How each part of *call* ended."""
        with self.scratch.database.read() as session:
            query = select(CallStepRow.detail).where(CallStepRow.call_id == call.id).order_by(CallStepRow.position)
            return list(session.scalars(query))

    def rung(self, call: CallRow) -> dict[str, str]:
        """Which devices were to ring for *call*, and how that ended."""
        with self.scratch.database.read() as session:
            rows = session.scalars(select(CallStepRow).where(CallStepRow.call_id == call.id))
            return {leg["device"]: leg["end"] for row in rows for leg in row.legs}

    def messages(self) -> list[tuple[int, bytes]]:
        """Length in milliseconds and audio of every message."""
        with self.scratch.database.read() as session:
            return [(row.milliseconds, bytes(row.audio)) for row in session.scalars(select(MessageRow))]

    def mails(self, count: int, seconds: float = 40.0) -> Sequence[EmailMessage]:
        """The mails that came, once there are *count* of them."""
        wait_until(lambda: len(self.scratch.mails.mails()) >= count, f"{count} mails", seconds)
        return self.scratch.mails.mails()

    def quiet(self) -> None:
        """Wait until nothing is left to do: no call, no file in the spool, no mail on its way."""
        spool = self.scratch.settings.spool
        wait_until(lambda: not list(spool.cdr.glob("*.json")), "an empty spool")
        wait_until(lambda: not list(spool.notes.glob("*.json")), "no notes left")
        # A mail is at its recipient's before its worker has noted so.
        on_its_way = select(OutboxRow.id).where(OutboxRow.state == WAITING).limit(1)

        def none_waits() -> bool:
            with self.scratch.database.read() as session:
                return session.scalar(on_its_way) is None

        wait_until(none_waits, "no mail waiting to be sent")

    def archived(self) -> list[dict[str, Any]]:
        """The CDRs in the archive."""
        return [json.loads(path.read_text("utf-8")) for path in self.scratch.settings.spool.archive.rglob("a_*.json")]

    def everything_kept(self) -> str:
        """All that is kept of calls, as one text: database, archive, mails (to look for what must not be there)."""
        database = (self.folder / "callrouter.db").read_bytes() + b"".join(
            path.read_bytes() for path in self.folder.glob("callrouter.db-wal")
        )
        files = [path.read_bytes() for root in ("spool", "mails") for path in (self.folder / root).rglob("*.*")]
        return (database + b"".join(files)).decode("latin-1")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End everything."""
        for phone in (*self.phones.values(), self.trunk):
            phone.close()
        if hasattr(self, "switch"):
            self.switch.kill9()
        if hasattr(self, "scratch"):
            self.scratch.stop()


def final(call: PhoneCall, seconds: float = 30.0) -> int:
    """The final status of a call that was placed."""
    status: int = wait_until(lambda: call.status, "a final answer", seconds)
    return status


def heard(call: PhoneCall) -> list[str]:
    """What happened to a call, by name, in order."""
    return [event.name for event in call.events]
