"""A pool's own number: what its phones show and how they ring with the router alive, and where the mail goes."""

from __future__ import annotations

import pytest

from callrouter.simulator.behaviour import NoAnswer
from tests.e2e.world import CALLER, SALES, World, final

pytestmark = pytest.mark.freeswitch


def test_the_phones_tell_the_pool_and_its_shared_mailbox_gets_the_mail(bare_world: World) -> None:
    world = bare_world
    sales = world.company["pools"][0]
    sales |= {"alert": "vertrieb", "mailbox": {"enabled": False}, "extension": "20"}
    world.company["number_notifications"] = {
        SALES: {"email": "postfach@muster.example", "language": "en", "salutation": "Hello team,"}
    }
    world.create()
    world.scratch.start()
    anna, ben = world.phone("anna-desk", NoAnswer()), world.phone("ben-desk", NoAnswer())
    call = world.trunk.call(SALES, CALLER, "Erika Muster")
    for phone in (anna, ben):
        invite = phone.wait_for("INVITE")
        assert invite.get("From").startswith(f'"Vertrieb - Erika Muster" <sip:{CALLER}@')
        assert invite.get("Alert-Info") == "<http://127.0.0.1>;info=vertrieb"
    assert final(call, 20) == 480
    [record] = world.calls(1)
    assert (record.caller, record.caller_name, record.interrupted) == (CALLER, "Erika Muster", False)
    [mail] = world.mails(1)
    assert mail["To"] == "postfach@muster.example"
    assert mail["Subject"] == "Call from Erika Muster (0176 04069001) for Vertrieb"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.splitlines()[:3] == ["Hello team,", "", "Missed call"]
    assert "For: Vertrieb (030 23125000)" in text

    world.scratch.kill_role("router")
    again = world.trunk.call(SALES, CALLER, "Erika Muster")
    again_at_anna = anna.wait_for("INVITE", 2)
    assert again_at_anna.get("From").startswith(f'"Vertrieb - Erika Muster" <sip:{CALLER}@')
    assert again_at_anna.get("Alert-Info") == "<http://127.0.0.1>;info=vertrieb"
    again.cancel()
    second = world.mails(2)[1]
    assert second["To"] == "postfach@muster.example"
    assert second["References"] == mail["Message-ID"], "one case, one thread"


def test_who_calls_the_extension_did_not_call_that_number(bare_world: World) -> None:
    world = bare_world
    sales = world.company["pools"][0]
    sales |= {"mailbox": {"enabled": False}, "extension": "20", "members": ["anna"]}
    sales["notify"] |= {"internal": True}
    world.company["number_notifications"] = {SALES: {"email": "postfach@muster.example"}}
    world.create()
    world.scratch.start()
    anna, ben = world.phone("anna-desk", NoAnswer()), world.phone("ben-desk", NoAnswer())
    call = ben.call("20")
    assert anna.wait_for("INVITE").get("From").startswith('"Vertrieb - Ben Yılmaz" <sip:11@')
    call.cancel()
    [mail] = world.mails(1)
    assert mail["To"] == "vertrieb@muster.example"
    [record] = world.calls(1)
    assert record.caller_name == "Ben Yılmaz"
