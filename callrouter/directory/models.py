"""The directory's tables: company, numbers, owners (employees and pools), devices, mailboxes, schedules, trunks.

Change them only through ``directory.services``, where the rules are enforced.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, DateTime, ForeignKey, Index, Integer, String, false, text, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[dt.datetime]):
    """Aware datetimes in UTC, in SQLite as in PostgreSQL; naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without time zone cannot be stored")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Base(DeclarativeBase):
    """Metadata of all tables."""

    type_annotation_map = {dt.datetime: UtcDateTime, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012


class CompanyRow(Base):
    """The one company of this installation.

    ``version`` counts every change of the directory, ``settings_version`` those of this row alone. ``limits``,
    ``cases``, ``retention`` and ``privacy`` are those parts of the document as JSON.
    """

    __tablename__ = "company"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    settings_version: Mapped[int] = mapped_column(default=1, server_default="1")
    name: Mapped[str]
    language: Mapped[str]
    timezone: Mapped[str]
    country: Mapped[str]
    area_code: Mapped[str] = mapped_column(default="")
    holidays: Mapped[str | None]
    sip_domain: Mapped[str]
    ring_seconds: Mapped[int] = mapped_column(default=30)
    emergency: Mapped[list[str] | None]
    location_number: Mapped[str | None]
    transfer_returns: Mapped[bool] = mapped_column(default=True, server_default=true())
    pickup: Mapped[str] = mapped_column(default="pools", server_default="pools")
    outside_line: Mapped[str] = mapped_column(default="", server_default="")
    limits: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    cases: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    retention: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    privacy: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    __table_args__ = (CheckConstraint("id = 1", name="one_company"),)


class TrunkRow(Base):
    """A provider's line. ``version`` counts its changes, as in every record that two people can edit at once."""

    __tablename__ = "trunks"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int] = mapped_column(default=0)
    provider: Mapped[str | None]
    proxy: Mapped[str]
    transport: Mapped[str] = mapped_column(default="udp", server_default="udp")
    outbound_proxy: Mapped[str | None]
    from_domain: Mapped[str | None]
    peers: Mapped[list[str]]
    did_from: Mapped[str]
    register: Mapped[bool] = mapped_column(default=False)
    username: Mapped[str | None]
    password: Mapped[str | None]
    realm: Mapped[str | None]
    outgoing: Mapped[bool] = mapped_column(default=True, server_default=true())
    number_format: Mapped[str] = mapped_column(default="e164", server_default="e164")
    identity: Mapped[str] = mapped_column(default="asserted", server_default="asserted")
    session_timers: Mapped[bool] = mapped_column(default=True, server_default=true())
    dtmf: Mapped[str] = mapped_column(default="rfc2833", server_default="rfc2833")
    register_seconds: Mapped[int] = mapped_column(default=3600, server_default="3600")
    ping: Mapped[int] = mapped_column(default=0, server_default="0")
    forwarded_caller: Mapped[str] = mapped_column(default="own", server_default="own")
    diversion: Mapped[str] = mapped_column(default="none", server_default="none")
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class BlockRow(Base):
    """A range of numbers the company has."""

    __tablename__ = "number_blocks"
    id: Mapped[int] = mapped_column(primary_key=True)
    prefix: Mapped[str]
    first: Mapped[str]
    last: Mapped[str]
    __table_args__ = (Index("one_block", "prefix", "first", "last", unique=True),)


class ScheduleRow(Base):
    """A named schedule; ``rules`` is a ``document.ScheduleRules`` as JSON."""

    __tablename__ = "schedules"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    rules: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class OwnerRow(Base):
    """Whoever can own numbers: ``kind`` employee or pool, ``key`` the id in the company file (unique per kind).

    ``version`` counts every change, of numbers, devices, members and the mailbox too.
    """

    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str]
    name: Mapped[str]
    extension: Mapped[str | None] = mapped_column(unique=True)
    notify_about: Mapped[str] = mapped_column(default="none")
    notify_email: Mapped[str | None]
    notify_language: Mapped[str | None]
    notify_salutation: Mapped[str] = mapped_column(default="", server_default="")
    notify_internal: Mapped[bool] = mapped_column(default=False)
    notify_escalate_to: Mapped[str | None]
    handled_mail: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    numbers: Mapped[list[NumberRow]] = relationship(back_populates="owner", order_by="NumberRow.e164")
    mailbox: Mapped[MailboxRow] = relationship(back_populates="owner", cascade="all, delete-orphan", uselist=False)
    __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012
    __table_args__ = (
        Index("one_owner", "kind", "key", unique=True),
        CheckConstraint("kind in ('employee', 'pool')", name="owner_kind"),
    )

    @property
    def owner_key(self) -> str:
        """``employee:anna``, ``pool:sales``: how everything outside the database names an owner."""
        return f"{self.kind}:{self.key}"


