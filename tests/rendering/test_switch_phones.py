"""Phones on the real FreeSWITCH: where calls to them go, how long they count as there, TLS and SRTP."""

from __future__ import annotations

import socket
import ssl
import warnings
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from callrouter.rendering.certificates import SELF_MADE
from callrouter.simulator.behaviour import Answer, Ignore, NoAnswer
from callrouter.simulator.message import Message
from callrouter.simulator.phone import Phone
from callrouter.simulator.ports import free_port
from callrouter.simulator.rtp import frequency_of, tone
from tests.baresip import baresip
from tests.rendering.office import hears
from tests.rendering.switch_world import PASSWORDS, World, soon, switch_and_trunk
from tests.switch import DOMAIN, RenderedSwitch, muster, switch_settings

pytestmark = pytest.mark.freeswitch

ANNA, CARLA, LOCATION = "+493023125010", "+4917604069001", "+493023125000"
PING, MAILBOX = 5, 3
#: A phone that is silent is asked for 32 s (RFC 3261 section 17.1.2.2, timer F); FreeSWITCH looks every 5 s.
GONE = PING + 32 + 5 + 5


def _company(carrier: int) -> dict[str, Any]:
    data = muster()
    data["trunks"][0]["proxy"] = f"127.0.0.1:{carrier}"
    data["schedules"].append({"name": "never", "open": []})
    data["company"]["limits"] = {"destinations": [], "schedule": "never", "closed_destinations": []}
    data["company"]["location_number"] = LOCATION
    anna = data["employees"][0]
    anna["mailbox"] = {"enabled": True, "answer_after": MAILBOX}
    anna["ringing"] = {"calls_at_once": 1}
    return data


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RenderedSwitch, Phone]]:
    folder = tmp_path_factory.mktemp("switch")
    settings = switch_settings(folder, phones_tls_port=free_port(), ping_seconds=PING, srtp="offered")
    with switch_and_trunk(folder, _company, settings=settings) as running:
        yield running


@pytest.fixture
def world(running: tuple[RenderedSwitch, Phone]) -> Iterator[World]:
    world = World(*running)
    world.trunk.received.clear()
    world.trunk.calls.clear()
    yield world
    for user in PASSWORDS:
        world.switch.api(f"sofia profile phones flush_inbound_reg {user}@{DOMAIN}")
    soon(lambda: "Total items returned: 0" in registrations(world), 10)
    world.close()


def registrations(world: World) -> str:
    return world.switch.api("sofia status profile phones reg")


def _vanish(world: World, *phones: Phone) -> None:
    """They are gone without a word."""
    for phone in phones:
        world.others.remove(phone)
        phone.close()


def register(phone: Phone, contact: str, to: str = "") -> Message:
    """Register with a Contact as it is; the final answer."""
    who = f"<sip:{phone.user}@{phone.domain}>"
    headers = [("From", f"{who};tag=1"), ("To", to or who), ("Call-ID", f"reg-{phone.port}"), ("Contact", contact)]
    return phone.exchange("REGISTER", f"sip:{phone.domain}", phone.server, 1, headers)[0]


@pytest.mark.parametrize(
    "contact",
    [
        "<sip:0900@{trunk}>",
        "<sip:0900@{trunk};transport=udp;line=1>",
        "<tel:+4917604069002>",
        "<sip:0900@127.0.0.1:{own_port}>",
        "<sip:anna-desk@{here}>, <sip:0900@{trunk}>",
        "<sip:anna-desk@{here}?Route=%3Csip:0900@{trunk}%3E>",
        "<sip:o'neil@{here}>",
        "<sip:${{global_setvar(taken=yes)}}@{here}>",
        f"<sip:anna-desk@{{here}};x={'a' * 3000}>",
    ],
    ids=lambda contact: contact[:40],
)
def test_a_phone_is_called_where_it_registers_from_whatever_its_contact_says(world: World, contact: str) -> None:
    phone = world.phone("anna-desk", NoAnswer())
    assert register(phone, _filled(contact, world, phone)).status == 200
    call = world.trunk.call(ANNA, CARLA)
    assert phone.wait_for("INVITE").uri.partition(";")[0].endswith(f"@127.0.0.1:{phone.port}")
    call.hangup()
    assert not [request for request in world.trunk.received if request.method == "INVITE"]
    assert world.switch.api("global_getvar taken").strip() != "yes"


@pytest.mark.parametrize("contact", ["<sip:a'); DROP TABLE sip_registrations;--@{here}>", "<sip:{long}@{here}>"])
def test_a_phone_that_cannot_be_called_where_it_says_stops_no_other(world: World, contact: str) -> None:
    odd, laptop = world.phone("anna-desk", NoAnswer()), world.registered("anna-soft", Answer())
    register(odd, _filled(contact.replace("{long}", "a" * 6000), world, odd))
    call = world.trunk.call(ANNA, CARLA)
    call.wait_for("answered", MAILBOX - 0.5)
    assert laptop.calls[0].answered
    call.hangup()


