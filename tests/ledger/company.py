"""A small company in a fresh database, CDRs as mod_json_cdr writes them, and recordings: what ledger tests need."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import struct
from array import array
from pathlib import Path
from typing import Any

from callrouter.directory.database import Database
from callrouter.directory.models import (
    Base,
    CompanyRow,
    DeviceRow,
    EmployeeRow,
    MailboxRow,
    NumberRow,
    PoolRow,
)
from callrouter.settings import Settings

UUID = "4123f9b2-ef69-414a-b3fd-9e1fd83136cb"
OTHER = "5979a4ae-4320-4a81-9c28-1802828da23b"
CORE = "c4de4ed1-dac6-4ed6-926f-f08a6d524c85"
START = dt.datetime(2026, 11, 21, 14, 42, 1, tzinfo=dt.UTC)
NOW = START + dt.timedelta(minutes=1)
ANNA = "+493023125010"
CALLER = "+4917604069001"


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def company(url: str) -> Database:
    """Anna (mailbox, all mails, two phones), Ben (missed calls only, English), and their pool, sales."""
    database = Database(url)
    Base.metadata.create_all(database.engine)
    anna = EmployeeRow(
        key="anna",
        name="Anna Schmidt",
        extension="10",
        notify_about="all",
        notify_email="anna@muster.example",
        mailbox=MailboxRow(enabled=True, audio="mp3"),
        numbers=[NumberRow(e164=ANNA, state="active", personal=True)],
        devices=[DeviceRow(label="Tischtelefon", sip_user="anna-desk", sip_password="4f1bX2-desk")],
    )
    ben = EmployeeRow(
        key="ben",
        name="Ben Yılmaz",
        extension="11",
        notify_about="missed",
        notify_email="ben@muster.example",
        notify_language="en",
        mailbox=MailboxRow(enabled=True, audio="wav"),
        numbers=[NumberRow(e164="+493023125011", state="active", personal=True)],
        devices=[DeviceRow(label="Tischtelefon", sip_user="ben-desk", sip_password="9c7aQ1-desk")],
    )
    sales = PoolRow(
        key="sales",
        name="Vertrieb",
        notify_about="all",
        notify_email="vertrieb@muster.example",
        mailbox=MailboxRow(enabled=True, audio="none"),
        numbers=[NumberRow(e164="+493023125000", state="active")],
    )
    row = CompanyRow(
        id=1,
        name="Muster GmbH",
        language="de",
        timezone="Europe/Berlin",
        country="DE",
        area_code="30",
        sip_domain="pbx.muster.example",
        cases={"mail_minutes": 0},
    )
    with database.write() as session:
        session.add_all([row, anna, ben, sales])
    return database


def settings(folder: Path) -> Settings:
    from callrouter.settings import FreeSwitch

    made = Settings(freeswitch=FreeSwitch(spool_dir="spool"), base=folder)
    made.spool.create()
    return made


def micros(at: dt.datetime | None) -> str:
    return str(int(at.timestamp() * 1_000_000)) if at else "0"


def cdr_dict(
    *steps: str,
    uuid: str = UUID,
    seconds: float = 12,
    cause: str = "ORIGINATOR_CANCEL",
    answered: bool = False,
    owner: str | None = "employee:anna",
    **variables: str,
) -> dict[str, Any]:
    """A CDR of an inbound call to Anna, shaped as FreeSWITCH 1.11 writes it; *variables* add, ``""`` removes."""
    marks = "ARRAY::" + "|:".join(steps) if len(steps) > 1 else "".join(steps)
    end = START + dt.timedelta(seconds=seconds)
    values = {
        "direction": "inbound",
        "uuid": uuid,
        "sip_from_user": CALLER,
        "sip_from_uri": f"{CALLER}@carrier.example",
        "channel_name": f"sofia/trunk/{CALLER}@carrier.example",
        "sip_invite_stamp": micros(START),
        "sip_req_user": "023125010",
        "callrouter_number": ANNA,
        "callrouter_owner": owner or "",
        "callrouter_version": "7",
        "callrouter_trunk": "carrier",
        "callrouter_direction": "inbound",
        "callrouter_caller": CALLER,
        "callrouter_step": marks,
        "hangup_cause": cause,
        "start_uepoch": micros(START),
        "answer_uepoch": micros(START + dt.timedelta(seconds=4)) if answered else "0",
        "bridge_uepoch": "0",
        "end_uepoch": micros(end),
        "caller_id": f'"Kunde" <{CALLER}>',
        "billsec": "0",
        **variables,
    }
    profile = {
        "username": CALLER,
        "dialplan": "XML",
        "caller_id_name": "Kunde",
        "ani": CALLER,
        "caller_id_number": CALLER,
        "network_addr": "127.0.0.1",
        "destination_number": "023125010",
        "uuid": uuid,
        "chan_name": f"sofia/trunk/{CALLER}@carrier.example",
    }
    return {
        "core-uuid": CORE,
        "switchname": "node-1",
        "channel_data": {"state": "CS_REPORTING", "direction": "inbound"},
        "variables": {key: value for key, value in values.items() if value != ""},
        "app_log": {"applications": [{"app_name": "set", "app_data": f"callrouter_caller={CALLER}"}]},
        "callflow": [{"dialplan": "XML", "caller_profile": profile, "times": {"created_time": micros(START)}}],
    }


def cdr_bytes(*steps: str, **options: Any) -> bytes:
    return json.dumps(cdr_dict(*steps, **options)).encode() + b"\n"


def put(path: Path, data: bytes, at: dt.datetime = START) -> Path:
    path.write_bytes(data)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def put_cdr(made: Settings, data: bytes, uuid: str = UUID, at: dt.datetime = START) -> Path:
    return put(made.spool.cdr / f"a_{uuid}.cdr.json", data, at)


def wav(samples: array[int] | None = None, *, seconds: float = 2.0, data_size: int | None = None) -> bytes:
    """A recording of a 440 Hz tone (or of *samples*); *data_size* is what its header claims."""
    if samples is None:
        samples = array("h", (int(8000 * math.sin(i * 0.3455)) for i in range(int(seconds * 8000))))
    body = samples.tobytes()
    size = len(body) if data_size is None else data_size
    riff = struct.pack("<4sI4s", b"RIFF", size + 36, b"WAVE")
    return riff + struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", size) + body
