"""The rule book: which phones ring, when the mailbox takes the call, and how a call is refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.routing.decide import decide
from callrouter.routing.explain import describe
from callrouter.routing.plan import (
    Forward,
    IncomingCall,
    Reason,
    Reject,
    RejectReason,
    Release,
    Ring,
    RoutePlan,
    Step,
    Target,
    Voicemail,
)
from callrouter.routing.reasons import text
from callrouter.routing.snapshot import (
    Device,
    Employee,
    Forwarding,
    Mailbox,
    Number,
    NumberBlock,
    NumberState,
    Pool,
    Snapshot,
)
from tests.routing.company import (
    ANNA,
    BEN,
    BLOCK,
    COMPANY,
    EVENING,
    GERMANY,
    NUMBERS,
    OFFICE_HOURS,
    OFFICE_TIME,
    SALES,
    phone_call,
    trunk_call,
    with_owner,
)

ANNA_DESK = Target("anna-desk", "employee:anna", "Anna Schmidt", "10")
ANNA_SOFT = Target("anna-soft", "employee:anna", "Anna Schmidt", "10")
BEN_DESK = Target("ben-desk", "employee:ben", "Ben Yılmaz", "11")


def codes(plan: RoutePlan) -> list[str]:
    return [reason.code for reason in plan.reasons]


@pytest.mark.parametrize(
    ("dialed", "now", "steps"),
    [
        ("+493023125010", OFFICE_TIME, (Ring("employee:anna", (ANNA_DESK, ANNA_SOFT), 25), Release())),
        (
            "+493023125010",
            EVENING,
            (Ring("employee:anna", (ANNA_DESK, ANNA_SOFT), 20), Voicemail("employee:anna", "de")),
        ),
        ("03023125011", EVENING, (Ring("employee:ben", (BEN_DESK,), 25), Release())),
        ("23125012", EVENING, (Ring("employee:cara", (), 25), Release())),
        (
            "00",
            OFFICE_TIME,
            (Ring("pool:sales", (ANNA_DESK, ANNA_SOFT, BEN_DESK), 30), Voicemail("pool:sales", "de")),
        ),
        ("13", EVENING, (Reject(RejectReason.NO_OWNER),)),
        ("14", EVENING, (Reject(RejectReason.INACTIVE_NUMBER),)),
        ("15", EVENING, (Reject(RejectReason.UNKNOWN_NUMBER),)),
        ("anna", EVENING, (Reject(RejectReason.UNKNOWN_NUMBER),)),
    ],
)
def test_a_call_from_the_trunk(dialed: str, now: dt.datetime, steps: tuple[Step, ...]) -> None:
    assert decide(trunk_call(dialed), COMPANY, now).steps == steps


@pytest.mark.parametrize(
    ("dialed", "number", "owner"),
    [
        ("10", "+493023125010", "employee:anna"),
        ("00", "+493023125000", "pool:sales"),
        ("13", "+493023125013", None),
        ("14", "+493023125014", None),
        ("15", None, None),
    ],
)
def test_the_plan_says_which_number_and_whose_even_when_it_refuses(
    dialed: str, number: str | None, owner: str | None
) -> None:
    plan = decide(trunk_call(dialed), COMPANY, EVENING)
    assert (plan.number, plan.owner) == (number, owner)


def test_a_number_that_fits_two_blocks_is_refused_as_ambiguous() -> None:
    other = Number("+494023125010", NumberState.ACTIVE, "employee:ben")
    company = replace(
        COMPANY,
        blocks=(BLOCK, NumberBlock("+4940231250", "00", "99")),
        numbers={**NUMBERS, other.e164: other},
    )
    plan = decide(trunk_call("10"), company, EVENING)
    assert (plan.steps, plan.number) == ((Reject(RejectReason.AMBIGUOUS_NUMBER),), None)
    assert decide(trunk_call("04023125010"), company, EVENING).owner == "employee:ben"


@pytest.mark.parametrize("caller", ["+4917604069012", "004917604069012", "017604069012", "4917604069012"])
def test_a_blocked_caller_is_refused_however_his_number_is_written(caller: str) -> None:
    plan = decide(trunk_call("10", caller), COMPANY, EVENING)
    assert plan.steps == (Reject(RejectReason.BLOCKED_CALLER),)
    assert (plan.number, plan.owner, plan.caller) == ("+493023125010", "employee:anna", "+4917604069012")


@pytest.mark.parametrize(("caller", "private"), [(None, False), (None, True), ("+4917604069002", True)])
def test_anonymous_callers_can_be_blocked(caller: str | None, private: bool) -> None:
    call = trunk_call("10", caller, private=private)
    blocking = replace(COMPANY, blocked=frozenset({"anonymous"}))
    assert decide(call, blocking, EVENING).steps == (Reject(RejectReason.BLOCKED_CALLER),)
    assert decide(call, COMPANY, EVENING).caller == "anonymous"
    assert isinstance(decide(call, COMPANY, EVENING).steps[0], Ring)
    assert isinstance(decide(trunk_call("10"), blocking, EVENING).steps[0], Ring)


@pytest.mark.parametrize(
    ("rule", "caller", "refused"),
    [
        ("+4917604*", "017604069002", True),
        ("+4917604069002*", "017604069002", True),
        ("+491760406900*", "004917604069002", True),
        ("+4917605*", "017604069002", False),
        ("+49231251*", "017604069002", False),
        ("+441*", "+441632960001", True),
        ("+110*", "110", False),
    ],
)
def test_callers_can_be_blocked_by_how_their_numbers_begin(rule: str, caller: str, refused: bool) -> None:
    company = replace(COMPANY, blocked=frozenset({rule, "+4930999"}))
    plan = decide(trunk_call("10", caller), company, EVENING)
    assert isinstance(plan.steps[0], Reject) is refused
    if refused:
        assert plan.steps == (Reject(RejectReason.BLOCKED_CALLER),)
        assert ("rule", rule) in plan.reasons[-1].fields


def _for_callers_with_number(*e164s: str) -> Snapshot:
    numbers = {e164: replace(number, reject_anonymous=e164 in e164s) for e164, number in NUMBERS.items()}
    return replace(COMPANY, numbers=numbers)


@pytest.mark.parametrize(("caller", "private"), [(None, False), ("+4917604069002", True)])
def test_a_number_can_turn_callers_without_one_away(caller: str | None, private: bool) -> None:
    company = _for_callers_with_number("+493023125010")
    plan = decide(trunk_call("10", caller, private=private), company, EVENING)
    assert plan.steps == (Reject(RejectReason.ANONYMOUS_CALLER, "de"),)
    assert plan.reasons[-1].code == "anonymous_rejected"
    assert (plan.number, plan.owner) == ("+493023125010", "employee:anna")
    for other in (trunk_call("11", caller, private=private), trunk_call("10"), phone_call("10", private=True)):
        assert isinstance(decide(other, company, EVENING).steps[0], Ring)


def test_who_talked_with_one_of_us_is_not_turned_away_at_the_next() -> None:
    company = replace(_for_callers_with_number("+493023125010"), blocked=frozenset({"anonymous"}))
    call = replace(trunk_call("10", None, private=True), transferred=True)
    assert isinstance(decide(call, company, EVENING).steps[0], Ring)


def test_who_is_blocked_hears_no_announcement() -> None:
    company = replace(_for_callers_with_number("+493023125010"), blocked=frozenset({"anonymous"}))
    assert decide(trunk_call("10", None), company, EVENING).steps == (Reject(RejectReason.BLOCKED_CALLER),)


@pytest.mark.parametrize(
    ("call", "caller", "name"),
    [
        (trunk_call("10", "017604069001", "Wrong"), "+4917604069001", "Frau Müller"),
        (trunk_call("10", "017604069002", 'Max "<Muster>"'), "+4917604069002", "Max Muster"),
        (trunk_call("10", "110", "Polizei"), "110", "Polizei"),
        (trunk_call("10", None, "Max"), "anonymous", "Max"),
        (trunk_call("10", "+4917604069001", "Max", private=True), "anonymous", ""),
        (phone_call("10"), "11", "Ben Yılmaz"),
        (phone_call("10", private=True), "anonymous", ""),
    ],
)
def test_who_the_phones_show(call: IncomingCall, caller: str, name: str) -> None:
    plan = decide(call, COMPANY, EVENING)
    assert (plan.caller, plan.caller_name) == (caller, name)


MAILBOX = Mailbox(enabled=True, answer_after=15, language="en")


@pytest.mark.parametrize(
    ("mailbox", "now", "answers", "code"),
    [
        (MAILBOX, OFFICE_TIME, True, "mailbox_always"),
        (replace(MAILBOX, enabled=False), OFFICE_TIME, False, "mailbox_disabled"),
        (replace(MAILBOX, answer_calls=False), OFFICE_TIME, False, "mailbox_takes_no_calls"),
        (replace(MAILBOX, schedule=OFFICE_HOURS), OFFICE_TIME, True, "mailbox_now"),
        (replace(MAILBOX, schedule=OFFICE_HOURS), EVENING, False, "mailbox_not_now"),
        (replace(MAILBOX, schedule=OFFICE_HOURS, active_when="closed"), OFFICE_TIME, False, "mailbox_not_now"),
        (replace(MAILBOX, schedule=OFFICE_HOURS, active_when="closed"), EVENING, True, "mailbox_now"),
    ],
)
def test_when_the_mailbox_takes_calls(mailbox: Mailbox, now: dt.datetime, answers: bool, code: str) -> None:
    company = with_owner(replace(ANNA, mailbox=mailbox))
    plan = decide(trunk_call("10"), company, now)
    ring = Ring("employee:anna", (ANNA_DESK, ANNA_SOFT), 15 if answers else 25)
    assert plan.steps == (ring, Voicemail("employee:anna", "en") if answers else Release())
    assert code in codes(plan)


def test_a_mailbox_without_delay_or_without_phones_answers_at_once() -> None:
    at_once = replace(ANNA, mailbox=replace(MAILBOX, answer_after=0))
    plan = decide(trunk_call("10"), with_owner(at_once), EVENING)
    assert plan.steps == (Voicemail("employee:anna", "en"),)
    assert "mailbox_at_once" in codes(plan)
    switched_off = tuple(replace(device, enabled=False) for device in ANNA.devices)
    plan = decide(trunk_call("10"), with_owner(replace(ANNA, mailbox=MAILBOX, devices=switched_off)), EVENING)
    assert plan.steps == (Voicemail("employee:anna", "en"),)
    assert {"mailbox_without_ringing", "devices_disabled"} <= set(codes(plan))


def test_a_disabled_device_does_not_ring() -> None:
    anna = replace(ANNA, devices=(ANNA.devices[0], replace(ANNA.devices[1], enabled=False)))
    assert decide(trunk_call("10"), with_owner(anna), EVENING).steps[0] == Ring("employee:anna", (ANNA_DESK,), 20)


def test_a_pool_rings_no_phone_twice_and_as_long_as_it_says() -> None:
    pool = replace(SALES, members=(ANNA, BEN, ANNA), mailbox=Mailbox())
    plan = decide(trunk_call("00"), with_owner(pool), EVENING)
    assert plan.steps == (Ring("pool:sales", (ANNA_DESK, ANNA_SOFT, BEN_DESK), 40), Release())
    assert "pool_rings_all" in codes(plan)


def test_a_pool_without_members_is_offline() -> None:
    plan = decide(trunk_call("00"), with_owner(replace(SALES, members=(), mailbox=Mailbox())), EVENING)
    assert plan.steps == (Ring("pool:sales", (), 40), Release())


def test_a_number_whose_owner_is_not_in_the_snapshot_has_none() -> None:
    plan = decide(trunk_call("10"), replace(COMPANY, owners={}), EVENING)
    assert plan.steps == (Reject(RejectReason.NO_OWNER),)


@pytest.mark.parametrize("dialed", ["10", "+493023125010", "03023125010", "23125010"])
def test_phones_reach_colleagues_by_extension_and_by_number(dialed: str) -> None:
    plan = decide(phone_call(dialed), COMPANY, OFFICE_TIME)
    assert plan.steps == (Ring("employee:anna", (ANNA_DESK, ANNA_SOFT), 25), Release())
    assert (plan.number, plan.owner) == (None if dialed == "10" else "+493023125010", "employee:anna")


def test_an_extension_goes_before_ddi_digits_on_phones_only() -> None:
    company = replace(COMPANY, extensions={"10": "employee:ben"})
    assert decide(phone_call("10", "anna-desk"), company, EVENING).owner == "employee:ben"
    assert decide(trunk_call("10"), company, EVENING).owner == "employee:anna"


def test_the_calling_phone_never_rings() -> None:
    own = decide(phone_call("10", "anna-desk"), COMPANY, OFFICE_TIME)
    assert own.steps == (Ring("employee:anna", (ANNA_SOFT,), 25), Release())
    team = decide(phone_call("20", "anna-soft"), COMPANY, OFFICE_TIME)
    assert team.steps[0] == Ring("pool:sales", (ANNA_DESK, BEN_DESK), 30)
    alone = decide(phone_call("11", "ben-desk"), COMPANY, OFFICE_TIME)
    assert alone.steps == (Ring("employee:ben", (), 25), Release())


@pytest.mark.parametrize("device", [None, "", "stranger"])
def test_an_unknown_device_is_refused(device: str | None) -> None:
    plan = decide(phone_call("10", device), COMPANY, EVENING)
    assert plan == RoutePlan((Reject(RejectReason.UNKNOWN_DEVICE),), plan.reasons)


def test_a_phone_is_its_account_never_what_it_says() -> None:
    plan = decide(phone_call("10", "ben-desk"), replace(COMPANY, blocked=frozenset({"999", "11"})), EVENING)
    assert (plan.caller, plan.caller_name) == ("11", "Ben Yılmaz")
    assert isinstance(plan.steps[0], Ring)


@pytest.mark.parametrize(
    ("employee", "caller"),
    [
        (replace(BEN, extension=None), "+493023125011"),
        (replace(BEN, extension=None, number=None), "anonymous"),
    ],
)
def test_a_phone_without_extension_shows_the_personal_number(employee: Employee, caller: str) -> None:
    assert decide(phone_call("10"), replace(COMPANY, devices={"ben-desk": employee}), EVENING).caller == caller


@pytest.mark.parametrize(
    ("dialed", "reason"),
    [("99", RejectReason.UNKNOWN_NUMBER), ("14", RejectReason.INACTIVE_NUMBER), ("13", RejectReason.NO_OWNER)],
)
def test_a_phone_that_dials_no_ones_number_is_told(dialed: str, reason: RejectReason) -> None:
    assert decide(phone_call(dialed), COMPANY, EVENING).steps == (Reject(reason),)


WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["", "10", "00", "14", "+493023125010", "0302312501", "${x}", "anonymous", "+4917604069012"]),
    st.from_regex(r"\+?[0-9]{1,16}", fullmatch=True),
)
CALLS = st.builds(
    IncomingCall,
    uuid=st.just("u"),
    dialed=WORDS,
    trunk=st.sampled_from([None, "carrier"]),
    device=st.sampled_from([None, "anna-desk", "ben-desk", "x"]),
    caller_number=st.one_of(st.none(), WORDS),
    caller_name=WORDS,
    private=st.booleans(),
)
DEVICES = st.lists(
    st.builds(Device, st.sampled_from(["a", "b", "anna-desk"]), WORDS, st.just("desk"), st.booleans()), max_size=3
)
MAILBOXES = st.builds(
    Mailbox,
    st.booleans(),
    st.booleans(),
    st.integers(0, 60),
    st.sampled_from([None, OFFICE_HOURS]),
    st.sampled_from(["open", "closed"]),
    st.sampled_from(["de", "en"]),
)
EMPLOYEES = st.builds(
    Employee, st.just("employee:x"), WORDS, st.sampled_from([None, "10"]), st.none(), DEVICES.map(tuple), MAILBOXES
)
POOLS = st.builds(
    Pool,
    st.just("pool:x"),
    WORDS,
    st.none(),
    st.lists(EMPLOYEES, max_size=3).map(tuple),
    st.sampled_from(["simultaneous", "sequential", "longest-idle"]),
    st.integers(5, 60),
    MAILBOXES,
)
MOMENTS = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2040, 1, 1), timezones=st.just(ZoneInfo("America/Lima")))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    owner = draw(st.one_of(EMPLOYEES, POOLS))
    owned = {e164: replace(number, owner=owner.key) for e164, number in NUMBERS.items() if number.owner}
    return replace(
        COMPANY,
        digits=draw(st.sampled_from([GERMANY, replace(GERMANY, trunk_prefix="", area_code="")])),
        numbers={**NUMBERS, **owned},
        extensions=draw(st.sampled_from([{}, {"10": owner.key}, {"10": "employee:gone"}])),
        owners=draw(st.sampled_from([{}, {owner.key: owner}])),
        blocked=draw(st.sampled_from([frozenset(), frozenset({"anonymous"}), frozenset({"+4917604069012"})])),
    )


@given(CALLS, snapshots(), MOMENTS)
def test_every_call_gets_a_plan_that_ends_it_and_can_be_told(
    call: IncomingCall, company: Snapshot, now: dt.datetime
) -> None:
    plan = decide(call, company, now)
    *before, last = plan.steps
    assert isinstance(last, Voicemail | Reject | Release)
    assert all(isinstance(step, Ring) for step in before)
    for step in before:
        accounts = [target.sip_user for target in step.targets]
        assert len(set(accounts)) == len(accounts)
        assert call.trunk is not None or call.device not in accounts
    for language in ("de", "en"):
        assert all(text(reason, language) for reason in plan.reasons)
        assert len(describe(plan, language)) == len(plan.steps)


@given(snapshots(), MOMENTS, st.sampled_from([None, "anna-desk"]))
def test_a_private_callers_number_appears_nowhere(company: Snapshot, now: dt.datetime, device: str | None) -> None:
    secret = "+4917604069077"
    trunk = None if device else "carrier"
    call = IncomingCall("u", "+493023125010", trunk, device, secret, f"Eve {secret}", private=True)
    plan = decide(call, replace(company, known_callers={secret: "Eve"}), now)
    told = " ".join([repr(plan), *(text(reason, "de") for reason in plan.reasons), *describe(plan, "en")])
    assert "4069077" not in told
    assert "Eve" not in told
    assert plan.caller == "anonymous"


def test_a_private_call_to_the_own_team_does_not_tell_who_makes_it() -> None:
    plan = decide(phone_call("20", "anna-desk", private=True), COMPANY, EVENING)
    assert Reason("device_calls") in plan.reasons


def test_a_number_in_place_of_a_name_is_no_name() -> None:
    call = replace(trunk_call("10"), caller_name="+49 176 04069001")
    assert decide(call, COMPANY, EVENING).caller_name == ""


@pytest.mark.parametrize(("call", "alert"), [(trunk_call("+493023125000"), "red"), (phone_call("20"), "blue")])
def test_a_pools_calls_show_it_and_have_its_ring(call, alert: str):
    company = with_owner(replace(SALES, shown="Vertrieb", alert="red", internal_alert="blue"))
    ring = decide(call, company, OFFICE_TIME).steps[0]
    assert isinstance(ring, Ring)
    assert (ring.shown, ring.alert) == ("Vertrieb", alert)


def test_a_call_forwarded_to_a_pool_is_shown_as_the_pools():
    forwarding = Forwarding(always="pool:sales")
    company = with_owner(replace(SALES, shown="Vertrieb", alert="red"), replace(BEN, forwarding=forwarding))
    [forward] = decide(trunk_call("+493023125011"), company, OFFICE_TIME).steps
    assert isinstance(forward, Forward)
    assert isinstance(forward.steps[0], Ring)
    assert (forward.steps[0].shown, forward.steps[0].alert) == ("Vertrieb", "red")
