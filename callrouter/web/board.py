"""What the start page shows to administrators: looked at once for all who watch, and only while somebody does."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from callrouter.directory import overview, viewers
from callrouter.directory.database import Database
from callrouter.directory.names import device_names
from callrouter.directory.overview import Facts
from callrouter.directory.privacy import Viewer, Whose
from callrouter.web.applying import State
from callrouter.web.following import Watchers
from callrouter.web.health import Checks
from callrouter.web.live import TALKING, Channel, Gateway, Live, calls_of, gateway_name
from callrouter.web.parts import Parts, parts

#: The database is asked again after so long (seconds); the switch says itself how fresh it is.
_FACTS_SECONDS = 10.0
#: What all who watch the same are shown is made again after so long (seconds).
_SHARED_SECONDS = 1.0
#: So many calls are shown; the others are counted.
_SHOWN_CALLS = 30
#: A mail that waits so long tells of a mail server that does not work.
_LONGEST_WAIT = dt.timedelta(minutes=15)
#: What ``health`` checks of those parts that nothing else here tells of.
_CHECKED = ("router", "spool")
_NAME = "callrouter.board"


@dataclass(frozen=True, slots=True)
class CallNow:
    """A call that goes on. ``state``: rings, talks, served (by a mailbox or an announcement) or routed.

    ``phones`` are the accounts that ring, or the one that talks.
    """

    uuid: str
    since: dt.datetime | None
    caller: str
    caller_name: str
    called: str
    state: str
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrunkNow:
    """A trunk and how the switch sees it; ``state`` is in sofia's words, empty when the switch does not know it.

    ``asked``: the switch finds out whether the provider is there, by registering or by pings.
    """

    name: str
    up: bool
    state: str
    asked: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that needs attention, and the page where it is mended, if there is one."""

    text: str
    url: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """One look at everything, the same for all administrators: ``sees`` is what any of them may see.

    ``names`` are those of numbers and extensions, ``phones`` (label, whose) by account.
    """

    live: Live
    facts: Facts
    applying: State
    checked: tuple[tuple[str, str, int], ...]
    calls: tuple[CallNow, ...]
    names: dict[str, str]
    phones: dict[str, tuple[str, str]]
    sees: Viewer

    @property
    def trunks(self) -> list[TrunkNow]:
        return [_trunk(trunk, self.live) for trunk in self.facts.trunks]

    @property
    def shown_calls(self) -> tuple[CallNow, ...]:
        return self.calls[:_SHOWN_CALLS] if self.sees.live else ()

    @property
    def lists_last_calls(self) -> bool:
        """Whether administrators see everybody's calls; what is there for one of them alone is not on this page."""
        return self.sees.whose is Whose.ALL

    def waiting_cdrs(self) -> int | None:
        """Ended calls that are not in the history yet; None: not known."""
        return next((seen for name, problem, seen in self.checked if name == "spool" and not problem), None)


def calls_now(channels: tuple[Channel, ...]) -> tuple[CallNow, ...]:
    """The calls that *channels* are the legs of, the oldest first."""
    return tuple(_call(first, others) for first, others in calls_of(channels))


def _call(first: Channel, others: list[Channel]) -> CallNow:
    talking = [leg for leg in others if leg.state in TALKING]
    if talking:
        state = "talks"
    elif others:
        state = "rings"
    else:
        state = "served" if first.state in TALKING else "routed"
    phones = tuple(leg.device for leg in talking or others if leg.device)
    return CallNow(first.call_uuid, first.since, first.caller, first.caller_name, first.called, state, phones)


def _trunk(trunk: overview.Trunk, live: Live) -> TrunkNow:
    gateway = live.gateways.get(gateway_name(trunk.name), Gateway(trunk.name, False, ""))
    up = gateway.up and (not trunk.register or gateway.state == "REGED")
    return TrunkNow(trunk.name, up, gateway.state, trunk.register or trunk.ping > 0)


