"""Cases that calls close, from the real FreeSWITCH to the reply in the thread: called back, or called again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from callrouter.cases import inbox
from callrouter.cases.inbox import CaseLine
from callrouter.cli.scratch import wait_until
from callrouter.directory import services
from callrouter.directory.changing import revised
from callrouter.directory.records import CaseRow
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.phone import Phone
from tests.e2e.world import ANNA, SALES, World, final

pytestmark = pytest.mark.freeswitch

#: Of callers, by their last digits.
_NUMBERS = itertools.count(30)
#: Nobody talks for so long here (seconds).
LONG = 600


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Who is called back must be talked to for 600 seconds, unless a test says less."""
    with World(tmp_path_factory.mktemp("world")) as world:
        world.company["company"]["cases"] = {"mail_minutes": 0, "talk_seconds": LONG}
        world.company["pools"][0] |= {"members": ["anna", "ben"], "ring_seconds": 20, "mailbox": {"enabled": False}}
        for employee in world.company["employees"]:
            employee["mailbox"] = {"enabled": False}
            employee["notify"] |= {"handled_mail": True}
        world.company["blocked_callers"] = []
        world.create()
        world.scratch.start()
        yield world


class Missed:
    """A caller whom nobody reached, and the phones of those who may call back."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.caller = f"+49176040690{number:02}"
        self.anna = world.phone("anna-desk", NoAnswer())
        self.ben = world.phone("ben-desk", NoAnswer())

    def calls(self, number: str = SALES) -> EmailMessage:
        """Call *number*, be missed, and see the mail of it."""
        call = self.world.trunk.call(number, self.caller)
        self.anna.wait_for_call()
        call.cancel()
        [mail] = self.mails(1)
        return mail

    def mails(self, count: int) -> list[EmailMessage]:
        """The mails of the caller's case, once there are *count*."""

        def found() -> list[EmailMessage] | None:
            case = self.line
            mails = [
                mail for mail in self.world.scratch.mails.mails() if case and mail["X-Callrouter-Case"] == str(case.id)
            ]
            return mails if len(mails) >= count else None

        mails: list[EmailMessage] = wait_until(found, f"{count} mails")
        return mails

    @property
    def line(self) -> CaseLine | None:
        """The caller's only case."""
        with self.world.scratch.database.read() as session:
            ids = session.scalars(select(CaseRow.id).where(CaseRow.caller_key == self.caller)).all()
            assert len(ids) < 2
            return inbox.story(session, ids[0]).line if ids else None

    def story(self, count: int) -> list[tuple[str, str | None]]:
        """What happened in the case, and who did it, once that is *count* things."""

        def found() -> list[tuple[str, str | None]] | None:
            with self.world.scratch.database.read() as session:
                number = session.scalars(select(CaseRow.id).where(CaseRow.caller_key == self.caller)).one()
                told = [(event.what, event.employee) for event in inbox.story(session, number).events]
            return told if len(told) >= count else None

        told: list[tuple[str, str | None]] = wait_until(found, f"{count} things")
        return told

    def a_talk_is(self, seconds: int) -> None:
        with self.world.scratch.database.write() as session:
            company, _ = services.company(session)
            cases = company.cases.model_dump() | {"talk_seconds": seconds}
            services.save_company(session, revised(company, cases=cases))

    def call_back(self, phone: Phone) -> None:
        """*phone* calls the caller, who hangs up after two seconds of talk."""
        self.world.trunk.behaviour = Answer(hang_up_after=2)
        call = phone.call(self.caller.replace("+49", "0"))
        assert final(call) == 200
        call.wait_for("ended", 20)


@pytest.fixture
def missed(running: World) -> Iterator[Missed]:
    missed = Missed(running, next(_NUMBERS))
    yield missed
    missed.a_talk_is(LONG)
    for phone in (missed.anna, missed.ben):
        phone.close()


