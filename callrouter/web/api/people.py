"""Employees with their devices, pools, and what both have: mailbox and notifications."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callrouter.directory import clicks, devices, document, employees, lists, opening, owners, pools, services
from callrouter.directory.lists import EmployeeLine, Page, PoolLine
from callrouter.directory.versions import check_version
from callrouter.web import pool_now
from callrouter.web.api import shapes
from callrouter.web.api.routes import Created, Given, Routes
from callrouter.web.api.shapes import (
    DeviceRecord,
    EmployeeRecord,
    ForwardingRecord,
    Listing,
    MailboxRecord,
    NotifyRecord,
    PoolRecord,
    RingingRecord,
    versioned,
)
from callrouter.web.parts import parts
from callrouter.web.pool_now import PoolNow

employee_routes = Routes("Employees")
device_routes = Routes("Devices")
pool_routes = Routes("Pools")
mailbox_routes = Routes("Mailboxes")


class EmployeeQuery(shapes.SearchQuery):
    """``without_number``: those alone who lost theirs."""

    without_number: bool = False


def _employee(session: Session, key: str) -> EmployeeRecord:
    return versioned(EmployeeRecord, *services.employee(session, key))


def _device(session: Session, key: str, sip_user: str) -> DeviceRecord:
    employee, version = services.employee(session, key)
    return versioned(DeviceRecord, devices.device(employee, sip_user), version)


def _pool(session: Session, key: str) -> PoolRecord:
    return versioned(PoolRecord, *services.pool(session, key))


@employee_routes.get("/employees", asks=EmployeeQuery, gives=Listing[EmployeeLine])
def list_employees(given: Given) -> Page[EmployeeLine]:
    """Employees by name; q looks into name, id, extension, mail address and number."""
    query = given.query
    return lists.employees(
        given.session, query.q, without_number=query.without_number, page=query.page, size=query.size
    )


@employee_routes.post("/employees", takes=shapes.NewEmployee, gives=EmployeeRecord, creates=True, reveals=True)
def add_employee(given: Given) -> Created:
    """Add an employee; the answer has the devices' new passwords, this once."""
    values = given.values
    key = values.pop("id", None)
    made = employees.create(given.session, key=key, **values)
    return Created(_employee(given.session, made.id), f"/employees/{made.id}")


@employee_routes.get("/employees/<key>", gives=EmployeeRecord, versioned=True)
def get_employee(given: Given, key: str) -> EmployeeRecord:
    """One employee, without passwords and PIN."""
    return _employee(given.session, key)


@employee_routes.patch(
    "/employees/<key>",
    takes=shapes.change_of(document.Employee, "id", "devices", "ringing", "forwarding", "mailbox", "notify"),
    gives=EmployeeRecord,
    versioned=True,
)
def change_employee(given: Given, key: str) -> EmployeeRecord:
    """Change fields of an employee; what is more than a field has an address of its own."""
    employees.change(given.session, key, version=given.version, **given.values)
    return _employee(given.session, key)


@employee_routes.delete("/employees/<key>", versioned=True)
def remove_employee(given: Given, key: str) -> None:
    """Remove an employee with devices and mailbox; the number stays, active and without owner."""
    check_version(given.session, "employee", key, services.employee(given.session, key)[1], given.version)
    services.remove_employee(given.session, key)


@employee_routes.get("/employees/<key>/ringing", gives=RingingRecord, versioned=True)
def get_ringing(given: Given, key: str) -> RingingRecord:
    """How the phones of an employee ring."""
    employee, version = services.employee(given.session, key)
    return versioned(RingingRecord, employee.ringing, version)


@employee_routes.patch(
    "/employees/<key>/ringing", takes=shapes.change_of(document.Ringing), gives=RingingRecord, versioned=True
)
def change_ringing(given: Given, key: str) -> RingingRecord:
    """Change how the phones of an employee ring; when each of them begins is a field of the device."""
    employees.set_ringing(given.session, key, version=given.version, **given.values)
    return get_ringing(given, key)


@employee_routes.get("/employees/<key>/forwarding", gives=ForwardingRecord, versioned=True)
def get_forwarding(given: Given, key: str) -> ForwardingRecord:
    """Where the calls of an employee go."""
    employee, version = services.employee(given.session, key)
    return versioned(ForwardingRecord, employee.forwarding, version)


@employee_routes.patch(
    "/employees/<key>/forwarding", takes=shapes.change_of(document.Forwarding), gives=ForwardingRecord, versioned=True
)
def change_forwarding(given: Given, key: str) -> ForwardingRecord:
    """Change where calls go: employee:ID, pool:ID, mailbox: before it, or +49…; null is nowhere."""
    employees.set_forwarding(given.session, key, version=given.version, **given.values)
    return get_forwarding(given, key)


@employee_routes.post("/employees/<key>/calls", takes=shapes.NewCall, access="read")
def start_call(given: Given, key: str) -> None:
    """Ring the phones of an employee; whoever answers is connected with the number, as if it had been dialled there."""
    parts().switch.begin(clicks.click(given.session, key, given.body.number))


@device_routes.get("/employees/<key>/devices", gives=Listing[document.Device])
def list_devices(given: Given, key: str) -> Page[document.Device]:
    """The devices of an employee."""
    employee, _ = services.employee(given.session, key)
    return Page(employee.devices, len(employee.devices))


@device_routes.post(
    "/employees/<key>/devices",
    takes=shapes.NewDevice,
    gives=DeviceRecord,
    versioned=True,
    creates=True,
    reveals=True,
)
def add_device(given: Given, key: str) -> Created:
    """Add a device; the answer has its password, this once."""
    made = devices.add(given.session, key, version=given.version, **given.values)
    return Created(_device(given.session, key, made.sip_user), f"/employees/{key}/devices/{made.sip_user}")


