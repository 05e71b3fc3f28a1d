"""Calls that an employee forwards into the public network, on the real FreeSWITCH with no router at all."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import pytest

from callrouter import variables as v
from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.rtp import tone
from tests.rendering.office import TRUNK_TONE, Office, hears, office_company, parts
from tests.rendering.switch_world import marks, soon, switch_of

pytestmark = pytest.mark.freeswitch

CALLER, MOBILE = "+4917604069001", "+4917604069007"
ANNA, BEN, CEM = "+493023125010", "+493023125011", "+493023125012"
#: What Anna shows outside.
SHOWN = "+493023125000"


def _company(port: int) -> dict[str, Any]:
    data = office_company(port)
    data["trunks"][0] |= {"forwarded_caller": "original", "diversion": "diversion"}
    second = {"name": "second", "proxy": f"127.0.0.1:{port}", "peers": ["127.0.0.9"], "diversion": "history-info"}
    second["dtmf"] = "none"
    data["trunks"].append(second)
    data["blocked_callers"] = []
    data["schedules"].append({"name": "always", "open": [{"days": "mon-sun", "from": "00:00", "to": "24:00"}]})
    data["company"]["limits"] = {"schedule": "always"}
    anna, ben, cem = data["employees"]
    anna["forwarding"] = {"always": MOBILE}
    ben["forwarding"] = {"no_answer": MOBILE, "busy": MOBILE, "offline": MOBILE, "after": 5}
    ben["mailbox"] = {"enabled": False}
    cem |= {"forwarding": {"always": MOBILE}, "destinations": ["national"]}
    return data


running = switch_of(_company, TRUNK_TONE)


@pytest.fixture
def night(office: Office) -> Iterator[None]:
    """The schedule of the limits is closed: mobiles are not called."""
    rules = office.switch.settings.conf_dir / "dialplan" / "schedules.xml"
    day = rules.read_text()
    assert f"{v.SCHEDULE}=open" in day
    rules.write_text(day.replace(f"{v.SCHEDULE}=open", f"{v.SCHEDULE}=closed"))
    assert "Success" in office.switch.api("reloadxml")
    yield
    rules.write_text(day)
    assert "Success" in office.switch.api("reloadxml")


def _there(office: Office, count: int = 2) -> PhoneCall:
    """The call that the trunk was asked to make: its *count*-th, the caller's own being the first."""
    call = office.trunk.wait_for_call(count)
    assert call.invite
    assert f"sip:{MOBILE}@" in call.invite.start
    return call


def _parts(office: Office, call: PhoneCall) -> list[tuple[str, str, str]]:
    found = outcome(office.cdr(call), {}).parts
    return [(part.owner, part.outcome.value, part.device or part.detail) for part in found]


