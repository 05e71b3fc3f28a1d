"""Every text of the pages exists in German, with the same placeholders; the browser and the user choose."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from callrouter.directory import document
from callrouter.errors import say
from callrouter.web.audit_words import FIELDS
from callrouter.web.languages import translated
from tests.web.world import World

TEXTS = runpy.run_path(str(Path(__file__).resolve().parents[2] / "docs" / "translations.py"))


def test_every_text_has_a_german_one():
    missing = set(TEXTS["used"]()) - TEXTS["translated"](TEXTS["german"]())
    assert missing == set(), "run `make translations` and write what is missing"


def test_no_text_is_translated_twice_or_for_nothing():
    names = [TEXTS["name"](message) for message in TEXTS["german"]()]
    assert sorted(str(name) for name in names if names.count(name) > 1) == []
    assert set(names) - set(TEXTS["used"]()) == set()


def test_the_audit_log_has_a_word_for_every_field():
    kinds = [kind for kind in vars(document).values() if isinstance(kind, type) and issubclass(kind, document.Part)]
    fields = {one.alias or name for kind in kinds for name, one in kind.model_fields.items()}
    assert fields - set(document.CompanyFile.model_fields) - set(FIELDS) == {"id"}


def test_placeholders_are_the_same():
    holders = re.compile(r"%\(\w+\)[sdr]")
    for message in TEXTS["german"]():
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert {*holders.findall(originals[-1])} == {*holders.findall(strings[-1])}, message.id


@pytest.mark.parametrize(
    ("wish", "heading"), [("de-DE,de;q=0.9,en;q=0.5", "Anmelden"), ("en-GB", "Sign in"), ("fr", "Sign in")]
)
def test_the_browser_chooses_the_language(world: World, wish: str, heading: str):
    assert world.browser(language=wish).get("/sign-in").tree.xpath("string(//main//button)") == heading


def test_a_users_own_setting_wins(world: World):
    anna = world.browser("employee", language="en")
    page = anna.send("/account", {"language": "de"}, action="/account/language")
    assert page.status == 303
    page = anna.get("/account")
    assert page.tree.get("lang") == "de"
    assert page.texts("notice") == ["Ihre Sprache ist geändert."]


def test_what_a_rule_says_is_told_in_the_pages_language(world: World):
    """With all that it speaks of: the owner within the sentence is German too."""
    with world.application.test_request_context(headers={"Accept-Language": "de"}):
        other = say("pool %(key)s", key="sales")
        told = translated(
            say(
                "%(owner)s: %(e164)s belongs to %(other)s; a number has one owner", owner=other, e164="+49", other=other
            )
        )
    assert told == "Pool sales: +49 gehört zu Pool sales; eine Rufnummer hat einen Inhaber"
    assert translated("as it is") == "as it is"
