"""A company and its ended calls as FreeSWITCH leaves them in the spool: what the ledger's benchmark works on.

``cdr.json`` is a CDR that FreeSWITCH 1.11 wrote, so that size and number of fields are real.
"""

from __future__ import annotations

import array
import datetime as dt
import json
import math
import random
import uuid
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from callrouter.spool import Spool

_TEMPLATE = json.loads((Path(__file__).parent / "cdr.json").read_text("utf-8"))
_MESSAGE_SECONDS = 5
_KINDS = ("answered", "missed", "voicemail", "rejected")
_SHARES = (50, 30, 15, 5)


@dataclass(frozen=True, slots=True)
class EndedCall:
    """One ended call; ``wav``: whether its caller left a message; ``mailed``: whether somebody is to be told of it."""

    uuid: str
    cdr: bytes
    wav: bool
    mailed: bool


def muster() -> dict[str, Any]:
    """The example's company, with nobody who goes without mails."""
    company: dict[str, Any] = yaml.safe_load((files("callrouter.simulator") / "muster.yaml").read_text("utf-8"))
    for owner in (*company["employees"], *company["pools"]):
        owner["notify"]["about"] = "all"
        owner["mailbox"]["enabled"] = True
    return company


def large_company(employees: int = 1000) -> dict[str, Any]:
    """A company of up to 1,000 employees, each with a personal number and a phone."""
    company = muster()
    numbers = [f"+493023125{number:03}" for number in range(employees)]
    company["number_blocks"] = [{"prefix": "+493023125", "first": "000", "last": "999"}]
    company["numbers"] = numbers
    company["pools"] = []
    company["employees"] = [
        {
            "id": f"e{i}",
            "name": f"Erika Muster {i}",
            "email": f"e{i}@muster.example",
            "personal_number": number,
            "extension": str(2000 + i),
            "devices": [{"label": "Tischtelefon", "kind": "desk", "sip_user": f"e{i}-desk"}],
            "mailbox": {"enabled": True, "audio": "mp3"},
            "notify": {"about": "all", "email": f"e{i}@muster.example"},
        }
        for i, number in enumerate(numbers)
    ]
    return company


