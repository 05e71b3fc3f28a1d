"""Applying to a running FreeSWITCH: a new trunk, a changed one, a new account take effect without a restart."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from callrouter.errors import RenderError
from callrouter.rendering.apply import apply
from callrouter.simulator.phone import Phone
from tests.switch import DOMAIN, RenderedSwitch, muster, rendered, rendered_switch

pytestmark = pytest.mark.freeswitch

UNKNOWN, CALLER = "+493023125099", "+4917604069001"


def _status(switch: RenderedSwitch, host: str) -> int:
    peer = Phone("trunk", server=("127.0.0.1", switch.settings.freeswitch.trunk_port), host=host)
    try:
        call = peer.call(UNKNOWN, CALLER)
        call.wait_for("ended")
        return call.status
    finally:
        peer.close()


def _changed() -> dict[str, Any]:
    company = muster()
    company["trunks"][0]["proxy"] = "127.0.0.1:5099"
    company["trunks"].append({"name": "second", "proxy": "127.0.0.1:5098", "peers": ["127.0.0.9"]})
    company["employees"][1]["devices"].append(
        {"label": "Neu", "kind": "softclient", "sip_user": "ben-soft", "sip_password": "2b8cR7-soft"}
    )
    return company


def test_changes_take_effect_without_a_restart(tmp_path: Path) -> None:
    with rendered_switch(tmp_path) as switch:
        conf_dir = switch.settings.conf_dir
        apply(switch.files, conf_dir, 7, api=switch.api)
        assert _status(switch, "127.0.0.9") == 403
        done = apply(rendered(_changed(), switch.settings), conf_dir, 8, api=switch.api)
        assert done.reloaded
        assert done.restart == ()
        assert _status(switch, "127.0.0.9") == 404
        assert _status(switch, "127.0.0.1") == 404
        assert "127.0.0.1:5099" in switch.api("sofia status gateway trunk-carrier")
        assert "127.0.0.1:5098" in switch.api("sofia status gateway trunk-second")
        phone = Phone("ben-soft", "2b8cR7-soft", DOMAIN, ("127.0.0.1", switch.settings.freeswitch.phones_port))
        assert phone.register() == 200
        phone.close()

        apply(rendered(muster(), switch.settings), conf_dir, 9, api=switch.api)
        assert _status(switch, "127.0.0.9") == 403
        assert "127.0.0.1:5090" in switch.api("sofia status gateway trunk-carrier")

        company = muster()
        company["trunks"][0]["peers"].append("127.0.0.8")
        apply(rendered(company, switch.settings), conf_dir, 10, api=switch.api)
        assert _status(switch, "127.0.0.8") == 404


def test_a_new_password_ends_the_registration_with_the_old_one(tmp_path: Path) -> None:
    with rendered_switch(tmp_path) as switch:
        conf_dir, server = switch.settings.conf_dir, ("127.0.0.1", switch.settings.freeswitch.phones_port)
        apply(switch.files, conf_dir, 7, api=switch.api)
        company = muster()
        device = company["employees"][1]["devices"][0]
        with closing(Phone(device["sip_user"], device["sip_password"], DOMAIN, server)) as phone:
            assert phone.register() == 200
            assert device["sip_user"] in switch.api("sofia xmlstatus profile phones reg")
            device["sip_password"] = "8d2nK4-new"
            apply(rendered(company, switch.settings), conf_dir, 8, api=switch.api)
            assert device["sip_user"] not in switch.api("sofia xmlstatus profile phones reg")
            assert phone.register() == 403
        with closing(Phone(device["sip_user"], "8d2nK4-new", DOMAIN, server)) as phone:
            assert phone.register() == 200


def test_freeswitch_refuses_and_keeps_the_old_one(tmp_path: Path) -> None:
    with rendered_switch(tmp_path) as switch:
        conf_dir = switch.settings.conf_dir
        apply(switch.files, conf_dir, 7, api=switch.api)
        broken = {**switch.files, "dialplan/public.xml": b"<include"}
        with pytest.raises(RenderError, match="old one is back"):
            apply(broken, conf_dir, 8, api=switch.api)
        assert (conf_dir / "dialplan/public.xml").read_bytes() == switch.files["dialplan/public.xml"]
        assert _status(switch, "127.0.0.1") == 404
