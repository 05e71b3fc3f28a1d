"""Trunks on the real FreeSWITCH: the way to a provider, and what goes with a call there."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from callrouter.directory.document import CompanyFile
from callrouter.rendering import certificates
from callrouter.simulator.behaviour import Answer, NoAnswer
from callrouter.simulator.message import Message
from callrouter.simulator.phone import Phone
from callrouter.simulator.ports import free_port
from callrouter.simulator.rtp import tone
from tests.baresip import SECONDS, baresip_provider
from tests.rendering.office import hears
from tests.rendering.switch_world import World, marks, soon
from tests.switch import muster, rendered_switch, switch_settings

pytestmark = pytest.mark.freeswitch


class TlsProvider:
    """A provider that speaks SIP over TLS alone, answers 200 to whatever it is asked, and keeps it."""

    def __init__(self, certificate: Path) -> None:
        self.received: list[Message] = []
        self.tried = False
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.tried = True
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        plain.settimeout(60)
        with contextlib.suppress(OSError, ValueError), self._context.wrap_socket(plain, server_side=True) as connection:
            while data := connection.recv(65535):
                if data.strip():
                    request = Message.parse(data)
                    self.received.append(request)
                    connection.sendall(request.response(200, "OK", "1", expires="300").to_bytes())


def certificate(domain: str, folder: Path) -> Path:
    """A certificate of its own authority for *domain*, as text even where that is an address: so Sofia compares it."""
    folder.mkdir()
    settings = switch_settings(folder, phones_tls_port=1)
    company = CompanyFile.model_validate({"company": {"name": "Anbieter", "sip_domain": domain}})
    certificates.files(settings, company, dt.datetime.now(dt.UTC))
    return folder / certificates.SELF_MADE


@pytest.mark.parametrize(
    ("shown", "trusted"),
    [
        pytest.param("127.0.0.1", True, id="its own"),
        pytest.param("elsewhere.example", False, id="another's, of a known authority"),
        pytest.param("127.0.0.1", False, id="its own, of an unknown authority"),
    ],
)
def test_a_trunk_over_tls_talks_to_its_provider_alone(tmp_path: Path, shown: str, trusted: bool) -> None:
    own = certificate(shown, tmp_path / "own")
    known = own if trusted or shown != "127.0.0.1" else certificate(shown, tmp_path / "other")
    provider = TlsProvider(own)
    account = {"username": "4930230", "password": "geheim-1"}
    company = muster()
    company["trunks"] = [{"name": "line", "provider": "stadtnetz", "proxy": f"127.0.0.1:{provider.port}", **account}]
    settings = switch_settings(tmp_path, tls_authorities=str(known))
    try:
        with rendered_switch(tmp_path, company, settings) as switch:
            if trusted:
                soon(lambda: "REGED" in switch.api("sofia status gateway trunk-line"), 15)
                first = provider.received[0]
                assert (first.method, first.get("Expires")) == ("REGISTER", "300")
                assert "SIP/2.0/TLS" in first.get("Via")
            else:
                soon(lambda: provider.tried, 15)
                gevent.sleep(1)
                assert not provider.received
                assert "REGED" not in switch.api("sofia status gateway trunk-line")
    finally:
        provider.close()


@pytest.mark.baresip
def test_calls_over_tls_in_both_directions(tmp_path: Path) -> None:
    port, own = free_port(), certificate("127.0.0.1", tmp_path / "own")
    company = muster()
    line = {"name": "line", "provider": "stadtnetz", "register": False, "ping": 0, "proxy": f"127.0.0.1:{port}"}
    company["trunks"] = [line | {"peers": ["127.0.0.1"]}]
    settings = switch_settings(tmp_path, tls_authorities=str(own))
    to_anna = f"sip:+493023125010@127.0.0.1:{settings.freeswitch.trunk_tls_port};transport=tls"
    with rendered_switch(tmp_path, company, settings) as switch, World(switch, Phone("nobody")) as world:
        anna = world.phone("anna-desk", Answer())
        anna.says = tone(600, SECONDS)
        assert anna.register() == 200
        with baresip_provider(tmp_path / "provider", "+493023125500", port, own, dials=to_anna):
            came = anna.wait_for_call()
            hears(came, 440)
            assert "+493023125500" in came.invite.get("From")
            came.hangup()
            went = anna.call("03023125500")
            went.wait_for("answered")
            hears(went, 440)
            went.hangup()
        assert marks(world.record(went))[0] == "d-line;dial;employee:anna"


def _trunk(**values: Any) -> dict[str, Any]:
    return {"name": "line", "proxy": "voice.provider.example", "peers": ["127.0.0.1"], **values}


@contextlib.contextmanager
def calling(folder: Path, **trunk: Any) -> Iterator[tuple[World, Phone]]:
    """A switch with one trunk, *proxy* away, by way of a simulated provider; anna's phone is registered."""
    provider = Phone("trunk", behaviour=Answer())
    company = muster()
    company["trunks"] = [_trunk(outbound_proxy=f"127.0.0.1:{provider.port}", **trunk)]
    with rendered_switch(folder, company) as switch:
        provider.server = ("127.0.0.1", switch.settings.freeswitch.trunk_port)
        world = World(switch, provider)
        yield world, provider
        world.close()
    provider.close()


