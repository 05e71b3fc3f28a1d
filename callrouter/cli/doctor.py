"""``callrouter doctor``: what is wrong although no rule was broken, in the directory and around it."""

from __future__ import annotations

import ipaddress
import sys
from typing import Any
from urllib.parse import urlsplit

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter import log
from callrouter.cli.common import load_settings, now, open_database, print_json, switch
from callrouter.directory.database import Database
from callrouter.directory.exporting import read_company, read_trunks
from callrouter.directory.models import OwnerRow
from callrouter.directory.numbers import employees_without_number, numbers_without_owner
from callrouter.errors import CallrouterError, SwitchError
from callrouter.esl.client import InboundClient
from callrouter.mail.mailbox import MailboxError
from callrouter.settings import Settings
from callrouter.web.checks import check_mail, check_spool
from callrouter.web.live import gateway_name, read_gateways

_NO_TRUNK = "list is empty: no calls come or go; add one with `callrouter trunk set`"
#: Told, and no fault: active numbers that nobody has are a stock as well as an oversight.
_NO_FAULT = frozenset(("numbers_without_owner", "alarm", "pages"))
NO_ALARM = "nobody gets a mail when somebody makes very many calls out; the page Calls out has the address"
LINKS = "mails link to [web] base_url {}, which leads nowhere but on this machine; set it to the pages' address"
#: So many of one kind are told one by one.
_SHOWN = 20


@click.command(short_help="List what is wrong although no rule was broken.")
@click.option("--offline", is_flag=True, help="Look into the database only, not at FreeSWITCH, router and spool.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(ctx: click.Context, offline: bool, as_json: bool) -> None:
    """List what is wrong and what to do; exit code 1 if anything is, 2 without a database.

    Employees without a number, no trunk, mails that were given up; and unless --offline whether the router answers,
    the spool is emptied, FreeSWITCH can be reached, its trunks are up and teams' mailboxes can be used. No faults:
    numbers without an owner, no address for alarms, links in mails that lead nowhere.
    """
    settings = load_settings(ctx)
    log.configure("error", settings.log.format)
    with open_database(settings) as database:
        found = _directory(database, settings.web.base_url)
        if not offline:
            found |= _surroundings(settings, database)
    if as_json:
        print_json(found)
    else:
        _tell(found, settings.web.base_url.rstrip("/"))
    if any(value for name, value in found.items() if name not in _NO_FAULT):
        sys.exit(1)


def _directory(database: Database, pages: str) -> dict[str, Any]:
    with database.read() as session:
        company = read_company(session)
        found = {
            "employees_without_number": employees_without_number(session),
            "numbers_without_owner": numbers_without_owner(session),
            "alarm": "" if company.limits.alarm_email else NO_ALARM,
            "pages": LINKS.format(pages) if _is_here(pages) and _mails_go_out(session) else "",
            "trunks": [] if read_trunks(session) else [_NO_TRUNK],
        }
    return found | {"dead_mails": check_mail(database)["dead"]}


def _is_here(address: str) -> bool:
    """Whether *address* (a URL) is found from this machine alone."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _mails_go_out(session: Session) -> bool:
    wanted = select(OwnerRow.id).where(OwnerRow.notify_about != "none", OwnerRow.notify_email.is_not(None))
    return session.scalar(wanted.limit(1)) is not None


def _surroundings(settings: Settings, database: Database) -> dict[str, Any]:
    from callrouter.web_app import health_checks  # the servers' libraries take a moment to load

    found: dict[str, Any] = {"router": "", "spool": "", "switch": "", "mailboxes": _mailboxes(settings)}
    try:
        health_checks(settings, database)["router"]()
    except (OSError, CallrouterError) as error:
        found["router"] = f"{settings.router.listen}: {error}; `callrouter serve` runs it"
    try:
        spool = check_spool(settings.spool, now().timestamp())
        if spool["quarantined"]:
            found["spool"] = f"{spool['quarantined']} files in {settings.spool.quarantine}; the .reason.txt say why"
    except (OSError, CallrouterError) as error:
        found["spool"] = str(error)
    try:
        with switch(settings, "doctor") as client:
            found["trunks"] = _trunks(database, client)
    except SwitchError as error:
        found["switch"] = f"FreeSWITCH at {settings.freeswitch.event_socket}: {error}"
    return found


def _mailboxes(settings: Settings) -> list[str]:
    if not settings.imap:
        return []
    from callrouter.mail.imap import ImapMailbox

    told = []
    for name, one in settings.imap.items():
        mailbox = ImapMailbox(name, one)
        try:
            mailbox.check()
        except MailboxError as error:
            told.append(str(error))
        finally:
            mailbox.close()
    return told


def _trunks(database: Database, client: InboundClient) -> list[str]:
    with database.read() as session:
        trunks = read_trunks(session)
    if not trunks:
        return [_NO_TRUNK]
    gateways = read_gateways(client.api("sofia xmlstatus gateway"))
    told = []
    for trunk in trunks:
        gateway = gateways.get(gateway_name(trunk.name))
        if gateway is None:
            told.append(f"{trunk.name}: FreeSWITCH does not know it; `callrouter config apply`")
        elif not gateway.up or (trunk.register_ and gateway.state != "REGED"):
            told.append(f"{trunk.name}: {gateway.state or 'down'}; check the provider's address, name and password")
    return told


def _tell(found: dict[str, Any], pages: str) -> None:
    lines = {
        "employees_without_number": "employee {0}: lost the personal number; give a new one: {1}/employees/{0}/numbers",
        "numbers_without_owner": "number {}: active, but nobody's; give it to someone or deactivate it",
        "alarm": "alarm: {}",
        "pages": "{}",
        "trunks": "trunk {}",
        "router": "router {}",
        "spool": "spool {}",
        "switch": "{}",
        "mailboxes": "{}",
    }
    for what, line in lines.items():
        values = found.get(what) or []
        values = [values] if isinstance(values, str) else values
        for value in values[:_SHOWN]:
            click.echo(line.format(value, pages))
        if len(values) > _SHOWN:
            click.echo(f"and {len(values) - _SHOWN} more {what.replace('_', ' ')}; --json has all")
    if found["dead_mails"]:
        click.echo(
            f"mail: {found['dead_mails']} were given up; `callrouter mail list` says why, `mail retry` tries again"
        )
    if not any(found.values()):
        click.echo("Nothing is wrong.")
