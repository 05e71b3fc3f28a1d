"""``callrouter demo``: a company in a scratch folder, three calls, and what became of them, without any set-up.

With a FreeSWITCH binary the calls are real SIP through a private switch; without one the simulator plays it.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import click
import gevent
import gevent.event
import yaml
from sqlalchemy import select

from callrouter import variables
from callrouter.cli.common import acting, now
from callrouter.cli.scratch import Scratch, wait_until
from callrouter.directory import accounts
from callrouter.directory.digits import format_number
from callrouter.directory.records import CallRow, CallStepRow, OutboxRow
from callrouter.settings import parse_address
from callrouter.simulator import scenario
from callrouter.simulator.behaviour import Answer, Behaviour, NoAnswer
from callrouter.simulator.freeswitch import BINARY_VARIABLE, PrivateFreeSwitch, find_freeswitch
from callrouter.simulator.phone import Phone
from callrouter.simulator.ports import free_port
from callrouter.simulator.rtp import tone, tone_ended
from callrouter.simulator.switch import Switch

#: Who may look at the pages: user name → employee, None for an administrator.
_USERS = {"admin": None, "anna": "anna"}
_MUSTER = Path(__file__).resolve().parent.parent / "simulator" / "muster.yaml"
_SECONDS = 45.0
#: Frequency of the mailbox's tone (Hz).
_BEEP = 800
#: What the rendered dialplan sets before it asks the router.
_FROM_DIALPLAN = {
    "hangup_after_bridge": "true",
    "continue_on_fail": "true",
    "ignore_early_media": "true",
    "import": variables.DEVICE,
}


@dataclass(frozen=True, slots=True)
class Story:
    """One call of the demo and what must become of it; times in seconds."""

    title: str
    caller: str
    name: str
    number: str
    phones: dict[str, Behaviour]
    outcome: str
    device: str | None
    mail_to: str | None
    hang_up_after: float | None = None
    leaves_message: bool = False


STORIES = (
    Story(
        "Answered: Carla calls Ben, his desk phone is picked up",
        "+4917604069001", "Carla Beispiel", "+493023125011",
        {"ben-desk": Answer(after=1.0, hang_up_after=2.0)}, "answered", "ben-desk", None,
    ),
    Story(
        "Abandoned: Dora calls Ben and gives up while it rings",
        "+4917604069002", "Dora Muster", "+493023125011",
        {"ben-desk": NoAnswer()}, "missed", None, "ben@muster.example", hang_up_after=2.5,
    ),
    Story(
        "Voicemail: Emil calls Anna, both her phones ring, the mailbox answers",
        "+4917604069003", "Emil Test", "+493023125010",
        {"anna-desk": NoAnswer(), "anna-soft": NoAnswer()}, "voicemail", None, "anna@muster.example",
        leaves_message=True,
    ),
)  # fmt: skip


class Stage(Protocol):
    """Where a story is played: on a private FreeSWITCH or in the simulator."""

    def play(self, story: Story) -> list[str]: ...

    def close(self) -> None: ...


class RealStage:
    """Real SIP: registered phones and a trunk on loopback, through a private FreeSWITCH."""

    def __init__(self, scratch: Scratch, binary: Path, trunk_port: int) -> None:
        freeswitch = scratch.settings.freeswitch
        self._company = scratch.company
        self._switch = PrivateFreeSwitch(
            binary,
            conf_dir=scratch.settings.conf_dir,
            run_dir=scratch.folder / "freeswitch" / "run",
            event_socket=freeswitch.event_socket,
        )
        self._switch.start()
        self._trunk = Phone("trunk", server=("127.0.0.1", freeswitch.trunk_port), port=trunk_port)
        self._phones_server = ("127.0.0.1", freeswitch.phones_port)
        self._phones: dict[str, Phone] = {}

    def _phone(self, sip_user: str, behaviour: Behaviour) -> Phone:
        if sip_user not in self._phones:
            devices = [device for employee in self._company["employees"] for device in employee["devices"]]
            password = next(device["sip_password"] for device in devices if device["sip_user"] == sip_user)
            domain = self._company["company"]["sip_domain"]
            self._phones[sip_user] = Phone(sip_user, password, domain, self._phones_server)
            status = self._phones[sip_user].register()
            if status != 200:
                raise click.ClickException(f"the phone {sip_user} could not register: {status}")
        self._phones[sip_user].behaviour = behaviour
        return self._phones[sip_user]

    def play(self, story: Story) -> list[str]:
        """Place the call and see it through; returns what happened, line by line."""
        phones = {name: self._phone(name, behaviour) for name, behaviour in story.phones.items()}
        before = {name: len(phone.calls) for name, phone in phones.items()}
        began = time.time()
        call = self._trunk.call(story.number, story.caller, story.name, limit=_SECONDS)
        if story.hang_up_after is not None:
            gevent.sleep(story.hang_up_after)
            call.cancel()
        happened = []
        if story.leaves_message:
            wait_until(lambda: call.status, "an answer", _SECONDS)
            gevent.sleep(1.0)
            happened.append((time.time(), "caller", "skips the greeting (#)"))
            call.audio.send_digits("#")
            wait_until(lambda: tone_ended(call.audio.heard, _BEEP), "the tone", _SECONDS)
            happened.append((time.time(), "caller", "speaks after the tone"))
            call.audio.play(tone(440, 3.0))
            wait_until(lambda: not call.audio.playing, "the end of the message", _SECONDS)
            call.hangup()
        wait_until(lambda: call.ended, "the end of the call", _SECONDS)
        happened += [(event.at, "caller", event.name) for event in call.events]
        for name, phone in phones.items():
            for rung in phone.calls[before[name] :]:
                happened += [(event.at, name, event.name) for event in rung.events]
        return [f"{at - began:6.1f} s  {who}: {what}" for at, who, what in sorted(happened)]

    def close(self) -> None:
        """End phones and switch."""
        for phone in (*self._phones.values(), self._trunk):
            phone.close()
        self._switch.terminate()


class SimulatedStage:
    """The same calls in the simulator, four times as fast."""

    def __init__(self, scratch: Scratch) -> None:
        freeswitch = scratch.settings.freeswitch
        self._switch = Switch(
            scratch.settings.spool,
            parse_address(scratch.settings.router.listen, "[router] listen"),
            event_socket=parse_address(freeswitch.event_socket, "[freeswitch] event_socket"),
            password=freeswitch.password,
            speed=4.0,
        )
        self._switch.start()

    def play(self, story: Story) -> list[str]:
        """Place the call and see it through; returns what happened, line by line."""
        placed = self._switch.place(
            scenario.Call(
                story.number,
                story.caller,
                story.name,
                phones=story.phones,
                variables=_FROM_DIALPLAN,
                says=tone(440, 3.0),
                hang_up_after=story.hang_up_after,
                hang_up_after_message=story.leaves_message,
            )
        )
        placed.wait(_SECONDS)
        return [str(happening) for happening in placed.timeline]

    def close(self) -> None:
        """End the simulator."""
        self._switch.shut_down()


def _company(trunk_port: int) -> dict[str, Any]:
    """muster.yaml, but the mailbox answers sooner and at any hour, so that the demo tells the same at any time."""
    data: dict[str, Any] = yaml.safe_load(_MUSTER.read_text("utf-8"))
    data["trunks"][0]["proxy"] = f"127.0.0.1:{trunk_port}"
    mailbox = data["employees"][0]["mailbox"]
    mailbox["answer_after"] = 3
    del mailbox["schedule"]
    return data


def _record(scratch: Scratch, story: Story) -> tuple[CallRow, list[CallStepRow], list[OutboxRow]] | None:
    with scratch.database.read() as session:
        call = session.scalar(select(CallRow).where(CallRow.caller == story.caller))
        if call is None:
            return None
        steps = list(session.scalars(select(CallStepRow).where(CallStepRow.call_id == call.id)))
        mails = list(session.scalars(select(OutboxRow).where(OutboxRow.call_id == call.id)))
        return call, steps, mails


def _tell(scratch: Scratch, story: Story, play: Callable[[Story], list[str]], mails_before: int) -> list[str]:
    """Play one story and print it; returns what was not as it should be."""
    click.secho(f"\n{story.title}", bold=True)
    click.echo(f"  {format_number(story.caller, 'DE')} calls {format_number(story.number, 'DE')}")
    for line in play(story):
        click.echo(f"  {line}")
    call, steps, outbox = wait_until(lambda: _record(scratch, story), "the record of the call")
    click.echo(f"  recorded as: {call.outcome}{' (interrupted)' if call.interrupted else ''}")
    for step in steps:
        by = f" by {step.device}" if step.device else ""
        click.echo(f"    {step.owner}: {step.outcome}{by} {step.detail}".rstrip())
    expected = 1 if story.mail_to else 0
    wait_until(lambda: len(scratch.mails.mails()) >= mails_before + expected, "the mail")
    new = scratch.mails.mails()[mails_before:]
    for mail in new:
        attached = ", ".join(part.get_filename() or "?" for part in mail.iter_attachments())
        click.echo(f"  mail to {mail['To']}: {mail['Subject']}{f' [{attached}]' if attached else ''}")
    if not new:
        click.echo("  no mail")
    problems = []
    if call.outcome != story.outcome:
        problems.append(f"the outcome is {call.outcome}, not {story.outcome}")
    if [step.device for step in steps] != [story.device]:
        problems.append(f"answered by {[step.device for step in steps]}, not {story.device}")
    if [mail["To"] for mail in new] != ([story.mail_to] if story.mail_to else []) or len(outbox) != expected:
        problems.append(f"mails went to {[mail['To'] for mail in new]}, not to {story.mail_to}")
    if story.leaves_message and not any(list(mail.iter_attachments()) for mail in new):
        problems.append("the mail carries no recording")
    return [f"{story.title}: {problem}" for problem in problems]


def _add_users(scratch: Scratch) -> dict[str, str]:
    """User name → password."""
    passwords = {login: accounts.new_password() for login in _USERS}
    with acting(scratch.database) as session:
        for login, employee in _USERS.items():
            role = "employee" if employee else "admin"
            accounts.add(session, login, passwords[login], role=role, employee=employee, at=now())
    return passwords


def _stay(scratch: Scratch, real: bool) -> None:
    freeswitch = scratch.settings.freeswitch
    passwords = _add_users(scratch)
    scratch.start_role("web")
    click.echo(f"\nStill running; Ctrl-C ends it. Everything is in {scratch.folder}")
    click.secho(f"  pages      {scratch.settings.web.base_url}", bold=True)
    for login, password in passwords.items():
        who = "an administrator" if _USERS[login] is None else "an employee"
        click.echo(f"             sign in as {login} ({who}) with the password {password}")
    if not real:
        click.echo("             (the simulator registers no phones and no trunk: the start page says so)")
    click.echo(f"  mails      {scratch.mails.folder}")
    click.echo(f"  try        {sys.argv[0]} --config {scratch.config} explain +493023125010 --from +4917604069001")
    click.echo(f"  phones     register at 127.0.0.1:{freeswitch.phones_port} (accounts: {scratch.folder}/company.yaml)")
    stop = gevent.event.Event()
    gevent.signal_handler(signal.SIGINT, stop.set)
    stop.wait()
    click.echo(f"\nEnding. {scratch.folder} stays; remove it when you have seen enough.")


@click.command(short_help="Show three calls in a scratch company.")
@click.option("--once", is_flag=True, help="End after the calls: exit code 0 only if all went as told.")
@click.option("--simulator", is_flag=True, help="Use the simulator even where there is a FreeSWITCH.")
@click.pass_context
def demo(ctx: click.Context, once: bool, simulator: bool) -> None:
    """Make a company in a scratch folder, place an answered, an abandoned and a voicemail call, show what happens."""
    folder = Path(tempfile.mkdtemp(prefix="callrouter-demo-"))
    binary = None if simulator else find_freeswitch()
    if binary:
        click.echo(f"Using a private FreeSWITCH: {binary}")
    else:
        why = "as asked" if simulator else f"no FreeSWITCH found (${BINARY_VARIABLE}, PATH, the usual places)"
        click.echo(f"Using the simulator: {why}")
    click.echo("The company is Muster GmbH of muster.yaml; Anna's mailbox answers after 3 s and at any hour.")
    trunk_port = free_port()
    scratch = Scratch(folder, _company(trunk_port), log={"level": "warning"})
    problems: list[str] = []
    stage: Stage | None = None
    try:
        scratch.create()
        stage = RealStage(scratch, binary, trunk_port) if binary else SimulatedStage(scratch)
        scratch.start()
        for story in STORIES:
            problems += _tell(scratch, story, stage.play, len(scratch.mails.mails()))
        for problem in problems:
            click.secho(f"NOT AS TOLD: {problem}", fg="red", err=True)
        if not problems:
            click.secho("\nAll three calls went as told.", fg="green")
        if not once:
            _stay(scratch, real=binary is not None)
    finally:
        if stage is not None:
            stage.close()
        scratch.stop()
    if once and not problems:
        shutil.rmtree(folder, ignore_errors=True)
    ctx.exit(1 if problems else 0)
