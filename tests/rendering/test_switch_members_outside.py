"""Members of pools who are rung outside as well, on the real FreeSWITCH with no router at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from callrouter import variables as v
from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import tone
from tests.rendering.office import TRUNK_TONE, Office, hears, office_company
from tests.rendering.switch_world import marks, soon, switch_and_trunk
from tests.switch import RenderedSwitch, switch_settings

pytestmark = pytest.mark.freeswitch

CALLER, OTHER, MOBILE, CEMS = "+4917604069001", "+4917604069002", "+4917604069007", "+4917604069008"
ALL, TURNS, CLOSED, LATE, ONLY, BOXED = (f"+4930231250{n}" for n in range(20, 26))


def _company(port: int) -> dict[str, Any]:
    """Anna's calls all go to her mobile, Cem may call no mobiles; the trunk in front is down."""
    data = office_company(port)
    data["trunks"][0] |= {"forwarded_caller": "original", "diversion": "history-info"}
    down = {"name": "down", "proxy": "127.0.0.1:9", "peers": ["127.0.0.9"], "ping": 5}
    data["trunks"].insert(0, down)
    data["blocked_callers"] = []
    data["numbers"] += [ALL, TURNS, CLOSED, LATE, ONLY, BOXED]
    always = [{"days": "mon-sun", "from": "00:00", "to": "24:00"}]
    data["schedules"] += [{"name": "calls out", "open": always}, {"name": "always", "open": always}]
    data["company"]["limits"] = {"calls": 3, "calls_per_employee": 2, "schedule": "calls out"}
    anna, ben, cem = data["employees"]
    anna["forwarding"] = {"always": MOBILE}
    cem |= {"forwarding": {"always": CEMS}, "destinations": ["national"]}
    ben["forwarding"] = {"no_answer": MOBILE, "busy": MOBILE, "offline": MOBILE}
    members = {"members": ["anna", "ben", "cem"], "members_outside": True}
    pools: dict[str, dict[str, Any]] = {
        ALL: {**members, "ring_seconds": 30},
        TURNS: {**members, "strategy": "sequential", "member_seconds": 6, "ring_seconds": 60},
        CLOSED: {**members, "members_outside": False, "ring_seconds": 5},
        LATE: {**members, "strategy": "waves", "delays": {"anna": 3}, "ring_seconds": 20},
        ONLY: {**members, "members": ["anna"], "ring_seconds": 30},
        BOXED: {
            **members,
            "members": ["anna"],
            "mailbox": {"enabled": True, "answer_after": 5, "schedule": {"name": "always", "when": "open"}},
        },
    }
    data["pools"] = [
        {"id": f"p{number[-2:]}", "name": f"Pool {number[-2:]}", "numbers": [number], **pool}
        for number, pool in pools.items()
    ]
    return data


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RenderedSwitch, Phone]]:
    folder = tmp_path_factory.mktemp("switch")
    with switch_and_trunk(folder, _company, TRUNK_TONE, switch_settings(folder, srtp="offered")) as running:
        soon(lambda: "DOWN" in running[0].api("sofia status gateway trunk-down"), 30)
        yield running


@pytest.fixture
def night(office: Office) -> Iterator[None]:
    """The schedule of the limits is closed: mobiles are not called."""
    rules = office.switch.settings.conf_dir / "dialplan" / "schedules.xml"
    day = rules.read_text()
    before, context, after = day.partition('<context name="schedule-3-calls-out">')
    assert context
    rules.write_text(before + context + after.replace(f"{v.SCHEDULE}=open", f"{v.SCHEDULE}=closed", 1))
    assert "Success" in office.switch.api("reloadxml")
    yield
    rules.write_text(day)
    assert "Success" in office.switch.api("reloadxml")


def _there(office: Office, count: int = 2) -> PhoneCall:
    """The *count*-th call of the trunk: the callers' are among them."""
    call = office.trunk.wait_for_call(count)
    assert call.invite
    assert f"sip:{MOBILE}@" in call.invite.start
    return call


def _prompted(call: PhoneCall) -> None:
    call.wait_for("answered")
    soon(lambda: len(call.audio.heard) > 8000, 10)


def _legs(office: Office, call: PhoneCall) -> dict[str, str]:
    [part] = outcome(office.cdr(call), {}).parts
    return {leg.device: leg.end.value for leg in part.legs}