def _key(low: int, high: int) -> array[int]:
    """The tone of a key (ITU-T Q.23), and a pause."""
    both = zip(tone(low, 0.2), tone(high, 0.2), strict=True)
    return array("h", [(one + other) // 2 for one, other in both]) + array("h", [0] * 1600)


def _headers(call: PhoneCall, *names: str) -> list[str]:
    assert call.invite
    return [call.invite.get(name) for name in names]


def test_who_presses_the_key_talks(office: Office) -> None:
    call = office.trunk.call(ANNA, CALLER)
    there = _there(office)
    there.wait_for("answered")
    soon(lambda: len(there.audio.heard) > 8000, 10)
    call.wait_for("180")
    assert not call.answered
    there.audio.send_digits("1")
    call.wait_for("answered")
    hears(call, 400)
    hears(there, 400)
    call.hangup()
    assert _parts(office, call) == [("employee:anna", "answered", MOBILE)]
    [leg] = office.cdr(call).legs
    assert (leg.device, leg.end.value) == (MOBILE, "answered")


def test_by_a_trunk_that_tells_no_keys_the_tone_of_the_key_is_heard(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office.trunk, "says", None)
    office.trunk.behaviour = Refuse(503)
    call = office.trunk.call(ANNA, CALLER)
    _there(office, 2)
    office.trunk.behaviour = Answer()
    there = _there(office, 3)
    there.wait_for("answered")
    soon(lambda: len(there.audio.heard) > 8000, 10)
    there.audio.play(_key(770, 1336))
    there.audio.play(_key(697, 1209))
    call.wait_for("answered")
    call.hangup()
    assert _parts(office, call) == [("employee:anna", "answered", MOBILE)]


def test_it_is_told_who_called_and_who_forwards(office: Office) -> None:
    office.trunk.behaviour = NoAnswer()
    call = office.trunk.call(ANNA, CALLER)
    told = _headers(_there(office), "From", "P-Asserted-Identity", "Diversion", "Privacy")
    assert CALLER in told[0]
    assert told[1:] == [f"<sip:{SHOWN}@127.0.0.1>", f"<sip:{SHOWN}@127.0.0.1>;reason=unconditional", ""]
    call.cancel()


def test_a_caller_without_a_number_stays_so(office: Office) -> None:
    office.trunk.behaviour = NoAnswer()
    call = office.trunk.call(ANNA, CALLER, headers=(("Privacy", "id"),))
    told = _headers(_there(office), "From", "P-Asserted-Identity", "Privacy")
    assert "sip:anonymous@anonymous.invalid" in told[0]
    assert told[1:] == [f"<sip:{SHOWN}@127.0.0.1>", "id"]
    call.cancel()


def test_the_next_trunk_is_told_in_its_own_way(office: Office) -> None:
    office.trunk.behaviour = Refuse(503)
    call = office.trunk.call(BEN, CALLER)
    first = _headers(_there(office, 2), "From", "Diversion", "History-Info")
    second = _headers(_there(office, 3), "From", "Diversion", "History-Info")
    assert CALLER in first[0]
    assert BEN in second[0]
    assert first[1:] == [f"<sip:{BEN}@127.0.0.1>;reason=unavailable", ""]
    history = f"<sip:{BEN}@127.0.0.1>;index=1, <sip:{MOBILE}@127.0.0.1;cause=404>;index=1.1;mp=1"
    assert second[1:] == ["", history]
    call.wait_for("ended")
    assert _parts(office, call) == [("employee:ben", "missed", "offline")]


def test_who_hangs_up_without_a_key_leaves_the_caller_to_the_mailbox(office: Office) -> None:
    office.trunk.behaviour = Answer(hang_up_after=1)
    call = office.trunk.call(ANNA, CALLER)
    call.wait_for("answered", 20)
    ids = ("company", "calls-anna", f"forwards-anna-{CALLER}")
    counted = [office.switch.api(f"limit_usage hash callrouter {id}").strip() for id in ids]
    call.hangup()
    assert counted == ["0", "0", "0"], "it is no call out any more"
    assert marks(office.record(call)) == [
        "o-anna;ring;employee:anna",
        "o-anna;ring;employee:anna;no_answer",
        "f-anna;voicemail;employee:anna",
    ]


def test_a_voicemail_there_never_takes_it(office: Office) -> None:
    """It talks on and on; the caller gets the employee's own mailbox."""
    call = office.trunk.call(ANNA, CALLER)
    there = _there(office)
    there.audio.play(tone(600, 60))
    there.wait_for("ended", 40)
    call.wait_for("answered")
    call.hangup()
    assert marks(office.record(call))[-1] == "f-anna;voicemail;employee:anna"


@pytest.mark.parametrize(
    ("status", "result", "told"),
    [(486, "busy", 486), (603, "rejected", 603), (480, "no_answer", 480), (410, "failed", 480), (302, "failed", 480)],
)
def test_busy_there_is_busy_here_where_there_is_no_mailbox(office: Office, status: int, result: str, told: int) -> None:
    office.speaking("ben-desk", 500, Refuse(486))
    office.trunk.behaviour = Refuse(status)
    call = office.trunk.call(BEN, CALLER)
    call.wait_for("ended")
    assert call.status == told
    assert _parts(office, call) == [("employee:ben", "missed", result)]


def test_when_nobody_answers_here_it_rings_there(office: Office) -> None:
    ben = office.speaking("ben-desk", 500, NoAnswer())
    call = office.trunk.call(BEN, CALLER)
    ben.wait_for("CANCEL")
    there = _there(office)
    assert _headers(there, "Diversion") == [f"<sip:{BEN}@127.0.0.1>;reason=no-answer"]
    soon(lambda: len(there.audio.heard) > 8000, 10)
    there.audio.send_digits("1")
    call.wait_for("answered")
    there.hangup()
    assert _parts(office, call) == [("employee:ben", "answered", MOBILE)]


def test_what_the_employee_may_not_call_is_not_forwarded_to(office: Office) -> None:
    office.speaking("cem-desk", 500)
    call = office.trunk.call(CEM, CALLER)
    hears(call, 500)
    call.hangup()
    assert _parts(office, call) == [("employee:cem", "answered", "cem-desk")]


@pytest.mark.usefixtures("night")
def test_what_is_not_called_at_this_hour_is_not_forwarded_to(office: Office) -> None:
    office.speaking("anna-desk", 600)
    office.speaking("ben-desk", 500, Refuse(486))
    call = office.trunk.call(ANNA, CALLER)
    hears(call, 600)
    call.hangup()
    busy = office.trunk.call(BEN, CALLER)
    busy.wait_for("ended")
    assert busy.status == 486
    assert office.trunk.calls == [call, busy]


def test_a_colleague_is_shown_as_the_employee_who_forwards(office: Office) -> None:
    cem = office.speaking("cem-desk", 500)
    office.trunk.behaviour = NoAnswer()
    call = cem.call("10")
    assert SHOWN in _headers(_there(office, 1), "From")[0]
    call.cancel()


@pytest.mark.parametrize("caller", [CALLER, "anonymous"])
def test_it_comes_back_from_there_once_and_no_more(office: Office, caller: str) -> None:
    """The phone there forwards all its calls to us: its network calls again, as the same caller."""
    office.speaking("anna-desk", 600)
    office.trunk.behaviour = NoAnswer()
    call = office.trunk.call(ANNA, caller)
    _there(office)
    again = office.trunk.call(ANNA, caller)
    hears(again, 600)
    assert len(office.trunk.calls) == 3
    again.hangup()
    call.cancel()


def test_calls_of_the_own_number_are_not_forwarded(office: Office) -> None:
    office.speaking("anna-desk", 600)
    call = office.trunk.call(ANNA, SHOWN)
    hears(call, 600)
    call.hangup()
    assert len(office.trunk.calls) == 1


def test_another_caller_is_forwarded_at_the_same_time(office: Office) -> None:
    office.trunk.behaviour = NoAnswer()
    first = office.trunk.call(ANNA, CALLER)
    _there(office, 2)
    second = office.trunk.call(ANNA, "+4917604069002")
    _there(office, 4)
    first.cancel()
    second.cancel()


def test_who_took_it_there_is_not_who_takes_it_when_it_is_transferred(office: Office) -> None:
    cem = office.speaking("cem-desk", 500)
    ben = office.speaking("ben-desk", 700, NoAnswer())
    call = cem.call("10")
    there = _there(office, 1)
    there.wait_for("answered")
    soon(lambda: len(there.audio.heard) > 8000, 10)
    there.audio.send_digits("1")
    call.wait_for("answered")
    assert call.transfer("11") == 202
    ben.wait_for("INVITE")
    there.hangup()
    made = {cdr.leg: cdr for cdr in office.cdrs(2)}
    assert parts(made["inbound"]) == [("employee:anna", "answered", MOBILE)]
    assert parts(made["outbound"]) == [("employee:ben", "missed", "abandoned")]
