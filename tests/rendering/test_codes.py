"""What ``explain`` says of the codes that the dialplan carries out by itself is what the rendered dialplan does."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from callrouter import variables as v
from callrouter.directory.database import Database
from callrouter.directory.explaining import Explainer
from callrouter.directory.importing import import_company
from callrouter.routing import codes
from tests.rendering.dialplan import Walk
from tests.rendering.office import office_company
from tests.switch import rendered, switch_settings

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
CODES = ("**10", "**11", "**12", "**20", "**99", "*8", "*910", "*911", "*912", "*920", "*999")
POOLS = {"anna-desk": "sales", "cem-desk": ""}


def _company(pickup: str) -> dict[str, Any]:
    company = office_company(5060)  # anna and ben are in the pool, cem is not
    company["company"]["pickup"] = pickup
    company["pools"][0]["extension"] = "20"
    company["employees"][1]["mailbox"] = {"enabled": True, "answer_calls": False}
    return company


@pytest.fixture(params=["nobody", "pools", "everybody"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """The explainer, and the rendered files, of one company."""
    company = _company(request.param)
    database = Database(f"sqlite:///{tmp_path}/callrouter.db")
    database.migrate()
    import_company(database, yaml.safe_dump(company, allow_unicode=True), "company.yaml")
    yield Explainer(database), rendered(company, switch_settings(tmp_path))
    database.close()


def _does(files: dict[str, bytes], dialled: str, device: str) -> bool:
    context = "mailboxes" if dialled.startswith("*9") else "pickup"
    walk = Walk(files, {v.POOLS: POOLS[device]})
    target = ("transfer", f"{codes.extension(dialled) or 'group'} XML {context}")
    assert target in Walk(files, {v.DIRECTION: "internal", v.CALLING: device}).execute(dialled, "internal")
    done = walk.execute(target[1].split()[0], context)
    return any(name == "intercept" or data.startswith(f"{dialled} XML owner-") for name, data in done)


@pytest.mark.parametrize("device", POOLS)
def test_a_code_is_refused_where_the_dialplan_does_nothing_for_it(both: Any, device: str) -> None:
    explain, files = both
    said = {code: not explain(code, NOW, "en", device=device).refused for code in CODES}
    assert said == {code: _does(files, code, device) for code in CODES}
    assert said["*910"]


def test_codes_are_told_in_words(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/callrouter.db")
    database.migrate()
    import_company(database, yaml.safe_dump(_company("pools"), allow_unicode=True), "company.yaml")
    explain = Explainer(database)

    def steps(dialled: str, language: str, device: str = "ben-desk") -> tuple[str, ...]:
        return explain(dialled, NOW, language, device=device).steps

    assert steps("**10", "en") == ("1. Take the call that rings at Anna Schmidt; when none does, say so.",)
    assert steps("*8", "de") == (
        "1. Einen Anruf annehmen, der bei einem dieser Pools oder ihren Mitgliedern klingelt: Vertrieb; klingelt "
        "keiner, es ansagen.",
    )
    assert steps("*910", "en") == ("1. The mailbox of Anna Schmidt takes a message (greeting in German).",)
    assert steps("*78", "en") == ("1. Turn “Do not disturb” on and say so.",)
    assert steps("*8", "en", "cem-desk") == ("1. Say that this is not allowed; the call ends (480).",)
    assert explain("**10", NOW, "en", device="cem-desk").why == (
        "The caller is 12 (Cem Kaya).",
        "Cem Kaya and Anna Schmidt have no pool in common.",
    )
    assert steps("*6020*11", "en") == ("1. Sign in to the pool Vertrieb or out of it, and say so.",)
    assert steps("*6420", "en") == ("1. Close the pool Vertrieb by hand and say so.",)
    assert explain("*6420", NOW, "en", device="ben-desk").why[1].startswith("Ben Yılmaz closes the pool Vertrieb")
    for dialled, device, why in (
        ("*6020", "cem-desk", "Cem Kaya is no member of Vertrieb."),
        ("*6020*10", "ben-desk", "10 is not the extension of Ben Yılmaz."),
        ("*6311", "ben-desk", "11 is not the extension of a pool."),
        ("*6499", "ben-desk", "99 is not the extension of a pool."),
    ):
        told = explain(dialled, NOW, "en", device=device)
        assert told.steps == ("1. Say that this is no pool that one belongs to; nothing changes.",)
        assert (told.refused, told.why[1]) == (True, why)
    for dialled in ("*55", "*63", "*9", "*5020", "*78#"):
        told = explain(dialled, NOW, "en", device="ben-desk")
        assert told.steps == ("1. Say that there is no such code; nothing changes.",)
        assert told.why[1] == f"{dialled} is none of the codes that phones can dial."
    assert explain("*8", NOW, "en").refused  # from outside it is no number
    assert explain("*8", NOW, "en", device="nobody").refused
    database.close()
