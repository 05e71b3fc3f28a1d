"""``callrouter user`` and ``callrouter audit``: who may sign in, and who changed what."""

from __future__ import annotations

import getpass
import sys

import click
from sqlalchemy import select

from callrouter.cli.common import changing, now, print_json, reading
from callrouter.cli.directory import print_table
from callrouter.directory import accounts
from callrouter.directory.accounts import UserRow
from callrouter.directory.audit import AuditRow
from callrouter.errors import CallrouterError


def _password(from_stdin: bool) -> str | None:
    """The password from standard input, asked twice on a terminal; None: make one."""
    if not from_stdin:
        return None
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise CallrouterError("the two passwords differ; nothing was changed")
    return first


@click.group()
def user() -> None:
    """Who may sign in."""


@user.command("add")
@click.argument("login")
@click.option("--employee", metavar="ID", help="The employee this user is; without it an administrator.")
@click.option("--admin", is_flag=True, help="An administrator (also possible for an employee).")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of making one.")
@click.pass_context
def add(ctx: click.Context, login: str, employee: str | None, admin: bool, password_stdin: bool) -> None:
    """Add LOGIN; a password that was made is printed, this once."""
    given = _password(password_stdin)
    password = given or accounts.new_password()
    role = "admin" if admin or employee is None else "employee"
    with changing(ctx) as session:
        new = accounts.add(session, login, password, role=role, employee=employee, at=now())
    click.echo(f"{new.login} ({new.role}) may sign in.")
    if given is None:
        click.echo(f"Password, shown this once: {password}")


@user.command("password")
@click.argument("login")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of making one.")
@click.pass_context
def password(ctx: click.Context, login: str, password_stdin: bool) -> None:
    """Give LOGIN a new password; all sessions of this user end."""
    given = _password(password_stdin)
    new = given or accounts.new_password()
    with changing(ctx) as session:
        accounts.set_password(session, login, new, at=now())
    click.echo(f"{login} has a new password.")
    if given is None:
        click.echo(f"Password, shown this once: {new}")


@user.command("role")
@click.argument("login")
@click.argument("role", type=click.Choice(["admin", "employee"]))
@click.pass_context
def role(ctx: click.Context, login: str, role: str) -> None:
    """Make LOGIN an admin or an employee."""
    with changing(ctx) as session:
        accounts.set_role(session, login, role, at=now())
    click.echo(f"{login} is {role} now.")


@user.command("remove")
@click.argument("login")
@click.pass_context
def remove(ctx: click.Context, login: str) -> None:
    """Remove LOGIN; the last administrator stays."""
    with changing(ctx) as session:
        accounts.remove(session, login, at=now())
    click.echo(f"{login} may not sign in any more.")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_users(ctx: click.Context, as_json: bool) -> None:
    """Show all users."""
    with reading(ctx) as session:
        rows = [
            {
                "login": row.login,
                "role": row.role,
                "employee": row.employee.key if row.employee else None,
                "signed_in_at": row.signed_in_at.isoformat() if row.signed_in_at else None,
            }
            for row in session.scalars(select(UserRow).order_by(UserRow.login))
        ]
    if as_json:
        print_json(rows)
        return
    shown = [
        (row["login"], row["role"], row["employee"], (row["signed_in_at"] or "never")[:16].replace("T", " "))
        for row in rows
    ]
    print_table(("login", "role", "employee", "last signed in"), shown)


@click.command()
@click.option("--noun", help="Only changes of this kind: employee, number, pool …")
@click.option("--key", help="Only changes of this one, for example anna.")
@click.option("--last", default=50, show_default=True, type=click.IntRange(1, 10000), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def audit(ctx: click.Context, noun: str | None, key: str | None, last: int, as_json: bool) -> None:
    """Who changed what, the latest first."""
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(last)
    if noun:
        query = query.where(AuditRow.noun == noun)
    if key:
        query = query.where(AuditRow.key == key)
    with reading(ctx) as session:
        rows = list(session.scalars(query))
    if as_json:
        fields = ("actor", "action", "noun", "key", "changes")
        print_json([{"at": row.at.isoformat()} | {name: getattr(row, name) for name in fields} for row in rows])
        return
    for row in rows:
        click.echo(f"{row.at:%Y-%m-%d %H:%M:%S} UTC  {row.actor}  {row.action} {row.noun} {row.key}")
        for path, (was, is_now) in row.changes.items() if row.action == "change" else ():
            click.echo(f"    {path}: {was} → {is_now}")
