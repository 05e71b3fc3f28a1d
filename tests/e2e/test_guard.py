"""Nobody is called back twice: who is on it is heard before the call goes out, and with the key it goes out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from callrouter.app import event_socket_client
from callrouter.cases import changes
from callrouter.cases.rules import Change
from callrouter.cli.scratch import wait_until
from callrouter.directory import clicks
from callrouter.directory.models import CompanyRow, OwnerRow
from callrouter.directory.records import CallRow, CallStepRow, CaseChangeRow, CaseRow, OutboxRow
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import frequency_of
from tests.e2e.world import CALLER, SALES, World
from tests.rendering.heard import said

pytestmark = pytest.mark.freeswitch
DIALED = "017604069001"


class Team(World):
    """Anna, Ben and Cem of sales, and somebody outside who waits to be called back; Cem has no extension."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.language, self.case = "de", 0
        self.company["company"] |= {"cases": {"talk_seconds": 1, "mail_minutes": 0}}
        self.company["employees"].append(
            {
                "id": "cem",
                "name": "Cem Kaya",
                "personal_number": "+493023125012",
                "devices": [{"label": "Telefon", "sip_user": "cem-desk", "sip_password": "7d2kQ9-desk"}],
            }
        )
        self.company["pools"][0] |= {"members": ["anna", "ben", "cem"], "extension": "20"}

    def begin(self) -> None:
        self.create()
        self.scratch.start()
        self.client = event_socket_client(self.scratch.settings, "test")
        self.client.start()
        wait_until(lambda: self.client.connected, "the event socket")
        self.anna, self.ben, self.cem = (self.phone(f"{who}-desk", NoAnswer()) for who in ("anna", "ben", "cem"))

    def stop(self) -> None:
        if hasattr(self, "client"):
            self.client.stop()
        super().stop()

    def again(self) -> None:
        """Of the test before nothing is left; somebody waits."""
        self.client.api("hupall")
        wait_until(lambda: self.client.api("show channels count").strip().startswith("0 total"), "silence")
        self.quiet()
        for phone in (self.anna, self.ben, self.cem, self.trunk):
            phone.received.clear()
            phone.calls.clear()
            phone.behaviour = NoAnswer()
        self.trunk.behaviour = Answer()
        now = dt.datetime.now(dt.UTC)
        with self.scratch.database.write() as session:
            for table in (CaseChangeRow, OutboxRow, CallStepRow, CallRow, CaseRow):
                session.execute(delete(table))
            sales = session.scalar(select(OwnerRow.id).where(OwnerRow.key == "sales"))
            row = CaseRow(owner_id=sales, caller_key=CALLER, caller=CALLER, opened_at=now, changed_at=now)
            row.root_message_id = "<one@muster.example>"
            session.add(row)
            session.flush()
            self.case = row.id

    def speaks(self, language: str) -> None:
        """Prompts are in *language* from now on, in the rendered dialplan as well."""
        self.language = language
        with self.scratch.database.write() as session:
            session.execute(update(CompanyRow).values(language=language))
        file = self.scratch.settings.conf_dir / "dialplan" / "guard.xml"
        other = file.read_text().replace("/en/" if language == "de" else "/de/", f"/{language}/")
        if other != file.read_text():
            file.write_text(other)
            assert "Success" in self.client.api("reloadxml")

    def change(self, what: Change, who: str, minutes: int = 0) -> None:
        """What *who* did to the case so long ago."""
        with self.scratch.database.write() as session:
            changes.change(session, self.case, what, who, at=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes))

    def state(self) -> tuple[str, int]:
        """The state of the case, and how often somebody has tried."""
        with self.scratch.database.read() as session:
            row = session.execute(select(CaseRow.state, CaseRow.attempts).where(CaseRow.id == self.case)).one()
            return row.state, row.attempts

    def hears(self, call: PhoneCall, *prompts: str) -> None:
        """Wait until *call* has heard all of *prompts*, and see that nobody has been called."""
        for prompt in prompts:
            wait_until(lambda prompt=prompt: said(call, prompt, self.language), prompt, 30)  # type: ignore[misc]
        assert self.invites() == 0

    def invites(self) -> int:
        """How many calls have come to the trunk."""
        return sum(message.method == "INVITE" for message in self.trunk.received)

    def filed(self, calls: int = 1) -> tuple[str, list[str], list[tuple[str, str, str | None]]]:
        """Outcome, reasons and parts of the last of so many *calls*."""
        call = self.calls(calls)[calls - 1]
        return call.outcome, [code for code, _ in call.reasons], self.steps(call)