def test_calls_go_by_the_outbound_proxy_with_what_the_trunk_says(tmp_path: Path) -> None:
    with calling(tmp_path, from_domain="firma.provider.example", session_timers=False, dtmf="info") as (world, line):
        call = world.registered("anna-desk", NoAnswer()).call("017604069001")
        call.wait_for("answered")
        invite = line.wait_for("INVITE")
        call.audio.send_digits("5")
        keys = line.wait_for("INFO")
        call.hangup()
    assert invite.uri.startswith("sip:+4917604069001@voice.provider.example")
    assert "@firma.provider.example>" in invite.get("From")
    assert invite.get("P-Asserted-Identity").endswith("@firma.provider.example>")
    assert not invite.get("Session-Expires")
    assert b"Signal=5" in keys.body
    assert line.calls[0].audio.digits == ""


def test_a_call_that_comes_by_the_trunk_is_spoken_to_in_its_way(tmp_path: Path) -> None:
    with calling(tmp_path, session_timers=False, dtmf="info") as (world, line):
        anna = world.registered("anna-desk", Answer())
        call = line.call("+493023125010", "+4917604069001", headers=(("Supported", "timer"),))
        call.wait_for("answered")
        anna.calls[0].audio.send_digits("7")
        keys = line.wait_for("INFO")
        call.hangup()
    answers = [event.message for event in call.events if event.message and event.message.is_response]
    assert [answer.status for answer in answers][-1] == 200
    assert not answers[-1].get("Session-Expires")
    assert b"Signal=7" in keys.body
    for answer in answers:  # who of us answered is no business of the caller's
        assert b"Anna" not in answer.to_bytes()


def test_session_timers_and_rtp_events_are_usual(tmp_path: Path) -> None:
    with calling(tmp_path) as (world, line):
        call = world.registered("anna-desk", NoAnswer()).call("017604069001")
        call.wait_for("answered")
        invite = line.wait_for("INVITE")
        call.audio.send_digits("5")
        soon(lambda: line.calls[0].audio.digits == "5", 5)
        call.hangup()
    assert invite.get("Session-Expires").startswith("1800")
    assert not [request for request in line.received if request.method == "INFO"]


def test_a_provider_that_does_not_answer_pings_is_down(tmp_path: Path) -> None:
    with calling(tmp_path, ping=5) as (world, line):
        status = "sofia status gateway trunk-line"
        line.wait_for("OPTIONS")
        assert "UP" in world.switch.api(status)
        world.others.clear()
        line.close()
        soon(lambda: "DOWN" in world.switch.api(status), 45)
        phone = world.registered("anna-desk", NoAnswer())
        call = phone.call("017604069001")
        call.wait_for("ended", timeout=20)
        assert call.status == 503


def test_a_switch_without_tls_trunks_opens_no_port_for_them(tmp_path: Path) -> None:
    with rendered_switch(tmp_path) as switch, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", switch.settings.freeswitch.trunk_tls_port), 5)


def test_a_trunk_may_have_many_peers(tmp_path: Path) -> None:
    data = muster()
    peers = ["2001:db8::/32", *(f"192.0.2.{n}" for n in range(70)), "127.0.0.1"]
    data["trunks"] = [{"name": "carrier", "proxy": "127.0.0.1", "peers": peers}]
    with rendered_switch(tmp_path, data) as switch:
        asked = [*peers[1:], "2001:db8::7", "198.51.100.1", "2001:db9::7"]
        answers = [switch.api(f"acl {peer} trunk-carrier").strip() for peer in asked]
        assert answers == ["true"] * (len(peers)) + ["false"] * 2
        with World(switch, Phone("trunk")) as world:
            call = world.peer("127.0.0.1").call("+493023125099", "+4917604069001")
            call.wait_for("ended")
            assert call.status == 404
