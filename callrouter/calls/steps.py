"""Running a plan: each step of it as commands to FreeSWITCH, as few round trips as it can be before phones ring.

Before a step begins, its mark and the call's stage are set on the channel: the CDR tells what happened, and the
static fallback goes on from there should this process die.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import assert_never

from callrouter import variables
from callrouter.calls import dial
from callrouter.esl import command
from callrouter.esl.channel import Channel
from callrouter.routing.forwarding import ANNOUNCED, ANNOUNCEMENTS, CLOSED, FORWARDED
from callrouter.routing.plan import (
    Announce,
    Dial,
    Forward,
    IncomingCall,
    Reject,
    Release,
    Ring,
    RingResult,
    RoutePlan,
    Step,
    Switch,
    Target,
    Voicemail,
    Wait,
)
from callrouter.routing.ringing import PASSED_OVER
from callrouter.settings import Settings
from callrouter.variables import StepMark

#: Seconds FreeSWITCH may take for commands that do no waiting of their own.
_PROMPT = 5.0
#: Longest greeting (seconds).
_GREETING = 60.0
#: FreeSWITCH's own: the name that phones show of the caller.
_SHOWN_NAME = "effective_caller_id_name"
#: Mean sample level below which FreeSWITCH calls it silence.
_SILENCE_LEVEL = 200


@dataclass(slots=True)
class PlanRunner:
    """One call on its way through its plan; ``n`` is the number of the last step.

    ``rung`` is the number of the last step that rang, ``called`` whom (ids) all of them. ``switch`` does what a phone's
    code asks for, and tells what is to be said of it. ``marked``: the call carries marks of earlier steps (the
    router's, the fallback's).
    """

    channel: Channel
    call: IncomingCall
    plan: RoutePlan
    settings: Settings
    sip_domain: str
    switch: Callable[[Switch], str]
    n: int = 0
    marked: bool = False
    last_ring: RingResult = RingResult.FAILED
    rung: str = ""
    called: dict[str, None] = field(default_factory=dict)

    def run(self) -> None:
        """Run all steps. Ends when the call does, or at once after an answered bridge.

        Raises ChannelGone when the caller hung up or the switch died, other SwitchErrors when it refuses a command.
        """
        self._run(self.plan.steps)

    def _run(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.n += 1
            match step:
                case Ring():
                    self.last_ring = self._ring(step)
                    if self.last_ring is RingResult.ANSWERED:
                        return
                case Wait():
                    if not step.on or self.last_ring in step.on:
                        self._leave("waiting")
                        return
                case Voicemail():
                    self._voicemail(step)
                case Dial():  # the dialplan's own: it asks the router for the company's numbers alone
                    return
                case Forward():
                    if not step.on or self.last_ring in step.on:
                        self._forward(step)
                        return
                case Switch():
                    self._switch(step)
                case Announce() if self.call.back:
                    self._hand_over(f"{step.name} XML announced", self._closed(step))
                case Announce():
                    self._announce(step)
                case Reject() if self.call.back:
                    self._hand_over(f"{step.reason.value} XML refused")
                case Release() if self.call.back:
                    self._hand_over(f"{self.last_ring.value} XML final")
                case Reject():
                    self._reject(step)
                case Release():
                    self._end(self.last_ring.cause, [self._set(self._last())])
                case _:
                    assert_never(step)

    def _send(self, commands: list[command.Command], timeout: float) -> None:
        for reply in self.channel.pipeline(commands, timeout=timeout):
            reply.check("to run a step of the call")

    def _mark(self, kind: str, owner: str, result: str = "") -> command.Command:
        return command.execute("push", f"{variables.STEP}={StepMark(str(self.n), kind, owner, result).text()}")

    def _set(self, values: Mapping[str, str]) -> command.Command:
        return command.execute("multiset", dial.set_all(values))

    def _begin(self, values: Mapping[str, str], kind: str, owner: str, result: str = "") -> list[command.Command]:
        """Set *values* and the step's mark: one command for a call's first mark; later ones are pushed behind it."""
        if self.marked:
            return [self._set(values), self._mark(kind, owner, result)]
        self.marked = True
        return [self._set({**values, variables.STEP: StepMark(str(self.n), kind, owner, result).text()})]

    def _identity(self) -> dict[str, str]:
        """What the call is, for the record and for the phones' displays."""
        plan = self.plan
        values = {
            variables.CALLER: plan.caller,
            variables.CALLER_NAME: plan.caller_name,
            variables.PRIVATE: "true" if self.call.private else "false",
            "effective_caller_id_number": plan.caller,
            _SHOWN_NAME: plan.caller_name or plan.caller.replace("anonymous", "Anonymous"),
        }
        if plan.number:
            values[variables.NUMBER] = plan.number
        if plan.owner:
            values[variables.OWNER] = plan.owner
        return values

    def _ring(self, step: Ring) -> RingResult:
        self.rung = str(self.n)
        self.called |= {target.employee.removeprefix("employee:"): None for target in step.targets}
        if not step.targets:
            self._send(self._begin(self._identity(), "ring", step.owner, step.nobody), timeout=_PROMPT)
            return step.nobody
        values = self._identity() | {
            variables.STAGE: "ringing",
            variables.AT: step.owner,
            "call_timeout": str(min(step.first or step.each or step.seconds, step.seconds)),
            "preserve_originated_vars": "true",
            "fail_on_single_reject": ":".join(step.stops),
        }
        before = [*self._begin(values, "ring", step.owner), command.execute("ring_ready")]
        dispositions: list[str] = []
        causes: list[str] = []
        end = time.monotonic() + step.seconds
        turns = [(turn, len(step.turns) == 1) for turn in step.turns]
        for turn, last in turns:
            disposition, ended = self._bridge(before, step, turn, values[_SHOWN_NAME], last=last)
            if disposition == "SUCCESS" or self._picked_up():
                return RingResult.ANSWERED
            dispositions.append(disposition)
            causes += ended
            if set(ended) == {PASSED_OVER}:
                turns.append((turn, True))
            left = round(end - time.monotonic())
            if left <= 0:
                break
            before = [self._set({"call_timeout": str(min(step.each, left))})]
        result = dial.ring_result(dispositions, causes, step.stops)
        if result is RingResult.OFFLINE:
            result = step.nobody
        self._send([self._mark("ring", step.owner, result)], timeout=_PROMPT)
        return result

    def _bridge(
        self, before: list[command.Command], step: Ring, targets: Sequence[Target], caller: str, *, last: bool
    ) -> tuple[str, list[str]]:
        """Ring *targets* of *step* behind *before*; returns FreeSWITCH's disposition, and its causes."""
        legs = [str(uuid.uuid4()) for _ in targets]
        ring = command.execute("bridge", dial.bridge(step, targets, self.sip_domain, legs, caller, last=last))
        self._send(
            [*dial.outside(step, targets, last=last), *before, ring],
            timeout=step.seconds + self.settings.router.max_call_seconds,
        )
        disposition = self.channel.getvar("originate_disposition", timeout=_PROMPT) or ""
        if disposition == "SUCCESS":
            return disposition, []
        causes = self.channel.getvar("originate_causes", timeout=_PROMPT) or ""
        return disposition, dial.leg_causes(causes, legs, self.call.uuid)

    def _picked_up(self) -> bool:
        """Whether somebody picked the call up: it is theirs as soon as nothing more is asked of it here."""
        return bool(self.channel.getvar("signal_bond", timeout=_PROMPT))

    def _prompt(self, language: str, name: str) -> Path:
        return self.settings.prompts_dir / language / f"{name}.wav"

    def _voicemail(self, step: Voicemail) -> None:
        limits = self.settings.voicemail
        greeting = "greeting_pool" if step.owner.startswith("pool:") else "greeting"
        recording = self.settings.spool.recording(self.call.uuid, str(self.n))
        before = {
            variables.STAGE: "mailbox",
            "playback_terminators": "#",
            "enable_file_write_buffering": "false",
            "record_sample_rate": "8000",
        }
        # One write: should this process die now, FreeSWITCH has all it needs to take the message.
        self._send(
            [
                *self._begin(self._identity() | before, "voicemail", step.owner),
                command.execute("execute_extension", "over XML pickup"),
                command.execute("answer"),
                command.execute("sleep", "300"),
                command.execute("playback", str(self._prompt(step.language, greeting))),
                command.execute("playback", str(self._prompt(step.language, "beep"))),
                self._set({variables.STAGE: "recording"}),
                command.execute(
                    "record", f"{recording} {limits.max_seconds} {_SILENCE_LEVEL} {limits.silence_seconds}"
                ),
            ],
            timeout=_PROMPT + _GREETING + limits.max_seconds + limits.silence_seconds,
        )
        milliseconds = int(self.channel.getvar("record_ms", timeout=_PROMPT) or 0)
        recorded = milliseconds >= limits.min_seconds * 1000
        self._send(
            [
                self._set({variables.STAGE: "done"}),
                self._mark("voicemail", step.owner, "recorded" if recorded else "empty"),
                *([command.execute("playback", str(self._prompt(step.language, "saved")))] if recorded else []),
                command.execute("hangup", "NORMAL_CLEARING"),
            ],
            timeout=_PROMPT + 30,
        )

    def _reject(self, step: Reject) -> None:
        """The mark first: a caller who hangs up during the announcement was refused all the same."""
        before, seconds = self._begin(self._last(), "reject", "", step.reason.value), 0.0
        if step.reason.announcement:
            prompt = self._prompt(step.language, step.reason.announcement)
            before.append(command.execute("playback", str(prompt)))
            seconds = _GREETING
        if step.reason.answer:
            before.append(command.execute("respond", step.reason.answer))
        self._end(step.reason.cause, before, seconds)

    def _closed(self, step: Announce) -> list[command.Command]:
        """The mark of a part that rang nobody; where somebody was rung, that mark says how it ended."""
        return [self._mark("announce", step.owner, CLOSED)] if step.closed else []

    def _announce(self, step: Announce) -> None:
        """The mark first, as of a call that is refused."""
        prompt = self._prompt(step.language, f"{ANNOUNCED}{step.name}")
        before = [self._set(self._last()), *self._closed(step), command.execute("playback", str(prompt))]
        self._end(ANNOUNCEMENTS[step.name], before, _GREETING)

    def _forward(self, step: Forward) -> None:
        """The static fallback is told, too, where the call is now; to a number outside it brings the call itself."""
        if step.announces:
            self._run(step.steps)
            return
        if step.outside:
            self._leave("outside", {variables.WHY: step.why})
            return
        values = {variables.FORWARDED: variables.owner_context(step.to), variables.STAGE: ""}
        values[variables.RUNG] = variables.between_dots(self.called)
        marks = [StepMark(self.rung, "ring", step.owner, FORWARDED)] if self.rung else []
        pushed = [command.execute("push", f"{variables.STEP}={mark.text()}") for mark in marks]
        self._send([*pushed, self._set(values)], timeout=_PROMPT)
        self._run(step.steps)

    def _leave(self, stage: str, values: Mapping[str, str] = MappingProxyType({})) -> None:
        """Let the dialplan do the rest, from *stage* on."""
        self._send([self._set(self._identity() | {variables.STAGE: stage} | dict(values))], timeout=_PROMPT)

    def _switch(self, step: Switch) -> None:
        """Where it fails, the dialplan goes on and says so."""
        self._send([command.execute("answer"), command.execute("sleep", "300")], timeout=_PROMPT)
        said = str(self._prompt(step.language, self.switch(step)))
        self._send([command.execute("playback", said), command.execute("hangup", "NORMAL_CLEARING")], _PROMPT + 30)

    def _last(self) -> dict[str, str]:
        return self._identity() | {variables.STAGE: "done"}

    def _hand_over(self, target: str, before: Sequence[command.Command] = ()) -> None:
        """Let the dialplan end a call that was transferred: it may go back to the phone that did."""
        self._send([self._set(self._identity()), *before, command.execute("transfer", target)], timeout=_PROMPT)

    def _end(self, cause: str, before: list[command.Command], seconds: float = 0.0) -> None:
        """End the call with *cause* behind *before*, which takes *seconds* at most beside our prompt commands."""
        self._send([*before, command.execute("hangup", cause)], timeout=_PROMPT + seconds)
