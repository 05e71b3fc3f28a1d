"""What the switch says about itself is read with care, kept for a moment, and never waited for."""

from __future__ import annotations

import datetime as dt
import json

import gevent
import gevent.event
import pytest

from callrouter.errors import SwitchError
from callrouter.web.live import (
    Channel,
    Gateway,
    LiveSwitch,
    Registration,
    read_channels,
    read_gateways,
    read_registrations,
)

REGISTRATIONS = {
    "row_count": 1,
    "rows": [
        {
            "reg_user": "anna-desk",
            "realm": "pbx.muster.example",
            "token": "abc@192.0.2.7",
            "url": "sofia/phones/sip:anna-desk@192.0.2.7:5060",
            "expires": "1795272322",
            "network_ip": "192.0.2.7",
            "network_port": "5060",
            "network_proto": "udp",
            "hostname": "pbx",
            "metadata": "",
        }
    ],
}
GATEWAYS = """<?xml version="1.0" encoding="ISO-8859-1"?>
<gateways>
  <gateway><name>carrier</name><username>a&b</username><state>REGED</state><status>UP</status></gateway>
  <gateway><name>spare</name><state>FAIL_WAIT</state><status>DOWN</status></gateway>
</gateways>
"""
CHANNEL = {
    "uuid": "u-1",
    "direction": "inbound",
    "created_epoch": "1795272122",
    "cid_name": 'Ben "B" <x>',
    "cid_num": "+4917604069001",
    "dest": "+493023125010",
    "callstate": "ACTIVE",
    "call_uuid": "",
}
ANSWERS = {
    "show registrations as json": json.dumps(REGISTRATIONS),
    "sofia xmlstatus gateway": GATEWAYS,
    "show channels as json": json.dumps({"row_count": 1, "rows": [CHANNEL]}),
}


def test_registered_phones_are_read():
    until = dt.datetime.fromtimestamp(1795272322, dt.UTC)
    assert read_registrations(json.dumps(REGISTRATIONS)) == {
        "anna-desk": Registration("anna-desk", "192.0.2.7:5060", until)
    }


def test_gateways_are_read_although_the_switch_does_not_escape():
    assert read_gateways(GATEWAYS) == {
        "carrier": Gateway("carrier", True, "REGED"),
        "spare": Gateway("spare", False, "FAIL_WAIT"),
    }


def test_channels_are_read():
    since = dt.datetime.fromtimestamp(1795272122, dt.UTC)
    assert read_channels(ANSWERS["show channels as json"]) == (
        Channel("u-1", "u-1", "inbound", since, "+4917604069001", 'Ben "B" <x>', "+493023125010", "ACTIVE"),
    )


@pytest.mark.parametrize("read", [read_registrations, read_channels])
@pytest.mark.parametrize("answer", ['{"row_count":0}', '{"rows": null}', '{"rows": [1, "x", null]}', '{"rows": {}}'])
def test_nothing_is_nothing(read, answer: str):
    assert not read(answer)


@pytest.mark.parametrize("answer", ["", "-ERR no", "[]", "{", "0 total."])
def test_what_is_no_answer_is_told(answer: str):
    with pytest.raises(SwitchError, match="cannot be read"):
        read_channels(answer)


@pytest.mark.parametrize(
    "answer", ["", "Reload XML [Success]", "<gateways>", "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"]
)
def test_broken_gateways_are_none(answer: str):
    assert read_gateways(answer) == {}


def test_a_look_is_kept_for_a_moment():
    asked: list[str] = []
    now = [0.0]

    def ask(command: str) -> str:
        asked.append(command)
        return ANSWERS[command]

    switch = LiveSwitch(ask, lambda: now[0])
    assert switch.live().connected
    assert set(switch.live().registrations) == {"anna-desk"}
    assert len(asked) == 3
    now[0] = 2.1
    assert switch.live().gateways["carrier"].up
    assert len(asked) == 6


def test_a_switch_that_is_gone_is_told():
    def ask(command: str) -> str:
        raise SwitchError("FreeSWITCH's event socket refuses")

    live = LiveSwitch(ask).live()
    assert (live.connected, live.problem) == (False, "FreeSWITCH's event socket refuses")


def test_nobody_waits_for_a_switch_that_does_not_answer():
    answers = gevent.event.Event()

    def ask(command: str) -> str:
        answers.wait()
        return ANSWERS[command]

    switch = LiveSwitch(ask)
    assert not switch.live().connected
    answers.set()
    gevent.sleep(0)
    gevent.sleep(0)
    assert switch.live().connected
