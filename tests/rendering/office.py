"""A small office of the example company, whose phones say a tone each: who hears whom is heard."""

from __future__ import annotations

from array import array
from typing import Any

from callrouter.ledger.cdr import Cdr, parse
from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import frequency_of, loud_part, tone
from tests.rendering.switch_world import World, soon
from tests.switch import RenderedSwitch, muster

#: What the trunk says.
TRUNK_TONE = tone(400, 60)


def office_company(trunk: int) -> dict[str, Any]:
    """The example company with Cem, behind a trunk on that port."""
    data = muster()
    data["company"]["ring_seconds"] = 5
    data["trunks"] = [{"name": "carrier", "proxy": f"127.0.0.1:{trunk}", "peers": ["127.0.0.1"]}]
    data["employees"][0]["mailbox"] = {"enabled": True, "answer_after": 30}
    data["employees"].append(
        {
            "id": "cem",
            "name": "Cem Kaya",
            "personal_number": "+493023125012",
            "extension": "12",
            "devices": [{"label": "Telefon", "sip_user": "cem-desk", "sip_password": "7d2kQ9-desk"}],
        }
    )
    return data


class Office(World):
    """The switch, the trunk, and phones that say a tone each; a new one begins with no calls."""

    def __init__(self, switch: RenderedSwitch, carrier: Phone) -> None:
        super().__init__(switch, carrier)
        carrier.behaviour = Answer()
        carrier.received.clear()
        carrier.calls.clear()
        for path in switch.settings.spool.cdr.glob("*.json"):
            path.unlink()

    def speaking(self, user: str, frequency: int, behaviour: Any = None) -> Phone:
        phone = self.phone(user, behaviour or Answer(), {"cem-desk": "7d2kQ9-desk"}.get(user))
        phone.says = tone(frequency, 60)
        assert phone.register() == 200
        return phone

    def cdrs(self, found: int) -> list[Cdr]:
        """The CDRs of all calls, once there are *found*, oldest first."""
        folder = self.switch.settings.spool.cdr

        def read() -> list[Cdr] | None:
            paths = [path for path in folder.glob("*.json") if path.read_bytes().endswith(b"\n")]
            return [parse(path.read_bytes(), path.name) for path in paths] if len(paths) >= found else None

        made: list[Cdr] = soon(read, 15)
        return sorted(made, key=lambda cdr: cdr.started_at or 0)


def parts(cdr: Cdr) -> list[tuple[str, str, str]]:
    """Owner, outcome, and device or detail of each part of a call."""
    return [(part.owner, part.outcome.value, part.device or part.detail) for part in outcome(cdr, {}).parts]


def hears(call: PhoneCall, frequency: float, seconds: float = 15.0) -> None:
    """Wait until *call* hears half a second of *frequency* Hz, from now on."""
    start = len(call.audio.heard)

    def heard() -> bool:
        latest = array("h", call.audio.heard[start:][-4000:])
        return len(loud_part(latest)) > 3000 and abs(frequency_of(latest) - frequency) < 20

    soon(heard, seconds)
