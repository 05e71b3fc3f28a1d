"""The frame around every page of one employee or pool: whose page it is, and the tabs to the others."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, current_app, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from callrouter.directory import document, owners
from callrouter.errors import RuleError
from callrouter.web.parts import reading
from callrouter.web.security import viewer

#: The tabs of a kind of owner: endpoints that take ``key``. One whose page does not exist is left out.
_TABS = {
    "employee": (
        ("employees.show", _l("Overview")),
        ("employees.numbers", _l("Numbers")),
        ("employees.devices", _l("Devices")),
        ("employees.ringing", _l("Ringing")),
        ("employees.forwarding", _l("Forwarding")),
        ("employees.mailbox", _l("Mailbox")),
        ("employees.notifications", _l("Notifications")),
        ("employees.calls", _l("Calls")),
    ),
    "pool": (
        ("pools.show", _l("Overview")),
        ("pools.members", _l("Members")),
        ("pools.hours", _l("Opening hours")),
        ("pools.waiting", _l("Waiting")),
        ("pools.next", _l("What comes next")),
        ("pools.numbers", _l("Numbers")),
        ("pools.mailbox", _l("Mailbox")),
        ("pools.notifications", _l("Notifications")),
        ("pools.calls", _l("Calls")),
    ),
}
#: What a pool's members may open of these, when they are no administrators.
_FOR_MEMBERS = frozenset(("pools.show", "pools.calls"))


@dataclass(frozen=True, slots=True)
class OwnerFrame:
    """An owner (``part``, as in the company file, at ``version``) and what stands above each of its pages.

    Templates extend ``owner.html``, which takes this as ``owner``, and fill the block ``tab``.
    """

    key: str
    part: document.Employee | document.Pool
    version: int

    @property
    def kind(self) -> str:
        """``employee`` or ``pool``."""
        return self.key.partition(":")[0]

    @property
    def employee(self) -> document.Employee:
        """``part``, of an owner that is an employee."""
        assert isinstance(self.part, document.Employee)
        return self.part

    @property
    def pool(self) -> document.Pool:
        """``part``, of an owner that is a pool."""
        assert isinstance(self.part, document.Pool)
        return self.part

    @property
    def id(self) -> str:
        return self.part.id

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def back(self) -> tuple[str, str] | None:
        """Address and label of the list that an administrator came from."""
        endpoint, label = (
            ("employees.index", _l("Employees")) if self.kind == "employee" else ("pools.index", _l("Pool numbers"))
        )
        if not current_user.is_admin or endpoint not in current_app.view_functions:
            return None
        return url_for(endpoint), str(label)

    @property
    def tabs(self) -> list[tuple[str, str, bool]]:
        """Address, label, and whether this is the page, of each tab that exists and that the user may open."""
        return [
            (url_for(endpoint, key=self.id), str(label), request.endpoint == endpoint)
            for endpoint, label in _TABS[self.kind]
            if endpoint in current_app.view_functions
            and (current_user.is_admin or self.kind == "employee" or endpoint in _FOR_MEMBERS)
            and (not endpoint.endswith(".calls") or viewer().sees_calls_of(self.key))
        ]


def owner_frame(owner_key: str) -> OwnerFrame:
    """The frame of ``employee:anna`` or ``pool:sales``; 404 where there is none. Ask who may see it before.

    The passwords of the devices stay behind: what a page does not have it cannot show.
    """
    with reading() as session:
        try:
            part, version = owners.owner(session, owner_key)
        except RuleError:
            abort(404)
    if isinstance(part, document.Employee):
        hidden = [device.model_copy(update={"sip_password": None}) for device in part.devices]
        part = part.model_copy(update={"devices": hidden})
    return OwnerFrame(owner_key, part, version)