def _is_reply(reply: EmailMessage, to: EmailMessage, *lines: str) -> None:
    """*reply* stands in the thread of the mail *to*, and says *lines*."""
    assert (reply["References"], reply["In-Reply-To"]) == (to["Message-ID"], to["Message-ID"])
    assert (reply["Subject"], reply["To"]) == (to["Subject"], to["To"])
    body = reply.get_body(("plain",))
    assert body is not None
    text = body.get_content().splitlines()
    assert text[0] == "Erledigt"
    assert [line for line in lines if line not in text] == [], text


def test_a_member_who_calls_back_and_talks_closes_it_with_one_reply(missed: Missed) -> None:
    first = missed.calls()
    assert first["To"] == "vertrieb@muster.example"
    missed.a_talk_is(1)
    missed.call_back(missed.ben)
    _, reply = missed.mails(2)
    _is_reply(reply, first, "Von: Ben Yılmaz", "Wie: Der Anrufer wurde zurückgerufen")
    assert missed.story(2) == [("missed", None), ("called_back", "Ben Yılmaz")]
    assert missed.line
    assert missed.line.state == "closed"
    missed.world.quiet()
    assert len(missed.mails(2)) == 2


@pytest.mark.parametrize("how", ["too short", "refused"])
def test_who_is_not_talked_to_for_long_enough_still_waits(missed: Missed, how: str) -> None:
    missed.calls()
    if how == "refused":
        missed.world.trunk.behaviour = Refuse(486)
        assert final(missed.anna.call(missed.caller.replace("+49", "0"))) == 486
    else:
        missed.call_back(missed.anna)
    assert missed.story(2) == [("missed", None), ("attempted", "Anna Schmidt")]
    assert missed.line
    assert (missed.line.state, missed.line.attempts) == ("open", 1)
    missed.world.quiet()
    assert len(missed.mails(1)) == 1


def test_who_calls_again_and_is_answered_waits_no_more(missed: Missed) -> None:
    first = missed.calls()
    missed.anna.behaviour = Answer()
    call = missed.world.trunk.call(SALES, missed.caller)
    assert final(call) == 200
    call.hangup()
    _, reply = missed.mails(2)
    _is_reply(reply, first, "Von: Anna Schmidt", "Wie: Der Anrufer hat wieder angerufen und wurde verbunden")
    assert missed.story(2) == [("missed", None), ("called_again", "Anna Schmidt")]


def test_a_call_back_by_click_closes_it(missed: Missed) -> None:
    first = missed.calls()
    missed.a_talk_is(1)
    missed.anna.behaviour = Answer()
    missed.world.trunk.behaviour = Answer(hang_up_after=2)
    missed.world.scratch.command("call", "start", "anna", missed.caller)
    _, reply = missed.mails(2)
    _is_reply(reply, first, "Von: Anna Schmidt", "Wie: Der Anrufer wurde zurückgerufen")
    assert missed.story(2) == [("missed", None), ("called_back", "Anna Schmidt")]


def test_who_calls_back_and_connects_them_with_a_colleague_closes_it(missed: Missed) -> None:
    """However soon: the talk goes on without who began it."""
    missed.calls()
    missed.world.trunk.behaviour = Answer()
    missed.ben.behaviour = Answer()
    call = missed.anna.call(missed.caller.replace("+49", "0"))
    call.wait_for("answered")
    asked = missed.anna.call("11")
    asked.wait_for("answered")
    assert call.transfer_to_call(asked) == 202
    asked.wait_for("ended")
    missed.ben.wait_for_call().hangup()
    assert missed.story(2) == [("missed", None), ("called_back", "Anna Schmidt")]


def test_an_employee_who_calls_back_their_own_caller_closes_it(missed: Missed) -> None:
    first = missed.calls(ANNA)
    assert first["To"] == "anna@muster.example"
    missed.a_talk_is(1)
    missed.call_back(missed.anna)
    _, reply = missed.mails(2)
    _is_reply(reply, first, "Von: Anna Schmidt", "Wie: Der Anrufer wurde zurückgerufen")
    assert missed.story(2) == [("missed", None), ("called_back", "Anna Schmidt")]