class EmployeeRow(OwnerRow):
    """A person with phones. ``ringing`` and ``forwarding`` are those parts of the document as JSON."""

    __tablename__ = "employees"
    id: Mapped[int] = mapped_column(ForeignKey("owners.id", ondelete="CASCADE"), primary_key=True)
    email: Mapped[str | None]
    role: Mapped[str] = mapped_column(default="employee")
    outgoing_number: Mapped[str | None]
    destinations: Mapped[list[str] | None]
    ringing: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    forwarding: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    devices: Mapped[list[DeviceRow]] = relationship(
        back_populates="employee", cascade="all, delete-orphan", order_by="DeviceRow.position"
    )
    __mapper_args__ = {"polymorphic_identity": "employee"}  # noqa: RUF012


class PoolRow(OwnerRow):
    """A team; the fields are those of ``document.Pool``, ``next`` and ``waiting`` as JSON.

    Its hours are a named schedule (``hours_id``) or ``hours_rules``; neither: it is always open.
    """

    __tablename__ = "pools"
    id: Mapped[int] = mapped_column(ForeignKey("owners.id", ondelete="CASCADE"), primary_key=True)
    strategy: Mapped[str] = mapped_column(default="simultaneous")
    ring_seconds: Mapped[int] = mapped_column(default=30)
    member_seconds: Mapped[int | None]
    next: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    waiting: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    show_name: Mapped[bool] = mapped_column(default=True, server_default=true())
    short_name: Mapped[str | None]
    alert: Mapped[str | None]
    internal_alert: Mapped[str | None]
    members_outside: Mapped[bool] = mapped_column(default=False, server_default=false())
    hours_id: Mapped[int | None] = mapped_column(ForeignKey("schedules.id"))
    hours_rules: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    switch: Mapped[str] = mapped_column(default="scheduled", server_default="scheduled")
    switch_until: Mapped[dt.datetime | None]
    may_show: Mapped[str] = mapped_column(default="members", server_default="members")
    members: Mapped[list[PoolMemberRow]] = relationship(
        back_populates="pool", cascade="all, delete-orphan", order_by="PoolMemberRow.position"
    )
    __mapper_args__ = {"polymorphic_identity": "pool"}  # noqa: RUF012


class PoolMemberRow(Base):
    """An employee's place in a pool; ``delay`` in seconds, where the pool rings in waves."""

    __tablename__ = "pool_members"
    pool_id: Mapped[int] = mapped_column(ForeignKey("pools.id", ondelete="CASCADE"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    delay: Mapped[int] = mapped_column(default=0, server_default="0")
    signed_in: Mapped[bool] = mapped_column(default=True, server_default=true())
    pool: Mapped[PoolRow] = relationship(back_populates="members")
    employee: Mapped[EmployeeRow] = relationship()


class NumberRow(Base):
    """One number of the company, inactive until activated; every number of a block has a row.

    An employee owns at most one (its personal number), a pool any; an owned number is active. ``notify`` is a
    ``document.NumberNotify`` as JSON; only owned numbers have one.
    """

    __tablename__ = "numbers"
    id: Mapped[int] = mapped_column(primary_key=True)
    e164: Mapped[str] = mapped_column(String(16), unique=True)
    state: Mapped[str] = mapped_column(default="inactive")
    block_id: Mapped[int | None] = mapped_column(ForeignKey("number_blocks.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"), index=True)
    reject_anonymous: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    personal: Mapped[bool] = mapped_column(Boolean, default=False)
    notify: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    owner: Mapped[OwnerRow | None] = relationship(back_populates="numbers")
    __table_args__ = (
        CheckConstraint("state in ('active', 'inactive')", name="number_state"),
        CheckConstraint("owner_id is null or state = 'active'", name="owned_is_active"),
        Index("numbers_by_state", "state", "owner_id", "e164"),
        Index(
            "one_personal_number",
            "owner_id",
            unique=True,
            sqlite_where=text("personal"),
            postgresql_where=text("personal"),
        ),
    )


class DeviceRow(Base):
    """One SIP account of an employee."""

    __tablename__ = "devices"
    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    label: Mapped[str]
    kind: Mapped[str] = mapped_column(default="desk")
    sip_user: Mapped[str] = mapped_column(unique=True)
    sip_password: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True)
    ring_delay: Mapped[int] = mapped_column(default=0, server_default="0")
    employee: Mapped[EmployeeRow] = relationship(back_populates="devices")


class MailboxRow(Base):
    """An owner's mailbox; ``schedule`` is a named one, ``rules`` an inline one; neither: always."""

    __tablename__ = "mailboxes"
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id", ondelete="CASCADE"), primary_key=True)
    enabled: Mapped[bool] = mapped_column(default=False)
    answer_calls: Mapped[bool] = mapped_column(default=True)
    answer_after: Mapped[int] = mapped_column(default=20)
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedules.id"))
    rules: Mapped[dict[str, Any] | None]
    active_when: Mapped[str] = mapped_column(default="open")
    pin: Mapped[str | None]
    audio: Mapped[str] = mapped_column(default="mp3")
    owner: Mapped[OwnerRow] = relationship(back_populates="mailbox")
    schedule: Mapped[ScheduleRow | None] = relationship()


class BlockedCallerRow(Base):
    """Callers who are refused: a ``kinds.Refused``; ``note`` says why, for people."""

    __tablename__ = "blocked_callers"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    caller: Mapped[str] = mapped_column(unique=True)
    note: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[dt.datetime | None]