def goes_out(team: Team, phone: Phone, dialed: str = DIALED) -> PhoneCall:
    """The call of *phone* comes to the trunk, and nobody says anything before."""
    call = phone.call(dialed)
    team.trunk.wait_for("INVITE")
    call.wait_for("answered")
    call.hangup()
    call.wait_for("ended")
    return call


@pytest.fixture(scope="module")
def one_team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with Team(tmp_path_factory.mktemp("team")) as team:
        team.begin()
        yield team


@pytest.fixture
def team(one_team: Team) -> Team:
    one_team.again()
    one_team.speaks("de")
    return one_team


def talks(team: Team, phone: Phone) -> PhoneCall:
    """*phone* talks to whoever waits, and FreeSWITCH lists it (half a second later)."""
    call = phone.call(DIALED)
    call.wait_for("answered")
    called = team.trunk.wait_for_call()
    wait_until(lambda: len(called.audio.heard) > 1600, "who is called hears something")
    wait_until(lambda: "\n0 total" not in team.client.api(f"show channels like {DIALED[-8:]}"), "the leg to be listed")
    team.trunk.received.clear()
    return call


@pytest.mark.parametrize("language", ["de", "en"])
def test_who_claims_it_and_since_when(team: Team, language: str) -> None:
    team.speaks(language)
    team.change(Change.CLAIM, "ben", minutes=12)
    call = team.anna.call(DIALED)
    call.wait_for("answered")
    [answer] = [event.message for event in call.events if event.name == "200"]
    assert answer is not None
    see = {"de": "siehe", "en": "see"}[language]
    assert answer.get("Remote-Party-ID").startswith(f'"{see} Ben Yılmaz" <sip:{DIALED}@')
    team.hears(call, "guard_claimed", "guard_extension", "digit_1", "ago_10", "guard_press")
    call.audio.send_digits("1")
    called = team.trunk.wait_for_call()
    wait_until(lambda: len(called.audio.heard) > 1600, "who is called hears something")
    called.hangup()
    call.wait_for("ended")
    assert team.filed() == ("answered", ["guard_claimed", "guard_went_on"], [("employee:anna", "answered", None)])


@pytest.mark.parametrize("language", ["de", "en"])
def test_who_talks_to_them_now(team: Team, language: str) -> None:
    team.speaks(language)
    first = talks(team, team.ben)
    call = team.anna.call(DIALED)
    call.wait_for("answered")
    team.hears(call, "guard_talking", "guard_extension", "digit_1", "guard_press")
    call.hangup()
    first.hangup()
    assert team.filed(2)[1] == ["guard_talking", "guard_given_up"]


def test_who_was_called_by_them_talks_to_them_too(team: Team) -> None:
    team.ben.behaviour = Answer()
    caller = team.trunk.call("+493023125011", CALLER)
    caller.wait_for("answered")
    wait_until(lambda: "\n0 total" not in team.client.api(f"show channels like {DIALED[-8:]}"), "the leg to be listed")
    call = team.anna.call(DIALED)
    call.wait_for("answered")
    team.hears(call, "guard_talking", "digit_1")
    call.hangup()
    caller.hangup()


@pytest.mark.parametrize("language", ["de", "en"])
def test_who_has_called_back_and_when(team: Team, language: str) -> None:
    team.speaks(language)
    first = talks(team, team.cem)
    wait_until(lambda: len(first.audio.heard) > 12000, "a talk")
    first.hangup()
    wait_until(lambda: team.state()[0] == "closed", "the end of the case")
    call = team.anna.call(DIALED)
    call.wait_for("answered")
    team.hears(call, "guard_called_back", "ago_0", "guard_press")
    assert not said(call, "guard_extension", language), "Cem has none"
    call.audio.send_digits("7")
    team.hears(call, "guard_ended")
    call.wait_for("ended", 20)
    assert team.filed(2)[1] == ["guard_called_back", "guard_given_up"]


