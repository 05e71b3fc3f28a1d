"""What the company says of all calls: limits of those that go out, how callers are called back, how long data is kept.

Parts of the document, of which ``document.Company`` is made; and the base of all of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from callrouter.directory.kinds import Email, Name
from callrouter.routing.outgoing import Destination


class Part(BaseModel):
    """Base of all parts of the document."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, populate_by_name=True)


class Limits(Part):
    """What may be called in the public network, so that a stolen password costs little; emergencies always may.

    ``destinations`` may be called by everybody who has no list of their own; while ``schedule`` (a named one) is
    closed, of these only ``closed_destinations``. ``calls`` and ``calls_per_employee`` go out at the same time at
    most; ``new_numbers`` is how many numbers an employee may call in a day that were not called before in that day.
    More than ``alarm_calls`` calls of an employee in ten minutes, refused ones too, send a mail to ``alarm_email``.
    """

    destinations: list[Destination] = [Destination.NATIONAL, Destination.MOBILE]
    schedule: Name | None = None
    closed_destinations: list[Destination] = [Destination.NATIONAL]
    calls: Annotated[int, Field(ge=1, le=1000)] = 30
    calls_per_employee: Annotated[int, Field(ge=1, le=100)] = 4
    new_numbers: Annotated[int, Field(ge=1, le=10_000)] = 50
    alarm_email: Email | None = None
    alarm_calls: Annotated[int, Field(ge=1, le=10_000)] = 20

    def allowed(self, own: Sequence[Destination] | None) -> Sequence[Destination]:
        """The kinds of numbers to call for one who has *own*, or None."""
        return self.destinations if own is None else own


class Cases(Part):
    """How callers are called back. Who is called back must be talked to for ``talk_seconds`` to be done with.

    Of calls of the same caller that are missed within ``mail_minutes`` one mail tells; 0: of each. Messages always are.
    Who is claimed by a member of a pool and calls it again rings there first for ``claimer_seconds``; 0: as everybody.
    Who calls whom another is on, or has talked to within ``guard_minutes``, is told so (``cases.guard``); 0: never.
    Of the pools' callers who wait longer than ``escalate_minutes`` of their opening hours (0: of none) ``escalate_to``
    is told, where the pool names nobody.
    """

    talk_seconds: Annotated[int, Field(ge=1, le=600)] = 15
    mail_minutes: Annotated[int, Field(ge=0, le=1440)] = 5
    claimer_seconds: Annotated[int, Field(ge=0, le=60)] = 8
    guard_minutes: Annotated[int, Field(ge=0, le=1440)] = 15
    escalate_minutes: Annotated[int, Field(ge=0, le=10_000)] = 240
    escalate_to: Email | None = None


#: Days; None: for ever.
Days = Annotated[int, Field(ge=1, le=36_500)] | None


class Retention(Part):
    """How long what calls leave behind is kept, in days; None: for ever. ``cases`` count from when they were closed."""

    calls: Days = None
    messages: Days = None
    cases: Days = None
    mails: Days = None
    audit: Days = None