@pytest.mark.parametrize(
    "contact",
    [
        "<sip:x@{here};fs_path=sip%3A0900%40{trunk}>",
        "<sip:x@{here};FS_PATH=sip%3A0900%40{trunk}>",
        "<sip:x@{here};maddr={trunk}>",
        r'"a\" <sip:0900@{trunk}>" <sip:anna-desk@{here}>',
        "<sip:0900%40{trunk}%3B@{here}>",
        "<sip:a,sofia/gateway/trunk-carrier/0900@{here}>",
    ],
)
def test_a_contact_that_leads_elsewhere_is_not_stored(world: World, contact: str) -> None:
    phone = world.phone("anna-desk", NoAnswer())
    answer = register(phone, _filled(contact, world, phone))
    assert not answer.get("Contact")
    assert "anna-desk" not in registrations(world)
    assert "a Contact that is not where the phone registers from" in world.switch.process.log
    call = world.trunk.call(ANNA, CARLA)
    call.wait_for("answered")
    call.hangup()
    assert not [request for request in (*world.trunk.received, *phone.received) if request.method == "INVITE"]


def _filled(contact: str, world: World, phone: Phone) -> str:
    own_port = world.switch.settings.freeswitch.phones_port
    return contact.format(trunk=f"127.0.0.1:{world.trunk.port}", here=f"127.0.0.1:{phone.port}", own_port=own_port)


def test_nobody_registers_for_another(world: World) -> None:
    anna = world.phone("anna-desk", NoAnswer())
    assert register(anna, anna.contact, to=f"<sip:ben-desk@{DOMAIN}>").status == 403
    assert "ben-desk" not in registrations(world)


def test_a_phone_that_calls_an_address_calls_a_number_of_ours(world: World) -> None:
    anna = world.registered("anna-desk", NoAnswer())
    call = anna.call("", uri=f"sip:09001234567@127.0.0.1:{world.trunk.port}")
    call.wait_for("ended", timeout=20)
    assert call.status == 403
    assert not world.trunk.received


def test_a_phone_cannot_send_its_call_elsewhere(world: World) -> None:
    phone = world.registered("anna-desk", Ignore())
    call = world.trunk.call(ANNA, CARLA)
    invite = phone.wait_for("INVITE")
    elsewhere = f"<sip:0900@127.0.0.1:{world.trunk.port}>"
    phone.reply(invite, invite.response(302, "Moved Temporarily", "moved", contact=elsewhere))
    call.wait_for("answered")
    call.hangup()
    assert not [request for request in world.trunk.received if request.method == "INVITE"]


def test_a_phone_that_is_gone_is_no_longer_registered(world: World) -> None:
    stays, closed = world.registered("ben-desk", NoAnswer()), world.registered("anna-soft", NoAnswer())
    silent = world.registered("anna-desk", NoAnswer())
    _vanish(world, closed, silent)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", silent.port))
        soon(lambda: "anna-soft" not in registrations(world), PING + 15)
        soon(lambda: "anna-desk" not in registrations(world), GONE)
    assert len([request for request in stays.received if request.method == "OPTIONS"]) >= 3
    assert "ben-desk" in registrations(world)


def test_a_phone_that_moved_while_it_rang_ends_the_call_it_cannot_take(world: World) -> None:
    before = world.registered("anna-desk", NoAnswer())
    call = world.trunk.call(ANNA, CARLA)
    ringing, invite = before.wait_for_call(), before.wait_for("INVITE")
    call.wait_for("180")
    after = world.registered("anna-desk", NoAnswer())
    answer = invite.response(200, "OK", ringing._tag, contact=after.contact, content_type="application/sdp")
    after.send(Message(answer.start, answer.headers, ringing.audio.sdp()), after.server)
    call.wait_for("answered")
    before.wait_for("ACK")  # FreeSWITCH acknowledges where it rang: this phone hears nothing of it, and gives up
    headers = [("From", answer.get("To")), ("To", answer.get("From")), ("Call-ID", answer.get("Call-ID"))]
    target = invite.get("Contact").strip("<>").partition(">")[0]
    assert after.exchange("BYE", target, after.server, 7, headers)[0].status == 200
    call.wait_for("ended")


def test_a_phone_that_moves_and_forgets_its_call_holds_nobody_up(world: World) -> None:
    before = world.registered("anna-desk", NoAnswer())
    call = world.trunk.call(ANNA, CARLA)
    before.wait_for("INVITE")
    _vanish(world, before)
    after = world.registered("anna-desk", Answer())
    began = call.events[0].at
    assert call.wait_for("answered", MAILBOX + 5).at - began < MAILBOX + 3
    call.hangup()
    again = world.trunk.call(ANNA, CARLA)
    after.wait_for("INVITE")
    again.wait_for("answered")
    again.hangup()


