"""``callrouter case``: callers who wait to be called back, and who is on it."""

from __future__ import annotations

import dataclasses
from zoneinfo import ZoneInfo

import click

from callrouter.cases import changes, digests, inbox
from callrouter.cases.rules import Change
from callrouter.cli.common import changing, now, print_json, reading
from callrouter.cli.directory import plain, print_page
from callrouter.directory import lists
from callrouter.directory.exporting import read_company


@click.group()
def case() -> None:
    """Callers who wait to be called back."""


_AS = click.option("--as", "employee", metavar="EMPLOYEE", help="The employee for whom it is done.")
_NUMBER = click.argument("number", metavar="ID", type=click.IntRange(1, 2147483647))
_COLUMNS = (
    *("id", "opened_at", "owner", "caller", "caller_name", "calls", "messages"),
    *("call_back", "attempts", "state", "claimed_by"),
)


@case.command("list")
@click.option("--owner", default="", help="employee:ID or pool:ID.")
@click.option("--of", "employee", default="", metavar="EMPLOYEE", help="Those that EMPLOYEE is on.")
@click.option("--closed", is_flag=True, help="Those that are done, the latest first.")
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_cases(ctx: click.Context, owner: str, employee: str, closed: bool, page: int, as_json: bool) -> None:
    """List callers who wait, the one who waits longest first. Times are UTC."""
    with reading(ctx) as session:
        found = inbox.listed(session, owner=owner, employee=employee, closed=closed, page=page)
    print_page(found, _COLUMNS, lists.PAGE, as_json)


@case.command("digest")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def digest(ctx: click.Context, as_json: bool) -> None:
    """Show who is told of callers that wait too long, of how many, and whether that is due. Sends nothing."""
    at = now()
    with reading(ctx) as session:
        zone = ZoneInfo(read_company(session).timezone)
        found = [
            {
                "recipient": address.recipient,
                "due": address.due(at, zone),
                "last": address.last,
                "teams": [
                    {"owner": late.owner, "new": late.team.new, "told": late.team.told, "open": late.team.open}
                    for late in address.teams
                ],
            }
            for address in digests.addresses(session, at)
        ]
    if as_json:
        print_json([plain(address) for address in found])
        return
    for address in map(plain, found):
        when = "a mail is due" if address["due"] else "no mail is due"
        click.echo(f"{address['recipient']}: {when}, the last was {address['last'] or 'never'}")
        for team in address["teams"]:
            click.echo(f"    {team['owner'] or 'nobody'}: {team['new']} new, {team['told']} told before")
    if not found:
        click.echo("Nobody is told of anybody.")


@case.command("show")
@_NUMBER
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def show(ctx: click.Context, number: int, as_json: bool) -> None:
    """Show a case: its calls, who was on it, what was tried and said. Times are UTC."""
    with reading(ctx) as session:
        found = inbox.story(session, number)
    line = plain(dataclasses.asdict(found.line))
    events = [plain(dataclasses.asdict(event)) for event in found.events]
    if as_json:
        print_json(line | {"events": events})
        return
    for name, value in line.items():
        click.echo(f"{name.replace('_', ' ')}: {'–' if value in (None, '') else value}")
    for event in events:
        who = event["employee"] or event["actor"]
        told = [event["what"].replace("_", " "), who, event["detail"], event["note"], event["uuid"]]
        click.echo(f"{event['at']} {', '.join(str(text) for text in told if text)}")


def _do(ctx: click.Context, number: int, what: Change, employee: str | None, note: str = "") -> None:
    with changing(ctx) as session:
        row = changes.change(session, number, what, employee, at=now(), note=note)
        state = row.state
    click.echo(f"case {number} is {state}")


@case.command("claim")
@_NUMBER
@click.option("--as", "employee", metavar="EMPLOYEE", required=True, help="Who calls back.")
@click.option("--take-over", is_flag=True, help="Also if a colleague is on it.")
@click.pass_context
def claim(ctx: click.Context, number: int, employee: str, take_over: bool) -> None:
    """Say that EMPLOYEE is on it; refused if somebody else is."""
    _do(ctx, number, Change.TAKE_OVER if take_over else Change.CLAIM, employee)


@case.command("release")
@_NUMBER
@_AS
@click.pass_context
def release(ctx: click.Context, number: int, employee: str | None) -> None:
    """Say that nobody is on it any more."""
    _do(ctx, number, Change.RELEASE, employee)


@case.command("close")
@_NUMBER
@_AS
@click.option("--note", default="", help="How it ended.")
@click.pass_context
def close(ctx: click.Context, number: int, employee: str | None, note: str) -> None:
    """Say that it is done."""
    _do(ctx, number, Change.CLOSE, employee, note)


@case.command("reopen")
@_NUMBER
@_AS
@click.option("--note", default="", help="Why.")
@click.pass_context
def reopen(ctx: click.Context, number: int, employee: str | None, note: str) -> None:
    """Say that it is not done after all."""
    _do(ctx, number, Change.REOPEN, employee, note)


@case.command("note")
@_NUMBER
@click.argument("text")
@_AS
@click.pass_context
def note(ctx: click.Context, number: int, text: str, employee: str | None) -> None:
    """Write TEXT into the case."""
    _do(ctx, number, Change.NOTE, employee, text)