class Board(Watchers):
    """Keeps the last look, and who watches it."""

    def __init__(
        self,
        given: Parts,
        *,
        most_watchers: int = 100,
        most_of_one: int = 20,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """So many watch at most, and of them so many who are one person: windows left open, or a program."""
        super().__init__(most_watchers, most_of_one)
        self._given = given
        self._monotonic = monotonic
        self._facts: tuple[Facts, Viewer, tuple[tuple[str, str, int], ...]] | None = None
        self._good_until = float("-inf")
        self._last: Overview | None = None
        self._shared: dict[Hashable, tuple[float, str]] = {}

    def shared(self, what: Hashable, make: Callable[[], str]) -> str:
        """What *make* made for all who watch *what*, at most a second old; while one makes it, others have the last."""
        now = self._monotonic()
        good_until, text = self._shared.get(what, (float("-inf"), ""))
        if now < good_until and text:
            return text
        if text:
            self._shared[what] = now + _SHARED_SECONDS, text
        else:
            self._shared = {key: known for key, known in self._shared.items() if now < known[0]}
        text = make()
        self._shared[what] = now + _SHARED_SECONDS, text
        return text

    def look(self, *, fresh: bool = False) -> Overview:
        """What there is now, of the database at most some seconds old (*fresh*: at once); the same while it is."""
        live, applying = self._given.switch.live(), self._given.apply.state
        if fresh or self._facts is None or self._monotonic() >= self._good_until:
            self._good_until = self._monotonic() + _FACTS_SECONDS
            self._facts = (*_read(self._given.database), tuple(_check(self._given.checks)))
        facts, sees, checked = self._facts
        last = self._last
        if last and (last.live, last.facts, last.sees, last.applying, last.checked) == (
            live,
            facts,
            sees,
            applying,
            checked,
        ):
            return last
        calls = calls_now(live.channels)
        shown = calls[:_SHOWN_CALLS]
        with self._given.database.read() as session:
            names = overview.names_of(session, {number for call in shown for number in (call.caller, call.called)})
            phones = device_names(session, {phone for call in shown for phone in call.phones})
        self._last = Overview(live, facts, applying, checked, calls, names, phones, sees)
        return self._last


def _read(database: Database) -> tuple[Facts, Viewer]:
    with database.read() as session:
        sees = viewers.viewer(session, "admin")
        return overview.facts(session, sees), sees


def _check(checks: Checks) -> Iterator[tuple[str, str, int]]:
    """Name, problem and what was seen waiting, of what ``health`` would check."""
    for name in _CHECKED:
        if name in checks:
            try:
                seen = checks[name]()
            except Exception as error:
                yield name, str(error) or type(error).__name__, 0
            else:
                yield name, "", seen.get("waiting", 0) if isinstance(seen, dict) else 0


def board() -> Board:
    """The application's board."""
    found: Board = current_app.extensions.setdefault(_NAME, Board(parts()))
    return found


def _page(endpoint: str, **values: Any) -> str:
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""


def problems(now: Overview, at: dt.datetime) -> list[Problem]:
    """What needs attention, the worst first, in the language of this request."""
    facts, live = now.facts, now.live
    found = []
    if not live.connected:
        found.append(Problem(_("FreeSWITCH is not connected: %(problem)s", problem=live.problem)))
    for name, problem, _seen in now.checked:
        if problem and name == "router":
            found.append(Problem(_("The router does not run, calls take the fallback: %(problem)s", problem=problem)))
        elif problem:
            found.append(Problem(_("Ended calls are not taken over: %(problem)s", problem=problem)))
    if not facts.trunks:
        link = _page("trunks.index")
        found.append(Problem(_("There is no trunk: nobody can call from outside."), link, _("Trunks")))
    for trunk in now.trunks if live.connected else ():
        if not trunk.up:
            text = _(
                "The trunk %(name)s does not work (%(state)s).", name=trunk.name, state=trunk.state or _("unknown")
            )
            found.append(Problem(text, _page("trunks.index"), _("Trunks")))
    if now.applying.problem:
        found.append(Problem(_("FreeSWITCH has not taken over the last changes.")))
    if live.connected and facts.phones and not live.registrations:
        found.append(Problem(_("No phone is registered.")))
    if facts.lost_count:
        text = ngettext(
            "%(num)s employee has phones, but no number.",
            "%(num)s employees have phones, but no number.",
            facts.lost_count,
        )
        found.append(Problem(text, _page("employees.index", state="lost"), _("Give a number")))
    if facts.mails_dead:
        text = ngettext(
            "%(num)s mail could not be delivered.", "%(num)s mails could not be delivered.", facts.mails_dead
        )
        found.append(Problem(text, _page("mails.index"), _("Look at the mails")))
    if facts.oldest_mail and at - facts.oldest_mail > _LONGEST_WAIT:
        text = _("Mails wait for the mail server for more than a quarter of an hour.")
        found.append(Problem(text, _page("mails.index"), _("Look at the mails")))
    return found
