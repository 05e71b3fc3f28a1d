"""The dialplan applications that callrouter uses, as FreeSWITCH runs them: one at a time, to their end."""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Callable
from pathlib import Path

from gevent import GreenletExit

from callrouter.simulator import ring
from callrouter.simulator.channel import Channel
from callrouter.simulator.rtp import RATE, read_wav, write_wav

_PIECE = re.compile(r"'((?:[^'\\]|\\.)*)'|(\S+)")
_TONE = re.compile(r"%\((\d+),")


def run(channel: Channel, app: str, argument: str) -> None:
    """Run *app*; does nothing on a channel that was hung up, ends the call if there is no such application."""
    if channel.hung_up.is_set() and app not in _AFTER_HANGUP:
        return
    argument = channel.expand(argument)
    channel.app_log.append((app, argument, channel.elapsed))
    channel.variables["current_application"] = app
    function = _APPLICATIONS.get(app)
    if function is None:
        channel.hangup("DESTINATION_OUT_OF_ORDER")
        return
    function(channel, argument)


def _set(channel: Channel, argument: str) -> None:
    name, _, value = argument.partition("=")
    channel.set(name.strip(), value)


def _unset(channel: Channel, argument: str) -> None:
    channel.set(argument.strip(), "")


def _multiset(channel: Channel, argument: str) -> None:
    separator = " "
    if argument.startswith("^^"):
        separator, argument = argument[2:3], argument[3:]
    for part in argument.split(separator):
        if "=" in part:
            _set(channel, part)


def _push(channel: Channel, argument: str) -> None:
    name, _, value = argument.partition("=")
    channel.push(name, value)


def _export(channel: Channel, argument: str) -> None:
    name, _, value = argument.partition("=")
    exported = channel.variables.get("export_vars", "")
    channel.set("export_vars", f"{exported},{name}" if exported else name)
    if not name.startswith("nolocal:"):
        channel.set(name, value)


def _ring_ready(channel: Channel, _argument: str) -> None:
    channel.ring()


def _answer(channel: Channel, _argument: str) -> None:
    channel.answer()


def _pre_answer(channel: Channel, _argument: str) -> None:
    channel.note("caller", "gets early media")


def _sleep(channel: Channel, argument: str) -> None:
    channel.wait(_number(argument) / 1000)


def _number(text: str) -> float:
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0


def _length(path: str) -> float | None:
    """Seconds that *path* plays; None when it cannot be played."""
    if path.startswith("tone_stream://"):
        return sum(int(milliseconds) for milliseconds in _TONE.findall(path)) / 1000
    if path.startswith("silence_stream://"):
        return _number(path.rsplit("/", 1)[-1].split(",", maxsplit=1)[0]) / 1000
    if path.startswith("file_string://"):
        parts = [_length(part) for part in path.removeprefix("file_string://").split("!")]
        known = [part for part in parts if part is not None]
        return sum(known) if known else None
    try:
        return len(read_wav(Path(path))) / RATE
    except (OSError, EOFError, ValueError):
        return None


def _playback(channel: Channel, argument: str) -> None:
    seconds = _length(argument)
    if seconds is None:
        channel.variables["current_application_response"] = "FILE NOT FOUND"
        channel.note("switch", f"cannot play {argument}")
        return
    channel.note("caller", f"hears {argument.rsplit('/', 1)[-1]}")
    before = channel.elapsed
    channel.wait(seconds)
    heard = min(channel.elapsed - before, seconds)
    channel.variables |= {
        "playback_ms": str(int(heard * 1000)),
        "playback_seconds": str(int(heard)),
        "playback_samples": str(int(heard * RATE)),
        "current_application_response": "FILE PLAYED",
    }


