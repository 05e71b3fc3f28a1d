"""``callrouter employee`` and ``callrouter device``: people and their phones."""

from __future__ import annotations

from typing import Any

import click

from callrouter.cli.common import changing, print_json, reading
from callrouter.cli.directory import print_page, print_record, print_table, tell, tell_silent, without_secrets
from callrouter.directory import devices, employees, lists, owners, services
from callrouter.routing.outgoing import Destination


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
    with reading(ctx) as session:
        found = lists.employees(session, search, without_number=without_number, page=page)
    print_page(found, ("id", "name", "number", "extension", "devices", "mailbox"), lists.PAGE, as_json)


@employee.command("show")
@click.argument("key", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def show(ctx: click.Context, key: str, as_json: bool) -> None:
    """Show one employee whole, without secrets."""
    with reading(ctx) as session:
        found, _ = services.employee(session, key)
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
    with changing(ctx) as session:
        employees.create(session, key=key, name=name, personal_number=number, extension=extension, email=email)
    tell(ctx, f"employee {key} added")


@employee.command("set")
@click.argument("key", metavar="ID")
@click.option("--name")
@click.option("--number", help="A new personal number, E.164; it must be active and free.")
@click.option("--extension")
@click.option("--email")
@click.option("--role", type=click.Choice(["employee", "admin"]))
@click.option("--outgoing", help="The number shown on calls into the public network, or anonymous.")
@click.option(
    "--may-call",
    multiple=True,
    type=click.Choice([*Destination, "as-company", "nothing"]),
    help="A kind of numbers in the public network that may be called; repeat it for more. The list is replaced.",
)
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
    may_call: tuple[str, ...],
) -> None:
    """Change an employee; what is not named stays."""
    more: dict[str, Any] = {}
    if may_call:
        kinds = [kind for kind in may_call if kind not in ("as-company", "nothing")]
        more["destinations"] = None if "as-company" in may_call else kinds
    with changing(ctx) as session:
        given: dict[str, Any] = {
            "name": name,
            "personal_number": number,
            "extension": extension,
            "email": email,
            "role": role,
            "outgoing_number": outgoing,
        }
        said = {field: value for field, value in given.items() if value is not None}
        employees.change(session, key, **said, **more)
    tell(ctx, f"employee {key} changed")


@employee.command("ringing")
@click.argument("key", metavar="ID")
@click.option("--do-not-disturb/--disturb", default=None, help="No phone rings, for calls to pools neither.")
@click.option(
    "--calls-at-once",
    type=click.IntRange(0, 10),
    help="While the employee talks: that call and those that wait. 1: none may wait; 0: any number.",
)
@click.option(
    "--declining",
    type=click.Choice(["one", "all", "all-or-busy"]),
    help="Which phones stop when one declines; all-or-busy: also when it says busy.",
)
@click.pass_context
def ringing(
    ctx: click.Context, key: str, do_not_disturb: bool | None, calls_at_once: int | None, declining: str | None
) -> None:
    """Change how the phones of an employee ring; what is not named stays. When each begins: device set."""
    given = {"do_not_disturb": do_not_disturb, "declining": declining}
    said: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if calls_at_once is not None:
        said["calls_at_once"] = calls_at_once or None
    with changing(ctx) as session:
        employees.set_ringing(session, key, **said)
    tell(ctx, f"employee {key} changed")


@employee.command("forward")
@click.argument("key", metavar="ID")
@click.option("--always", metavar="TARGET", help="Every call goes there.")
@click.option("--busy", metavar="TARGET", help="Calls that are busy or declined go there.")
@click.option("--no-answer", metavar="TARGET", help="Calls that nobody answers go there.")
@click.option("--offline", metavar="TARGET", help="Calls that reach no phone go there.")
@click.option("--after", type=click.IntRange(5, 120), help="Seconds of ringing before --no-answer.")
@click.pass_context
def forward(
    ctx: click.Context,
    key: str,
    always: str | None,
    busy: str | None,
    no_answer: str | None,
    offline: str | None,
    after: int | None,
) -> None:
    """Change where calls to an employee go; what is not named stays.

    TARGET is employee:ID or pool:ID, mailbox:employee:ID or mailbox:pool:ID, a number outside, or none.
    """
    targets = {"always": always, "busy": busy, "no_answer": no_answer, "offline": offline}
    said: dict[str, Any] = {name: None if to == "none" else to for name, to in targets.items() if to is not None}
    if after is not None:
        said["after"] = after
    with changing(ctx) as session:
        employees.set_forwarding(session, key, **said)
        silent = owners.silent(session, filter(None, targets.values()))
    tell(ctx, f"employee {key} changed")
    tell_silent(silent)


