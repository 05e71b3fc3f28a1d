"""The guard against a second call-back: before a phone's call goes out, is somebody else on it already?

The dialplan asks, and says what is to be said by itself: the call is in nobody's hands but FreeSWITCH's. Whatever goes
wrong here is answered by silence, and then the call goes out at once.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import gevent
from gevent.threadpool import ThreadPool

from callrouter import log, metrics, variables
from callrouter.calls import dial
from callrouter.cases import guard
from callrouter.cases.guarding import Found
from callrouter.errors import CallrouterError, ChannelGone
from callrouter.esl import command
from callrouter.esl.channel import Channel
from callrouter.routing.names import clean_name

#: The longest that a call out waits for an answer (seconds).
_SECONDS = 1.0
#: So many questions wait for the database at once: where it hangs, the threads that calls need are not theirs.
_THREADS = 4
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_UUID = re.compile(r"[0-9a-f-]{36}")
#: By so many digits at its end a number is found, however a trunk writes it; of so many channels is asked whose.
_END, _MOST = 8, 16
#: What a phone's display shows before the colleague's name; it stays there while one talks to who is called.
_SEE = {"de": "siehe", "en": "see"}

#: The cases of a number (E.164) that concern an employee (an id), None for none; may wait for a database.
Look = Callable[[str, str, dt.datetime], Found | None]


class Guard:
    """Answers the question for one call after the other. *look* is called in one of a few threads of its own."""

    def __init__(self, look: Look, clock: Callable[[], dt.datetime], prompts_dir: Path) -> None:
        self._look = look
        self._clock = clock
        self._prompts = prompts_dir
        self._threads = ThreadPool(_THREADS)

    def __call__(self, channel: Channel, info: Mapping[str, str]) -> None:
        """Tell the dialplan what the caller on *channel* is to hear, if anything. Raises ChannelGone."""
        number = info.get(f"variable_{variables.OUT_NUMBER}", "")
        caller = info.get(f"variable_{variables.OF}{variables.EMPLOYEE}", "")
        try:
            with gevent.Timeout(_SECONDS, CallrouterError(f"not answered within {_SECONDS:g} s")):
                self._answer(channel, caller, number)
        except ChannelGone:
            raise
        except Exception as error:
            metrics.CALL_ERRORS.inc()
            log.get("router").warning(f"nobody knows whether somebody else is on it; the call goes out: {error!r}")

    def _answer(self, channel: Channel, caller: str, number: str) -> None:
        if not caller or not _E164.fullmatch(number):
            return
        now = self._clock()
        found = self._threads.apply(self._look, (caller, number, now))
        if found is None:
            return
        talking = [found.phones[phone] for phone in phones_with(channel, number) if phone in found.phones]
        said = guard.warn(found.cases, talking, found.caller, found.minutes, now)
        if said is None:
            return
        who = found.person(said)
        folder = self._prompts / found.language
        heard = "!".join(f"{folder / name}.wav" for name in guard.prompts(said, who.extension if who else None, now))
        values = {
            variables.GUARD: variables.GUARD_WARNS,
            variables.GUARD_SAYS: heard,
            variables.GUARD_MARK: guard.mark(said, caller, who.key if who else "", now),
            "initial_callee_id_name": clean_name(f"{_SEE[found.language]} {who.name}") if who else "",
        }
        log.get("router").info(f"{caller} calls {number}, and is told: {said.what} by {who.key if who else 'somebody'}")
        [reply] = channel.pipeline([command.execute("multiset", dial.set_all(values))], timeout=_SECONDS)
        reply.check("to warn before a call goes out")


def phones_with(channel: Channel, number: str) -> list[str]:
    """The accounts of phones that talk to *number* (E.164) now, or call it. Raises SwitchError.

    Asked of FreeSWITCH over the *channel* of another call, and only when it matters.
    """
    [shown] = channel.pipeline([command.api(f"show channels like {number[-_END:]} as json")], timeout=_SECONDS)
    legs = [row["uuid"] for row in json.loads(shown.text).get("rows", ())]
    legs = [leg for leg in legs if leg != channel.uuid and _UUID.fullmatch(leg)][:_MOST]
    asked = _variables(channel, legs, (variables.CALLER, variables.CALLING, "signal_bond", "direction"))
    ours = [leg for leg in asked if leg[variables.CALLER] == number]
    bonds = [leg["signal_bond"] for leg in ours if _UUID.fullmatch(leg["signal_bond"])]
    others = _variables(channel, bonds, (variables.DEVICE, variables.CALLING))
    talking = [other[variables.DEVICE] or other[variables.CALLING] for other in others]
    # One that is being called has no other end yet, but tells which phone calls it.
    called = [leg[variables.CALLING] for leg in ours if not leg["signal_bond"] and leg["direction"] == "outbound"]
    return [phone for phone in (*talking, *called) if phone]


def _variables(channel: Channel, legs: list[str], names: tuple[str, ...]) -> list[dict[str, str]]:
    """Those variables of each of *legs*, empty where one is not set or the leg is gone."""
    if not legs:
        return []
    questions = [command.api(f"uuid_getvar {leg} {name}") for leg in legs for name in names]
    replies = channel.pipeline(questions, timeout=_SECONDS)
    texts = ["" if not reply.ok or reply.text.strip() == "_undef_" else reply.text.strip() for reply in replies]
    return [dict(zip(names, texts[at : at + len(names)], strict=True)) for at in range(0, len(texts), len(names))]
