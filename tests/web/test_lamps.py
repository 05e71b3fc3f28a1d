"""What FreeSWITCH is told of who is signed in, and when."""

from __future__ import annotations

from callrouter.errors import SwitchError
from callrouter.web.lamps import Lamps

ANNA, BEN = "*6020*10@pbx.muster.example", "*6020*11@pbx.muster.example"


def test_changes_are_told_once_and_questions_answered() -> None:
    states, told, fails = {ANNA: True, BEN: False}, [], []

    def tell(address: str, lit: bool) -> None:
        if fails:
            raise SwitchError("no connection")
        told.append((address, lit))

    lamps = Lamps(lambda: states, tell)
    lamps.asked({"to": ANNA})
    assert told == [], "nothing is known yet"
    lamps.show()
    assert told == [(ANNA, True), (BEN, False)]
    lamps.show()
    states[BEN] = True
    lamps.show()
    assert told[2:] == [(BEN, True)]
    lamps.asked({"to": BEN})
    lamps.asked({"to": "10@pbx.muster.example"})
    lamps.asked({})
    assert told[3:] == [(BEN, True)]
    fails.append(True)
    states[ANNA] = False
    lamps.show()
    assert len(told) == 4
    fails.clear()
    lamps.show()
    assert told[4:] == [(ANNA, False)]
    del states[BEN]
    lamps.show()
    assert told[5:] == [(BEN, False)]
    lamps.asked({"to": BEN})
    lamps.show()
    assert len(told) == 6
