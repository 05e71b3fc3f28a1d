"""The phone book's tables, and the look-up of a name by number that comes before phones ring."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ForeignKey, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from callrouter.directory.models import Base


class ContactRow(Base):
    """Somebody outside the company. ``version`` counts the changes, of the numbers too."""

    __tablename__ = "contacts"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    note: Mapped[str] = mapped_column(default="", server_default="")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    numbers: Mapped[list[ContactNumberRow]] = relationship(
        back_populates="contact", cascade="all, delete-orphan", order_by="ContactNumberRow.position"
    )


class ContactNumberRow(Base):
    """A number of a contact; no other contact has it, so that whoever calls has one name."""

    __tablename__ = "contact_numbers"
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    e164: Mapped[str] = mapped_column(String(16), unique=True)
    label: Mapped[str] = mapped_column(default="", server_default="")
    position: Mapped[int] = mapped_column(default=0)
    contact: Mapped[ContactRow] = relationship(back_populates="numbers")


def any_contacts(session: Session) -> bool:
    """Whether the phone book has an entry."""
    return session.scalar(select(ContactRow.id).limit(1)) is not None


def names(session: Session, e164s: Collection[str]) -> dict[str, str]:
    """The names of the contacts whose numbers are among *e164s*, few enough for one statement, by number."""
    query = select(ContactNumberRow.e164, ContactRow.name).join(ContactRow)
    return {row.e164: row.name for row in session.execute(query.where(ContactNumberRow.e164.in_(e164s)))}


_NAME = select(ContactRow.name).join(ContactNumberRow).where(ContactNumberRow.e164 == bindparam("e164"))


class Names:
    """The names of callers as long as the phone book does not change, each asked for once; *most* are kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[str, str | None] = {}

    def __contains__(self, caller: str) -> bool:
        return caller in self._known

    def get(self, caller: str) -> str | None:
        """The name of *caller* (E.164) as far as it was asked for."""
        return self._known.get(caller)

    def ask(self, session: Session, caller: str) -> str | None:
        """The name of *caller*, None where the phone book has none."""
        if caller not in self._known:
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[caller] = session.scalar(_NAME, {"e164": caller})
        return self._known.get(caller)
