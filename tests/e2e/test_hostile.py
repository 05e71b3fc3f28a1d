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


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
@pytest.mark.parametrize("router", [True, False], ids=["router", "fallback"])
def test_any_display_name_rings_the_phones(bare_world: World, name: str | bytes, router: bool) -> None:
    bare_world.create()
    bare_world.scratch.start()
    if not router:
        bare_world.scratch.kill_role("router")
    phone = bare_world.phone("ben-desk", Answer())
    call = bare_world.trunk.call(BEN, CALLER, name)
    assert final(call, 10) == 200
    assert "${" not in phone.wait_for("INVITE").get("From")
    call.hangup()
    [record] = bare_world.calls(1)
    assert (record.outcome, record.caller) == ("answered", CALLER)


@pytest.mark.parametrize(
    ("from_number", "headers"),
    [
        (SECRET, (("Privacy", "id"),)),
        ("anonymous", (("Privacy", "id"), ("P-Asserted-Identity", f'"Carla Geheim" <sip:{SECRET}@127.0.0.1>'))),
        ("anonymous", (("P-Asserted-Identity", f"<sip:{SECRET}@127.0.0.1>"), ("Privacy", "user;id;critical"))),
    ],
)
@pytest.mark.parametrize("router", [True, False], ids=["router", "fallback"])
def test_a_suppressed_number_appears_nowhere(
    bare_world: World, from_number: str, headers: tuple[tuple[str, str], ...], router: bool
) -> None:
    bare_world.company["blocked_callers"].remove("anonymous")
    bare_world.create()
    bare_world.scratch.start()
    if not router:
        bare_world.scratch.kill_role("router")
    phone = bare_world.phone("ben-desk", NoAnswer())
    call = bare_world.trunk.call(BEN, from_number, "Carla Geheim", headers)
    invite = phone.wait_for("INVITE")
    call.cancel()
    [record] = bare_world.calls(1)
    assert record.caller == "anonymous"
    [mail] = bare_world.mails(1)
    bare_world.quiet()
    kept = bare_world.everything_kept()
    for text in (SECRET[1:], "4069077", "Geheim"):
        assert text not in invite.to_bytes().decode("latin-1")
        assert text not in mail.as_string()
        assert text not in kept


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
