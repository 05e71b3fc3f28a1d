"""Callers whose names, numbers and headers were made to break something: the phones ring all the same."""

from __future__ import annotations

import pytest

from callrouter.simulator.behaviour import Answer, NoAnswer
from tests.e2e.world import ANNA, BEN, CALLER, World, final

pytestmark = pytest.mark.freeswitch

SECRET = "+4917604069077"
NAMES: list[str | bytes] = [
    'Carla \\"die Erste\\" Beispiel',
    "Beispiel, Carla; [x=y] {a=b} <c> | d",
    "${system(touch /tmp/callrouter-pwned)} ${uuid_kill(x)} $${domain} %{x}",
    "Müller & Söhne: a/b@c".encode("latin-1"),
    b"\xff\xfe\x00\x01".replace(b"\x00", b""),
    "x" * 4096,
    "a%0AUnique-ID: 1234%0Avariable_callrouter_trunk: x",
    "a\u2028b\u0085c\u202e\u200bd",
    "Yılmaz 漢字 Ω",
]


ANONYMOUS = [
    (SECRET, (("Privacy", "id"),)),
    ("anonymous", (("Privacy", "id"), ("P-Asserted-Identity", f'"Carla Geheim" <sip:{SECRET}@127.0.0.1>'))),
    ("anonymous", (("P-Asserted-Identity", f"<sip:{SECRET}@127.0.0.1>"), ("Privacy", "user;id;critical"))),
]


@pytest.fixture(params=[True, False], ids=["router", "fallback"])
def some_world(bare_world: World, request: pytest.FixtureRequest) -> World:
    """A world whose router works, or is dead."""
    bare_world.company["blocked_callers"].remove("anonymous")
    bare_world.create()
    bare_world.scratch.start()
    if not request.param:
        bare_world.scratch.kill_role("router")
    return bare_world


def test_any_display_name_rings_the_phones(some_world: World) -> None:
    phone = some_world.phone("ben-desk", Answer())
    for count, name in enumerate(NAMES, 1):
        call = some_world.trunk.call(BEN, CALLER, name)
        assert final(call) == 200, name
        invite = phone.wait_for_call(count).invite
        assert invite is not None
        assert "${" not in invite.get("From")
        call.hangup()
        assert [(record.outcome, record.caller) for record in some_world.calls(count)] == [("answered", CALLER)] * count


def test_a_suppressed_number_appears_nowhere(some_world: World) -> None:
    phone = some_world.phone("ben-desk", NoAnswer())
    invites = []
    for count, (from_number, headers) in enumerate(ANONYMOUS, 1):
        call = some_world.trunk.call(BEN, from_number, "Carla Geheim", headers)
        invite = phone.wait_for_call(count).invite
        assert invite is not None
        invites.append(invite.to_bytes().decode("latin-1"))
        call.cancel()
        assert [record.caller for record in some_world.calls(count)] == ["anonymous"] * count
    mails = [mail.as_string() for mail in some_world.mails(len(ANONYMOUS))]
    some_world.quiet()
    kept = some_world.everything_kept()
    for secret in (SECRET[1:], "4069077", "Geheim"):
        assert not [text for text in (*invites, *mails, kept) if secret in text]


def test_headers_of_the_caller_do_not_reach_the_phones(world: World) -> None:
    phone = world.phone("ben-desk", Answer())
    call = world.trunk.call(
        BEN, CALLER, "Carla", (("X-Evil", "a"), ("P-Evil", "b"), ("Diversion", "<sip:+4917604069055@127.0.0.1>"))
    )
    assert final(call, 10) == 200
    text = phone.wait_for("INVITE").to_bytes().decode("latin-1")
    assert "Evil" not in text
    assert "4069055" not in text
    call.hangup()


def test_the_trunk_may_not_move_calls_by_refer(world: World) -> None:
    phone = world.phone("anna-desk", Answer())
    call = world.trunk.call(ANNA, CALLER)
    assert final(call, 10) == 200
    answer = call.request("REFER", (("Refer-To", "<sip:11@127.0.0.1>"),))
    assert answer.status >= 400
    assert phone.calls[0].ended is False
    call.hangup()
