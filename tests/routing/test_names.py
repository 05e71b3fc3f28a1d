"""What a caller may call himself on our phones."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.routing.names import behind, clean_name, shown_before


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna Schmidt", "Anna Schmidt"),
        ("  Anna   Schmidt ", "Anna Schmidt"),
        ("Ben Yılmaz", "Ben Yılmaz"),
        ("Mu\u0308ller", "Müller"),
        ("M\ufffdller", "Mller"),
        ("Müller & Söhne", "Müller + Söhne"),
        ("Schmidt, Anna (Büro)", "Schmidt Anna Büro"),
        ("O'Brien", "O’Brien"),
        ("Vertrieb/Support", "Vertrieb-Support"),
        ('"Anna" <sip:anna@pbx.example>', "Anna sip anna pbx.example"),
        ("${system(reboot)}", "system reboot"),
        ("%{x}^^|[a=b]\\", "x a b"),
        ("_undef_", "undef"),
        ("a\r\nVia: x", "a Via x"),
        ("a\u202eb\u200bc\x00d\ufeff", "abcd"),
        ("\u3164\u115f", ""),
        ("Иван Петров", "Иван Петров"),
        ("अन्ना", "अन्ना"),
        ("山田太郎", "山田太郎"),
        ("☎ 📞", ""),
        ("+49 30 23125-010", "+49 30 23125-010"),
        ("\ud800x", "x"),
        ("x" * 4096, "x" * 64),
        ("x" * 63 + " y", "x" * 63),
        ("", ""),
    ],
)
def test_clean_name(text: str, name: str) -> None:
    assert clean_name(text) == name


@given(st.text(max_size=300))
def test_nothing_is_left_that_a_switch_or_a_display_could_trip_over(text: str) -> None:
    name = clean_name(text)
    assert len(name) <= 64
    assert not set(name) & set("\"${}[]<>,|'\\^%/:@;=()&*#?!~`_\r\n\t\x00")
    assert all(char in " .-+’" or unicodedata.category(char)[0] in "LMN" for char in name)
    assert name == unicodedata.normalize("NFC", name) == clean_name(name) == name.strip()
    assert "  " not in name


@pytest.mark.parametrize(
    ("team", "shown"),
    [
        ("Vertrieb", "Vertrieb"),
        ("Vertrieb: Süd & [West]", "Vertrieb Süd + West"),
        ("Kundendienst Innendienst Nord", "Kundendienst Innendi"),
        ("\u202e", ""),
    ],
)
def test_a_team_is_shown_before_its_callers(team: str, shown: str):
    assert shown_before(team) == shown


def test_who_is_not_of_a_team_is_shown_alone():
    assert (behind("", "Erika"), behind("Vertrieb", "Erika")) == ("Erika", "Vertrieb - Erika")
