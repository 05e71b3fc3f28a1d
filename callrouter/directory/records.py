"""The ledger's tables: calls, their steps, messages, cases and the outbox. Written by the worker alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from callrouter.directory.models import Base, OwnerRow


class CallRow(Base):
    """One call (one CDR). ``caller`` is E.164, an extension or ``anonymous``; times are UTC.

    ``outcome`` is that of its last part: answered, missed, voicemail, rejected. ``source`` is cdr or note (the
    switch died); a later CDR replaces a note. ``interrupted``: the fallback or note recovery had to finish it.
    ``shown``: the number that a call out showed, E.164 or ``anonymous``.
    ``reasons``: code and fields of each reason of the router's plan (that of its last part), empty without a router.
    """

    __tablename__ = "calls"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    node: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="cdr")
    direction: Mapped[str]
    number: Mapped[str | None] = mapped_column(index=True)
    dialed: Mapped[str] = mapped_column(default="")
    caller: Mapped[str]
    caller_name: Mapped[str] = mapped_column(default="")
    trunk: Mapped[str | None]
    shown: Mapped[str | None]
    outcome: Mapped[str]
    interrupted: Mapped[bool] = mapped_column(default=False)
    cause: Mapped[str] = mapped_column(default="")
    started_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    reasons: Mapped[list[tuple[str, dict[str, str]]]] = mapped_column(JSON, default=list, server_default="[]")
    steps: Mapped[list[CallStepRow]] = relationship(
        back_populates="call", cascade="all, delete-orphan", order_by="CallStepRow.position"
    )
    #: All that a list of calls is searched by, in its order: so it is searched without a look at the calls themselves.
    __table_args__ = (
        Index("calls_listed", "started_at", "id", "direction", "outcome", "caller", "number"),
        Index(
            "calls_named",
            "started_at",
            "id",
            "caller_name",
            sqlite_where=text("caller_name <> ''"),
            postgresql_where=text("caller_name <> ''"),
        ),
        Index(
            "calls_interrupted",
            "started_at",
            sqlite_where=text("interrupted"),
            postgresql_where=text("interrupted"),
        ),
    )


class CallStepRow(Base):
    """What happened to one owner during a call: the ringing (and voicemail) of one part, with its outcome.

    ``n`` is the step's mark (``variables.StepMark.n``) of the part's first step; (call, n) is unique: the ledger's
    idempotence key together with the UUID. ``started_at`` is that of the call, for the list of an owner's calls.
    ``legs``: the phones that were to ring, each as ``ledger.rings.Leg.as_json`` writes it.
    """

    __tablename__ = "call_steps"
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"))
    n: Mapped[str]
    position: Mapped[int]
    kind: Mapped[str]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id", ondelete="SET NULL"), index=True)
    owner: Mapped[str] = mapped_column(default="")
    started_at: Mapped[dt.datetime]
    outcome: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")
    device: Mapped[str | None]
    legs: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default="[]")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"), index=True)
    call: Mapped[CallRow] = relationship(back_populates="steps")
    __table_args__ = (
        Index("one_step", "call_id", "n", unique=True),
        Index("steps_of_owner", "owner", "started_at", "call_id"),
        Index("steps_answered", "device", "started_at"),
    )


class CallLinkRow(Base):
    """That a call hangs together with the one that has the UUID ``leg``, and with all that name it, too."""

    __tablename__ = "call_links"
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"))
    leg: Mapped[str]
    __table_args__ = (
        Index("one_link", "call_id", "leg", unique=True),
        Index("links_of_leg", "leg"),
    )


class MessageRow(Base):
    """A recorded message; ``audio`` is a complete WAV file (8 kHz mono, 16 bit)."""

    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    n: Mapped[str]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id", ondelete="SET NULL"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"), index=True)
    recorded_at: Mapped[dt.datetime]
    milliseconds: Mapped[int]
    repaired: Mapped[bool] = mapped_column(default=False)
    heard_at: Mapped[dt.datetime | None]
    audio: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    call: Mapped[CallRow] = relationship()
    __table_args__ = (
        Index("one_message", "call_id", "n", unique=True),
        Index("messages_listed", "recorded_at", "heard_at", "owner_id"),
        Index("messages_of_owner", "owner_id", "recorded_at", "heard_at"),
        {"sqlite_autoincrement": True},  # a page of a message that is gone must not delete a later one
    )


class CaseRow(Base):
    """Someone who must be called back: one per owner and caller while not closed (anonymous: one per call).

    ``caller_key`` is the E.164 number, the extension, or ``anonymous:UUID``. ``changed_at`` is when the last of its
    ``calls`` began, ``attempts`` how often the caller was called back in vain. ``claimed_by`` is who is on it.
    ``call_back``: the caller asked for it.
    ``mailed_at`` is when the last missed call began of which a mail was sent. ``reopened_at``: it waits since then.
    ``escalated_at`` is when a digest first told that it waits too long.
    """

    __tablename__ = "cases"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id", ondelete="SET NULL"))
    caller_key: Mapped[str]
    caller: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    opened_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime]
    calls: Mapped[int] = mapped_column(default=0)
    messages: Mapped[int] = mapped_column(default=0)
    call_back: Mapped[bool] = mapped_column(default=False, server_default=false())
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("employees.id", ondelete="SET NULL"))
    claimed_at: Mapped[dt.datetime | None]
    mailed_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    reopened_at: Mapped[dt.datetime | None]
    escalated_at: Mapped[dt.datetime | None]
    root_message_id: Mapped[str]
    subject: Mapped[str] = mapped_column(default="")
    owner: Mapped[OwnerRow | None] = relationship(foreign_keys=[owner_id])
    changes: Mapped[list[CaseChangeRow]] = relationship(
        back_populates="case", cascade="all, delete-orphan", order_by="CaseChangeRow.id"
    )
    __table_args__ = (
        Index(
            "one_open_case",
            "owner_id",
            "caller_key",
            unique=True,
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
        Index(
            "cases_waiting",
            "opened_at",
            "owner_id",
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
        Index(
            "cases_of_caller",
            "caller_key",
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
        Index("cases_closed", "closed_at", "owner_id"),
        Index("cases_of_owner", "owner_id", "closed_at"),
        Index("cases_of_claimer", "claimed_by", "closed_at"),
    )


class CaseChangeRow(Base):
    """What somebody did to a case, or a call by which they talked: ``change`` is a ``cases.rules.Change``.

    ``actor`` is as in the audit log (``web:LOGIN``, ``cli:USER``, ``api:TOKEN``), empty for calls; ``employee_id`` is
    who that is, or who talked. ``call_id`` is the call; the same call changes a case once.
    """

    __tablename__ = "case_changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    at: Mapped[dt.datetime]
    change: Mapped[str]
    actor: Mapped[str] = mapped_column(default="")
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id", ondelete="SET NULL"))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id", ondelete="SET NULL"), index=True)
    note: Mapped[str] = mapped_column(default="")
    case: Mapped[CaseRow] = relationship(back_populates="changes")
    __table_args__ = (Index("one_change", "case_id", "call_id", unique=True),)


class OutboxRow(Base):
    """A mail to be delivered, complete but for the audio, which is attached from ``message_id`` as ``audio`` says.

    ``state``: waiting, sent, dead, dropped. A worker takes a mail by setting ``lease_until`` and ``lease_owner`` in one
    conditional update; ``next_try_at`` backs off after failures.
    """

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    mail_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    headers: Mapped[dict[str, Any]]
    text: Mapped[str]
    html: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"), index=True)
    audio: Mapped[str] = mapped_column(default="none")
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id", ondelete="SET NULL"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[dt.datetime]
    lease_until: Mapped[dt.datetime | None]
    lease_owner: Mapped[str | None]
    sent_at: Mapped[dt.datetime | None]
    error: Mapped[str] = mapped_column(default="")
    message: Mapped[MessageRow | None] = relationship()
    __table_args__ = (
        Index("outbox_due", "state", "next_try_at"),
        Index("outbox_by_age", "created_at"),
    )


class DigestRow(Base):
    """When an address was last told of the callers who wait too long. Whoever tells it holds the row meanwhile."""

    __tablename__ = "digests"
    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(unique=True)
    sent_at: Mapped[dt.datetime | None]


class MailSyncRow(Base):
    """A team's mailbox in its mail program, ``[imap.NAME]``, and how far it has been looked through.

    ``place`` says what was looked at: another one begins anew. A worker takes the mailbox as ``OutboxRow`` is taken.
    ``failing_since``: it cannot be used since then, because of ``error``.
    """

    __tablename__ = "mail_sync"
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str]
    cursor: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    lease_until: Mapped[dt.datetime | None]
    lease_owner: Mapped[str | None]
    failing_since: Mapped[dt.datetime | None]
    error: Mapped[str] = mapped_column(default="")


class MailSyncMailRow(Base):
    """A mail of ours in such a mailbox; ``done`` is the mark that it had when we looked, or that we gave it.

    ``place`` is where it was seen last, as the mailbox names it.
    """

    __tablename__ = "mail_sync_mails"
    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox: Mapped[str] = mapped_column(ForeignKey("mail_sync.name", ondelete="CASCADE"))
    place: Mapped[str]
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"))
    done: Mapped[bool]
    __table_args__ = (
        Index("one_place", "mailbox", "place", unique=True),
        Index("places_of_mail", "outbox_id", "mailbox"),
        Index("places_not_done", "mailbox", sqlite_where=text("NOT done"), postgresql_where=text("NOT done")),
    )


#: The directory's and the ledger's tables by name, for statements about many rows.
TABLES = Base.metadata.tables