@employee.command("remove")
@click.argument("key", metavar="ID")
@click.pass_context
def remove(ctx: click.Context, key: str) -> None:
    """Remove an employee with devices and mailbox; the number becomes free."""
    with changing(ctx) as session:
        services.remove_employee(session, key)
    tell(ctx, f"employee {key} removed")


@click.group()
def device() -> None:
    """Phones: one SIP account each."""


@device.command("list")
@click.argument("key", metavar="EMPLOYEE")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_devices(ctx: click.Context, key: str, as_json: bool) -> None:
    """List the phones of EMPLOYEE, without passwords."""
    with reading(ctx) as session:
        found = services.employee(session, key)[0].devices
    if as_json:
        print_json([without_secrets(one.model_dump(mode="json")) for one in found])
        return
    rows = [(one.sip_user, one.label, one.kind, one.enabled, one.ring_delay) for one in found]
    print_table(("sip user", "label", "kind", "enabled", "ring delay"), rows)


@device.command("add")
@click.argument("key", metavar="EMPLOYEE")
@click.argument("sip_user")
@click.option("--label", required=True, help="What people call it: Tischtelefon, Laptop …")
@click.option("--kind", type=click.Choice(["desk", "softclient", "other"]), default="desk", show_default=True)
@click.pass_context
def add_device(ctx: click.Context, key: str, sip_user: str, label: str, kind: str) -> None:
    """Add a phone to EMPLOYEE; its password is made and printed, this once."""
    with changing(ctx) as session:
        new = devices.add(session, key, label=label, kind=kind, sip_user=sip_user)
    tell(ctx, f"device {sip_user} added to employee {key}\nSIP password, shown this once: {new.sip_password}")


@device.command("set")
@click.argument("key", metavar="EMPLOYEE")
@click.argument("sip_user")
@click.option("--label")
@click.option("--kind", type=click.Choice(["desk", "softclient", "other"]))
@click.option("--enabled/--disabled", default=None, help="A disabled phone neither rings nor registers.")
@click.option("--ring-delay", type=click.IntRange(0, 60), help="Seconds after which it begins to ring; 0: at once.")
@click.pass_context
def change_device(
    ctx: click.Context,
    key: str,
    sip_user: str,
    label: str | None,
    kind: str | None,
    enabled: bool | None,
    ring_delay: int | None,
) -> None:
    """Change a phone; what is not named stays."""
    with changing(ctx) as session:
        devices.change(session, key, sip_user, label=label, kind=kind, enabled=enabled, ring_delay=ring_delay)
    tell(ctx, f"device {sip_user} changed")


@device.command("password")
@click.argument("key", metavar="EMPLOYEE")
@click.argument("sip_user")
@click.pass_context
def new_device_password(ctx: click.Context, key: str, sip_user: str) -> None:
    """Give a phone a new password, printed this once; the old one ends."""
    with changing(ctx) as session:
        password = devices.renew_password(session, key, sip_user)
    tell(ctx, f"device {sip_user} has a new password\nSIP password, shown this once: {password}")


@device.command("remove")
@click.argument("key", metavar="EMPLOYEE")
@click.argument("sip_user")
@click.pass_context
def remove_device(ctx: click.Context, key: str, sip_user: str) -> None:
    """Remove a phone."""
    with changing(ctx) as session:
        devices.remove(session, key, sip_user)
    tell(ctx, f"device {sip_user} removed")
