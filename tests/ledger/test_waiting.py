"""Calls whose caller waited for a member of a pool: for FreeSWITCH all were answered, for us only some."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest

from callrouter.ledger.cdr import Cdr, parse
from callrouter.ledger.outcome import Outcome, outcome
from callrouter.ledger.rings import End, Leg
from tests.ledger.company import START, UUID, cdr_bytes, micros

TALKED = START + dt.timedelta(seconds=40)
RING, WAIT = "f-sales;ring;pool:sales", "w-sales;ring;pool:sales"
NAME = f"a_{UUID}.cdr.json"


def _parse(*steps: str, talked: bool = False, **variables: str) -> Cdr:
    values = {"answered": True, "owner": "pool:sales", "cause": "NORMAL_CLEARING", "seconds": 60}
    bridged = micros(TALKED) if talked else "0"
    return parse(cdr_bytes(*steps, bridge_uepoch=bridged, **values, **variables), NAME)


@pytest.mark.parametrize(
    ("steps", "variables", "said"),
    [
        ((RING, RING + ";no_answer", WAIT), {}, (Outcome.MISSED, "waited", None)),
        ((WAIT,), {}, (Outcome.MISSED, "waited", None)),
        ((WAIT,), {"cause": "SYSTEM_SHUTDOWN"}, (Outcome.MISSED, "switch_stopped", None)),
        ((WAIT, WAIT + ";wants_call_back"), {}, (Outcome.MISSED, "wants_call_back", None)),
        ((RING, RING + ";busy", WAIT, WAIT + ";no_answer"), {}, (Outcome.MISSED, "no_answer", None)),
        ((RING, RING + ";busy", WAIT + ";waits_full"), {}, (Outcome.MISSED, "waits_full", None)),
        ((WAIT, WAIT + ";no_answer", RING + ";forwarded"), {}, (Outcome.MISSED, "forwarded", None)),
        ((RING, RING + ";busy", WAIT + ";waits_full", RING + ";forwarded"), {}, (Outcome.MISSED, "forwarded", None)),
        (("1;ring;pool:sales", "1;ring;pool:sales;busy", WAIT), {"callrouter_device": "ben-desk", "talked": True},
         (Outcome.ANSWERED, "", "ben-desk")),
        ((WAIT,), {"callrouter_picked": "ben-desk", "talked": True}, (Outcome.ANSWERED, "", "ben-desk")),
        ((WAIT,), {"talked": True}, (Outcome.ANSWERED, "", None)),
    ],
)  # fmt: skip
def test_what_became_of_who_waited(
    steps: tuple[str, ...], variables: dict[str, str], said: tuple[Outcome, str, str | None]
) -> None:
    if "cause" in variables:
        cdr = parse(cdr_bytes(*steps, answered=True, owner="pool:sales", cause=variables["cause"]), NAME)
    else:
        cdr = _parse(*steps, **variables)  # type: ignore[arg-type]
    [part] = outcome(cdr, {}).parts
    assert (part.outcome, part.detail, part.device) == said


def test_the_call_is_answered_when_somebody_talks_with_the_caller() -> None:
    assert _parse(WAIT, talked=True).answered_at == TALKED
    assert _parse(WAIT).answered_at is None
    assert _parse(RING, talked=True).answered_at == START + dt.timedelta(seconds=4)
    before = "f-anna;ring;employee:anna", "was;anna-desk"
    assert _parse(*before, WAIT, talked=True).answered_at == START + dt.timedelta(seconds=4)


def _leg(n: str, end: End) -> Leg:
    return Leg(n, "ben-desk", end)


def test_of_a_phone_that_rang_again_and_again_the_last_time_is_kept() -> None:
    cdr = _parse(RING, RING + ";busy", WAIT, talked=True, callrouter_device="ben-desk")
    leg = _leg("w-sales", End.NO_ANSWER)
    legs = (_leg("f-sales", End.BUSY), leg, leg, _leg("w-sales", End.ANSWERED))
    [part] = outcome(replace(cdr, legs=legs), {}).parts
    assert [(leg.n, leg.end) for leg in part.legs] == [("f-sales", End.BUSY), ("w-sales", End.ANSWERED)]


def test_a_long_wait_makes_a_large_file_and_is_a_missed_call_all_the_same() -> None:
    document = json.loads(cdr_bytes(WAIT, owner="pool:sales", answered=True, cause="NORMAL_CLEARING"))
    look = {
        "profile_index": "1",
        "extension": {"name": "x" * 10_000},
        "caller_profile": {"destination_number": "offer"},
    }
    document["callflow"] = [look] * 900 + list(document.get("callflow", []))
    found = outcome(parse(json.dumps(document).encode() + b"\n", NAME), {})
    assert [(part.outcome, part.detail) for part in found.parts] == [(Outcome.MISSED, "waited")]