def test_tls_shows_a_certificate_of_the_domain(world: World) -> None:
    port = world.switch.settings.freeswitch.phones_tls_port
    context = ssl.create_default_context(cafile=str(world.switch.settings.base / SELF_MADE))
    plain = socket.create_connection(("127.0.0.1", port), 5)
    with context.wrap_socket(plain, server_hostname=DOMAIN) as connection:
        assert connection.version() in ("TLSv1.2", "TLSv1.3")
        shown = connection.getpeercert(binary_form=True)
    assert x509.load_der_x509_certificate(shown or b"").subject.rfc4514_string() == f"CN={DOMAIN}"


def test_old_tls_is_refused(world: World) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    port = world.switch.settings.freeswitch.phones_tls_port
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(plain)


@pytest.mark.baresip
@pytest.mark.parametrize("encryption", ["srtp-mand", "srtp", ""])
def test_a_phone_over_tls_talks_encrypted_if_it_wants_to(world: World, tmp_path: Path, encryption: str) -> None:
    server = f"127.0.0.1:{world.switch.settings.freeswitch.phones_tls_port}"
    with baresip(tmp_path / "baresip", f"anna-desk@{DOMAIN}", PASSWORDS["anna-desk"], server, encryption):
        soon(lambda: "transport=tls" in registrations(world), 10)
        call = world.trunk.call(ANNA, CARLA)
        call.wait_for("answered", MAILBOX - 0.5)
        soon(lambda: len(call.audio.heard) > 12000, 10)
        negotiated = {
            world.switch.api(f"uuid_getvar {line.partition(',')[0]} rtp_has_crypto").strip()
            for line in world.switch.api("show channels").splitlines()
            if ",outbound," in line
        }
        heard = call.audio.heard[-4000:]
        call.hangup()
    assert negotiated == ({"AEAD_AES_256_GCM"} if encryption else {"_undef_"})
    assert frequency_of(array("h", heard)) == pytest.approx(440, rel=0.05)


@pytest.mark.baresip
def test_an_encrypted_phone_that_may_call_nobody_calls_for_help(world: World, tmp_path: Path) -> None:
    server = f"127.0.0.1:{world.switch.settings.freeswitch.phones_tls_port}"
    who = f"anna-desk@{DOMAIN}", PASSWORDS["anna-desk"], server, "srtp-mand"
    with baresip(tmp_path / "baresip", *who, dials=f"sip:112@{DOMAIN}"):
        invite, call = world.trunk.wait_for("INVITE"), world.trunk.wait_for_call()
        hears(call, 440)
        call.hangup()
    assert invite.uri.startswith("sip:112@")
    assert invite.get("P-Asserted-Identity") == f"<sip:{LOCATION}@127.0.0.1>"
    assert not invite.get("Privacy")
    assert "RTP/SAVP" not in invite.body.decode()


def test_a_phone_without_encryption_is_called_all_the_same(world: World) -> None:
    phone = world.registered("anna-desk", Answer())
    call = world.trunk.call(ANNA, CARLA)
    call.wait_for("answered", MAILBOX - 0.5)
    assert phone.calls[0].answered
    offers = [line for line in phone.wait_for("INVITE").body.decode().splitlines() if line.startswith("m=audio")]
    call.hangup()
    assert [line.split()[2] for line in offers] == ["RTP/SAVP", "RTP/AVP"]


class Behind(Phone):
    """A phone behind NAT: it writes an address that there is not where it is; its packets come from another."""

    inside = "192.168.178.20"

    @property
    def contact(self) -> str:
        return f"<sip:{self.user}@{self.inside}:5060>"

    def send(self, message: Message, destination: tuple[str, int]) -> None:
        headers = [
            (name, value.replace(f"{self.host}:{self.port}", f"{self.inside}:5060")) for name, value in message.headers
        ]
        body = message.body.replace(f"IN IP4 {self.host}".encode(), f"IN IP4 {self.inside}".encode())
        super().send(Message(message.start, headers, body), destination)


def test_a_phone_behind_nat_hears_and_is_heard_whoever_calls(world: World) -> None:
    server = ("127.0.0.1", world.switch.settings.freeswitch.phones_port)
    inside = Behind("anna-desk", PASSWORDS["anna-desk"], DOMAIN, server, says=tone(600, 60))
    world.others.append(inside)
    assert inside.register() == 200
    outside = world.registered("ben-desk", Answer())
    outside.says = tone(800, 60)
    for caller, number, other in ((outside, "10", inside), (inside, "11", outside)):
        call = caller.call(number)
        call.wait_for("answered", MAILBOX - 0.5)
        taken = other.calls[-1]
        hears(call, 600 if caller is outside else 800)
        hears(taken, 800 if caller is outside else 600)
        other.calls[-1].hangup()
        call.wait_for("ended")
    assert [request.method for request in inside.received if request.method != "OPTIONS"] == ["INVITE", "ACK", "BYE"]