def test_who_presses_the_key_has_it_and_the_others_ring_until_then(office: Office) -> None:
    anna, ben = (office.speaking(f"{key}-desk", 500, NoAnswer()) for key in ("anna", "ben"))
    call = office.trunk.call(ALL, CALLER)
    there = _there(office)
    _prompted(there)
    call.wait_for("180")
    assert not call.answered
    assert [request.method for phone in (anna, ben) for request in phone.received if request.method == "CANCEL"] == []
    there.audio.send_digits("1")
    call.wait_for("answered")
    for phone in (anna, ben):
        assert "cause=200" in phone.wait_for("CANCEL").get("Reason")
    hears(call, 400)
    hears(there, 400)
    counted = [office.switch.api(f"limit_usage hash callrouter {id}").strip() for id in ("company", "calls-anna")]
    assert counted == ["1", "1"]
    call.hangup()
    record = office.record(call)
    assert record["variables"][v.DEVICE] == MOBILE
    assert marks(record) == ["f-p20;ring;pool:p20"]
    [part] = outcome(office.cdr(call), {}).parts
    assert (part.outcome, part.device) == ("answered", MOBILE)
    ends = _legs(office, call)
    assert (ends[MOBILE], ends["anna-desk"], ends["ben-desk"]) == ("answered", "elsewhere", "elsewhere")
    assert office.switch.api("limit_usage hash callrouter company").strip() == "0"


def test_a_phone_that_answers_takes_it_from_a_mobile_that_was_answered(office: Office) -> None:
    ben = office.speaking("ben-desk", 500, Answer(after=3))
    call = office.trunk.call(ALL, CALLER)
    there = _there(office)
    _prompted(there)
    call.wait_for("answered")
    there.wait_for("ended")
    hears(call, 500)
    call.hangup()
    assert len(ben.calls) == 1
    assert _legs(office, call)[MOBILE] == "elsewhere"
    assert office.record(call)["variables"][v.DEVICE] == "ben-desk"


def test_a_voicemail_there_ends_nobodys_ringing(office: Office) -> None:
    ben = office.speaking("ben-desk", 500, Answer(after=25))
    call = office.trunk.call(ALL, CALLER)
    there = _there(office)
    there.audio.play(tone(600, 60))
    there.audio.send_digits("2")
    there.wait_for("ended", 30)
    assert not call.answered
    call.wait_for("answered", 15)
    call.hangup()
    assert len(ben.calls) == 1
    assert _legs(office, call) == {
        "anna-desk": "offline", "anna-soft": "offline", MOBILE: "no_answer", "ben-desk": "answered",
        "cem-desk": "offline",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "told", "end"), [(486, 486, "busy"), (603, 603, "rejected"), (480, 480, "no_answer")]
)
def test_what_the_only_mobile_says_is_told(office: Office, status: int, told: int, end: str) -> None:
    office.trunk.behaviour = Refuse(status)
    call = office.trunk.call(ONLY, CALLER)
    call.wait_for("ended")
    assert call.status == told
    assert _legs(office, call)[MOBILE] == end


def test_the_trunk_is_told_as_of_a_forwarded_call(office: Office) -> None:
    office.trunk.behaviour = NoAnswer()
    ben = office.speaking("ben-desk", 500, NoAnswer())
    call = office.trunk.call(ALL, CALLER, "Erika Muster")
    invite = _there(office).invite
    assert invite
    assert f'"{CALLER}" <sip:{CALLER}@' in invite.get("From")
    assert invite.get("P-Asserted-Identity") == f"<sip:{ALL}@127.0.0.1>"
    history = f"<sip:{ALL}@127.0.0.1>;index=1, <sip:{MOBILE}@127.0.0.1;cause=302>;index=1.1;mp=1"
    assert invite.get("History-Info") == history
    assert (b"a=crypto" in ben.wait_for("INVITE").body, b"a=crypto" in invite.body) == (True, False)
    assert invite.get("Alert-Info") == ""
    call.cancel()


def test_a_caller_without_a_number_stays_so(office: Office) -> None:
    office.trunk.behaviour = NoAnswer()
    call = office.trunk.call(ALL, CALLER, "Erika Muster", headers=(("Privacy", "id"),))
    invite = _there(office).invite
    assert invite
    assert "sip:anonymous@anonymous.invalid" in invite.get("From")
    assert "Erika" not in invite.get("From")
    assert invite.get("Privacy") == "id"
    call.cancel()


