"""Running a plan: each step of it as commands to FreeSWITCH, as few round trips as it can be before phones ring.

Before a step begins, its mark and the call's stage are set on the channel: the CDR tells what happened, and the
static fallback goes on from there should this process die.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from callrouter import variables
from callrouter.calls import dial
from callrouter.esl import command
from callrouter.esl.channel import Channel
from callrouter.routing.plan import IncomingCall, Reject, Release, Ring, RingResult, RoutePlan, Voicemail
from callrouter.settings import Settings
from callrouter.variables import StepMark

#: Seconds FreeSWITCH may take for commands that do no waiting of their own.
_PROMPT = 5.0
#: Longest greeting (seconds).
_GREETING = 60.0
#: Mean sample level below which FreeSWITCH calls it silence.
_SILENCE_LEVEL = 200


@dataclass(slots=True)
class PlanRunner:
    """One call on its way through its plan; ``n`` is the number of the last step.

    ``marked``: the call carries marks of earlier steps (the router's, the fallback's).
    """

    channel: Channel
    call: IncomingCall
    plan: RoutePlan
    settings: Settings
    sip_domain: str
    n: int = 0
    marked: bool = False
    last_ring: RingResult = RingResult.FAILED

    def run(self) -> None:
        """Run all steps. Ends when the call does, or at once after an answered bridge.

        Raises ChannelGone when the caller hung up or the switch died, other SwitchErrors when it refuses a command.
        """
        for step in self.plan.steps:
            self.n += 1
            match step:
                case Ring():
                    self.last_ring = self._ring(step)
                    if self.last_ring is RingResult.ANSWERED:
                        return
                case Voicemail():
                    self._voicemail(step)
                case Reject():
                    self._end(step.reason.cause, self._begin(self._last(), "reject", "", step.reason.value))
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
            "effective_caller_id_name": plan.caller_name or plan.caller.replace("anonymous", "Anonymous"),
        }
        if plan.number:
            values[variables.NUMBER] = plan.number
        if plan.owner:
            values[variables.OWNER] = plan.owner
        return values

    def _ring(self, step: Ring) -> RingResult:
        if not step.targets:
            self._send(self._begin(self._identity(), "ring", step.owner, RingResult.OFFLINE), timeout=_PROMPT)
            return RingResult.OFFLINE
        values = self._identity() | {
            variables.STAGE: "ringing",
            "call_timeout": str(step.seconds),
            "preserve_originated_vars": "true",
        }
        legs = [str(uuid.uuid4()) for _ in step.targets]
        self._send(
            [
                *self._begin(values, "ring", step.owner),
                command.execute("ring_ready"),
                command.execute("bridge", dial.bridge(step, self.sip_domain, legs)),
            ],
            timeout=step.seconds + self.settings.router.max_call_seconds,
        )
        disposition = self.channel.getvar("originate_disposition", timeout=_PROMPT) or ""
        if disposition == "SUCCESS":
            return RingResult.ANSWERED
        causes = dial.leg_causes(self.channel.getvar("originate_causes", timeout=_PROMPT) or "", legs)
        result = dial.ring_result(disposition, causes)
        self._send([self._mark("ring", step.owner, result)], timeout=_PROMPT)
        return result

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

    def _last(self) -> dict[str, str]:
        return self._identity() | {variables.STAGE: "done"}

    def _end(self, cause: str, before: list[command.Command]) -> None:
        self._send([*before, command.execute("hangup", cause)], timeout=_PROMPT)
