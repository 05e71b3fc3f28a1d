"""Ended calls with what they left behind, put into the database as the ledger does."""

from __future__ import annotations

import datetime as dt
import io
import math
import struct
import wave
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from callrouter.directory import contacts
from callrouter.directory.changing import made
from callrouter.directory.contacts import Contact
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import CallRow, CallStepRow, CaseRow, MessageRow, OutboxRow
from callrouter.ledger.rings import Leg
from tests.web.world import World

#: Saturday, 15:02 in Berlin.
AT = dt.datetime(2026, 11, 21, 14, 2, 3, tzinfo=dt.UTC)


def tone(seconds: float) -> bytes:
    """A WAV file as messages are: 8 kHz, mono, 16 bit."""
    samples = (int(9000 * math.sin(2 * math.pi * 440 * i / 8000)) for i in range(int(8000 * seconds)))
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return target.getvalue()


def put_call(
    world: World,
    uuid: str,
    *owners: str,
    detail: str = "",
    device: str | None = None,
    message: bytes = b"",
    legs: Sequence[Leg] = (),
    **values: Any,
) -> int:
    """A call that came to *owners* one after the other; the last of them has its outcome, *legs* and *message* (WAV).

    Returns the message's id, 0 without one.
    """
    given: dict[str, Any] = {
        "uuid": uuid,
        "direction": "inbound",
        "number": "+493023125010",
        "dialed": "+493023125010",
        "caller": "+4917604069001",
        "caller_name": "",
        "trunk": "carrier",
        "outcome": "voicemail" if message else "missed",
        "cause": "NORMAL_CLEARING",
        "started_at": AT,
        "ended_at": values.get("started_at", AT) + dt.timedelta(seconds=65),
    }
    with world.database.write() as session:
        rows = {row.owner_key: row for row in session.scalars(select(OwnerRow))}
        call = CallRow(**(given | values))
        session.add(call)
        session.flush()
        last = None
        for n, key in enumerate(owners):
            is_last = n == len(owners) - 1
            last = CallStepRow(
                call_id=call.id,
                n=str(n),
                position=n,
                kind="voicemail" if is_last and message else "ring",
                owner=key,
                owner_id=rows[key].id if key in rows else None,
                started_at=call.started_at,
                outcome=call.outcome if is_last else "missed",
                detail=detail if is_last else "no_answer",
                device=device if is_last else None,
                legs=[leg.as_json() for leg in legs] if is_last else [],
            )
            session.add(last)
        if not message:
            return 0
        owner = rows.get(owners[-1])
        case = CaseRow(
            owner_id=owner.id if owner else None,
            caller_key=uuid,
            caller=call.caller,
            opened_at=call.started_at,
            changed_at=call.started_at,
            calls=1,
            messages=1,
            root_message_id=f"<{uuid}>",
        )
        session.add(case)
        session.flush()
        assert last is not None
        last.case_id = case.id
        left = MessageRow(
            call_id=call.id,
            n="1",
            owner_id=owner.id if owner else None,
            case_id=case.id,
            recorded_at=call.started_at,
            milliseconds=max(len(message) - 44, 0) // 16,
            audio=message,
        )
        session.add(left)
        session.flush()
        session.add(
            OutboxRow(
                mail_id=f"<{uuid}.1>",
                kind="voicemail",
                recipient=f"{owners[-1].partition(':')[2]}@muster.example",
                subject="Anruf",
                headers={},
                text="",
                html="",
                call_id=call.id,
                case_id=case.id,
                message_id=left.id,
                created_at=call.started_at,
                next_try_at=call.started_at,
                state="sent",
                sent_at=call.started_at + dt.timedelta(seconds=70),
            )
        )
        return left.id


def put_contact(world: World) -> None:
    """Somebody in the phone book: entry 1."""
    numbers = [{"number": "+4917604069055", "label": "mobil"}]
    with world.database.write() as session:
        contacts.add(session, made(Contact, name="Eva Kuhn", numbers=numbers))
