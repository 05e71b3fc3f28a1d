"""``callrouter explain NUMBER``: what would be done with a call, and why, without making one."""

from __future__ import annotations

import dataclasses
import datetime as dt

import click

from callrouter.cli.common import load_settings, now, open_database, print_json
from callrouter.directory.explaining import Explainer
from callrouter.errors import CallrouterError
from callrouter.routing import codes
from callrouter.routing.numbers import clean_number


def _moment(text: str | None) -> dt.datetime:
    if text is None:
        return now()
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise CallrouterError(f"--at {text!r} is no time; write for example 2026-12-24T20:15") from None


def _caller(text: str | None) -> str | None:
    if text is None or text.lower() == "anonymous":
        return None
    number = clean_number(text)
    if number is None:
        raise CallrouterError(f"--from {text!r} is no telephone number; write digits, or anonymous")
    return number


@click.command()
@click.argument("number")
@click.option("--from", "caller", help="The caller's number; without it an anonymous caller.")
@click.option("--device", help="The calling phone's account (sip_user), for an internal call.")
@click.option("--at", "at", help="When, ISO 8601; without an offset in the company's time zone. Default: now.")
@click.option("--week", is_flag=True, help="What anybody's calls from outside get in the seven days from --at on.")
@click.option("--language", type=click.Choice(["de", "en"]), help="Default: the company's.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def explain(
    ctx: click.Context,
    number: str,
    caller: str | None,
    device: str | None,
    at: str | None,
    week: bool,
    language: str | None,
    as_json: bool,
) -> None:
    """Say what happens to a call to NUMBER, step by step, and why. Exit code 1: it would be refused.

    With --device, NUMBER may be a code that phones dial, such as '*8'.
    """
    if week:
        if caller or device:
            raise CallrouterError("--week tells what anybody's calls from outside get; leave --from and --device out")
        _week(ctx, number, _moment(at), language, as_json)
        return
    if codes.is_code(number) and not device:
        raise CallrouterError(f"{number} is a code that phones dial; name one of them with --device")
    caller_number = None if device else _caller(caller)
    with open_database(load_settings(ctx)) as database:
        told = Explainer(database)(number, _moment(at), language, caller=caller_number, device=device)
    if as_json:
        print_json(
            {
                "number": told.number,
                "owner": told.owner,
                "caller": told.caller,
                "at": told.at.isoformat(),
                "refused": told.refused,
                "steps": told.steps,
                "reasons": told.why,
            }
        )
    else:
        for line in told.steps:
            click.echo(line)
        click.echo()
        for line in told.why:
            click.echo(f"- {line}")
    ctx.exit(1 if told.refused else 0)


def _week(ctx: click.Context, number: str, start: dt.datetime, language: str | None, as_json: bool) -> None:
    with open_database(load_settings(ctx)) as database:
        spans = Explainer(database).week(number, start, language)
    if as_json:
        print_json(
            [
                dataclasses.asdict(span) | {"start": span.start.isoformat(), "end": span.end.isoformat()}
                for span in spans
            ]
        )
        return
    for span in spans:
        click.echo(f"{span.start:%Y-%m-%d %H:%M} – {span.end:%Y-%m-%d %H:%M}  {span.text}")