def test_the_one_who_is_on_it_is_not_warned_and_nobody_of_a_case_that_waits(team: Team) -> None:
    goes_out(team, team.anna)
    team.trunk.received.clear()
    team.change(Change.CLAIM, "anna")
    goes_out(team, team.anna)
    assert team.filed(2) == ("answered", [], [("employee:anna", "answered", None)])


def test_without_the_key_nobody_is_called_and_nobody_has_tried(team: Team) -> None:
    team.change(Change.CLAIM, "ben")
    call = team.anna.call(DIALED)
    call.wait_for("answered")
    call.wait_for("ended", 60)
    assert said(call, "guard_ended")
    assert team.invites() == 0
    assert team.filed() == ("rejected", ["guard_claimed", "guard_given_up"], [("employee:anna", "rejected", None)])
    assert team.state() == ("claimed", 0)


def test_a_call_for_the_pool_and_one_from_the_page_are_warned_too(team: Team) -> None:
    team.change(Change.CLAIM, "ben")
    call = team.anna.call(f"*5020*{DIALED}")
    call.wait_for("answered")
    team.hears(call, "guard_claimed")
    call.hangup()
    call.wait_for("ended")
    team.anna.behaviour = Answer()
    with team.scratch.database.read() as session:
        command = clicks.click(session, "anna", CALLER)
    team.client.api(f"bgapi {command}")
    clicked = team.anna.wait_for_call(2)
    team.hears(clicked, "guard_claimed", "guard_press")
    clicked.audio.send_digits("1")
    assert SALES in team.trunk.wait_for("INVITE").get("From"), "Anna shows that number"
    clicked.hangup()


def test_who_lets_it_ring_has_talked_to_nobody(team: Team) -> None:
    """The warning has answered the call of who makes it; that is no answer of who is called."""
    team.trunk.behaviour = NoAnswer(ringing=183, early_media=True)
    team.change(Change.CLAIM, "ben")
    call = team.anna.call(DIALED)
    call.wait_for("answered")
    team.hears(call, "guard_press")
    call.audio.send_digits("1")
    team.trunk.wait_for("INVITE")
    before = len(call.audio.heard)
    wait_until(lambda: any(abs(sample) > 2000 for sample in call.audio.heard[before:]), "ringing to be heard")
    call.hangup()
    assert team.filed()[::2] == ("unanswered", [("employee:anna", "unanswered", None)])
    assert team.state() == ("claimed", 1)


def test_who_goes_on_and_finds_the_line_busy_hears_so(team: Team) -> None:
    """The warning has answered the call: no phone sounds that by itself any more."""
    team.trunk.behaviour = Refuse(486)
    team.change(Change.CLAIM, "ben")
    call = team.anna.call(DIALED)
    call.wait_for("answered")
    team.hears(call, "guard_press")
    call.audio.send_digits("1")
    team.trunk.wait_for("INVITE")
    call.wait_for("ended", 20)
    tone = [call.audio.heard[at : at + 1600] for at in range(len(call.audio.heard) - 32000, len(call.audio.heard), 800)]
    assert any(abs(frequency_of(piece) - 425) < 5 for piece in tone)
    assert team.filed()[::2] == ("unanswered", [("employee:anna", "unanswered", None)])
    assert team.state() == ("claimed", 1)


def test_it_fails_open(team: Team) -> None:
    """With the cases out of reach, and with the router dead, calls go out as if nobody were on it."""
    team.change(Change.CLAIM, "ben")
    with team.scratch.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE cases RENAME COLUMN caller_key TO gone")
    try:
        goes_out(team, team.anna)
    finally:
        with team.scratch.database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE cases RENAME COLUMN gone TO caller_key")
    assert "nobody knows whether somebody else is on it" in (team.folder / "router.log").read_text()
    team.trunk.received.clear()
    team.scratch.kill_role("router")
    try:
        goes_out(team, team.anna)
    finally:
        team.scratch.start_role("router")
