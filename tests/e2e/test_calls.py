"""Calls from the trunk through a real FreeSWITCH to real SIP phones, and what is left of them."""

from __future__ import annotations

import pytest

from callrouter.simulator.behaviour import BUSY, DECLINE, Answer, NoAnswer
from tests.e2e.world import ANNA, BEN, CALLER, SALES, World, final, heard

pytestmark = pytest.mark.freeswitch


@pytest.mark.parametrize(("first", "second"), [("anna-desk", "anna-soft"), ("anna-soft", "anna-desk")])
def test_all_phones_ring_and_the_first_to_answer_talks(world: World, first: str, second: str) -> None:
    winner = world.phone(first, Answer(after=0.4))
    loser = world.phone(second, NoAnswer())
    call = world.trunk.call(ANNA, CALLER, "Carla Beispiel")
    assert final(call, 10) == 200
    assert "180" in heard(call)
    assert "Carla Beispiel" in winner.wait_for("INVITE").get("From")
    cancel = loser.wait_for("CANCEL")
    assert cancel.get("Reason") == 'SIP;cause=200;text="Call completed elsewhere"'
    call.hangup()
    winner.wait_for("BYE")
    [record] = world.calls(1)
    assert (record.outcome, record.caller, record.number) == ("answered", CALLER, ANNA)
    assert world.steps(record) == [("employee:anna", "answered", first)]
    assert world.rung(record) == {first: "answered", second: "elsewhere"}
    assert {"caller_named", "number_of_employee", "devices_ring"} <= {code for code, _ in record.reasons}
    world.quiet()
    assert world.scratch.mails.mails() == []


def test_a_caller_who_gives_up_is_a_missed_call_and_one_mail(world: World) -> None:
    phone = world.phone("ben-desk", NoAnswer())
    call = world.trunk.call(BEN, CALLER, "Carla")
    phone.wait_for("INVITE")
    call.cancel()
    phone.wait_for("CANCEL")
    [record] = world.calls(1)
    assert (record.outcome, record.interrupted) == ("missed", False)
    [mail] = world.mails(1)
    assert mail["To"] == "ben@muster.example"
    world.quiet()
    assert len(world.scratch.mails.mails()) == 1


def test_one_phone_with_early_media_neither_wins_nor_silences_the_others(world: World) -> None:
    world.phone("anna-soft", NoAnswer(ringing=183, early_media=True))
    desk = world.phone("anna-desk", Answer(after=1))
    call = world.trunk.call(ANNA, CALLER)
    assert final(call, 10) == 200
    assert "180" in heard(call)
    assert "183" not in heard(call)
    assert desk.calls
    call.hangup()
    [record] = world.calls(1)
    assert world.steps(record) == [("employee:anna", "answered", "anna-desk")]


def test_without_a_mailbox_the_caller_is_told_the_truth(world: World) -> None:
    behaviours = [
        (None, 480, "offline"),
        (BUSY, 486, "busy"),
        (DECLINE, 603, "rejected"),
        (NoAnswer(), 480, "no_answer"),
    ]
    for count, (behaviour, status, detail) in enumerate(behaviours, 1):
        if behaviour is not None:
            world.phone("ben-desk", behaviour) if count == 2 else setattr(
                world.phones["ben-desk"], "behaviour", behaviour
            )
        call = world.trunk.call(BEN, CALLER)
        assert final(call) == status
        record = world.calls(count)[-1]
        assert (record.outcome, world.details(record)) == ("missed", [detail])
        assert len(world.mails(count)) == count


def test_a_number_that_is_not_ours_gets_404_and_no_mail(world: World) -> None:
    numbers = ["+493023125099", "+493023125999", "nonsense", "10999"]
    for number in numbers:
        assert final(world.trunk.call(number, CALLER)) == 404, number
    assert {record.outcome for record in world.calls(len(numbers))} == {"rejected"}
    world.quiet()
    assert world.scratch.mails.mails() == []


def test_a_number_in_every_spelling_of_a_trunk(world: World) -> None:
    phone = world.phone("ben-desk", Answer())
    for count, spelling in enumerate(["00493023125011", "493023125011", "03023125011", "3023125011", "11"], 1):
        call = world.trunk.call(spelling, CALLER)
        assert final(call) == 200, spelling
        call.hangup()
        phone.wait_for_call(count).wait_for("BYE")
        assert [record.number for record in world.calls(count)] == [BEN] * count


def test_an_internal_call_takes_the_same_way(world: World) -> None:
    ben = world.phone("ben-desk", Answer(after=0.2))
    anna = world.phone("anna-desk", NoAnswer())
    call = anna.call("11", "somebody-else", "Somebody Else")
    assert final(call, 10) == 200
    invite = ben.wait_for("INVITE")
    assert "Anna Schmidt" in invite.get("From")
    assert "somebody" not in str(invite.get("From")).lower()
    call.hangup()
    [record] = world.calls(1)
    assert (record.direction, record.caller, record.outcome) == ("internal", "10", "answered")


def test_emergency_calls_leave_by_the_trunk_with_every_process_of_ours_dead(bare_world: World) -> None:
    bare_world.create()
    anna = bare_world.phone("anna-desk", NoAnswer())
    bare_world.trunk.behaviour = Answer()
    call = anna.call("112")
    assert final(call, 10) == 200
    invite = bare_world.trunk.wait_for("INVITE")
    assert invite.start.startswith("INVITE sip:112@")
    assert ANNA in invite.get("From")
    call.hangup()


def test_a_pool_rings_the_phones_of_all_members(world: World) -> None:
    anna = world.phone("anna-desk", NoAnswer())
    ben = world.phone("ben-desk", Answer(after=0.5))
    call = world.trunk.call(SALES, CALLER)
    assert final(call, 10) == 200
    anna.wait_for("INVITE")
    ben.wait_for("INVITE")
    call.hangup()
    [record] = world.calls(1)
    assert world.steps(record) == [("pool:sales", "answered", "ben-desk")]
    assert world.rung(record) == {"anna-desk": "elsewhere", "anna-soft": "offline", "ben-desk": "answered"}


def test_a_blocked_caller_is_refused(world: World) -> None:
    phone = world.phone("ben-desk", Answer())
    call = world.trunk.call(BEN, "+4917604069012")
    assert final(call, 10) == 603
    assert phone.received == []


def test_a_wrong_password_is_refused(world: World) -> None:
    phone = world.phone("ben-desk", NoAnswer())
    phone.password = "wrong-password"
    assert phone.register() == 403
    phone.password = ""
    assert phone.register() in (401, 403)


def test_a_caller_who_hangs_up_at_the_answer_was_answered(world: World) -> None:
    phone = world.phone("ben-desk", Answer())
    for count in range(1, 6):
        call = world.trunk.call(BEN, CALLER)
        assert final(call, 10) == 200
        call.hangup()
        phone.wait_for("BYE", count)
    assert [record.outcome for record in world.calls(5)] == ["answered"] * 5
    world.quiet()
    assert world.scratch.mails.mails() == []