@device_routes.get("/employees/<key>/devices/<sip_user>", gives=DeviceRecord, versioned=True)
def get_device(given: Given, key: str, sip_user: str) -> DeviceRecord:
    """One device, without its password."""
    return _device(given.session, key, sip_user)


@device_routes.patch(
    "/employees/<key>/devices/<sip_user>",
    takes=shapes.change_of(document.Device, "sip_user", "sip_password"),
    gives=DeviceRecord,
    versioned=True,
)
def change_device(given: Given, key: str, sip_user: str) -> DeviceRecord:
    """Change a device; one that is not enabled neither rings nor registers."""
    devices.change(given.session, key, sip_user, version=given.version, **given.values)
    return _device(given.session, key, sip_user)


@device_routes.post("/employees/<key>/devices/<sip_user>/password", gives=DeviceRecord, versioned=True, reveals=True)
def renew_device_password(given: Given, key: str, sip_user: str) -> DeviceRecord:
    """Give a device a new password; it is in the answer, this once, and the old one ends."""
    devices.renew_password(given.session, key, sip_user, version=given.version)
    return _device(given.session, key, sip_user)


@device_routes.delete("/employees/<key>/devices/<sip_user>", versioned=True)
def remove_device(given: Given, key: str, sip_user: str) -> None:
    """Remove a device."""
    devices.remove(given.session, key, sip_user, version=given.version)


@pool_routes.get("/pools", asks=shapes.SearchQuery, gives=Listing[PoolLine])
def list_pools(given: Given) -> Page[PoolLine]:
    """Pools by name, with the first of their numbers; q looks into name, id, extension and numbers."""
    return lists.pools(given.session, given.query.q, page=given.query.page, size=given.query.size)


@pool_routes.post("/pools", takes=shapes.NewPool, gives=PoolRecord, creates=True)
def add_pool(given: Given) -> Created:
    """Add a pool; its numbers are active and free."""
    values = given.values
    made = pools.create(given.session, key=values.pop("id", None), **values)
    return Created(_pool(given.session, made.id), f"/pools/{made.id}")


@pool_routes.get("/pools/<key>", gives=PoolRecord, versioned=True)
def get_pool(given: Given, key: str) -> PoolRecord:
    """One pool, without its PIN."""
    return _pool(given.session, key)


@pool_routes.get("/pools/<key>/now", gives=PoolNow)
def get_pool_now(given: Given, key: str) -> PoolNow:
    """What its members do now (unknown while FreeSWITCH cannot be asked, problem says why), and its calls that ring."""
    return pool_now.team(given.session, key).now(parts().switch.live(), given.at).seen_by(given.viewer)


@pool_routes.patch(
    "/pools/<key>",
    takes=shapes.change_of(document.Pool, "id", "switch", "switch_until", "mailbox", "notify"),
    gives=PoolRecord,
    versioned=True,
)
def change_pool(given: Given, key: str) -> PoolRecord:
    """Change fields of a pool; members and numbers are given as whole lists."""
    pools.change(given.session, key, version=given.version, **given.values)
    return _pool(given.session, key)


@pool_routes.patch("/pools/<key>/members/<employee>", takes=shapes.Signed, gives=PoolRecord)
def sign_member(given: Given, key: str, employee: str) -> PoolRecord:
    """Sign a member in to the pool or out of it; their own number is as it was."""
    pools.sign(given.session, key, employee, signed_in=given.values["signed_in"])
    return _pool(given.session, key)


@pool_routes.patch("/pools/<key>/switch", takes=shapes.Switched, gives=PoolRecord)
def switch_pool(given: Given, key: str) -> PoolRecord:
    """Open or close a pool by hand, or let its hours hold again."""
    until = given.values.get("until")
    opening.switch(given.session, key, given.values["switch"], until=until, now=parts().clock())
    return _pool(given.session, key)


@pool_routes.delete("/pools/<key>", versioned=True)
def remove_pool(given: Given, key: str) -> None:
    """Remove a pool with its mailbox; its numbers stay, active and without owner."""
    check_version(given.session, "pool", key, services.pool(given.session, key)[1], given.version)
    services.remove_pool(given.session, key)


@mailbox_routes.get("/mailboxes/<owner>", gives=MailboxRecord, versioned=True)
def get_mailbox(given: Given, owner: str) -> MailboxRecord:
    """The mailbox of an owner (employee:ID or pool:ID), without its PIN."""
    part, version = owners.owner(given.session, owner)
    return versioned(MailboxRecord, part.mailbox, version)


@mailbox_routes.patch(
    "/mailboxes/<owner>",
    takes=shapes.change_of(document.Mailbox),
    gives=MailboxRecord,
    versioned=True,
    part="mailbox",
)
def change_mailbox(given: Given, owner: str) -> MailboxRecord:
    """Change fields of a mailbox; a schedule is given whole, null is always, and a PIN of null removes it."""
    owners.set_mailbox(given.session, owner, version=given.version, **given.values)
    return get_mailbox(given, owner)


@mailbox_routes.get("/notifications/<owner>", gives=NotifyRecord, versioned=True)
def get_notifications(given: Given, owner: str) -> NotifyRecord:
    """What is mailed to an owner (employee:ID or pool:ID), and where."""
    part, version = owners.owner(given.session, owner)
    return versioned(NotifyRecord, part.notify, version)


@mailbox_routes.patch(
    "/notifications/<owner>",
    takes=shapes.change_of(document.Notify),
    gives=NotifyRecord,
    versioned=True,
    part="notify",
)
def change_notifications(given: Given, owner: str) -> NotifyRecord:
    """Change fields of the notifications."""
    owners.set_notify(given.session, owner, version=given.version, **given.values)
    return get_notifications(given, owner)
