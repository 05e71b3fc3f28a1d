"""``callrouter employee`` and ``callrouter device``: people and their phones."""

from __future__ import annotations

import click

from callrouter.cli.common import acting, load_settings, open_database
from callrouter.cli.directory import changed, employee_of, print_page, print_record, tell
from callrouter.directory import document, lists, services
from callrouter.directory.exporting import read_employees
from callrouter.directory.importing import new_password
from callrouter.errors import RuleError


@click.group()
def employee() -> None:
    """People: their number, extension, mailbox, notifications."""


@employee.command("list")
@click.argument("search", required=False, default="")
@click.option("--without-number", is_flag=True, help="Only those who lost their number.")
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_employees(ctx: click.Context, search: str, without_number: bool, page: int, as_json: bool) -> None:
    """List employees; SEARCH looks into name, id, extension, mail address and number."""
    with open_database(load_settings(ctx)) as database, database.read() as session:
        found = lists.employees(session, search, without_number=without_number, page=page)
    print_page(found, ("id", "name", "number", "extension", "devices", "mailbox"), lists.PAGE, as_json)


@employee.command("show")
@click.argument("key", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def show(ctx: click.Context, key: str, as_json: bool) -> None:
    """Show one employee whole, without secrets."""
    with open_database(load_settings(ctx)) as database, database.read() as session:
        found = employee_of(session, key)
    print_record(found, as_json)


@employee.command("add")
@click.argument("key", metavar="ID")
@click.option("--name", required=True)
@click.option("--number", help="The personal number, E.164; it must be active and free.")
@click.option("--extension")
@click.option("--email")
@click.pass_context
def add(ctx: click.Context, key: str, name: str, number: str | None, extension: str | None, email: str | None) -> None:
    """Add an employee. Without a number there can be no devices."""
    with open_database(load_settings(ctx)) as database, acting(database) as session:
        if read_employees(session, [key]):
            raise RuleError(f"there is an employee {key} already; change it with `callrouter employee set {key}`")
        blank = document.Employee(id="new", name="new")
        new = changed(blank, id=key, name=name, personal_number=number, extension=extension, email=email)
        services.save_employee(session, new)
    tell(ctx, f"employee {key} added")


@employee.command("set")
@click.argument("key", metavar="ID")
@click.option("--name")
@click.option("--number", help="A new personal number, E.164; it must be active and free.")
@click.option("--extension")
@click.option("--email")
@click.option("--role", type=click.Choice(["employee", "admin"]))
@click.option("--outgoing", help="The number shown on calls into the public network, or anonymous.")
@click.pass_context
def change(
    ctx: click.Context,
    key: str,
    name: str | None,
    number: str | None,
    extension: str | None,
    email: str | None,
    role: str | None,
    outgoing: str | None,
) -> None:
    """Change an employee; what is not named stays."""
    with open_database(load_settings(ctx)) as database, acting(database) as session:
        new = changed(
            employee_of(session, key),
            name=name,
            personal_number=number,
            extension=extension,
            email=email,
            role=role,
            outgoing_number=outgoing,
        )
        services.save_employee(session, new)
    tell(ctx, f"employee {key} changed")


@employee.command("remove")
@click.argument("key", metavar="ID")
@click.pass_context
def remove(ctx: click.Context, key: str) -> None:
    """Remove an employee with devices and mailbox; the number becomes free."""
    with open_database(load_settings(ctx)) as database, acting(database) as session:
        services.remove_employee(session, key)
    tell(ctx, f"employee {key} removed")


@click.group()
def device() -> None:
    """Phones: one SIP account each."""


@device.command("add")
@click.argument("key", metavar="EMPLOYEE")
@click.argument("sip_user")
@click.option("--label", required=True, help="What people call it: Tischtelefon, Laptop …")
@click.option("--kind", type=click.Choice(["desk", "softclient", "other"]), default="desk", show_default=True)
@click.pass_context
def add_device(ctx: click.Context, key: str, sip_user: str, label: str, kind: str) -> None:
    """Add a phone to EMPLOYEE; its password is made and printed, this once."""
    password = new_password()
    blank = document.Device(label="new", sip_user="new")
    new = changed(blank, label=label, kind=kind, sip_user=sip_user, sip_password=password)
    with open_database(load_settings(ctx)) as database, acting(database) as session:
        owner = employee_of(session, key)
        if any(known.sip_user == sip_user for known in owner.devices):
            raise RuleError(f"employee {key} has a device {sip_user} already")
        services.save_employee(session, owner.model_copy(update={"devices": [*owner.devices, new]}))
    tell(ctx, f"device {sip_user} added to employee {key}\nSIP password, shown this once: {password}")


def _one_device(owner: document.Employee, sip_user: str) -> document.Device:
    for known in owner.devices:
        if known.sip_user == sip_user:
            return known
    raise RuleError(f"employee {owner.id} has no device {sip_user}; `callrouter employee show {owner.id}` lists them")


def _save_device(ctx: click.Context, key: str, sip_user: str, **values: object) -> None:
    with open_database(load_settings(ctx)) as database, acting(database) as session:
        owner = employee_of(session, key)
        new = changed(_one_device(owner, sip_user), **values)
        devices = [new if known.sip_user == sip_user else known for known in owner.devices]
        services.save_employee(session, owner.model_copy(update={"devices": devices}))


@device.command("set")
@click.argument("key", metavar="EMPLOYEE")
@click.argument("sip_user")
@click.option("--label")
@click.option("--kind", type=click.Choice(["desk", "softclient", "other"]))
@click.option("--enabled/--disabled", default=None, help="A disabled phone neither rings nor registers.")
@click.pass_context
def change_device(
    ctx: click.Context, key: str, sip_user: str, label: str | None, kind: str | None, enabled: bool | None
) -> None:
    """Change a phone; what is not named stays."""
    _save_device(ctx, key, sip_user, label=label, kind=kind, enabled=enabled)
    tell(ctx, f"device {sip_user} changed")


@device.command("password")
@click.argument("key", metavar="EMPLOYEE")
@click.argument("sip_user")
@click.pass_context
def new_device_password(ctx: click.Context, key: str, sip_user: str) -> None:
    """Give a phone a new password, printed this once; the old one ends."""
    password = new_password()
    _save_device(ctx, key, sip_user, sip_password=password)
    tell(ctx, f"device {sip_user} has a new password\nSIP password, shown this once: {password}")


@device.command("remove")
@click.argument("key", metavar="EMPLOYEE")
@click.argument("sip_user")
@click.pass_context
def remove_device(ctx: click.Context, key: str, sip_user: str) -> None:
    """Remove a phone."""
    with open_database(load_settings(ctx)) as database, acting(database) as session:
        owner = employee_of(session, key)
        gone = _one_device(owner, sip_user)
        services.save_employee(
            session, owner.model_copy(update={"devices": [known for known in owner.devices if known is not gone]})
        )
    tell(ctx, f"device {sip_user} removed")
