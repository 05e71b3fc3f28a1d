"""``callrouter explain NUMBER``: what would be done with a call, and why, without making one."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import click

from callrouter.cli.common import load_settings, open_database, print_json
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.errors import CallrouterError
from callrouter.routing import reasons
from callrouter.routing.decide import decide
from callrouter.routing.explain import describe, describe_emergency
from callrouter.routing.numbers import clean_number
from callrouter.routing.plan import IncomingCall, Reject


def _moment(text: str | None, zone: ZoneInfo) -> dt.datetime:
    if text is None:
        return dt.datetime.now(zone)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise CallrouterError(f"--at {text!r} is no time; write for example 2026-12-24T20:15") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _caller(text: str | None) -> tuple[str | None, bool]:
    if text is None or text.lower() == "anonymous":
        return None, True
    number = clean_number(text)
    if number is None:
        raise CallrouterError(f"--from {text!r} is no telephone number; write digits, or anonymous")
    return number, False


@click.command()
@click.argument("number")
@click.option("--from", "caller", help="The caller's number; without it an anonymous caller.")
@click.option("--device", help="The calling phone's account (sip_user), for an internal call.")
@click.option("--at", "at", help="When, ISO 8601; without an offset in the company's time zone. Default: now.")
@click.option("--language", type=click.Choice(["de", "en"]), help="Default: the company's.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def explain(
    ctx: click.Context,
    number: str,
    caller: str | None,
    device: str | None,
    at: str | None,
    language: str | None,
    as_json: bool,
) -> None:
    """Say what happens to a call to NUMBER, step by step, and why. Exit code 1: it would be refused."""
    caller_number, private = (None, False) if device else _caller(caller)
    call = IncomingCall(
        uuid="00000000-0000-0000-0000-000000000000",
        dialed=number,
        trunk=None if device else "explain",
        device=device,
        caller_number=caller_number,
        private=private,
    )
    with open_database(load_settings(ctx)) as database:
        loader = SnapshotLoader(database)
        zone = ZoneInfo(loader.load(call, dt.datetime.now(dt.UTC).date()).timezone)
        moment = _moment(at, zone)
        snapshot = loader.load(call, moment.date())
    plan = decide(call, snapshot, moment)
    language = language or snapshot.language
    steps = describe(plan, language)
    why = [reasons.text(reason, language) for reason in plan.reasons]
    refused = any(isinstance(step, Reject) for step in plan.steps)
    if device in snapshot.devices and number in snapshot.digits.emergency:
        # The dialplan sends these to the trunks before it would ask the router.
        steps, why, refused = describe_emergency(number, language), why[:1], False
    if as_json:
        print_json(
            {
                "number": plan.number,
                "owner": plan.owner,
                "caller": plan.caller,
                "at": moment.isoformat(),
                "refused": refused,
                "steps": steps,
                "reasons": why,
            }
        )
    else:
        for line in steps:
            click.echo(line)
        click.echo()
        for line in why:
            click.echo(f"- {line}")
    ctx.exit(1 if refused else 0)
