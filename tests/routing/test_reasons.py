"""Reasons and steps as sentences: complete in both languages, and worth reading."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

from callrouter.cases.guard import What
from callrouter.routing import calls_out, claimers, codes, explain, features, for_pool, hours, members, opening
from callrouter.routing import decide as decide_module
from callrouter.routing.decide import decide
from callrouter.routing.explain import describe
from callrouter.routing.forwarding import ON
from callrouter.routing.plan import Reason, RejectReason
from callrouter.routing.reasons import text
from callrouter.routing.words import SENTENCES
from tests.routing.company import COMPANY, EVENING, trunk_call


def _codes_used() -> set[str]:
    """Every string in the rules that is a reason's code by its place or by its name."""
    found = {f"reject_{reason.value}" for reason in RejectReason}
    for module in (decide_module, calls_out, claimers, codes, for_pool, hours, explain, members, opening):
        for call in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in {"reason", "Reason"}:
                found |= {
                    leaf.value
                    for leaf in ast.walk(call.args[0])
                    if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and "_" in leaf.value
                }
    return found


def test_the_catalogue_has_exactly_the_codes_that_are_used() -> None:
    # Codes that are chosen before the call that takes them, the one without underscore, and f-strings' beginnings.
    chosen = {"number_of_employee", "number_of_pool", "pool_sequential", "pool_longest_idle", "caller"}
    chosen |= {"for_pool_nobody", "for_pool_no_member"}
    chosen |= {"do_not_disturb", "talking", "rang_already"}
    chosen |= {f"{kind}_{feature}" for kind in ("feature", "step") for feature in features.ALL}
    chosen |= {f"{kind}_{when}" for kind in ("forwards", "step_forward") for when in ("now", "closed", *ON)}
    chosen |= {f"pool_{place}_by_hand{until}" for place in ("open", "closed") for until in ("", "_until")}
    chosen |= {"in_short_announce", "step_announce"}
    chosen |= {f"guard_{what}" for what in (*What, "went_on", "given_up")}
    chosen |= {"outside_national", "outside_mobile", "outside_international", "outside_premium"}
    assert (_codes_used() | chosen) - {
        "reject_",
        "feature_",
        "step_",
        "step_forward_",
        "forwards_",
        "_announce",
    } == set(SENTENCES)


@pytest.mark.parametrize("code", SENTENCES)
def test_both_languages_say_the_same_fields(code: str) -> None:
    german, english = ({name for _, name, _, _ in string.Formatter().parse(said) if name} for said in SENTENCES[code])
    assert german == english
    assert len(set(SENTENCES[code])) == 2


@pytest.mark.parametrize(
    ("language", "sentences", "steps"),
    [
        (
            "de",
            [
                "Es ruft +4917604069001 an (Frau Müller).",
                "Gewählt wurde 03023125010: +493023125010, die persönliche Rufnummer von Anna Schmidt.",
                "Bei Anna Schmidt können klingeln: Tischtelefon, Laptop.",
                "Zeitsteuerung „office hours“: Mittwoch, 18. November 2026, 20:00 Uhr, in keinem Zeitfenster, also "
                "geschlossen.",
                "Die Mailbox nimmt Anrufe an, wenn die Zeitsteuerung geschlossen ist: also jetzt.",
                "Es klingelt 20 s lang, bevor die Mailbox annimmt.",
            ],
            [
                "1. Es klingeln gleichzeitig, 20 s lang: anna-desk (Anna Schmidt), anna-soft (Anna Schmidt).",
                "2. Die Mailbox von Anna Schmidt nimmt eine Nachricht auf (Ansage: Deutsch).",
            ],
        ),
        (
            "en",
            [
                "The caller is +4917604069001 (Frau Müller).",
                "03023125010 was dialled: +493023125010, the personal number of Anna Schmidt.",
                "At Anna Schmidt these can ring: Tischtelefon, Laptop.",
                "Schedule “office hours”: Wednesday, 18 November 2026, 20:00, in no window, so closed.",
                "The mailbox takes calls while the schedule is closed: that is now.",
                "It rings for 20 s before the mailbox answers.",
            ],
            [
                "1. Ring at once, for 20 s: anna-desk (Anna Schmidt), anna-soft (Anna Schmidt).",
                "2. The mailbox of Anna Schmidt takes a message (greeting in German).",
            ],
        ),
    ],
)
def test_a_plan_explains_itself(language: str, sentences: list[str], steps: list[str]) -> None:
    plan = decide(trunk_call("03023125010", "017604069001"), COMPANY, EVENING)
    assert [text(reason, language) for reason in plan.reasons] == sentences
    assert describe(plan, language) == steps


def test_a_holiday_is_named_and_no_empty_parentheses_are_left() -> None:
    fields = (("schedule", "s"), ("date", "2028-02-29"))
    assert text(Reason("hours_holiday", (*fields, ("why", "Schalttag"))), "de") == (
        "Zeitsteuerung „s“: am 29. Februar 2028 wegen eines Feiertags geschlossen (Schalttag)."
    )
    assert text(Reason("hours_closed_date", (*fields, ("why", ""))), "en") == (
        "Schedule “s”: closed all day on 29 February 2028."
    )


def test_a_mailboxs_own_schedule_has_no_name() -> None:
    fields = (("schedule", ""), ("date", "2026-12-24"), ("why", ""))
    assert text(Reason("hours_closed_date", fields), "en") == "Schedule: closed all day on 24 December 2026."


def test_what_people_are_called_is_never_a_template() -> None:
    said = text(Reason("caller_named", (("caller", "1"), ("name", "{0.__class__} {caller}"))), "de")
    assert said == "Es ruft 1 an ({0.__class__} {caller})."


def test_refusals_are_told() -> None:
    for dialed in ("13", "14", "15"):
        plan = decide(trunk_call(dialed), COMPANY, EVENING)
        assert describe(plan, "de")[0].startswith("1. Abgewiesen (4")
