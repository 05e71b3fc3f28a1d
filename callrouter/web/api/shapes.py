"""The shapes of bodies, queries and answers: those of the company file, and what the API adds to them.

Secrets go in and never come out; ``serve`` leaves them out of every answer but the one in which they are made.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, create_model

from callrouter.directory import document, kinds
from callrouter.directory.contacts import Contact
from callrouter.directory.document import Part
from callrouter.directory.kinds import E164, Name, SipUser, Slug

_T = TypeVar("_T")
_Part = TypeVar("_Part", bound=Part)

OWNER_KEY = r"^(employee|pool):[a-z0-9][a-z0-9_-]{0,39}$"
OwnerKey = Annotated[str, Field(pattern=OWNER_KEY)]


def _within_reach(moment: dt.datetime) -> dt.datetime:
    if moment.year not in kinds.YEARS:
        raise ValueError(f"only the years from {kinds.YEARS[0]} to {kinds.YEARS[-1]} can be computed with")
    return moment


#: A time with its offset from UTC.
Moment = Annotated[AwareDatetime, AfterValidator(_within_reach)]


class Query(BaseModel):
    """Base of all queries: what is not known is an error, so that no misspelt filter lets everything through."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class PageQuery(Query):
    """A page of a list, from 1."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    size: Annotated[int, Field(ge=1, le=500)] = 50


class SearchQuery(PageQuery):
    """A page of what is found."""

    q: Annotated[str, Field(max_length=120, description="What to search for.")] = ""


class Listing(BaseModel, Generic[_T]):
    """A page of a list.

    ``total`` counts all of the list (``capped``: there are even more) and is null on later pages of lists that are
    continued with ``before``. ``next`` is the address of the next page, null on the last.
    """

    items: list[_T]
    total: int | None
    capped: bool
    next: str | None


class _Version(BaseModel):
    version: Annotated[int | None, Field(description="The version it must still be at; as If-Match does.")] = None


def change_of(kind: type[Part], *without: str) -> type[BaseModel]:
    """The shape of a change of *kind*: every field may be left out, and stays as it is then."""

    def hide(schema: dict[str, Any]) -> None:
        schema.pop("default", None)

    fields: dict[str, Any] = {}
    for name, info in kind.model_fields.items():
        if name in without:
            continue
        annotation: Any = info.annotation
        if info.metadata:
            annotation = Annotated.__class_getitem__((annotation, *info.metadata))  # type: ignore[attr-defined]
        fields[name] = (annotation, Field(default=None, alias=info.alias, json_schema_extra=hide))
    fields["version"] = (int | None, Field(default=None, description="The version it must still be at, as If-Match."))
    return create_model(
        f"{kind.__name__}Change",
        __base__=Part,
        __doc__=f"Fields of {kind.__name__} to be changed; those left out stay as they are.",
        **fields,
    )


def versioned(kind: type[_Part], part: Part, version: int) -> _Part:
    """*part* as *kind*, which has a version beside."""
    return kind.model_validate(part.model_dump(by_alias=True) | {"version": version})


class CompanyRecord(document.Company):
    """The company's settings."""

    version: int


class EmployeeRecord(document.Employee):
    """An employee; ``version`` counts every change, of devices and mailbox too."""

    version: int


class DeviceRecord(document.Device):
    """A device; ``version`` is its employee's."""

    version: int


class PoolRecord(document.Pool):
    """A pool; ``version`` counts every change, of the mailbox too."""

    version: int


class Signed(document.Part):
    """Whether a member's phones ring for the pool."""

    signed_in: bool


class Switched(document.Part):
    """Where the switch of a pool stands, and before which moment (null: until it is switched again)."""

    switch: Literal["scheduled", "open", "closed"]
    until: Moment | None = None


class MailboxRecord(document.Mailbox):
    """A mailbox; ``version`` is its owner's."""

    version: int


class RingingRecord(document.Ringing):
    """How the phones of an employee ring; ``version`` is the employee's."""

    version: int


class ForwardingRecord(document.Forwarding):
    """Where the calls of an employee go; ``version`` is the employee's."""

    version: int


class NotifyRecord(document.Notify):
    """Notifications; ``version`` is their owner's."""

    version: int


class ScheduleRecord(document.Schedule):
    """A named schedule."""

    version: int


class TrunkRecord(document.Trunk):
    """A trunk."""

    version: int


class NewCall(Part):
    """A call to be begun."""

    number: Annotated[
        str, Field(max_length=40, description="As people write it, with + before a country code; or an extension.")
    ]


class NewDevice(Part):
    """A device to be added; its password is made. Without a ``sip_user`` that is made too."""

    label: Name
    kind: Annotated[str, Field(pattern="^(desk|softclient|other)$")] = "desk"
    sip_user: SipUser | None = None
    enabled: bool = True
    ring_delay: Annotated[int, Field(ge=0, le=60)] = 0


class NewEmployee(document.Employee):
    """An employee to be added; without an ``id`` it is made of the name."""

    id: Slug | None = None  # type: ignore[assignment]
    devices: list[NewDevice] = Field(default=[])  # type: ignore[assignment]


class NewPool(document.Pool):
    """A pool to be added; without an ``id`` it is made of the name."""

    id: Slug | None = None  # type: ignore[assignment]


class ScheduleBody(document.ScheduleRules, _Version):
    """All of a schedule; the name is in the address, and may be repeated here."""

    name: Name | None = None


class TrunkBody(document.Trunk, _Version):
    """All of a trunk; the name is in the address, and may be repeated here.

    Without a password it keeps the one it has.
    """

    name: Slug | None = None  # type: ignore[assignment]


class Owner(Part):
    """Who is to have a number."""

    owner: OwnerKey


class Note(Part):
    """Why a caller is refused."""

    note: Annotated[str, Field(max_length=200)] = ""


class Heard(Part):
    """Whether a message was heard."""

    heard: bool


class ContactRecord(Contact):
    """An entry of the phone book."""

    id: int
    version: int


class ContactBody(Contact, _Version):
    """All of an entry of the phone book."""


class ContactFile(Part):
    """A CSV or vCard file of contacts; ``dry_run``: only say what would become of it."""

    text: str
    filename: Annotated[str, Field(max_length=120)] = ""
    dry_run: bool = False


class NumberChange(Part):
    """Whether callers without a number are turned away; what is mailed of the calls (null: as its owner says)."""

    reject_anonymous: bool = False
    notify: document.NumberNotify = document.NumberNotify()


class PhoneNumber(BaseModel):
    """A number of the company; ``owner`` None: it is free. ``block`` None: a single number that was ported in."""

    e164: E164
    state: str
    owner: str | None
    owner_name: str | None
    block: document.Block | None
    shown_by: Annotated[list[str], Field(description="Ids of employees who show this number in place of their own.")]
    reject_anonymous: Annotated[bool, Field(description="Callers without a number are turned away.")]
    notify: Annotated[document.NumberNotify, Field(description="What is mailed of its calls; null: as the owner says.")]