def _play_and_get_digits(channel: Channel, argument: str) -> None:
    """``MIN MAX TRIES TIMEOUT_MS TERMINATORS FILE INVALID_FILE VARIABLE REGEXP …``."""
    parts = [quoted or bare for quoted, bare in _PIECE.findall(argument)]
    if len(parts) < 8:
        return
    least, most, tries, timeout = (int(_number(text)) for text in parts[:4])
    terminators, file, invalid, name = parts[4:8]
    pattern = parts[8] if len(parts) > 8 else ""
    for attempt in range(max(tries, 1)):
        channel.note("caller", f"hears {file.rsplit('/', 1)[-1]} and may type")
        typed = channel.digits.pop(0) if channel.digits else ""
        if channel.wait((_length(file) or 0.0) if typed else (_length(file) or 0.0) + timeout / 1000):
            return
        digits = typed.rstrip(terminators)[:most]
        if typed:
            channel.note("caller", f"types {typed}")
        if len(digits) >= max(least, 1) and (not pattern or re.fullmatch(pattern, digits)):
            channel.variables |= {name: digits, "read_result": "success"}
            if typed[len(digits) :]:
                channel.variables["read_terminator_used"] = typed[len(digits)]
            return
        if attempt + 1 < tries:
            channel.wait(_length(invalid) or 0.0)
    channel.variables["read_result"] = "failure"
    channel.variables.pop(name, None)


def _record(channel: Channel, argument: str) -> None:
    """``PATH [LIMIT [THRESHOLD [SILENCE]]]``, seconds; the caller speaks, then is silent, types or hangs up."""
    path, *numbers = argument.split()
    limit, _, silence = (_number(text) for text in [*numbers, "", "", ""][:3])
    file, call = Path(path), channel.call
    if not file.parent.is_dir():
        channel.note("switch", f"cannot open {path}")
        channel.hangup("DESTINATION_OUT_OF_ORDER")
        return
    spoken = len(call.says) / RATE
    typed = channel.digits.pop(0) if channel.digits else ""
    terminators = channel.variables.get("playback_terminators", "*")
    terminator = next((digit for digit in typed if digit in terminators), "")
    by_silence = not terminator and not call.hang_up_after_message and silence > 0
    wanted = spoken + silence if by_silence else spoken
    if not (terminator or by_silence or call.hang_up_after_message):
        wanted = limit or 3600.0
    seconds = min(wanted, limit) if limit else wanted
    channel.note("caller", "speaks after the beep")
    before = channel.elapsed
    try:
        _write_cut_off(file, array("h"))
        hung_up = channel.wait(seconds)
    except GreenletExit:  # the switch was killed
        kept = channel.variables.get("enable_file_write_buffering") == "false"
        _write_cut_off(file, _heard(call.says, channel.elapsed - before) if kept else array("h"))
        raise
    samples = _heard(call.says, min(channel.elapsed - before, seconds))
    write_wav(file, samples)
    channel.note("switch", f"recorded {len(samples) / RATE:.1f} s in {file.name}")
    channel.variables |= {
        "record_ms": str(len(samples) * 1000 // RATE),
        "record_seconds": str(len(samples) // RATE),
        "record_samples": str(len(samples)),
        "record_file_size": str(file.stat().st_size),
        "silence_hits_exhausted": "true" if by_silence and not hung_up and wanted <= (limit or wanted) else "false",
    }
    if terminator and not hung_up:
        channel.variables["playback_terminator_used"] = terminator
    elif call.hang_up_after_message:
        channel.caller_hangs_up()


def _heard(says: array[int], seconds: float) -> array[int]:
    samples = says[: int(seconds * RATE)]
    samples.extend([0] * (int(seconds * RATE) - len(samples)))
    return samples


def _write_cut_off(path: Path, samples: array[int]) -> None:
    """What a switch that dies leaves: a header whose lengths are 0, then the samples."""
    form = struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16)
    header = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(form)) + form + b"data\0\0\0\0"
    path.write_bytes(header + samples.tobytes())


def _hangup(channel: Channel, argument: str) -> None:
    channel.hangup(argument.strip() or "NORMAL_CLEARING")


_APPLICATIONS: dict[str, Callable[[Channel, str], None]] = {
    "answer": _answer,
    "bridge": ring.bridge,
    "export": _export,
    "hangup": _hangup,
    "multiset": _multiset,
    "play_and_get_digits": _play_and_get_digits,
    "playback": _playback,
    "pre_answer": _pre_answer,
    "push": _push,
    "record": _record,
    "ring_ready": _ring_ready,
    "set": _set,
    "sleep": _sleep,
    "unset": _unset,
}
#: Applications that still work on a channel that was hung up, while the socket lingers.
_AFTER_HANGUP = ("set", "unset", "multiset", "push", "export")
