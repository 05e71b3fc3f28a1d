"""Who may see whose calls, and who handled them: the company's setting by role, and the rule that follows from it.

Pages, API and mails ask a :class:`Viewer`; so it is decided here, and nowhere else. What everybody who shares the work
must know is never hidden: who is on an open case now, and what waits in one's own pools.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

#: In the place of a colleague's name that is not told; None is nobody.
COLLEAGUE = ""
_PERSON, _WEB = "employee:", "web:"
_STRICT = ConfigDict(extra="forbid")


class Whose(StrEnum):
    """Whose calls: one's own with what the own pools have missed; all of one's own pools too; everybody's."""

    OWN = "own"
    POOLS = "pools"
    ALL = "all"


Shown = Literal["shown", "hidden"]


class Sees(BaseModel):
    """``handlers``: who answered calls and dealt with cases. ``live``: which colleague is on the phone now."""

    model_config = _STRICT

    handlers: Shown = "shown"
    live: Shown = "shown"


class EmployeeSees(Sees):
    """What employees see of others; ``whose_calls`` are in their lists."""

    whose_calls: Whose = Whose.POOLS


class AdminSees(Sees):
    """What administrators see of others; where ``whose_calls`` is not all, nor are cases and messages."""

    whose_calls: Whose = Whose.ALL


class Privacy(BaseModel):
    """What each role sees; ``api`` are programs with a token. Mails to a team say what employees may see."""

    model_config = _STRICT

    employee: EmployeeSees = EmployeeSees()
    admin: AdminSees = AdminSees()
    api: Sees = Sees()


Role = Literal["employee", "admin", "api"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and what they may see; without anything said: everything, as on the command line.

    ``own`` are the owner keys of the person and of the person's pools, ``devices`` the accounts (and the number
    outside) of their phones, ``actor`` who that is in the audit log. ``all_cases``: cases of everybody, and that
    messages of everybody exist.
    """

    employee: str | None = None
    actor: str = ""
    own: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    whose: Whose = Whose.ALL
    all_cases: bool = True
    handlers: bool = True
    live: bool = True

    def calls_of(self, asked: Collection[str] | None) -> Collection[str] | None:
        """Of the owners *asked* for (None: all) those whose calls are listed; None: everybody's."""
        return _within(asked, None if self.whose is Whose.ALL else self.own)

    def cases_of(self, asked: Collection[str] | None) -> Collection[str] | None:
        """Of the owners *asked* for (None: all) those whose cases are listed; None: everybody's."""
        return _within(asked, None if self.all_cases else self.own)

    def sees_calls_of(self, owner: str) -> bool:
        """Whether the calls of *owner* (a key) are listed, all or some."""
        return self.whose is Whose.ALL or owner in self.own

    def sees_cases_of(self, owner: str) -> bool:
        """Whether cases of *owner* (a key) are there for this one."""
        return self.all_cases or owner in self.own

    def sees_call(self, steps: Iterable[tuple[str, str, str | None]]) -> bool:
        """Whether a call with *steps* (owner, outcome, device) is there: by one of them, as ``history`` asks of it."""
        return self.whose is Whose.ALL or any(self._sees_step(*step) for step in steps)

    def _sees_step(self, owner: str, outcome: str, device: str | None) -> bool:
        if owner not in self.own:
            return False
        if self.whose is Whose.POOLS or owner == self._self:
            return True
        return outcome != "answered" or device in self.devices

    @property
    def _self(self) -> str | None:
        return f"{_PERSON}{self.employee}" if self.employee else None

    def names(self, employee: str | None, actor: str = "") -> bool:
        """Whether it is told that the *employee* (an id) or *actor* handled something; programs have no privacy."""
        if self.handlers or (employee is not None and employee == self.employee):
            return True
        return employee is None and (not actor.startswith(_WEB) or actor == self.actor)

    def names_device(self, device: str | None) -> bool:
        """Whether it is told that the phone *device* rang or answered."""
        return self.handlers or device in self.devices

    def names_owner(self, owner: str) -> bool:
        """Whether it is told that a call came to *owner*: not where that says which colleague handled it."""
        return self.handlers or not owner.startswith(_PERSON) or self.sees_calls_of(owner)

    def watches(self, employee: str) -> bool:
        """Whether it is told what the *employee* (an id) does now."""
        return self.live or employee == self.employee


#: Sees everything: the command line, whose user can read the database, and the parts of callrouter itself.
EVERYTHING = Viewer()


def _within(asked: Collection[str] | None, seen: Collection[str] | None) -> Collection[str] | None:
    if asked is None or seen is None:
        return seen if asked is None else asked
    return frozenset(asked) & frozenset(seen)