def _owners(company: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Owner key, number and device of everybody who can be called."""
    employees = [
        (f"employee:{one['id']}", one["personal_number"], one["devices"][0]["sip_user"]) for one in company["employees"]
    ]
    device = company["employees"][0]["devices"][0]["sip_user"]
    return employees + [(f"pool:{pool['id']}", pool["numbers"][0], device) for pool in company["pools"]]


def _marks(kind: str, owner: str) -> list[str]:
    ring = f"1;ring;{owner}"
    if kind == "voicemail":
        mailbox = f"2;voicemail;{owner}"
        return [ring, f"{ring};no_answer", mailbox, f"{mailbox};recorded"]
    return [f"1;reject;{owner};blocked_caller"] if kind == "rejected" else [ring]


def _micros(at: dt.datetime) -> str:
    return str(int(at.timestamp() * 1_000_000))


def calls(company: dict[str, Any], count: int, *, seed: int = 1) -> Iterator[EndedCall]:
    """*count* ended calls: 50 % answered, 30 % missed, 15 % messages, 5 % rejected; the same for the same *seed*."""
    source = random.Random(seed)
    owners = _owners(company)
    ours = {number for _, number, _ in owners}
    callers = [f"+4917604069{number:03}" for number in range(100)]
    callers += [number for i in range(1000) if (number := f"+493023125{i:03}") not in ours]
    start = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=count + 60)
    for number in range(count):
        kind = source.choices(_KINDS, _SHARES)[0]
        owner, dialled, device = source.choice(owners)
        name = str(uuid.UUID(int=source.getrandbits(128), version=4))
        cdr = _cdr(name, kind, owner, dialled, source.choice(callers), device, start + dt.timedelta(seconds=number))
        yield EndedCall(name, cdr, kind == "voicemail", kind in ("missed", "voicemail"))


def _rang(values: dict[str, str], kind: str, mark: str, device: str, at: dt.datetime) -> list[dict[str, str]]:
    """Two phones ring, and a third that is not registered: the entries of the log, and into *values* the variables."""
    causes = {"answered": ("NONE", "LOSE_RACE"), "voicemail": ("NO_ANSWER",) * 2, "missed": ("ORIGINATOR_CANCEL",) * 2}
    uuids = [f"{values['uuid'][:24]}{n:012x}" for n in range(3)]
    legs = [
        f"[callrouter_device={one},origination_uuid={leg},origination_callee_id_name=Erika Muster,"
        f"origination_callee_id_number=2000]sofia/phones/{one}%pbx.muster.example"
        for one, leg in zip((device, f"{device}-2", f"{device}-3"), uuids, strict=True)
    ]
    values["originated_legs"] = "ARRAY::" + "|:".join(f"{leg};Erika Muster;2000" for leg in uuids[:2])
    values["originate_causes"] = "ARRAY::" + "|:".join(
        f"{leg};{cause}" for leg, cause in zip(uuids, causes[kind], strict=False)
    )
    stamp = _micros(at)
    return [
        {"app_name": "multiset", "app_data": f"^^|callrouter_step={mark}", "app_stamp": stamp},
        {"app_name": "bridge", "app_data": ",".join(legs), "app_stamp": stamp},
    ]


def _cdr(name: str, kind: str, owner: str, dialled: str, caller: str, device: str, start: dt.datetime) -> bytes:
    marks = _marks(kind, owner)
    end = start + dt.timedelta(seconds=40)
    values = {
        "uuid": name,
        "sip_from_user": caller,
        "sip_from_uri": f"{caller}@carrier.example",
        "sip_req_user": dialled,
        "sip_to_user": dialled,
        "callrouter_number": dialled,
        "callrouter_owner": owner,
        "callrouter_version": "1",
        "callrouter_trunk": "carrier",
        "callrouter_direction": "inbound",
        "callrouter_caller": caller,
        "callrouter_step": "ARRAY::" + "|:".join(marks) if len(marks) > 1 else marks[0],
        "start_uepoch": _micros(start),
        "end_uepoch": _micros(end),
        "hangup_cause": "NORMAL_CLEARING" if kind in ("answered", "voicemail") else "ORIGINATOR_CANCEL",
    }
    if kind in ("answered", "voicemail"):
        values["answer_uepoch"] = _micros(start + dt.timedelta(seconds=8))
    if kind == "answered":
        values["callrouter_device"] = device
    log = _TEMPLATE["app_log"]
    if kind != "rejected":
        log = {"applications": [*log["applications"], *_rang(values, kind, marks[0], device, start)]}
    [flow] = _TEMPLATE["callflow"]
    profile = {**flow["caller_profile"], "caller_id_number": caller, "ani": caller, "destination_number": dialled}
    document = {
        **_TEMPLATE,
        "variables": {**_TEMPLATE["variables"], **values},
        "app_log": log,
        "callflow": [{**flow, "caller_profile": {**profile, "caller_id_name": "", "uuid": name}}],
    }
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def write_message(path: Path) -> None:
    """A recording of five seconds: a second of silence, then a tone that comes and goes as speech does."""
    rate = 8000
    samples = array.array("h", bytes(2 * rate))
    samples.extend(
        int(6000 * math.sin(i * 0.3455) * abs(math.sin(i * 0.0008))) for i in range(rate * (_MESSAGE_SECONDS - 1))
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def put(spool: Spool, call: EndedCall, wav: bytes) -> None:
    """Leave *call* in *spool*, its recording first, as FreeSWITCH does."""
    if call.wav:
        spool.recording(call.uuid, "2").write_bytes(wav)
    (spool.cdr / f"a_{call.uuid}.cdr.json").write_bytes(call.cdr)