def test_a_colleague_is_shown_as_the_pool(office: Office) -> None:
    office.trunk.behaviour = NoAnswer()
    ben = office.speaking("ben-desk", 500)
    call = ben.call(ALL)
    invite = _there(office, 1).invite
    assert invite
    assert f"<sip:{ALL}@" in invite.get("From")
    call.cancel()


def test_where_it_is_not_allowed_nobody_is_rung_outside(office: Office) -> None:
    call = office.trunk.call(CLOSED, CALLER)
    call.wait_for("ended", 15)
    assert call.status == 480
    assert len(office.trunk.calls) == 1


def test_a_forwarding_at_other_times_is_none_for_the_pool(office: Office) -> None:
    """Ben's are for who does not answer; Cem may call no mobiles."""
    office.trunk.behaviour = NoAnswer()
    call = office.trunk.call(ALL, CALLER)
    _there(office)
    ben = office.speaking("ben-desk", 500, NoAnswer())
    call.cancel()
    call.wait_for("ended")
    assert (len(office.trunk.calls), ben.calls) == (2, [])


def test_in_turn_it_rings_in_its_members_turn_and_for_one_call(office: Office) -> None:
    office.trunk.behaviour = NoAnswer()
    ben = office.speaking("ben-desk", 500, NoAnswer())
    first = office.trunk.call(TURNS, CALLER)
    there = _there(office)
    second = office.trunk.call(TURNS, OTHER)
    ben.wait_for("INVITE")
    assert ben.calls[0].invite
    assert OTHER in ben.calls[0].invite.get("From")
    assert len(office.trunk.calls) == 3
    there.wait_for("ended", 15)
    ben.wait_for_call(2)
    _there(office, 4)
    for call in (first, second):
        call.cancel()


def test_in_waves_it_rings_with_its_member(office: Office) -> None:
    office.trunk.behaviour = NoAnswer()
    ben = office.speaking("ben-desk", 500, NoAnswer())
    call = office.trunk.call(LATE, CALLER)
    ben.wait_for("INVITE")
    there = _there(office)
    assert 2 < there.events[0].at - ben.calls[0].events[0].at < 5
    call.cancel()


def test_it_comes_back_from_there_once_and_no_more(office: Office) -> None:
    """The phone there forwards all its calls to us: its network calls again, as the same caller."""
    office.trunk.behaviour = NoAnswer()
    ben = office.speaking("ben-desk", 500, NoAnswer())
    call = office.trunk.call(ALL, CALLER)
    _there(office)
    again = office.trunk.call(ALL, CALLER)
    ben.wait_for_call(2)
    own = office.trunk.call(ALL, ALL)
    ben.wait_for_call(3)
    assert len(office.trunk.calls) == 4, "three came in, one went out"
    for one in (call, again, own):
        one.cancel()


def test_the_limits_of_calls_out_hold(office: Office) -> None:
    office.trunk.behaviour = NoAnswer()
    ben = office.speaking("ben-desk", 500, NoAnswer())
    calls = [office.trunk.call(ALL, f"+491760406900{n}") for n in range(1, 4)]
    ben.wait_for_call(3)
    assert len(office.trunk.calls) == 5, "three came in; the member may be in two calls out at once"
    for call in calls:
        call.cancel()
        call.wait_for("ended")
    failed = [_legs(office, call).get(MOBILE) for call in calls]
    assert sorted(map(str, failed)) == ["abandoned", "abandoned", "failed"]
    soon(lambda: office.switch.api("limit_usage hash callrouter company").strip() == "0", 5)


@pytest.mark.parametrize("hour", ["day", "night"])
def test_what_is_not_called_at_this_hour_does_not_ring(
    office: Office, hour: str, request: pytest.FixtureRequest
) -> None:
    """And the mailbox goes by its own schedule all the same."""
    if hour == "night":
        request.getfixturevalue("night")
    office.trunk.behaviour = NoAnswer()
    call = office.trunk.call(BOXED, CALLER)
    call.wait_for("answered", 15)
    call.hangup()
    assert len(office.trunk.calls) == (2 if hour == "day" else 1)
    assert marks(office.record(call))[-1] == "f-p25;voicemail;pool:p25"
