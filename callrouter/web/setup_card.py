"""What a phone must be told to register, on a card with a QR code: only in the answer that shows the password."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from markupsafe import Markup
from sqlalchemy import select

from callrouter.directory import document
from callrouter.directory.models import CompanyRow
from callrouter.web.parts import parts, reading


@dataclass(frozen=True, slots=True)
class Account:
    """Where a phone registers: the company's SIP domain, the port, and the switch's address where it is set."""

    domain: str
    port: int
    address: str


@dataclass(frozen=True, slots=True)
class Card:
    """The set-up card of one device, with its password."""

    label: str
    sip_user: str
    password: str
    account: Account

    @property
    def uri(self) -> str:
        """The account as a SIP URI with its password (RFC 3261, 19.1.1), which softphones read from the QR code."""
        at = self.account
        return f"sip:{self.sip_user}:{self.password}@{at.domain}:{at.port};transport=udp"

    @property
    def qr_code(self) -> Markup:
        """The URI as an SVG element without style or script: it stands in the page itself and is stored nowhere."""
        code = segno.make(self.uri, error="m", micro=False)
        return Markup(code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True))  # noqa: S704


def account() -> Account:
    """Where this company's phones register."""
    switch = parts().settings.freeswitch
    with reading() as session:
        domain = session.scalars(select(CompanyRow.sip_domain)).one()
    own = switch.external_ip or ("" if switch.sip_ip == "auto" else switch.sip_ip)
    return Account(domain, switch.phones_port, own)


def card_of(device: document.Device) -> Card:
    """The card of a device whose password was made just now."""
    assert device.sip_password is not None
    return Card(device.label, device.sip_user, device.sip_password, account())
